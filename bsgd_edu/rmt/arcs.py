"""Arcs: laws with density ∝ sin² θ over a pole or none, x = centre + radius·cos θ, and their rule.

The midpoint rule in θ integrates to roundoff with few points, and its error from the pole is known
in closed form: it is added to the atom that sits there. So no edge case is left, neither at c = 1
nor where a spike leaves the bulk.
"""

import math

import torch
from torch import Tensor

from ..errors import require_integer

__all__ = ["angle", "arc_cdf", "midpoints", "with_atom"]


def midpoints(function: str, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """cos²(θ/2), sin²(θ/2) and sin²θ at the midpoints θ of count equal parts of (0, π)."""
    count = require_integer(function, "count", count, at_least=2, remedy="64 are enough.")
    half = (torch.arange(count, dtype=torch.float64) + 0.5) * (math.pi / (2 * count))
    return half.cos() ** 2, half.sin() ** 2, (2 * half).sin() ** 2


def with_atom(
    points: Tensor, weights: Tensor, place: float, log_excess: float, count: int
) -> tuple[Tensor, Tensor]:
    """Appends the pole with weight (1 − e^−a)/(1 + e^−Na): its atom plus the rule's error there."""
    if count * log_excess < -38 or log_excess == 0:  # e⁻³⁸ = 3e-17
        return points, weights
    weight = -math.expm1(-log_excess) / (1 + math.exp(-min(count * log_excess, 700)))
    return torch.cat([points, points.new_tensor([place])]), torch.cat(
        [weights, weights.new_tensor([weight])]
    )


def angle(x: Tensor, low: float, high: float) -> Tensor:
    """φ in [0, π], x = middle − half-width·cos φ; the ends for what lies beyond."""
    x = x.clamp(low, high)
    return 2 * torch.atan2((x - low).sqrt(), (high - x).sqrt())


def arc_cdf(q: float, phi: Tensor) -> Tensor:
    """Mass below φ of the normalised sin²φ/(1 + q² − 2q·cos φ), |q| ≤ 1, by its sine series."""
    if abs(q) < 0.1:
        k = torch.arange(2, 20, dtype=torch.float64, device=phi.device)
        tail = ((phi.unsqueeze(-1) * k).sin() * (q ** (k - 2) / k)).sum(-1)
    else:
        tail = (torch.atan2(q * phi.sin(), 1 - q * phi.cos()) - q * phi.sin()) / q**2
    return (phi + q * phi.sin() - (1 - q**2) * tail) / math.pi
