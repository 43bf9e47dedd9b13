"""Distances between laws (total variation, Wasserstein) and between maps seen on samples."""

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_shape
from ..tensors import bounds, require_entries, require_finite, require_points
from .cones import log_ratio
from .points import norm

__all__ = [
    "empirical_law",
    "log_dilatation_distance",
    "push_forward",
    "total_variation_distance",
    "wasserstein_distance",
]


def total_variation_distance(p: Tensor, q: Tensor) -> Tensor:
    """Returns the total variation distance of laws on k outcomes.

    ½ Σ |p_i − q_i| = max_A |p(A) − q(A)|. No map of the outcomes, random or not, expands it.

    Args:
        p: Probabilities (..., k) that sum to 1.
        q: Probabilities (..., k); leading dims broadcast.

    Returns:
        Distances (...) in [0, 1].

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If a probability is negative or not finite, or a law does not sum to 1.

    Example:
        >>> p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.25, 0.5])
        >>> total_variation_distance(p, q)
        tensor(0.5000)

    References:
        Levin and Peres (2017), Markov Chains and Mixing Times, Proposition 4.2.
    """
    require_points("total_variation_distance", {"p": p, "q": q})
    _law("total_variation_distance", "p", p)
    _law("total_variation_distance", "q", q)
    return (p - q).abs().sum(-1) / 2


def push_forward(law: Tensor, targets: Tensor) -> Tensor:
    """Returns the law of T(X) for X with a given law on k outcomes.

    Args:
        law: Probabilities (..., k) that sum to 1.
        targets: T(0) … T(k − 1), integers (k,) from 0 to k − 1.

    Returns:
        Probabilities (..., k).

    Raises:
        ShapeError: If targets does not name one outcome for each.
        DomainError: If law is none, or a target is not an outcome.

    Example:
        >>> push_forward(torch.tensor([0.25, 0.25, 0.5]), torch.tensor([0, 0, 1]))
        tensor([0.5000, 0.5000, 0.0000])
    """
    require_points("push_forward", {"law": law})
    _law("push_forward", "law", law)
    remedy = "It holds one image for each outcome: T(0) … T(k − 1)."
    require_shape("push_forward", "targets", targets, (law.shape[-1],), remedy)
    _outcomes("push_forward", "targets", targets, law.shape[-1])
    return torch.zeros_like(law).index_add(-1, targets, law)


def empirical_law(samples: Tensor, num_outcomes: int) -> Tensor:
    """Returns the frequencies of outcomes in samples, for the total variation between samples.

    The distance of two empirical laws of n samples of one law is not zero but of order √(k/n):
    compare it with that floor.

    Args:
        samples: Integers (..., n) from 0 to num_outcomes − 1.
        num_outcomes: k ≥ 1.

    Returns:
        Frequencies (..., k), float64.

    Raises:
        ShapeError: If there is no sample.
        DomainError: If a sample is no integer, or not an outcome.

    Example:
        >>> empirical_law(torch.tensor([0, 2, 2, 0]), 3)
        tensor([0.5000, 0.0000, 0.5000], dtype=torch.float64)
    """
    _outcomes("empirical_law", "samples", samples, num_outcomes)
    require(
        samples.dim() >= 1 and samples.shape[-1] > 0,
        "empirical_law",
        "samples must have shape (..., n) with n ≥ 1",
        f"its shape is {tuple(samples.shape)}",
        "The last dim counts the samples.",
        ShapeError,
    )
    counts = torch.zeros(
        (*samples.shape[:-1], num_outcomes), dtype=torch.float64, device=samples.device
    )
    ones = torch.ones((), dtype=torch.float64, device=samples.device).expand(samples.shape)
    return counts.scatter_add(-1, samples, ones) / samples.shape[-1]


