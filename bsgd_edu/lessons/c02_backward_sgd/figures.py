"""Figures of chapter 2: the order of SGD steps on models that learn something."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot.style import COLOURS, MARKERS, OKABE_ITO, axes, theory_line, to_numpy, use

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_contraction",
    "draw_curves",
    "draw_gaps",
    "draw_jitter_and_loss",
    "draw_league",
    "draw_momentum",
    "draw_parallelogram",
    "draw_scalar_paths",
    "legend_below",
]

# A method means one colour and one marker in every figure of the chapter.
_STYLE = {
    "forward": (COLOURS["forward"], MARKERS[0]),
    "backward": (COLOURS["backward"], MARKERS[1]),
    "windowed": (COLOURS["windowed"], MARKERS[2]),
    "block": (COLOURS["block"], MARKERS[4]),
    "EMA": (COLOURS["averaged"], MARKERS[3]),
    "Polyak": (COLOURS["averaged"], MARKERS[5]),
    "lr decay": (COLOURS["corrected"], MARKERS[6]),
    "big batch": (COLOURS["reference"], MARKERS[0]),
}


def _style(name: str, index: int = 0) -> dict:
    """Colour and marker of a method; its name may go on after the word, as in "windowed 100"."""
    for known, (color, marker) in _STYLE.items():
        if name.startswith(known):
            return {"color": color, "marker": marker}
    return {"color": OKABE_ITO[index % len(OKABE_ITO)], "marker": MARKERS[index % len(MARKERS)]}


def legend_below(ax: "Axes", columns: int = 1) -> None:
    """Puts the legend below the axes, where no data are."""
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=columns, borderaxespad=0)


@use()
def draw_parallelogram(
    start: Tensor, first: Sequence[Tensor], second: Sequence[Tensor], ax: "Axes | None" = None
):
    """Draws two steps taken in both orders, and the gap that keeps the figure from closing.

    Args:
        start: Where both begin, (2,).
        first: Points after map 1 and then after map 2, (2,) each: the forward run.
        second: Points after map 2 and then after map 1: the backward run.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, size=(4.6, 3.8))
    for points, name, dash in ((first, "forward", "-"), (second, "backward", "--")):
        corner = np.stack([to_numpy(p) for p in (start, *points)])
        words = "step 1, then 2 (forward)" if name == "forward" else "step 2, then 1 (backward)"
        ax.plot(*corner.T, dash, label=words, markersize=6, **_style(name))
    ends = np.stack([to_numpy(first[-1]), to_numpy(second[-1])])
    ax.plot(*ends.T, color=COLOURS["theory"], linewidth=2.5, label="gap between the ends")
    ax.plot(*to_numpy(start), "o", color=COLOURS["reference"], markersize=8)
    ax.annotate("start", to_numpy(start), textcoords="offset points", xytext=(8, 6))
    ax.set(xlabel="parameter $\\theta_1$", ylabel="parameter $\\theta_2$")
    ax.set_aspect("equal", adjustable="datalim")
    legend_below(ax)
    return ax


@use()
def draw_contraction(
    bound: Tensor, backward: Mapping[str, Tensor], forward_steps: Tensor, ax: "Axes | None" = None
):
    """Draws how far backward iterates are from their limit, under the theorem's bound.

    Args:
        bound: cⁿM/(1 − c) for n = 0 …, (n,).
        backward: Start's name → ‖y_n − y_∞‖, (n,).
        forward_steps: ‖x_{n+1} − x_n‖, (n,): what does not shrink.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    steps = range(len(bound))
    theory_line(ax, steps, bound, label="bound $c^n M/(1-c)$")
    every = max(1, len(bound) // 12)
    for index, (name, values) in enumerate(backward.items()):
        style = {"color": OKABE_ITO[(1, 4)[index % 2]], "marker": MARKERS[1 + index]}
        label = f"$\\|y_n-y_\\infty\\|$, {name}"
        ax.plot(steps, to_numpy(values), label=label, markevery=every, linewidth=1.2, **style)
    values = to_numpy(forward_steps)
    label = "$\\|x_{n+1}-x_n\\|$, forward step"
    ax.plot(values, label=label, linewidth=0.8, markevery=every, **_style("forward"))
    ax.set(yscale="log", xlabel="number of maps $n$", ylabel="distance in parameter space")
    legend_below(ax)
    return ax


@use()
def draw_gaps(
    gaps: Tensor, stderr: Tensor, free_gap: float, free_stderr: float, ax: "Axes | None" = None
):
    """Draws forward minus backward loss for single batch lists and for lists drawn afresh.

    Args:
        gaps: Mean over starts for each fixed list, (lists,).
        stderr: Standard errors over starts, (lists,).
        free_gap: Mean over runs with a list each.
        free_stderr: Its standard error.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    rows = np.arange(len(gaps), 0, -1)
    ax.axvline(0, color=COLOURS["theory"], linewidth=1)
    ax.errorbar(
        to_numpy(gaps), rows, xerr=2 * to_numpy(stderr), fmt="o", color=OKABE_ITO[3], capsize=3,
        label="one list, many starts",
    )  # fmt: skip
    ax.errorbar(
        [free_gap], [0], xerr=[2 * free_stderr], fmt="D", color=OKABE_ITO[2], capsize=4,
        markersize=8, label="a fresh list for each run",
    )  # fmt: skip
    ax.set_yticks([*rows, 0], [f"list {i + 1}" for i in range(len(gaps))] + ["fresh lists"])
    ax.set(xlabel="test loss, forward − backward, ± 2 s.e.")
    ax.set_ylim(-0.8, len(gaps) + 0.8)
    ax.locator_params(axis="x", nbins=5)
    legend_below(ax)
    return ax


