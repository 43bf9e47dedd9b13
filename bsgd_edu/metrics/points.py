"""What every metric asks of its points: tensors that fit each other, and stay in the domain.

The checks cost one reduction over each argument. Only when one fails is the first bad point
looked up, so that the message can show it.
"""

import torch
from torch import Tensor

from ..errors import DomainError, ShapeError

__all__: list[str] = []


def fitting(function: str, points: dict[str, Tensor], point_dims: int = 1) -> None:
    """Checks that named tensors hold points of one shape, with leading dims that broadcast."""
    for name, x in points.items():
        real(function, name, x)
        if x.dim() < point_dims or 0 in x.shape[x.dim() - point_dims :]:
            raise ShapeError(
                f"{function}: {name} must have at least {point_dims} non-empty dim"
                f"{'s' * (point_dims > 1)} per point, but its shape is {tuple(x.shape)}. "
                "Leading dims are replicas; the last ones are the coordinates."
            )
    shapes = {name: tuple(x.shape) for name, x in points.items()}
    inner = {shape[len(shape) - point_dims :] for shape in shapes.values()}
    try:
        torch.broadcast_shapes(*(shape[: len(shape) - point_dims] for shape in shapes.values()))
    except RuntimeError:
        inner = set()
    if len(inner) != 1:
        found = " and ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ShapeError(
            f"{function}: points must have the same coordinates, and leading dims that broadcast, "
            f"but the shapes are {found}. Insert dims of size 1 with unsqueeze where they differ."
        )


def real(function: str, name: str, x: Tensor, complex_too: bool = False) -> None:
    """Checks that one argument is a tensor of floating-point numbers."""
    if not isinstance(x, Tensor):
        raise DomainError(
            f"{function}: {name} must be a tensor, but it is a {type(x).__name__}. "
            "Wrap it: torch.tensor(..., dtype=torch.float64)."
        )
    if not (x.is_floating_point() or (complex_too and x.is_complex())):
        raise DomainError(
            f"{function}: {name} must hold floating-point numbers, but its dtype is {x.dtype}. "
            "Convert it: x.double()."
        )


def bounds(x: Tensor) -> tuple[float, float]:
    """Returns the smallest and the largest entry in one pass; NaN if any entry is NaN."""
    if x.numel() == 0:
        return 1.0, 1.0  # nothing to object to: 1 lies in every domain checked here
    low, high = torch.aminmax(x.detach())
    return low.item(), high.item()


def finite(function: str, name: str, x: Tensor) -> None:
    """Checks that all entries are finite."""
    low, high = bounds(x)
    if not (low > -torch.inf and high < torch.inf):
        refuse(function, name, "have finite entries", x.isfinite(), x, "Drop or repair that point.")


def positive(function: str, name: str, x: Tensor) -> None:
    """Checks that all entries are positive and finite."""
    low, high = bounds(x)
    if not (low > 0 and high < torch.inf):
        refuse(
            function,
            name,
            "have positive, finite entries",
            (x > 0) & x.isfinite(),
            x,
            "Points lie inside the cone; of entries that underflow, pass the logarithms to "
            "oscillation_distance or sup_distance.",
        )


def refuse(function: str, name: str, rule: str, good: Tensor, values: Tensor, remedy: str) -> None:
    """Raises DomainError with the first value that is not good; returns if there is none."""
    if good.all():
        return
    bad = (~good).nonzero()
    where = tuple(bad[0].tolist())
    entry = f"entry {where}" if where else "it"
    raise DomainError(
        f"{function}: {name} must {rule}, but {entry} is {values[where].item():.17g} "
        f"({len(bad)} of {good.numel()} fail). {remedy}"
    )


def root(squares: Tensor) -> Tensor:
    """√ with derivative 0 at 0, which is a subgradient of a distance at its own point."""
    apart = squares > 0
    return torch.where(apart, squares, 1).sqrt() * apart


def norm(x: Tensor, dims: tuple[int, ...] = (-1,)) -> Tensor:
    """The Euclidean norm without overflow or underflow, and with gradient 0 at 0."""
    scale = x.detach().abs().amax(dims, keepdim=True)
    scale = torch.where(scale > 0, scale, 1)
    return root((x / scale).square().sum(dims)) * scale.squeeze(dims)
