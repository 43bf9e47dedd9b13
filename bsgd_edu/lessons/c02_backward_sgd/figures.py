"""Figures of chapter 2: the order of SGD steps on models that learn something."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot.curves import draw_lines, draw_runs, over
from ...plot.style import COLOURS, MARKERS, OKABE_ITO, axes, theory_line, to_numpy, use

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_curves",
    "draw_gaps",
    "draw_jitter_and_loss",
    "draw_league",
    "draw_parallelogram",
    "draw_residuals",
    "draw_scalar_paths",
    "draw_tail",
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
        words = "map 1, then 2 (forward)" if name == "forward" else "map 2, then 1 (backward)"
        ax.plot(*corner.T, dash, label=words, markersize=6, **_style(name))
    ends = np.stack([to_numpy(first[-1]), to_numpy(second[-1])])
    ax.plot(*ends.T, color=COLOURS["theory"], linewidth=2.5, label="gap: the bracket")
    ax.plot(*to_numpy(start), "o", color=COLOURS["reference"], markersize=8)
    ax.annotate("start", to_numpy(start), textcoords="offset points", xytext=(8, 6))
    ax.set(xlabel="parameter $\\theta_1$", ylabel="parameter $\\theta_2$")
    ax.set_aspect("equal", adjustable="datalim")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1))  # above: the figure leaves no corner free
    return ax


@use()
def draw_residuals(lrs: Tensor, sizes: Mapping[str, tuple[Tensor, int]], ax: "Axes | None" = None):
    """Draws how differences between orders shrink with the learning rate, beside pure powers.

    Args:
        lrs: Learning rates, (n,).
        sizes: Name → (sizes (n,), the power of the learning rate that theory predicts).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, size=(4.6, 3.8))
    x = to_numpy(lrs)
    for index, (name, (values, power)) in enumerate(sizes.items()):
        y = to_numpy(values)
        line = y[0] * (x / x[0]) ** power  # through the smallest lr, where theory is sharpest
        ax.plot(x, line, color=COLOURS["theory"], linewidth=1, linestyle="-" if power == 2 else ":")
        ax.plot(x, y, MARKERS[index], color=OKABE_ITO[index], label=f"{name}: slope {power}")
    ax.set(xscale="log", yscale="log", xlabel="learning rate $\\eta$", ylabel="size of the vector")
    ax.set_xticks(x, [f"{lr:g}" for lr in x])
    ax.minorticks_off()
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1))
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
    ax.set(xlabel="test loss, forward minus backward\n(bars: 2 standard errors)")
    ax.set_ylim(-0.8, len(gaps) + 0.8)
    ax.locator_params(axis="x", nbins=5)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1))
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
    looks = {name: {"linewidth": 1.0 if name == "forward" else 1.8} for name in curves}
    for index, name in enumerate(curves):
        looks[name] |= {"markevery": (3 * index, max(1, len(at) // 6)), **_style(name, index)}
    words = {"xlabel": "number of batches $n$ (one run)", "ylabel": "test loss (nats)"}
    return draw_lines(over(at, curves), looks=looks, ax=ax, **words)


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
    ax.legend(loc="best")
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
def draw_scalar_paths(forward: Tensor, backward: Tensor, ax: "Axes | None" = None):
    """Draws a few forward and backward paths of one-dimensional regression.

    Args:
        forward: (n + 1, runs).
        backward: (n + 1, runs).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    names = [f"{name} ({forward.shape[1]} runs)" for name in ("forward", "backward")]
    ax = draw_runs(
        over(range(len(forward)), dict(zip(names, (forward, backward), strict=True))),
        every=(1, 15),
        looks={names[1]: {"linestyle": "--"}},
        xlabel="number of batches $n$",
        ylabel="$\\theta_n-\\theta^*$ (linear below 1)",
        ax=ax,
    )
    ax.set_yscale("symlog", linthresh=1)
    return ax


@use()
def draw_tail(samples: Tensor, alpha: float, ax: "Axes | None" = None):
    """Draws the tail of a law on logarithmic axes, beside a power law and a Gaussian.

    Args:
        samples: Draws, (n,).
        alpha: Predicted tail index.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    from scipy.special import erfc

    ax = axes(ax)
    sizes = np.sort(np.abs(to_numpy(samples)))[::-1]
    share = np.arange(1, len(sizes) + 1) / len(sizes)
    keep = np.unique(np.geomspace(1, len(sizes) * 0.9, 60).astype(int)) - 1
    ax.plot(sizes[keep], share[keep], "s", color=COLOURS["backward"], label="backward limit")
    anchor = len(sizes) // 30
    line = share[anchor] * (sizes[keep] / sizes[anchor]) ** -alpha
    shown = sizes[keep] > sizes[len(sizes) // 5]
    theory_line(ax, sizes[keep][shown], line[shown], label=f"Kesten: slope −{alpha:.2f}")
    spread = np.median(sizes) / 0.6745
    grid = np.geomspace(max(sizes.min(), spread / 50), 6 * spread, 200)
    gauss = erfc(grid / spread / 2**0.5)
    visible = gauss > 0.5 / len(sizes)
    theory_line(ax, grid[visible], gauss[visible], label="Gaussian, same median", linestyle="--")
    ax.set(xscale="log", yscale="log", xlabel="$t$", ylabel="share with $|\\theta-\\theta^*| > t$")
    ax.set_ylim(bottom=0.5 / len(sizes))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1))
    return ax
