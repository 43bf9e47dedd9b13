"""Line integrals around loops: what tells a gradient field from one that has no potential."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ..errors import ShapeError, require, require_integer, require_shape
from ..maps import Map
from ..operators import end_to_end_direction

__all__ = [
    "circulation",
    "curl",
    "end_to_end_field",
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
    require(
        loop.dim() >= 2 and loop.shape[-2] >= 3 and loop.shape[-1] >= 2,
        "circulation",
        "loop must hold three corners or more, (..., n ≥ 3, d ≥ 2)",
        lambda: f"its shape is {tuple(loop.shape)}",
        "A path there and back encloses nothing.",
        ShapeError,
    )
    require_integer("circulation", "nodes", nodes, at_least=1, remedy="Pass 8.")
    edges = loop.roll(-1, -2) - loop
    degenerate = (edges == 0).all(-1).all(-1)
    require(
        loop.isfinite().all() and not degenerate.any(),
        "circulation",
        "corners must be finite and not all in one point",
        lambda: (
            f"{int((~loop.isfinite()).sum())} coordinates are not finite and "
            f"{int(degenerate.sum())} of {degenerate.numel()} loops are one point"
        ),
        "Correct them.",
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
    remedy = "In more dimensions take the circulation around loops."
    require_shape("curl", "points", points, (..., 2), remedy)
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


@lru_cache(maxsize=8)
def _gauss(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre places and weights on [0, 1]."""
    where, weights = np.polynomial.legendre.leggauss(nodes)
    return (where + 1) / 2, weights / 2
