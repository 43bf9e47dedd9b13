"""Line integrals around loops: what tells a gradient field from one that has no potential."""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ..errors import DomainError, ShapeError
from ..maps import Map
from ..operators import end_to_end_direction

__all__ = [
    "circulation",
    "curl",
    "end_to_end_field",
    "half_annulus_circulation",
    "half_annulus_loop",
]


def circulation(field: Map, loop: Tensor, *, nodes: int = 8) -> Tensor:
    """Returns ∮ F·dx around a closed polygon; 0 for every loop exactly if F is a gradient field.

    Gauss–Legendre quadrature on each edge: exact for polynomials of degree 2·nodes − 1, so that
    for a smooth field what is left is that a polygon is not the curve it stands for. The edge
    from the last corner back to the first is added; writing the first corner twice is harmless.

    Args:
        field: Points (..., d) ↦ vectors (..., d).
        loop: Corners (..., n, d) in order, n ≥ 3; leading dimensions are loops of their own.
        nodes: Evaluations an edge, ≥ 1.

    Returns:
        (...), in units of field times length; the reversed loop has the negative.

    Raises:
        ShapeError: If there are fewer than three corners, or less than two coordinates.
        DomainError: If corners are not finite or all of a loop lie in one point, or nodes < 1.

    Example:
        >>> square = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])
        >>> turn = lambda x: torch.stack([-x[..., 1], x[..., 0]], -1)  # its curl is 2
        >>> circulation(turn, square)
        tensor(8.)
    """
    if loop.dim() < 2 or loop.shape[-2] < 3 or loop.shape[-1] < 2:
        raise ShapeError(
            "circulation: loop must hold three corners or more, (..., n ≥ 3, d ≥ 2), but it has "
            f"shape {tuple(loop.shape)}. A path there and back encloses nothing."
        )
    if nodes < 1:
        raise DomainError(f"circulation: nodes must be ≥ 1, but it is {nodes}. Pass 8.")
    edges = loop.roll(-1, -2) - loop
    degenerate = (edges == 0).all(-1).all(-1)
    if not loop.isfinite().all() or degenerate.any():
        raise DomainError(
            "circulation: corners must be finite and not all in one point, but "
            f"{int((~loop.isfinite()).sum())} coordinates are not finite and "
            f"{int(degenerate.sum())} of {degenerate.numel()} loops are one point. Correct them."
        )
    where, weights = (
        torch.as_tensor(part, dtype=loop.dtype, device=loop.device) for part in _gauss(nodes)
    )
    points = loop.unsqueeze(-2) + where.unsqueeze(-1) * edges.unsqueeze(-2)  # (..., n, nodes, d)
    along = (field(points) * edges.unsqueeze(-2)).sum(-1)
    return (along * weights).sum((-2, -1))


def curl(field: Map, points: Tensor) -> Tensor:
    """Returns ∂F_2/∂x_1 − ∂F_1/∂x_2 of a plane field: circulation per area of a small loop.

    Args:
        field: Points (..., 2) ↦ vectors (..., 2), differentiable by machine, each vector of its
            own point only.
        points: (..., 2).

    Returns:
        (...).

    Raises:
        ShapeError: If the points are not in the plane.

    Example:
        >>> curl(lambda x: torch.stack([-x[..., 1], x[..., 0]], -1), torch.ones(2))
        tensor(2.)
    """
    if points.shape[-1:] != (2,):
        raise ShapeError(
            f"curl: points must have shape (..., 2), but they have {tuple(points.shape)}. In more "
            "dimensions take the circulation around loops."
        )
    with torch.enable_grad():
        x = points.detach().clone().requires_grad_()
        first, second = field(x).unbind(-1)
        slopes = [
            torch.autograd.grad(
                part.sum(), x, retain_graph=True, allow_unused=True, materialize_grads=True
            )[0]
            if part.requires_grad
            else torch.zeros_like(x)
            for part in (first, second)
        ]
    return slopes[1][..., 0] - slopes[0][..., 1]


