"""Losses of a matrix A: what a deep linear network is judged by, whatever its factors."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_number
from ..tensors import require_entries, require_finite

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
    require_number("lp_loss", "p", p, at_least=1, remedy="Pass 2 or 4.")
    columns = targets.unsqueeze(-1) if targets.dim() == 1 else targets
    require(
        inputs.dim() == columns.dim() == 2 and len(inputs) == len(columns) > 0,
        "lp_loss",
        "inputs must be (n, cols) and targets (n, rows) with one n ≥ 1",
        f"they have shapes {tuple(inputs.shape)} and {tuple(targets.shape)}",
        "Pair them row by row.",
        ShapeError,
    )
    require_finite("lp_loss", "inputs", inputs, "Drop those examples.")
    require_finite("lp_loss", "targets", columns, "Drop those examples.")
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
    require_number("power_loss", "p", p, at_least=1, remedy="Pass 2 or 4.")
    require_finite("power_loss", "target", target)
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
    require_finite("squared_loss", "target", target)
    require_finite("squared_loss", "weights", weights)
    remedy = "A negative one has no minimum."
    require_entries(weights >= 0, "squared_loss", "weights must be ≥ 0", weights, remedy)
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
    require_number("huber_loss", "delta", delta, at_least=0, remedy="Pass 0 for |A − M|.")
    require_finite("huber_loss", "target", target)
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
