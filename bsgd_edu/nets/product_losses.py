"""Losses of a matrix A: what a deep linear network is judged by, whatever its factors."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import DomainError, ShapeError

__all__ = ["ProductLoss", "lp_loss", "squared_distance"]


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
    if not 1 <= p < float("inf"):
        raise DomainError(f"lp_loss: p must be ≥ 1 and finite, but it is {p}. Pass 2 or 4.")
    columns = targets.unsqueeze(-1) if targets.dim() == 1 else targets
    if inputs.dim() != 2 or columns.dim() != 2 or len(inputs) != len(columns) or not len(inputs):
        raise ShapeError(
            "lp_loss: inputs must be (n, cols) and targets (n, rows) with one n ≥ 1, but they "
            f"have shapes {tuple(inputs.shape)} and {tuple(targets.shape)}. Pair them row by row."
        )
    bad = int((~inputs.isfinite()).sum() + (~columns.isfinite()).sum())
    if bad:
        raise DomainError(
            f"lp_loss: inputs and targets must be finite, but {bad} of "
            f"{inputs.numel() + columns.numel()} numbers are not. Drop those examples."
        )
    wanted, count = columns.mT.contiguous(), columns.numel()

    def residuals(matrix: Tensor) -> Tensor:  # (..., rows, n): one product for a whole cloud
        return matrix @ inputs.mT - wanted

    def value(matrix: Tensor) -> Tensor:
        return residuals(matrix).abs().pow(p).sum((-2, -1)) / (p * count)

    def derivative(matrix: Tensor) -> Tensor:
        r = residuals(matrix)
        # The even powers of an absolute value are even: no sign to put back for p = 2 and 4.
        pull = r.pow(int(p) - 1) if p in (2, 4) else r.sign() * r.abs().pow(p - 1)
        return pull @ inputs / count

    return ProductLoss(value, derivative)


def squared_distance(target: Tensor) -> ProductLoss:
    """Returns f(A) = ‖A − M‖², the sum of squares, without a half.

    Args:
        target: M (rows, cols).

    Returns:
        The loss of matrices (..., rows, cols).

    Example:
        >>> squared_distance(torch.eye(2)).gradient(torch.zeros(2, 2)).diagonal()
        tensor([-2., -2.])
    """
    return ProductLoss(
        lambda matrix: (matrix - target).square().sum((-2, -1)),
        lambda matrix: 2 * (matrix - target),
    )
