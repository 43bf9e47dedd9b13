"""Chapter 2's figures as they stand on the page: panels, description, caption and data.

The drawing functions of `figures` draw on any axes; these put them side by side and say
what a reader who cannot see them should know.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ...estimates import Estimate
from ...plot.curves import draw_against, draw_lines, over
from ...plot.display import show
from ...plot.style import BACKWARD, FORWARD, MARKERS, OKABE_ITO, grid
from . import figures as backward

__all__ = [
    "show_convex",
    "show_heavy_tails",
    "show_league",
    "show_momentum",
    "show_network",
    "show_orders",
    "show_recorded",
]

# What the first figure measures: its label, and the power of the learning rate it falls with.
_SIZES = {
    "gap": ("forward − backward", 2),
    "unexplained": ("the same minus the bracket", 3),
    "averages": ("average of both orders", 3),
}


def show_orders(
    start: Tensor,
    one_then_two: Sequence[Tensor],
    two_then_one: Sequence[Tensor],
    sizes: Mapping[float, Mapping[str, Tensor]],
):
    """Shows the parallelogram that does not close, and how its gap shrinks.

    Args:
        start: (2,).
        one_then_two: Points after map 1 and then after map 2, (2,) each.
        two_then_one: Points after map 2 and then after map 1.
        sizes: Learning rate, ascending → lengths: the "gap" of forward and backward, what the
            bracket leaves "unexplained" of it, and the gap of two palindromic "averages".
    """
    left, right = grid(1, 2, (7.4, 3.9))
    backward.draw_parallelogram(start, one_then_two, two_then_one, left)
    columns, curves = {}, {}
    for key, (label, power) in _SIZES.items():
        columns[label] = torch.stack([lengths[key] for lengths in sizes.values()])
        curves[label] = (columns[label], power)
    backward.draw_residuals(torch.tensor(list(sizes)), curves, right)
    show(
        left,
        alt="Left: two gradient steps taken in either order end at two different points, joined "
        "by a short black line. Right: three sizes against the learning rate on logarithmic axes; "
        "one falls with slope two, the two others with slope three.",
        caption="The same two steps in two orders do not close. The gap is of second order in the "
        "learning rate, and the bracket explains it up to third order.",
        data={"learning rate": list(sizes), **columns},
    )


def show_convex(
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
    left, right = grid(1, 2, (7.6, 4.0), width_ratios=(1.15, 1))
    curves = {"near start": distance[:, 0], "far start": distance[:, 1]}
    steps, forward_moves = range(len(bound)), forward_moves[: len(bound)]
    draw_against({"bound $c^n M/(1-c)$": (steps, bound)}, {}, ax=left)
    near, far = names = [f"$\\|y_n-y_\\infty\\|$, {name}" for name in curves]
    moves = "$\\|x_{n+1}-x_n\\|$, forward step"
    draw_lines(
        over(steps, dict(zip(names, curves.values(), strict=True)) | {moves: forward_moves}),
        marks=12,
        look={"linewidth": 1.2},
        looks={
            near: BACKWARD,
            far: {"color": OKABE_ITO[4], "marker": MARKERS[2]},
            moves: {**FORWARD, "linewidth": 0.8},
        },
        legend={"loc": "lower left"},
        xlabel="number of maps $n$",
        ylabel="distance in parameter space",
        yscale="log",
        ax=left,
    )
    backward.draw_gaps(*fixed, float(fresh.mean), float(fresh.stderr), right)
    lists = [f"list {i + 1}" for i in range(len(fixed.mean))]
    show(
        left,
        alt="Left: on a logarithmic axis the distance of backward iterates to their limit falls "
        "in a straight line for a near and a far start, below the bound; the forward step stays "
        "level. Right: eight fixed lists give gaps of either sign with invisible error bars; the "
        "gap over fresh lists is near zero.",
        caption="Left: a point against a cloud. Right: every fixed list manufactures a "
        "'significant' gap between the orders; fresh lists show none.",
        data={
            "Distance to the backward limit": {
                "step n": steps,
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
    left, right = grid(1, 2, (7.4, 3.8))
    backward.draw_curves(at, curves, left)
    backward.draw_jitter_and_loss(names, shakes, means, errors, right)
    show(
        left,
        alt="Left: test loss of one run over its last batches; forward zigzags, block shows "
        "steps, windowed and backward are level. Right: the methods by jitter and mean loss; "
        "jitter differs by a large factor, the error bars of the mean losses overlap.",
        caption="Left: one run, four orders of the same batches. Right: jitter and mean loss "
        "apart; only jitter differs.",
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
    backward.draw_league(names, *shakes, "jitter: within-run std of it", right)
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


def show_momentum(
    distances: Mapping[float, Tensor], momentum: float, norms: Mapping[float, Tensor]
):
    """Shows backward heavy ball beside the rate of its eigenvalues.

    Args:
        distances: Curvature h → ‖y_n − y_∞‖, (n,).
        momentum: β.
        norms: Curvature h → ‖M‖; the caption speaks of the smallest h.
    """
    curves = {f"curvature h = {h:g}": values for h, values in distances.items()}
    steps = torch.arange(len(next(iter(curves.values()))))
    first = max(float(values[0]) for values in curves.values())
    ceiling = first * float(max(norms.values())) ** steps[:6].double()
    theory = {
        "$\\sqrt{\\beta}^{\\,n}$": (steps, first * momentum ** (steps.double() / 2)),
        "$\\|M\\|^n$, useless": (steps[:6], ceiling),
    }
    ax = draw_lines(
        over(steps, curves),
        marks=12,
        look={"linewidth": 1},
        xlabel="number of maps $n$",
        ylabel="$\\|y_n-y_\\infty\\|$",
        yscale="log",
        ax=draw_against(theory, {}),
    )
    gentle = min(norms)
    show(
        ax,
        alt="On a logarithmic axis three wavy lines, one for each curvature, fall alongside one "
        "straight black line; a dashed line for powers of the norm rises steeply.",
        caption="The norm of one step says 'diverges'; the powers of the matrix say √β, "
        f"for all three curvatures. (At h = {gentle:g} the norm is {float(norms[gentle]):.3f}.)",
        data={
            "Distances": {"maps n": steps, **curves},
            "Norms": {
                "h": [f"{h:g}" for h in norms],
                "‖M‖": [float(norm) for norm in norms.values()],
            },
        },
    )


def show_heavy_tails(forward: Tensor, backward_path: Tensor, alpha: float):
    """Shows the first 80 steps of three runs, and the tail of where all backward runs end.

    Args:
        forward: (n + 1, runs).
        backward_path: (n + 1, runs).
        alpha: Kesten's index.
    """
    limits = backward_path[-1]
    forward, backward_path = forward[:81, :3], backward_path[:81, :3]
    left, right = grid(1, 2, (7.4, 3.8))
    backward.draw_scalar_paths(forward, backward_path, left)
    left.set_yticks([-100, -10, -1, 0, 1, 10, 100], ["−100", "−10", "−1", "0", "1", "10", "100"])
    backward.draw_tail(limits, alpha, right)
    sizes = limits.abs().sort(descending=True).values
    ranks = [int(len(sizes) * share) for share in (0.5, 0.2, 0.1, 0.03, 0.01, 0.003, 0.001)]
    paths = {f"forward {i + 1}": forward[:, i] for i in range(forward.shape[1])}
    paths |= {f"backward {i + 1}": backward_path[:, i] for i in range(forward.shape[1])}
    show(
        left,
        alt="Left: forward paths keep making excursions far beyond one, backward paths become "
        "level lines. Right: the share of limits beyond t follows a straight line on logarithmic "
        "axes, far above the dashed Gaussian.",
        caption="Beyond the mean-square limit backward still converges to a point; over many "
        "lists that point has a power-law tail and no variance.",
        data={
            "Tail": {"share beyond t": [r / len(sizes) for r in ranks], "t": sizes[ranks]},
            "Paths": {"batches n": range(len(forward)), **paths},
        },
    )


def show_recorded(result: Mapping):
    """Shows a recorded network experiment, as `course.recorded` keeps it.

    Args:
        result: With "methods", "jitter", "loss", "loss_stderr", and "title".
    """
    columns = [torch.tensor(result[key]) for key in ("jitter", "loss", "loss_stderr")]
    axes = backward.draw_jitter_and_loss(result["methods"], *columns)
    axes.set_title(result["title"])
    show(
        axes,
        alt="Methods by jitter and mean test loss at full scale: jitter differs by a large "
        "factor, the error bars of the mean losses overlap.",
        caption="The recorded run. Compare with the right panel of the network experiment.",
        data={
            "method": result["methods"],
            "jitter": columns[0],
            "mean test loss": columns[1],
            "standard error": columns[2],
        },
    )
