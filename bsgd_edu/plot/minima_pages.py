"""Chapter 9's figures as they stand on the page: panels, description, caption and data."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from .. import nets
from . import landscapes, minima
from .display import show
from .style import grid

__all__ = [
    "show_bottleneck",
    "show_one_number",
    "show_runs",
    "show_smoothed",
    "show_stairs",
    "show_trap",
]


def show_one_number(
    paths: Mapping[str, Tensor], sizes: Tensor, pushes: Mapping[int, Tensor], slope: float
) -> None:
    """Shows descent for a product of two numbers, and what an escape gives for more of them.

    Args:
        paths: Label → (steps, 2), (w₁, w₂).
        sizes: δ, (k,).
        pushes: Number of layers N → the first layer's gradient after the escape, (k,).
        slope: |∇f| at 0.
    """
    left, right = grid(1, 2, (7.2, 4.4))
    landscapes.draw_hyperbola(paths, left)
    minima.draw_powers(sizes, pushes, slope, right)
    right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    show(
        left,
        alt="Left: level lines of the loss of two weights. A path that starts where the weights "
        "are opposite numbers ends in the saddle at the origin; one that first steps along an axis "
        "without changing the loss then runs to a curve of minima. Right: the gradient that such a "
        "step gives lies on straight lines in logarithmic axes, steeper for more layers.",
        caption="Escape from the saddle of a product of numbers: sideways, free of cost (left). "
        "What it gives is smaller for more layers (right).",
        data={
            "Escapes": {"δ": sizes, **{f"N = {n}": values for n, values in pushes.items()}},
            **{
                name: {"w₁": path[:: max(1, len(path) // 25), 0],
                       "w₂": path[:: max(1, len(path) // 25), 1]}
                for name, path in paths.items()
            },
        },
    )  # fmt: skip


def show_runs(
    steps: Mapping[str, Sequence[int]],
    gaps: Mapping[str, Mapping[str, Tensor]],
    floors: Mapping[str, Mapping[str, float]],
) -> None:
    """Shows how far many runs are above the convex optimum, one panel a loss.

    Args:
        steps: Loss → when, (k,).
        gaps: Loss → network → loss minus optimum, (k, runs).
        floors: Loss → bottleneck → the gap of its best run.
    """
    frames = grid(1, len(gaps), (7.6, 3.9), sharey=True)
    for ax, name in zip(frames, gaps, strict=True):
        minima.draw_gaps(steps[name], gaps[name], floors[name], ax)
        ax.set_title(name)
        ax.set_xlim(0, steps[name][-1])
    for ax in frames[1:]:
        ax.set_ylabel("")
    handles, labels = frames[0].get_legend_handles_labels()
    frames[0].figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    show(
        frames[0],
        alt="Three panels, one a loss. All runs of both wide networks fall to the convex optimum, "
        "to the last digits of the arithmetic; some wait on a plateau first. Dashed and dotted "
        "lines far above mark the best that networks with a narrow hidden layer reached.",
        caption="Every thin line is a run; markers follow the worst run of all at each step.",
        data={
            f"{name}, {label}": {
                "step": steps[name],
                "best": values.amin(1),
                "median": values.median(1).values,
                "worst": values.amax(1),
            }
            for name, group in gaps.items()
            for label, values in group.items()
        },
    )


def show_stairs(
    losses: Sequence[Tensor], times: Sequence[int], small: Tensor, levels: Sequence[float]
) -> None:
    """Shows escapes and descents from the origin, and runs from small random starts.

    Args:
        losses: One row of losses a descent.
        times: Steps of the random runs, (k,).
        small: Their losses, (k, runs).
        levels: The least losses of rank 0, 1, 2, …
    """
    left, right = grid(1, 2, (7.2, 3.6), sharey=True)
    minima.draw_stairs(losses, levels, left)
    minima.draw_plateaus(times, small, levels, right)
    right.set_ylabel("")
    show(
        left,
        alt="Left: the loss falls in three steps, each after an escape that leaves it unchanged, "
        "to dotted lines at the least losses of matrices of rank one, two and three. Right: runs "
        "from small random starts rest for a while at the same dotted lines.",
        caption="From saddle to saddle: with the constructive escape (left), and by themselves, "
        "from small random starts (right).",
        data={
            "Small starts": {
                "step": times,
                **{f"run {k}": run for k, run in enumerate(small.T, 1)},
            },
            "Levels": {"rank": range(len(levels)), "least loss": levels},
        },
    )


def show_bottleneck(
    eigenvalues: tuple[Sequence[float], Tensor],
    landscape: tuple[Tensor, Tensor, Tensor, Tensor, Tensor],
    shares: tuple[Sequence[float], Tensor, Tensor],
    small: tuple[Sequence[float], Tensor, Tensor],
) -> None:
    """Shows a bad local minimum behind a bottleneck, and who ends in it.

    Args:
        eigenvalues: K, (k,), and Hessian eigenvalues at diag(0, ½), (k, 4).
        landscape: What `landscapes.draw_valley` takes.
        shares: K, the share of stuck runs and its standard error.
        small: The same against the size of the start, largest first, at one K.
    """
    frames = grid(2, 2, (7.2, 6.6))
    weights = torch.linspace(0, 1.05 * max(eigenvalues[0]), 50)
    minima.draw_eigenvalues(weights, eigenvalues, ax=frames[0])
    landscapes.draw_valley(*landscape, ax=frames[1])
    minima.draw_shares(*shares, "price K of the off-diagonal", threshold=2.0, ax=frames[2])
    sizes = torch.tensor(small[0], dtype=torch.float64)
    law = sizes, sizes * (small[1][1:].sum() / sizes[1:].sum())  # the largest start saturates
    minima.draw_shares(*small, "size σ of the start", law=law, ax=frames[3])
    show(
        frames[0],
        alt="Top left: Hessian eigenvalues on four straight lines, the lowest of which crosses "
        "zero. Top right: a landscape with a fold along both axes and two basins; most paths end "
        "in the deeper one, some in the other. Bottom left: no run is stuck below the crossing, up "
        "to a third of them above. Bottom right: the share falls in proportion to the size of the "
        "start.",
        caption="A hidden layer of width one. Above: the bad point becomes a minimum at K = 2; the "
        "landscape of rank-one matrices at K = 4. Below: how many runs end there.",
        data={
            "Eigenvalues": {
                "K": eigenvalues[0],
                **{f"eigenvalue {i + 1}": column for i, column in enumerate(eigenvalues[1].T)},
            },
            "Stuck": dict(zip(("K", "share", "standard error"), shares, strict=True)),
            "Stuck, small starts": dict(zip(("σ", "share", "standard error"), small, strict=True)),
        },
    )


def show_trap(
    surface: tuple[Tensor, Tensor, Tensor],
    radii: Sequence[float],
    place: tuple[float, float],
    searched: tuple[Sequence[float], Tensor],
) -> None:
    """Shows the loss around the kink's trap, and the least loss within a radius.

    Args:
        surface: t, y and the loss.
        radii: Of the boxes that are drawn.
        place: The best point (t, y) of the last of them.
        searched: Radii and the least losses that a search found.
    """
    left, right = grid(1, 2, (7.2, 3.8))
    landscapes.draw_surface(*surface, radii, place, ax=left)
    fine = torch.linspace(0.02, 1.1, 109, dtype=torch.float64)
    theory = torch.tensor([nets.kink_trap_value(float(r)) for r in fine])
    minima.draw_best(fine, theory, {"search": searched}, right)
    show(
        left,
        alt="Left: level lines with corners around the trap; inside the smaller box no place is "
        "lower than the trap, the larger box reaches over a rim into a deep valley. Right: the "
        "least loss in a box stays at one up to radius one half, falls along a straight line and "
        "then along a curve to zero; markers of a search lie on the line of the theory.",
        caption="A local minimum of the absolute error. Left: a surface through it that holds "
        "a best point of every box. Right: the least loss with every entry within r of the trap's.",
        data={
            "Search": {"r": searched[0], "least loss": searched[1]},
            "Theory": {"r": fine, "least loss": theory},
        },
    )


def show_smoothed(
    curves: Mapping[float, tuple[Tensor, Tensor]],
    stopped: tuple[Sequence[float], Tensor, Tensor],
) -> None:
    """Shows descent from the smoothed trap in its own time, and who takes the trap for the end.

    Args:
        curves: Smoothing h → (|λ| times time, (k,); losses, (k, runs)).
        stopped: h, the share of quasi-Newton runs that stop at the trap, its standard error.
    """
    left, right = grid(1, 2, (7.2, 3.4))
    minima.draw_rescaled(curves, left)
    minima.draw_shares(*stopped, "smoothing h", ax=right)
    right.set(xscale="log", ylim=(-0.05, 1.05), ylabel="share that stop at the trap")
    right.get_legend().remove()
    show(
        left,
        alt="Left: for four sizes of the rounding the loss stays at its start and then falls to "
        "zero, at nearly the same time if time is multiplied by the negative curvature. Right: the "
        "share of quasi-Newton runs that stop at the trap rises to one as the rounding shrinks.",
        caption="With the corners rounded off every run leaves the trap, after a time that grows "
        "like the inverse of the rounding (left); a routine with a fixed tolerance stops (right).",
        data={
            "Quasi-Newton": dict(
                zip(("h", "share that stop", "standard error"), stopped, strict=True)
            ),
            **{
                f"h = {h:g}": {"time": time, "median loss": losses.median(1).values}
                for h, (time, losses) in curves.items()
            },
        },
    )
