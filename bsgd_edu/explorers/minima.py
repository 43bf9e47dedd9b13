"""Explorers of chapter 9: a trap with corners, a bottleneck, and the way out of saddles."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from .. import nets, plot
from ..nets.deep_linear import escape, factor_gradients
from ..seeding import generator
from .base import Explorer, tabs

__all__ = [
    "Box",
    "Funnel",
    "Stairs",
    "bottleneck_runs",
    "box",
    "chapter",
    "climb_down",
    "funnel",
    "stairs",
    "trap_box",
    "trap_surface",
    "valley",
]

SINGULAR_VALUES = (3.0, 2.0, 1.0)  # of the matrix that the stairs lead to
_REAL = {"dtype": torch.float64}


def trap_surface(outer: Tensor, inner: Tensor) -> Tensor:
    """Returns points near the kink's trap, on a surface that holds a best point of every box.

    W₁ = [[1 − t, t], [y, x]], W₂ = [[y, 1 − t], [x, t]], x = min(t, 1/2t): the ones shrink by t,
    four zeros grow, and y cancels what would show outside the corner A₂₂.

    Args:
        outer: t (...); the box of radius r holds |t| ≤ r.
        inner: y (...).

    Returns:
        Points (..., 8).
    """
    grown = torch.where(outer > 0.5**0.5, 0.5 / outer.clamp(min=0.5**0.5), outer)
    shrunk = 1 - outer
    return torch.stack([shrunk, outer, inner, grown, inner, shrunk, grown, outer], -1)


class Box(NamedTuple):
    """The loss (m, k) around the trap at y (m,) and t (k,), and the best of a box."""

    outer: Tensor
    inner: Tensor
    loss: Tensor
    radius: float
    best: float
    place: tuple[float, float]


@lru_cache(maxsize=1)
def _surface() -> tuple[Tensor, Tensor, Tensor]:
    outer, inner = torch.linspace(-0.25, 1.05, 53, **_REAL), torch.linspace(-1, 1, 41, **_REAL)
    points = trap_surface(*torch.broadcast_tensors(outer, inner[:, None]))
    return outer, inner, nets.kink_trap()[0].loss(points)


def trap_box(radius: float) -> Box:
    """Returns the loss on the surface through the trap, and the best point within a radius.

    Args:
        radius: r in [0, 1].

    Returns:
        The surface, the least loss in the whole box, and a place (t, y) where it is taken.
    """
    place = (0.0, 0.0)
    if radius > 0.5:
        place = (radius, -min(radius, 0.5 / radius) * (1 - radius) / radius)
    return Box(*_surface(), radius, nets.kink_trap_value(radius), place)


def box() -> Explorer:
    """Returns the explorer of the box around the trap."""
    import ipywidgets as widgets

    radii = torch.linspace(0.02, 1.1, 109, **_REAL)
    theory = torch.tensor([nets.kink_trap_value(float(r)) for r in radii])

    def draw(result: Box):
        left, right = plot.grid(1, 2, (7.2, 3.4))
        *surface, radius, best, place = result
        plot.landscapes.draw_surface(*surface, [radius], place, ax=left)
        plot.minima.draw_best(radii, theory, {"this box": ([radius], [best])}, ax=right)
        return left

    def describe(result: Box) -> str:
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
        model=lambda radius: trap_box(round(radius, 2)),
        draw=draw,
        describe=describe,
    )


def valley(diagonal: Tensor, weight: float) -> Tensor:
    """Returns the least loss of `nets.bottleneck_trap` over rank-one matrices with a diagonal.

    Rank one means A₁₂A₂₁ = A₁₁A₂₂, so A₁₂² + A₂₁² ≥ 2|A₁₁A₂₂|: the convex loss is folded.

    Args:
        diagonal: (A₁₁, A₂₂), (..., 2).
        weight: K ≥ 0.

    Returns:
        (a − 1)² + (d − ½)² + 2K|ad|, (...).

    Example:
        >>> valley(torch.tensor([[0.0, 0.5], [1.0, 0.0]]), weight=4.0)
        tensor([1.0000, 0.2500])
    """
    a, d = diagonal.unbind(-1)
    return (a - 1).square() + (d - 0.5).square() + 2 * weight * (a * d).abs()


class Funnel(NamedTuple):
    """Descent through a bottleneck: its landscape, diagonals by step (steps, runs, 2), and ends."""

    weight: float
    x: Tensor
    y: Tensor
    loss: Tensor
    paths: Tensor
    stuck: Tensor


@lru_cache(maxsize=64)
def bottleneck_runs(weight: float, std: float) -> Funnel:
    """Returns 60 runs of gradient descent through the bottleneck.

    Args:
        weight: K > 0.
        std: σ of the normal starts.

    Returns:
        Their diagonals, and which end nearer to the bad diag(0, ½) than to diag(1, 0).
    """
    net, _ = nets.bottleneck_trap(weight)
    theta, lr = net.init(generator(0, "funnel"), (60,), std=std), 0.1 / max(1.0, weight)
    paths = [theta]
    for step in range(int(12 / lr)):
        theta = theta - lr * net.grad(theta)
        if step % int(0.2 / lr) == 0:
            paths.append(theta)
    diagonals = net.product(torch.stack([*paths, theta])).diagonal(dim1=-2, dim2=-1)
    poles = torch.tensor([[[0.0, 0.5]], [[1.0, 0.0]]], **_REAL)
    bad, good = torch.linalg.vector_norm(diagonals[-1] - poles, dim=-1)
    x, y = torch.linspace(-1, 1.6, 53, **_REAL), torch.linspace(-1, 1.4, 49, **_REAL)
    loss = valley(torch.stack(torch.broadcast_tensors(x, y[:, None]), -1), weight)
    return Funnel(weight, x, y, loss, diagonals, bad < good)


def funnel() -> Explorer:
    """Returns the explorer of the bottleneck."""
    import ipywidgets as widgets

    def draw(result: Funnel):
        left, right = plot.grid(1, 2, (7.2, 3.4))
        weight, *landscape = result
        plot.minima.draw_eigenvalues(torch.linspace(0, 6, 61, **_REAL), at=weight, ax=left)
        plot.landscapes.draw_valley(*landscape, ax=right)
        return left

    def describe(result: Funnel) -> str:
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
        model=lambda weight, std: bottleneck_runs(round(weight, 2), std),
        draw=draw,
        describe=describe,
    )


class Stairs(NamedTuple):
    """Losses of each descent, layer one's gradient after each escape, and where it all ended."""

    losses: tuple[Tensor, ...]
    pushes: tuple[float, ...]
    predicted: tuple[float, ...]
    theta: Tensor
    rank: int


