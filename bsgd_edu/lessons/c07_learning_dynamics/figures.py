"""Figures of chapter 7: a spectrum, the filter over it, and the accuracies that follow."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from ...plot import COLOURS, OKABE_ITO, axes, simulation_points, theory_line, use
from ...plot.curves import DASHES
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_accuracy",
    "draw_descent",
    "draw_filter",
    "draw_histogram",
    "draw_lower_edge",
    "legend_below",
    "legend_right",
]

Dots = tuple[Tensor, Tensor, Tensor | None]  # abscissae, means, standard errors


@use()
def draw_accuracy(
    times: Tensor | Mapping[str, Tensor],
    theory: Mapping[str, Tensor],
    dots: Mapping[str, Dots] | None = None,
    *,
    best: Mapping[str, tuple[float, float]] | None = None,
    bound: float | None = None,
    same: bool = False,
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
        same: Whether all lines are drawn alike, one theory at several settings.
        xlabel: What the abscissa is.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for dash, (label, values) in zip(DASHES, theory.items(), strict=False):
        x = times[label] if isinstance(times, Mapping) else times
        theory_line(ax, x, values, label, linestyle="-" if same else dash, linewidth=1.4)
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
def draw_histogram(
    eigenvalues: Tensor,
    bins: Tensor,
    label: str = "eigenvalues",
    ax: "Axes | None" = None,
    shares: Tensor | None = None,
):
    """Draws a histogram of eigenvalues, each counted once or by its share of something.

    Args:
        eigenvalues: Any number of them, (n,).
        bins: Edges, (k,).
        label: Entry in the legend.
        ax: Axes, or None for a new figure.
        shares: What each counts, (n,); None for the same.

    Returns:
        The axes.
    """
    ax = axes(ax)
    weights = None if shares is None else to_numpy(shares)
    ax.hist(to_numpy(eigenvalues), bins=to_numpy(bins), weights=weights, density=True,
            color=OKABE_ITO[0], edgecolor="white", linewidth=0.4, label=label)  # fmt: skip
    ax.set(xlabel=r"eigenvalue $\lambda$ of $S$", ylabel="density", ylim=(0, None))
    ax.legend()
    return ax


def legend_below(ax: "Axes", columns: int) -> None:
    """Puts the legend under the axes, where it lies over nothing."""
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=columns, columnspacing=1,
              handlelength=1.6)  # fmt: skip


def legend_right(ax: "Axes") -> None:
    """Puts the legend beside the axes."""
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def _mark(ax: "Axes", marks: Mapping[str, float], height: float) -> None:
    """Open triangles above single eigenvalues."""
    for label, value in marks.items():
        ax.plot([value], [height], marker="v", markersize=9, color="black", linestyle="none",
                fillstyle="none", zorder=5, label=label)  # fmt: skip


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
