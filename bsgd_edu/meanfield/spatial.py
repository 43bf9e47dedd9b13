"""What a convolution does to the covariance of pixels on a ring, and to its Fourier modes."""

import math

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_integer, require_shape
from ..tensors import require_broadcast
from .arguments import Number, Phi, prepared

__all__ = ["covariance_map", "mode_amplitudes", "mode_factors"]


def covariance_map(
    covariance: Tensor,
    weight_var: Number,
    bias_var: Number,
    activation: Phi = "tanh",
    *,
    taps: Tensor | None = None,
) -> Tensor:
    """Returns the covariance of the pixels of a ring after one more convolution.

    S′_{a,a′} = σ_w² Σ_b v_b C_{a+b,a′+b} + σ_b² with C_{a,a′} = E φ(h_a)φ(h_{a′}), h ~ N(0, S).
    The kernel only mixes along the diagonals of C: taps all at one place change nothing.

    Args:
        covariance: S (..., n, n), symmetric, positive semidefinite; n pixels with circular padding.
        weight_var: σ_w² ≥ 0, (...).
        bias_var: σ_b² ≥ 0, (...).
        activation: φ.
        taps: Variance fractions v (2k + 1,), ≥ 0 with sum 1; None for [1], which is also that of a
            delta-orthogonal kernel.

    Returns:
        (..., n, n).

    Raises:
        ShapeError: If S is not square or the number of taps is even.
        DomainError: If S is not a covariance, or the taps are not fractions.

    Example:
        >>> taps = torch.tensor([0.25, 0.5, 0.25])
        >>> covariance_map(torch.diag(torch.tensor([4.0, 0, 0])), 1.0, 0.0, "identity", taps=taps)
        tensor([[2., 0., 0.],
                [0., 1., 0.],
                [0., 0., 1.]], dtype=torch.float64)
    """
    name = "covariance_map"
    phi, (weight_var, bias_var) = prepared(
        name, activation, weight_var=weight_var, bias_var=bias_var
    )
    s = _covariance(name, covariance)
    weight_var, bias_var = (x.to(s.device)[..., None, None] for x in (weight_var, bias_var))
    points = {"weight_var": weight_var, "bias_var": bias_var, "covariance": s}
    require_broadcast(
        name, points, "Pass one number of each for all of the covariances (..., n, n)."
    )
    variance = s.diagonal(dim1=-2, dim2=-1)
    scale = variance.sqrt()
    c = s / (scale.unsqueeze(-1) * scale.unsqueeze(-2))
    c = c.where(c.isfinite(), 0).clamp(-1, 1)
    image = phi.pairs(c, variance)
    if taps is not None:
        weights = _taps(name, taps)
        half = len(weights) // 2
        image = sum(
            weight * image.roll((-b, -b), (-2, -1))
            for b, weight in zip(range(-half, half + 1), weights.tolist(), strict=True)
        )
    return weight_var * image + bias_var


