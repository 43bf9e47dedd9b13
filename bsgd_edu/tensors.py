"""What a tensor that is passed in must be: real, finite, in the domain, of points that fit.

The checks cost one reduction over each argument. Only when one fails is the first bad entry
looked up, so that the message can show it.
"""

import torch
from torch import Tensor

from .errors import DomainError, ShapeError, refusal, require

__all__ = [
    "bounds",
    "require_broadcast",
    "require_entries",
    "require_finite",
    "require_points",
    "require_positive",
    "require_real",
]


def require_real(function: str, name: str, x: object, complex_too: bool = False) -> None:
    """Checks that an argument is a tensor of floating-point numbers.

    Args:
        function: Who refuses.
        name: The argument's name.
        x: What was passed.
        complex_too: Whether complex numbers will do.

    Raises:
        DomainError: No tensor, or of another dtype.
    """
    if not isinstance(x, Tensor):
        raise refusal(
            function,
            f"{name} must be a tensor",
            f"it is a {type(x).__name__}",
            "Wrap it: torch.tensor(..., dtype=torch.float64).",
        )
    if not (x.is_floating_point() or (complex_too and x.is_complex())):
        rule = f"{name} must hold floating-point numbers"
        raise refusal(function, rule, f"its dtype is {x.dtype}", "Convert it: x.double().")


def require_points(function: str, points: dict[str, Tensor], point_dims: int = 1) -> None:
    """Checks that named tensors hold points of one shape, with leading dims that broadcast.

    Args:
        function: Who refuses.
        points: The tensors, by the names of the arguments.
        point_dims: How many of the last dims make one point.

    Raises:
        DomainError: No tensor of floating-point numbers.
        ShapeError: No points, or points that do not fit each other.
    """
    for name, x in points.items():
        require_real(function, name, x)
        require(
            x.dim() >= point_dims and 0 not in x.shape[x.dim() - point_dims :],
            function,
            f"{name} must have at least {point_dims} non-empty dim{'s' * (point_dims > 1)} per "
            "point",
            lambda x=x: f"its shape is {tuple(x.shape)}",
            "Leading dims are replicas; the last ones are the coordinates.",
            ShapeError,
        )
    shapes = {name: tuple(x.shape) for name, x in points.items()}
    inner = {shape[len(shape) - point_dims :] for shape in shapes.values()}
    try:
        torch.broadcast_shapes(*(shape[: len(shape) - point_dims] for shape in shapes.values()))
    except RuntimeError:
        inner = set()
    require(
        len(inner) == 1,
        function,
        "points must have the same coordinates, and leading dims that broadcast",
        lambda: f"the shapes are {_listed(shapes)}",
        "Insert dims of size 1 with unsqueeze where they differ.",
        ShapeError,
    )


def require_broadcast(function: str, tensors: dict[str, Tensor], remedy: str) -> list[Tensor]:
    """Returns tensors broadcast to one shape.

    Args:
        function: Who refuses.
        tensors: The tensors, by the names of the arguments.
        remedy: What to do.

    Returns:
        Them all, in that order, as views of one shape.

    Raises:
        ShapeError: They do not broadcast.
    """
    try:
        return list(torch.broadcast_tensors(*tensors.values()))
    except RuntimeError as error:
        shapes = {name: tuple(x.shape) for name, x in tensors.items()}
        rule = f"{', '.join(tensors)} must broadcast"
        fact = f"the shapes are {_listed(shapes)}"
        raise refusal(function, rule, fact, remedy, ShapeError) from error


def bounds(x: Tensor) -> tuple[float, float]:
    """Returns the smallest and the largest entry in one pass; NaN if any entry is NaN.

    Args:
        x: A tensor of any shape; an empty one gives (1, 1), which lies in every domain.

    Returns:
        Both, as numbers.
    """
    if x.numel() == 0:
        return 1.0, 1.0  # nothing to object to
    low, high = torch.aminmax(x.detach())
    return low.item(), high.item()


def require_finite(
    function: str, name: str, x: Tensor, remedy: str = "Drop or repair that point."
) -> None:
    """Checks that all entries are finite.

    Args:
        function: Who refuses.
        name: The argument's name.
        x: A real tensor.
        remedy: What to do.

    Raises:
        DomainError: An entry is infinite or NaN.
    """
    low, high = bounds(x)
    if not (low > -torch.inf and high < torch.inf):
        require_entries(x.isfinite(), function, f"{name} must be finite", x, remedy)


def require_positive(function: str, name: str, x: Tensor, remedy: str) -> None:
    """Checks that all entries are positive and finite.

    Args:
        function: Who refuses.
        name: The argument's name.
        x: A real tensor.
        remedy: What to do.

    Raises:
        DomainError: An entry is not.
    """
    low, high = bounds(x)
    if not (low > 0 and high < torch.inf):
        good, rule = (x > 0) & x.isfinite(), f"{name} must be positive and finite"
        require_entries(good, function, rule, x, remedy)


def require_entries(good: Tensor, function: str, rule: str, values: Tensor, remedy: str) -> None:
    """Checks a tensor entry by entry; the error shows the first that fails, and how many do.

    Args:
        good: Where the rule holds (...).
        function: Who refuses.
        rule: What must hold, with the argument's name.
        values: What to show where it does not (...).
        remedy: What to do.

    Raises:
        DomainError: Some entry fails.

    Example:
        >>> p = torch.tensor([0.5, -0.5])
        >>> require_entries(p >= 0, "entropy", "p must be ≥ 0", p, "A law has no negative part.")
        Traceback (most recent call last):
        bsgd_edu.errors.DomainError: entropy: p must be ≥ 0, but entry (1,) is -0.5 (1 of 2 fail). \
A law has no negative part.
    """
    if good.all():
        return
    bad = (~good).nonzero()
    where = tuple(bad[0].tolist())
    entry = f"entry {where}" if where else "it"
    fact = f"{entry} is {values[where].item():.17g} ({len(bad)} of {good.numel()} fail)"
    raise refusal(function, rule, fact, remedy, DomainError)


def _listed(shapes: dict[str, tuple[int, ...]]) -> str:
    return " and ".join(f"{name} {shape}" for name, shape in shapes.items())
