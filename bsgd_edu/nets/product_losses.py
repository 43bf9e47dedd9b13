"""Losses of a matrix A: what a deep linear network is judged by, whatever its factors."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import DomainError, ShapeError

__all__ = ["ProductLoss", "huber_loss", "lp_loss", "power_loss", "squared_loss"]


@dataclass(frozen=True)
class ProductLoss:
    """A loss f(A) of matrices with its gradient ∇f(A).

    Attributes:
        value: (..., rows, cols) -> (...).
        derivative: (..., rows, cols) -> (..., rows, cols), or None to differentiate `value` by
            machine.

    Example:
        >>> trace = ProductLoss(lambda a: a.diagonal(dim1=-2, dim2=-1).sum(-1))
        >>> trace(2 * torch.eye(2)), trace.gradient(torch.zeros(2, 2))
        (tensor(4.), tensor([[1., 0.],
                [0., 1.]]))
    """

    value: Callable[[Tensor], Tensor]
    derivative: Callable[[Tensor], Tensor] | None = None

    def __call__(self, matrix: Tensor) -> Tensor:
        """Returns f at matrices (..., rows, cols), (...)."""
        return self.value(matrix)

    def gradient(self, matrix: Tensor) -> Tensor:
        """Returns ∇f at matrices, (..., rows, cols); carries the graph of those that have one."""
        if self.derivative is not None:
            return self.derivative(matrix)
        with torch.enable_grad():
            point = matrix if matrix.requires_grad else matrix.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(
                self.value(point).sum(), point, create_graph=matrix.requires_grad
            )
        return gradient


def lp_loss(inputs: Tensor, targets: Tensor, p: float) -> ProductLoss:
    """Returns the l_p regression f(A) = (1/p) mean |A x − y|^p over examples and outputs.

    ∇f = mean sign(r)|r|^{p−1} xᵀ: for p > 2 the curvature vanishes with the residuals, and
    descent goes as a power of time where p = 2 has an exponential.

    Args:
        inputs: x (n, cols), finite.
        targets: y (n, rows), or (n,) for one output; finite.
        p: ≥ 1; 1 is the mean absolute error, not differentiable at zero residuals (0 there).

    Returns:
        The loss of matrices (..., rows, cols).

    Raises:
        DomainError: If p is below 1 or not finite, or the data are not finite.
        ShapeError: If inputs and targets are not as many.

    Example:
        >>> f = lp_loss(torch.eye(2), torch.tensor([2.0, 0.0]), p=4)
        >>> f(torch.zeros(1, 2)), f.gradient(torch.zeros(1, 2))
        (tensor(2.), tensor([[-4.,  0.]]))
    """
    _need_power("lp_loss", p)
    columns = targets.unsqueeze(-1) if targets.dim() == 1 else targets
    if inputs.dim() != 2 or columns.dim() != 2 or len(inputs) != len(columns) or not len(inputs):
        raise ShapeError(
            "lp_loss: inputs must be (n, cols) and targets (n, rows) with one n ≥ 1, but they "
            f"have shapes {tuple(inputs.shape)} and {tuple(targets.shape)}. Pair them row by row."
        )
    _need_finite("lp_loss", inputs, columns)
    wanted, count = columns.mT.contiguous(), columns.numel()

    def residuals(matrix: Tensor) -> Tensor:  # (..., rows, n): one product for a whole cloud
        return matrix @ inputs.mT - wanted

    def value(matrix: Tensor) -> Tensor:
        return _raised(residuals(matrix), p).sum((-2, -1)) / (p * count)

    def derivative(matrix: Tensor) -> Tensor:
        return _pull(residuals(matrix), p) @ inputs / count

    return ProductLoss(value, derivative)


def power_loss(target: Tensor, p: float) -> ProductLoss:
    """Returns f(A) = (1/p) Σ |A − M|^p over the entries, a sum where `lp_loss` has a mean.

    Args:
        target: M (rows, cols), finite.
        p: ≥ 1.

    Returns:
        The loss of matrices (..., rows, cols).

    Raises:
        DomainError: If p is below 1 or not finite, or M is not finite.

    Example:
        >>> power_loss(torch.tensor([[2.0, 1.0]]), p=4)(torch.zeros(1, 2))
        tensor(4.2500)
    """
    _need_power("power_loss", p)
    _need_finite("power_loss", target)
    return ProductLoss(
        lambda matrix: _raised(matrix - target, p).sum((-2, -1)) / p,
        lambda matrix: _pull(matrix - target, p),
    )


def squared_loss(target: Tensor, weights: Tensor | float = 1.0) -> ProductLoss:
    """Returns f(A) = Σ c (A − M)² over the entries, without a half.

    With unequal weights c it is still convex, but no longer blind to rotations: that is what bad
    minima behind a bottleneck need.

    Args:
        target: M (rows, cols), finite.
        weights: c ≥ 0, a number or (rows, cols).

    Returns:
        The loss of matrices (..., rows, cols).

    Raises:
        DomainError: If a weight is negative, or a number not finite.

    Example:
        >>> squared_loss(torch.eye(2)).gradient(torch.zeros(2, 2)).diagonal()
        tensor([-2., -2.])
    """
    weights = torch.as_tensor(weights, dtype=target.dtype, device=target.device)
    _need_finite("squared_loss", target, weights)
    if not (weights >= 0).all():
        raise DomainError(
            "squared_loss: weights must be ≥ 0, but the smallest is "
            f"{weights.min().item()}. A negative one has no minimum."
        )
    return ProductLoss(
        lambda matrix: (weights * (matrix - target).square()).sum((-2, -1)),
        lambda matrix: 2 * weights * (matrix - target),
    )


def huber_loss(target: Tensor, delta: float) -> ProductLoss:
    """Returns f(A) = Σ h(A − M), h(r) = |r| − δ/2 beyond δ and r²/(2δ) within.

    The absolute error Σ|A − M| with its kinks rounded off; δ = 0 is that error itself, which is
    convex and Lipschitz, and not differentiable.

    Args:
        target: M (rows, cols), finite.
        delta: δ ≥ 0.

    Returns:
        The loss of matrices (..., rows, cols).

    Raises:
        DomainError: If δ is negative or not finite, or M is not finite.

    Example:
        >>> f = huber_loss(torch.tensor([[3.0, 0.5]]), delta=1.0)
        >>> f(torch.zeros(1, 2)), f.gradient(torch.zeros(1, 2))
        (tensor(2.6250), tensor([[-1.0000, -0.5000]]))
    """
    if not 0 <= delta < float("inf"):
        raise DomainError(
            f"huber_loss: delta must be ≥ 0 and finite, but it is {delta}. Pass 0 for |A − M|."
        )
    _need_finite("huber_loss", target)
    if delta == 0:
        return power_loss(target, 1)

    def value(matrix: Tensor) -> Tensor:
        residual = matrix - target
        within = residual.clamp(-delta, delta)  # signed: the machine loses |r|² its curvature at 0
        beyond = residual.abs() - within.abs()
        return (beyond + within.square() / (2 * delta)).sum((-2, -1))

    return ProductLoss(value, lambda matrix: ((matrix - target) / delta).clamp(-1, 1))


def _raised(residual: Tensor, p: float) -> Tensor:
    """|r|^p; for p = 2 and 4 without the absolute value, whose curvature at 0 a machine loses."""
    return residual.pow(int(p)) if p in (2, 4) else residual.abs().pow(p)


def _pull(residual: Tensor, p: float) -> Tensor:
    """sign(r)|r|^{p−1}; for p = 2 and 4 an odd power, which needs no sign put back."""
    if p in (2, 4):
        return residual.pow(int(p) - 1)
    return residual.sign() * residual.abs().pow(p - 1)


def _need_power(name: str, p: float) -> None:
    if not 1 <= p < float("inf"):
        raise DomainError(f"{name}: p must be ≥ 1 and finite, but it is {p}. Pass 2 or 4.")


def _need_finite(name: str, *tensors: Tensor) -> None:
    bad = sum(int((~tensor.isfinite()).sum()) for tensor in tensors)
    if bad:
        raise DomainError(
            f"{name}: the data must be finite, but {bad} of "
            f"{sum(tensor.numel() for tensor in tensors)} numbers are not. Drop those examples."
        )
