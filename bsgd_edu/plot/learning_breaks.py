"""Chapter 7's figures of what breaks: steps in place of flow, images in place of Gaussians."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from .. import dynamics, rmt
from . import learning
from .display import show
from .style import grid

__all__ = ["show_real", "show_steps"]


def show_steps(
    steps: Tensor,
    paths: Mapping[float, tuple[Tensor, Tensor, Tensor]],
    times: Tensor,
    flow: Tensor,
    losses: Mapping[float, Tensor],
) -> None:
    """Shows gradient descent against its own theory and the flow, and the largest learning rate.

    Args:
        steps: Numbers of steps, (m,).
        paths: Learning rate → (mean, standard error, prediction) of the test accuracy, (m,) each.
        times: αt of the flow, (T,).
        flow: Its test accuracy, (T,).
        losses: Share of 2/λ_s → training losses, (t, data sets).
    """
    left, right = grid(1, 2, (7.2, 3.5))
    lines = {f"steps {lr}": lr * steps for lr in paths}
    learning.draw_accuracy(
        {"theory: flow": times, **{f"_{name}": x for name, x in lines.items()}},
        {"theory: flow": flow,
         **{f"_steps {lr}": rows[2] for lr, rows in paths.items()}},
        {rf"steps, $\alpha={lr:g}$": (lr * steps, rows[0], rows[1]) for lr, rows in paths.items()},
        ax=left,
    )  # fmt: skip
    left.set(xlim=(0.08, 60), ylim=(0.6, 0.8), ylabel="accuracy on new samples")
    learning.draw_losses(
        {rf"$\alpha={share:g}\cdot2/\lambda_s$": v for share, v in losses.items()}, right
    )
    show(
        left,
        alt="Left: after its first step gradient descent is more accurate than the flow at the "
        "same time, the more so the larger the learning rate; with the largest, the second step "
        "is worse than the flow. Markers lie on their own lines, and later all lines merge. Right: "
        "below the limit all losses settle, above it all grow by orders of magnitude, each along a "
        "straight line.",
        caption="Left: gradient descent and its own theory. Right: training losses of eight data "
        "sets on both sides of the largest stable learning rate.",
        data={
            "Test accuracy": {
                "step": steps,
                **{f"runs, α = {lr:g}": rows[0] for lr, rows in paths.items()},
                **{f"theory, α = {lr:g}": rows[2] for lr, rows in paths.items()},
            },
            "Flow": {"αt": times, "accuracy": flow},
            "Training loss, first data set": {
                "step": list(range(len(next(iter(losses.values()))))),
                **{f"{share:g} · 2/λ": v[:, 0] for share, v in losses.items()},
            },
        },
    )


def show_real(
    times: Tensor,
    runs: Mapping[str, dynamics.ImageRuns],
    twins: dynamics.ComparedRuns,
    sizes: Sequence[int],
    gaps: tuple[Tensor, Tensor],
) -> None:
    """Shows two classes of images, whitened and raw, against theory, and tiny Gaussian data.

    Args:
        times: αt, (T,).
        runs: ``"whitened"``, ``"alike"`` (Gaussian data whitened and divided in the same way) and
            ``"raw"`` → training on parts of the data, c = 1.
        twins: Fresh Gaussian data.
        sizes: Numbers of features of the tiny data, (k,).
        gaps: Measured minus predicted accuracies (2, k) on new and training data, and errors.
    """
    frames = grid(2, 2, (7.2, 6.2))
    values = runs["whitened"].eigenvalues
    law = rmt.SpikedMarchenkoPastur(1.0, runs["whitened"].norm2 ** 0.5)
    points = torch.linspace(0.05, float(values.max()), 400, dtype=torch.float64)
    marks = {"theory: spike": law.spike}
    density = law.bulk.density(points)
    learning.draw_spectrum(values.flatten(), points, density, marks=marks, bins=90, ax=frames[0])
    frames[0].set(title="whitened training sets", ylim=(0, 1.6))
    tests = {name: dynamics.mean_and_stderr(run.measured, 0) for name, run in runs.items()}
    tests["twins"] = twins[:2]
    shown = {
        "whitened": {"whitened images": "whitened", "Gaussian alike": "alike", "twins": "twins"},
        "raw": {"raw images": "raw"},
    }
    for ax, (name, labels) in zip(frames[1:3], shown.items(), strict=True):
        dots = {
            label: tuple(values[i::3] for values in (times, *tests[key]))
            for i, (label, key) in enumerate(labels.items())
        }
        learning.draw_accuracy(times, {"theory": runs[name].theory}, dots, ax=ax)
        ax.set(ylabel="accuracy on new samples")
    low = min(float(pair[0].min()) for pair in tests.values()) - 0.03
    for ax in frames[1:3]:
        ax.set(ylim=(low, 1.01))
    names = ("new samples", "training samples")
    named = dict(zip(names, zip(*gaps, strict=True), strict=True))
    learning.draw_finite_size(sizes, named, frames[3])
    show(
        frames[0],
        alt="Top left: the eigenvalues of whitened training sets are near the density of Marchenko "
        "and Pastur, but end before its upper edge; far out is a low heap around the place "
        "predicted. Top right: on whitened images the accuracy rises, peaks and falls like theory, "
        "a little below it; Gaussian data whitened alike are below it too, while the twins lie on "
        "the line. Bottom left: on raw images the measured curve leaves the theory late. "
        "Bottom right: for tiny data the distance from theory, times the number of features, is "
        "constant: positive on new samples, negative on training samples.",
        caption="Ones against sevens, as many training samples as pixels; the signal in the theory "
        "is read off the spike. Bottom right: Gaussian data at training time ten.",
        data={
            "Accuracy on new samples": {
                "αt": times,
                **{f"{n}, measured": pair[0] for n, pair in tests.items()},
                **{f"{n}, theory": run.theory for n, run in runs.items()},
            },
            "Distance from theory": {
                "p": list(sizes),
                "new samples": gaps[0][0],
                "training samples": gaps[0][1],
                "standard error, new": gaps[1][0],
                "standard error, training": gaps[1][1],
            },
        },
    )
