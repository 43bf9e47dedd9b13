"""Figures of chapter 3: by how much a layer changes a distance."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot import COLOURS, MARKERS, OKABE_ITO, axes, simulation_points, use
from ...plot.curves import draw_against
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_distances",
    "draw_spread",
    "draw_table",
]


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
    turns = len(curves) if stagger else 1
    points = {
        label: (range(i * stagger, len(values), turns), values[i * stagger :: turns])
        for i, (label, values) in enumerate(curves.items())
    }
    return draw_against(
        {label: (range(len(values)), values) for label, values in theory.items()},
        points,
        looks={label: {"fillstyle": "none"} for label in [*curves][1::2]},
        legend={"loc": "lower left"},
        xlabel="number of maps $n$",
        ylabel="Hilbert distance",
        yscale="log",
        ax=ax,
    )


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
