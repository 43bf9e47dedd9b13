"""Hyperbolic space of curvature −1 as ball and as hyperboloid.

Both distances come from sinh²(d/2), for which each model has a formula without cancellation
(arccosh(1 + small) has none: it forgets every distance below 1e-8).
"""

import math

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_shape
from ..tensors import bounds, require_entries, require_finite, require_points, require_real
from . import exact
from .points import norm, root

__all__ = [
    "hyperboloid_distance",
    "matrix_to_hyperboloid",
    "mobius_add",
    "poincare_distance",
    "to_hyperboloid",
    "to_poincare",
]

# Products of two coordinates must fit a float64.
_FARTHEST = 1e150


def rim_gap(function: str, name: str, x: Tensor) -> Tensor:
    """Returns 1 − |x|² > 0 to full relative accuracy for points (..., d) of the open ball."""
    require_real(function, name, x)
    plain = 1 - x.square().sum(-1)
    with torch.no_grad():
        double = x.double()
        square, error = exact.two_product(double, double)
        one = torch.ones_like(double[..., :1])
        gap = sum(exact.total(torch.cat([one, -square, -error], -1))).to(x.dtype)
    low, _ = bounds(gap)
    if not low > 0:  # NaN included
        rule = f"{name} must lie inside the unit ball, so that 1 − |x|² > 0"
        remedy = "The number is 1 − |x|². Shrink the point, or use hyperboloid_distance far out."
        require_entries(gap > 0, function, rule, gap, remedy)
    return plain + (gap - plain).detach()


