"""Chapter 7's figures of what breaks: steps in place of flow, images in place of Gaussians."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ... import estimates, rmt
from ...plot.curves import draw_against, draw_runs, over
from ...plot.display import show
from ...plot.style import grid
from . import figures as learning
from . import runs

__all__ = ["show_real", "show_steps"]


def show_steps(
    steps: Tensor,
    runs: Mapping[float, estimates.Estimate],
    theory: Mapping[float, Tensor],
    losses: Mapping[float, Tensor],
) -> None:
    """Shows gradient descent against its own theory and the flow, and the largest learning rate.

    For c = 1/2, ‖μ‖ = 1 and σ² = 0.1.

    Args:
        steps: Numbers of steps, (m,).
        runs: Learning rate → test accuracy of runs, (m,).
        theory: Learning rate → its prediction, (m,).
        losses: Share of 2/λ_s → training losses, (t, data sets).
    """
    left, right = grid(1, 2, (7.2, 3.5))
    times = torch.logspace(-2, 3, 201, dtype=torch.float64)
    flow = rmt.learning_curve(times, ratio=0.5, signal=1.0, init_var=0.1, lr=1.0).test_accuracy
    learning.draw_accuracy(
        {"theory: flow": times, **{f"_steps {lr}": lr * steps for lr in theory}},
        {"theory: flow": flow, **{f"_steps {lr}": line for lr, line in theory.items()}},
        {rf"steps, $\alpha={lr:g}$": (lr * steps, *estimate) for lr, estimate in runs.items()},
        ax=left,
    )
    left.set(xlim=(0.08, 60), ylim=(0.6, 0.8), ylabel="accuracy on new samples")
    shares = {rf"$\alpha={share:g}\cdot2/\lambda_s$": v for share, v in losses.items()}
    when = range(len(next(iter(losses.values()))))
    draw_runs(over(when, shares), every=(0, 8), ax=right, xlabel="step $t$", ylabel="training loss",
              yscale="log")  # fmt: skip
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
                **{f"runs, α = {lr:g}": estimate.mean for lr, estimate in runs.items()},
                **{f"theory, α = {lr:g}": line for lr, line in theory.items()},
            },
            "Flow": {"αt": times, "accuracy": flow},
            "Training loss, first data set": {
                "step": list(when),
                **{f"{share:g} · 2/λ": v[:, 0] for share, v in losses.items()},
            },
        },
    )


def show_real(
    times: Tensor,
    runs: Mapping[str, runs.ImageRuns],
    twins: runs.ComparedRuns,
    gaps: Mapping[int, estimates.Estimate],
) -> None:
    """Shows two classes of images, whitened and raw, against theory, and tiny Gaussian data.

    Args:
        times: αt, (T,).
        runs: ``"whitened"``, ``"alike"`` (Gaussian data whitened and divided in the same way) and
            ``"raw"`` → training on parts of the data, c = 1.
        twins: Fresh Gaussian data.
        gaps: Number of features of the tiny data → measured minus predicted accuracies on new and
            on training data, (2,).
    """
    frames = grid(2, 2, (7.2, 6.2))
    values = runs["whitened"].eigenvalues
    law = rmt.SpikedMarchenkoPastur(1.0, runs["whitened"].signal)
    points = torch.linspace(0.05, float(values.max()), 400, dtype=torch.float64)
    marks = {"theory: spike": law.spike}
    density = law.bulk.density(points)
    learning.draw_spectrum(values.flatten(), points, density, marks=marks, bins=90, ax=frames[0])
    frames[0].set(title="whitened training sets", ylim=(0, 1.6))
    tests = {name: run.measured for name, run in {**runs, "twins": twins}.items()}
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
    sizes, names = list(gaps), ("new samples", "training samples")
    means, errors = estimates.Estimate.stack(gaps.values(), 1)  # (2, sizes)
    at = torch.tensor(sizes, dtype=torch.float64)
    scaled = {
        name: (at * (1 + 0.03 * i), at * means[i], at * errors[i]) for i, name in enumerate(names)
    }
    frames[3].axhline(0, color="black", linewidth=1.8, label="theory")
    draw_against(
        {},
        scaled,
        legend={"loc": "upper left"},
        xlabel="features $p$",
        ylabel="$p$ times (measured − theory)",
        xscale="log",
        xticks=sizes,
        xticklabels=[f"{size:g}" for size in sizes],
        ymargin=0.5,
        ax=frames[3],
    )
    frames[3].minorticks_off()
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
                **{f"{n}, measured": estimate.mean for n, estimate in tests.items()},
                **{f"{n}, theory": run.theory for n, run in runs.items()},
            },
            "Distance from theory": {
                "p": sizes,
                "new samples": means[0],
                "training samples": means[1],
                "standard error, new": errors[0],
                "standard error, training": errors[1],
            },
        },
    )
