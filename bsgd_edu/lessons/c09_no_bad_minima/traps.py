"""Deep linear networks that do have bad local minima: each drops one assumption of the theorem.

Every hidden layer as wide as the input or the output, and a differentiable convex loss, leave no
local minimum but the global ones. A kink in the loss, or a bottleneck in the net, is enough.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ...errors import DomainError
from ...nets.deep_linear import DeepLinear
from ...nets.product_losses import huber_loss, squared_loss
from ...seeding import generator

__all__ = [
    "Box",
    "Funnel",
    "bottleneck_runs",
    "bottleneck_trap",
    "kink_trap",
    "kink_trap_value",
    "trap_box",
    "trap_surface",
    "valley",
]

_REAL = {"dtype": torch.float64}


def kink_trap(delta: float = 0.0) -> tuple[DeepLinear, Tensor]:
    """Returns a net with a wide hidden layer and the point where the absolute error traps it.

    f(A) = Σ|A − e_2 e_2ᵀ| on 2×2 matrices, W_1 = e_1 e_1ᵀ, W_2 = e_1 e_2ᵀ: the product is 0, the
    loss 1, the global minimum 0. With p = (W_1)_11, q = (W_2)_12, b = (W_1)_12, c = (W_2)_22:
    A_22 = (b/p) A_21 + (c/q) A_12 − (bc/(pq)) A_11. Within sup-norm ½ of the point no factor
    exceeds 1, so that what A_22 gains the other entries lose.

    Args:
        delta: δ ≥ 0 of `huber_loss`: 0 for the kink, more to round it off. The point is critical
            then, and no local minimum.

    Returns:
        The net of widths (2, 2, 2) and the point (8,), float64.

    Raises:
        DomainError: If δ is negative or not finite.

    Example:
        >>> net, theta = kink_trap()
        >>> net.loss(theta), net.product(theta).norm()
        (tensor(1., dtype=torch.float64), tensor(0., dtype=torch.float64))

    References:
        Laurent and von Brecht (2018), Deep linear networks with arbitrary loss: all local minima
        are global, on sharpness; this instance is ours.
    """
    target = torch.diag(torch.tensor([0.0, 1.0], dtype=torch.float64))
    theta = torch.tensor([1.0, 0, 0, 0, 0, 1, 0, 0], dtype=torch.float64)
    return DeepLinear([2, 2, 2], huber_loss(target, delta)), theta


def kink_trap_value(radius: float) -> float:
    """Returns the least loss within sup-norm r of the point of :func:`kink_trap` (δ = 0).

    1 up to r = ½, then 3 − 4r up to 1/√2, then ((1 − r)/r)², and 0 from r = 1 on. Lower bound
    beyond ½: A_22 ≤ (r/(1−r))² (|A_11| + |A_12| + |A_21|) and A_22 ≤ 2r². It is attained at
    W_1 = [[1−r, r], [y, x]], W_2 = [[y, 1−r], [x, r]], x = min(r, 1/(2r)), y = −(1−r) x/r.

    Args:
        radius: r ≥ 0.

    Returns:
        The value in [0, 1].

    Raises:
        DomainError: If r is negative or not a number.

    Example:
        >>> [round(kink_trap_value(r), 2) for r in (0.3, 0.5, 0.6, 0.75, 1.0)]
        [1.0, 1.0, 0.6, 0.11, 0.0]
    """
    if not radius >= 0:
        raise DomainError(
            f"kink_trap_value: radius must be ≥ 0, but it is {radius}. Pass for example 0.5."
        )
    if radius <= 0.5:
        return 1.0
    if radius <= math.sqrt(0.5):
        return 3 - 4 * radius
    return ((1 - radius) / radius) ** 2 if radius < 1 else 0.0


def bottleneck_trap(coupling: float) -> tuple[DeepLinear, Tensor]:
    """Returns a net with one hidden unit and its bad local minimum, for couplings above 2.

    f(A) = (A_11 − 1)² + (A_22 − ½)² + K (A_12² + A_21²), smooth and convex, through widths
    (2, 1, 2). The global minimum ¼ lies at diag(1, 0) for K ≥ ½. At A = diag(0, ½) the
    loss is 1; the Hessian has the eigenvalues K − 2, 0 (rescaling the factors), 2 and K + 2.

    Args:
        coupling: K ≥ 0.

    Returns:
        The net and the point (4,), balanced, float64.

    Raises:
        DomainError: If K is negative or not finite.

    Example:
        >>> net, theta = bottleneck_trap(2.5)
        >>> net.loss(theta), net.grad(theta).norm() < 1e-12
        (tensor(1., dtype=torch.float64), tensor(True))

    References:
        Laurent and von Brecht (2018) need widths without a bottleneck; the instance is ours.
    """
    if not 0 <= coupling < math.inf:
        raise DomainError(
            f"bottleneck_trap: coupling must be ≥ 0 and finite, but it is {coupling}. The trap "
            "closes above 2: pass for example 2.1."
        )
    weights = torch.tensor([[1.0, coupling], [coupling, 1.0]], dtype=torch.float64)
    target = torch.diag(torch.tensor([1.0, 0.5], dtype=torch.float64))
    theta = torch.tensor([0.0, 0.5, 0.0, 0.5], dtype=torch.float64)
    theta = theta * math.sqrt(2)  # both factors carry √½ in their second entry
    return DeepLinear([2, 1, 2], squared_loss(target, weights)), theta


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
    return outer, inner, kink_trap()[0].loss(points)


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
    return Box(*_surface(), radius, kink_trap_value(radius), place)


def valley(diagonal: Tensor, weight: float) -> Tensor:
    """Returns the least loss of `traps.bottleneck_trap` over rank-one matrices with a diagonal.

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
    net, _ = bottleneck_trap(weight)
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
