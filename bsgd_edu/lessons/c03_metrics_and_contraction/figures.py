"""Figures of chapter 3: by how much a layer changes a distance."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot import COLOURS, MARKERS, OKABE_ITO, axes, simulation_points, theory_line, use
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_bias",
    "draw_birkhoff",
    "draw_distances",
    "draw_ratios",
    "draw_ray_map",
    "draw_spread",
    "draw_table",
]


@use()
def draw_ray_map(t: Tensor, image: Tensor, factor: float, ax: "Axes | None" = None):
    """Draws what a 2×2 matrix does to the logarithm of the ratio of the two coordinates.

    Args:
        t: log(x_1/x_2), (n,).
        image: The same of Wx, (n,).
        factor: The steepest slope that theory allows.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    middle = image[len(image) // 2]
    simulation_points(ax, t[::5], image[::5], label="image of a ray")
    theory_line(ax, t, middle + factor * t, f"slope tanh(Δ/4) = {factor:.3g}")
    ax.plot(to_numpy(t), to_numpy(t), ":", color=COLOURS["reference"], label="slope 1")
    ax.set(
        xlabel=r"ray $x$: $\log(x_1/x_2)$",
        ylabel=r"its image $Wx$: $\log$ of the ratio",
        ylim=(float(-0.55 * t.max()), float(0.55 * t.max())),
    )
    ax.legend(loc="upper left")
    return ax


@use()
def draw_ratios(
    distances: Tensor,
    ratios: Tensor,
    theory: float,
    wrong: float,
    ax: "Axes | None" = None,
):
    """Draws by how much pairs of rays approach each other, against how far they were apart.

    Args:
        distances: Hilbert distances of the pairs, (n,).
        ratios: Distance after over distance before, (n,).
        theory: The best bound.
        wrong: The bound that is often copied.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    ends = [0, float(distances.max())]
    theory_line(ax, ends, [theory, theory], "tanh(Δ/4)")
    theory_line(ax, ends, [wrong, wrong], "¼ tanh Δ (wrong)", linestyle="--",
                color=COLOURS["reference"])  # fmt: skip
    simulation_points(ax, distances, ratios, label="pairs of rays")
    ax.set(
        xlabel="Hilbert distance before",
        ylabel="distance after / before",
        ylim=(0, 1.5 * theory),
    )
    ax.legend(loc="lower left")
    return ax


@use()
def draw_table(
    labels: Sequence[str],
    inside: Tensor,
    outside: Tensor,
    factors: Sequence[float | None],
    outside_factors: Sequence[float | None],
    ax: "Axes | None" = None,
):
    """Draws the largest ratio d(Tx, Ty)/d(x, y) of many layers, inside a condition and outside.

    Args:
        labels: Layer and metric, one a row.
        inside: Largest ratio measured within the condition, (rows,).
        outside: Just outside it, (rows,).
        factors: What theory says of the first, or None.
        outside_factors: What theory says of the second, or None.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, size=(7.2, 5.4))
    rows = np.arange(len(labels))
    ax.axvline(1, color=COLOURS["reference"], linewidth=1.2)
    for values, name, shift, known in (
        (inside, "condition holds", -0.13, factors),
        (outside, "just outside it", 0.13, outside_factors),
    ):
        style = {
            "color": OKABE_ITO[2 if shift < 0 else 1],
            "marker": MARKERS[0 if shift < 0 else 1],
        }
        simulation_points(ax, to_numpy(values), rows + shift, label=name, **style)
        exact = [(f, row + shift) for row, f in zip(rows, known, strict=True) if f is not None]
        label = "theory: the best constant" if shift < 0 else None
        ax.plot(*zip(*exact, strict=True), linestyle="none", marker="|", markersize=13,
                markeredgewidth=1.6, color=COLOURS["theory"], zorder=5, label=label)  # fmt: skip
    ax.set(
        xscale="log",
        xlabel="largest $d(Tx,Ty)\\,/\\,d(x,y)$ over random pairs",
        yticks=rows,
        yticklabels=labels,
        xlim=(0.25, max(4.0, 1.4 * float(outside.max()))),
        ylim=(len(labels) - 0.4, -0.6),
    )
    marks = [m for m in (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64) if m <= ax.get_xlim()[1]]
    ax.set_xticks(marks, [f"{m:g}" for m in marks])
    ax.minorticks_off()
    ax.legend(loc="upper right")
    return ax


