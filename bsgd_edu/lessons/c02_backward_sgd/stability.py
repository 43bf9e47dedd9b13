"""Pictures of chapter 2's explorers: shared endings, and the map of stability."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot.style import COLOURS, MARKERS, OKABE_ITO, axes, theory_line, to_numpy, use

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_shared_endings", "draw_spread", "draw_stability"]


@use()
def draw_shared_endings(
    points: Tensor, minimiser: Tensor, ellipse: Tensor, ax: "Axes | None" = None
):
    """Draws where many runs end that share their last batches.

    Args:
        points: Ends, (runs, 2).
        minimiser: The full-batch solution, (2,).
        ellipse: Outline of two standard deviations of the stationary law, (n, 2).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, size=(4.2, 3.8))
    ax.plot(*to_numpy(ellipse).T, color=COLOURS["reference"], linewidth=1,
            label="nothing shared, 2 std")  # fmt: skip
    style = {"color": COLOURS["backward"], "alpha": 0.5}
    ax.plot(*to_numpy(points).T, "s", markersize=4, label="ends of the runs", **style)
    ax.plot(*to_numpy(minimiser), "*", color=COLOURS["theory"], markersize=13, label="minimiser")
    outline = to_numpy(ellipse)
    centre, half = outline.mean(0), 1.35 * np.abs(outline - outline.mean(0)).max()
    ax.set(xlim=(centre[0] - half, centre[0] + half), ylim=(centre[1] - half, centre[1] + half))
    ax.set(xlabel="parameter $\\theta_1$", ylabel="parameter $\\theta_2$")
    ax.legend(loc="upper left", fontsize=9)
    return ax


@use()
def draw_spread(
    spread: Tensor, theory: Tensor, chosen: int, distance: float, ax: "Axes | None" = None
):
    """Draws how the spread of the ends falls with the number of shared batches.

    Args:
        spread: Root-mean-square distance from the runs' mean, for 0, 1, … shared, (n,).
        theory: Its prediction, (n,).
        chosen: The number shared in the picture beside it.
        distance: How far the runs' mean is from the minimiser, at that number.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, size=(4.2, 3.8))
    theory_line(ax, range(len(theory)), theory)
    ax.plot(to_numpy(spread), "s", color=COLOURS["backward"], markersize=4, label="spread")
    ax.plot([chosen], [float(spread[chosen])], "s", markersize=12, markerfacecolor="none",
            markeredgecolor=COLOURS["backward"], markeredgewidth=2)  # fmt: skip
    ax.axhline(distance, color=COLOURS["forward"], linestyle="--",
               label="their mean's distance\nto the minimiser")  # fmt: skip
    ax.set(yscale="log", xlabel="shared last batches $K$", ylabel="root mean square distance")
    ax.legend(loc="best", fontsize=9)
    return ax


@use()
def draw_stability(
    dims: Sequence[int],
    boundaries: Mapping[str, Tensor],
    chosen: tuple[int, float],
    ax: "Axes | None" = None,
):
    """Draws for which dimensions and learning rates regression SGD is stable, in three senses.

    Args:
        dims: Dimensions, (n,).
        boundaries: Name → largest stable learning rate for each dimension, (n,); 0 where none is.
        chosen: The dimension and learning rate to mark.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, size=(4.6, 3.8))
    x = np.asarray(dims)
    top = max(float(np.max(to_numpy(values))) for values in boundaries.values()) * 1.6
    bottom = 0.02
    for index, (name, values) in enumerate(boundaries.items()):
        y = to_numpy(values)
        seen = y > bottom
        ax.plot(x[seen], y[seen], label=name, color=OKABE_ITO[index], marker=MARKERS[index],
                linestyle=("-", "--", ":")[index % 3])  # fmt: skip
    ax.plot(*chosen, "X", color=COLOURS["theory"], markersize=12, label="you are here")
    ax.set(xscale="log", yscale="log", ylim=(bottom, max(top, 3)))
    ax.set(xlabel="dimension $d$", ylabel="learning rate $\\eta$")
    ticks = [d for d in (1, 2, 5, 10, 20, 50) if x[0] <= d <= x[-1]]
    ax.set_xticks(ticks, [str(d) for d in ticks])
    ax.minorticks_off()
    ax.legend(loc="lower left", fontsize=9)
    return ax
