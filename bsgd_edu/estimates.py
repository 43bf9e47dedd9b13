"""Monte-Carlo estimates with their standard errors, so that a gap can be judged."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from .errors import require

__all__ = [
    "Estimate",
    "correlation_and_stderr",
    "gap_and_stderr",
    "mean_and_stderr",
    "rms_and_stderr",
    "share_and_stderr",
    "variance_and_stderr",
]


class Estimate(NamedTuple):
    """An estimate with its standard error; a claim takes it whole, ``mean, stderr = …`` in two.

    Attributes:
        mean: What was estimated, any shape.
        stderr: Its standard error, the same shape.
    """

    mean: Tensor
    stderr: Tensor

    @classmethod
    def stack(cls, estimates: "Iterable[Estimate]", dim: int = 0) -> "Estimate":
        """Returns estimates of one shape as one, along a new dimension.

        Args:
            estimates: At least one; for example the values of a dictionary.
            dim: The new dimension.

        Example:
            >>> one = Estimate(torch.tensor(1.0), torch.tensor(0.5))
            >>> Estimate.stack([one, one])
            Estimate(mean=tensor([1., 1.]), stderr=tensor([0.5000, 0.5000]))
        """
        means, errors = zip(*estimates, strict=True)
        return cls(torch.stack(means, dim), torch.stack(errors, dim))


def mean_and_stderr(samples: Tensor, dim: int = -1) -> Estimate:
    """Returns the mean of independent samples and its standard error s/√n.

    Args:
        samples: Independent along `dim`, any shape.
        dim: The dimension of the samples (replicas).

    Returns:
        Means and standard errors, without that dimension.

    Raises:
        DomainError: If there are fewer than two samples.

    Example:
        >>> mean_and_stderr(torch.tensor([1.0, 3.0]))
        Estimate(mean=tensor(2.), stderr=tensor(1.))
    """
    count = samples.shape[dim]
    rule, fact = f"samples must hold at least 2 along dim {dim}", f"there are {count}"
    require(count >= 2, "mean_and_stderr", rule, fact, "A single sample has no spread.")
    return Estimate(samples.mean(dim), samples.std(dim) / count**0.5)


def gap_and_stderr(a: Tensor, b: Tensor, dim: int = -1) -> Estimate:
    """Returns the difference of two means and its standard error, for independent samples.

    Truth values are compared as shares, see :func:`share_and_stderr`.

    Args:
        a: Samples along `dim`.
        b: Samples independent of a, along `dim`; other dimensions as in a.
        dim: The dimension of the samples.

    Returns:
        mean(a) − mean(b) and standard errors, without that dimension.

    Raises:
        DomainError: If there are fewer than two samples.

    Example:
        >>> gap, stderr = gap_and_stderr(torch.tensor([4.0, 6.0]), torch.tensor([1.0, 1.0]))
        >>> float(gap), float(stderr)
        (4.0, 1.0)
    """
    events = a.dtype == torch.bool
    (p, p_stderr), (q, q_stderr) = (
        share_and_stderr(x, dim) if events else mean_and_stderr(x, dim) for x in (a, b)
    )
    return Estimate(p - q, torch.hypot(p_stderr, q_stderr))


def variance_and_stderr(samples: Tensor, dim: int = -1) -> Estimate:
    """Returns the variance of independent samples and its standard error.

    √((m₄ − s⁴)/n), m₄ the fourth central moment: right for any law that has one, and
    s²√(2/n) for a Gaussian.

    Args:
        samples: Independent along `dim`, any shape.
        dim: The dimension of the samples.

    Returns:
        Variances and standard errors, without that dimension.

    Raises:
        DomainError: If there are fewer than two samples.

    Example:
        >>> draws = torch.randn(20000, generator=torch.Generator().manual_seed(0))
        >>> variance, stderr = variance_and_stderr(draws)
        >>> bool((variance - 1).abs() < 4 * stderr), round(float(stderr), 2)
        (True, 0.01)
    """
    mean, _ = mean_and_stderr(samples, dim)
    squares = (samples - mean.unsqueeze(dim)) ** 2
    _, stderr = mean_and_stderr(squares, dim)
    return Estimate(samples.var(dim), stderr)


def rms_and_stderr(samples: Tensor, dim: int = -1) -> Estimate:
    """Returns the root mean square of independent samples and its standard error.

    The delta method: the error of the mean square, divided by twice its root.

    Args:
        samples: Independent along `dim`, any shape.
        dim: The dimension of the samples.

    Returns:
        Root mean squares and standard errors, without that dimension.

    Raises:
        DomainError: If there are fewer than two samples.

    Example:
        >>> rms, _ = rms_and_stderr(torch.tensor([3.0, 3.0, -3.0]))
        >>> float(rms)
        3.0
    """
    square, stderr = mean_and_stderr(samples**2, dim)
    return Estimate(square.sqrt(), stderr / (2 * square.sqrt()))


def correlation_and_stderr(a: Tensor, b: Tensor, dim: int = -1) -> Estimate:
    """Returns the correlation of two samples and its standard error (1 − r²)/√n.

    The error is that of Gaussian pairs.

    Args:
        a: Samples along `dim`, any shape.
        b: Samples of the same shape, paired with those of a.
        dim: The dimension of the samples.

    Returns:
        Correlations and standard errors, without that dimension.

    Raises:
        DomainError: If there are fewer than two samples.

    Example:
        >>> a = torch.tensor([1.0, 2.0, 4.0])
        >>> round(float(correlation_and_stderr(a, 2 * a)[0]), 6)
        1.0
    """
    mean_a, _ = mean_and_stderr(a, dim)
    mean_b, _ = mean_and_stderr(b, dim)
    a, b = a - mean_a.unsqueeze(dim), b - mean_b.unsqueeze(dim)
    r = (a * b).sum(dim) / ((a**2).sum(dim) * (b**2).sum(dim)).sqrt()
    return Estimate(r, (1 - r**2) / a.shape[dim] ** 0.5)


def share_and_stderr(events: Tensor, dim: int = -1) -> Estimate:
    """Returns how often an event happened, and the binomial standard error.

    The error uses (k + 1)/(n + 2) for the unknown probability, so that it never vanishes.

    Args:
        events: True or False, independent along `dim`.
        dim: The dimension of the samples.

    Returns:
        Shares and standard errors, float64, without that dimension.

    Example:
        >>> share, stderr = share_and_stderr(torch.tensor([True, False, True, True]))
        >>> float(share), round(float(stderr), 3)
        (0.75, 0.236)
    """
    count = events.shape[dim]
    happened = events.double().sum(dim)
    smoothed = (happened + 1) / (count + 2)
    return Estimate(happened / count, (smoothed * (1 - smoothed) / count).sqrt())
