"""Strips of the complex plane, where tanh layers live: their Kobayashi distance."""

import math

import torch
from torch import Tensor

from ..errors import require_number
from ..tensors import bounds, require_entries, require_finite, require_points, require_real
from .points import norm

__all__ = ["strip_distance"]


def strip_distance(z: Tensor, w: Tensor, half_width: float = math.pi / 4) -> Tensor:
    """Returns the Kobayashi distance of the polystrip {z : |Im z_i| < half_width}.

    The largest over coordinates of the hyperbolic distance (curvature −1) of a strip: with
    p + iq = π z/(2 half_width), sinh²(d/2) = (sinh²(Δp/2) + sin²(Δq/2))/(cos q cos q′). On real
    points it is the sup norm times π/(2 half_width). No holomorphic map of the polystrip to
    itself expands it: so z ↦ (π/4) tanh(Wz) with row sums Σ_j |W_ij| ≤ 1 at half-width π/4.

    Args:
        z: Complex (or real) points (..., n).
        w: Complex (or real) points (..., n); leading dims broadcast.
        half_width: Half of the strip's width; π/4 is the strip that tanh maps onto the disc.

    Returns:
        Distances (...) ≥ 0, real.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If a point is not inside, or the half-width is not positive.

    Example:
        >>> strip_distance(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 3.0]))
        tensor(4.)

    References:
        Kobayashi (1998), Hyperbolic Complex Spaces, Section 3.1; Ahlfors (1973), Conformal
        Invariants, Section 1.1 (Schwarz–Pick).
    """
    name = "strip_distance"
    remedy = "The strip of tanh has π/4."
    require_number(name, "half_width", half_width, above=0, remedy=remedy)
    require_real(name, "z", z, complex_too=True)
    require_real(name, "w", w, complex_too=True)
    parts = [(v.real, v.imag) if v.is_complex() else (v, torch.zeros_like(v)) for v in (z, w)]
    (p, q), (p2, q2) = parts
    require_points(name, {"z": p, "w": p2})
    gaps = []
    for label, (along, across) in zip("zw", parts, strict=True):
        require_finite(name, label, along)
        gap = half_width - across.abs()
        if not (bounds(gap)[0] > 0):
            rule = f"{label} must have |Im| < half_width = {half_width:.6g}"
            remedy = "Shrink the imaginary part, or widen the strip."
            require_entries(gap > 0, name, rule, across, remedy)
        gaps.append(gap)
    scale = math.pi / (2 * half_width)
    # cos q = sin(π/2 − |q|), which keeps its digits at the rim.
    below = [(scale * gap).sin().clamp(min=torch.finfo(gap.dtype).tiny).sqrt() for gap in gaps]
    run, rise = (scale * (p - p2) / 2).abs(), (scale * (q - q2) / 2).sin()
    # Beyond half of the largest exponent, sinh d/2 is replaced by its logarithm.
    limit = 0.25 * math.log(torch.finfo(run.dtype).max)
    inside = run.clamp(max=limit).sinh()
    ratio = norm(torch.stack([inside, rise], -1)) / below[0] / below[1]
    return (2 * (ratio.asinh() + (run - limit).clamp(min=0))).amax(-1)
