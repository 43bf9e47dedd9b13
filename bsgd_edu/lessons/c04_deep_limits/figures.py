"""Figures of chapter 4: how fast and where to a deep product of layers drifts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot import (
    COLOURS,
    MARKERS,
    OKABE_ITO,
    axes,
    seed_band,
    simulation_points,
    theory_line,
    use,
)
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_convergents",
    "draw_disc",
    "draw_drift",
    "draw_growths",
    "draw_norms",
    "draw_pairs",
    "draw_rates",
    "draw_turns",
    "draw_walk",
]

_FORWARD = {"color": COLOURS["forward"], "marker": MARKERS[0]}
_BACKWARD = {"color": COLOURS["backward"], "marker": MARKERS[1]}


@use()
def draw_convergents(forward: Tensor, backward: Tensor, limit: float, ax: "Axes | None" = None):
    """Draws the slopes of two orders of one product of matrices.

    Args:
        forward: Slope of the first column of A_n ⋯ A_1 for n = 1 … N, (N,).
        backward: Slope of the first column of A_1 ⋯ A_n, (N,).
        limit: What the backward slopes converge to.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, (6.4, 3.2))
    steps = range(1, len(forward) + 1)
    theory_line(ax, (1, len(forward)), (limit, limit), f"limit {limit:.5f}…", linestyle="--")
    ax.plot(steps, to_numpy(forward), linewidth=1, label="outside, $A_n\\cdots A_1$", **_FORWARD)
    ax.plot(steps, to_numpy(backward), linewidth=1, label="inside, $A_1\\cdots A_n$", **_BACKWARD)
    ax.set(xlabel="number of matrices $n$", ylabel="slope of the first column")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="upper left")
    return ax


@use()
def draw_drift(
    distance: Tensor, functional: Tensor, rate: float, excess: float, ax: "Axes | None" = None
):
    """Draws distance and functional per layer: one falls to the drift, the other has its mean.

    Args:
        distance: d(o, u(n)o) for n = 1 … N, (N, runs).
        functional: −h(u(n)o), (N, runs).
        rate: ℓ, what both are per layer in the limit.
        excess: What the mean distance exceeds ℓn by.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    steps = np.arange(1, len(distance) + 1)
    for run in range(3):
        label = "three single runs, distance" if run == 0 else None
        ax.plot(steps, to_numpy(distance[:, run]) / steps, color=COLOURS["reference"],
                linewidth=0.8, alpha=0.7, label=label)  # fmt: skip
    theory_line(ax, steps, np.full(len(steps), rate), r"drift $\ell$")
    theory_line(ax, steps, rate + excess / steps, r"$\ell$ + excess$/n$", linestyle="--")
    few = np.unique(np.geomspace(1, len(steps), 14).round().astype(int))
    for values, name, style in (
        (distance, "mean of $d(o,u(n)o)/n$", _FORWARD),
        (functional, "mean of $-h(u(n)o)/n$", _BACKWARD),
    ):
        rows = to_numpy(values)[few - 1]
        error = rows.std(1) / rows.shape[1] ** 0.5 / few
        simulation_points(ax, few, rows.mean(1) / few, label=name, stderr=error, **style)
    ax.set(xlabel="number of layers $n$", ylabel="per layer", xscale="log")
    ax.set_ylim(0, rate + 1.3 * excess)
    ax.legend(loc="upper right")
    return ax


@use()
def draw_turns(backward: Tensor, forward: Tensor, rate: float, ax: "Axes | None" = None):
    """Draws how far the direction still has to turn, in both orders, on a logarithmic axis.

    Args:
        backward: Angle to the limit for n = 1 … N, (N, runs): typical value, band of 80 %.
        forward: Angle between neighbours n and n + 1, (N − 1, runs).
        rate: ℓ; the typical backward angle falls as e^{−ℓ(n + 2)}.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for values, name, style in (
        (forward, "outside: turn at the next layer", _FORWARD),
        (backward, "inside: angle to the limit", _BACKWARD),
    ):
        # Angles below round-off are drawn at the round-off: the axis is logarithmic.
        low, middle, high = np.quantile(to_numpy(values).clip(1e-16), (0.1, 0.5, 0.9), axis=1)
        steps = np.arange(1, len(middle) + 1)
        ax.fill_between(steps, low, high, color=style["color"], alpha=0.2, linewidth=0)
        simulation_points(ax, steps[::2], middle[::2], label=name, **style)
    theory_line(ax, steps, np.exp(-rate * (steps + 2)), r"$e^{-\ell(n+2)}$")
    ax.set(xlabel="number of layers $n$", ylabel="angle, radians", yscale="log")
    ax.legend(loc="lower left")
    return ax


