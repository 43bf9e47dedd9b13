"""Multilayer perceptron whose gradient is written by hand, for a whole cloud of parameters."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..errors import ShapeError, require, require_choice, require_shape
from .base import BatchGrad, Net, checked_loss
from .stacked import (
    LayerStorage,
    add_product_,
    add_sum_,
    affine,
    kept,
    layer_pairs,
    scaled_residual,
    target_columns,
)

__all__ = ["MLP", "LogisticRegression"]

_ACTIVATIONS = {"relu": (torch.relu_, nn.ReLU), "tanh": (torch.tanh_, nn.Tanh)}


class MLP(Net):
    """Fully connected net, layers x ↦ W x + b with an activation between them.

    A point is (W_1, b_1, W_2, b_2, …) flattened, each W (out, in): the order of
    `torch.nn.utils.parameters_to_vector`.

    Args:
        widths: Input width, hidden widths, output width; at least two.
        activation: ``"relu"`` or ``"tanh"``.
        weight_decay: λ ≥ 0 of the loss's λ/2 ‖θ‖² (biases included).
        loss: ``"cross_entropy"`` or ``"mse"``.

    Raises:
        DomainError: If there are fewer than two widths, a width is not a positive integer, or an
            option does not exist.

    Example:
        >>> net = MLP([4, 8, 3])
        >>> cloud = net.init(torch.Generator().manual_seed(0), replicas=(5,))
        >>> x, y = torch.ones(2, 4), torch.tensor([0, 2])
        >>> cloud.shape, net.loss(cloud, x, y).shape, net.grad(cloud, x, y).shape
        (torch.Size([5, 67]), torch.Size([5]), torch.Size([5, 67]))
    """

    def __init__(
        self,
        widths: Sequence[int],
        activation: str = "relu",
        weight_decay: float = 0.0,
        loss: str = "cross_entropy",
    ):
        widths = tuple(widths)
        require(
            len(widths) >= 2 and all(isinstance(w, int) and w >= 1 for w in widths),
            "MLP",
            "widths must be at least two positive integers",
            f"they are {list(widths)}",
            "Pass for example [64, 32, 10].",
        )
        require_choice("MLP", "activation", activation, _ACTIVATIONS)
        checked_loss(loss, weight_decay)
        self.widths, self.activation = widths, activation
        self.weight_decay, self.loss_kind = weight_decay, loss
        self.shapes = [s for i, o in pairwise(widths) for s in ((o, i), (o,))]
        self.dim = sum(torch.Size(shape).numel() for shape in self.shapes)
        self.storage = LayerStorage(self.shapes, self.dim)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.widths)}, activation={self.activation!r})"

    def init(self, generator: torch.Generator, replicas: Sequence[int] = ()) -> Tensor:
        """Returns parameters (*replicas, d), uniform in ±1/√(fan-in) as torch.nn.Linear's."""
        bounds = torch.cat(
            [
                torch.full((torch.Size(shape).numel(),), fan_in**-0.5)
                for fan_in, pair in zip(self.widths, layer_pairs(self.shapes), strict=False)
                for shape in pair
            ]
        ).to(generator.device)
        uniform = torch.rand(*replicas, self.dim, generator=generator, device=generator.device)
        return (2 * uniform - 1) * bounds

    def layers(self, theta: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Returns views (W, b) of the points (..., d), first layer first."""
        return layer_pairs(self.storage.views(self._checked(theta)))

    def logits(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Returns the outputs (..., B, C); see :meth:`Net.logits`."""
        return self._forward(self.layers(theta), self._as_columns(inputs))[-1].mT

    def grad(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the gradient of the loss at each point, (..., d), by hand; detached."""
        theta = theta.detach()
        layers, columns = self.layers(theta), self._as_columns(inputs)
        hidden = self._forward(layers, columns)
        wanted = target_columns(targets, self.widths[-1], inputs, self.loss_kind)
        delta = scaled_residual(hidden[-1], wanted, -1.0, self.loss_kind)
        parts = []
        for level in range(len(layers) - 1, -1, -1):
            below = hidden[level - 1] if level else columns
            parts += [delta.sum(-1), (delta @ below.mT).flatten(-2)]
            if level:
                delta = self._through_activation_(layers[level][0].mT @ delta, below)
        gradient = torch.cat(parts[::-1], -1)
        return gradient.add_(theta, alpha=self.weight_decay) if self.weight_decay else gradient

    def to_module(self, theta: Tensor) -> nn.Sequential:
        """Returns an ordinary torch module (Linear layers, activations) with the parameters θ (d,).

        Raises:
            ShapeError: If theta is a cloud rather than one point.
        """
        remedy = "Pick one replica, for example theta[0]."
        require_shape("to_module", "theta", theta, (self.dim,), remedy)
        modules: list[nn.Module] = []
        for weight, bias in self.layers(theta.detach()):
            # Not initialised: that would draw from the global generator.
            linear = nn.utils.skip_init(nn.Linear, weight.shape[1], weight.shape[0])
            linear.weight.data, linear.bias.data = weight.clone(), bias.clone()
            modules += [linear, _ACTIVATIONS[self.activation][1]()]
        return nn.Sequential(*modules[:-1])

    def from_module(self, module: nn.Module) -> Tensor:
        """Returns the parameters of a module of the same widths as one point (d,).

        Raises:
            ShapeError: If the module's parameters have other shapes, in this order.
        """
        found = [tuple(p.shape) for p in module.parameters()]
        rule = f"module must have parameters of shapes {self.shapes}"
        fact, remedy = f"it has {found}", "Build it with to_module, or give the net its widths."
        require(found == self.shapes, "from_module", rule, fact, remedy, ShapeError)
        return nn.utils.parameters_to_vector(module.parameters()).detach()

    def descend_(self, stack, batch: BatchGrad, lr, weight_decay: float) -> None:
        """Takes one SGD step in place: forward, then each layer is updated on the way back."""
        layers = layer_pairs(stack)
        if batch.prepared is None:
            x = batch.inputs
            columns = self._as_columns(x)
            wanted = target_columns(batch.targets, self.widths[-1], x, self.loss_kind)
            batch.prepared = columns, x.new_ones(x.shape[-2]), wanted
        columns, ones, wanted = batch.prepared
        hidden = self._forward(layers, columns)
        delta = scaled_residual(hidden[-1], wanted, lr, self.loss_kind)
        keep = kept(lr, weight_decay + self.weight_decay)
        for level in range(len(layers) - 1, -1, -1):
            weight, bias = layers[level]
            below = hidden[level - 1] if level else columns
            passed = weight.mT @ delta if level else None
            add_product_(weight, delta, below, keep)
            add_sum_(bias, delta, ones, keep)
            delta = self._through_activation_(passed, below) if level else None

    def _forward(self, layers, columns: Tensor) -> list[Tensor]:
        """Activations after each layer, features first: (..., width, B)."""
        activate = _ACTIVATIONS[self.activation][0]
        hidden, x = [], columns
        for level, (weight, bias) in enumerate(layers):
            x = affine(weight, bias, x)
            if level < len(layers) - 1:
                # Under autograd an in-place activation is as good: its derivative is a function
                # of its value for both.
                x = activate(x)
            hidden.append(x)
        return hidden

    def _through_activation_(self, delta: Tensor, value: Tensor) -> Tensor:
        """Multiplies by the activation's derivative, a function of its value, which it replaces."""
        if self.activation == "relu":
            return delta.mul_(value.sign_())
        return delta.mul_(value.square_().neg_().add_(1))

    def _as_columns(self, inputs: Tensor) -> Tensor:
        remedy = "Flatten each input to its features."
        require_shape("MLP", "inputs", inputs, (..., "B", self.widths[0]), remedy)
        return inputs.mT


class LogisticRegression(MLP):
    """Softmax regression: an MLP without hidden layer. Convex, strongly so with weight decay.

    Args:
        num_features: Input width.
        num_classes: C.
        weight_decay: λ ≥ 0; the Hessian's smallest eigenvalue is at least λ.
    """

    def __init__(self, num_features: int, num_classes: int, weight_decay: float = 0.0):
        super().__init__([num_features, num_classes], weight_decay=weight_decay)
