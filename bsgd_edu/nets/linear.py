"""Linear regression: its SGD maps are affine, exactly."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import refusal, require_integer, require_shape
from ..maps import AffineMap
from .base import Net, checked_loss
from .stacked import as_outputs

__all__ = ["LinearRegression"]


class LinearRegression(Net):
    """Least squares without bias: loss ½ mean (x·θ − y)² + λ/2 ‖θ‖².

    One SGD step is the affine map θ ↦ (I − η G) θ + η g with G = mean x xᵀ + λ I, g = mean y x:
    multiplicative noise, products of random matrices.

    Args:
        num_features: d.
        weight_decay: λ ≥ 0.

    Example:
        >>> net = LinearRegression(2)
        >>> theta, x = torch.zeros(3, 2), torch.eye(2)
        >>> net.grad(theta, x, torch.tensor([2.0, 4.0]))[0]
        tensor([-1., -2.])
    """

    loss_kind = "least_squares"

    def __init__(self, num_features: int, weight_decay: float = 0.0):
        remedy = "Pass the number of columns of the inputs."
        num_features = require_integer(
            "LinearRegression", "num_features", num_features, at_least=1, remedy=remedy
        )
        checked_loss("mse", weight_decay)
        self.dim, self.weight_decay = num_features, weight_decay

    def __repr__(self) -> str:
        return f"LinearRegression({self.dim})"

    def init(self, generator: torch.Generator, replicas: Sequence[int] = ()) -> Tensor:
        """Returns parameters (*replicas, d), uniform in ±1/√d as torch.nn.Linear's."""
        uniform = torch.rand(*replicas, self.dim, generator=generator, device=generator.device)
        return (2 * uniform - 1) * self.dim**-0.5

    def logits(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Returns the predictions with an output axis of one, (..., B, 1)."""
        remedy = "Flatten each input to its features."
        require_shape("LinearRegression", "inputs", inputs, (..., "B", self.dim), remedy)
        return inputs @ self._checked(theta).unsqueeze(-1)

    def loss(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns half the mean squared residual of each point, (...), plus weight decay."""
        residuals = self._residuals(theta, inputs, targets)
        return 0.5 * (residuals.square().mean(-1) + self.weight_decay * theta.square().sum(-1))

    def grad(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns mean (x·θ − y) x + λ θ at each point, (..., d)."""
        residuals = self._residuals(theta, inputs, targets)
        gradient = (residuals.unsqueeze(-2) @ inputs).squeeze(-2) / inputs.shape[-2]
        return gradient + self.weight_decay * theta

    def accuracy(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Least squares predicts numbers: there is no accuracy.

        Raises:
            DomainError: Always.
        """
        rule, fact = "accuracy must count classes", "the outputs are numbers"
        raise refusal("LinearRegression", rule, fact, "Use loss, or LogisticRegression.")

    def _residuals(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        return (self.logits(theta, inputs) - as_outputs(targets, inputs.shape[-2], 1)).squeeze(-1)

    def sgd_affine(self, inputs: Tensor, targets: Tensor, lr: float) -> AffineMap:
        """Returns the SGD step on a batch as an affine map, for batches (..., B, d) at once.

        Args:
            inputs: (..., B, d).
            targets: (..., B).
            lr: η.

        Returns:
            AffineMap with matrix (..., d, d) and offset (..., d).
        """
        batch = inputs.shape[-2]
        gram = inputs.mT @ inputs / batch
        identity = torch.eye(self.dim, dtype=inputs.dtype, device=inputs.device)
        offset = (inputs.mT @ as_outputs(targets, batch, 1)).squeeze(-1) / batch
        return AffineMap(identity * (1 - lr * self.weight_decay) - lr * gram, lr * offset)
