"""Chapter 2's figures as they stand on the page: panels, description, caption and data.

The drawing functions of `plot.backward` draw on any axes; these put them side by side and say
what a reader who cannot see them should know.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from . import backward
from .display import show
from .style import grid

__all__ = [
    "show_convex",
    "show_heavy_tails",
    "show_league",
    "show_momentum",
    "show_network",
    "show_orders",
    "show_recorded",
]


def show_orders(start: Tensor, corners: Sequence[Tensor], sizes: Mapping[float, Tensor]):
    """Shows the parallelogram that does not close, and how its gap shrinks.

    Args:
        start: (2,).
        corners: Points after map 1, after 1 then 2, after map 2, after 2 then 1.
        sizes: Learning rate, ascending → norms (3,): forward minus backward, what the bracket
            leaves of it, and the difference of two palindromic averages.
    """
    left, right = grid(1, 2, (7.4, 3.9))
    backward.draw_parallelogram(start, corners[:2], corners[2:], left)
    names = ("forward − backward", "the same minus the bracket", "average of both orders")
    columns = dict(zip(names, torch.stack(list(sizes.values())).T, strict=True))
    powers = dict(zip(names, (2, 3, 3), strict=True))
    curves = {name: (column, powers[name]) for name, column in columns.items()}
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
    bound: Tensor,
    distance: Tensor,
    forward_steps: Tensor,
    gaps: Tensor,
    errors: Tensor,
    fresh: tuple[Tensor, Tensor],
):
    """Shows the contraction bound, and what one fixed list of batches pretends.

    Args:
        bound: (n,).
        distance: ‖y_n − y_∞‖ for a near and a far start, (n, 2).
        forward_steps: ‖x_{n+1} − x_n‖, (n,).
        gaps: Forward minus backward test loss for fixed lists, (lists,).
        errors: Their standard errors, (lists,).
        fresh: The same for fresh lists, a mean and its standard error.
    """
    left, right = grid(1, 2, (7.6, 4.0), width_ratios=(1.15, 1))
    names = ("near start", "far start")
    curves = {n: distance[:, i] for i, n in enumerate(names)}
    backward.draw_contraction(bound, curves, forward_steps, left)
    backward.draw_gaps(gaps, errors, float(fresh[0]), float(fresh[1]), right)
    lists = [f"list {i + 1}" for i in range(len(gaps))]
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
                "step n": range(len(bound)),
                "bound": bound,
                **curves,
                "forward step": forward_steps,
            },
            "Test loss, forward minus backward": {
                "batches": [*lists, "fresh lists"],
                "mean gap": [*gaps.tolist(), float(fresh[0])],
                "standard error": [*errors.tolist(), float(fresh[1])],
            },
        },
    )


def show_network(
    at: Sequence[int],
    curves: Mapping[str, Tensor],
    jitter: Tensor,
    loss: Tensor,
    errors: Tensor,
):
    """Shows one run's curves, and jitter beside mean loss for all runs.

    Args:
        at: Steps, (n,).
        curves: Method → test loss of one run, (n,).
        jitter: Mean within-run standard deviations, (methods,).
        loss: Mean test losses, (methods,).
        errors: Their standard errors, (methods,).
    """
    left, right = grid(1, 2, (7.4, 3.8))
    backward.draw_curves(at, curves, left)
    backward.draw_jitter_and_loss(list(curves), jitter, loss, errors, right)
    show(
        left,
        alt="Left: test loss of one run over its last batches; forward zigzags, block shows "
        "steps, windowed and backward are level. Right: the methods by jitter and mean loss; "
        "jitter differs by a large factor, the error bars of the mean losses overlap.",
        caption="Left: one run, four orders of the same batches. Right: jitter and mean loss "
        "apart; only jitter differs.",
        data={
            "All runs": {
                "method": list(curves),
                "jitter": jitter,
                "mean test loss": loss,
                "standard error": errors,
            },
            "One run": {"batches n": list(at), **curves},
        },
    )


def show_league(names: Sequence[str], cost: Sequence[str], loss: tuple, jitter: tuple):
    """Shows the league table: mean loss and jitter of each method, with its cost.

    Args:
        names: Methods.
        cost: Gradients a point of the curve costs, in words.
        loss: Mean test loss and its standard error, (methods,) each.
        jitter: Mean jitter and its standard error, (methods,) each.
    """
    left, right = grid(1, 2, (7.4, 4.4), sharey=True)
    backward.draw_league(names, *loss, "mean test error (squared), ± 2 s.e.", left, scale="linear")
    backward.draw_league(names, *jitter, "jitter: within-run std of it", right)
    left.set_yticks(left.get_yticks(), [f"{n}\n({c})" for n, c in zip(names, cost, strict=True)])
    show(
        left,
        alt="Methods from top to bottom. Left, mean test error: forward, windowed, block and "
        "backward lie together, the averages, decay and big batches lie together far lower. "
        "Right, jitter on a logarithmic axis: forward is highest, block next, all others lower by "
        "a factor of ten and more.",
        caption="The order removes jitter; averaging, decay and larger batches remove jitter and "
        "excess error. In brackets: gradients of a small batch per reported point.",
        data={
            "method": list(names),
            "gradients per point": list(cost),
            "mean test error": loss[0],
            "standard error": loss[1],
            "jitter": jitter[0],
            "its standard error": jitter[1],
        },
    )


def show_momentum(distances: Mapping[str, Tensor], momentum: float, norms: Mapping[str, Tensor]):
    """Shows backward heavy ball beside the rate of its eigenvalues.

    Args:
        distances: Curvature's name → ‖y_n − y_∞‖, (n,).
        momentum: β.
        norms: Curvature h → ‖M‖, the smallest h first.
    """
    axes = backward.draw_momentum(distances, momentum, float(max(norms.values())))
    gentle = next(iter(norms))
    show(
        axes,
        alt="On a logarithmic axis three wavy lines, one for each curvature, fall alongside one "
        "straight black line; a dashed line for powers of the norm rises steeply.",
        caption="The norm of one step says 'diverges'; the powers of the matrix say √β, "
        f"for all three curvatures. (At h = {gentle} the norm is {float(norms[gentle]):.3f}.)",
        data={
            "Distances": {"maps n": range(len(next(iter(distances.values())))), **distances},
            "Norms": {"h": list(norms), "‖M‖": [float(norm) for norm in norms.values()]},
        },
    )


def show_heavy_tails(forward: Tensor, backward_path: Tensor, limits: Tensor, alpha: float):
    """Shows paths beyond the mean-square limit, and the tail of their limit.

    Args:
        forward: (n + 1, runs).
        backward_path: (n + 1, runs).
        limits: Draws of the backward limit, (many,).
        alpha: Kesten's index.
    """
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
