"""Figures of chapter 9: gaps, stairs, eigenvalues, shares of stuck runs, the best of a box."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ...estimates import Estimate
from ...plot import COLOURS, MARKERS, OKABE_ITO, axes, simulation_points, theory_line, use
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_best",
    "draw_eigenvalues",
    "draw_gaps",
    "draw_plateaus",
    "draw_powers",
    "draw_rescaled",
    "draw_shares",
    "draw_stairs",
]

_GREY = COLOURS["reference"]


@use()
def draw_powers(
    sizes: Tensor,
    curves: Mapping[int, Sequence[Tensor]],
    slope: float,
    ax: "Axes | None" = None,
):
    """Draws the first layer's gradient after an escape from the origin against the escape's size.

    Args:
        sizes: δ, (k,).
        curves: Number of layers N → measured norms, one for each δ.
        slope: σ₁(∇f); the theory is δ^{N−1} times this.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (layers, norms) in enumerate(curves.items()):
        theory_line(ax, sizes, slope * sizes ** (layers - 1), "_" if index else "theory δᴺ⁻¹σ₁")
        simulation_points(ax, sizes, torch.stack([*norms]), index=index, label=f"N = {layers}")
    ax.set(xlabel="size of the escape, δ", ylabel="gradient of layer 1", xscale="log", yscale="log")
    ax.legend()
    return ax


