"""What mean field theory asks of its arguments: variances, correlations, one common shape."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import DomainError, ShapeError
from .gaussian import Activation, activation_named

__all__: list[str] = []

Number = float | Tensor
Phi = str | Callable[[Tensor], Tensor]


def prepared(
    function: str, activation: Phi, *, positive: str = "", **numbers: Number
) -> tuple[Activation, list[Tensor]]:
    """The activation, and the named numbers as float64 tensors of one shape, once in range.

    All are variances but `c`, a correlation.
    """
    phi = activation_named(function, activation)
    device = next((x.device for x in numbers.values() if isinstance(x, Tensor)), None)
    tensors = {
        name: torch.as_tensor(x, dtype=torch.float64, device=device) for name, x in numbers.items()
    }
    for name, x in tensors.items():
        if name == "c":
            _check_correlation(function, x)
            continue
        good = x.isfinite() & ((x > 0) if name == positive else (x >= 0))
        if not good.all():
            raise DomainError(
                f"{function}: {name} must be {'>' if name == positive else '≥'} 0 and finite, but "
                f"it is {x[~good].flatten()[0].item():.6g} ({int((~good).sum())} of {x.numel()} "
                "fail). It is a variance: pass σ², which has no sign."
            )
    try:
        return phi, list(torch.broadcast_tensors(*tensors.values()))
    except RuntimeError as error:
        shapes = ", ".join(f"{name} {tuple(x.shape)}" for name, x in tensors.items())
        raise ShapeError(
            f"{function}: arguments must broadcast, but their shapes are {shapes}. "
            "Use x[:, None] and y[None, :] for a grid."
        ) from error


def _check_correlation(function: str, c: Tensor) -> None:
    good = c.abs() <= 1
    if not good.all():
        raise DomainError(
            f"{function}: c must lie in [−1, 1], but it is {c[~good].flatten()[0].item():.9g}. "
            "It is a correlation: divide the covariance by q, and clamp what rounding leaves."
        )
