"""Figures of chapter 8: what depth does to a step, to a race, and to a loop."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ...plot import COLOURS, MARKERS, OKABE_ITO, axes, use
from ...plot.curves import draw_against, draw_lines, over
from ...plot.style import to_numpy
from .runs import METHODS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_field",
    "draw_losses",
    "draw_orders",
    "draw_plane",
    "draw_rates",
    "draw_speeds",
]

_FLOOR, _ROOF = 1e-16, 1e4  # beyond, a loss is rounding or has diverged
# One colour and marker a method, in every panel.
_LOOKS = {
    method: {"color": color, "marker": marker}
    for method, color, marker in zip(
        METHODS,
        (*OKABE_ITO[:4], "#666666", *OKABE_ITO[4:]),
        (*MARKERS[:4], "*", *MARKERS[4:]),
        strict=True,
    )
}


@use()
def draw_losses(
    steps: Sequence[int],
    curves: Mapping[str, Tensor],
    theory: Mapping[str, Tensor] | None = None,
    *,
    log: bool = True,
    ax: "Axes | None" = None,
):
    """Draws losses against the number of steps; one that diverges ends at the roof of 1e4.

    Args:
        steps: (k,).
        curves: Label → losses, (k,).
        theory: Label → what a formula gives, (k,), black.
        log: Whether steps are on a logarithmic axis too.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    tame = {label: _tame(values) for label, values in curves.items()}
    look = {"linewidth": 1.4, "markevery": 0.12, "markersize": 4}
    ax = draw_lines(over(steps, tame), look=look, looks=_LOOKS, ax=ax)
    axis = {"xlabel": "steps $t$", "ylabel": "loss", "yscale": "log"}
    if log:
        axis["xscale"] = "log"
    return draw_against(over(steps, theory or {}), {}, line={"linewidth": 1.3}, ax=ax, **axis)


@use()
def draw_rates(
    rates: Sequence[float] | Tensor,
    ends: Mapping[str, Tensor],
    *,
    mark: float | None = None,
    ylabel: str = "loss after the last step",
    ax: "Axes | None" = None,
):
    """Draws what a method reaches against its learning rate, a marker a run, none if it diverged.

    Args:
        rates: η, (k,).
        ends: Label → values, (k,).
        mark: A learning rate to be marked in grey, or None.
        ylabel: What is reached.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    seen = {}
    look = {"linewidth": 0.8, "markersize": 4 if len(to_numpy(rates)) < 60 else 2}
    for label, values in ends.items():
        heights = to_numpy(values).astype(float)
        seen[label] = np.where(np.isfinite(heights) & (heights < _ROOF), heights, np.nan)
    axis = {"xlabel": r"learning rate $\eta$", "ylabel": ylabel, "xscale": "log", "yscale": "log"}
    ax = draw_lines(over(rates, seen), look=look, looks=_LOOKS, ax=ax, **axis)
    if mark is not None:
        ax.axvline(mark, color=COLOURS["reference"], linewidth=1, linestyle="--")
    return ax


@use()
def draw_orders(
    rates: Sequence[float] | Tensor,
    errors: Mapping[str, Tensor],
    ylabel: str,
    ax: "Axes | None" = None,
):
    """Draws errors against the learning rate, with a black line of slope 1.

    Args:
        rates: η, (k,), largest first or last.
        errors: Label → (k,); the line starts from the first.
        ylabel: What the error is.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    eta = to_numpy(rates)
    first = to_numpy(next(iter(errors.values())))
    ax = draw_against(
        {r"proportional to $\eta$": (eta, first[-1] * eta / eta[-1])},
        over(eta, errors),
        line={"linewidth": 1.2},
        ax=ax,
        xlabel=r"learning rate $\eta$",
        ylabel=ylabel,
        xscale="log",
        yscale="log",
        xticks=eta,
        xticklabels=[f"{rate:g}" for rate in eta],
    )
    ax.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    return ax


