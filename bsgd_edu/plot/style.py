"""One look for every figure: theory is a black line, simulation is coloured markers.

Colours are Okabe and Ito's eight, which stay apart for the colour-blind; a marker or a dash goes
with each, so that no figure needs colour to be read.
"""

import contextlib
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import DomainError, ShapeError
from ..extras import needs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BACKWARD",
    "COLOURS",
    "FORWARD",
    "MARKERS",
    "OKABE_ITO",
    "axes",
    "grid",
    "plain",
    "seed_band",
    "simulation_points",
    "theory_line",
    "to_numpy",
    "use",
    "write_plainly",
]

# Okabe and Ito 2008, ordered so that neighbours differ in lightness too; black is kept for theory.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

# A word means one colour in every chapter.
COLOURS = {
    "forward": OKABE_ITO[0],
    "backward": OKABE_ITO[1],
    "windowed": OKABE_ITO[2],
    "averaged": OKABE_ITO[3],
    "block": OKABE_ITO[4],
    "corrected": OKABE_ITO[5],
    "theory": "#000000",
    "reference": "#6E6E6E",
}
FORWARD = {"color": COLOURS["forward"], "marker": MARKERS[0]}
BACKWARD = {"color": COLOURS["backward"], "marker": MARKERS[1]}

_RC = {
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same letters on every machine
    "font.size": 10,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.7,
    "legend.fontsize": 9,
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,  # a line below a legend stays visible, its words stay readable
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "text.color": "#1A1A1A",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}

# What parts of formulas become in plain letters; what comes first goes first.
_PLAIN = {
    r"\log_{10}": "log10 ",
    r"_\tau": " at τ",
    r"\lambda": "λ",  # Unicode's name of it is LAMDA
    r"\infty": "∞",
    r"\ell": "ℓ",
    r"\leq": "≤",
    r"\|": "‖",
    r"\,": "",
    "^*": "*",
    "^2": "²",
}
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@contextlib.contextmanager
def use() -> Iterator[None]:
    """Draws in the course's style inside a ``with`` block, and restores the reader's own after it.

    Example:
        >>> with use():
        ...     ax = axes()
        >>> ax.xaxis.label.get_size() >= 9
        True
    """
    needs("matplotlib", by="plot")
    import matplotlib

    with matplotlib.rc_context(_RC):
        yield


def axes(ax: "Axes | None" = None, size: tuple[float, float] = (6.4, 3.6)) -> "Axes":
    """Returns the given axes, or those of a new figure in the course's style.

    The figure is not registered with pyplot: no window, no second display at the end of a cell,
    nothing to close.

    Args:
        ax: Axes to draw on, or None.
        size: Width and height of a new figure in inches.

    Returns:
        Axes.

    Example:
        >>> ax = axes(size=(4, 3))
        >>> axes(ax) is ax
        True
    """
    return grid(1, 1, size)[0] if ax is None else ax


def grid(rows: int, columns: int, size: tuple[float, float], **options) -> list["Axes"]:
    """Returns the axes of a new figure with several panels, row by row.

    Args:
        rows: Number of rows.
        columns: Number of columns.
        size: Width and height of the figure in inches.
        **options: What ``Figure.subplots`` takes (``sharex``, ``width_ratios``, …).

    Returns:
        The axes, a list of length rows·columns.
    """
    needs("matplotlib", by="plot")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with use():
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        return list(figure.subplots(rows, columns, squeeze=False, **options).ravel())


def to_numpy(values: object) -> np.ndarray:
    """Returns a tensor, list or array as a NumPy array on the CPU, without its gradient."""
    if isinstance(values, torch.Tensor):
        return values.detach().cpu().numpy()
    return np.asarray(values)


def theory_line(ax: "Axes", x: object, y: object, label: str = "theory", **options):
    """Draws what a formula predicts: a black line, above the markers' layer of grey grid.

    Args:
        ax: Axes.
        x: Abscissae, (n,).
        y: Ordinates, (n,).
        label: Entry in the legend.
        **options: What ``Axes.plot`` takes, for example ``linestyle="--"`` for a second formula.

    Returns:
        The line.
    """
    style = {"color": COLOURS["theory"], "zorder": 3, **options}
    return ax.plot(to_numpy(x), to_numpy(y), label=label, **style)[0]


def simulation_points(
    ax: "Axes",
    x: object,
    y: object,
    *,
    index: int = 0,
    label: str = "simulation",
    stderr: object = None,
    **options,
):
    """Draws what was simulated: markers, with error bars of two standard errors if given.

    Args:
        ax: Axes.
        x: Abscissae, (n,).
        y: Ordinates, (n,).
        index: Which colour and marker, 0 … 6.
        label: Entry in the legend.
        stderr: Standard errors, (n,) or one number.
        **options: What ``Axes.errorbar`` takes; ``color=COLOURS["forward"]`` overrides the colour.

    Returns:
        The error-bar container.
    """
    style = {
        "color": OKABE_ITO[index % len(OKABE_ITO)],
        "marker": MARKERS[index % len(MARKERS)],
        "linestyle": "none",
        "capsize": 2,
        "zorder": 4,
        **options,
    }
    bars = None if stderr is None else 2 * to_numpy(stderr)
    return ax.errorbar(to_numpy(x), to_numpy(y), yerr=bars, label=label, **style)