def end_to_end_field(gradient: Map, depth: int) -> Map:
    """Returns F, the direction in which depth N moves a vector, as a field.

    Args:
        gradient: w (..., d) ↦ gradient of the loss (..., d).
        depth: N ≥ 1.

    Returns:
        w (..., d) ↦ F(w) (..., d), see :func:`bsgd_edu.operators.end_to_end_direction`.

    Example:
        >>> field = end_to_end_field(lambda w: torch.ones_like(w), depth=2)
        >>> field(torch.tensor([4.0, 0.0]))
        tensor([8., 4.])
    """

    def field(w: Tensor) -> Tensor:
        rows = w.unsqueeze(-2), gradient(w).unsqueeze(-2)
        return end_to_end_direction(*rows, depth).squeeze(-2)

    return field


def half_annulus_loop(inner: float, outer: float, *, num_edges: int = 200) -> Tensor:
    """Returns the boundary of {r ≤ |x| ≤ R, x_2 ≥ 0}, counter-clockwise, as a polygon.

    Args:
        inner: r > 0.
        outer: R > r.
        num_edges: Edges of each arc, ≥ 1; the polygon's error falls as their square.

    Returns:
        Corners (2 num_edges + 2, 2), float64; first the inner end of the positive first axis.

    Raises:
        DomainError: If the radii are not 0 < r < R < ∞, or there is no edge.

    Example:
        >>> half_annulus_loop(1.0, 2.0, num_edges=1).round()
        tensor([[ 1.,  0.],
                [ 2.,  0.],
                [-2.,  0.],
                [-1.,  0.]], dtype=torch.float64)
    """
    _need_radii("half_annulus_loop", inner, outer)
    if num_edges < 1:
        raise DomainError(
            f"half_annulus_loop: num_edges must be ≥ 1, but it is {num_edges}. Pass 200."
        )
    angles = torch.linspace(0, math.pi, num_edges + 1, dtype=torch.float64)
    arc = torch.stack([angles.cos(), angles.sin()], -1)
    return torch.cat([inner * arc[:1], outer * arc, inner * arc.flip(0)[:-1]])


def half_annulus_circulation(depth: int, inner: float, outer: float) -> float:
    """Returns the circulation of the end-to-end direction of a linear loss around a half-annulus.

    For a constant unit gradient along the first axis, the direction of depth N in the plane has
    curl ((N−1)(N−2)/N) |w|^{1−2/N} sin θ; integrated, ((N−1)(N−2)/N) · 2(R^b − r^b)/b with
    b = 3 − 2/N. It is 0 for N = 1 and N = 2, where the direction is the gradient of w·g and of
    |w| w·g, and positive beyond: no regulariser, added to any loss, gives that descent.

    Args:
        depth: N ≥ 1.
        inner: r > 0.
        outer: R > r.

    Returns:
        The circulation around :func:`half_annulus_loop`, counter-clockwise.

    Raises:
        DomainError: If the depth is no integer ≥ 1, or the radii are not 0 < r < R < ∞.

    Example:
        >>> [round(half_annulus_circulation(n, 0.5, 1.0), 3) for n in (1, 2, 3, 4)]
        [0.0, 0.0, 0.458, 0.988]

    References:
        Arora, Cohen and Hazan (2018), On the optimization of deep networks: implicit acceleration
        by overparameterization, Theorem 2; the closed form is ours.
    """
    _need_radii("half_annulus_circulation", inner, outer)
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise DomainError(
            f"half_annulus_circulation: depth must be an integer ≥ 1, but it is {depth!r}. Pass 3."
        )
    power = 3 - 2 / depth
    strength = (depth - 1) * (depth - 2) / depth
    return strength * 2 * (outer**power - inner**power) / power


def _need_radii(name: str, inner: float, outer: float) -> None:
    if not 0 < inner < outer < math.inf:
        raise DomainError(
            f"{name}: radii must satisfy 0 < inner < outer < ∞, but they are {inner} and {outer}. "
            "Pass for example 0.5 and 1.0."
        )


@lru_cache(maxsize=8)
def _gauss(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre places and weights on [0, 1]."""
    where, weights = np.polynomial.legendre.leggauss(nodes)
    return (where + 1) / 2, weights / 2
