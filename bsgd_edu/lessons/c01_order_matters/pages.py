"""Chapter 1's figures as they stand on the page: panels, description, caption and data.

The drawing functions of `figures` draw on any axes; these put them side by side and say what
a reader who cannot see them should know.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ... import dynamics
from ...plot.curves import draw_against, draw_lines, draw_runs, over
from ...plot.display import show
from ...plot.style import grid, to_numpy, use
from . import figures as order

__all__ = ["show_coins", "show_coupling", "show_cycle", "show_orbits"]


def show_cycle(forward: Tensor, backward: Tensor, targets: Tensor, *, last: int = 20) -> None:
    """Shows both orbits on cyclic data.

    Args:
        forward: x_0 … x_n, (n + 1,).
        backward: y_0 … y_n, (n + 1,).
        targets: One period of targets, (period,).
        last: The largest n that is shown.
    """
    forward, backward = forward[: last + 1], backward[: last + 1]
    show(
        order.draw_cycle(forward, backward, targets),
        alt="Both orbits start high and fall towards the targets. From then on the forward "
        "iterates repeat four values for ever, while the backward iterates stay at one value.",
        caption="Cyclic data. The forward orbit ends in a cycle, the backward orbit in a point.",
        data={"n": range(len(forward)), "forward x_n": forward, "backward y_n": backward},
    )


def show_orbits(
    forward: Tensor,
    backward: Tensor,
    steps: Sequence[int] | Tensor,
    variances: Mapping[str, Tensor],
    theory: Tensor,
    *,
    runs: int = 4,
) -> None:
    """Shows a few paths of each order, and the variance over all of them.

    Args:
        forward: (n + 1, replicas).
        backward: (n + 1, replicas).
        steps: At which n the variance is shown, (k,).
        variances: ``"forward"`` and ``"backward"`` → the variance of these iterates, (k,).
        theory: What the formula gives, (k,).
        runs: How many paths to draw.
    """
    left, right = grid(1, 2, (7.2, 3.4))
    orders = {"forward $x_n$": forward[:, :runs], "backward $y_n$": backward[:, :runs]}
    draw_runs(
        over(range(len(forward)), orders),
        every=(3, 12),
        look={"linewidth": 1.2, "alpha": 0.9},
        looks={"backward $y_n$": {"linestyle": "--"}},
        legend={"loc": "upper right"},
        xlabel="number of maps $n$",
        ylabel="position",
        ax=left,
    )
    draw_against(
        {"theory, either order": (steps, theory)},
        over(steps, variances),
        looks={"forward": {"markersize": 8, "fillstyle": "none"}},
        legend={"loc": "lower right"},
        xlabel="number of maps $n$",
        ylabel="variance over runs",
        ylim=(0, None),
        ax=right,
    )
    first = {"forward, first run": forward[:, 0], "backward, first run": backward[:, 0]}
    show(
        left,
        alt="Left: forward paths keep moving up and down, backward paths become constant, each at "
        "a level of its own. Right: the variance over runs grows to one limit in both orders; the "
        "markers of both lie on the theoretical curve.",
        caption=f"A path that settles, and a law that does not care. Left: {runs} lists of "
        "targets, a forward and a backward path on each. Right: the variance over all lists.",
        data={
            "Variance over runs": {
                "n": steps,
                **variances,
                "theory": theory,
            },
            "One list": {"n": range(len(forward)), **first},
        },
    )


def show_coins(clouds: Mapping[float, Tensor], points: Mapping[float, float]) -> None:
    """Shows the law of coin-flip targets for several ratios: histograms, and distributions.

    Args:
        clouds: ρ → forward iterates of many runs, (runs,).
        points: ρ → the backward limit of one list.
    """
    from ...estimates import share_and_stderr

    panels, tables = grid(2, len(clouds), (7.2, 4.6)), {}
    t = torch.linspace(-1, 1, 101, dtype=torch.float64)
    for column, (ratio, cloud) in enumerate(clouds.items()):
        name = f"ρ = {ratio:.2g}"
        share, _ = share_and_stderr(cloud.cpu() <= t[:, None])
        exact = dynamics.bernoulli.cdf(ratio, t)
        order.draw_histogram(cloud, points[ratio], name, panels[column])
        order.draw_distribution(t, share, exact, panels[column + len(clouds)])
        tables[name] = {"t": t, "share of runs": share, "exact": exact}
    with use():
        panels[-1].legend(["exact", "runs"], loc="upper left", handlelength=1.2)
    show(
        panels[0],
        alt="Above, histograms of many forward runs: thin separate spikes at the smallest ratio, "
        "a flat law at one half, a bell at the largest. A dashed line marks one backward limit in "
        "each. Below, the shares of runs lie on the exact distribution functions: a staircase, a "
        "straight line, an S.",
        caption="Coin-flip targets: one update rule, three ratios, three kinds of law. Dashed: "
        "the point to which one backward run converges.",
        data=tables,
    )


def show_coupling(
    gaps: Tensor, exponent: float, waits: Tensor, maxima: Tensor, *, last: int = 60
) -> None:
    """Shows two runs approaching each other, and a queue in both orders.

    Of the queues one is drawn whose maximum grows in the first two thirds of the steps shown, and
    there eight times, or as nearly as there is one.

    Args:
        gaps: Distances of pairs of runs on one noise, (n + 1, pairs).
        exponent: γ, the mean logarithmic rate.
        waits: Waiting times of many queues, (n + 1, runs).
        maxima: The backward composition of the same maps, (n + 1, runs).
        last: The largest n for which a queue is drawn.
    """
    growths = (maxima[: 2 * last // 3 + 1].diff(dim=0) > 0).sum(0)
    chosen = int(np.abs(to_numpy(growths) - 8).argmin())  # the first of these
    waits, maxima = waits[: last + 1, chosen], maxima[: last + 1, chosen]
    left, right = grid(1, 2, (7.2, 3.4))
    typical = gaps[0].median().cpu() * torch.exp(exponent * torch.arange(len(gaps)))
    steps, look = range(len(gaps)), {"linestyle": "none", "markevery": 5, "zorder": 4}
    draw_against({r"theory: $D\,e^{\gamma n}$": (steps, typical)}, {}, ax=left)
    draw_lines(
        {"pairs: median, 80 % band": (steps, gaps)},
        look=look,
        legend={"loc": "lower left"},
        xlabel="number of maps $n$",
        ylabel="distance of two runs",
        yscale="log",
        ax=left,
    )
    order.draw_queue(waits, maxima, right)
    middle = gaps.median(1).values
    show(
        left,
        alt="Left: the median distance of two runs on one noise falls along a straight line on a "
        "logarithmic axis, in a band that widens. Right: waiting times go up and down, while their "
        "backward composition rises in a few steps and then stays flat.",
        caption="Contraction on average is enough (left); so is a drift towards a wall (right).",
        data={
            "Two runs": {"n": steps, "median distance": middle, "theory": typical},
            "Queue": {"n": range(len(waits)), "forward": waits, "backward": maxima},
        },
    )
