"""Cut-offs that are known exactly: SGD on a quadratic, random bits, a deck of cards."""

import math
from fractions import Fraction

import torch
from torch import Tensor

from ..errors import require_integer, require_number, require_sizes

__all__ = [
    "cutoff_profile",
    "hypercube_total_variation",
    "riffle_total_variation",
    "sgd_total_variation",
]


def cutoff_profile(shift: Tensor) -> Tensor:
    """Returns the profile 2Φ(e^{−c}/2) − 1 that Gaussian cut-offs share.

    The total variation at time t* + c·(window): of forward SGD on a quadratic with
    t* = log(D/s)/log(1/ρ) and window 1/log(1/ρ), exactly, and of n lazy random bits with
    t* = ½ n log n and window n, in the limit.

    Args:
        shift: c, any shape.

    Returns:
        Values in (0, 1), of that shape.

    Example:
        >>> cutoff_profile(torch.tensor([-4.0, 0.0, 6.0])).round(decimals=3)
        tensor([1.0000, 0.3830, 0.0010])
    """
    return torch.erf((-shift).exp() / (2 * math.sqrt(2)))


def _gaussian_total_variation(gap: Tensor, a: Tensor, b: float) -> Tensor:
    """The total variation between N(gap, a²) and N(0, b²), b > 0, exactly; a = 0 is a point mass.

    Equal spreads: 2Φ(|gap|/(2b)) − 1. Else the two densities cross at the roots of a quadratic,
    and the total variation is the difference of probabilities between them.
    """
    gap, ratio = gap.abs() / b, a / b
    equal = torch.erf(gap / (2 * math.sqrt(2)))
    # log density ratio: x²/2 − (x − gap)²/(2 ratio²) − log ratio = 0, in units of b. For
    # nearly equal spreads one root runs off to infinity: take the stable form of both.
    safe = torch.where(ratio > 0, ratio, 1.0)
    square = 1 - safe**2
    half = -gap
    constant = gap**2 + 2 * safe**2 * safe.log()
    root = (half**2 - square * constant).clamp(min=0).sqrt()
    far = -half + root  # gap ≥ 0, so that nothing cancels
    near = torch.where(far > 0, constant / far.where(far > 0, 1.0), 0.0)
    far = far / square.where(square != 0, 1.0)
    low, high = torch.minimum(near, far), torch.maximum(near, far)

    def between(mean, std):
        z_high, z_low = (high - mean) / std, (low - mean) / std
        return 0.5 * (torch.erf(z_high / math.sqrt(2)) - torch.erf(z_low / math.sqrt(2)))

    unequal = (between(gap, safe) - between(0.0, 1.0)).abs()
    close = (square.abs() <= 1e-12) & (ratio > 0)
    return torch.where(ratio == 0, 1.0, torch.where(close, equal, unequal))


def sgd_total_variation(
    step: Tensor | int, factor: float, distance: float, std: float, *, spread: float = 1.0
) -> Tensor:
    """Returns how far the law of forward SGD on a quadratic is from stationary, exactly.

    With Gaussian gradient noise x_n ~ N(ρⁿD, s²(1 + (r² − 1)ρ²ⁿ)) and π = N(0, s²). Started with
    the stationary spread (r = 1), total variation is 2Φ(ρⁿD/(2s)) − 1: the profile 2Φ(e^{−c}/2) − 1
    at n = (log(D/s) + c)/log(1/ρ), a cut-off as D/s → ∞ although every step contracts alike.
    Started at a point (r = 0) it has the same limit.

    Args:
        step: n ≥ 0, a number or a tensor (real numbers allowed).
        factor: ρ in (0, 1), one minus lr times curvature.
        distance: D ≥ 0, of the start's mean from the minimiser.
        std: s > 0, the stationary standard deviation.
        spread: r ≥ 0, the start's standard deviation over s.

    Returns:
        Values in [0, 1], float64, of the shape of `step`.

    Raises:
        DomainError: If an argument is out of range.

    Example:
        >>> sgd_total_variation(10, 0.5, 2.0**10, 1.0).round(decimals=4)
        tensor(0.3829, dtype=torch.float64)

    References:
        Barrera and Jara (2020), Thermalisation for small random perturbations of dynamical
        systems, Annals of Applied Probability 30 (the same profile).
    """
    name, remedy = "sgd_total_variation", "It is 1 − lr·curvature."
    require_number(name, "factor", factor, above=0, below=1, remedy=remedy)
    require_number(name, "distance", distance, at_least=0)
    require_number(name, "std", std, above=0)
    require_number(name, "spread", spread, at_least=0)
    shrink = factor ** torch.as_tensor(step, dtype=torch.float64)
    variance = (1 + (spread**2 - 1) * shrink**2).clamp(min=0)
    return _gaussian_total_variation(shrink * distance, std * variance.sqrt(), std)