@use()
def draw_growths(growths: Mapping[str, Tensor], ax: "Axes | None" = None):
    """Draws the log singular values per layer of products of layers, largest first.

    Args:
        growths: Label → (nets, k), at least five nets: median, band of 80 %.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, values) in enumerate(growths.items()):
        ranks = np.arange(1, values.shape[1] + 1)
        seed_band(ax, ranks, values, index=index, label=label)
    ax.axhline(0, color=COLOURS["reference"], linestyle=":", linewidth=1)
    ax.set(xlabel="direction $k$, largest first", ylabel=r"$\log s_k$ per layer")
    ax.legend(loc="lower left")
    return ax


@use()
def draw_pairs(apart: Mapping[str, Tensor], ax: "Axes | None" = None):
    """Draws the mean log distance of pairs of images through the layers of networks.

    Args:
        apart: Label → (layers + 1, nets), at least five nets: median, band of 80 %.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    lowest = 0.0
    for index, (label, values) in enumerate(apart.items()):
        # Blues before training, warm colours after it; one class first, two classes second.
        color, marker = OKABE_ITO[(0, 5, 1, 4)[index % 4]], MARKERS[index % len(MARKERS)]
        steps = np.arange(len(values))
        seed_band(ax, steps, values.T, color=color, marker=marker, label=label)
        lowest = min(lowest, float(values.min()))
    ax.set_ylim(bottom=lowest - 1.3)  # room for the legend
    ax.set(xlabel="hidden layers passed", ylabel=r"mean log distance of two images")
    ax.legend(loc="lower left")
    return ax


@use()
def draw_rates(
    curves: Mapping[str, Tensor], theory: Mapping[str, Tensor], ax: "Axes | None" = None
):
    """Draws distance per step of single runs, for walks with and without a drift.

    Args:
        curves: Label → d/n for n = 1 … N, (N, runs).
        theory: Label → what a formula gives, (N,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, values) in enumerate(curves.items()):
        rows = to_numpy(values)
        steps = np.arange(1, len(rows) + 1)
        for run in range(rows.shape[1]):
            ax.plot(steps, rows[:, run], color=OKABE_ITO[index], linewidth=1, alpha=0.8,
                    marker=MARKERS[index], markersize=4, markevery=(0.02 * run, 0.13),
                    label=label if run == 0 else None)  # fmt: skip
    for (label, values), dash in zip(theory.items(), ("-", "--"), strict=False):
        theory_line(ax, np.arange(1, len(values) + 1), values, label, linestyle=dash)
    ax.set(xlabel="number of steps $n$", ylabel="distance per step", xscale="log", yscale="log")
    ax.legend(loc="lower left")
    return ax


@use()
def draw_norms(norms: Tensor, exponent: float, growth: float, title: str, ax: "Axes | None" = None):
    """Draws how the norm of a signal fares in many networks: the typical net and the mean square.

    Args:
        norms: ‖x_L‖/‖x_0‖ for L = 0 … depth, (depth + 1, nets).
        exponent: λ: the typical norm is e^{λL}.
        growth: The mean square is multiplied by this at each layer.
        title: What stands above the axes.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    rows, depths = to_numpy(norms), np.arange(len(norms))
    low, high = np.quantile(rows, (0.1, 0.9), axis=1)
    ax.fill_between(depths, low, high, color=OKABE_ITO[0], alpha=0.2, linewidth=0)
    theory_line(ax, depths, np.exp(exponent * depths), r"$e^{\lambda L}$")
    theory_line(ax, depths, growth ** (depths / 2), "root mean square, theory", linestyle="--")
    typical, square = np.exp(np.log(rows).mean(1)), (rows**2).mean(1) ** 0.5
    simulation_points(ax, depths[::4], typical[::4], label="typical net, band 80 %", index=0)
    simulation_points(ax, depths[::4], square[::4], label="root mean square of nets", index=1)
    ax.set(xlabel="depth $L$", ylabel=r"$\|x_L\|/\|x_0\|$", yscale="log", title=title)
    ax.minorticks_off()  # an explorer draws this while a slider moves; ticks are half of the time
    ax.legend(loc="upper left" if exponent * len(norms) > 2 else "lower left")
    return ax