@lru_cache(maxsize=128)
def climb_down(layers: int, size: float, presses: int) -> Stairs:
    """Returns what escapes and descents from the origin lead to, for f = ‖A − diag(3, 2, 1)‖².

    Each press makes the constructive escape, then gradient descent. At the origin, and at
    balanced saddles, the escape gives the first layer the gradient δ^{N−1}σ₁(∇f).

    Args:
        layers: N ≥ 2; hidden layers are one wider than the input.
        size: δ of the escape.
        presses: Number of escapes; those after the global minimum do nothing.

    Returns:
        Losses, gradients of the first layer and their prediction, the last point and its rank.
    """
    inside = len(SINGULAR_VALUES)
    target = torch.diag(torch.tensor(SINGULAR_VALUES, **_REAL))
    net = nets.DeepLinear([inside, *[inside + 1] * (layers - 1), inside], nets.squared_loss(target))
    if presses == 0:
        origin = torch.zeros(net.dim, **_REAL)
        return Stairs((net.loss(origin)[None],), (), (), origin, 0)
    before = climb_down(layers, size, presses - 1)
    slope = net.loss_of_product.gradient(net.product(before.theta))
    if slope.norm() < 1e-6:
        return before
    factors = escape(net.factors(before.theta), slope, size)
    push = float(factor_gradients(factors, slope)[0].norm())
    predicted = size ** (layers - 1) * float(torch.linalg.matrix_norm(slope, 2))
    theta, losses = net.flat(factors), []
    for _ in range(5000):
        losses.append(net.loss(theta))
        gradient = net.grad(theta)
        if gradient.norm() < 1e-9:
            break
        theta = theta - 0.03 * gradient
    rank = int((torch.linalg.svdvals(net.product(theta)) > 1e-3).sum())
    moved = (*before.losses, torch.stack(losses)), (*before.pushes, push)
    return Stairs(*moved, (*before.predicted, predicted), theta, rank)


def stairs() -> Explorer:
    """Returns the explorer with the escape button."""
    import ipywidgets as widgets

    def draw(result: Stairs):
        squares = torch.tensor(SINGULAR_VALUES).square()
        levels = [float(squares[rank:].sum()) for rank in range(len(squares) + 1)]
        return plot.minima.draw_stairs(result.losses, levels, ax=plot.axes(size=(7.2, 3.2)))

    def describe(result: Stairs) -> str:
        loss = abs(round(float(result.losses[-1][-1]), 3))
        here = f"Loss {loss:g}, product of rank {result.rank}. "
        told = (
            f"The last escape gave layer 1 a gradient of {result.pushes[-1]:.4g} (δ to the power "
            f"N − 1, times σ₁ of ∇f: {result.predicted[-1]:.4g})"
        )
        if result.rank == len(SINGULAR_VALUES):
            return f"{here}{told}. Now ∇f is zero: the global minimum, nothing to escape from."
        return f"{here}{told}. Descent stopped at the best matrix of this rank, a saddle: escape!"

    return Explorer(
        title="Escape, descend, escape",
        controls={
            "presses": widgets.Button(description="escape again", button_style="primary"),
            "layers": widgets.IntSlider(3, min=2, max=4, description="layers N"),
            "size": widgets.FloatSlider(0.3, min=0.15, max=0.6, step=0.05, description="size δ"),
        },
        model=lambda presses, layers, size: climb_down(layers, round(size, 2), presses + 1),
        draw=draw,
        describe=describe,
        height=320,
    )


def chapter():
    """Returns the three explorers of the chapter in tabs."""
    return tabs({"Trap": box(), "Bottleneck": funnel(), "Escape": stairs()})
