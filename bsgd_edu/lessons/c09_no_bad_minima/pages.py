"""Chapter 9's figures as they stand on the page: panels, description, caption and data."""

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor

from ...estimates import Estimate
from ...plot.display import show
from ...plot.style import grid
from . import figures as minima
from . import landscapes, traps

__all__ = [
    "show_bottleneck",
    "show_one_number",
    "show_runs",
    "show_smoothed",
    "show_stairs",
    "show_trap",
]


def show_one_number(
    paths: Mapping[str, Tensor],
    sizes: Tensor,
    pushes: Mapping[int, Sequence[Tensor]],
    slope: float,
) -> None:
    """Shows descent for a product of two numbers, and what an escape gives for more of them.

    Args:
        paths: Label → (steps, 2), (w₁, w₂).
        sizes: δ, (k,).
        pushes: Number of layers N → the first layer's gradient after each escape.
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
            "Escapes": {
                "δ": sizes,
                **{f"N = {n}": torch.stack([*norms]) for n, norms in pushes.items()},
            },
            **{
                name: dict(zip(("w₁", "w₂"), path[:: max(1, len(path) // 25)].T, strict=True))
                for name, path in paths.items()
            },
        },
    )


def show_runs(
    steps: Mapping[str, Sequence[int]],
    gaps: Mapping[tuple[str, str], Tensor],
    *,
    only_best: Collection[str] = (),
) -> None:
    """Shows how far many runs are above the convex optimum, one panel a loss.

    Args:
        steps: Loss → when, (k,).
        gaps: (Loss, network) → loss minus optimum, (k, runs).
        only_best: Networks of which only the best run's end is shown, as a level.
    """
    curves = {run: gap for run, gap in gaps.items() if run[1] not in only_best}
    frames = grid(1, len(steps), (7.6, 3.9), sharey=True)
    for ax, loss in zip(frames, steps, strict=True):
        lines = {network: gap for (name, network), gap in curves.items() if name == loss}
        floors = {
            f"best of {network}": float(gap[-1].min())
            for (name, network), gap in gaps.items()
            if name == loss and network in only_best
        }
        minima.draw_gaps(steps[loss], lines, floors, ax)
        ax.set_title(loss)
        ax.set_xlim(0, steps[loss][-1])
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
            f"{loss}, {network}": {
                "step": steps[loss],
                "best": gap.amin(1),
                "median": gap.median(1).values,
                "worst": gap.amax(1),
            }
            for (loss, network), gap in curves.items()
        },
    )


def show_stairs(
    losses: Sequence[Tensor], times: Sequence[int], small: Tensor, levels: Sequence[float]
) -> None:
    """Shows escapes and descents from the origin, and ten runs from small random starts.

    Args:
        losses: One row of losses a descent.
        times: Steps of the random runs, (k,).
        small: Their losses, (k, runs); the first ten are shown.
        levels: The least losses of rank 0, 1, 2, …
    """
    left, right = grid(1, 2, (7.2, 3.6), sharey=True)
    small = small[:, :10]
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
    eigenvalues: Mapping[float, Tensor],
    landscape: tuple[float, Tensor, Tensor, Tensor, Tensor, Tensor],
    shares: Mapping[float, Estimate],
    small: Mapping[float, Estimate],
) -> None:
    """Shows a bad local minimum behind a bottleneck, and who ends in it.

    Args:
        eigenvalues: K → Hessian eigenvalues at diag(0, ½), (4,).
        landscape: What `traps.bottleneck_runs` gives: K, then the arguments of
            `landscapes.draw_valley`.
        shares: K → the share of stuck runs.
        small: Size of the start → the share at one K, the largest first.
    """
    frames = grid(2, 2, (7.2, 6.6))
    prices = torch.linspace(0, 1.05 * max(eigenvalues), 50)
    minima.draw_eigenvalues(prices, eigenvalues, ax=frames[0])
    landscapes.draw_valley(*landscape[1:], ax=frames[1])
    minima.draw_shares(shares, "price K of the off-diagonal", threshold=2.0, ax=frames[2])
    sizes = torch.tensor([*small], dtype=torch.float64)
    means = torch.stack([share.mean for share in small.values()])
    law = sizes, sizes * (means[1:].sum() / sizes[1:].sum())  # the largest start saturates
    minima.draw_shares(small, "size σ of the start", law=law, ax=frames[3])
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
                "K": [*eigenvalues],
                **{
                    f"eigenvalue {i}": column
                    for i, column in enumerate(torch.stack([*eigenvalues.values()]).T, 1)
                },
            },
            "Stuck": _columns("K", shares),
            "Stuck, small starts": _columns("σ", small),
        },
    )


def show_trap(
    box: tuple[Tensor, Tensor, Tensor, float, float, tuple[float, float]],
    lowest: Mapping[float, Tensor],
) -> None:
    """Shows the loss around the kink's trap, and the least loss within a radius.

    Args:
        box: What `traps.trap_box` gives: t, y, the loss, a radius > ½, the least loss
            within, the place (t, y) of it. The box of radius ½ is drawn too.
        lowest: Radius → the least loss that a search found.
    """
    *surface, radius, _, place = box
    left, right = grid(1, 2, (7.2, 3.8))
    landscapes.draw_surface(*surface, [0.5, radius], place, ax=left)
    fine = torch.linspace(0.02, 1.1, 109, dtype=torch.float64)
    theory = torch.tensor([traps.kink_trap_value(float(r)) for r in fine])
    radii, losses = [*lowest], torch.stack([*lowest.values()])
    minima.draw_best(fine, theory, {"search": (radii, losses)}, right)
    show(
        left,
        alt="Left: level lines with corners around the trap; inside the smaller box no place is "
        "lower than the trap, the larger box reaches over a rim into a deep valley. Right: the "
        "least loss in a box stays at one up to radius one half, falls along a straight line and "
        "then along a curve to zero; markers of a search lie on the line of the theory.",
        caption="A local minimum of the absolute error. Left: a surface through it that holds "
        "a best point of every box. Right: the least loss with every entry within r of the trap's.",
        data={
            "Search": {"r": radii, "least loss": losses},
            "Theory": {"r": fine, "least loss": theory},
        },
    )


def show_smoothed(
    curves: Mapping[float, tuple[Tensor, Tensor]], stopped: Mapping[float, Estimate]
) -> None:
    """Shows descent from the smoothed trap in its own time, and who takes the trap for the end.

    Args:
        curves: Smoothing h → (|λ| times time, (k,); losses, (k, runs)), a `runs.Fall`.
        stopped: h → the share of quasi-Newton runs that stop at the trap.
    """
    left, right = grid(1, 2, (7.2, 3.4))
    minima.draw_rescaled(curves, left)
    minima.draw_shares(stopped, "smoothing h", ax=right)
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
            "Quasi-Newton": _columns("h", stopped, "share that stop"),
            **{
                f"h = {h:g}": {"time": time, "median loss": losses.median(1).values}
                for h, (time, losses) in curves.items()
            },
        },
    )


def _columns(
    abscissa: str, shares: Mapping[float, Estimate], name: str = "share"
) -> dict[str, list[float]]:
    """The columns of a table of estimates."""
    return {
        abscissa: [*shares],
        name: [float(share.mean) for share in shares.values()],
        "standard error": [float(share.stderr) for share in shares.values()],
    }