@use()
def draw_disc(
    points: Tensor,
    limit: Tensor,
    levels: Sequence[float],
    title: str,
    ax: "Axes | None" = None,
):
    """Draws a walk on the Poincaré disc, a boundary point, and level sets of its Busemann function.

    The level h = c of the boundary point ξ is the circle around ξ/(1 + e^c) of radius
    e^c/(1 + e^c): it touches the rim in ξ.

    Args:
        points: u(0)o … u(n)o in the disc, (n + 1, 2).
        limit: ξ, (2,), on the rim.
        levels: The c to draw.
        title: What stands above the axes; it names the order and so picks the colour.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    from matplotlib.patches import Circle

    ax = axes(ax, (4.2, 4.2))
    style = _BACKWARD if "inside" in title else _FORWARD
    path, end = to_numpy(points), to_numpy(limit)
    ax.add_patch(Circle((0, 0), 1, fill=False, color=COLOURS["reference"], linewidth=1.2))
    for level in levels:
        inverse = 1 / (1 + np.exp(level))
        ax.add_patch(
            Circle(end * inverse, 1 - inverse, fill=False, color=OKABE_ITO[2], linewidth=0.9)
        )
    ax.plot(path[:, 0], path[:, 1], linewidth=0.8, markersize=4, **style)
    ax.plot(*path[-1], color=style["color"], marker="o", markersize=10, fillstyle="none")
    ax.plot(*end, marker="*", color="black", markersize=13, clip_on=False, linestyle="none")
    ax.set(title=title, xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), aspect="equal")
    ax.set_axis_off()
    return ax


@use()
def draw_walk(distance: Tensor, functional: Tensor, rate: float, ax: "Axes | None" = None):
    """Draws distance and functional of one walk against the number of layers.

    Args:
        distance: d(o, u(n)o) for n = 0 … N, (N + 1,).
        functional: −h(u(n)o), (N + 1,).
        rate: ℓ, drawn as a line ℓn; NaN for none.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    steps = np.arange(len(distance))
    if rate == rate:
        theory_line(ax, steps, rate * steps, r"drift: $\ell n$")
    every = max(1, len(steps) // 12)
    ax.plot(steps, to_numpy(distance), label="distance $d$", markevery=every, linewidth=1.2,
            color=OKABE_ITO[3], marker=MARKERS[3])  # fmt: skip
    ax.plot(steps, to_numpy(functional), "--", label="functional $-h$", markevery=every,
            linewidth=1.2, color=OKABE_ITO[2], marker=MARKERS[2])  # fmt: skip
    ax.set(xlabel="number of layers $n$", ylabel="hyperbolic length")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.locator_params(axis="y", nbins=5)
    ax.legend(loc="best")
    return ax