@use()
def draw_gaps(
    steps: Sequence[int],
    gaps: Mapping[str, Tensor],
    floors: Mapping[str, float],
    ax: "Axes | None" = None,
):
    """Draws how far every run is above the convex optimum.

    Args:
        steps: When, (k,).
        gaps: Label → loss minus optimum, (k, runs), every run a line.
        floors: Label → the gap that a bottleneck leaves, a dashed line.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, values) in enumerate(gaps.items()):
        rows, style = np.maximum(to_numpy(values), 1e-16), {"color": OKABE_ITO[index]}
        ax.plot(steps, rows[:, :100], linewidth=0.6, alpha=0.35, **style)
        ax.plot(steps, rows.max(1), label=label, marker=MARKERS[index], markevery=4, linewidth=1.4,
                **style)  # fmt: skip
    for dash, (label, level) in zip(("--", ":"), floors.items(), strict=False):
        ax.axhline(level, color=_GREY, linestyle=dash, label=label)
    ax.set(xlabel="step", ylabel="loss above the convex optimum", yscale="log", ylim=(2e-17, 1e3))
    return ax


@use()
def draw_stairs(losses: Sequence[Tensor], levels: Sequence[float], ax: "Axes | None" = None):
    """Draws the loss along descents that escapes separate, over the levels of the theory.

    Args:
        losses: One row of losses a descent, the first from the origin.
        levels: Losses of the best matrices of rank 0, 1, 2, …
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax, start = axes(ax), 0
    for rank, level in enumerate(levels):
        ax.axhline(level, color="black", linewidth=1, linestyle=":",
                   label="_" if rank else "theory: best of each rank")  # fmt: skip
    for index, rows in enumerate(losses):
        values, end = to_numpy(rows), start + len(rows) - 1
        ax.plot(range(start, end + 1), values, color=OKABE_ITO[0], marker=MARKERS[0],
                markevery=max(1, len(values) // 8), label="_" if index else "descent")  # fmt: skip
        if index:
            ax.plot([start], values[:1], linestyle="none", marker="s", markersize=8,
                    color=OKABE_ITO[1], label="escape" if index == 1 else "_")  # fmt: skip
        start = end
    ax.set(xlabel="step of descent", ylabel="loss", ylim=(-0.04 * levels[0], 1.08 * levels[0]))
    ax.set_xlim(-0.02 * max(start, 10), 1.04 * max(start, 10))
    ax.legend(loc="upper right", bbox_to_anchor=(1, 0.9))
    return ax


@use()
def draw_plateaus(times: Sequence[int], losses: Tensor, levels: Sequence[float], ax=None):
    """Draws the loss of runs from small random starts, over the levels of the theory.

    Args:
        times: Steps, (k,).
        losses: (k, runs).
        levels: Losses of the best matrices of rank 0, 1, 2, …
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax, rows = axes(ax), to_numpy(losses)
    for rank, level in enumerate(levels):
        ax.axhline(level, color="black", linewidth=1, linestyle=":",
                   label="_" if rank else "theory: best of each rank")  # fmt: skip
    for index, values in enumerate(rows.T):
        ax.plot(to_numpy(times), values, color=OKABE_ITO[index % 7], linewidth=1,
                label="_" if index else f"{rows.shape[1]} small random starts")  # fmt: skip
    ax.set(xlabel="step of descent", ylabel="loss")
    ax.legend(loc="upper right", bbox_to_anchor=(1, 0.9))
    return ax


@use()
def draw_eigenvalues(
    weights: Tensor,
    found: Mapping[float, Tensor] | None = None,
    *,
    at: float | None = None,
    ax: "Axes | None" = None,
):
    """Draws the four Hessian eigenvalues at diag(0, ½) of the bottleneck against K.

    Args:
        weights: K for the theory's lines, (k,).
        found: K → measured eigenvalues (4,), or None.
        at: A value of K to mark, or None.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax, k = axes(ax), to_numpy(weights)
    lines = (k - 2, np.zeros_like(k), np.full_like(k, 2.0), k + 2)
    ax.axvline(2, color=_GREY, linestyle=":", label="K = 2")
    for index, line in enumerate(lines):
        theory_line(ax, k, line, "_" if index else "theory", linewidth=2.2 if not index else 1.2)
    if found is not None:
        for index, column in enumerate(to_numpy(torch.stack([*found.values()])).T):
            simulation_points(ax, [*found], column, label="_" if index else "by machine")
    if at is not None:
        simulation_points(ax, [at] * 4, [np.interp(at, k, line) for line in lines], label="this K",
                          markersize=8)  # fmt: skip
    ax.set(xlabel="price K of the off-diagonal", ylabel="Hessian eigenvalues")
    ax.legend(loc="upper left")
    return ax


@use()
def draw_shares(
    shares: Mapping[float, Estimate],
    xlabel: str,
    *,
    threshold: float | None = None,
    law: tuple[Tensor, Tensor] | None = None,
    ax: "Axes | None" = None,
):
    """Draws the share of runs that end in the bad minimum.

    Args:
        shares: Abscissa → share.
        xlabel: What the abscissa is.
        threshold: Where the bad minimum appears, a dotted line.
        law: (x, share) of a power law; both axes are then logarithmic.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    if threshold is not None:
        ax.axvline(threshold, color=_GREY, linestyle=":", label="K = 2")
    if law is not None:
        theory_line(ax, *law, "theory: slope 1")
        ax.set(xscale="log", yscale="log")
    means, errors = Estimate.stack(shares.values())
    simulation_points(ax, [*shares], means, stderr=errors, index=1, label="gradient descent")
    ax.set(xlabel=xlabel, ylabel="share of runs stuck")
    ax.legend(loc="lower right" if threshold is not None else "upper left")
    return ax


@use()
def draw_best(
    radii: Tensor,
    theory: Tensor,
    found: Mapping[str, tuple[Sequence[float], Tensor]],
    ax: "Axes | None" = None,
):
    """Draws the least loss within a radius of the trap.

    Args:
        radii: r for the theory's line, (k,).
        theory: The formula, (k,).
        found: Label → (radii, least losses), (m,) each.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for place in (0.5, 0.5**0.5, 1.0):
        ax.axvline(place, color=_GREY, linestyle=":", linewidth=0.9)
    theory_line(ax, radii, theory, "theory")
    for index, (label, (r, values)) in enumerate(found.items()):
        simulation_points(ax, r, values, index=index, label=label, markersize=7)
    ax.set(xlabel="radius r of the box", ylabel="least loss in the box", ylim=(-0.05, 1.15))
    ax.set_xticks([0, 0.25, 0.5, 0.71, 1], ["0", ".25", ".5", "√½", "1"])
    ax.legend(loc="lower left")
    return ax


@use()
def draw_rescaled(curves: Mapping[float, tuple[Tensor, Tensor]], ax: "Axes | None" = None):
    """Draws the loss of smoothed traps in units of their own time.

    Args:
        curves: Smoothing h → (|λ| times time, (k,); losses, (k, runs)), a `runs.Fall`.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (smoothing, (time, losses)) in enumerate(curves.items()):
        low, middle, high = np.quantile(to_numpy(losses), [0.1, 0.5, 0.9], axis=1)
        style = {"color": OKABE_ITO[index]}
        ax.fill_between(to_numpy(time), low, high, alpha=0.2, linewidth=0, **style)
        ax.plot(to_numpy(time), middle, label=f"h = {smoothing:g}", marker=MARKERS[index],
                markevery=max(1, len(time) // 10), **style)  # fmt: skip
    ax.set(xlabel="time times |smallest eigenvalue|", ylabel="loss", ylim=(-0.03, 1.05))
    ax.legend()
    return ax
