"""When a gradient step contracts, what that bounds, and what the order of two steps costs."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_number, require_shape

__all__ = [
    "backward_error_bound",
    "gradient_step_factor",
    "heavy_ball_matrix",
    "order_difference",
    "softmax_hessian_range",
]

Gradient = Callable[[Tensor], Tensor]


def gradient_step_factor(lr: float, smallest: float, largest: float) -> float:
    """Returns the best Lipschitz constant of gradient steps with Hessians in [m, L].

    Lip(θ ↦ θ − η∇f(θ)) = max(|1 − ηm|, |1 − ηL|), below 1 exactly if m > 0 and 0 < η < 2/L.
    An over-parametrised network has m = 0: the factor is then at least 1 at every lr.

    Args:
        lr: Step size η > 0.
        smallest: Smallest eigenvalue m of any batch Hessian.
        largest: Largest eigenvalue L ≥ m of any batch Hessian.

    Returns:
        The factor c ≥ 0.

    Raises:
        DomainError: If lr is not positive or the interval is empty.

    Example:
        >>> gradient_step_factor(0.25, 1.0, 4.0)
        0.75
        >>> gradient_step_factor(0.25, 0.0, 4.0)
        1.0

    References:
        Polyak (1987), Introduction to Optimization, Theorem 1.4.3.
    """
    require_number("gradient_step_factor", "lr", lr, above=0)
    rule, fact = "smallest must be ≤ largest", f"the interval is [{smallest}, {largest}]"
    require(smallest <= largest, "gradient_step_factor", rule, fact, "Swap the two eigenvalues.")
    return max(abs(1 - lr * smallest), abs(1 - lr * largest))


def softmax_hessian_range(inputs: Tensor, weight_decay: float) -> tuple[float, float]:
    """Returns an interval that holds every Hessian eigenvalue of softmax regression on batches.

    [λ, λ + ½ max_batches λ_max(x̃ᵀx̃/B)], x̃ the inputs with a 1 for the bias: the Hessian in the
    outputs, diag(p) − ppᵀ, has eigenvalues in [0, ½] whatever the parameters.

    Args:
        inputs: The inputs of each batch, (..., B, features).
        weight_decay: λ ≥ 0.

    Returns:
        The pair (m, L) for :func:`gradient_step_factor`.

    Raises:
        ShapeError: If the inputs have no batch dimension.

    Example:
        >>> low, high = softmax_hessian_range(torch.zeros(4, 2), 0.25)
        >>> low, round(high, 12)
        (0.25, 0.75)

    References:
        Böhning (1992), Multinomial logistic regression algorithm, Annals of the Institute of
        Statistical Mathematics 44.
    """
    remedy = "Pass the inputs of whole batches."
    require_shape("softmax_hessian_range", "inputs", inputs, (..., "B", "features"), remedy)
    # The bias adds 1 to every entry of x xᵀ, the smaller of the two Gram matrices.
    gram = (inputs @ inputs.mT + 1) / inputs.shape[-2]
    largest = torch.linalg.eigvalsh(gram.double())[..., -1].max().item()
    return weight_decay, weight_decay + 0.5 * largest


def backward_error_bound(factor: float, displacement: float, step: int | Tensor) -> float | Tensor:
    """Returns how far a backward iterate can still be from its limit.

    d(y_n, y_∞) ≤ cⁿ M / (1 − c), with Lip(T_i) ≤ c < 1 and d(T_i x₀, x₀) ≤ M for every i.
    No probability enters: the bound holds for every sequence of maps.

    Args:
        factor: Common Lipschitz constant c, 0 ≤ c < 1.
        displacement: M ≥ 0, the farthest that one map moves the starting point.
        step: Number n ≥ 0 of maps composed so far, or a tensor of such numbers.

    Returns:
        The bound, in the unit of `displacement`; a tensor if `step` is one.

    Raises:
        DomainError: If the factor is not in [0, 1) or the displacement is negative.

    Example:
        >>> backward_error_bound(0.5, 3.0, 2)
        1.5

    References:
        Banach (1922); Letac (1986), A contraction principle for certain Markov chains;
        Diaconis and Freedman (1999), Iterated random functions, SIAM Review 41, Section 1.
    """
    remedy = "Without contraction there is no such bound: lower lr, or add weight decay."
    require_number("backward_error_bound", "factor", factor, at_least=0, below=1, remedy=remedy)
    remedy = "Pass the largest distance between T_i(x0) and x0."
    require_number("backward_error_bound", "displacement", displacement, at_least=0, remedy=remedy)
    return factor**step * displacement / (1 - factor)


def heavy_ball_matrix(curvature: float, lr: float, momentum: float) -> Tensor:
    """Returns the matrix by which heavy ball moves (position, velocity) on a quadratic.

    v ← βv + hθ, θ ← θ − ηv: M = [[1 − ηh, −ηβ], [h, β]], det M = β. Its norm usually exceeds
    1, so one step is no contraction in the plain distance although its powers vanish.

    Args:
        curvature: Second derivative h of the loss.
        lr: Step size η.
        momentum: Friction β in [0, 1).

    Returns:
        A (2, 2) float64 matrix.

    Raises:
        DomainError: If the momentum is not in [0, 1).

    Example:
        >>> heavy_ball_matrix(2.0, 0.25, 0.5)
        tensor([[ 0.5000, -0.1250],
                [ 2.0000,  0.5000]], dtype=torch.float64)

    References:
        Polyak (1964), Some methods of speeding up the convergence of iteration methods.
    """
    require_number("heavy_ball_matrix", "momentum", momentum, at_least=0, below=1)
    rows = [[1 - lr * curvature, -lr * momentum], [curvature, momentum]]
    return torch.tensor(rows, dtype=torch.float64)


def _gradient_and_derivative(gradient: Gradient, x: Tensor, direction: Tensor):
    value, derivative = torch.func.jvp(gradient, (x,), (direction,))
    _need_point_shape(x, value.shape)
    return value, derivative


def order_difference(gradients: Sequence[Gradient], x: Tensor, lr: float) -> Tensor:
    """Returns the leading difference between one run and the run with its batches reversed.

    x_n − y_n = η² Σ_{i<j} (H_j g_i − H_i g_j) + O(η³), everything at the starting point.
    For two maps this is the Lie bracket of the gradient fields. With
    S_k = Σ_{i<k} g_i − Σ_{i>k} g_i the double sum is Σ_k H_k S_k: n Hessian-vector products in
    place of n². (`rules.lie_bracket` gets it from the maps themselves, by differences.)

    Args:
        gradients: g_1 … g_n in forward order, each (..., d) -> (..., d), row by row, made of
            torch operations that ``torch.func.jvp`` can differentiate.
        x: Starting points x₀, (..., d).
        lr: Step size η.

    Returns:
        The leading term of forward minus backward, (..., d).

    Raises:
        ShapeError: If there is no gradient, or one changes the shape of its point.

    Example:
        >>> maps = [lambda x: x - 1, lambda x: 3 * (x + 1)]
        >>> order_difference(maps, torch.tensor([1.0]), 0.1)
        tensor([-0.0600])

    References:
        Dherin et al. (2025), arXiv 2502.01557; Hairer, Lubich and Wanner (2006), Geometric
        Numerical Integration, Section III.4 (Baker–Campbell–Hausdorff).
    """
    rule = "gradients must hold at least one map"
    fact, remedy = "it is empty (length 0)", "Pass the gradients in the order of the forward run."
    require(len(gradients) > 0, "order_difference", rule, fact, remedy, ShapeError)
    values = torch.stack([gradient(x) for gradient in gradients])  # (n, ..., d)
    _need_point_shape(x, values.shape[1:])
    before = values.cumsum(0) - values
    after = values.sum(0) - before - values
    total = torch.zeros_like(x)
    for gradient, direction in zip(gradients, before - after, strict=True):
        total += _gradient_and_derivative(gradient, x, direction)[1]
    return lr**2 * total


def _need_point_shape(x: Tensor, shape: torch.Size) -> None:
    require(
        shape == x.shape,
        "order_difference",
        "a gradient must keep the shape of its point",
        lambda: f"it turned {tuple(x.shape)} into {tuple(shape)}",
        "Return one number per coordinate.",
        ShapeError,
    )
