"""Laws of backward limits of coin flips: Bernoulli convolutions, and Minkowski's function."""

import torch
from torch import Tensor

from ..errors import require_number
from ..tensors import require_entries

__all__ = ["cdf", "convolution", "question_mark"]


def convolution(
    ratio: float, num_samples: int, *, generator: torch.Generator, num_terms: int = 200
) -> Tensor:
    """Draws from the law of a backward limit whose targets are coin flips.

    Y = (1 − ρ) Σ_{i≥1} ρ^{i−1} a_i, a_i = ±1: uniform on [−1, 1] at ρ = ½, the Cantor law at
    ρ = ⅓, smooth only for almost every ρ > ½.

    Args:
        ratio: ρ in (0, 1).
        num_samples: Number of draws.
        generator: Source of the coin flips.
        num_terms: Terms kept; the rest is below ρ^num_terms.

    Returns:
        Draws (num_samples,) in [−1, 1], float64.

    Raises:
        DomainError: If ρ is not in (0, 1).

    Example:
        >>> y = convolution(0.5, 4000, generator=torch.Generator().manual_seed(0))
        >>> bool((y.var() - 1 / 3).abs() < 0.03)
        True

    References:
        Solomyak (1995), On the random series Σ ± λⁿ (an Erdős problem), Annals of Math. 142.
    """
    remedy = "It is 1 − lr·curvature."
    require_number("convolution", "ratio", ratio, above=0, below=1, remedy=remedy)
    powers = ratio ** torch.arange(num_terms, dtype=torch.float64)
    signs = torch.randint(0, 2, (num_samples, num_terms), generator=generator).double() * 2 - 1
    return (1 - ratio) * (signs @ powers)


def cdf(ratio: float, x: Tensor, *, num_levels: int = 60) -> Tensor:
    """Returns P(Y ≤ x) for the Bernoulli convolution, without sampling.

    The law reproduces itself: F(x) = ½F((x + 1 − ρ)/ρ) + ½F((x − 1 + ρ)/ρ). For ρ ≤ ½ the two
    images do not overlap and one digit a level decides; for ρ > ½ the equation is iterated on
    a grid, which it contracts in the mean of |F|.

    Args:
        ratio: ρ in (0, 1).
        x: Points of any shape.
        num_levels: Levels of self-similarity resolved, for ρ ≤ ½ (each halves the error).

    Returns:
        Probabilities of the shape of x, float64.

    Raises:
        DomainError: If ρ is not in (0, 1).

    Example:
        >>> cdf(0.5, torch.tensor([-1.0, -0.5, 0.5]))
        tensor([0.0000, 0.2500, 0.7500], dtype=torch.float64)
        >>> cdf(1 / 3, torch.tensor([-0.2, 0.2, 0.5]))  # Cantor: flat on the gap
        tensor([0.5000, 0.5000, 0.6667], dtype=torch.float64)
    """
    remedy = "It is 1 − lr·curvature."
    require_number("cdf", "ratio", ratio, above=0, below=1, remedy=remedy)
    x = x.double()
    if ratio <= 0.5:
        point, value, weight = x.clone(), torch.zeros_like(x), 1.0
        for _ in range(num_levels):
            weight /= 2
            right = point >= 1 - 2 * ratio
            value = value + weight * right
            # Inside a gap both images are past their ends, and the clamp keeps them there.
            shift = (1 - ratio) * (1 - 2 * right.double())
            point = ((point + shift) / ratio).clamp(-1, 1)
            # An end is a fixed point that a rounding error would leave, growing by 1/ρ a level.
            point = torch.where(point.abs() > 1 - 1e-12, point.sign(), point)
        return torch.where(x >= 1, 1.0, torch.where(x < -1, 0.0, value))
    grid = torch.linspace(-1, 1, 4097, dtype=torch.float64)
    values = (grid + 1) / 2
    for _ in range(400):
        new = 0.5 * (
            _interpolate(values, (grid + 1 - ratio) / ratio)
            + _interpolate(values, (grid - 1 + ratio) / ratio)
        )
        change, values = (new - values).abs().max(), new
        if change < 1e-12:
            break
    return _interpolate(values, x)


def question_mark(t: Tensor) -> Tensor:
    """Returns Minkowski's question mark function, which makes binary digits of continued fractions.

    ?(t/(1 + t)) = ½ ?(t) and ?(1/(2 − t)) = ½ + ½ ?(t): it is the law of the backward limit of
    these two maps under coin flips. It is continuous and increasing, and its derivative is 0 almost
    everywhere.

    Args:
        t: Points in [0, 1], of any shape.

    Returns:
        Values in [0, 1] of the shape of t, float64, within 1e-11: rounding t moves them by that.

    Raises:
        DomainError: If a point is not in [0, 1].

    Example:
        >>> question_mark(torch.tensor([0.0, 0.5, 0.75, 1.0]))
        tensor([0.0000, 0.5000, 0.8750, 1.0000], dtype=torch.float64)

    References:
        Minkowski (1904), Zur Geometrie der Zahlen; Salem (1943), On some singular monotonic
        functions which are strictly increasing, Transactions AMS 53.
    """
    good, remedy = (t >= 0) & (t <= 1), "Pass shares x_1/(x_1 + x_2)."
    require_entries(good, "question_mark", "t must lie in [0, 1]", t, remedy)
    point = t.double()
    value = torch.zeros_like(point)
    for digit in range(1, 46):
        high = point >= 0.5  # the digit says which half; then the map of that half is undone
        value = value + high / 2**digit
        lower, upper = point.clamp_max(0.5), point.clamp_min(0.5)
        point = torch.where(high, 2 - 1 / upper, lower / (1 - lower))
    return value


def _interpolate(values: Tensor, x: Tensor) -> Tensor:
    """Linear interpolation on the even grid over [−1, 1]; constant beyond its ends."""
    position = (x.clamp(-1, 1) + 1) / 2 * (values.numel() - 1)
    left = position.floor().clamp(max=values.numel() - 2).long()
    fraction = position - left
    return (1 - fraction) * values[left] + fraction * values[left + 1]
