"""What every net here offers: a loss and its gradient for a whole cloud of flat parameters."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import require_choice, require_number, require_shape
from .stacked import as_classes, as_outputs

__all__ = ["BatchGrad", "Net"]


class Net:
    """A model without state: its parameters come in as points (..., d).

    A subclass gives `dim`, `init` and `logits`; loss, gradient (by autograd on the summed losses
    of the cloud) and accuracy follow. One that writes its gradient by hand overrides `grad` and
    offers a `storage` (see `maps.InPlaceMap`).

    Attributes:
        dim: Number of parameters d.
        loss_kind: ``"cross_entropy"`` (mean over the batch, targets are classes (..., B)) or
            ``"mse"`` (mean over batch and outputs, targets (..., B, C), or (..., B) when C = 1).
        weight_decay: λ ≥ 0; the loss contains λ/2 ‖θ‖².
        storage: Layout for moving a stack in place, or None.
        feature_dims: Number of axes of one input: 1 for vectors, 3 for images.
    """

    dim: int
    loss_kind: str = "cross_entropy"
    weight_decay: float = 0.0
    storage = None
    feature_dims: int = 1

    def init(self, generator: torch.Generator, replicas: Sequence[int] = ()) -> Tensor:
        """Returns random parameters (*replicas, d), float32, drawn as torch's layers draw them."""
        raise NotImplementedError

    def logits(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Returns the outputs before the loss.

        Args:
            theta: Points (..., d).
            inputs: (B, *features) shared by all points, or (..., B, *features) with leading
                dimensions that broadcast against those of `theta`.

        Returns:
            (..., B, C).
        """
        raise NotImplementedError

    def loss(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the loss of each point, (...): the mean over the batch, weight decay included."""
        value = self.data_loss(self.logits(theta, inputs), inputs, targets)
        if self.weight_decay:
            value = value + 0.5 * self.weight_decay * theta.square().sum(-1)
        return value

    def data_loss(self, logits: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the loss (...) of outputs (..., B, C), without weight decay."""
        if self.loss_kind == "cross_entropy":
            # Classes on a strided axis: log_softmax is then vectorised over the batch.
            log_p = logits.mT.contiguous().log_softmax(-2)
            wanted = as_classes(targets, logits.shape[-2]).expand(logits.shape[:-1]).unsqueeze(-2)
            return -log_p.gather(-2, wanted).squeeze(-2).mean(-1)
        return (logits - as_outputs(targets, *logits.shape[-2:])).square().mean((-2, -1))

    def grad(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the gradient of the loss at each point, (..., d), detached."""
        with torch.enable_grad():
            point = theta.detach().requires_grad_()
            # The losses of different points share no parameter: one backward pass serves all.
            (gradient,) = torch.autograd.grad(self.loss(point, inputs, targets).sum(), point)
        return gradient

    def accuracy(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the fraction of inputs whose largest output is the target, (...)."""
        with torch.no_grad():
            guesses = self.logits(theta, inputs).argmax(-1)
            return (guesses == as_classes(targets, guesses.shape[-1])).float().mean(-1)

    def batch_grad(self, inputs: Tensor, targets: Tensor) -> "BatchGrad":
        """Returns the gradient on one batch as a map θ ↦ ∇L(θ), the argument of `rules.sgd_map`."""
        return BatchGrad(self, inputs, targets)

    def descend_(self, stack, batch: "BatchGrad", lr, weight_decay: float) -> None:
        """Takes one SGD step in place, in the net's storage."""
        raise NotImplementedError

    def _checked(self, theta: Tensor) -> Tensor:
        remedy = "Draw it with init(generator), or from_module(module)."
        require_shape(type(self).__name__, "theta", theta, (..., self.dim), remedy)
        return theta


class BatchGrad:
    """The gradient of one net on one batch: a map (..., d) -> (..., d).

    Args:
        net: The model.
        inputs: (B, *features), or with leading replica dimensions.
        targets: (B,) classes, or what the net's loss takes.
    """

    def __init__(self, net: Net, inputs: Tensor, targets: Tensor):
        self.net, self.inputs, self.targets = net, inputs, targets
        self.prepared = None  # what the net precomputes once for all its passes over the batch

    def __call__(self, theta: Tensor) -> Tensor:
        return self.net.grad(theta, self.inputs, self.targets)

    @property
    def storage(self):
        """The net's storage, or None where only whole points move."""
        return self.net.storage

    def descend_(self, stack, lr, weight_decay: float = 0.0) -> None:
        """Replaces every point of the stack by θ − lr (∇L(θ) + weight_decay θ)."""
        self.net.descend_(stack, self, lr, weight_decay)

    def __repr__(self) -> str:
        examples = self.inputs.shape[-1 - self.net.feature_dims]
        return f"BatchGrad({self.net!r}, batch of {examples})"


def checked_loss(kind: str, weight_decay: float) -> None:
    """Refuses a loss that does not exist and a decay that is no decay."""
    require_choice("Net", "loss", kind, ("cross_entropy", "mse"))
    require_number("Net", "weight_decay", weight_decay, at_least=0)