def hypercube_total_variation(dim: int, num_steps: int) -> Tensor:
    """Returns the total variation of n bits from uniform, one random bit redrawn at each step.

    From 00…0 only the number of ones matters: an Ehrenfest chain on 0…n. Cut-off at ½ n log n
    with window n and the Gaussian profile of :func:`cutoff_profile`.

    Args:
        dim: n ≥ 1 bits.
        num_steps: Steps t.

    Returns:
        (t + 1,) float64, the total variation at 0, 1, …, t.

    Raises:
        DomainError: If n is below 1 or t negative.

    Example:
        >>> hypercube_total_variation(1, 2)
        tensor([0.5000, 0.0000, 0.0000], dtype=torch.float64)

    References:
        Diaconis, Graham and Morrison (1990), Asymptotic analysis of a random walk on a
        hypercube with many dimensions.
    """
    require_sizes("hypercube_total_variation", dim=dim)
    require_integer("hypercube_total_variation", "num_steps", num_steps, at_least=0)
    ones = torch.arange(dim + 1, dtype=torch.float64)
    total = torch.tensor(dim + 1.0, dtype=torch.float64)
    uniform = (total.lgamma() - (ones + 1).lgamma() - (total - ones).lgamma()).softmax(0)
    law = torch.zeros(dim + 1, dtype=torch.float64)
    law[0] = 1
    up, down = (1 - ones / dim) / 2, ones / dim / 2  # a zero, or a one, is redrawn and flips
    rows = [law]
    for _ in range(num_steps):
        new = law * (1 - up - down)
        new[1:] += law[:-1] * up[:-1]
        new[:-1] += law[1:] * down[1:]
        law = new
        rows.append(law)
    return 0.5 * (torch.stack(rows) - uniform).abs().sum(-1)


def riffle_total_variation(num_shuffles: int, num_cards: int = 52) -> float:
    """Returns the total variation from uniform of a deck after some riffle shuffles, exactly.

    After m shuffles a permutation with r rising sequences has probability C(2^m + n − r, n)/2^{mn},
    and the Eulerian numbers count these permutations. Cut-off at (3/2) log₂ n: seven shuffles.

    Args:
        num_shuffles: m ≥ 0.
        num_cards: n ≥ 1.

    Returns:
        The total variation, from rational arithmetic.

    Raises:
        DomainError: If m is negative or n below 1.

    Example:
        >>> [round(riffle_total_variation(m), 3) for m in (5, 6, 7, 8, 9, 10)]
        [0.924, 0.614, 0.334, 0.167, 0.085, 0.043]

    References:
        Bayer and Diaconis (1992), Trailing the dovetail shuffle to its lair, Annals of Applied
        Probability 2, Theorems 1 and 2.
    """
    require_integer("riffle_total_variation", "num_shuffles", num_shuffles, at_least=0)
    require_sizes("riffle_total_variation", num_cards=num_cards)
    eulerian = [1]  # A(n, r − 1): permutations of n cards with r rising sequences
    for n in range(2, num_cards + 1):
        eulerian = [
            (k + 1) * (eulerian[k] if k < n - 1 else 0) + (n - k) * (eulerian[k - 1] if k else 0)
            for k in range(n)
        ]
    packets, everything = 2**num_shuffles, math.factorial(num_cards)
    orders = packets**num_cards
    # Twice the distance, over the common denominator orders · n!.
    twice = sum(
        count * abs(math.comb(packets + num_cards - r, num_cards) * everything - orders)
        for r, count in enumerate(eulerian, 1)
    )
    return float(Fraction(twice, 2 * orders * everything))
