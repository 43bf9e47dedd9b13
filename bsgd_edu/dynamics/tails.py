"""Multiplicative noise: Lyapunov exponents and heavy tails of linear-regression SGD.

The scalar model is θ ← (1 − ηx²)θ + ηxε with x ~ N(0, 1); in d dimensions with batch size B it
is θ ← (I − ηG)θ + noise, G = (1/B) Σ x xᵀ, x ~ N(0, I_d).
"""

import math
from functools import lru_cache

import torch
from torch import Tensor

from ..errors import ConvergenceError, require, require_integer, require_number, require_sizes

__all__ = [
    "hill_index",
    "kesten_index",
    "regression_lyapunov_exponent",
    "regression_mean_log_lipschitz",
    "scalar_lyapunov_exponent",
]


def scalar_lyapunov_exponent(lr: float) -> float:
    """Returns the growth rate of one-dimensional regression SGD with unit Gaussian inputs.

    γ(η) = E log|1 − ηx²|, x ~ N(0, 1). Negative for 0 < η < 2.42125, although the mean square
    already explodes from η = 2/3 on.

    Args:
        lr: Step size η > 0.

    Returns:
        γ per step, in nats.

    Raises:
        DomainError: If lr is not positive.

    Example:
        >>> round(scalar_lyapunov_exponent(0.5), 5)
        -0.48463
    """
    from scipy.integrate import quad

    require_number("scalar_lyapunov_exponent", "lr", lr, above=0)
    root = 1 / math.sqrt(lr)

    # |1 − ηx²| = η |x − r| |x + r|. The factor log|x − r| is singular at r: x = r ± t² makes
    # the integrand vanish there, and the rest is smooth.
    def density(x: float) -> float:
        return 2 * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)

    def smooth(x: float) -> float:
        return density(x) * (math.log(lr) + math.log(x + root))

    def below(t: float) -> float:
        return 4 * t * math.log(t) * density(root - t * t) if t > 0 else 0.0

    def above(t: float) -> float:
        return 4 * t * math.log(t) * density(root + t * t) if t > 0 else 0.0

    far = 40.0
    parts = [quad(smooth, 0, far, limit=400, points=[root] if root < far else None)[0]]
    parts.append(quad(below, 0, math.sqrt(root), limit=400)[0])
    parts.append(quad(above, 0, math.sqrt(far), limit=400)[0])
    return sum(parts)


@lru_cache(maxsize=1)
def _scalar_stability_limit() -> float:
    """The zero of :func:`scalar_lyapunov_exponent`, 2.42125…: up to it there is a limit law."""
    from scipy.optimize import brentq

    return brentq(scalar_lyapunov_exponent, 2.0, 3.0, xtol=1e-10)


def hill_index(samples: Tensor, *, largest: int) -> Tensor:
    """Estimates the tail index of a law from its largest samples: Hill's estimator.

    α̂ = 1 / mean_{i<k} log(s_i / s_k) over the k largest |samples| s_1 ≥ … ≥ s_k. Above s_k a tail
    P(|θ| > t) ~ C t^−α makes these logarithms exponential with mean 1/α: the standard error is
    α/√k, and the bias falls as k becomes a smaller share of the samples.

    Args:
        samples: Independent draws, (n,).
        largest: How many to use, 2 ≤ k ≤ n.

    Returns:
        α̂ > 0, a scalar.

    Raises:
        DomainError: If `largest` is not in 2..n, or the k largest do not differ or reach zero.

    Example:
        >>> ranks = torch.arange(1, 10001, dtype=torch.float64)
        >>> hill_index((ranks / 10000) ** -0.5, largest=1000).round(decimals=1)  # tail t^−2
        tensor(2., dtype=torch.float64)

    References:
        Hill (1975), A simple general approach to inference about the tail of a distribution,
        Annals of Statistics 3.
    """
    require_integer(
        "hill_index",
        "largest",
        largest,
        at_least=2,
        at_most=len(samples),
        remedy="It counts samples: take a few percent of them.",
    )
    top = samples.abs().sort(descending=True).values[:largest]
    require(
        top[0] > top[-1] > 0,
        "hill_index",
        f"the {largest} largest samples must differ and be non-zero",
        lambda: f"they span {top[-1]:g}..{top[0]:g}",
        "Draw samples of a continuous law.",
    )
    return 1 / (top[:-1] / top[-1]).log().mean()


