"""Explorers of chapter 9: a trap with corners, a bottleneck, and the way out of saddles."""

import torch

from ... import plot
from ...plot.explorer import Explorer, tabs
from . import figures, landscapes, runs, traps

__all__ = [
    "box",
    "chapter",
    "funnel",
    "stairs",
]

_REAL = {"dtype": torch.float64}


def box() -> Explorer:
    """Returns the explorer of the box around the trap."""
    import ipywidgets as widgets

    radii = torch.linspace(0.02, 1.1, 109, **_REAL)
    theory = torch.tensor([traps.kink_trap_value(float(r)) for r in radii])

    def draw(result: traps.Box):
        left, right = plot.grid(1, 2, (7.2, 3.4))
        *surface, radius, best, place = result
        landscapes.draw_surface(*surface, [radius], place, ax=left)
        figures.draw_best(radii, theory, {"this box": ([radius], [best])}, ax=right)
        return left

    def describe(result: traps.Box) -> str:
        told = f"Within {result.radius:.2f} of the trap the loss is nowhere below {result.best:.3g}"
        if result.radius <= 0.5:
            return f"{told}: no move inside the box gains anything, though 0 exists elsewhere."
        if result.radius >= 1:
            return f"{told}: the box reaches the global minimum, at the cross."
        piece = "3 − 4r" if result.radius <= 0.5**0.5 else "((1 − r)/r)²"
        return f"{told} = {piece}: the box has grown over the rim, and the cross marks its best."

    radius = widgets.FloatSlider(0.5, min=0.05, max=1.0, step=0.05, description="radius r")
    return Explorer(
        title="A local minimum that smooth losses cannot have",
        controls={"radius": radius},
        model=lambda radius: traps.trap_box(round(radius, 2)),
        draw=draw,
        describe=describe,
    )


def funnel() -> Explorer:
    """Returns the explorer of the bottleneck."""
    import ipywidgets as widgets

    def draw(result: traps.Funnel):
        left, right = plot.grid(1, 2, (7.2, 3.4))
        weight, *landscape = result
        figures.draw_eigenvalues(torch.linspace(0, 6, 61, **_REAL), at=weight, ax=left)
        landscapes.draw_valley(*landscape, ax=right)
        return left

    def describe(result: traps.Funnel) -> str:
        lowest, share = round(result.weight - 2, 6), int(result.stuck.sum())
        kind = "a saddle" if lowest < 0 else "on the border" if lowest == 0 else "a local minimum"
        return (
            f"diag(0, ½) is {kind}: its Hessian has the eigenvalue K − 2 = {lowest:.3g}. {share} "
            "of 60 runs end nearer to it than to the global minimum diag(1, 0)."
        )

    return Explorer(
        title="A bottleneck",
        controls={
            "weight": widgets.FloatSlider(4.0, min=0.5, max=6, step=0.1, description="K"),
            "std": widgets.SelectionSlider(
                options=[0.01, 0.03, 0.1, 0.3, 1.0], value=1.0, description="size σ of the start"
            ),
        },
        model=lambda weight, std: traps.bottleneck_runs(round(weight, 2), std),
        draw=draw,
        describe=describe,
    )


def stairs() -> Explorer:
    """Returns the explorer with the escape button."""
    import ipywidgets as widgets

    def draw(result: runs.Stairs):
        squares = torch.tensor(runs.SINGULAR_VALUES).square()
        levels = [float(squares[rank:].sum()) for rank in range(len(squares) + 1)]
        return figures.draw_stairs(result.losses, levels, ax=plot.axes(size=(7.2, 3.2)))

    def describe(result: runs.Stairs) -> str:
        loss = abs(round(float(result.losses[-1][-1]), 3))
        here = f"Loss {loss:g}, product of rank {result.rank}. "
        told = (
            f"The last escape gave layer 1 a gradient of {result.pushes[-1]:.4g} (δ to the power "
            f"N − 1, times σ₁ of ∇f: {result.predicted[-1]:.4g})"
        )
        if result.rank == len(runs.SINGULAR_VALUES):
            return f"{here}{told}. Now ∇f is zero: the global minimum, nothing to escape from."
        return f"{here}{told}. Descent stopped at the best matrix of this rank, a saddle: escape!"

    return Explorer(
        title="Escape, descend, escape",
        controls={
            "presses": widgets.Button(description="escape again", button_style="primary"),
            "layers": widgets.IntSlider(3, min=2, max=4, description="layers N"),
            "size": widgets.FloatSlider(0.3, min=0.15, max=0.6, step=0.05, description="size δ"),
        },
        model=lambda presses, layers, size: runs.climb_down(layers, round(size, 2), presses + 1),
        draw=draw,
        describe=describe,
        height=320,
    )


def chapter():
    """Returns the three explorers of the chapter in tabs."""
    return tabs({"Trap": box(), "Bottleneck": funnel(), "Escape": stairs()})
