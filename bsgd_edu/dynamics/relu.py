"""Random ReLU layers in closed form: how fast norms grow, how fast angles close.

One layer is x ↦ relu(Wx), W square of the given width with independent entries N(0, σ²), no bias.
Given x, the number N of active neurons is Bin(n, ½), and the squared norm is multiplied by σ²
times a χ² variable with N degrees of freedom: everything below is an average over N.
"""

import math

import torch
from torch import Tensor

from ..errors import require_integer, require_number
from ..tensors import require_entries

__all__ = [
    "angle_exponent",
    "angle_map",
    "cosine_map",
    "critical_variance",
    "log_norm_variance",
    "lyapunov_exponent",
]


def lyapunov_exponent(width: int, variance: float | None = None) -> float:
    """Returns the growth rate of the norm through random ReLU layers, per layer.

    λ = log σ + ½ log 2 + ½ E[ψ(N/2) | N ≥ 1], N ~ Bin(n, ½). With He's variance 2/n the mean
    square is kept and λ ≈ −5/(4n): the typical network dies at depth ∝ width. The condition is
    that the signal lives: with probability 2^−n a layer outputs exactly 0.

    Args:
        width: n ≥ 1.
        variance: σ² > 0 of an entry; None for He's 2/n.

    Returns:
        λ, in nats per layer.

    Raises:
        DomainError: If the width is below 1 or the variance not positive.

    Example:
        >>> round(lyapunov_exponent(4), 4), round(lyapunov_exponent(64), 5)
        (-0.3583, -0.02005)

    References:
        He, Zhang, Ren and Sun (2015), Delving deep into rectifiers; Hanin and Nica (2020),
        Products of many large random matrices and gradients in deep neural networks.
    """
    count, weight = _active_neurons("lyapunov_exponent", width, 1)
    variance = 2 / width if variance is None else variance
    remedy = "Leave it out for He's 2/width."
    require_number("lyapunov_exponent", "variance", variance, above=0, remedy=remedy)
    mean = (weight * torch.special.digamma(count / 2)).sum().item()
    return 0.5 * (math.log(variance) + math.log(2) + mean)


def log_norm_variance(width: int) -> float:
    """Returns the variance per layer of the log-norm through random ReLU layers.

    v = ¼(E ψ'(N/2) + Var ψ(N/2)) given N ≥ 1, about 5/(4n), whatever the variance of the
    weights. A χ² variable gives the first part, the number of active neurons the second.

    Args:
        width: n ≥ 1.

    Returns:
        v: log‖x_L‖ is about N(log‖x_0‖ + λL, vL).

    Raises:
        DomainError: If the width is below 1.

    Example:
        >>> round(1000 * log_norm_variance(1000), 2)
        1.25
    """
    count, weight = _active_neurons("log_norm_variance", width, 1)
    digamma = torch.special.digamma(count / 2)
    mean = (weight * digamma).sum()
    spread = torch.special.polygamma(1, count / 2) + (digamma - mean) ** 2
    return 0.25 * (weight * spread).sum().item()


def critical_variance(width: int) -> float:
    """Returns the variance σ² of the weights at which a typical ReLU network keeps its norm.

    The root of λ(σ²) = 0: nσ² = 4.095 at n = 4 and 2.020 at n = 256, above He's 2 at every
    width. At this variance the mean square explodes.

    Args:
        width: n ≥ 1.

    Returns:
        σ², the variance of an entry.

    Raises:
        DomainError: If the width is below 1.

    Example:
        >>> round(4 * critical_variance(4), 3), round(256 * critical_variance(256), 3)
        (4.095, 2.02)
    """
    return math.exp(-2 * lyapunov_exponent(width, 1.0))