def kesten_index(lr: float) -> float:
    """Returns the tail index of the stationary law of one-dimensional regression SGD.

    The root α > 0 of E|1 − ηx²|^α = 1: then P(|θ| > t) ~ C t^−α. Moments of order α and above
    are infinite, so α = 2 is where the variance is lost.

    Args:
        lr: Step size, 0 < η < 2.42125.

    Returns:
        α > 0, decreasing in lr.

    Raises:
        DomainError: If lr is outside the range where a stationary law exists.
        ConvergenceError: If the index exceeds 200, where quadrature is no longer exact.

    Example:
        >>> round(kesten_index(2 / 3), 6)
        2.0
        >>> round(kesten_index(1.0), 3)
        1.091

    References:
        Kesten (1973), Random difference equations and renewal theory, Acta Math. 131;
        Goldie (1991); Gürbüzbalaban, Şimşekli and Zhu (2021), The heavy-tail phenomenon in SGD.
    """
    from scipy.integrate import quad
    from scipy.optimize import brentq

    require_number("kesten_index", "lr", lr, above=0)
    limit = _scalar_stability_limit()
    remedy = "Beyond it no stationary law is there to have a tail."
    require(lr < limit, "kesten_index", f"lr must be < {limit:.5f}", f"it is {lr}", remedy)
    root = 1 / math.sqrt(lr)

    def log_moment(alpha: float) -> float:
        def integrand(x: float) -> float:
            base = abs(1 - lr * x * x)
            if base == 0:
                return 0.0
            return math.exp(alpha * math.log(base) - x * x / 2) * math.sqrt(2 / math.pi)

        far = 12 + 2 * math.sqrt(2 * alpha)  # the integrand peaks near x = √(2α)
        value = quad(integrand, 0, far, limit=400, points=[min(root, far), math.sqrt(2 * alpha)])[0]
        return math.log(value)

    low, high = 1e-6, 1.0
    while log_moment(high) < 0:
        low, high = high, 2 * high
        rule, fact = "the index must be below 200 to be computed", f"at lr = {lr} it is larger"
        remedy = "Such a tail is Gaussian for every practical purpose; raise lr."
        require(high <= 200, "kesten_index", rule, fact, remedy, ConvergenceError)
    return brentq(log_moment, low, high, xtol=1e-12)


@lru_cache(maxsize=64)
def _chi_square_nodes(degrees: int, count: int):
    """Nodes and weights for E f(s), s ~ χ² with `degrees`: Gauss–Legendre in its quantile."""
    import numpy as np
    from scipy.special import chdtri

    u, weight = np.polynomial.legendre.leggauss(count)
    u = (u + 1) / 2
    return chdtri(degrees, 1 - u), weight / 2


def regression_lyapunov_exponent(lr: float, dim: int, batch: int = 1) -> float:
    """Returns the top Lyapunov exponent of linear-regression SGD with isotropic inputs.

    γ = ½ E log((1 − ηs/B)² + η²st/B²), s ~ χ²_B and t ~ χ²_{d−1} independent. Not an
    estimate along a run: the law of G is invariant under rotations, so log‖(I − ηG)u‖ has one
    law for all directions u and its mean is the exponent.

    Args:
        lr: Step size η > 0.
        dim: Dimension d ≥ 1.
        batch: Samples B ≥ 1 a step.

    Returns:
        γ per step, in nats, to about 1e-4 (d = 1, B = 1: to 1e-9).

    Raises:
        DomainError: If an argument is out of range.

    Example:
        >>> round(regression_lyapunov_exponent(0.5, dim=1), 5)
        -0.48463
        >>> regression_lyapunov_exponent(0.2, 10) > 0 > regression_lyapunov_exponent(0.2, 5)
        True

    References:
        Cohen and Newman (1984), The stability of large random matrices and their products.
    """
    import numpy as np

    require_number("regression_lyapunov_exponent", "lr", lr, above=0)
    require_sizes("regression_lyapunov_exponent", dim=dim, batch=batch)
    if dim == 1 and batch == 1:
        return scalar_lyapunov_exponent(lr)
    s, weight_s = _chi_square_nodes(batch, 256)
    straight = np.abs(1 - lr * s / batch) ** 2
    if dim == 1:
        return float(0.5 * weight_s @ np.log(straight))
    t, weight_t = _chi_square_nodes(dim - 1, 128)
    sideways = (lr / batch) ** 2 * s[:, None] * t
    return float(0.5 * weight_s @ np.log(straight[:, None] + sideways) @ weight_t)


def regression_mean_log_lipschitz(
    lr: float | torch.Tensor,
    dim: int,
    batch: int,
    *,
    generator: torch.Generator,
    num_samples: int = 2000,
) -> torch.Tensor:
    """Estimates E log Lip of one step of linear-regression SGD, the hypothesis of a theorem.

    Lip = ‖I − ηG‖ = max(|1 − ηλ_min|, |1 − ηλ_max|). For B < d the smallest eigenvalue is 0, so
    Lip ≥ 1: the Diaconis–Freedman hypothesis E log Lip < 0 then fails at every lr, while the
    Lyapunov exponent can be negative.

    Args:
        lr: Step sizes η > 0, a number or a tensor of any shape.
        dim: Dimension d ≥ 1.
        batch: Samples B ≥ 1 a step.
        generator: Source of the random matrices.
        num_samples: Matrices in the average.

    Returns:
        The mean for each lr, in nats (float64).

    Raises:
        DomainError: If dim, batch or num_samples is below 1.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> bool(regression_mean_log_lipschitz(0.5, 4, 2, generator=stream) >= 0)
        True

    References:
        Diaconis and Freedman (1999), Iterated random functions, SIAM Review 41, Theorem 1.1.
    """
    require_sizes("regression_mean_log_lipschitz", dim=dim, batch=batch, num_samples=num_samples)
    # The non-zero spectra of XᵀX and XXᵀ agree: take the smaller of the two.
    rows, columns = min(batch, dim), max(batch, dim)
    x = torch.randn(num_samples, rows, columns, generator=generator, dtype=torch.float64)
    eigenvalues = torch.linalg.eigvalsh(x @ x.mT) / batch
    smallest = eigenvalues[:, 0] if batch >= dim else torch.zeros(num_samples, dtype=torch.float64)
    lr = torch.as_tensor(lr, dtype=torch.float64)[..., None]
    lipschitz = torch.maximum((1 - lr * smallest).abs(), (1 - lr * eigenvalues[:, -1]).abs())
    return lipschitz.log().mean(-1)
