"""Figures of chapter 4: how fast and where to a deep product of layers drifts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot import COLOURS, MARKERS, OKABE_ITO, axes, simulation_points, theory_line, use
from ...plot.style import BACKWARD, FORWARD, to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_disc",
    "draw_drift",
    "draw_norms",
    "draw_walk",
]


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
        (distance, "mean of $d(o,u(n)o)/n$", FORWARD),
        (functional, "mean of $-h(u(n)o)/n$", BACKWARD),
    ):
        rows = to_numpy(values)[few - 1]
        error = rows.std(1) / rows.shape[1] ** 0.5 / few
        simulation_points(ax, few, rows.mean(1) / few, label=name, stderr=error, **style)
    ax.set(xlabel="number of layers $n$", ylabel="per layer", xscale="log")
    ax.set_ylim(0, rate + 1.3 * excess)
    ax.legend(loc="upper right")
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
    style = BACKWARD if "inside" in title else FORWARD
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
