"""Figures of chapter 7: a spectrum, the filter over it, and the accuracies that follow."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from ...plot import OKABE_ITO, axes, theory_line, use
from ...plot.curves import DASHES, draw_against, over
from ...plot.style import to_numpy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_accuracy",
    "draw_descent",
    "draw_filter",
    "draw_spectrum",
]

LINE = {"linewidth": 1.4}  # of theory
Dots = tuple[Tensor, Tensor, Tensor | None]  # abscissae, means, standard errors


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
    lines = {k: (times[k] if isinstance(times, Mapping) else times, v) for k, v in theory.items()}
    ax = draw_against(lines, dots or {}, line=LINE, ax=ax)
    for index, (time, accuracy) in enumerate((best or {}).values()):
        ax.plot([time], [accuracy], marker="*", markersize=13, linestyle="none", zorder=5,
                color=OKABE_ITO[4], markeredgecolor="black",
                label="best time" if index == 0 else "_")  # fmt: skip
    levels = {} if bound is None else {"upper bound": bound}
    axis = {"xlabel": xlabel, "ylabel": "accuracy", "xscale": "log"}
    return draw_against({}, {}, levels=levels, ax=ax, **axis)


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
    axis = {"xlabel": "features over samples $c=p/n$", "ylabel": "test error", "xscale": "log"}
    lines = over(ratios, theory)
    return draw_against(lines, dots or {}, line=LINE, ax=ax, **axis, ylim=(0, None))
