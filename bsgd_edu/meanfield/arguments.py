"""What mean field theory asks of its arguments: variances, correlations, one common shape."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..tensors import require_broadcast, require_entries
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
            good, rule = x.abs() <= 1, "c must lie in [−1, 1]"
            remedy = "It is a correlation: divide the covariance by q, clamp what rounding leaves."
        else:
            good = x.isfinite() & ((x > 0) if name == positive else (x >= 0))
            rule = f"{name} must be {'positive' if name == positive else '≥ 0'} and finite"
            remedy = "It is a variance: pass σ², which has no sign."
        require_entries(good, function, rule, x, remedy)
    remedy = "Use x[:, None] and y[None, :] for a grid."
    return phi, require_broadcast(function, tensors, remedy)
