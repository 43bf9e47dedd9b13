"""Stieltjes transforms: a spectrum as a function of z, and back."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import require, require_number

__all__ = ["companion", "density_from_stieltjes", "stieltjes_transform"]


def stieltjes_transform(eigenvalues: Tensor, z: Tensor) -> Tensor:
    """Returns the Stieltjes transform of a finite spectrum.

    m(z) = (1/p) Σ 1/(λ_i − z): the normalised trace of the resolvent (S − z)⁻¹. It concentrates as
    p grows, long before single eigenvalues stop moving.

    Args:
        eigenvalues: λ (..., p), real.
        z: Any shape, complex, off the spectrum.

    Returns:
        (...,) + z.shape, complex128.

    Raises:
        DomainError: If there is no eigenvalue.

    Example:
        >>> stieltjes_transform(torch.tensor([1.0, 3.0]), torch.tensor(2 + 1j)).item()
        0.5j
    """
    require(
        eigenvalues.dim() > 0 and eigenvalues.shape[-1] > 0,
        "stieltjes_transform",
        "eigenvalues must hold at least 1 along the last dimension",
        lambda: f"their shape is {tuple(eigenvalues.shape)}",
        "Pass for example torch.linalg.eigvalsh(S).",
    )
    z = z.to(torch.complex128)
    lead = eigenvalues.shape[:-1]
    spectrum = eigenvalues.double().reshape(*lead, *[1] * z.dim(), -1)
    return (1 / (spectrum - z.unsqueeze(-1))).mean(-1)


def density_from_stieltjes(transform: Callable[[Tensor], Tensor], x: Tensor, eta: float) -> Tensor:
    """Returns the density that a Stieltjes transform shows at resolution eta.

    Im m(x + iη)/π is the law smoothed by a Cauchy kernel of half-width η: the density itself as
    η → 0, an atom of mass a as a peak a/(πη).

    Args:
        transform: z -> m(z), complex; a law's `stieltjes`, or that of a finite spectrum.
        x: Real points, any shape.
        eta: η > 0, for p eigenvalues well above their spacing.

    Returns:
        Densities of the shape of x, float64.

    Raises:
        DomainError: If eta is not positive.

    Example:
        >>> point_mass = lambda z: 1 / (0 - z)
        >>> peak = density_from_stieltjes(point_mass, torch.tensor([0.0]), eta=0.5)
        >>> bool((peak - 2 / math.pi).abs() < 1e-12)
        True

    References:
        Tao (2012), Topics in Random Matrix Theory, AMS, section 2.4.
    """
    require_number("density_from_stieltjes", "eta", eta, above=0)
    return transform(torch.complex(x.double(), torch.full_like(x.double(), eta))).imag / math.pi


def companion(m: Tensor, z: Tensor, ratio: float) -> Tensor:
    """Returns the transform of XᵀX/n from that of XXᵀ/n: c·m(z) − (1 − c)/z.

    Both have the same non-zero eigenvalues: one law is c times the other, up to an atom at 0.

    Args:
        m: m(z) of XXᵀ/n, X dimension × samples.
        z: Where, complex and not 0.
        ratio: c = dimension/samples > 0.

    Returns:
        The companion's transform, of the shape of m.

    Raises:
        DomainError: If the ratio is not positive.

    Example:
        >>> z = torch.tensor(-1.0 + 0j)  # S = [[2]] from two samples, XᵀX/n = diag(2, 0)
        >>> companion(1 / (2 - z), z, 0.5).real
        tensor(0.6667)
    """
    require_number("companion", "ratio", ratio, above=0)
    return ratio * m - (1 - ratio) / z
