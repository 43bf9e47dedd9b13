"""Spectra of samples of two Gaussian classes, and the signal that an eigenvalue tells of."""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Spectrum", "sampled_spectrum", "signal_of_spike", "signed_samples"]


class Spectrum(NamedTuple):
    """Eigenvalues of S, (runs, p), and squared cosines of its top eigenvector with μ and with b."""

    eigenvalues: Tensor
    overlap: Tensor
    overlap_with_targets: Tensor


def sampled_spectrum(
    num_features: int,
    num_samples: int,
    signal: float,
    runs: int,
    *,
    generator: torch.Generator,
) -> Spectrum:
    """Returns spectra of S = XXᵀ/n for samples ±μ + noise, and what the top eigenvector knows.

    Args:
        num_features: p.
        num_samples: n.
        signal: ‖μ‖.
        runs: Independent data sets.
        generator: Source of the samples.

    Returns:
        Eigenvalues (runs, p), ascending, and squared cosines (runs,), float64.
    """
    found = []
    for _ in range(runs):
        data = signed_samples(num_features, num_samples, signal, generator=generator)
        values, vectors = torch.linalg.eigh(data @ data.T / num_samples)
        top, mean = vectors[:, -1], data.mean(1)
        found.append((values, top[0] ** 2, (top @ mean) ** 2 / (mean @ mean)))
    return Spectrum(*(torch.stack(column) for column in zip(*found, strict=True)))


def signed_samples(
    num_features: int, num_samples: int, signal: float, *, generator: torch.Generator
) -> Tensor:
    """Returns samples times their targets, y_i x_i, which have the law of μ + noise: (p, n).

    S does not see the sign, and the mean of the columns is b; μ lies along the first axis.
    """
    shape, device = (num_features, num_samples), generator.device
    data = torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
    data[0] += signal
    return data


def signal_of_spike(eigenvalue: Tensor, ratio: float) -> Tensor:
    """Returns ρ = ‖μ‖² > √c out of the spike λ = (ρ + 1)(ρ + c)/ρ; √c if λ is not above the bulk.

    Args:
        eigenvalue: λ, any shape.
        ratio: c.

    Returns:
        ρ of the same shape: no target was needed.

    Example:
        >>> signal_of_spike(torch.tensor([3.75, 2.0]), 0.5)
        tensor([2.0000, 0.7071])
    """
    half = ((eigenvalue - 1 - ratio) / 2).clamp_min(ratio**0.5)
    return half + (half**2 - ratio).clamp_min(0).sqrt()
