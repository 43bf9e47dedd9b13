"""Deep linear networks: a loss of a product of matrices, for a whole cloud of factors at once."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ..errors import ShapeError, refusal, require
from ..operators.factored import end_to_end_direction
from .factors import (
    balanced_factors,
    balancedness,
    checked_widths,
    end_to_end,
    escape,
    factor_gradients,
)
from .product_losses import ProductLoss

__all__ = [
    "DeepLinear",
    "balanced_factors",
    "balancedness",
    "end_to_end",
    "end_to_end_direction",
    "escape",
    "factor_gradients",
]


class DeepLinear:
    """The loss f(W_N ⋯ W_1) of a deep linear network, for a cloud of flat parameters at once.

    A point holds the factors first layer first, each row by row; its leading dimensions are
    replicas: seeds, learning rates. The data are inside f, so that ``rules.sgd_map(net.grad, lr)``
    and ``rules.momentum_map(net.grad, lr)`` are full-batch descent.

    Args:
        widths: d_0, d_1, …, d_N from input to output, each ≥ 1.
        loss: f as a `ProductLoss`, for example ``lp_loss(inputs, targets, p=4)``.

    Attributes:
        dim: Number of parameters d.
        depth: N.
        shapes: (d_j, d_{j−1}) of each factor.

    Raises:
        ShapeError: If there are fewer than two widths or one is no integer ≥ 1.

    Example:
        >>> from bsgd_edu.nets import squared_loss
        >>> net = DeepLinear([2, 1, 2], squared_loss(torch.eye(2)))
        >>> theta = net.flat(balanced_factors(torch.diag(torch.tensor([4.0, 0.0])), [2, 1, 2]))
        >>> theta, net.loss(theta)
        (tensor([2., 0., 2., 0.]), tensor(10.))
        >>> net.grad(theta)
        tensor([12.,  0., 12.,  0.])
    """

    def __init__(self, widths: Sequence[int], loss: ProductLoss):
        self.widths = checked_widths("DeepLinear", widths)
        self.loss_of_product = loss
        self.shapes = [(rows, cols) for cols, rows in pairwise(self.widths)]
        self.sizes = [rows * cols for rows, cols in self.shapes]
        self.depth, self.dim = len(self.shapes), sum(self.sizes)

    def __repr__(self) -> str:
        return f"DeepLinear({list(self.widths)})"

    def init(
        self,
        generator: torch.Generator,
        replicas: Sequence[int] = (),
        std: float = 1.0,
        dtype: torch.dtype = torch.float64,
    ) -> Tensor:
        """Returns random parameters (*replicas, d), each N(0, std²)."""
        device = generator.device
        return std * torch.randn(
            *replicas, self.dim, generator=generator, dtype=dtype, device=device
        )

    def factors(self, theta: Tensor) -> list[Tensor]:
        """Returns the factors (..., d_j, d_{j−1}) of points (..., d), first layer first; views."""
        if theta.shape[-1:] != (self.dim,):
            raise refusal(
                "DeepLinear",
                f"theta must have shape (..., {self.dim}) for widths {list(self.widths)}",
                f"its shape is {tuple(theta.shape)}",
                "Start from flat(balanced_factors(matrix, widths)).",
                ShapeError,
            )
        parts = theta.split(self.sizes, -1)
        return [part.unflatten(-1, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def flat(self, factors: Sequence[Tensor]) -> Tensor:
        """Returns the points (..., d) that hold the factors."""
        found = [tuple(factor.shape[-2:]) for factor in factors]
        rule = f"factors must have shapes {self.shapes}, first layer first"
        fact, remedy = f"they have {found}", "Reverse the list, or correct the widths."
        require(found == self.shapes, "DeepLinear", rule, fact, remedy, ShapeError)
        return torch.cat([factor.flatten(-2) for factor in factors], -1)

    def product(self, theta: Tensor) -> Tensor:
        """Returns W_N ⋯ W_1 of each point, (..., d_N, d_0)."""
        return end_to_end(self.factors(theta))

    def loss(self, theta: Tensor) -> Tensor:
        """Returns the loss of each point, (...)."""
        return self.loss_of_product(self.product(theta))

    def grad(self, theta: Tensor) -> Tensor:
        """Returns the gradient at each point, (..., d)."""
        factors = self.factors(theta)
        gradients = factor_gradients(factors, self.loss_of_product.gradient(end_to_end(factors)))
        return torch.cat([gradient.flatten(-2) for gradient in gradients], -1)
