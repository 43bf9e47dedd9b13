"""Random linear layers in closed form: Gaussian matrices, and orthogonal ones times a gain."""

import math

import torch
from torch import Tensor

from ..errors import require_number, require_sizes

__all__ = [
    "gaussian_log_norm_variance",
    "gaussian_spectrum",
    "orthogonal_spectrum",
]


def gaussian_spectrum(dim: int, std: float) -> Tensor:
    """Returns the Lyapunov spectrum of products of Gaussian matrices, in closed form.

    λ_k = log σ + ½(log 2 + ψ((d − k + 1)/2)) for independent entries N(0, σ²): the law is blind
    to rotations, so R_kk² of one step is σ² times a χ² variable with d − k + 1 degrees of freedom.

    Args:
        dim: d ≥ 1.
        std: σ > 0, the standard deviation of an entry.

    Returns:
        (d,) float64, descending, in nats per step.

    Raises:
        DomainError: If d is below 1 or σ not positive.

    Example:
        >>> gaussian_spectrum(2, 1.0)
        tensor([ 0.0580, -0.6352], dtype=torch.float64)

    References:
        Newman (1986), The distribution of Lyapunov exponents, Commun. Math. Phys. 103.
    """
    _need_dim_and_scale("gaussian_spectrum", dim, "std", std)
    half_degrees = torch.arange(dim, 0, -1, dtype=torch.float64) / 2
    return math.log(std) + 0.5 * (math.log(2) + torch.special.digamma(half_degrees))


def gaussian_log_norm_variance(dim: int) -> float:
    """Returns the variance per step of log‖x‖ under products of Gaussian matrices.

    ¼ψ'(d/2) ≈ 1/(2d): log‖x_n‖ is a random walk with independent steps ½ log χ²_d + log σ.

    Args:
        dim: d ≥ 1.

    Returns:
        The variance, whatever σ.

    Raises:
        DomainError: If d is below 1.

    Example:
        >>> round(gaussian_log_norm_variance(2), 6) == round(math.pi**2 / 24, 6)
        True
    """
    _need_dim_and_scale("gaussian_log_norm_variance", dim, "std", 1.0)
    half = torch.tensor(dim / 2, dtype=torch.float64)
    return 0.25 * torch.special.polygamma(1, half).item()


def orthogonal_spectrum(dim: int, gain: float) -> Tensor:
    """Returns the Lyapunov spectrum of orthogonal matrices times a gain: log g, d times.

    All directions grow alike: no direction is singled out however deep the product, and depth
    alone separates nothing.

    Args:
        dim: d ≥ 1.
        gain: g > 0.

    Returns:
        (d,) float64.

    Raises:
        DomainError: If d is below 1 or g not positive.

    Example:
        >>> orthogonal_spectrum(3, 1.0)
        tensor([0., 0., 0.], dtype=torch.float64)

    References:
        Saxe, McClelland and Ganguli (2014), Exact solutions to the nonlinear dynamics of learning
        in deep linear neural networks.
    """
    _need_dim_and_scale("orthogonal_spectrum", dim, "gain", gain)
    return torch.full((dim,), math.log(gain), dtype=torch.float64)


def _need_dim_and_scale(function: str, dim: int, name: str, scale: float) -> None:
    require_sizes(function, dim=dim)
    require_number(function, name, scale, above=0)