def seed_band(
    ax: "Axes",
    x: object,
    samples: object,
    *,
    index: int = 0,
    label: str = "",
    quantiles: tuple[float, float] = (0.1, 0.9),
    color: str | None = None,
    marker: str | None = None,
):
    """Draws the median over seeds with a band between two quantiles.

    Args:
        ax: Axes.
        x: Abscissae, (n,).
        samples: One row a seed, (seeds, n), with at least five seeds.
        index: Which colour and marker, 0 … 6.
        label: Entry in the legend; the number of seeds is added to it.
        quantiles: Lower and upper edge of the band.
        color: Overrides the colour of ``index``.
        marker: Overrides the marker of ``index``; ten markers are spread along the line.

    Returns:
        The median line.

    Raises:
        ShapeError: If samples is not (seeds, n).
        DomainError: If there are fewer than five seeds.
    """
    abscissae, rows = to_numpy(x), to_numpy(samples)
    if rows.ndim != 2 or rows.shape[1:] != abscissae.shape:
        raise ShapeError(
            f"seed_band: samples must be (seeds, {abscissae.shape[0]}), but its shape is "
            f"{rows.shape}. Put one seed in each row."
        )
    if rows.shape[0] < 5:
        raise DomainError(
            f"seed_band: samples must hold at least 5 seeds, but there are {rows.shape[0]}. "
            "Run more seeds, or draw the single curves and say so."
        )
    low, middle, high = np.quantile(rows, [quantiles[0], 0.5, quantiles[1]], axis=0)
    color = color or OKABE_ITO[index % len(OKABE_ITO)]
    ax.fill_between(abscissae, low, high, color=color, alpha=0.2, linewidth=0, zorder=2)
    return ax.plot(
        abscissae,
        middle,
        color=color,
        marker=marker or MARKERS[index % len(MARKERS)],
        markevery=max(1, len(abscissae) // 10),
        label=f"{label} ({rows.shape[0]} seeds)".strip(),
        zorder=3,
    )[0]


def write_plainly(figure: "Figure") -> None:
    """Writes a figure without formulas, five ticks an axis: a moving picture's time is its text.

    Typesetting a formula takes 5 to 10 ms, and so do ten ticks. Ticks and labels that somebody has
    chosen stay as they are.

    Args:
        figure: A figure before it is drawn, changed in place.
    """
    from matplotlib.ticker import AutoLocator, FuncFormatter, LogFormatter, LogLocator, MaxNLocator

    for axes in figure.axes:  # and not all there is: looking through its ticks would make them
        legend = axes.get_legend()
        for text in (*axes.texts, *(legend.get_texts() if legend else ())):
            text.set_text(plain(text.get_text()))
        axes.set(xlabel=plain(axes.get_xlabel()), ylabel=plain(axes.get_ylabel()))
        for place in ("left", "center"):
            if "$" in (title := axes.get_title(place)):
                axes.set_title(plain(title), loc=place)
        axes.minorticks_off()  # a logarithmic axis has dozens of them
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), LogFormatter):
                axis.set_major_formatter(FuncFormatter(_power))
                if type(axis.get_major_locator()) is LogLocator:
                    axis.set_major_locator(LogLocator(numticks=6))
            if type(axis.get_major_locator()) is AutoLocator:
                axis.set_major_locator(MaxNLocator(5))


def plain(text: str) -> str:
    r"""Returns a label whose formulas are plain letters.

    Example:
        >>> plain(r"weights $\sigma_w^2$, $\|\theta_n-\theta^*\|$")
        'weights σ_w², ‖θ_n-θ*‖'
    """
    if "$" not in text:
        return text
    for formula, letters in _PLAIN.items():
        text = text.replace(formula, letters)
    text = re.sub(r"_(\d)", lambda found: found[1].translate(_LOWERED), text)
    text = re.sub(r"\^\{([^}]*)\}", r"^(\1)", text)
    for name in re.findall(r"\\([a-zA-Z]+)", text):
        with contextlib.suppress(KeyError):
            text = text.replace(f"\\{name}", unicodedata.lookup(f"GREEK SMALL LETTER {name}"))
    return re.sub(r"[$\\{}]", "", text)


def _power(value: float, _) -> str:
    exponent = np.log10(value) if value > 0 else np.nan
    whole = abs(exponent - np.round(exponent)) < 1e-9
    return "10" + f"{exponent:.0f}".translate(_RAISED) if whole else f"{value:g}"
