"""Stationary laws that are known in closed form, for holding simulations against.

The scalar model of the first functions is f_i(x) = x − ηh(x − a_i), a_i i.i.d. with variance σ²;
its contraction factor is ρ = 1 − ηh, so that
x_n = ρⁿx₀ + (1 − ρ) Σ ρ^{n−i} a_i (forward) and y_n = ρⁿx₀ + (1 − ρ) Σ ρ^{i−1} a_i (backward).
"""

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_number

__all__ = [
    "ar1_backward_correlation",
    "ar1_forward_correlation",
    "ar1_forward_jump",
    "ar1_variance",
    "lyapunov_covariance",
    "regression_sgd_limit",
    "regression_sgd_variance",
    "small_lr_covariance",
]


def _need_factor(function: str, factor: float) -> None:
    remedy = "It is 1 − lr·curvature: choose 0 < lr·curvature < 2."
    require_number(function, "factor", factor, above=-1, below=1, remedy=remedy)


def ar1_variance(lr: float, curvature: float, noise_variance: float) -> float:
    """Returns the stationary variance of SGD on one noisy parabola.

    Var π = ηhσ² / (2 − ηh): first order in the step size, infinite at the stability edge.

    Args:
        lr: Step size η.
        curvature: Second derivative h, with 0 < ηh < 2.
        noise_variance: σ², the variance of the targets a_i.

    Returns:
        The variance of x_n as n → ∞, in either order.

    Raises:
        DomainError: If ηh is not in (0, 2).

    Example:
        >>> ar1_variance(0.5, 2.0, 3.0)
        3.0
    """
    step = lr * curvature
    rule, fact = "lr·curvature must lie in (0, 2)", f"it is {step} ({lr} × {curvature})"
    require(0 < step < 2, "ar1_variance", rule, fact, "Lower lr.")
    return step * noise_variance / (2 - step)


def ar1_forward_correlation(factor: float, step: int) -> float:
    """Returns corr(x_n, x_{n+1}) along the forward path from a fixed start.

    ρ √((1 − ρ²ⁿ) / (1 − ρ²ⁿ⁺²)) → ρ: the path keeps forgetting, so it keeps moving.

    Args:
        factor: ρ in (−1, 1).
        step: n ≥ 1.

    Returns:
        The correlation over batch draws.

    Raises:
        DomainError: If ρ is not in (−1, 1).

    Example:
        >>> round(ar1_forward_correlation(0.8, 40), 3)
        0.8
    """
    _need_factor("ar1_forward_correlation", factor)
    return factor * ((1 - factor ** (2 * step)) / (1 - factor ** (2 * step + 2))) ** 0.5


def ar1_backward_correlation(factor: float, step: int) -> float:
    """Returns corr(y_n, y_{n+1}) along the backward path from a fixed start.

    √((1 − ρ²ⁿ) / (1 − ρ²ⁿ⁺²)) → 1: the increments are independent and die out.

    Args:
        factor: ρ in (−1, 1).
        step: n ≥ 1.

    Returns:
        The correlation over batch draws.

    Raises:
        DomainError: If ρ is not in (−1, 1).

    Example:
        >>> round(ar1_backward_correlation(0.5, 1) ** 2, 12)
        0.8
    """
    _need_factor("ar1_backward_correlation", factor)
    return ((1 - factor ** (2 * step)) / (1 - factor ** (2 * step + 2))) ** 0.5


def ar1_forward_jump(factor: float, noise_std: float) -> float:
    """Returns the root mean square of x_{n+1} − x_n once forward SGD is stationary.

    σ(1 − ρ)√(2/(1 + ρ)); the backward jump is ρⁿ(1 − ρ)(a_{n+1} − x₀) instead.

    Args:
        factor: ρ in (−1, 1).
        noise_std: σ.

    Returns:
        The jump, in the unit of x.

    Raises:
        DomainError: If ρ is not in (−1, 1).

    Example:
        >>> round(ar1_forward_jump(0.0, 1.0) ** 2, 12)
        2.0
    """
    _need_factor("ar1_forward_jump", factor)
    return noise_std * (1 - factor) * (2 / (1 + factor)) ** 0.5


def regression_sgd_limit(dim: int, batch: int) -> float:
    """Returns the step size beyond which regression SGD has no finite variance.

    η < 2B/(d + 1 + B) for inputs N(0, I_d): far below the 2 that full batches allow.

    Args:
        dim: Dimension d.
        batch: Samples B a step.

    Returns:
        The mean-square limit.

    Example:
        >>> regression_sgd_limit(1, 1) == 2 / 3
        True
    """
    return 2 * batch / (dim + 1 + batch)