def wasserstein_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns the Wasserstein distance W_1 of two samples of real numbers.

    ∫ |F(t) − G(t)| dt for the empirical distribution functions, the cheapest transport with cost
    |x − y|; for samples of one size the mean of |x_(i) − y_(i)| over the sorted samples. A
    1-Lipschitz map does not expand it.

    Args:
        x: Samples (..., n).
        y: Samples (..., m); leading dims broadcast, n and m may differ.

    Returns:
        Distances (...) ≥ 0, in the samples' unit.

    Raises:
        ShapeError: If leading dims do not broadcast, or a sample is empty.
        DomainError: If an entry is not finite.

    Example:
        >>> wasserstein_distance(torch.tensor([0.0, 1.0]), torch.tensor([3.0]))
        tensor(2.5000)

    References:
        Vallender (1974), Calculation of the Wasserstein distance between probability
        distributions on the line; Villani (2009), Optimal Transport, Chapter 6.
    """
    name = "wasserstein_distance"
    require_points(name, {"x": x})
    require_points(name, {"y": y})
    require_points(name, {"x": x[..., :1], "y": y[..., :1]})
    require_finite(name, "x", x)
    require_finite(name, "y", y)
    n, m = x.shape[-1], y.shape[-1]
    x, y = x.sort(-1).values, y.sort(-1).values
    if n == m:
        return (x - y).abs().mean(-1)
    # The quantile functions are constant between the levels i/n and j/m, here in units 1/(nm).
    levels = torch.cat([torch.arange(n + 1) * m, torch.arange(m + 1) * n]).unique()
    start = levels[:-1].to(x.device)
    weight = levels.diff().to(x) / (n * m)
    return ((x[..., start // m] - y[..., start // n]).abs() * weight).sum(-1)


def log_dilatation_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns how much two embeddings of the same samples differ in scale, pair by pair.

    max_{i<j} |log(|y_i − y_j| / |x_i − x_j|)|, which is log K for the least K such that x_i ↦ y_i
    and its inverse are K-Lipschitz. A pseudo-distance, zero for isometric embeddings. Relabelling
    the samples, or an isometry of either embedding, changes nothing.

    Args:
        x: Images (..., m, d) of m samples, no two of them equal.
        y: Images (..., m, d) of the same samples under another map.

    Returns:
        Distances (...) ≥ 0.

    Raises:
        ShapeError: If the shapes do not fit, or there is only one sample.
        DomainError: If an entry is not finite, or two samples share their image.

    Example:
        >>> x, y = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([[0.0], [2.0], [3.0]])
        >>> log_dilatation_distance(x, y).exp()
        tensor(2.)

    References:
        Gromov (1999), Metric Structures, Section 3.1 (the Lipschitz distance).
    """
    name = "log_dilatation_distance"
    require_points(name, {"x": x, "y": y}, point_dims=2)
    return log_ratio(_gaps(name, "y", y), _gaps(name, "x", x)).abs().amax(-1)


def _gaps(function: str, name: str, x: Tensor) -> Tensor:
    """|x_i − x_j| over the pairs i < j."""
    require_finite(function, name, x)
    m = x.shape[-2]
    rule = f"{name} must hold at least 2 samples (..., m, d)"
    fact, remedy = f"its shape is {tuple(x.shape)}", "Pass images of several samples."
    require(m >= 2, function, rule, fact, remedy, ShapeError)
    i, j = torch.triu_indices(m, m, 1, device=x.device)
    gaps = norm(x[..., i, :] - x[..., j, :])
    if not bounds(gaps)[0] > 0:
        remedy = "The entry is a pair i < j at distance 0: such a map is not bi-Lipschitz."
        require_entries(gaps > 0, function, f"{name} must keep samples apart", gaps, remedy)
    return gaps


def _law(function: str, name: str, p: Tensor) -> None:
    require_finite(function, name, p)
    if not bounds(p)[0] >= 0:
        remedy = "A law has no negative probability."
        require_entries(p >= 0, function, f"{name} must be ≥ 0", p, remedy)
    mass = p.detach().sum(-1)
    # k roundings of numbers that sum to 1, with room for those of a softmax.
    tolerance = 8 * (p.shape[-1] + 8) * torch.finfo(p.dtype).eps
    off = (mass - 1).abs()
    if not bounds(off)[1] <= tolerance:
        rule = f"{name} must sum to 1 up to {tolerance:.1g}"
        require_entries(off <= tolerance, function, rule, mass, "Divide it by its sum.")


def _outcomes(function: str, name: str, x: Tensor, count: int) -> None:
    require(
        not (x.is_floating_point() or x.is_complex() or x.dtype == torch.bool),
        function,
        f"{name} must hold integers",
        f"its dtype is {x.dtype}",
        "Number the outcomes 0, 1, 2, … and pass .long().",
    )
    if x.numel() and not (x.min() >= 0 and x.max() < count):
        good = (x >= 0) & (x < count)
        rule = f"{name} must lie from 0 to {count - 1}"
        require_entries(good, function, rule, x, "Outcomes count from 0.")