@use()
def draw_speeds(speeds: Mapping[str, Tensor], ax: "Axes | None" = None):
    """Draws how many times fewer steps each method needs, one marker a draw of the data.

    Args:
        speeds: Label → ratios, (draws,); 1 is as fast as the reference.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    labels = list(speeds)
    for row, (label, values) in enumerate(speeds.items()):
        found = to_numpy(values)
        ax.plot(found, np.full(len(found), row), linestyle="none", markersize=6, fillstyle="none",
                markeredgewidth=1.5, **_LOOKS.get(label, {"marker": "o"}))  # fmt: skip
        ax.plot([np.exp(np.log(found).mean())], [row], marker="|", markersize=16, color="black")
    ax.axvline(1, color=COLOURS["reference"], linewidth=1, linestyle="--")
    ax.set(xscale="log", xlabel="speed-up against depth 1", yticks=range(len(labels)))
    ax.set_yticklabels(labels)
    ax.set(ylabel="method, tuned", ylim=(len(labels) - 0.4, -0.6))
    ticks = [t for t in (0.5, 1, 2, 5, 10, 20, 50) if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    return ax


@use()
def draw_field(
    points: Tensor, vectors: Tensor, loops: Mapping[str, Tensor], ax: "Axes | None" = None
):
    """Draws a plane field as arrows, and closed loops in it.

    Args:
        points: (k, 2).
        vectors: (k, 2).
        loops: Label → corners, (n, 2).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, (4.2, 3.6))
    where, arrows = to_numpy(points), to_numpy(vectors)
    ax.quiver(*where.T, *arrows.T, color=COLOURS["reference"], width=0.004)
    for index, (label, corners) in enumerate(loops.items()):
        ring = to_numpy(torch.cat([corners, corners[:1]]))
        ax.plot(*ring.T, color=OKABE_ITO[index], label=label, linewidth=2)
        middle, head = len(ring) // 4, {"arrowstyle": "-|>", "color": OKABE_ITO[index], "lw": 2}
        ax.annotate("", ring[middle + 1], ring[middle], arrowprops=head)
    ax.set(xlabel="$w_1$", ylabel="$w_2$", aspect="equal")
    ax.legend(loc="lower left", fontsize=9, frameon=True, framealpha=1, edgecolor="none")
    return ax


@use()
def draw_plane(step, ax: "Axes | None" = None):
    """Draws contours of a loss in the plane, a step's two arrows, its ellipse and its loop.

    Args:
        step: An `explore.Plane`.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    from matplotlib.patches import Ellipse

    ax = axes(ax, (4.2, 3.6))
    x, y = np.meshgrid(np.linspace(-3, 4.5, 31), np.linspace(-3, 3, 25))
    if step.loss == "linear":
        height = -x - 0.5 * y
    else:
        power = int(step.loss)  # the root spreads the levels evenly
        height = (np.abs(x - 2) ** power + 0.25 * np.abs(y - 1) ** power) ** (1 / power)
    grey = {"colors": "#BBBBBB", "linewidths": 0.8, "linestyles": "solid"}
    ax.contour(x, y, height, levels=8, **grey)
    ring = to_numpy(torch.cat([step.loop, step.loop[:1]]))
    ax.plot(*ring.T, color=OKABE_ITO[2], linewidth=1.4, linestyle="--", label="loop")
    at, arrows = to_numpy(step.point), (to_numpy(step.gradient), to_numpy(step.direction))
    for index, (name, arrow) in enumerate(zip(("−g", "−F(w)"), arrows, strict=True)):
        # Only directions are compared: lengths differ by the gains, which the sentence tells.
        length = float(np.hypot(*arrow))
        tip = at if length == 0 else at - (1.6 - 0.3 * index) * arrow / length
        ax.plot(*np.stack([at, tip]).T, color=OKABE_ITO[index], linewidth=2.2 - 0.8 * index,
                label=name, marker=MARKERS[index], markevery=[1], markersize=6)  # fmt: skip
    along, across = step.gains
    if along > 0:
        turn = np.degrees(np.arctan2(at[1], at[0]))
        shape = Ellipse(at, 1.2, 1.2 * across / along, angle=turn, fill=False, color="black")
        ax.add_patch(shape)
    ax.plot([0], [0], marker="+", color="black", markersize=9)
    ax.set(xlabel="w₁", ylabel="w₂", xlim=(-3, 4.5), ylim=(-3, 3), aspect="equal")
    ax.legend(loc="lower right", fontsize=9)
    return ax


def _tame(values: Tensor) -> np.ndarray:
    """Losses between rounding and divergence; what diverged ends at the roof."""
    heights = np.nan_to_num(to_numpy(values).astype(float), nan=_ROOF, posinf=_ROOF)
    gone = np.maximum.accumulate(heights >= _ROOF)
    return np.where(gone & np.roll(gone, 1), np.nan, np.clip(heights, _FLOOR, _ROOF))