def regression_sgd_variance(lr: float, dim: int, batch: int, noise_variance: float) -> float:
    """Returns the stationary variance per coordinate of linear-regression SGD.

    (ησ²/B) / (2 − η(d + 1 + B)/B), for inputs N(0, I_d) drawn afresh at each step and
    targets with noise variance σ².

    Args:
        lr: Step size η.
        dim: Dimension d.
        batch: Samples B a step.
        noise_variance: σ².

    Returns:
        E‖θ − θ*‖²/d as n → ∞.

    Raises:
        DomainError: If lr is at or beyond the mean-square limit 2B/(d + 1 + B).

    Example:
        >>> regression_sgd_variance(0.5, 1, 1, 1.0)
        1.0
    """
    limit = regression_sgd_limit(dim, batch)
    rule = f"lr must lie in (0, {limit:.6g}) for d = {dim}, B = {batch}"
    fact, remedy = f"it is {lr}", "Beyond the mean-square limit the variance is infinite; lower lr."
    require(0 < lr < limit, "regression_sgd_variance", rule, fact, remedy)
    return (lr * noise_variance / batch) / (2 - lr * (dim + 1 + batch) / batch)


def _check_square(function: str, hessian: Tensor, noise: Tensor) -> None:
    require(
        hessian.ndim == 2 and hessian.shape == noise.shape == hessian.mT.shape,
        function,
        "hessian and noise must be square of one size",
        lambda: f"their shapes are {tuple(hessian.shape)} and {tuple(noise.shape)}",
        "Pass two (d, d) matrices.",
        ShapeError,
    )


def lyapunov_covariance(hessian: Tensor, noise: Tensor, lr: float) -> Tensor:
    """Returns the stationary covariance of SGD on a quadratic with additive noise, exactly.

    Σ = (I − ηA)Σ(I − ηA)ᵀ + η²C, at any step size that is stable.

    Args:
        hessian: A, (d, d).
        noise: C, (d, d), the covariance of the gradient noise.
        lr: Step size η.

    Returns:
        Σ, (d, d), of the dtype and device of the Hessian.

    Raises:
        ShapeError: If the matrices are not square of one size.
        DomainError: If I − ηA has an eigenvalue of modulus ≥ 1.

    Example:
        >>> lyapunov_covariance(torch.tensor([[1.0]]), torch.tensor([[3.0]]), 0.5)
        tensor([[1.]])

    References:
        Mandt, Hoffman and Blei (2017), Stochastic gradient descent as approximate Bayesian
        inference, JMLR 18, Section 3.2 (the small-step limit); Liu, Ziyin and Ueda (2021).
    """
    from scipy.linalg import solve_discrete_lyapunov

    _check_square("lyapunov_covariance", hessian, noise)
    step = torch.eye(hessian.shape[0], dtype=torch.float64) - lr * hessian.double().cpu()
    radius = torch.linalg.eigvals(step).abs().max().item()
    rule = "I − lr·hessian must have spectral radius < 1"
    fact, remedy = f"it is {radius:.6g}", "Lower lr below 2 over the largest eigenvalue."
    require(radius < 1, "lyapunov_covariance", rule, fact, remedy)
    solution = solve_discrete_lyapunov(step.numpy(), lr**2 * noise.double().cpu().numpy())
    return torch.from_numpy(solution).to(hessian)


def small_lr_covariance(hessian: Tensor, noise: Tensor, lr: float) -> Tensor:
    """Returns the small-step limit of the stationary covariance.

    AΣ + ΣAᵀ = ηC, the diffusion approximation; its error is first order in η.

    Args:
        hessian: A, (d, d), eigenvalues with positive real part.
        noise: C, (d, d).
        lr: Step size η.

    Returns:
        Σ, (d, d).

    Raises:
        ShapeError: If the matrices are not square of one size.

    Example:
        >>> small_lr_covariance(torch.tensor([[1.0]]), torch.tensor([[3.0]]), 0.5)
        tensor([[0.7500]])

    References:
        Mandt, Hoffman and Blei (2017), JMLR 18, Equation (13).
    """
    from scipy.linalg import solve_continuous_lyapunov

    _check_square("small_lr_covariance", hessian, noise)
    solution = solve_continuous_lyapunov(
        hessian.double().cpu().numpy(), lr * noise.double().cpu().numpy()
    )
    return torch.from_numpy(solution).to(hessian)
