"""Multilayer perceptron whose gradient is written by hand, for a whole cloud of parameters."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import DomainError, ShapeError
from .base import BatchGrad, Net, checked_loss, residual

__all__ = ["MLP", "LogisticRegression"]

# Points that stay in a core's cache while every map passes over them.
_CACHE_BYTES = 1_500_000

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
        if len(widths) < 2 or any(not isinstance(w, int) or w < 1 for w in widths):
            raise DomainError(
                "MLP: widths must be at least two positive integers, but they are "
                f"{list(widths)}. Pass for example [64, 32, 10]."
            )
        if activation not in _ACTIVATIONS:
            raise DomainError(
                f"MLP: activation must be 'relu' or 'tanh', but it is {activation!r}. "
                "Pass one of these."
            )
        checked_loss(loss, weight_decay)
        self.widths, self.activation = widths, activation
        self.weight_decay, self.loss_kind = weight_decay, loss
        self.shapes = [s for i, o in pairwise(widths) for s in ((o, i), (o,))]
        self.dim = sum(torch.Size(shape).numel() for shape in self.shapes)
        self.storage = _LayerStorage(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.widths)}, activation={self.activation!r})"

    def init(self, generator: torch.Generator, replicas: Sequence[int] = ()) -> Tensor:
        """Returns parameters (*replicas, d), uniform in ±1/√(fan-in) as torch.nn.Linear's."""
        bounds = torch.cat(
            [
                torch.full((torch.Size(shape).numel(),), fan_in**-0.5)
                for fan_in, pair in zip(self.widths, _pairs(self.shapes), strict=False)
                for shape in pair
            ]
        ).to(generator.device)
        uniform = torch.rand(*replicas, self.dim, generator=generator, device=generator.device)
        return (2 * uniform - 1) * bounds

    def layers(self, theta: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Returns views (W, b) of the points (..., d), first layer first."""
        parts = self._checked(theta).split([torch.Size(s).numel() for s in self.shapes], -1)
        return _pairs([p.unflatten(-1, s) for p, s in zip(parts, self.shapes, strict=True)])

    def logits(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Returns the outputs (..., B, C); see :meth:`Net.logits`."""
        return self._forward(self.layers(theta), self._as_columns(inputs))[-1].mT

    def grad(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the gradient of the loss at each point, (..., d), by hand."""
        layers, columns = self.layers(theta), self._as_columns(inputs)
        hidden = self._forward(layers, columns)
        delta = residual(hidden[-1], targets, self.loss_kind)
        parts = []
        for level in range(len(layers) - 1, -1, -1):
            below = hidden[level - 1] if level else columns
            parts += [delta.sum(-1), (delta @ below.mT).flatten(-2)]
            if level:
                delta = self._through_activation(layers[level][0].mT @ delta, below)
        gradient = torch.cat(parts[::-1], -1)
        return gradient.add_(theta, alpha=self.weight_decay) if self.weight_decay else gradient

    def to_module(self, theta: Tensor) -> nn.Sequential:
        """Returns an ordinary torch module (Linear layers, activations) with the parameters θ (d,).

        Raises:
            ShapeError: If theta is a cloud rather than one point.
        """
        if theta.dim() != 1:
            raise ShapeError(
                f"to_module: theta must be one point ({self.dim},), but it has shape "
                f"{tuple(theta.shape)}. Pick one replica, for example theta[0]."
            )
        modules: list[nn.Module] = []
        for weight, bias in self.layers(theta.detach()):
            linear = nn.Linear(weight.shape[1], weight.shape[0])
            linear.weight.data, linear.bias.data = weight.clone(), bias.clone()
            modules += [linear, _ACTIVATIONS[self.activation][1]()]
        return nn.Sequential(*modules[:-1])

    def from_module(self, module: nn.Module) -> Tensor:
        """Returns the parameters of a module of the same widths as one point (d,).

        Raises:
            ShapeError: If the module's parameters have other shapes, in this order.
        """
        found = [tuple(p.shape) for p in module.parameters()]
        if found != self.shapes:
            raise ShapeError(
                f"from_module: module must have parameters of shapes {self.shapes}, but it has "
                f"{found}. Build it with to_module, or give the net its widths."
            )
        return nn.utils.parameters_to_vector(module.parameters()).detach()

    def descend_(self, stack, batch: BatchGrad, lr, weight_decay: float) -> None:
        """Takes one SGD step in place: forward, then each layer is updated on the way back."""
        layers = _pairs(stack)
        columns, ones, subtracted = batch.prepared or self._prepare(batch)
        hidden = self._forward(layers, columns)
        delta = self._scaled_residual(hidden[-1], subtracted, lr, columns.shape[-1])
        keep = 1 - lr * (weight_decay + self.weight_decay)
        for level in range(len(layers) - 1, -1, -1):
            weight, bias = layers[level]
            below = hidden[level - 1] if level else columns
            passed = self._through_activation(weight.mT @ delta, below) if level else None
            _add_product_(weight, delta, below, keep)
            _add_sum_(bias, delta, ones, keep)
            delta = passed

    def _prepare(self, batch: BatchGrad):
        """What depends on the batch alone: features-first inputs, ones, one-hot targets."""
        inputs = batch.inputs
        hot = functional.one_hot(batch.targets, self.widths[-1]) if self._classifies else None
        targets = hot if hot is not None else batch.targets
        if targets.shape[-1] != self.widths[-1] or targets.dim() < inputs.dim():
            targets = targets.unsqueeze(-1)
        batch.prepared = (
            self._as_columns(inputs),
            inputs.new_ones(inputs.shape[-2]),
            targets.to(inputs.dtype).mT.contiguous(),
        )
        return batch.prepared

    @property
    def _classifies(self) -> bool:
        return self.loss_kind == "cross_entropy"

    def _scaled_residual(self, outputs: Tensor, targets: Tensor, lr, count: int) -> Tensor:
        """−lr · ∂loss/∂outputs, features first: every later product is already scaled."""
        if self._classifies:
            scale = -lr / count
            delta = outputs.softmax(-2).sub_(targets)
        else:
            scale = -2 * lr / (count * outputs.shape[-2])
            delta = outputs.sub_(targets)
        return delta.mul_(scale[..., None, None] if isinstance(scale, Tensor) else scale)

    def _forward(self, layers, columns: Tensor) -> list[Tensor]:
        """Activations after each layer, features first: (..., width, B)."""
        activate = _ACTIVATIONS[self.activation][0]
        hidden, x = [], columns
        for level, (weight, bias) in enumerate(layers):
            x = _affine(weight, bias, x)
            if level < len(layers) - 1:
                # Under autograd an in-place activation is as good: its derivative is a function
                # of its value for both.
                x = activate(x)
            hidden.append(x)
        return hidden

    def _through_activation(self, delta: Tensor, value: Tensor) -> Tensor:
        """Multiplies by the activation's derivative, a function of its value."""
        if self.activation == "relu":
            return delta.mul_(value.sign())
        return delta.mul_(1 - value.square())

    def _as_columns(self, inputs: Tensor) -> Tensor:
        if inputs.shape[-1] != self.widths[0] or inputs.dim() < 2:
            raise ShapeError(
                f"MLP: inputs must have shape (..., B, {self.widths[0]}), but they have "
                f"{tuple(inputs.shape)}. Flatten each input to its features."
            )
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


class _LayerStorage:
    """A stack as one contiguous tensor a layer, so that the first layer is a single product."""

    def __init__(self, net: MLP):
        self.net = net
        self.rows = max(1, _CACHE_BYTES // (4 * net.dim))

    def pack(self, points: Tensor) -> tuple[Tensor, ...]:
        return tuple(
            part.clone(memory_format=torch.contiguous_format)
            for pair in self.net.layers(points)
            for part in pair
        )

    def unpack(self, stack: tuple[Tensor, ...]) -> Tensor:
        lead = stack[1].dim() - 1
        return torch.cat([part.flatten(lead) for part in stack], -1)


def _pairs(items: Sequence) -> list[tuple]:
    return list(zip(items[::2], items[1::2], strict=True))


def _affine(weight: Tensor, bias: Tensor, x: Tensor) -> Tensor:
    """W x + b for weights (..., o, i) and columns x (i, B) or (..., i, B)."""
    if x.dim() == 2 and weight.is_contiguous():
        # All points see one batch: a single product over the stacked rows of every weight.
        flat = torch.addmm(bias.reshape(-1, 1), weight.reshape(-1, weight.shape[-1]), x)
        return flat.view(*bias.shape, x.shape[-1])
    if x.dim() == weight.dim() == 3:
        return torch.baddbmm(bias.unsqueeze(-1), weight, x)
    return (weight @ x).add_(bias.unsqueeze(-1))


def _add_product_(weight: Tensor, delta: Tensor, below: Tensor, keep: float) -> None:
    """weight ← keep · weight + delta belowᵀ, in place."""
    if below.dim() == 2:
        rows = weight.view(-1, weight.shape[-1])
        rows.addmm_(delta.reshape(-1, delta.shape[-1]), below.mT, beta=keep)
    elif below.dim() == weight.dim() == 3:
        weight.baddbmm_(delta, below.mT, beta=keep)
    else:
        weight.mul_(keep).add_(delta @ below.mT)


def _add_sum_(bias: Tensor, delta: Tensor, ones: Tensor, keep: float) -> None:
    """bias ← keep · bias + Σ_batch delta, in place."""
    bias.view(-1).addmv_(delta.reshape(-1, delta.shape[-1]), ones, beta=keep)
