"""Chapter 4's figures as they stand on the page: panels, description, caption and data.

The drawing functions of `figures` draw on any axes; these put them side by side and say what a
reader who cannot see them should know.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ... import dynamics
from ...plot.curves import draw_against, draw_lines, draw_runs, over
from ...plot.display import show
from ...plot.style import COLOURS, OKABE_ITO, axes, grid
from . import figures as limits

__all__ = ["show_convergents", "show_drift", "show_networks", "show_norms", "show_walks"]


def show_convergents(digits: Sequence[int], outside: Tensor, inside: Tensor, limit: float) -> None:
    """Shows the slopes of both orders of a product of digit matrices.

    Args:
        digits: Continued-fraction digits, (n,).
        outside: Slopes with the new matrix outside, (n,).
        inside: Slopes with the new matrix inside, (n,).
        limit: The number.
    """
    steps = range(1, len(digits) + 1)
    ends = (1, len(digits)), (limit, limit)
    ax = draw_against({f"limit {limit:.5f}…": ends}, {}, dashes=["--"], ax=axes(size=(6.4, 3.2)))
    draw_lines(
        over(steps, {"outside, $A_n\\cdots A_1$": outside, "inside, $A_1\\cdots A_n$": inside}),
        look={"linewidth": 1},
        legend={"loc": "upper left"},
        xlabel="number of matrices $n$",
        ylabel="slope of the first column",
        ax=ax,
    )
    ax.xaxis.get_major_locator().set_params(integer=True)
    show(
        ax,
        alt="With the new matrix inside, the slope settles within a few digits. Outside, it jumps "
        "for ever, high after every large digit.",
        caption="One list of matrices, two orders. Inside, each digit corrects the last; outside, "
        "the last digit rules.",
        data={
            "n": steps,
            "digit": digits,
            "outside": outside,
            "inside": inside,
        },
    )


def show_drift(
    distance: Tensor, functional: Tensor, angle: Tensor, turn: Tensor, rate: float
) -> None:
    """Shows speed and direction of a product of Gaussian matrices.

    Args:
        distance: d(o, u(n)o) for n = 0 … N, (N + 1, runs).
        functional: −h(u(n)o), (N + 1, runs).
        angle: Angle to the limit with the new layer inside, for n = 1 … k, (k, runs).
        turn: Angle between neighbours with the new layer outside, at least (k, runs).
        rate: The drift.
    """
    distance, functional, turn = distance[1:], functional[1:], turn[: len(angle)]
    left, right = grid(1, 2, (8.2, 3.9))
    limits.draw_drift(distance, functional, rate, 2 * rate, left)
    steps = torch.arange(1, len(angle) + 1)
    fall = {r"$e^{-\ell(n+2)}$": (steps, torch.exp(-rate * (steps + 2).double()))}
    # Angles below round-off are drawn at the round-off: the axis is logarithmic.
    orders = {
        "outside: turn at the next layer": turn.clamp(min=1e-16),
        "inside: angle to the limit": angle.clamp(min=1e-16),
    }
    draw_against(fall, {}, ax=right)
    draw_lines(
        {label: (steps[: len(rows)], rows) for label, rows in orders.items()},
        look={"linestyle": "none", "markevery": 2, "zorder": 4},
        legend={"loc": "lower left"},
        xlabel="number of layers $n$",
        ylabel="angle, radians",
        yscale="log",
        ax=right,
    )
    last = len(distance)
    few = torch.tensor([n for n in (1, 2, 5, 10, 20, 40, 80) if n < last] + [last])
    show(
        left,
        alt="Left: the mean distance per layer falls onto a horizontal line, the drift; the mean "
        "functional per layer lies on that line from the first layer on; single runs wander around "
        "it. Right: the angle to the limit falls along a straight line on a logarithmic axis; the "
        "turns of the other order stay at about the same size.",
        caption="Speed (left; bars of two standard errors, three single runs in grey) and "
        "direction (right; median and band of 80 % of the runs) of Gaussian 2×2 products.",
        data={
            "Means per layer": {
                "n": few,
                "distance": distance[few - 1].mean(1).cpu() / few,
                "functional": functional[few - 1].mean(1).cpu() / few,
            },
            "Median angles": {
                "n": steps,
                "inside, to the limit": angle.median(1).values,
                "outside, next turn": turn.median(1).values,
            },
        },
    )


def show_networks(growths: Mapping[str, Tensor], apart: Mapping[str, Tensor]) -> None:
    """Shows what training does to products of layers, and to distances of images.

    Args:
        growths: Label → log singular values per layer, (nets, k).
        apart: Label → mean log distance of pairs of images, (layers + 1, nets).
    """
    left, right = grid(1, 2, (8.2, 3.9))
    ranks = range(1, next(iter(growths.values())).shape[1] + 1)
    passed = range(len(next(iter(apart.values()))))
    draw_lines(
        {f"{label} ({len(rows)} seeds)": (ranks, rows.T) for label, rows in growths.items()},
        marks=10,
        legend={"loc": "lower left"},
        xlabel="direction $k$, largest first",
        ylabel=r"$\log s_k$ per layer",
        ax=left,
    )
    left.axhline(0, color=COLOURS["reference"], linestyle=":", linewidth=1)
    # Blues before training, warm colours after it; one class first, two classes second.
    nets = {f"{label} ({rows.shape[1]} seeds)": rows for label, rows in apart.items()}
    draw_lines(
        over(passed, nets),
        marks=10,
        looks={
            label: {"color": OKABE_ITO[k]} for label, k in zip(nets, (0, 5, 1, 4), strict=False)
        },
        legend={"loc": "lower left"},
        xlabel="hidden layers passed",
        ylabel=r"mean log distance of two images",
        ax=right,
    )
    lowest = min(float(values.min()) for values in apart.values())
    right.set_ylim(bottom=min(lowest, 0.0) - 1.3)  # room for the legend
    show(
        left,
        alt="Left: log singular values per layer. Untrained products and their mixtures agree. "
        "After training the five or so leading values are larger and the others are not; products "
        "of layers mixed from different nets lie below those of whole nets at the top and above "
        "them further down. Right: before training the distances of "
        "images of one digit and of two fall at one rate; after it those of one digit still fall, "
        "and those of two rise slowly.",
        caption="Networks for digits, before and after training. Left: products of their square "
        "layers, own and mixed. Right: distance of test images. Median over nets, band of 80 %.",
        data={
            "Log singular value per layer, median over nets": {
                "direction k": ranks,
                **{label: values.median(0).values for label, values in growths.items()},
            },
            "Mean log distance, median over nets": {
                "layers passed": passed,
                **{label: values.median(1).values for label, values in apart.items()},
            },
        },
    )


def show_walks(distances: Mapping[str, Tensor], rate: float) -> None:
    """Shows distance per step of three walks: with a drift, with drift zero, with none.

    Args:
        distances: Label → d(o, u(n)o) for n = 0 … N, (N + 1, runs): first of the walk with a
            drift, then of that with drift zero, then of that with none. Two runs are drawn.
        rate: The drift of the first.
    """
    steps = torch.arange(1, len(next(iter(distances.values())))).double()
    curves = {name: d[1:, :2].cpu() / steps[:, None] for name, d in distances.items()}
    theory = {"drift 2 log cosh ½": torch.full_like(steps, rate), "n^(−1/2)": steps**-0.5}
    ax = draw_runs(over(steps, curves), every=(0.02, 0.13), look={"alpha": 0.8})
    draw_against(
        over(steps, theory),
        {},
        legend={"loc": "lower left"},
        xlabel="number of steps $n$",
        ylabel="distance per step",
        xscale="log",
        yscale="log",
        ax=ax,
    )
    show(
        ax,
        alt="Distance per step on logarithmic axes. Hyperbolic runs level off on a line; flat runs "
        "fall like one over the square root of n; Cauchy runs jump up and drift down again, for "
        "ever.",
        caption="A drift (two runs), drift zero (two runs), and no drift at all (two runs).",
        data={
            "n": steps.long(),
            **{label: values[:, 0] for label, values in curves.items()},
            **theory,
        },
    )


def show_norms(he: Tensor, critical: Tensor, width: int, variance: float) -> None:
    """Shows the norm of a signal in ReLU nets of He's variance and of the critical one.

    Args:
        he: ‖x_L‖/‖x_0‖ for L = 0 … depth, (depth + 1, nets), weights of variance 2/width.
        critical: The same with the critical variance.
        width: n.
        variance: Critical nσ².
    """
    left, right = grid(1, 2, (8.2, 3.9), sharey=True)
    rows = {}
    for norms, scale, title, ax in (
        (he, 2.0, "He: $n\\sigma^2=2$", left),
        (critical, variance, f"critical: $n\\sigma^2={variance:.3f}$", right),
    ):
        exponent = dynamics.relu.lyapunov_exponent(width, scale / width)
        limits.draw_norms(norms, exponent, scale / 2, title, ax)
        name = title.split(":")[0]
        rows[f"{name}, typical"] = norms.log().mean(1).exp()
        rows[f"{name}, root mean square"] = norms.square().mean(1).sqrt()
        rows[f"{name}, typical in theory"] = [math.exp(exponent * n) for n in range(len(norms))]
    show(
        left,
        alt="Left, He's variance: the typical norm falls along a straight line on a logarithmic "
        "axis, while the mean square of theory stays at one. Right, the critical variance: the "
        "typical norm stays at one, the mean square grows.",
        caption=f"A signal in ReLU nets of width {width}. No variance keeps both the typical norm "
        "and the mean square.",
        data={"L": range(len(he)), **rows},
    )
