"""Chapter 2's figures as they stand on the page: panels, description, caption and data.

The drawing functions of `figures` draw on any axes; these put them side by side and say
what a reader who cannot see them should know.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ...estimates import Estimate
from ...plot.display import show
from ...plot.style import axes, grid
from . import figures as backward
from . import scaling

__all__ = [
    "show_broken",
    "show_hook",
    "show_league",
    "show_lists",
    "show_loop",
    "show_network",
    "show_orders",
    "show_timings",
]


def show_hook(at: Sequence[int], curves: Mapping[str, Tensor]):
    """Shows the test loss of one list of batches in two orders.

    Args:
        at: Steps, (n,).
        curves: "forward" and "backward" → test losses, (n,).
    """
    ax = backward.draw_curves(at, curves, axes(size=(7.2, 3.4)))
    ax.set_title("One list of batches, two orders", loc="left")
    show(
        ax,
        alt="Test loss against the number of batches, for one list of batches: the forward curve "
        "zigzags to the end; the backward curve zigzags at first, then becomes a level line.",
        caption="The same network, batches and learning rate; only the order of composition "
        "differs.",
        data={"batches n": list(at), **curves},
    )


def show_orders(
    forward: Tensor,
    backward_orbit: Tensor,
    start: Tensor,
    one_then_two: Sequence[Tensor],
    two_then_one: Sequence[Tensor],
):
    """Shows both orbits on the line, and the parallelogram that does not close.

    Args:
        forward: x_0 … x_N on the line, (n + 1,).
        backward_orbit: y_0 … y_N, (n + 1,).
        start: (2,).
        one_then_two: Points after step 1 and then after step 2, (2,) each.
        two_then_one: Points after step 2 and then after step 1.
    """
    left, right = grid(1, 2, (7.6, 4.1))
    curves = {"forward $x_n$": forward, "backward $y_n$": backward_orbit}
    backward.draw_curves(range(len(forward)), curves, left)
    left.set(xlabel="number of maps $n$", ylabel="position on the line")
    left.set_title("A · halving maps", loc="left")
    backward.draw_parallelogram(start, one_then_two, two_then_one, right)
    right.set_title("B · two gradient steps", loc="left")
    show(
        left,
        alt="Left: positions against the number of maps; forward jumps up and down, backward "
        "settles on a level. Right: two gradient steps taken in either order end at two different "
        "points, joined by a short black line.",
        caption="A: your numbers, continued. B: the same two steps in two orders do not close.",
        data={
            "On the line": {
                "maps n": range(len(forward)),
                "forward": forward,
                "backward": backward_orbit,
            },
            "Ends in the plane": {
                "order": ["step 1, then 2", "step 2, then 1"],
                "first": [float(one_then_two[-1][0]), float(two_then_one[-1][0])],
                "second": [float(one_then_two[-1][1]), float(two_then_one[-1][1])],
            },
        },
    )


def show_timings(counts: Sequence[int], seconds: Mapping[str, Sequence[float]]):
    """Shows how long a backward curve takes in several ways of computing it.

    Args:
        counts: Numbers of batches N, ascending, (n,).
        seconds: Way of computing → seconds, (n,); the one with two loops first.
    """
    ax = scaling.draw_timings(counts, seconds, axes(size=(7.2, 3.4)))
    ax.set_title("Time for a whole backward curve", loc="left")
    show(
        ax,
        alt="Time against the number of batches on logarithmic axes: markers of the two loops "
        "follow a steep line, those of the one loop on rows and of the library lie below it and "
        "rise less steeply.",
        caption="One loop on a stack of rows makes as many calls as there are batches.",
        data={"batches N": list(counts), **{k: list(v) for k, v in seconds.items()}},
    )


def show_lists(
    bound: Tensor, distance: Tensor, forward_moves: Tensor, fixed: Estimate, fresh: Estimate
):
    """Shows the contraction bound, and what one fixed list of batches pretends.

    Args:
        bound: (n,).
        distance: ‖y_n − y_∞‖ for a near and a far start, (n, 2).
        forward_moves: ‖x_{n+1} − x_n‖, (n,) or longer.
        fixed: Forward minus backward test loss for fixed lists, (lists,).
        fresh: The same for fresh lists, one number.
    """
    left, right = grid(1, 2, (7.8, 4.6), width_ratios=(1.15, 1))
    names = ("near start", "far start")
    curves = {n: distance[:, i] for i, n in enumerate(names)}
    forward_moves = forward_moves[: len(bound)]
    backward.draw_contraction(bound, curves, forward_moves, left)
    left.set_title("A · a point against a cloud", loc="left")
    backward.draw_gaps(*fixed, float(fresh.mean), float(fresh.stderr), right)
    right.set_title("B · gaps, manufactured and fair", loc="left")
    lists = [f"list {i + 1}" for i in range(len(fixed.mean))]
    show(
        left,
        alt="Left: on a logarithmic axis the distance of backward iterates to their limit falls "
        "in a straight line for a near and a far start, below the bound; the forward step stays "
        "level. Right: eight fixed lists give gaps of either sign with invisible error bars; the "
        "gap over fresh lists is near zero.",
        caption="A: backward converges under its bound. B: every fixed list manufactures a "
        "'significant' gap between the orders; fresh lists show none.",
        data={
            "Distance to the backward limit": {
                "step n": range(len(bound)),
                "bound": bound,
                **curves,
                "forward step": forward_moves,
            },
            "Test loss, forward minus backward": {
                "batches": [*lists, "fresh lists"],
                "mean gap": [*fixed.mean.tolist(), float(fresh.mean)],
                "standard error": [*fixed.stderr.tolist(), float(fresh.stderr)],
            },
        },
    )


def show_network(
    at: Sequence[int],
    losses: Mapping[str, Tensor],
    jitter: Mapping[str, Tensor],
    mean_loss: Mapping[str, Estimate],
):
    """Shows the first run's curves, and jitter beside mean loss for all runs.

    Args:
        at: Steps, (n,).
        losses: Method → test losses, (n, runs).
        jitter: Method → mean within-run standard deviation.
        mean_loss: Method → mean test loss over steps and runs.
    """
    names = list(losses)
    curves = {name: losses[name][:, 0] for name in names}
    shakes = torch.stack([jitter[name] for name in names])
    means, errors = Estimate.stack(mean_loss[name] for name in names)
    left, right = grid(1, 2, (7.8, 4.2))
    backward.draw_curves(at, curves, left)
    left.set_title("A · one run", loc="left")
    backward.draw_jitter_and_loss(names, shakes, means, errors, right)
    right.set_title("B · all runs: jitter and mean", loc="left")
    show(
        left,
        alt="Left: test loss of one run over its last batches; forward zigzags, block shows "
        "steps, windowed and backward are level. Right: the methods by jitter and mean loss; "
        "jitter differs by a large factor, the error bars of the mean losses overlap.",
        caption="A: one run, four orders of the same batches. B: only jitter differs.",
        data={
            "All runs": {
                "method": names,
                "jitter": shakes,
                "mean test loss": means,
                "standard error": errors,
            },
            "One run": {"batches n": list(at), **curves},
        },
    )


def show_loop(at: Sequence[int], running: Mapping[str, Tensor], renewed: Mapping[str, Tensor]):
    """Shows an ordinary loop's test losses with running statistics, and with renewed ones.

    Args:
        at: Steps, (n,).
        running: Method → test losses with the running statistics as training left them, (n,).
        renewed: The same after the statistics were computed anew.
    """
    left, right = grid(1, 2, (7.8, 3.9), sharey=True)
    backward.draw_curves(at, running, left)
    left.set_title("A · running statistics", loc="left")
    backward.draw_curves(at, renewed, right)
    right.set_title("B · after update_bn", loc="left")
    right.set_ylabel("")
    show(
        left,
        alt="Test loss of one residual network against the number of batches, on the left with "
        "running statistics, on the right with renewed ones. Forward swings widely, windowed less, "
        "backward least; the renewed statistics move the curves a little.",
        caption="One list, one start: the curves say how they shake, not which order is better.",
        data={
            "Running statistics": {"batches n": list(at), **running},
            "After update_bn": {"batches n": list(at), **renewed},
        },
    )


def show_league(
    costs: Mapping[str, int], error: Mapping[str, Estimate], jitter: Mapping[str, Estimate]
):
    """Shows the league table: mean test error and jitter of each method, with its cost.

    Args:
        costs: Method → gradients that a point of its curve costs, about.
        error: Method → mean test error.
        jitter: Method → mean within-run standard deviation of it.
    """
    names = list(costs)
    heights, shakes = (
        Estimate.stack(error[name] for name in names),
        Estimate.stack(jitter[name] for name in names),
    )
    rows = [f"{name}\n({cost})" for name, cost in costs.items()]
    rows[0] = f"{names[0]}\n({costs[names[0]]} gradient)"  # what the numbers count, said once
    left, right = grid(1, 2, (7.4, 4.4), sharey=True)
    backward.draw_league(
        names, *heights, "mean test error (squared), ± 2 s.e.", left, scale="linear"
    )
    left.set_title("A · error", loc="left")
    backward.draw_league(names, *shakes, "within-run std of it, ± 2 s.e.", right)
    right.set_title("B · jitter", loc="left")
    left.set_yticks(left.get_yticks(), rows)
    show(
        left,
        alt="Methods from top to bottom. Left, mean test error: forward, windowed, block and "
        "backward lie together, the averages, decay and big batches lie together far lower. "
        "Right, jitter on a logarithmic axis: forward is highest, block next, all others lower by "
        "a factor of ten and more.",
        caption="The order removes jitter; averaging, decay and larger batches remove jitter and "
        "excess error. In brackets: gradients of a small batch per reported point.",
        data={
            "method": names,
            "gradients per point": list(costs.values()),
            "mean test error": heights.mean,
            "standard error": heights.stderr,
            "jitter": shakes.mean,
            "its standard error": shakes.stderr,
        },
    )


def show_broken(
    distances: Mapping[float, Tensor],
    momentum: float,
    norms: Mapping[float, Tensor],
    limits: Tensor,
    alpha: float,
):
    """Shows backward heavy ball beside its rate, and the tail of heavy-tailed limits.

    Args:
        distances: Curvature h → ‖y_n − y_∞‖, (n,).
        momentum: β.
        norms: Curvature h → ‖A‖.
        limits: Where the backward runs end, (runs,).
        alpha: The tail index.
    """
    left, right = grid(1, 2, (7.8, 4.6))
    curves = {f"curvature h = {h:g}": values for h, values in distances.items()}
    backward.draw_momentum(curves, momentum, float(max(norms.values())), left)
    left.set_title("A · momentum", loc="left")
    scaling.draw_tail(limits, alpha, right)
    right.set_title("B · heavy tails", loc="left")
    sizes = limits.abs().sort(descending=True).values
    ranks = [int(len(sizes) * share) for share in (0.5, 0.2, 0.1, 0.03, 0.01, 0.003, 0.001)]
    show(
        left,
        alt="Left: on a logarithmic axis three wavy lines, one for each curvature, fall alongside "
        "one straight black line; a dashed line for powers of the norm rises steeply. Right: the "
        "share of limits beyond a size follows a straight line on logarithmic axes, far above the "
        "dashed Gaussian.",
        caption="A: the norm of one step says 'diverges', the eigenvalues say √β. B: every list "
        "has a limit; over lists it has a power-law tail.",
        data={
            "Distances": {"maps n": range(len(next(iter(curves.values())))), **curves},
            "Norms": {
                "h": [f"{h:g}" for h in norms],
                "‖A‖": [float(norm) for norm in norms.values()],
            },
            "Tail": {"share beyond t": [r / len(sizes) for r in ranks], "t": sizes[ranks]},
        },
    )
