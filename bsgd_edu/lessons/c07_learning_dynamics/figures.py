"""Figures of chapter 7: a spectrum, the filter over it, and the accuracies that follow."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot import COLOURS, MARKERS, OKABE_ITO, axes, simulation_points, theory_line, use
from ...plot.curves import DASHES
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_accuracy",
    "draw_descent",
    "draw_filter",
    "draw_finite_size",
    "draw_losses",
    "draw_lower_edge",
    "draw_overlap",
    "draw_spectrum",
    "draw_stopping",
    "draw_two_directions",
]

Dots = tuple[Tensor, Tensor, Tensor | None]  # abscissae, means, standard errors


@use()
def draw_two_directions(
    steps: Tensor, orbit: Tensor, theory: Tensor, names: Sequence[str], ax: "Axes | None" = None
):
    """Draws the coordinates of the weights along eigenvectors, one step after the other.

    Args:
        steps: t, (T,).
        orbit: Coordinates made by composing maps, (T, k).
        theory: The same from the filter, (T, k).
        names: What each coordinate is.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    some = slice(None, None, max(1, len(steps) // 20))
    for index, name in enumerate(names):
        style = {"index": index, "label": name, "fillstyle": "none"}
        simulation_points(ax, steps[some], orbit[some, index], **style)
        label = "theory: filter" if index == 0 else "_"
        theory_line(ax, steps, theory[:, index], label, linewidth=1.2)
    ax.set(xlabel="step $t$", ylabel="coordinate of $w_t$")
    ax.legend()
    return ax


@use()
def draw_accuracy(
    times: Tensor | Mapping[str, Tensor],
    theory: Mapping[str, Tensor],
    dots: Mapping[str, Dots] | None = None,
    *,
    best: Mapping[str, tuple[float, float]] | None = None,
    bound: float | None = None,
    xlabel: str = r"training time $\alpha t$",
    ax: "Axes | None" = None,
):
    """Draws accuracies against training time on a logarithmic axis: lines theory, markers runs.

    Args:
        times: Abscissae of the lines, (T,), or one such row a label.
        theory: Label → predicted accuracy, (T,); black, told apart by dashes.
        dots: Label → (abscissae, mean, standard error) of runs, (m,) each.
        best: Label → (time, accuracy) of a predicted optimum, marked by a star.
        bound: An accuracy that nothing exceeds, a grey line.
        xlabel: What the abscissa is.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for dash, (label, values) in zip(DASHES, theory.items(), strict=False):
        x = times[label] if isinstance(times, Mapping) else times
        theory_line(ax, x, values, label, linestyle=dash, linewidth=1.4)
    for index, (label, (x, mean, stderr)) in enumerate((dots or {}).items()):
        simulation_points(ax, x, mean, index=index, label=label, stderr=stderr)
    for index, (time, accuracy) in enumerate((best or {}).values()):
        ax.plot([time], [accuracy], marker="*", markersize=13, linestyle="none", zorder=5,
                color=OKABE_ITO[4], markeredgecolor="black",
                label="best time" if index == 0 else "_")  # fmt: skip
    if bound is not None:
        ax.axhline(bound, color=COLOURS["reference"], linestyle=":", label="upper bound")
    ax.set(xlabel=xlabel, ylabel="accuracy", xscale="log")
    if theory or dots:
        ax.legend()
    return ax


@use()
def draw_spectrum(
    eigenvalues: Tensor,
    points: Tensor,
    density: Tensor,
    *,
    marks: Mapping[str, float] | None = None,
    bins: int = 40,
    ax: "Axes | None" = None,
):
    """Draws a histogram of eigenvalues with a predicted density, and where single ones should be.

    Args:
        eigenvalues: Any number of them, (n,).
        points: Abscissae of the density, (k,).
        density: Predicted density there, (k,).
        marks: Label → a single predicted eigenvalue, an open triangle.
        bins: Of the histogram.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    ax.hist(to_numpy(eigenvalues), bins=bins, density=True, color=OKABE_ITO[0],
            edgecolor="white", linewidth=0.4, label="eigenvalues")  # fmt: skip
    theory_line(ax, points, density, "theory: bulk", linewidth=1.6)
    _mark(ax, marks or {}, 0.12 * float(to_numpy(density).max()))
    ax.set(xlabel=r"eigenvalue $\lambda$ of $S$", ylabel="density", ylim=(0, None))
    ax.legend()
    return ax


def _mark(ax: "Axes", marks: Mapping[str, float], height: float) -> None:
    """Open triangles above single eigenvalues."""
    for label, value in marks.items():
        ax.plot([value], [height], marker="v", markersize=9, color="black", linestyle="none",
                fillstyle="none", zorder=5, label=label)  # fmt: skip


@use()
def draw_overlap(
    signals: Tensor,
    theory: Mapping[str, Tensor],
    dots: Mapping[str, Dots],
    threshold: float,
    ax: "Axes | None" = None,
):
    """Draws how much of a direction the top eigenvector holds, against the strength of the signal.

    Args:
        signals: ‖μ‖² of the lines, (k,).
        theory: Label → squared cosine, (k,).
        dots: Label → (abscissae, mean, standard error).
        threshold: Where the spike leaves the bulk, a grey line.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    ax.axvline(threshold, color=COLOURS["reference"], linestyle=":", label="threshold")
    for dash, (label, values) in zip(DASHES, theory.items(), strict=False):
        theory_line(ax, signals, values, label, linestyle=dash, linewidth=1.4)
    for index, (label, (x, mean, stderr)) in enumerate(dots.items()):
        simulation_points(ax, x, mean, index=index, label=label, stderr=stderr)
    ax.set(xlabel=r"signal $\rho=\|\mu\|^2$", ylabel="squared cosine", ylim=(-0.03, 1.05))
    ax.legend(loc="lower right")
    return ax


@use()
def draw_filter(
    points: Tensor,
    density: Tensor,
    filters: Mapping[str, Tensor],
    *,
    marks: Mapping[str, float] | None = None,
    ax: "Axes | None" = None,
):
    """Draws the filter g over the spectrum it acts on.

    Args:
        points: Eigenvalues, (k,), increasing.
        density: Density of the bulk there, drawn as a grey area of half the height.
        filters: Label → g at the points, (k,).
        marks: Label → a single predicted eigenvalue, an open triangle.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    x, shape = to_numpy(points), to_numpy(density)
    height = max(float(to_numpy(values).max()) for values in filters.values())
    scaled = 0.5 * height * shape / max(float(shape.max()), 1e-300)
    ax.fill_between(x, scaled, color="#D5D5D5", linewidth=0, label="spectrum")
    for dash, (label, values) in zip(DASHES, filters.items(), strict=False):
        theory_line(ax, x, values, label, linestyle=dash, linewidth=1.4)
    _mark(ax, marks or {}, 0.06 * height)
    lowest = min(float(to_numpy(values).min()) for values in filters.values())
    bottom = max(1.1 * lowest, -1.1 * height) if lowest < 0 else 0
    ax.set(xlabel=r"eigenvalue $\lambda$", ylabel=r"filter $g_t(\lambda)$")
    ax.set_ylim(bottom, 1.1 * height)
    ax.legend()
    return ax


@use()
def draw_stopping(
    variances: Tensor,
    values: Mapping[str, Tensor],
    ylabel: str,
    *,
    dots: Mapping[str, Dots] | None = None,
    lines: Mapping[str, float] | None = None,
    yscale: str = "linear",
    ax: "Axes | None" = None,
):
    """Draws something against the variance of the initial weights, on a logarithmic axis.

    Args:
        variances: σ², (k,).
        values: Label → predicted values, (k,).
        ylabel: What they are.
        dots: Label → (σ², mean, standard error) of runs.
        lines: Label → a level, grey.
        yscale: ``"linear"`` or ``"log"``.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for dash, (label, row) in zip(DASHES, values.items(), strict=False):
        theory_line(ax, variances, row, label, linestyle=dash, linewidth=1.4)
    for index, (label, (x, mean, stderr)) in enumerate((dots or {}).items()):
        simulation_points(ax, x, mean, index=index, label=label, stderr=stderr)
    for dash, (label, level) in zip((":", "-."), (lines or {}).items(), strict=False):
        ax.axhline(level, color=COLOURS["reference"], linestyle=dash, label=label)
    ax.set(xlabel=r"initial variance $\sigma^2$", ylabel=ylabel, xscale="log", yscale=yscale)
    ax.legend()
    return ax


@use()
def draw_descent(
    ratios: Tensor,
    theory: Mapping[str, Tensor],
    dots: Mapping[str, Dots] | None = None,
    ax: "Axes | None" = None,
):
    """Draws test errors against dimension over samples.

    Args:
        ratios: c, (k,).
        theory: Label → predicted error, (k,).
        dots: Label → (c, mean, standard error) of runs; a colour each.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for dash, (label, values) in zip(DASHES, theory.items(), strict=False):
        theory_line(ax, ratios, values, label, linestyle=dash, linewidth=1.4)
    for index, (label, (x, mean, stderr)) in enumerate((dots or {}).items()):
        simulation_points(ax, x, mean, index=index, label=label, stderr=stderr)
    ax.set(
        xlabel="features over samples $c=p/n$", ylabel="test error", xscale="log", ylim=(0, None)
    )
    ax.legend()
    return ax


@use()
def draw_lower_edge(ratios: Tensor, edges: Tensor, reached: float, ax: "Axes | None" = None):
    """Draws the smallest eigenvalue of the bulk, and which ones a training has come down to.

    Args:
        ratios: c, (k,).
        edges: (1 − √c)², (k,).
        reached: 1/(αt).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    theory_line(ax, ratios, edges.clamp_min(1e-9), r"smallest eigenvalue")
    ax.axhline(reached, color=OKABE_ITO[0], linestyle="--", label=r"reached: $1/\alpha t$")
    ax.set(xlabel="features over samples $c$", ylabel="eigenvalue", xscale="log", yscale="log")
    ax.set(ylim=(3e-6, 300))
    ax.legend()
    return ax


@use()
def draw_finite_size(
    sizes: Sequence[int], gaps: Mapping[str, tuple[Tensor, Tensor]], ax: "Axes | None" = None
):
    """Draws how far runs are from the limit of infinite size, times their size.

    Args:
        sizes: p, (k,).
        gaps: Label → (mean − theory, standard error), (k,) each.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    x = np.asarray(sizes, dtype=float)
    ax.axhline(0, color=COLOURS["theory"], label="theory")
    for index, (label, (gap, stderr)) in enumerate(gaps.items()):
        style = {"index": index, "label": label, "stderr": x * to_numpy(stderr)}
        simulation_points(ax, x * (1 + 0.03 * index), x * to_numpy(gap), **style)
    ax.set(xlabel="features $p$", ylabel="$p$ times (measured − theory)", xscale="log")
    ax.set_xticks(x, [f"{size:g}" for size in x])
    ax.minorticks_off()
    ax.margins(y=0.5)
    ax.legend(loc="upper left")
    return ax


@use()
def draw_losses(losses: Mapping[str, Tensor], ax: "Axes | None" = None):
    """Draws training losses step by step, a thin line a run.

    Args:
        losses: Label → (T, runs).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, values) in enumerate(losses.items()):
        rows = to_numpy(values)
        style = {"color": OKABE_ITO[index], "marker": MARKERS[index], "markevery": 8}
        for run, row in enumerate(rows.T):
            ax.plot(row, linewidth=1, markersize=4, label="_" if run else label, **style)
    ax.set(xlabel="step $t$", ylabel="training loss", yscale="log")
    ax.legend()
    return ax
