"""Figures of chapter 5: what falls at once, what falls late, and how sharply."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot import COLOURS, MARKERS, OKABE_ITO, axes, use
from ...plot.curves import draw_against, draw_lines
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_curves", "draw_training"]

LEVELS = (0.9, 0.5, 0.1)


@use()
def draw_curves(
    curves: Mapping[str, tuple],
    theory: Mapping[str, tuple] | None = None,
    *,
    xlabel: str = "depth $L$ (layers)",
    ylabel: str = r"separation $S_\tau$",
    ax: "Axes | None" = None,
    **axis,
):
    """Draws curves between 1 and 0, with their levels .9, .5 and .1 as grey lines.

    Args:
        curves: Label → (abscissae, separation), (k,) each, as markers joined by a thin line.
        theory: Label → what a formula gives, the same way, black.
        xlabel: What the abscissa is.
        ylabel: What the ordinate is.
        ax: Axes, or None for a new figure.
        **axis: What else `plot.curves.draw_against` takes.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for level in LEVELS:
        ax.axhline(level, color=COLOURS["reference"], linewidth=0.8, linestyle=":")
    draw_lines(curves, marks=40, look={"linewidth": 1, "markersize": 4}, legend=None, ax=ax)
    axis = {"xlabel": xlabel, "ylabel": ylabel, "ylim": (-0.03, 1.05), **axis}
    return draw_against(theory or {}, {}, dashes="-", line={"linewidth": 1.4}, ax=ax, **axis)


@use()
def draw_training(depths: Sequence[int], accuracies: Mapping[str, Tensor], chance: float, ax=None):
    """Draws test accuracy after training against depth, every seed a marker.

    Args:
        depths: Number of hidden layers, (k,).
        accuracies: Label → (k, seeds).
        chance: The accuracy of guessing.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, values) in enumerate(accuracies.items()):
        rows, places = to_numpy(values), np.asarray(depths, dtype=float) + 0.12 * (2 * index - 1)
        style = {"color": OKABE_ITO[index], "marker": MARKERS[index]}
        ax.plot(places, rows.mean(1), label=label, linewidth=1.2, **style)
        ax.plot(np.repeat(places, rows.shape[1]), rows.ravel(), linestyle="none", markersize=4,
                fillstyle="none", **style)  # fmt: skip
    ax.axhline(chance, color=COLOURS["reference"], linestyle=":", label="guessing")
    ax.set(xlabel="hidden layers", ylabel="test accuracy", ylim=(0, 1.03), xticks=list(depths))
    ax.legend(loc="center left")
    return ax
