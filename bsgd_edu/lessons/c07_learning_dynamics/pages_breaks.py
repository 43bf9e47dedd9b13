"""Chapter 7's figures of what breaks, and of the probe."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ...estimates import Estimate, mean_and_stderr
from ...plot.display import show
from ...plot.style import OKABE_ITO, grid, seed_band, simulation_points, theory_line
from . import figures as learning
from . import images as parts
from . import probe

_NAMES = ("theory of steps", "_second", "_third")  # one line style: one entry in the legend

__all__ = ["show_data", "show_large", "show_probe"]


def show_large(
    steps: Tensor,
    flow: tuple[Tensor, Tensor],
    stepped: Mapping[float, tuple[Estimate, Tensor]],
    ratios: Tensor,
    lines: Mapping[str, Tensor],
    found: Mapping[str, Mapping[float, Tensor]],
) -> None:
    """Shows large steps beside the flow, and the test error against c.

    Args:
        steps: Numbers of steps, (m,).
        flow: αt and predicted accuracy of infinitely small steps, (T,) each.
        stepped: Learning rate → measured and predicted accuracy, (m,) each.
        ratios: c of the lines, (k,).
        lines: "stopped" and others → predicted test error, (k,).
        found: The same names → c → measured errors, (runs,).
    """
    left, right = grid(1, 2, (7.8, 4.1))
    measured = {
        name: (list(rows), mean_and_stderr(torch.stack(list(rows.values()))))
        for name, rows in found.items()
    }
    learning.draw_accuracy(
        {name: lr * steps for name, lr in zip(_NAMES, stepped, strict=False)},
        {name: line for name, (_, line) in zip(_NAMES, stepped.values(), strict=False)},
        {rf"$\alpha={lr:g}$": (lr * steps, *seen) for lr, (seen, _) in stepped.items()},
        same=True,
        ax=left,
    )
    theory_line(left, *flow, "flow", linestyle="--", linewidth=1.4)
    left.set(xlim=(0.08, 60), ylim=(0.58, 0.8), ylabel="accuracy on new samples")
    left.set_title("(a) first steps leave the flow")
    learning.legend_below(left, 2)
    named = {f"theory, {name}": line for name, line in lines.items()}
    learning.draw_descent(ratios, named, ax=right)
    for index, (name, (at, errors)) in enumerate(measured.items()):
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
        caption="Left: dots on the lines of the theory for steps; dashed, the flow. Right: test "
        "error after a hundred units of time, stopped, and with a ridge.",
        data={
            "Steps": {"step": steps, **{f"α = {lr:g}": s.mean for lr, (s, _) in stepped.items()}},
            "Flow": {"αt": flow[0], "accuracy": flow[1]},
            "Test error, theory": {"c": ratios, **lines},
            **{
                f"Test error, {name}": {"c": at, "runs": e.mean}
                for name, (at, e) in measured.items()
            },
        },
    )


def show_data(
    gaussian: Tensor,
    noise_times: Tensor,
    noises: Mapping[str, Estimate],
    image_times: Tensor,
    images: Mapping[str, parts.ImageRuns],
    twins: Estimate,
) -> None:
    """Shows noise that is not Gaussian, and images.

    Args:
        gaussian: Predicted accuracy on Gaussian noise after 1, 2, … steps of 0.1, (T,).
        noise_times: αt of the runs on other noise, (m,).
        noises: Kind of noise → measured accuracy, (m,).
        image_times: αt of the runs on images, (k,).
        images: "whitened", "alike" and "raw" → runs.
        twins: Measured accuracy on Gaussian twins, (k,).
    """
    frames, shown = grid(1, 3, (9.4, 4.2)), {n: run.measured for n, run in images.items()}
    shown["twins"] = twins
    times = 0.1 * torch.arange(1, len(gaussian) + 1)
    dots = {name: (noise_times, *found) for name, found in noises.items()}
    learning.draw_accuracy(times, {"theory": gaussian}, dots, ax=frames[0])
    for ax, names in zip(frames[1:], (("whitened", "alike", "twins"), ("raw",)), strict=True):
        dots = {n: (image_times * 1.1 ** (n == "alike"), *shown[n]) for n in names}
        learning.draw_accuracy(image_times, {"theory": images[names[0]].theory}, dots, ax=ax)
    titles = ("(a) other noise", "(b) ones and sevens", "(c) the same, raw")
    low = min(float(e.mean.min()) for e in shown.values()) - 0.02
    for ax, name in zip(frames, titles, strict=True):
        ax.set(title=name, ylabel="accuracy on new samples")
        learning.legend_below(ax, 2)
    for ax in frames[1:]:
        ax.set_ylim(low, 1.01)
    show(
        frames[0],
        alt="Left: noise of random signs lies on the line of the theory; noise whose samples have "
        "scales of their own lies far above it. Middle: on whitened images the accuracy rises, "
        "peaks and falls like theory, late below it; Gaussian data whitened alike lie with them, "
        "and the twins on the line. Right: on raw images the line is too high at first, and late "
        "it falls where the images do not.",
        caption="Left: the same covariance, other noise. Middle and right: images of ones and "
        "sevens, as many training samples as pixels; the signal is read off the top "
        "eigenvalue; squares are shifted to the right to be seen.",
        data={
            "Noise": {"αt": noise_times, **{n: e.mean for n, e in noises.items()}},
            "Theory, Gaussian noise": {"αt": times, "accuracy": gaussian},
            "Images": {"αt": image_times, **{n: e.mean for n, e in shown.items()}},
            "Theory, images": {"αt": image_times, **{n: i.theory for n, i in images.items()}},
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
