"""Figures of chapter 6: phases of random layers, their Jacobians, and what trains."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot import COLOURS, MARKERS, OKABE_ITO, axes, theory_line, use
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AGAINST", "draw_phase_plane", "draw_spectrum"]

AGAINST = {"line": {"linewidth": 1.3}, "dot": {"fillstyle": "none", "markersize": 6}}
_PLANE = ("#C6DCEC", "#FBE3D0")  # light blue and light orange: order and chaos


@use()
def draw_phase_plane(
    weight_vars: Tensor,
    bias_vars: Tensor,
    chi: Tensor | None,
    line: tuple[Tensor, Tensor],
    points: Mapping[str, tuple[float, float]],
    ax: "Axes | None" = None,
):
    """Draws the plane of σ_w² and σ_b², its two phases, and depth scales between them.

    Args:
        weight_vars: σ_w², (m,), ascending: the ends are the axis's.
        bias_vars: σ_b², (n,).
        chi: χ_c at each pair, (n, m), whose depth scale is drawn as contours, in layers; or None.
        line: σ_w² and σ_b² of the critical line, (k,) each.
        points: Label → (σ_w², σ_b²).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    x, y = to_numpy(weight_vars), to_numpy(bias_vars)
    across, along = (to_numpy(v) for v in line)
    ax.fill_betweenx(along, x[0], across, color=_PLANE[0], linewidth=0)
    ax.fill_betweenx(along, across, x[-1], color=_PLANE[1], linewidth=0)
    if chi is not None:
        scale = -1 / np.log(np.clip(np.abs(to_numpy(chi)), 1e-300, 0.99))
        grey = {"colors": COLOURS["reference"], "linewidths": 0.9}
        levels = ax.contour(x, y, scale, levels=[3, 6, 12, 25], **grey)
        ax.clabel(levels, fmt="%d", fontsize=9, manual=_label_places(x, y, scale, levels.levels))
    theory_line(ax, *line, "critical: χ₁ = 1", linewidth=2)
    for index, (label, point) in enumerate(points.items()):
        ax.plot(*point, linestyle="none", label=label, color=OKABE_ITO[index], markersize=8,
                marker=MARKERS[index], markeredgecolor="black", zorder=5)  # fmt: skip
    ax.set(xlabel=r"weight variance $\sigma_w^2$", ylabel=r"bias variance $\sigma_b^2$")
    ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    ax.grid(False)
    ax.legend(loc="center right", frameon=True, framealpha=0.9)
    return ax


@use()
def _label_places(x: np.ndarray, y: np.ndarray, scale: np.ndarray, levels) -> list:
    """Where depth scales are written: high up in order, low down in chaos, clear of the rest."""
    places = []
    for row, side in ((round(0.78 * len(y)), 1), (round(0.1 * len(y)), -1)):
        peak = int(scale[row].argmax())
        flank = slice(None, peak + 1) if side > 0 else slice(None, peak - 1 if peak else None, -1)
        heights, across = scale[row][flank], x[flank]
        inside = [level for level in levels if heights[0] < level < heights[-1]]
        places += [(float(np.interp(level, heights, across)), float(y[row])) for level in inside]
    return places


def draw_spectrum(values: Mapping[str, Tensor], ax: "Axes | None" = None, floor: float = 1e-12):
    """Draws histograms of singular values on a logarithmic axis.

    Args:
        values: Label → singular values, any shape; smaller ones than `floor` count in its bin.
        ax: Axes, or None for a new figure.
        floor: Lower end of the axis at most.

    Returns:
        The axes.
    """
    ax = axes(ax)
    logs = {
        k: np.log10(np.maximum(to_numpy(v).ravel().astype(float), floor)) for k, v in values.items()
    }
    low = min(row.min() for row in logs.values())
    high = max(row.max() for row in logs.values())
    low, high = min(np.floor(low), -1.0), max(np.ceil(high), 1.0)
    bins = np.linspace(low, high, 49)
    for index, (label, row) in enumerate(logs.items()):
        share, _ = np.histogram(row, bins)
        ax.stairs(share / len(row), bins, fill=index > 0, label=label, color=OKABE_ITO[index],
                  alpha=0.55 if index else 1, linewidth=2, zorder=3 - index)  # fmt: skip
    ax.axvline(0, color=COLOURS["reference"], linewidth=1, linestyle=":")
    ax.set(xlabel=r"singular value, $\log_{10}s$", ylabel="share of the values")
    ax.set(xlim=(low, high))
    ax.legend(loc="upper left")
    return ax
