"""Chapter 7's figures of what breaks, and of the probe."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ...estimates import Estimate, mean_and_stderr
from ...plot.display import show
from ...plot.style import OKABE_ITO, grid, seed_band, simulation_points
from . import figures as learning
from . import probe

__all__ = ["show_data", "show_large", "show_probe"]


def show_large(
    steps: Tensor,
    flow: tuple[Tensor, Tensor],
    stepped: Mapping[float, tuple[Estimate, Tensor]],
    ratios: Tensor,
    lines: Mapping[str, Tensor],
    found: Mapping[str, tuple[list, Estimate]],
) -> None:
    """Shows large steps beside the flow, and the test error against c.

    Args:
        steps: Numbers of steps, (m,).
        flow: αt and predicted accuracy of infinitely small steps, (T,) each.
        stepped: Learning rate → measured and predicted accuracy, (m,) each.
        ratios: c of the lines, (k,).
        lines: "stopped" and others → predicted test error, (k,).
        found: The same names → c and measured errors.
    """
    left, right = grid(1, 2, (7.8, 4.1))
    learning.draw_accuracy(
        {"flow": flow[0], **{f"_{lr}": lr * steps for lr in stepped}},
        {"flow": flow[1], **{f"_{lr}": line for lr, (_, line) in stepped.items()}},
        {rf"$\alpha={lr:g}$": (lr * steps, *seen) for lr, (seen, _) in stepped.items()},
        ax=left,
    )
    left.set(xlim=(0.08, 60), ylim=(0.58, 0.8), ylabel="accuracy on new samples")
    left.set_title("(a) first steps leave the flow")
    learning.legend_below(left, 2)
    learning.draw_descent(ratios, lines, ax=right)
    for index, (name, (at, errors)) in enumerate(found.items()):
        simulation_points(right, at, errors.mean, index=index, label=name, stderr=errors.stderr)
    ticks = [0.25, 0.5, 1, 2, 4]
    right.set(ylim=(0.1, 0.5), xticks=ticks, xticklabels=[f"{c:g}" for c in ticks])
    right.minorticks_off()
    right.set_title("(b) the peak belongs to long training")
    learning.legend_below(right, 2)
    show(
        left,
        alt="Left: after its first step gradient descent is more accurate than the flow at the "
        "same time, the more so the larger the rate; with the largest the second step falls below "
        "the flow; later all merge. Right: after long training the error peaks where there are as "
        "many features as samples; stopped at the best step it rises slowly, and with a ridge too.",
        caption="Left: dots on their own solid lines, and the dashed or solid flow. Right: test "
        "error after a hundred units of time, stopped, and with a ridge.",
        data={
            "Steps": {"step": steps, **{f"α = {lr:g}": s.mean for lr, (s, _) in stepped.items()}},
            "Flow": {"αt": flow[0], "accuracy": flow[1]},
            "Test error, theory": {"c": ratios, **lines},
            **{f"Test error, {name}": {"c": at, "runs": e.mean} for name, (at, e) in found.items()},
        },
    )


def show_data(
    times: Tensor,
    theory: Tensor,
    noises: Mapping[str, Estimate],
    image_theory: Mapping[str, Tensor],
    images: Mapping[str, Estimate],
) -> None:
    """Shows noise that is not Gaussian, and images.

    Args:
        times: αt, (T,).
        theory: Predicted accuracy on Gaussian noise, (T,).
        noises: Kind of noise → measured accuracy, (T,).
        image_theory: "whitened" and "raw" → prediction with ρ off the spike, (T,).
        images: Names → measured accuracy, (T,).
    """
    frames = grid(1, 3, (9.4, 4.2))
    learning.draw_accuracy(
        times, {"theory": theory}, {n: (times, *e) for n, e in noises.items()}, ax=frames[0]
    )
    learning.draw_accuracy(
        times,
        {"theory": image_theory["whitened"]},
        {n: (times, *images[n]) for n in ("whitened", "alike", "twins")},
        ax=frames[1],
    )
    learning.draw_accuracy(
        times, {"theory": image_theory["raw"]}, {"raw": (times, *images["raw"])}, ax=frames[2]
    )
    titles = ("(a) other noise", "(b) ones and sevens", "(c) the same, raw")
    low = min(float(e.mean.min()) for e in images.values()) - 0.02
    for ax, name in zip(frames, titles, strict=True):
        ax.set(title=name, ylabel="accuracy on new samples")
        learning.legend_below(ax, 2)
    for ax in frames[1:]:
        ax.set_ylim(low, 1.01)
    show(
        frames[0],
        alt="Left: noise of random signs lies on the line of the theory; noise whose samples have "
        "scales of their own leaves it, above. Middle: on whitened images the accuracy rises, "
        "peaks and falls like theory, a little below; Gaussian data whitened alike are below too, "
        "and the twins lie on the line. Right: on raw images theory is far too optimistic late.",
        caption="Left: the same covariance, other noise. Middle and right: images of ones and "
        "sevens, as many training samples as pixels; the signal is read off the top eigenvalue.",
        data={
            "Noise": {"αt": times, "theory": theory, **{n: e.mean for n, e in noises.items()}},
            "Images": {
                "αt": times,
                **{f"theory, {n}": line for n, line in image_theory.items()},
                **{n: e.mean for n, e in images.items()},
            },
        },
    )


def show_probe(found: Mapping[int, probe.Probes], middle: int) -> None:
    """Shows a probe's curve with its computed stop, and three ways to stop.

    Args:
        found: Labelled samples → probes.
        middle: Which of them has its curve drawn.
    """
    left, right = grid(1, 2, (7.8, 3.9))
    steps, seen = torch.tensor(probe.STEPS), found[middle]
    seed_band(left, steps, seen.curve.T, label="new samples")
    low, high = (float(seen.stops.quantile(q)) for q in (0.1, 0.9))
    left.axvspan(low, high, color=OKABE_ITO[1], alpha=0.35, label="computed stops")
    left.set(xscale="log", xlabel="step", ylabel="accuracy on new samples", ylim=(0.4, 1.0))
    left.set_title(f"(a) a probe on {middle} samples")
    learning.legend_below(left, 1)
    ways = {"computed": "computed", "held-out samples": "validated", "a thousand steps": "end"}
    at, table = torch.tensor(list(found)), {}
    for index, (name, part) in enumerate(ways.items()):
        rows: Sequence = [getattr(one, part) for one in found.values()]
        table[name] = mean_and_stderr(torch.stack(rows))
        style = {"index": index, "label": name, "stderr": table[name].stderr, "linestyle": ":"}
        simulation_points(right, at * 1.04 ** (index - 1), table[name].mean, **style)
    right.set(xscale="log", xlabel="labelled samples $n$", ylabel="accuracy on new samples")
    right.set_xticks(at.tolist(), [str(n) for n in found])
    right.minorticks_off()
    right.set_title("(b) three ways to stop")
    learning.legend_below(right, 1)
    show(
        left,
        alt="Left: the accuracy of a probe rises with the steps and then falls a little; the band "
        "of computed stops lies on its broad top. Right: with few labelled samples the computed "
        "stop is best and long training worst; with many the three come together.",
        caption="A linear probe on a network's features. Left: median and band over random choices "
        "of the labelled samples. Right: means with two standard errors.",
        data={
            "Accuracy": {
                "n": list(found),
                **{f"{name}, mean": e.mean for name, e in table.items()},
                **{f"{name}, standard error": e.stderr for name, e in table.items()},
            },
            "Computed stops": {"n": list(found), "steps": [s.stops.mean() for s in found.values()]},
        },
    )
