"""Figures of chapter 1: what the order of composition does to a path, a law and an interval."""

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot.style import (
    BACKWARD,
    COLOURS,
    FORWARD,
    axes,
    simulation_points,
    theory_line,
    to_numpy,
    use,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_chains",
    "draw_cycle",
    "draw_distribution",
    "draw_histogram",
    "draw_intervals",
    "draw_queue",
]


@use()
def draw_cycle(forward: Tensor, backward: Tensor, targets: Tensor, ax: "Axes | None" = None):
    """Draws both orbits of maps whose targets come in a fixed cycle.

    Args:
        forward: x_0 … x_n, (n + 1,).
        backward: y_0 … y_n, (n + 1,).
        targets: One period of targets, (period,), drawn as grey lines.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for level in sorted(set(to_numpy(targets).tolist())):
        ax.axhline(level, color=COLOURS["reference"], linewidth=0.8, linestyle=":")
    steps = range(len(forward))
    ax.plot(steps, to_numpy(forward), label="forward $x_n$", linewidth=1, **FORWARD)
    ax.plot(steps, to_numpy(backward), label="backward $y_n$", linewidth=1, **BACKWARD)
    ax.set(xlabel="number of maps $n$", ylabel="position (dotted: targets $a_i$)")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="upper right")
    return ax


@use()
def draw_histogram(samples: Tensor, point: float | None, title: str, ax: "Axes | None" = None):
    """Draws a cloud of forward iterates as a histogram, and one backward limit as a needle.

    Args:
        samples: (runs,), within [−1, 1].
        point: The backward limit of one list of batches, or None.
        title: What stands above the axes.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    # One outline, not one patch a bin: an explorer draws this while a slider moves.
    ax.hist(
        to_numpy(samples),
        bins=np.linspace(-1, 1, 82),
        density=True,
        histtype="stepfilled",
        color=COLOURS["forward"],
        alpha=0.75,
        label="forward, many runs",
    )
    if point is not None:
        ax.axvline(point, color=COLOURS["backward"], linestyle="--", linewidth=2,
                   label="backward, one run")  # fmt: skip
    ax.set(xlabel="position", ylabel="density", title=title, xlim=(-1.05, 1.05))
    ax.locator_params(nbins=5)  # few labels: they are most of the time a picture takes
    return ax


@use()
def draw_distribution(points: Tensor, measured: Tensor, theory: Tensor, ax: "Axes | None" = None):
    """Draws a distribution function: shares of runs as markers, the exact one as a line.

    Args:
        points: t, (k,), increasing.
        measured: Share of runs with x ≤ t, (k,).
        theory: The distribution function at t, (k,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    theory_line(ax, points, theory, "exact")
    every = max(1, len(points) // 20)
    simulation_points(ax, points[::every], measured[::every], label="share of forward runs",
                      **FORWARD)  # fmt: skip
    ax.set(xlabel="position $t$", ylabel=r"$P(x \leq t)$", xlim=(-1.05, 1.05))
    ax.locator_params(nbins=5)  # few labels: they are most of the time a picture takes
    return ax


@use()
def draw_queue(forward: Tensor, backward: Tensor, ax: "Axes | None" = None):
    """Draws the waiting times of one queue and the backward composition of the same maps.

    Args:
        forward: W_0 … W_n, (n + 1,).
        backward: y_0 … y_n, (n + 1,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    steps, every = range(len(forward)), max(1, len(forward) // 8)
    ax.plot(steps, to_numpy(forward), label="forward: customer $n$ waits", linewidth=1.2,
            markevery=every, **FORWARD)  # fmt: skip
    ax.plot(steps, to_numpy(backward), "--", label="backward: running maximum", linewidth=1.8,
            markevery=every, **BACKWARD)  # fmt: skip
    ax.set(xlabel="number of maps $n$ (customers, or layers)", ylabel="waiting time")
    ax.set_ylim(top=1.35 * max(float(forward.max()), float(backward.max()), 1.0))
    ax.legend(loc="upper left")
    return ax


@use()
def draw_intervals(lows: Tensor, highs: Tensor, title: str, ax: "Axes | None" = None):
    """Draws the image of an interval under n maps as a bar for each n.

    Args:
        lows: Left ends for n = 0 … N, (N + 1,).
        highs: Right ends, (N + 1,).
        title: What stands above the axes; it names the order and so picks the colour.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    left, right = to_numpy(lows), to_numpy(highs)
    style = BACKWARD if "inside" in title else FORWARD
    # A bar shorter than its line width is still drawn as a dot.
    ax.hlines(range(len(left)), left, right, color=style["color"], linewidth=3.5)
    ax.plot((left + right) / 2, range(len(left)), linestyle="none", markersize=4, **style)
    ax.set(xlabel="position", title=title, xlim=(-1.05, 1.05), ylim=(len(left) - 0.5, -0.5))
    ax.locator_params(nbins=5)  # few labels: they are most of the time a picture takes
    return ax


@use()
def draw_chains(paths: Tensor, start: int, met: int | None, ax: "Axes | None" = None):
    """Draws two copies of a chain that share their noise, one from each end of the states.

    Args:
        paths: (steps + 1, 2) states.
        start: Time of the first row, for example −8.
        met: Time at which the copies met, or None.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, size=(7.2, 3.4))
    times, rows = np.arange(start, start + len(paths)), to_numpy(paths)
    ax.plot(times, rows[:, 1] + 0.05, label="from the top", linewidth=1.4, **FORWARD)
    ax.plot(times, rows[:, 0] - 0.05, "--", label="from the bottom", linewidth=1.4, **BACKWARD)
    if met is not None:
        ax.axvline(met, color=COLOURS["reference"], linestyle=":", label="they have met")
    ax.set(xlabel="time", ylabel="state", yticks=range(int(rows.max()) + 1))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=3)
    return ax
