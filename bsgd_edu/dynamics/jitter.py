"""How much a curve shakes, kept apart from how high it lies."""

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_integer

__all__ = ["sequential_jitter"]


def sequential_jitter(values: Tensor, *, degree: int = 0) -> Tensor:
    """Returns the within-run standard deviation of each curve about its own trend.

    J = √(Σ_t (v_t − p(t))² / (n − degree − 1)), p the least-squares polynomial of that run.
    It says nothing about the mean over runs: two methods with one mean curve can differ in J
    by any factor.

    Args:
        values: Curves (n, ...), time first; every other index is a run.
        degree: Degree of the trend: 0 removes the run's mean, 1 a straight line.

    Returns:
        One number per run, (...), in the unit of the values; unbiased (squared) for white noise.

    Raises:
        DomainError: If the degree is negative.
        ShapeError: If there are too few times for the trend.

    Example:
        >>> sequential_jitter(torch.tensor([1.0, 3.0, 1.0, 3.0, 2.0]))
        tensor(1.)
        >>> sequential_jitter(torch.arange(5.0), degree=1).item() < 1e-6
        True
    """
    remedy = "Pass 0 to remove the mean, 1 to remove a line."
    require_integer("sequential_jitter", "degree", degree, at_least=0, remedy=remedy)
    num_times = values.shape[0] if values.ndim else 0
    require(
        num_times >= degree + 2,
        "sequential_jitter",
        f"values must hold at least {degree + 2} times",
        lambda: f"their shape is {tuple(values.shape)}",
        "Observe more steps.",
        ShapeError,
    )
    time = torch.linspace(-1, 1, num_times, dtype=torch.float64, device=values.device)
    # An orthonormal basis of the polynomials: projecting on it is stable at any length.
    basis, _ = torch.linalg.qr(torch.stack([time**power for power in range(degree + 1)], dim=1))
    flat = values.reshape(num_times, -1).double()
    residual = flat - basis @ (basis.T @ flat)
    variance = residual.square().sum(0) / (num_times - degree - 1)
    return variance.sqrt().reshape(values.shape[1:]).to(values.dtype)
