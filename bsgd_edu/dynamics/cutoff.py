"""Cut-off in depth: a saturating distance that stays at 1, then falls to 0 within a short window.

Mechanism: log|Δ_L| ≈ N(log d_0 + λL, vL) with λ < 0, and a separation that cannot exceed 1. The
separation then falls where the typical distance passes the tolerance, L* = log(d_0/τ)/|λ|, within
a window max(1/|λ|, √(vL*)/|λ|): relatively ever shorter as log(d_0/τ) grows. Exponents here are
growth rates, negative where things come together, as the rest of `dynamics` returns them.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_number
from ..tensors import require_broadcast, require_finite, require_positive

__all__ = [
    "depths",
    "location",
    "predicted_depths",
    "predicted_separation",
    "relative_window",
    "roundoff_depth",
    "separation",
    "window",
]


def separation(distance: Tensor, tolerance: float | Tensor, dim: int = -1) -> Tensor:
    """Returns how well an observer with noise τ can tell two outputs apart, over replicas.

    S_τ = E[2Φ(|Δ|/(2τ)) − 1]: the total variation between N(a, τ²I) and N(b, τ²I) at
    distance |a − b| = |Δ|. It is 1 far above τ and |Δ|/(τ√(2π)) far below.

    Args:
        distance: Distances ≥ 0, replicas along `dim`.
        tolerance: τ > 0, or a tensor of them, which become leading dimensions.
        dim: The dimension of the replicas, averaged over.

    Returns:
        Separations in [0, 1], (*tolerances, ...).

    Raises:
        DomainError: If a tolerance is not positive, or a distance negative or NaN.

    Example:
        >>> separation(torch.tensor([[0.0, 0.0], [9.0, 9.0]]), 0.1)
        tensor([0., 1.])
    """
    tolerance = torch.as_tensor(tolerance, dtype=distance.dtype, device=distance.device)
    good, remedy = (tolerance > 0).all() and (distance >= 0).all(), "Pass norms of differences."
    require(
        good,
        "separation",
        "tolerance must be positive and distance ≥ 0",
        lambda: (
            f"the smallest tolerance is {tolerance.min().item()} and "
            f"{int((~(distance >= 0)).sum())} distances are not"
        ),
        remedy,
    )
    dim = dim % distance.dim() - distance.dim()
    tolerance = tolerance.reshape(*tolerance.shape, *[1] * distance.dim())
    return torch.erf(distance / (2 * math.sqrt(2) * tolerance)).mean(dim)


def depths(curve: Tensor, levels: Sequence[float] = (0.9, 0.5, 0.1)) -> Tensor:
    """Returns the depths L(q) from which a curve stays at or below each level q.

    The last passage, as in the definition of a mixing time: a noisy or non-monotone curve counts
    as fallen only once it never exceeds q again. Between the last depth above q and the next one
    the curve is taken as a straight line. A curve that never exceeds q has L(q) = 0; one that
    ends above q has L(q) = ∞. A short window means L(.1)/L(.9) close to 1.

    Args:
        curve: Values at depths 0, 1, …, L, depth first: (L + 1, ...).
        levels: Levels q.

    Returns:
        (len(levels), ...), in layers, of the curve's dtype.

    Raises:
        ShapeError: If the curve has no depth.
        DomainError: If the curve holds NaN or infinity (a dead network's angle, say).

    Example:
        >>> depths(torch.tensor([1.0, 1.0, 0.8, 0.2, 0.0]))
        tensor([1.5000, 2.5000, 3.5000])
        >>> depths(torch.tensor([1.0, 0.0, 0.6, 0.3]), levels=[0.5, 0.2])
        tensor([2.3333,    inf])

    References:
        Aldous and Diaconis (1986), Shuffling cards and stopping times; Levin, Peres and Wilmer,
        Markov Chains and Mixing Times, Chapter 18.
    """
    _need_depth("depths", "curve", curve)
    require_finite("depths", "curve", curve, "Set dead networks apart, or to 0.")
    found = []
    count = len(curve)
    depth = torch.arange(count, device=curve.device).reshape(-1, *[1] * (curve.dim() - 1))
    for level in levels:
        last = torch.where(curve > level, depth, -1).amax(0)  # last depth above the level
        before = last.clamp(0, count - 1).unsqueeze(0)
        after = (before + 1).clamp(max=count - 1)
        high, low = curve.gather(0, before)[0], curve.gather(0, after)[0]
        drop = torch.where(high > low, high - low, 1.0)
        passed = last + (high - level) / drop
        passed = torch.where(last < 0, 0.0, passed)
        found.append(torch.where(last == count - 1, math.inf, passed).to(curve.dtype))
    return torch.stack(found)


def relative_window(curve: Tensor) -> Tensor:
    """Returns L(.1)/L(.9): how long a curve takes to fall, against how long it waits.

    Close to 1 for a sharp cut-off; log 10/log(1/.9) ≈ 22 for an exponential that starts at 1.

    Args:
        curve: Values at depths 0, 1, …, L, depth first, as for :func:`depths`.

    Returns:
        Ratios (...) ≥ 1; inf where a curve starts below .9 or ends above .1.

    Raises:
        ShapeError: As :func:`depths`.
        DomainError: As :func:`depths`.

    Example:
        >>> relative_window(torch.tensor([1.0, 1.0, 0.8, 0.3, 0.0, 0.0])).round(decimals=2)
        tensor(2.4400)
    """
    early, late = depths(curve, (0.9, 0.1))
    return torch.where(early > 0, late / early, math.inf)


def location(exponent: float, distance: float, tolerance: float) -> float:
    """Returns the depth L* = log(d_0/τ)/|λ| at which the typical distance passes τ.

    Args:
        exponent: λ < 0, the growth rate of log-distance per layer.
        distance: d_0 > 0, at depth 0.
        tolerance: τ, 0 < τ ≤ d_0.

    Returns:
        L* ≥ 0, in layers. (In time rather than depth this is :func:`coupling.meeting_time`.)

    Raises:
        DomainError: If λ ≥ 0 or the distances are not 0 < τ ≤ d_0.

    Example:
        >>> round(location(-0.5, 1.0, math.exp(-5)), 12)
        10.0
    """
    _need_contraction("location", exponent, distance, tolerance)
    return math.log(distance / tolerance) / -exponent


def window(exponent: float, variance: float, location: float) -> float:
    """Returns the width max(1/|λ|, √(vL*)/|λ|) of the window in which the separation falls.

    The first part is the time that the saturating curve itself needs, the second how much
    replicas differ. There is a cut-off when the window is much shorter than L*.

    Args:
        exponent: λ < 0, the growth rate of log-distance per layer.
        variance: v ≥ 0 per layer, of log-distance.
        location: L* ≥ 0.

    Returns:
        The width, in layers.

    Raises:
        DomainError: If λ ≥ 0, or v or L* is negative.

    Example:
        >>> window(-0.5, 0.04, 100.0)
        4.0
    """
    remedy = "Without contraction there is no cut-off."
    require_number("window", "exponent", exponent, below=0, remedy=remedy)
    require_number("window", "variance", variance, at_least=0)
    require_number("window", "location", location, at_least=0)
    return max(1.0, math.sqrt(variance * location)) / -exponent


def predicted_separation(
    depths: Tensor, exponent: float, variance: float, distance: float | Tensor, tolerance: float
) -> Tensor:
    """Returns the separation curve of log-normal distances.

    E[2Φ(d_0 e^{λL + √(vL) Z}/(2τ)) − 1], Z ~ N(0, 1), by Gauss–Hermite quadrature.

    Args:
        depths: L ≥ 0, any shape.
        exponent: λ, the growth rate of log-distance per layer.
        variance: v ≥ 0 per layer.
        distance: d_0 > 0; or one for each depth, where a known factor that depends on the depth
            goes with it.
        tolerance: τ > 0.

    Returns:
        Separations in [0, 1], of the shape of `depths`, float64.

    Raises:
        DomainError: If v is negative, or a distance not positive.
        ShapeError: If there are several distances, but not one for each depth.

    Example:
        >>> predicted_separation(torch.tensor([0.0, 1.0]), -9.0, 0.0, 1.0, 0.01).round(decimals=3)
        tensor([1.0000, 0.0050], dtype=torch.float64)
    """
    import numpy as np

    distance = torch.as_tensor(distance, dtype=torch.float64, device=depths.device)
    require(
        not distance.dim() or distance.shape == depths.shape,
        "predicted_separation",
        "distance must be one number or shaped like depths",
        lambda: f"their shapes are {tuple(distance.shape)} and {tuple(depths.shape)}",
        "Pass one for each.",
        ShapeError,
    )
    require_number("predicted_separation", "variance", variance, at_least=0)
    require_number("predicted_separation", "tolerance", tolerance, above=0)
    remedy = "Pass the values at depth 0."
    require_positive("predicted_separation", "distance", distance, remedy)
    nodes, weights = (torch.from_numpy(a) for a in np.polynomial.hermite_e.hermegauss(161))
    depths = depths.double().unsqueeze(-1)
    log_ratio = (distance / tolerance).log().unsqueeze(-1) + exponent * depths
    log_ratio = log_ratio + (variance * depths).sqrt() * nodes.to(depths.device)
    # erf is 1 from 8 on: what is beyond exp's range needs no more than that.
    saturating = torch.erf(log_ratio.clamp(max=50).exp() / (2 * math.sqrt(2)))
    return saturating @ (weights / weights.sum()).to(depths.device)


def predicted_depths(
    exponent: float,
    variance: float,
    distance: float,
    tolerance: float,
    levels: Sequence[float] = (0.9, 0.5, 0.1),
) -> Tensor:
    """Returns the depths L(q) at which the predicted separation falls to each level.

    Without fluctuations (v = 0) these are log(d_0/(τ r_q))/|λ| with r_q = 2Φ⁻¹((1 + q)/2):
    r = 3.29, 1.35, 0.25 at q = .9, .5, .1.

    Args:
        exponent: λ < 0.
        variance: v ≥ 0 per layer.
        distance: d_0 ≥ τ.
        tolerance: τ > 0.
        levels: Levels q in (0, 1).

    Returns:
        (len(levels),) float64, in layers, to 1e-3 of the window.

    Raises:
        DomainError: If λ ≥ 0, the distances are not 0 < τ ≤ d_0, v < 0, or a level is outside
            (0, 1).

    Example:
        >>> predicted_depths(-0.9, 0.0, 16.0, 0.1).round(decimals=1)
        tensor([4.3000, 5.3000, 7.2000], dtype=torch.float64)
    """
    _need_contraction("predicted_depths", exponent, distance, tolerance)
    remedy = "A separation takes no other values."
    for level in levels:
        require_number("predicted_depths", "each of levels", level, above=0, below=1, remedy=remedy)
    centre = location(exponent, distance, tolerance)
    step = window(exponent, variance, centre) / 1000
    end = centre + 4000 * step
    while True:
        grid = torch.linspace(0, end, max(2, math.ceil(end / step)), dtype=torch.float64)
        curve = predicted_separation(grid, exponent, variance, distance, tolerance)
        if curve[-1] <= min(levels):
            return depths(curve, levels) * (grid[1] - grid[0])
        end, step = 2 * end, 2 * step


def roundoff_depth(
    distance: Tensor, norm: Tensor, dtype: torch.dtype, margin: float = 8.0
) -> Tensor:
    """Returns the depth from which a distance between two outputs is mostly round-off.

    The first depth where distance/norm ≤ margin·ε of the dtype (ε = 1.2e-7 in float32, 2.2e-16
    in float64). Two separate passes cannot resolve less: from there on the curve is flat, and a
    floor must not be read as the end of a cut-off. Feed it a curve that was `tracked`, or a
    measured one: a floor lies below the margin as well.

    Args:
        distance: ‖y − x‖ at depths 0, 1, …, (L + 1, ...).
        norm: ‖x‖ there, of a shape that broadcasts.
        dtype: The dtype of the passes.
        margin: Multiple of ε that still counts as round-off.

    Returns:
        Depths (...), float64; inf where the curve can be read to its end.

    Raises:
        ShapeError: If distance and norm do not broadcast, or there is no depth.

    Example:
        >>> distance = 10.0 ** -torch.arange(10)
        >>> roundoff_depth(distance, torch.ones(10), torch.float32)
        tensor(7., dtype=torch.float64)
    """
    points = {"distance": distance, "norm": norm}
    distance, norm = require_broadcast("roundoff_depth", points, "Pass both depth first.")
    _need_depth("roundoff_depth", "distance", distance)
    lost = distance <= margin * torch.finfo(dtype).eps * norm
    first = lost.int().argmax(0).double()
    return torch.where(lost.any(0), first, math.inf)


def _need_contraction(function: str, exponent: float, distance: float, tolerance: float) -> None:
    remedy = "Without contraction distances never pass the tolerance."
    require_number(function, "exponent", exponent, below=0, remedy=remedy)
    rule = "tolerance must be positive and at most the distance"
    fact, remedy = f"they are {tolerance} and {distance}", "Above it nothing has to be waited for."
    require(0 < tolerance <= distance < math.inf, function, rule, fact, remedy)


def _need_depth(function: str, name: str, curve: Tensor) -> None:
    require(
        curve.dim() > 0 and len(curve) > 0,
        function,
        f"{name} must hold at least one depth, first",
        lambda: f"its shape is {tuple(curve.shape)}",
        "Pass (L + 1, ...).",
        ShapeError,
    )
