"""Affine maps, and their orbits in closed form."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import ShapeError, require

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
        _batched(self)
        return [AffineMap(a, b) for a, b in zip(self.matrix, self.offset, strict=True)]


def taken_apart(maps: Sequence | AffineMap) -> Sequence:
    """Returns a plain sequence of maps: a batched AffineMap is taken apart."""
    return maps.unbind() if isinstance(maps, AffineMap) else maps


def number_of(maps: Sequence | AffineMap) -> int:
    """Returns how many maps a sequence holds: for an AffineMap its leading axis, not its fields."""
    return len(_batched(maps).matrix if isinstance(maps, AffineMap) else maps)


def spread(maps: Sequence | AffineMap, x0: Tensor) -> Tensor:
    """Returns the start (..., d), once for each replica that an AffineMap brings along."""
    if not isinstance(maps, AffineMap):
        return x0
    lead = (maps.matrix.shape[1:-2], maps.offset.shape[1:-1], x0.shape[:-1])
    dims = {maps.matrix.shape[-1], maps.offset.shape[-1], *x0.shape[-1:]}
    if len(dims) == 1 and x0.dim() and not any(lead):
        return x0  # no replicas anywhere: the common case, at no cost
    try:
        shape = (*torch.broadcast_shapes(*lead), *dims)
    except RuntimeError:
        shape = ()
    matrix, offset = (tuple(part.shape) for part in maps)
    require(
        len(dims) == 1 and shape and x0.dim(),
        "AffineMap",
        "matrix (N, ..., d, d), offset (N, ..., d) and points (..., d) must fit each other",
        f"their shapes are {matrix}, {offset} and {tuple(x0.shape)}",
        "Give them one d, and replicas that broadcast.",
        ShapeError,
    )
    return x0.expand(shape)


def scan_pays(maps: Sequence | AffineMap, max_bytes: int | None = None) -> bool:
    """Whether log N products of N d×d matrices cost less than N²/2 products with a vector.

    A scan holds all N products at once, twice while it joins them: `max_bytes` may forbid that.
    """
    if not isinstance(maps, AffineMap):
        return False
    matrix = maps.matrix
    if max_bytes is not None and 2 * matrix.numel() * matrix.element_size() > max_bytes:
        return False
    count, dim = len(matrix), matrix.shape[-1]
    return dim == 1 or dim * math.log2(max(count, 2)) < count / 2


def affine_backward(maps: AffineMap, x0: Tensor) -> Tensor:
    """y_n = x_0 + Σ_{k ≤ n} A_1 … A_{k−1} (T_k x_0 − x_0), for n = 0..N."""
    matrix, offset = _aligned(maps, x0)
    moves = _apply(matrix, x0) + offset - x0
    before = _prefix_products(matrix[:-1])
    steps = torch.cat([moves[:1], _apply(before, moves[1:])])
    return torch.cat([x0.unsqueeze(0), x0 + steps.cumsum(0)])


def affine_forward(maps: AffineMap, x0: Tensor) -> Tensor:
    """The compositions (A, b) of the first n maps, each round doubling their reach."""
    matrix, offset = _aligned(maps, x0)
    shift = 1
    while shift < len(matrix):
        older, newer = matrix[:-shift], matrix[shift:]
        reached = _apply(newer, offset[:-shift]) + offset[shift:]
        offset = torch.cat([offset[:shift], reached])
        matrix = torch.cat([matrix[:shift], newer @ older])
        shift *= 2
    return torch.cat([x0.unsqueeze(0), _apply(matrix, x0) + offset])


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


def _batched(maps: AffineMap) -> AffineMap:
    require(
        maps.matrix.dim() >= 3,
        "AffineMap",
        "a sequence of maps must have a leading axis",
        lambda: f"matrix has shape {tuple(maps.matrix.shape)}",
        "Pass [map] for a single one.",
        ShapeError,
    )
    return maps


def _aligned(maps: AffineMap, x0: Tensor) -> AffineMap:
    """Puts the replica axes of the maps under those of the points, which `spread` made."""
    if x0.dim() == 1:
        return maps
    matrix, offset = (
        part.unflatten(0, (-1, *[1] * (x0.dim() + inner - part.dim())))
        for part, inner in ((maps.matrix, 2), (maps.offset, 1))
    )
    # A shared matrix stays shared; only the offsets grow to the replicas of the matrices.
    lead = torch.broadcast_shapes(matrix.shape[1:-2], offset.shape[1:-1])
    return AffineMap(matrix, offset.expand(len(offset), *lead, -1))
