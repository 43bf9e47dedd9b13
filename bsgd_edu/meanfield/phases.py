"""Where the maps of :mod:`.theory` come to rest: order, chaos, and the critical line between."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import ConvergenceError, refusal, require
from .arguments import Number, Phi, prepared
from .gaussian import Activation, horner
from .theory import depth_scale

__all__ = ["CriticalPoint", "FixedPoint", "critical_line", "fixed_point"]

_STEPS = 200
_LARGEST = 1e12


class CriticalPoint(NamedTuple):
    """The variances of weights (times fan-in) and biases with χ_1 = 1."""

    weight_var: Tensor
    bias_var: Tensor


class FixedPoint(NamedTuple):
    """Limit of depth: variance, correlation, slopes there, and depth scales in layers."""

    q: Tensor
    c: Tensor
    chi_1: Tensor
    chi_q: Tensor
    chi_c: Tensor
    xi_c: Tensor
    xi_q: Tensor


def critical_line(q: Number, activation: Phi = "tanh") -> CriticalPoint:
    """Returns the critical initialisation whose layers keep the variance q.

    σ_w² = 1/E φ′(√q z)², σ_b² = q − σ_w² E φ(√q z)²: sweeping q draws the line, no root is sought.
    For tanh σ_w² ≈ 1 + 2q and σ_b² ≈ 4q³/3, found to full relative accuracy at any small q (for
    a function of your own to about 1e-16/q).

    Args:
        q: Variance at the fixed point, > 0, (...).
        activation: φ.

    Returns:
        weight_var and bias_var (...).

    Raises:
        DomainError: If q ≤ 0, or if σ_b² < 0: no critical network keeps that variance.

    Example:
        >>> [x.item() for x in critical_line(3.0, "relu")]
        [2.0, 0.0]

    References:
        Xiao et al. (2018), Dynamical isometry and a mean field theory of CNNs, Section 2.
    """
    phi, (q,) = prepared("critical_line", activation, positive="q", q=q)
    slope, deficit = phi.slope_moment(q), phi.deficit(q)
    bad = ~((slope > 0) & (deficit >= 0))
    require(
        not bad.any(),
        "critical_line",
        "the activation must have E φ² ≤ q E φ′² for some bias variance to be left",
        lambda: "at q = {:.6g} they are {:.6g} and {:.6g}".format(
            *(x[bad][0].item() for x in (q, phi.length(q), q * slope))
        ),
        "Subtract φ(0) from it, or take a larger q.",
    )
    return CriticalPoint(1 / slope, deficit / slope)


def fixed_point(weight_var: Number, bias_var: Number, activation: Phi = "tanh") -> FixedPoint:
    """Returns what depth makes of variances and correlations, and how fast.

    q* = V(q*), reached from above; c* is the stable root of the correlation map: 1 where χ_1 ≤ 1
    (order), else the one below 1 (chaos). Deviations decay as χ_q^l and χ_c^l, ξ = −1/log χ.
    The root c = 1 is divided out, and what is left is a power series in c with coefficients ≥ 0:
    convex and increasing, so Newton's method falls from 1 onto c* without any bracket.

    Args:
        weight_var: σ_w² ≥ 0, (...).
        bias_var: σ_b² ≥ 0, (...); broadcast against weight_var.
        activation: φ.

    Returns:
        q, c, χ_1, χ_q, χ_c, ξ_c, ξ_q, each (...). At q* = 0 both inputs are 0, and c = 1. The
        relative error of q* is some 1e-15/(1 − χ_q): 1e-11 on the critical line at q* = 1e-4.

    Raises:
        DomainError: If a variance is negative, or no finite fixed point exists or it is not one
            point: ReLU with σ_w² ≥ 2, identity with σ_w² ≥ 1.
        ConvergenceError: If the activation's length map has no fixed point that is approached
            from above.

    Example:
        >>> point = fixed_point(1.5, 0.05)
        >>> [round(x.item(), 4) for x in (point.q, point.c, point.chi_1, point.xi_c)]
        [0.418, 1.0, 0.9386, 15.791]

    References:
        Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli (2016), Exponential expressivity in deep
        neural networks through transient chaos, NeurIPS; Schoenholz, Gilmer, Ganguli and
        Sohl-Dickstein (2017), Deep information propagation, ICLR.
    """
    phi, (weight_var, bias_var) = prepared(
        "fixed_point", activation, weight_var=weight_var, bias_var=bias_var
    )
    q = _length(phi, weight_var, bias_var)
    first = weight_var * phi.slope_moment(q)
    alive = q > 0
    slope_q = torch.where(alive, weight_var * phi.length_slope(q.where(alive, 1)), first)
    c = torch.ones_like(q)
    chaotic = (first > 1) & alive
    if chaotic.any():
        c[chaotic] = _correlation(phi, q[chaotic], weight_var[chaotic])
    # The stable root has χ_c ≤ 1; on the critical line rounding alone could put it above.
    slope_c = torch.where(c < 1, weight_var * phi.pair(c, q, slope=True), first)
    slope_c = torch.where(chaotic, slope_c.clamp(max=1), slope_c)
    return FixedPoint(
        q, c, first, slope_q, slope_c, depth_scale(slope_c), depth_scale(slope_q)
    )  # fmt: skip


def _length(phi: Activation, weight_var: Tensor, bias_var: Tensor) -> Tensor:
    """Newton's method on V(q) = q from above; where it would jump below 0, a plain step to V(q)."""
    if phi.kernel:
        gain = weight_var * phi.length(torch.ones_like(weight_var))
        _refuse_growth(gain >= 1, weight_var, bias_var)
        return bias_var / (1 - gain)
    zero = torch.zeros_like(weight_var)
    # V(q) = q for every q where φ(tx) = tφ(x), as leaky ReLUs have it.
    idle = [weight_var * x - 1 for x in (phi.slope_moment(zero), phi.length(zero + 1))]
    still = (torch.stack(idle).abs() < 1e-14).all(0) & (bias_var == 0)
    _refuse_growth(still, weight_var, bias_var)
    silent = weight_var * phi.length(zero) + bias_var == 0
    silent &= weight_var * phi.slope_moment(zero) <= 1  # q = 0 holds, and attracts
    q = (weight_var + bias_var).where(~silent, 1.0)
    while (low := ~silent & (weight_var * phi.length(q) + bias_var > q)).any():
        q = torch.where(low, 2 * q, q)
        _refuse_growth(q > _LARGEST, weight_var, bias_var)
    for _ in range(_STEPS):
        image, slope = weight_var * phi.length(q) + bias_var, weight_var * phi.length_slope(q)
        moving = ~(silent | ((image - q).abs() <= 2e-15 * q))
        newton = (image - slope * q) / (1 - slope)
        q = torch.where((slope < 1) & (newton > 0), newton, image).where(~silent, 1.0)
        if not moving.any():
            return q.where(~silent, 0.0)
    raise refusal(
        "fixed_point",
        f"the length map must settle within {_STEPS} steps",
        f"at {_first(moving, weight_var, bias_var)} it moves q from {q[moving][0].item():.6g} to "
        f"{image[moving][0].item():.6g}",
        "Follow it with length_map: it may cycle, or be NaN.",
        ConvergenceError,
    )


