"""Chapter 2's figures of powers: how the time of a curve grows, how a tail falls."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot.style import COLOURS, MARKERS, OKABE_ITO, axes, theory_line, to_numpy, use
from .figures import legend_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_tail", "draw_timings"]


@use()
def draw_timings(
    counts: Sequence[int], seconds: Mapping[str, Sequence[float]], ax: "Axes | None" = None
):
    """Draws how long a backward curve takes, beside the two slopes that its steps suggest.

    Args:
        counts: Numbers of batches N, ascending, (n,).
        seconds: Way of computing → seconds, (n,); the first is the slowest, the second a faster.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    from matplotlib.ticker import NullFormatter

    ax = axes(ax)
    x = np.asarray(counts, dtype=float)
    ways = [to_numpy(values) for values in seconds.values()]
    for power, dash, values in ((2, "-", ways[0]), (1, "--", ways[1])):
        line = values[-1] * (x / x[-1]) ** power
        label = "slope 2: $N(N+1)/2$ calls" if power == 2 else "slope 1: $N$ calls"
        theory_line(ax, x, line, label=label, linestyle=dash, linewidth=1.2)
    for index, (name, values) in enumerate(seconds.items()):
        ax.plot(x, to_numpy(values), MARKERS[index], color=OKABE_ITO[index], label=name)
    ax.set(xscale="log", yscale="log", xlabel="number of batches $N$", ylabel="time (s)")
    ax.set_xticks(x, [str(count) for count in counts])
    ax.xaxis.set_minor_formatter(NullFormatter())
    legend_below(ax, 3)
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
    legend_below(ax)
    return ax
