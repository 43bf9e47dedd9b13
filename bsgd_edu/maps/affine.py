"""Affine maps, and their orbits in closed form."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import ShapeError

__all__ = ["AffineMap"]


class AffineMap(NamedTuple):
    """x ↦ matrix · x + offset. Least-squares SGD is exactly this.

    With a leading axis of length N, one AffineMap stands for a sequence of N maps, and the orbit
    functions take it wherever they take a sequence.

    Args:
        matrix: (..., d, d).
        offset: (..., d).

    Example:
        >>> halve = AffineMap(torch.tensor([[0.5]]), torch.tensor([1.0]))
        >>> halve(torch.tensor([8.0]))
        tensor([5.])
        >>> halve.after(halve)(torch.tensor([8.0]))
        tensor([3.5000])
    """

    matrix: Tensor
    offset: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Returns the image of points (..., d)."""
        if self.matrix.dim() == 2:
            return x @ self.matrix.mT + self.offset
        return (self.matrix @ x.unsqueeze(-1)).squeeze(-1) + self.offset

    def after(self, inner: "AffineMap") -> "AffineMap":
        """Returns self ∘ inner, again affine."""
        return AffineMap(self.matrix @ inner.matrix, self(inner.offset))

    def unbind(self) -> list["AffineMap"]:
        """Takes a batch of maps apart along its leading axis."""
        if self.matrix.dim() < 3:
            raise ShapeError(
                "AffineMap: a sequence of maps must have a leading axis, but matrix has shape "
                f"{tuple(self.matrix.shape)}. Pass [map] for a single one."
            )
        return [AffineMap(a, b) for a, b in zip(self.matrix, self.offset, strict=True)]


def taken_apart(maps: Sequence | AffineMap) -> Sequence:
    """Returns a plain sequence of maps: a batched AffineMap is taken apart."""
    return maps.unbind() if isinstance(maps, AffineMap) else maps


def scan_pays(maps: Sequence | AffineMap) -> bool:
    """Whether log N products of N d×d matrices cost less than N²/2 products with a vector."""
    if not isinstance(maps, AffineMap):
        return False
    count, dim = maps.matrix.shape[0], maps.matrix.shape[-1]
    return dim == 1 or dim * math.log2(max(count, 2)) < count / 2


def affine_backward(maps: AffineMap, x0: Tensor) -> Tensor:
    """y_n = x_0 + Σ_{k ≤ n} A_1 … A_{k−1} (T_k x_0 − x_0), for n = 0..N."""
    matrix, offset = _broadcast(maps, x0)
    moves = _apply(matrix, x0) + offset - x0
    before = _prefix_products(matrix[:-1])
    steps = torch.cat([moves[:1], _apply(before, moves[1:])])
    return torch.cat([x0.expand(steps[:1].shape), x0 + steps.cumsum(0)])


def affine_forward(maps: AffineMap, x0: Tensor) -> Tensor:
    """The compositions (A, b) of the first n maps, each round doubling their reach."""
    matrix, offset = _broadcast(maps, x0)
    shift = 1
    while shift < len(matrix):
        older, newer = matrix[:-shift], matrix[shift:]
        reached = _apply(newer, offset[:-shift]) + offset[shift:]
        offset = torch.cat([offset[:shift], reached])
        matrix = torch.cat([matrix[:shift], newer @ older])
        shift *= 2
    points = _apply(matrix, x0) + offset
    return torch.cat([x0.expand(points[:1].shape), points])


def _prefix_products(factors: Tensor) -> Tensor:
    """A_1 … A_n for n = 1..N, in log₂ N batched rounds."""
    if factors.shape[-1] == 1:
        return factors.cumprod(0)
    shift = 1
    while shift < len(factors):
        factors = torch.cat([factors[:shift], factors[:-shift] @ factors[shift:]])
        shift *= 2
    return factors


def _apply(matrix: Tensor, x: Tensor) -> Tensor:
    if matrix.shape[-1] == 1:
        return matrix.squeeze(-1) * x
    return (matrix @ x.unsqueeze(-1)).squeeze(-1)


def _broadcast(maps: AffineMap, x0: Tensor) -> AffineMap:
    """Gives the maps the replica dimensions of the points."""
    missing = x0.dim() + 2 - maps.matrix.dim()
    if missing <= 0:
        return maps
    return AffineMap(
        maps.matrix.unflatten(0, (-1, *[1] * missing)),
        maps.offset.unflatten(0, (-1, *[1] * missing)),
    )