def _correlation(phi: Activation, q: Tensor, weight_var: Tensor) -> Tensor:
    """The root c < 1 of σ_w² E φφ + σ_b² = cq, after division by 1 − c: σ_w² Σ b_j c^j = q."""
    _, parts = phi.divided(q)
    c = torch.ones_like(q)
    for _ in range(_STEPS):
        value, slope = horner(parts, c)
        new = (c - (value - q / weight_var) / slope).clamp(0, 1)
        if not (new < c).any():
            break
        c = torch.minimum(c, new)
    return c


def _refuse_growth(bad: Tensor, weight_var: Tensor, bias_var: Tensor) -> None:
    require(
        not bad.any(),
        "fixed_point",
        "weight_var must be small enough for one finite fixed point",
        lambda: (
            f"at {_first(bad, weight_var, bias_var)} lengths grow, or all stay "
            f"({int(bad.sum())} of {bad.numel()} fail)"
        ),
        "Take weight_var < 2 for 'relu', < 1 for 'identity', or a bounded activation; length_map "
        "follows lengths that grow.",
    )


def _first(bad: Tensor, weight_var: Tensor, bias_var: Tensor) -> str:
    pair = (x[bad][0].item() for x in (weight_var, bias_var))
    return "weight_var = {:.6g}, bias_var = {:.6g}".format(*pair)
