"""Curves that more than one lesson draws: each is drawn here once, and used by all."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from .style import COLOURS, MARKERS, OKABE_ITO, axes, seed_band, theory_line, to_numpy, use

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DASHES", "draw_fall"]

DASHES = ("-", "--", ":", "-.", (0, (1, 3)), (0, (6, 1)))


@use()
def draw_fall(
    depths: Sequence[int] | Tensor,
    curves: Mapping[str, Tensor],
    ylabel: str,
    *,
    lines: Mapping[str, Tensor] | None = None,
    ax: "Axes | None" = None,
):
    """Draws quantities that fall by orders of magnitude, one band over networks a curve.

    Args:
        depths: L, (k,).
        curves: Label → values, (k, networks): median and a band of 80 %; (k,) for a plain line.
        ylabel: What falls.
        lines: Label → reference in grey or theory in black (labels with "theory"), (k,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, values) in enumerate(curves.items()):
        rows = to_numpy(values)
        if rows.ndim == 2:
            line = seed_band(ax, depths, np.maximum(rows.T, 1e-300), index=index)
            line.set_label(label)  # the number of networks is in the caption
        else:
            ax.plot(to_numpy(depths), np.maximum(rows, 1e-300), label=label, markevery=0.1,
                    color=OKABE_ITO[index], marker=MARKERS[index])  # fmt: skip
    for dash, (label, values) in zip(DASHES, (lines or {}).items(), strict=False):
        style = {} if "theory" in label else {"color": COLOURS["reference"], "linewidth": 1.2}
        theory_line(ax, depths, values, label, linestyle=dash, **style)
    ax.set(xlabel="depth $L$ (layers)", ylabel=ylabel, yscale="log")
    ax.legend()
    return ax
