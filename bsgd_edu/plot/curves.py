"""Curves that more than one lesson draws: each is drawn here once, and used by all.

A curve is ``(abscissae, values)`` or, with standard errors, ``(abscissae, mean, stderr)``; one
whose label starts with ``_`` is not listed. What else varies is said in Matplotlib's own words:
options of all curves, of single ones (``looks``), of the legend, and of the axes, which may be
given twice to draw one thing over another.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from .style import (
    COLOURS,
    MARKERS,
    OKABE_ITO,
    axes,
    seed_band,
    simulation_points,
    theory_line,
    to_numpy,
    use,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DASHES", "draw_against", "draw_fall", "draw_lines", "draw_runs", "over"]

DASHES = ("-", "--", ":", "-.", (0, (1, 3)), (0, (6, 1)))
Curves = Mapping[str, tuple]
Options = Mapping[str, Any]
_NONE: Options = {}


def over(x: Sequence | Tensor, rows: Mapping[str, Any]) -> dict[str, tuple]:
    """Returns curves that share their abscissae.

    Args:
        x: Abscissae, (k,).
        rows: Label → values, (k,) or (k, runs), or an estimate of them.

    Example:
        >>> over([1, 2], {"a": [3, 4]})
        {'a': ([1, 2], [3, 4])}
    """
    return {key: (x, *row) if isinstance(row, tuple) else (x, row) for key, row in rows.items()}


@use()
def draw_against(
    theory: Curves,
    points: Curves,
    *,
    dashes: Sequence = DASHES,
    line: Options = _NONE,
    dot: Options = _NONE,
    looks: Mapping[str, Options] = _NONE,
    levels: Mapping[str, float] = _NONE,
    legend: Options | None = _NONE,
    ax: "Axes | None" = None,
    **axis,
):
    """Draws measurements as markers over what theory says as black lines.

    Args:
        theory: Label → curve; told apart by dashes.
        points: Label → curve; bars of two standard errors where it has them.
        dashes: Of the lines, in turn.
        line: Options of all lines.
        dot: Options of all markers.
        looks: Label → options of this line or these markers; ``index`` chooses colour and marker.
        levels: Label → a height, a grey line.
        legend: Options of the legend, or None for none.
        ax: Axes, or None for a new figure.
        **axis: What ``Axes.set`` takes: labels, scales, limits, ticks.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for dash, (label, (x, values)) in zip(cycle(dashes), theory.items(), strict=False):
        theory_line(ax, x, values, label, **{"linestyle": dash, **line, **looks.get(label, {})})
    for index, (label, (x, values, *stderr)) in enumerate(points.items()):
        look = {"index": index, **dot, **looks.get(label, {})}
        simulation_points(ax, x, values, label=label, stderr=stderr[0] if stderr else None, **look)
    return _finish(ax, levels, looks, legend, axis)


@use()
def draw_lines(
    curves: Curves,
    *,
    marks: int | None = None,
    look: Options = _NONE,
    looks: Mapping[str, Options] = _NONE,
    levels: Mapping[str, float] = _NONE,
    legend: Options | None = _NONE,
    ax: "Axes | None" = None,
    **axis,
):
    """Draws what was measured as coloured lines with markers, or as bands over runs.

    Args:
        curves: Label → abscissae (k,) and values: (k,) for a line, (k, runs) for median and band of
            80 % over five runs or more.
        marks: About how many markers a line has, or None for all.
        look: Options of all lines.
        looks: Label → options of this one.
        levels: Label → a height, a grey line.
        legend: Options of the legend, or None for none.
        ax: Axes, or None for a new figure.
        **axis: What ``Axes.set`` takes: labels, scales, limits, ticks.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, (x, values)) in enumerate(curves.items()):
        x, rows = to_numpy(x), to_numpy(values)
        every = max(1, len(rows) // marks) if marks else None
        style = {"label": label, "markevery": every, **_nth(index), **look, **looks.get(label, {})}
        if rows.ndim == 2:
            seed_band(ax, x, rows.T, color=style["color"]).set(**style)
        else:
            ax.plot(x, rows, **style)
    return _finish(ax, levels, looks, legend, axis)


@use()
def draw_runs(
    curves: Curves,
    *,
    every: tuple[float, float],
    look: Options = _NONE,
    looks: Mapping[str, Options] = _NONE,
    legend: Options | None = _NONE,
    ax: "Axes | None" = None,
    **axis,
):
    """Draws single runs, each a thin line; those of one kind look alike.

    Args:
        curves: Label → abscissae (k,) and values (k, runs).
        every: Markers are so far from one run to the next, and from each other, as ``markevery``
            counts.
        look: Options of all lines.
        looks: Label → options of its lines.
        legend: Options of the legend, or None for none.
        ax: Axes, or None for a new figure.
        **axis: What ``Axes.set`` takes: labels, scales, limits, ticks.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for index, (label, (x, rows)) in enumerate(curves.items()):
        style = {"linewidth": 1, "markersize": 4, **_nth(index), **look, **looks.get(label, {})}
        for run, values in enumerate(to_numpy(rows).T):
            ax.plot(to_numpy(x), values, label="_" if run else label,
                    markevery=(every[0] * run, every[1]), **style)  # fmt: skip
    return _finish(ax, _NONE, looks, legend, axis)


@use()
def draw_fall(
    depths: Sequence[int] | Tensor,
    curves: Mapping[str, Tensor],
    ylabel: str,
    *,
    lines: Mapping[str, Tensor] | None = None,
    ax: "Axes | None" = None,
):
    """Draws quantities that fall by orders of magnitude, one band over networks a curve.

    Args:
        depths: L, (k,).
        curves: Label → values, (k, networks): median and a band of 80 %; (k,) for a plain line.
        ylabel: What falls.
        lines: Label → reference in grey or theory in black (labels with "theory"), (k,).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    tame = {label: np.maximum(to_numpy(values), 1e-300) for label, values in curves.items()}
    looks = {label: {"markevery": 0.1} for label, rows in tame.items() if rows.ndim == 1}
    grey = {"color": COLOURS["reference"], "linewidth": 1.2}
    greys = {label: grey for label in lines or {} if "theory" not in label}
    ax = draw_lines(over(depths, tame), marks=10, looks=looks, ax=ax)
    axis = {"xlabel": "depth $L$ (layers)", "ylabel": ylabel, "yscale": "log"}
    return draw_against(over(depths, lines or {}), {}, looks=greys, ax=ax, **axis)


def _nth(index: int) -> dict[str, str]:
    """Colour and marker of a curve."""
    return {"color": OKABE_ITO[index % len(OKABE_ITO)], "marker": MARKERS[index % len(MARKERS)]}


def _finish(ax: "Axes", levels: Mapping, looks: Mapping, legend: Options | None, axis: Options):
    """What all end with: grey levels, the words of the axes, the legend."""
    for dash, (label, level) in zip((":", "-."), levels.items(), strict=False):
        look = {"color": COLOURS["reference"], "linestyle": dash, **looks.get(label, {})}
        ax.axhline(level, label=label, **look)
    ax.set(**axis)
    if legend is not None and ax.get_legend_handles_labels()[1]:
        ax.legend(**legend)
    return ax
