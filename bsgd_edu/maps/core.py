"""What a map is, and how maps are applied in order."""

from collections.abc import Callable, Sequence
from typing import Protocol

from torch import Tensor

from ..errors import ShapeError, refusal
from .affine import taken_apart

__all__ = ["InPlaceMap", "Map", "Stack", "Storage", "apply_in_order", "checked"]

Map = Callable[[Tensor], Tensor]
Stack = tuple[Tensor, ...]


class Storage(Protocol):
    """A layout in which a stack of points moves fast: tensors that share their leading axis.

    `rows` is the number of points that fit the cache together, or None when any number does.
    """

    rows: int | None

    def pack(self, points: Tensor) -> Stack:
        """Copies points (m, ..., d) into fresh tensors (m, ...)."""

    def unpack(self, stack: Stack) -> Tensor:
        """Returns the points (m, ..., d) of a stack."""


class InPlaceMap(Protocol):
    """A map that can also move a whole stack in place. Maps of one orbit share one storage."""

    storage: Storage

    def __call__(self, points: Tensor) -> Tensor:
        """Returns the images of the points (..., d)."""

    def move_(self, stack: Stack) -> None:
        """Replaces every point of the stack by its image."""


def apply_in_order(maps: Sequence[Map], x: Tensor) -> Tensor:
    """Applies maps one after another, the first of the sequence first: T_n ∘ … ∘ T_1 (x).

    Differentiable where the maps are. Reverse the sequence for the backward composition.

    Args:
        maps: n maps.
        x: Points (..., d).

    Returns:
        Points (..., d).

    Example:
        >>> double, increment = (lambda x: 2 * x), (lambda x: x + 1)
        >>> apply_in_order([double, increment], torch.tensor([3.0]))
        tensor([7.])
    """
    for step, t in enumerate(taken_apart(maps), 1):
        x = checked(t(x), x, "apply_in_order", step)
    return x


def checked(image: Tensor, points: Tensor, name: str, step: int) -> Tensor:
    """Returns the image of the points, which must have their shape."""
    if image.shape != points.shape:
        raise refusal(
            name,
            "maps must keep the shape of the points",
            f"map {step} took {tuple(points.shape)} to {tuple(image.shape)}",
            "Only maps of constant width compose in either order.",
            ShapeError,
        )
    return image