@use()
def draw_curves(at: Sequence[int], curves: Mapping[str, Tensor], ax: "Axes | None" = None):
    """Draws one run's curve for each order of the same batches.

    Args:
        at: Steps, (n,).
        curves: Name → values, (n,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (name, values) in enumerate(curves.items()):
        width = 1.0 if name == "forward" else 1.8
        every = (2 * index, max(1, len(at) // 6))
        ax.plot(at, to_numpy(values), label=name, linewidth=width, markevery=every,
                **_style(name, index))  # fmt: skip
    ax.set(xlabel="number of batches $n$ (one run)", ylabel="test loss (nats)")
    ax.locator_params(axis="x", integer=True)
    legend_below(ax, 2)
    return ax


@use()
def draw_jitter_and_loss(
    names: Sequence[str], jitter: Tensor, loss: Tensor, stderr: Tensor, ax: "Axes | None" = None
):
    """Draws each method once: how much its curve shakes, and how high it lies.

    Args:
        names: Methods.
        jitter: Within-run standard deviations, (methods,).
        loss: Mean losses over runs, (methods,).
        stderr: Their standard errors, (methods,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax = axes(ax)
    for index, name in enumerate(names):
        ax.errorbar(
            float(jitter[index]), float(loss[index]), yerr=2 * float(stderr[index]), capsize=4,
            linestyle="none", label=name, markersize=8, **_style(name, index),
        )  # fmt: skip
    ax.set(xscale="log", xlabel="jitter: within-run std of the loss (nats)")
    ax.set(ylabel="mean test loss (nats), ± 2 s.e.")
    # Within a decade or two matplotlib's own labels run into each other.
    ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.margins(x=0.25, y=0.25)
    legend_below(ax, 2)
    return ax


@use()
def draw_league(
    names: Sequence[str],
    values: Tensor,
    stderr: Tensor,
    label: str,
    ax: "Axes | None" = None,
    *,
    scale: str = "log",
):
    """Draws one column of the league table: a value for each method.

    Args:
        names: Methods, best explained from top to bottom.
        values: (methods,), positive.
        stderr: Standard errors, (methods,).
        label: Axis label with unit.
        ax: Axes, or None for a new figure.
        scale: "log" or "linear".

    Returns:
        The axes.
    """
    ax = axes(ax)
    rows = np.arange(len(names), 0, -1)
    for index, name in enumerate(names):
        style = {**_style(name, index), "markersize": 8, "capsize": 4}
        bar = 2 * float(stderr[index])
        ax.errorbar(float(values[index]), rows[index], xerr=bar, linestyle="none", **style)
    ax.set_yticks(rows, names)
    ax.set(xscale=scale, xlabel=label, ylim=(0.4, len(names) + 0.6))
    if scale == "linear":
        ax.locator_params(axis="x", nbins=5)
    return ax


@use()
def draw_momentum(
    distances: Mapping[str, Tensor], momentum: float, norm: float, ax: "Axes | None" = None
):
    """Draws backward distances of heavy ball against the rate of its eigenvalues and its norm.

    Args:
        distances: Curvature's name → ‖y_n − y_∞‖, (n,).
        momentum: β.
        norm: Largest ‖A‖, which bounds nothing useful: it exceeds 1.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    length = len(next(iter(distances.values())))
    steps = np.arange(length)
    first = max(float(values[0]) for values in distances.values())
    theory_line(ax, steps, first * momentum ** (steps / 2), label="$\\sqrt{\\beta}^{\\,n}$")
    ceiling = first * norm ** steps[: min(6, length)]
    theory_line(
        ax, steps[: len(ceiling)], ceiling, label="powers of the norm, $\\|A\\|^n$", linestyle="--"
    )
    for index, (name, values) in enumerate(distances.items()):
        ax.plot(steps, to_numpy(values), label=name, linewidth=1, color=OKABE_ITO[index],
                marker=MARKERS[index], markevery=max(1, length // 12))  # fmt: skip
    ax.set(yscale="log", xlabel="number of maps $n$", ylabel="$\\|y_n-y_\\infty\\|$")
    legend_below(ax)
    return ax


@use()
def draw_scalar_paths(forward: Tensor, backward: Tensor, ax: "Axes | None" = None):
    """Draws a few forward and backward paths of one-dimensional regression.

    Args:
        forward: (n + 1, runs).
        backward: (n + 1, runs).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for values, name, dash in ((forward, "forward", "-"), (backward, "backward", "--")):
        rows = to_numpy(values)
        for run in range(rows.shape[1]):
            label = f"{name} ({rows.shape[1]} runs)" if run == 0 else None
            ax.plot(rows[:, run], dash, label=label, linewidth=1, markersize=4,
                    markevery=(run, 15), **_style(name))  # fmt: skip
    ax.set_yscale("symlog", linthresh=1)
    ax.set(xlabel="number of batches $n$", ylabel="$\\theta_n-\\theta^*$ (linear below 1)")
    legend_below(ax)
    return ax
