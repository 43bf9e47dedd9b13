"""Level lines of the small landscapes of chapter 9, and what moves in them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ...plot.style import MARKERS, OKABE_ITO, axes, theory_line, to_numpy, use

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_hyperbola", "draw_surface", "draw_valley"]


def _contours(ax: "Axes", x: Tensor, y: Tensor, values: Tensor, levels: Sequence[float]) -> None:
    """Grey level lines, darker where the loss is low, over a pale filling."""
    arrays = [to_numpy(v) for v in (x, y, values)]
    ax.contourf(*arrays, levels=levels, cmap="Greys_r", alpha=0.35, extend="both", zorder=0)
    ax.contour(*arrays, levels=levels, colors="#8A8A8A", linewidths=0.7, zorder=1)
    ax.grid(False)


@use()
def draw_hyperbola(paths: Mapping[str, Tensor], ax: "Axes | None" = None):
    """Draws the loss (w₂w₁ − 1)² of two numbers, its two curves of minima, and paths in it.

    Args:
        paths: Label → (steps, 2), (w₁, w₂); a ring marks where each begins.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    x = torch.linspace(-1.6, 1.6, 129)
    loss = (x * x[:, None] - 1).square()
    _contours(ax, x, x, loss, [0.05, 0.25, 0.5, 0.8, 1.0, 1.5, 2.5, 4, 6])
    curve = torch.linspace(0.625, 1.6, 50)
    theory_line(ax, curve, 1 / curve, "minima, w₂w₁ = 1")
    theory_line(ax, -curve, -1 / curve, "_")
    for index, (label, path) in enumerate(paths.items()):
        w1, w2 = to_numpy(path).T
        ax.plot(w1, w2, color=OKABE_ITO[index], marker=MARKERS[index], markersize=4,
                markevery=max(1, len(w1) // 12), label=label, zorder=4)  # fmt: skip
        ax.plot(w1[:1], w2[:1], "o", color=OKABE_ITO[index], fillstyle="none", markersize=9)
    ax.plot([0], [0], "x", color="black", markersize=8, markeredgewidth=2, label="saddle, loss 1")
    ax.set(xlabel="first weight w₁", ylabel="second weight w₂", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=1)
    return ax


@use()
def draw_valley(
    x: Tensor, y: Tensor, loss: Tensor, paths: Tensor, stuck: Tensor, ax: "Axes | None" = None
):
    """Draws the least loss of rank-one matrices by their diagonal, and descents in it.

    Args:
        x: A₁₁, (k,).
        y: A₂₂, (m,).
        loss: (m, k).
        paths: Diagonals (A₁₁, A₂₂), (steps, runs, 2).
        stuck: Which runs end at the bad minimum, (runs,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    _contours(ax, x, y, loss, [0.27, 0.45, 0.7, 0.98, 1.1, 1.3, 1.7, 2.5, 4.0, 6.0])
    walks, ends = to_numpy(paths), to_numpy(stuck).astype(bool)
    for index, (label, chosen) in enumerate({"global": ~ends, "stuck": ends}.items()):
        style = {"color": OKABE_ITO[index], "zorder": 3 + index}
        joined = np.pad(walks[:, chosen], ((0, 1), (0, 0), (0, 0)), constant_values=np.nan)
        ax.plot(*joined.swapaxes(0, 1).reshape(-1, 2).T, linewidth=0.7, alpha=0.6, **style)
        ax.plot(*walks[-1, chosen].T, linestyle="none", marker=MARKERS[index], markersize=6,
                label=f"{label}: {int(chosen.sum())}", **style)  # fmt: skip
    ax.set(xlabel="A₁₁", ylabel="A₂₂", xlim=(float(x[0]), float(x[-1])))
    ax.set_ylim(float(y[0]), float(y[-1]))
    ax.legend(loc="lower right", frameon=True)
    return ax


@use()
def draw_surface(
    outer: Tensor,
    inner: Tensor,
    loss: Tensor,
    radii: Sequence[float],
    place: tuple[float, float],
    ax: "Axes | None" = None,
):
    """Draws the loss on a surface through the trap, with boxes around the trap.

    Args:
        outer: t, (k,).
        inner: y, (m,).
        loss: (m, k).
        radii: Of the boxes.
        place: Where the best of the last box is.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    from matplotlib.patches import Rectangle

    ax = axes(ax)
    _contours(ax, outer, inner, loss, [0.1, 0.3, 0.5, 0.7, 0.9, 0.995, 1.1, 1.3, 1.6, 2.0, 2.5])
    for index, radius in enumerate(radii):
        frame = {"color": OKABE_ITO[index], "linestyle": ("-", "--", ":")[index % 3]}
        ax.add_patch(Rectangle((-radius, -radius), 2 * radius, 2 * radius, fill=False, linewidth=2,
                               label=f"box r = {radius:.2f}", zorder=3, **frame))  # fmt: skip
    ax.plot([0], [0], "o", color="black", label="trap, loss 1", zorder=5)
    ax.plot(*([v] for v in place), "X", color=OKABE_ITO[1], markersize=9, zorder=4,
            label="best of the box")  # fmt: skip
    ax.set(xlabel="t (moves six entries)", ylabel="y (moves two entries)")
    ax.set(xlim=(float(outer[0]), float(outer[-1])), ylim=(float(inner[0]), float(inner[-1])))
    ax.legend(loc="upper right", frameon=True)
    return ax
