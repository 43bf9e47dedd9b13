"""Two small landscapes of deep linear networks in which the theorem's hypotheses fail.

A trap: two 2×2 layers and a loss with corners. A bottleneck: a smooth convex loss of matrices that
a hidden layer of width one holds to rank one. Both have bad local minima, known in closed form.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import DomainError
from .deep_linear import DeepLinear
from .product_losses import ProductLoss

__all__ = [
    "best_in_box",
    "bottleneck",
    "search_box",
    "trap",
    "trap_point",
    "trap_surface",
    "valley",
]

_REAL = {"dtype": torch.float64}


def trap(smoothing: float = 0.0) -> DeepLinear:
    """Returns two 2×2 layers with the loss Σ|A − e₂e₂ᵀ| of their product A.

    Args:
        smoothing: h ≥ 0; Huber's function replaces each |x| by x²/2h where |x| < h, and by
            |x| − h/2 elsewhere. 0 leaves the corners.

    Returns:
        The network; its least loss is 0.

    Example:
        >>> trap().loss(trap_point()), trap(0.5).loss(trap_point())
        (tensor(1., dtype=torch.float64), tensor(0.7500, dtype=torch.float64))
    """
    target = torch.tensor([[0.0, 0.0], [0.0, 1.0]], **_REAL)

    def value(matrix: Tensor) -> Tensor:
        gap = (matrix - target.to(matrix)).abs()
        if smoothing:
            inside = gap.square() / (2 * smoothing)
            gap = torch.where(gap < smoothing, inside, gap - smoothing / 2)
        return gap.sum((-2, -1))

    return DeepLinear([2, 2, 2], ProductLoss(value))


def trap_point() -> Tensor:
    """Returns the trap W₁ = e₁e₁ᵀ, W₂ = e₁e₂ᵀ as a flat point, (8,): its product is 0."""
    return torch.tensor([1.0, 0, 0, 0, 0, 1, 0, 0], **_REAL)


def best_in_box(radius: Tensor | float) -> Tensor:
    """Returns the least loss of :func:`trap` with every entry within r of the trap's.

    With A = W₂W₁ and q = ((1 − r)/r)²: 1 − min(2r², 1)(1 − q) between r = ½ and 1, which is
    3 − 4r up to r = √½ and q from there on; 1 below, 0 above. For A₂₂ ≤ 2r², and
    A₂₂ ≤ (|A₁₁| + |A₁₂| + |A₂₁|)/q as long as q ≤ 1.

    Args:
        radius: r ≥ 0, a number or a tensor.

    Returns:
        A tensor as the radius.

    Example:
        >>> best_in_box([0.3, 0.5, 0.6, 0.8, 1.0])
        tensor([1.0000, 1.0000, 0.6000, 0.0625, 0.0000], dtype=torch.float64)
    """
    r = torch.as_tensor(radius, **_REAL).clamp(0.5, 1.0)
    return 1 - (2 * r * r).clamp(max=1) * (1 - ((1 - r) / r).square())


def search_box(radius: float, starts: int, *, generator: torch.Generator) -> Tensor:
    """Returns the losses that a search in the box of radius r around the trap ends at.

    With one layer held, the loss is piecewise linear in the other, and a linear program finds its
    best place in the box exactly; the layers take turns until nothing is gained. Every second
    start is a corner of the box.

    Args:
        radius: r > 0.
        starts: How many.
        generator: Where starts are drawn.

    Returns:
        (starts,).

    Raises:
        DomainError: If the radius is not positive.
    """
    if not radius > 0:
        raise DomainError(
            f"search_box: radius must be > 0, but it is {radius}. In a box of radius 0 there is "
            "only the trap."
        )
    draws = 2 * torch.rand(starts, 2, 2, generator=generator, **_REAL).cpu() - 1
    draws[::2] = draws[::2].sign()
    first, second = trap().factors(trap_point())
    ends = []
    for draw in draws:
        upper, loss, before = second + radius * draw, 1e9, math.inf
        while before - loss > 1e-12:
            before = loss
            lower, _ = _best_layer(first, radius, lambda w, fixed=upper: fixed @ w)
            upper, loss = _best_layer(second, radius, lambda w, fixed=lower: w @ fixed)
        ends.append(loss)
    return torch.tensor(ends, **_REAL)


def _best_layer(
    centre: Tensor, radius: float, product: Callable[[Tensor], Tensor]
) -> tuple[Tensor, float]:
    """Minimises Σ|product(w) − e₂e₂ᵀ| over ‖w − centre‖_∞ ≤ radius: bounds t on eight sides."""
    import numpy as np
    from scipy.optimize import linprog

    units = torch.eye(4, **_REAL).view(4, 2, 2)
    rows = product(units).reshape(4, 4).T.numpy()  # entry of A against entry of w
    target, bound = np.array([0.0, 0.0, 0.0, 1.0]), np.eye(4)
    found = linprog(
        np.r_[np.zeros(4), np.ones(4)],
        A_ub=np.block([[rows, -bound], [-rows, -bound]]),
        b_ub=np.r_[target, -target],
        bounds=[(c - radius, c + radius) for c in centre.flatten().tolist()] + [(0, None)] * 4,
    )
    return torch.tensor(found.x[:4]).view(2, 2), float(found.fun)


def trap_surface(outer: Tensor, inner: Tensor) -> Tensor:
    """Returns points near the trap, on a surface that holds a best point of every box.

    W₁ = [[1 − t, t], [y, g]], W₂ = [[y, 1 − t], [g, t]], g = min(t, 1/2t): the ones shrink by t,
    four zeros grow, and y pays for what would show outside the corner A₂₂.

    Args:
        outer: t (...); the box of radius r holds |t| ≤ r.
        inner: y (...).

    Returns:
        Points (..., 8).
    """
    corner = torch.where(outer > 0.5**0.5, 0.5 / outer.clamp(min=0.5**0.5), outer)
    shrunk = 1 - outer
    return torch.stack([shrunk, outer, inner, corner, inner, shrunk, corner, outer], -1)


def bottleneck(weight: float, gap: float = 0.5, device: torch.device | str = "cpu") -> DeepLinear:
    """Returns widths 2–1–2 with f = (A₁₁ − 1)² + (A₂₂ − s)² + K(A₁₂² + A₂₁²).

    f is smooth and convex, but only products of rank one can be reached. diag(0, s) has loss 1
    and Hessian eigenvalues 2Ks ± 2, 0 and 4s in balanced factors: a local minimum beside the
    global one, diag(1, 0) with loss s², as soon as K s > 1.

    Args:
        weight: K > 0.
        gap: s in (0, 1).
        device: Where the loss's weights lie.

    Returns:
        The network.

    Example:
        >>> bottleneck(2.0).loss_of_product(torch.tensor([[0.0, 0.0], [0.0, 0.5]]))
        tensor(1., dtype=torch.float64)
    """
    target = torch.tensor([[1.0, 0.0], [0.0, gap]], device=device, **_REAL)
    weights = torch.tensor([[1.0, weight], [weight, 1.0]], device=device, **_REAL)
    return DeepLinear(
        [2, 1, 2],
        ProductLoss(
            lambda matrix: (weights * (matrix - target).square()).sum((-2, -1)),
            lambda matrix: 2 * weights * (matrix - target),
        ),
    )


def valley(diagonal: Tensor, weight: float, gap: float = 0.5) -> Tensor:
    """Returns the least bottleneck loss of a rank-one matrix with a given diagonal.

    Rank one means A₁₂A₂₁ = A₁₁A₂₂, so A₁₂² + A₂₁² ≥ 2|A₁₁A₂₂|: the convex loss is folded.

    Args:
        diagonal: (A₁₁, A₂₂), (..., 2).
        weight: K > 0.
        gap: s.

    Returns:
        (a − 1)² + (d − s)² + 2K|ad|, (...).

    Example:
        >>> valley(torch.tensor([[0.0, 0.5], [1.0, 0.0]]), weight=4.0)
        tensor([1.0000, 0.2500])
    """
    a, d = diagonal.unbind(-1)
    return (a - 1).square() + (d - gap).square() + 2 * weight * (a * d).abs()