@use()
def draw_birkhoff(diameters: Tensor, worst: Tensor, random: Tensor, ax: "Axes | None" = None):
    """Draws contraction ratios of many positive matrices against their diameters.

    Args:
        diameters: Δ, (m,).
        worst: Ratio of the pair that theory calls the worst, (m,).
        random: Largest ratio over random pairs, (m,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    grid = np.linspace(0, float(diameters.max()), 200)
    simulation_points(ax, diameters, random, index=2, label="random pairs, largest",
                      markersize=3, alpha=0.6)  # fmt: skip
    simulation_points(ax, diameters, worst, index=1, label="worst pair", markersize=4)
    theory_line(ax, grid, np.tanh(grid / 4), "tanh(Δ/4)", zorder=5)
    theory_line(ax, grid, np.tanh(grid) / 4, "¼ tanh Δ (wrong)", linestyle="--",
                color=COLOURS["reference"], zorder=5)  # fmt: skip
    ax.set(xlabel="projective diameter Δ of the matrix", ylabel="distance after / before",
           ylim=(0, 1.04))  # fmt: skip
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, columnspacing=1)
    return ax


@use()
def draw_distances(
    curves: Mapping[str, Tensor],
    theory: Mapping[str, Tensor],
    ax: "Axes | None" = None,
    *,
    stagger: bool = False,
):
    """Draws Hilbert distances against the number of maps, on a logarithmic axis.

    Args:
        curves: Label → distances for n = 0 … N, (N + 1,); each may have a length of its own.
        theory: Label → what a formula gives, the same way.
        ax: Axes, or None for a new figure.
        stagger: Take turns: each curve is marked at other n, so that equal ones stay visible.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, values) in enumerate(curves.items()):
        n = np.arange(len(values))[index :: len(curves)] if stagger else np.arange(len(values))
        simulation_points(ax, n, to_numpy(values)[n], index=index, label=label,
                          fillstyle="none" if index % 2 else "full")  # fmt: skip
    for (label, values), dash in zip(theory.items(), ("-", "--", ":"), strict=False):
        theory_line(ax, range(len(values)), values, label, linestyle=dash)
    ax.set(xlabel="number of maps $n$", ylabel="Hilbert distance", yscale="log")
    ax.legend(loc="lower left")
    return ax


@use()
def draw_bias(biases: Tensor, measured: Tensor, theory: Tensor, ax: "Axes | None" = None):
    """Draws the worst Thompson ratio of the layer x + b against b.

    Args:
        biases: b, (n,).
        measured: Largest ratio over pairs, (n,).
        theory: What the derivative gives, (n,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    ax.axhline(1, color=COLOURS["reference"], linewidth=1.2)
    theory_line(ax, biases, theory, r"theory: largest $x/(x+b)$")
    simulation_points(ax, biases, measured, index=1, label="largest ratio over pairs")
    ax.set(xlabel="bias $b$ of the layer $x + b$", ylabel="Thompson distance after / before",
           yscale="log")  # fmt: skip
    ax.set_yticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
    ax.minorticks_off()
    ax.legend(loc="upper right")
    return ax


@use()
def draw_spread(ratios: Tensor, title: str, ax: "Axes | None" = None):
    """Draws how often each ratio d(Tx, Ty)/d(x, y) occurs over random pairs.

    Args:
        ratios: (n,), at least 0.
        title: What stands above the axes.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, size=(6.4, 3.2))
    top = max(1.2, 1.05 * float(ratios.max()))
    values, edges = to_numpy(ratios), np.linspace(0, top, 61)
    for part, colour, label in (
        (values[values <= 1], OKABE_ITO[2], "nearer than before"),
        (values[values > 1], OKABE_ITO[1], "farther than before"),
    ):
        ax.hist(part, bins=edges, histtype="stepfilled", color=colour, alpha=0.8, label=label,
                hatch="//" if "farther" in label else None, edgecolor="white")  # fmt: skip
    ax.axvline(1, color=COLOURS["theory"], linewidth=1.5)
    ax.set(xlabel="$d(Tx,Ty)\\,/\\,d(x,y)$", ylabel="number of pairs", title=title, xlim=(0, top))
    ax.locator_params(nbins=6)
    ax.legend(loc="upper right")
    return ax
