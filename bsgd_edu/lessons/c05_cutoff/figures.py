"""Figures of chapter 5: what falls at once, what falls late, and how sharply."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot import (
    COLOURS,
    MARKERS,
    OKABE_ITO,
    axes,
    simulation_points,
    theory_line,
    use,
)
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_curves",
    "draw_depths",
    "draw_profile",
    "draw_ratios",
    "draw_scaled",
    "draw_shuffles",
    "draw_training",
]

LEVELS = (0.9, 0.5, 0.1)


@use()
def draw_curves(
    x: Tensor | Sequence[float],
    curves: Mapping[str, Tensor],
    theory: Mapping[str, Tensor] | None = None,
    *,
    xlabel: str = "depth $L$ (layers)",
    ax: "Axes | None" = None,
):
    """Draws curves between 1 and 0, with their levels .9, .5 and .1 as grey lines.

    Args:
        x: Abscissae, (k,).
        curves: Label → separation, (k,), as markers joined by a thin line.
        theory: Label → what a formula gives, (k,), black.
        xlabel: What the abscissa is.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for level in LEVELS:
        ax.axhline(level, color=COLOURS["reference"], linewidth=0.8, linestyle=":")
    every = max(1, len(to_numpy(x)) // 40)
    for index, (label, values) in enumerate(curves.items()):
        ax.plot(to_numpy(x), to_numpy(values), label=label, markevery=every, linewidth=1,
                markersize=4, color=OKABE_ITO[index], marker=MARKERS[index])  # fmt: skip
    for position, (label, values) in enumerate((theory or {}).items()):
        theory_line(ax, x, values, label if position == 0 else "_", linewidth=1.4)
    ax.set(xlabel=xlabel, ylabel=r"separation $S_\tau$", ylim=(-0.03, 1.05))
    ax.legend()
    return ax


@use()
def draw_scaled(
    curves: Mapping[str, tuple[Tensor, Tensor]], xlabel: str, limit: float, ax: "Axes | None" = None
):
    """Draws curves between 1 and 0 that have abscissae of their own, in units of something.

    Args:
        curves: Label → (abscissae, values), (k,) each.
        xlabel: What the abscissa is.
        limit: The axis ends here.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for level in LEVELS:
        ax.axhline(level, color=COLOURS["reference"], linewidth=0.8, linestyle=":")
    for index, (label, (x, values)) in enumerate(curves.items()):
        every = max(1, len(x) // 40)
        ax.plot(to_numpy(x), to_numpy(values), label=label, linewidth=1, markersize=4,
                markevery=every, color=OKABE_ITO[index], marker=MARKERS[index])  # fmt: skip
    ax.set(xlabel=xlabel, ylabel=r"separation $S_\tau$", xlim=(0, limit), ylim=(-0.03, 1.05))
    ax.legend(loc="upper right")
    return ax


@use()
def draw_depths(tolerances: Sequence[float], found: Tensor, theory: Tensor, ax=None):
    """Draws L(.9), L(.5) and L(.1) against the tolerance.

    Args:
        tolerances: τ, (k,).
        found: Measured depths, (3, k).
        theory: Predicted ones, (3, k).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (level, row) in enumerate(zip(LEVELS, found, strict=True)):
        simulation_points(
            ax, tolerances, row, index=index, label=f"$L({level:g})$".replace("0.", ".")
        )
    for index, row in enumerate(theory):
        theory_line(ax, tolerances, row, "theory" if index == 0 else "_", linewidth=1.2)
    ax.set(xlabel=r"tolerance $\tau$", ylabel="depth (layers)", xscale="log")
    ax.invert_xaxis()
    ax.legend()
    return ax


@use()
def draw_ratios(
    decades: Mapping[str, Sequence[float]],
    found: Mapping[str, Tensor],
    theory: Mapping[str, Tensor],
    ax: "Axes | None" = None,
):
    """Draws the relative window L(.1)/L(.9) against the decades from distance to tolerance.

    Args:
        decades: Label → log₁₀(d_0/τ), (k,).
        found: Label → measured ratios, (k,).
        theory: Label → predicted ones, (k,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, values) in enumerate(found.items()):
        simulation_points(ax, decades[label], values, index=index, label=label)
    for index, (label, values) in enumerate(theory.items()):
        theory_line(ax, decades[label], values, "theory" if index == 0 else "_", linewidth=1.2)
    ax.axhline(1, color=COLOURS["reference"], linewidth=0.8, linestyle=":")
    ax.set(xlabel=r"decades $\log_{10}(d_0/\tau)$", ylabel="$L(.1)/L(.9)$")
    ax.legend()
    return ax


@use()
def draw_profile(
    shift: Tensor, theory: Tensor, systems: Mapping[str, tuple[Tensor, Tensor]], ax=None
):
    """Draws several systems in the time of their own window, against one profile.

    Args:
        shift: c for the theory's line, (k,).
        theory: 2Φ(e^{−c}/2) − 1, (k,).
        systems: Label → (c, distance), (m,) each.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    theory_line(ax, shift, theory, r"theory: $2\Phi(e^{-c}/2)-1$")
    for index, (label, (c, values)) in enumerate(systems.items()):
        simulation_points(ax, c, values, index=index, label=label, fillstyle="none", markersize=6)
    ax.set(xlabel="time in windows $c$, from the cut-off", ylabel="distance from the end")
    ax.set(ylim=(-0.03, 1.25), xlim=(float(shift[0]), float(shift[-1])))
    ax.legend(loc="upper right")
    return ax


@use()
def draw_shuffles(
    numbers: Sequence[int], distance: Sequence[float], theory: Tensor, ax: "Axes | None" = None
):
    """Draws the total variation of a deck from uniform against the number of shuffles.

    Args:
        numbers: m, (k,).
        distance: Total variation, (k,).
        theory: What the limit theorem for large decks gives, on 101 points of the same range.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    fine = np.linspace(numbers[0], numbers[-1], len(theory))
    theory_line(ax, fine, theory, "theory: large decks")
    simulation_points(ax, numbers, distance, label="52 cards, exact")
    ax.set(xlabel="riffle shuffles $m$", ylabel="total variation", ylim=(-0.03, 1.05))
    ax.legend()
    return ax


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