def angle_exponent(width: int) -> float:
    """Returns the rate at which a small angle between two inputs closes, per ReLU layer.

    c = ½ E[ψ((N − 1)/2) − ψ(N/2) | N ≥ 2] ≈ −1/n, N ~ Bin(n, ½): of two close inputs the part
    of the difference across the first one lives in the N − 1 active directions left. With N = 1
    the two come out parallel and the angle is 0 at once (its logarithm −∞), so that those layers,
    like dead ones, are set apart. The variance of the weights plays no role.

    Args:
        width: n ≥ 2.

    Returns:
        c, in nats per layer: angles fall as 3π/L until depth ≈ n, then as e^{cL}.

    Raises:
        DomainError: If the width is below 2.

    Example:
        >>> round(angle_exponent(8), 3)
        -0.25
    """
    count, weight = _active_neurons("angle_exponent", width, 2)
    digamma = torch.special.digamma
    return 0.5 * (weight * (digamma((count - 1) / 2) - digamma(count / 2))).sum().item()


def cosine_map(cosine: Tensor) -> Tensor:
    """Returns the cosine between two outputs of an infinitely wide random ReLU layer.

    c' = (√(1 − c²) + (π − arccos c) c)/π. Its fixed point 1 is neutral (slope 1): angles close
    polynomially. For small angles use :func:`angle_map`, as 1 − c is lost to round-off.

    Args:
        cosine: Cosines c in [−1, 1] between the inputs, any shape.

    Returns:
        Cosines c' ∈ [0, 1], of that shape.

    Raises:
        DomainError: If a cosine lies outside [−1, 1].

    Example:
        >>> cosine_map(torch.tensor([-1.0, 1.0]))
        tensor([0., 1.])

    References:
        Cho and Saul (2009), Kernel methods for deep learning, Equation (6).
    """
    remedy = "Divide the inner product by both norms, and clamp round-off."
    rule = "cosine must lie in [−1, 1]"
    require_entries(cosine.abs() <= 1, "cosine_map", rule, cosine, remedy)
    angle = cosine.arccos()
    image = (((1 - cosine) * (1 + cosine)).sqrt() + (math.pi - angle) * cosine) / math.pi
    return image.clamp(0, 1)


def angle_map(angle: Tensor) -> Tensor:
    """Returns the angle between two outputs of an infinitely wide random ReLU layer.

    The map of :func:`cosine_map` on angles, exact also near 0, where
    θ' = θ − θ²/(3π) + O(θ³): hence θ_L ≈ 3π/L.

    Args:
        angle: Angles θ in [0, π], any shape.

    Returns:
        Angles θ' ≤ θ, in [0, π/2].

    Raises:
        DomainError: If an angle lies outside [0, π].

    Example:
        >>> angle_map(torch.tensor([0.0, math.pi])) / math.pi
        tensor([0.0000, 0.5000])
    """
    good = (angle >= 0) & (angle <= math.pi + 1e-6)
    require_entries(good, "angle_map", "angle must lie in [0, π]", angle, "Pass radians.")
    # 1 − cos θ' = (1 − cos θ) − (sin θ − θ cos θ)/π: half angles and, where the second bracket
    # cancels, its series.
    versine = 2 * (angle / 2).sin() ** 2
    series = angle**3 / 3 * (1 - angle**2 / 10 + angle**4 / 280)
    bracket = torch.where(angle < 0.02, series, angle.sin() - angle * angle.cos())
    image = versine - bracket / math.pi
    return 2 * (image.clamp(0, 1) / 2).sqrt().arcsin()


def _active_neurons(function: str, width: int, least: int) -> tuple[Tensor, Tensor]:
    """Returns N = least … n and its binomial probabilities given N ≥ least (float64)."""
    remedy = "Pass the number of neurons."
    width = require_integer(function, "width", width, at_least=least, remedy=remedy)
    count = torch.arange(least, width + 1, dtype=torch.float64)
    total = torch.tensor(width + 1.0, dtype=torch.float64)
    log_choose = total.lgamma() - (count + 1).lgamma() - (total - count).lgamma()
    return count, log_choose.softmax(0)
