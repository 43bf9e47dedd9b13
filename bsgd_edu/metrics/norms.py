"""Distances on vectors and on decision functions: ℓ^p, the sup norm, oscillation."""

import torch
from torch import Tensor

from ..errors import require
from ..tensors import require_finite, require_points, require_real
from .points import norm

__all__ = [
    "lp_distance",
    "oscillation",
    "oscillation_distance",
    "sup_distance",
]


def _pair(function: str, x: Tensor, y: Tensor) -> None:
    require_points(function, {"x": x, "y": y})
    require_finite(function, "x", x)
    require_finite(function, "y", y)


def need_exponent(function: str, p: float) -> None:
    """Checks that ‖·‖_p is a norm."""
    require(
        p >= 1,
        function,
        "p must lie in [1, ∞]",
        f"it is {p}",
        "Below 1 the triangle inequality fails; pass p=float('inf') for the largest coordinate.",
    )


def lp_distance(x: Tensor, y: Tensor, p: float = 2.0) -> Tensor:
    """Returns the ℓ^p distance of vectors.

    ‖x − y‖_p = (Σ |x_i − y_i|^p)^{1/p}, and max |x_i − y_i| for p = ∞. A layer σ(Wx + b) with σ
    1-Lipschitz does not expand it if the norm of W induced by ℓ^p is at most 1.

    Args:
        x: Points (..., d).
        y: Points (..., d); leading dims broadcast against x's.
        p: Exponent in [1, ∞].

    Returns:
        Distances (...) ≥ 0, without overflow or underflow on the way. The gradient at x = y is 0.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If p < 1, or an entry is not finite.

    Example:
        >>> x, y = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 4.0])
        >>> lp_distance(x, y), lp_distance(x, y, 1), lp_distance(x, y, float("inf"))
        (tensor(5.), tensor(7.), tensor(4.))
    """
    need_exponent("lp_distance", p)
    _pair("lp_distance", x, y)
    difference = x - y
    if p == 2:
        return norm(difference)
    size = difference.abs()
    if p == 1:
        return size.sum(-1)
    if p == torch.inf:
        return size.amax(-1)
    scale = size.detach().amax(-1, keepdim=True)
    scale = torch.where(scale > 0, scale, 1)
    powers = (size / scale).pow(p).sum(-1)  # at least 1 unless x = y
    apart = powers > 0
    return torch.where(apart, powers, 1).pow(1 / p) * apart * scale.squeeze(-1)


def sup_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns the largest difference of two functions on the same points.

    max |f − g|. Composition with any map T on the inside never expands it,
    ‖f∘T − g∘T‖_∞ ≤ ‖f − g‖_∞, which is how a network acts when its new layer goes inside.
    Of logarithms it is the Thompson distance, so that points of any size fit.

    Args:
        x: Values (..., m) of f on m points.
        y: Values (..., m) of g on the same points.

    Returns:
        Distances (...) ≥ 0.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If a value is not finite.

    Example:
        >>> sup_distance(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]))
        tensor(3.)
    """
    _pair("sup_distance", x, y)
    return (x - y).abs().amax(-1)


def oscillation_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns the distance of two functions on the same points, up to a constant.

    max (f − g) − min (f − g): a pseudo-distance, zero exactly if f − g is constant. As the sup
    norm it does not grow under f ↦ f∘T. Of logarithms it is the Hilbert distance; of logits it
    is the Hilbert distance of the softmax outputs, which never underflows.

    Args:
        x: Values (..., m) of f on m points.
        y: Values (..., m) of g on the same points.

    Returns:
        Distances (...) ≥ 0.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If a value is not finite.

    Example:
        >>> oscillation_distance(torch.tensor([1.0, 5.0, 2.0]), torch.tensor([0.0, 0.0, 4.0]))
        tensor(7.)
    """
    _pair("oscillation_distance", x, y)
    return oscillation(x - y)


def oscillation(values: Tensor) -> Tensor:
    """Returns how much a function varies over its points: max f − min f.

    Args:
        values: Values (..., m) of a function on m points.

    Returns:
        Oscillations (...) ≥ 0.

    Raises:
        DomainError: If a value is not finite.
        ShapeError: If there is no point.

    Example:
        >>> oscillation(torch.tensor([[1.0, 5.0], [2.0, 2.0]]))
        tensor([4., 0.])
    """
    require_real("oscillation", "values", values)
    require_points("oscillation", {"values": values})
    require_finite("oscillation", "values", values)
    return values.amax(-1) - values.amin(-1)