def poincare_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns the hyperbolic distance in the unit ball, of curvature −1.

    sinh(d/2) = |x − y| / √((1 − |x|²)(1 − |y|²)). Möbius maps of the ball are its isometries; a
    holomorphic map of the disc to itself never expands it (Schwarz–Pick).

    Args:
        x: Points (..., d) with |x| < 1.
        y: Points (..., d) with |y| < 1; leading dims broadcast.

    Returns:
        Distances (...) ≥ 0, accurate up to the last float before the rim.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If a point is not inside the ball.

    Example:
        >>> x, y = torch.tensor([0.0, 0.0]), torch.tensor([0.0, 0.6])
        >>> poincare_distance(x, y).exp()
        tensor(4.)

    References:
        Ratcliffe (2019), Foundations of Hyperbolic Manifolds, Theorem 4.5.1.
    """
    require_points("poincare_distance", {"x": x, "y": y})
    gap_x = rim_gap("poincare_distance", "x", x)
    gap_y = rim_gap("poincare_distance", "y", y)
    return 2 * (norm(x - y) / gap_x.sqrt() / gap_y.sqrt()).asinh()


def mobius_add(x: Tensor, y: Tensor) -> Tensor:
    """Returns x ⊕ y in the unit ball: the isometry that carries the origin to x, applied to y.

    x ⊕ y = ((1 + 2x·y + |y|²)x + (1 − |x|²)y) / (1 + 2x·y + |x|²|y|²); in the disc this is
    (x + y)/(1 + x̄y). It is not commutative, and −x ⊕ (x ⊕ y) = y.

    Args:
        x: Points (..., d) with |x| < 1.
        y: Points (..., d) with |y| < 1; leading dims broadcast.

    Returns:
        Points (..., d), which round-off can put on the rim if both are far out.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If a point is not inside the ball.

    Example:
        >>> mobius_add(torch.tensor([0.5]), torch.tensor([0.5]))
        tensor([0.8000])

    References:
        Ungar (2008), Analytic Hyperbolic Geometry, Section 3.4.
    """
    require_points("mobius_add", {"x": x, "y": y})
    gap_x, gap_y = (rim_gap("mobius_add", n, p)[..., None] for n, p in (("x", x), ("y", y)))
    inner = (x * y).sum(-1, keepdim=True)
    # 1 + 2x·y + |x|²|y|² = |x + y|² + (1 − |x|²)(1 − |y|²): a sum of positive numbers.
    below = (x + y).square().sum(-1, keepdim=True) + gap_x * gap_y
    return ((2 + 2 * inner - gap_y) * x + gap_x * y) / below


def to_hyperboloid(x: Tensor) -> Tensor:
    """Returns the hyperboloid point over a point of the unit ball.

    (1 + |x|², 2x) / (1 − |x|²): an isometry to {−x_0² + |a|² = −1, x_0 > 0}.

    Args:
        x: Points (..., d) with |x| < 1.

    Returns:
        Points (..., d + 1), the time coordinate x_0 ≥ 1 first.

    Raises:
        DomainError: If a point is not inside the ball.

    Example:
        >>> to_hyperboloid(torch.tensor([0.5]))
        tensor([1.6667, 1.3333])
    """
    require_points("to_hyperboloid", {"x": x})
    gap = rim_gap("to_hyperboloid", "x", x)[..., None]
    return torch.cat([(2 - gap) / gap, 2 * x / gap], -1)


def to_poincare(x: Tensor) -> Tensor:
    """Returns the point of the unit ball under a point of the hyperboloid.

    a / (1 + x_0) for the point (x_0, a), the inverse of :func:`to_hyperboloid`.

    Args:
        x: Points (..., d + 1), the time coordinate first.

    Returns:
        Points (..., d); those farther than about 37 from the origin round to the rim.

    Raises:
        ShapeError: If there is no space coordinate.
        DomainError: If a point is not on the hyperboloid.

    Example:
        >>> to_poincare(torch.tensor([1.25, 0.75]))
        tensor([0.3333])
    """
    space = space_part("to_poincare", "x", x)
    return space / (1 + (1 + norm(space).square()).sqrt())[..., None]


def hyperboloid_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns the hyperbolic distance on the hyperboloid, of curvature −1.

    cosh d = x_0 y_0 − a·b for the points (x_0, a), (y_0, b). In polar form nothing cancels:
    sinh²(d/2) = sinh²((r − s)/2) + (|a||b| − a·b)/2 with |a| = sinh r, |b| = sinh s, and
    |a|²|b|² − (a·b)² = Σ_{i<j} (a_i b_j − a_j b_i)² (Lagrange), d²/2 numbers in d dimensions.
    Only a and b are read: the rounding of x_0 would move a point that is far out.

    Args:
        x: Points (..., d + 1), the time coordinate first.
        y: Points (..., d + 1); leading dims broadcast.

    Returns:
        Distances (...) ≥ 0.

    Raises:
        ShapeError: If the shapes do not fit, or there is no space coordinate.
        DomainError: If a point is not on the hyperboloid, or a coordinate exceeds 1e150.

    Example:
        >>> x, y = torch.tensor([1.25, 0.75]), torch.tensor([1.25, -0.75])
        >>> hyperboloid_distance(x, y).exp()
        tensor(4.)

    References:
        Ratcliffe (2019), Foundations of Hyperbolic Manifolds, Section 3.2.
    """
    require_points("hyperboloid_distance", {"x": x, "y": y})
    a = space_part("hyperboloid_distance", "x", x).double()
    b = space_part("hyperboloid_distance", "y", y).double()
    a, b = torch.broadcast_tensors(a, b)
    far_a, far_b, inner = norm(a), norm(b), (a * b).sum(-1)
    lift = far_a * (1 + far_b.square()).sqrt() + far_b * (1 + far_a.square()).sqrt()
    # sinh(r − s) = (|a|² − |b|²)/(|a|y_0 + |b|x_0); the numerator is (a − b)·(a + b).
    radial = (((a - b) / torch.where(lift > 0, lift, 1)[..., None]) * (a + b)).sum(-1).asinh()
    # |a||b| − a·b directly where the two numbers add up, by the minors where they cancel.
    same_side = inner > 0
    divisor = torch.where(same_side, far_a * far_b + inner, 1).sqrt()
    apart = root(torch.where(same_side, 0, far_a * far_b - inner))
    turned = torch.where(same_side, norm(_minors(a, b) / divisor[..., None]), apart)
    half = norm(torch.stack([(radial / 2).sinh(), turned / math.sqrt(2)], -1))
    return (2 * half.asinh()).to(torch.promote_types(x.dtype, y.dtype))