def mode_factors(size: int, taps: Tensor) -> Tensor:
    """Returns the factors by which a convolution's averaging multiplies Fourier modes on a ring.

    λ_f = Σ_b v_b cos(2πbf/n). A covariance's deviation in mode f decays by χλ_f a layer (χ_q on
    the diagonal, χ_c off it). Equal taps keep only the mean, a single tap keeps every mode.

    Args:
        size: n ≥ 1, pixels on the ring.
        taps: Variance fractions v (2k + 1,), symmetric, ≥ 0, with sum 1.

    Returns:
        λ_f for f = 0, …, ⌊n/2⌋, in [−1, 1]; float64.

    Raises:
        ShapeError: If the number of taps is even.
        DomainError: If the taps are not fractions or not symmetric, or size < 1.

    Example:
        >>> mode_factors(4, torch.tensor([0.25, 0.5, 0.25]))
        tensor([1.0000, 0.5000, 0.0000], dtype=torch.float64)
    """
    size = require_integer("mode_factors", "size", size, at_least=1, remedy="Count pixels.")
    weights = _taps("mode_factors", taps)
    require(
        torch.allclose(weights, weights.flip(0), rtol=0, atol=1e-12),
        "mode_factors",
        "taps must be symmetric",
        lambda: f"they are {weights.tolist()}",
        "The modes of others also move: follow them with covariance_map.",
    )
    half = len(weights) // 2
    offset = torch.arange(-half, half + 1, dtype=torch.float64, device=weights.device)
    mode = torch.arange(size // 2 + 1, dtype=torch.float64, device=weights.device)
    return (2 * math.pi / size * torch.outer(mode, offset)).cos() @ weights


def mode_amplitudes(variances: Tensor, highest: int) -> Tensor:
    """Returns what is left of the Fourier modes of a ring's pixels, relative to the start.

    A_f = Σ_a q_a cos(2πfa/n), divided by its mean over networks at the start; of a pattern that is
    symmetric about pixel 0 it is all there is.

    Args:
        variances: q, of the pixels by depth, (L + 1, ..., n), networks between.
        highest: Modes 1 … highest, from 1 to ⌊n/2⌋.

    Returns:
        (L + 1, ..., highest), 1 on average at the start.

    Raises:
        DomainError: If there are no such modes, or the start lacks one of them.

    Example:
        >>> wave = torch.cos(torch.pi / 4 * torch.arange(8))
        >>> mode_amplitudes(torch.stack([1 + wave, 2 + wave / 2]), 1).round(decimals=4)
        tensor([[1.0000],
                [0.5000]])
    """
    pixels = variances.shape[-1]
    remedy = f"There are {pixels} pixels: take fewer modes, or a larger ring."
    require_integer(
        "mode_amplitudes", "highest", highest, at_least=1, at_most=pixels // 2, remedy=remedy
    )
    modes = torch.fft.rfft(variances).real[..., 1 : highest + 1]
    start = modes[0].reshape(-1, highest).mean(0)
    missing = (start.abs() <= 1e-6 * variances[0].abs().mean()).nonzero()
    require(
        not len(missing),
        "mode_amplitudes",
        "the start must hold every mode",
        lambda: f"mode {int(missing[0]) + 1} is missing ({len(missing)} of {highest})",
        "Take fewer modes, or another pattern.",
    )
    return modes / start


def _covariance(function: str, covariance: Tensor) -> Tensor:
    s = torch.as_tensor(covariance, dtype=torch.float64)
    require_shape(function, "covariance", s, (..., "n", "n"), "Entry (a, a′) is E[h_a h_a′].")
    variance = s.diagonal(dim1=-2, dim2=-1)
    bound = (variance.unsqueeze(-1) * variance.unsqueeze(-2)).clamp(min=0).sqrt()
    skew = (s - s.mT).abs().max().item() if s.numel() else 0.0
    over = (s.abs() - bound * (1 + 1e-6)).max().item() if s.numel() else 0.0
    require(
        skew <= 1e-6 * bound.max().item() and over <= 0 and (variance >= 0).all(),
        function,
        "covariance must be symmetric with |S_ab| ≤ √(S_aa S_bb)",
        lambda: f"it is off by {skew:.3g} and {max(over, 0.0):.3g}",
        "Pass x.mT @ x / len(x) of data x.",
    )
    return s


def _taps(function: str, taps: Tensor) -> Tensor:
    v = torch.as_tensor(taps, dtype=torch.float64)
    require(
        v.dim() == 1 and len(v) % 2 == 1,
        function,
        "taps must have an odd number of entries",
        lambda: f"their shape is {tuple(v.shape)}",
        "Pass 2k + 1 variance fractions, for example torch.ones(3) / 3.",
        ShapeError,
    )
    require(
        (v >= 0).all() and abs(v.sum().item() - 1) < 1e-6,
        function,
        "taps must be ≥ 0 with sum 1",
        lambda: f"the least is {v.min().item():.6g} and the sum {v.sum().item():.6g}",
        "Divide them by their sum.",
    )
    return v / v.sum()