def _minors(a: Tensor, b: Tensor) -> Tensor:
    """a_i b_j − a_j b_i for i < j (one zero if there is no pair), each to full precision."""
    i, j = torch.triu_indices(a.shape[-1], a.shape[-1], 1, device=a.device)
    if len(i) == 0:
        return 0 * a
    plain = a[..., i] * b[..., j] - a[..., j] * b[..., i]
    with torch.no_grad():
        left, left_error = exact.two_product(a[..., i], b[..., j])
        right, right_error = exact.two_product(a[..., j], b[..., i])
        precise = sum(exact.total(torch.stack([left, -right, left_error, -right_error], -1)))
    return plain + (precise - plain).detach()


def space_part(function: str, name: str, x: Tensor) -> Tensor:
    """Returns a of the point (x_0, a), once it lies on the hyperboloid up to round-off."""
    require_real(function, name, x)
    require(
        x.dim() >= 1 and x.shape[-1] >= 2,
        function,
        f"{name} must have shape (..., d + 1) with d ≥ 1",
        lambda: f"its shape is {tuple(x.shape)}",
        "The time coordinate comes first; to_hyperboloid adds it.",
        ShapeError,
    )
    time, space = x.detach()[..., 0], x[..., 1:]
    if not bounds(time)[1] <= _FARTHEST:
        rule = f"{name} must have coordinates up to {_FARTHEST:.0e}"
        remedy = "Points that far out differ in direction only; compare their Busemann functions."
        require_entries(time <= _FARTHEST, function, rule, time, remedy)
    shell = (1 + norm(space.detach()).square()).sqrt()
    # Rounding of the coordinates moves a point by ε x_0 off the shell, a few maps by more.
    off = (time / shell - 1).abs()
    _, high = bounds(off)
    tolerance = math.sqrt(torch.finfo(x.dtype).eps)
    if not high <= tolerance:
        shell_rule = f"x_0 = √(1 + |a|²) up to a relative {tolerance:.1g}"
        rule = f"{name} must lie on the hyperboloid, {shell_rule}"
        remedy = (
            "The number is x_0/√(1 + |a|²). Recompute x_0, or make the point by to_hyperboloid."
        )
        require_entries(off <= tolerance, function, rule, time / shell, remedy)
    return space


def matrix_to_hyperboloid(matrix: Tensor, log_abs_det: Tensor | None = None) -> Tensor:
    """Returns where an invertible 2×2 matrix g carries the base point of the hyperbolic plane.

    The symmetric matrix g gᵀ/|det g| has determinant 1: [[x_0 + a_1, a_2], [a_2, x_0 − a_1]]
    with x_0² − a_1² − a_2² = 1. The distance from the base point (1, 0, 0) is log σ_1/σ_2, and
    multiplying on the left, g ↦ hg, is an isometry.

    Args:
        matrix: g, (..., 2, 2).
        log_abs_det: log |det g|, (...); computed if not given, which loses all digits for a
            long product: sum the factors' own.

    Returns:
        Points (..., 3), the time coordinate first.

    Raises:
        ShapeError: If the matrices are not 2×2.
        DomainError: If an entry is not finite, or a matrix is singular.

    Example:
        >>> matrix_to_hyperboloid(torch.diag(torch.tensor([2.0, 1.0])))
        tensor([1.2500, 0.7500, 0.0000])
    """
    require_real("matrix_to_hyperboloid", "matrix", matrix)
    remedy = "The hyperbolic plane is the case n = 2 of the SPD matrices."
    require_shape("matrix_to_hyperboloid", "matrix", matrix, (..., 2, 2), remedy)
    require_finite("matrix_to_hyperboloid", "matrix", matrix)
    if log_abs_det is None:
        (a, b), (c, d) = (row.unbind(-1) for row in matrix.unbind(-2))
        log_abs_det = (a * d - b * c).abs().log()
    remedy = "A singular matrix has no point; pass log_abs_det for a long product."
    require_finite("matrix_to_hyperboloid", "log |det matrix|", log_abs_det, remedy)
    g = matrix * (-log_abs_det / 2).exp()[..., None, None]
    first, second = g.unbind(-2)
    along = (first - second) * (first + second) / 2
    space = torch.stack([along.sum(-1), (first * second).sum(-1)], -1)
    return torch.cat([(1 + norm(space).square()).sqrt()[..., None], space], -1)
