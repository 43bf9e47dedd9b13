"""Any stateless torch module as a net: its parameters evaluated as a cloud."""

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from ..errors import ShapeError, refusal, require, require_shape
from .base import BatchGrad, Net, checked_loss
from .stacked import LayerStorage, kept

__all__ = ["ModuleNet"]


class ModuleNet(Net):
    """Wraps a torch module: `vmap` over points, autograd for the gradient.

    The module must be a pure function of its parameters: no buffers that change (batch
    normalisation's running statistics) and no dropout, because a backward orbit replays it.

    Args:
        module: Takes inputs (B, *features) to outputs (B, C).
        feature_dims: Number of axes of one input: 1 for vectors, 3 for images.
        weight_decay: λ ≥ 0 of the loss's λ/2 ‖θ‖².
        loss: ``"cross_entropy"`` or ``"mse"``.

    Raises:
        DomainError: If the module carries state that training would change.

    Example:
        >>> net = ModuleNet(torch.nn.Linear(4, 3))
        >>> theta = net.init(torch.Generator().manual_seed(0), replicas=(5,))
        >>> net.logits(theta, torch.ones(2, 4)).shape
        torch.Size([5, 2, 3])
    """

    def __init__(
        self,
        module: nn.Module,
        feature_dims: int = 1,
        weight_decay: float = 0.0,
        loss: str = "cross_entropy",
    ):
        checked_loss(loss, weight_decay)
        for name, part in module.named_modules():
            tracks = getattr(part, "track_running_stats", False)
            drops = isinstance(part, nn.modules.dropout._DropoutNd) and part.p > 0
            require(
                not (tracks or drops),
                "ModuleNet",
                "module must be a pure function of its parameters",
                lambda name=name, part=part: f"{name or 'it'} is {part}",
                "Use GroupNorm or LayerNorm, and no dropout.",
            )
        self.module, self.feature_dims = module, feature_dims
        self.names, parameters = zip(*module.named_parameters(), strict=True)
        self.shapes = [tuple(p.shape) for p in parameters]
        self.dim = sum(p.numel() for p in parameters)
        self.storage = LayerStorage(self.shapes, self.dim)
        self.weight_decay, self.loss_kind = weight_decay, loss

    def __repr__(self) -> str:
        return f"ModuleNet({type(self.module).__name__}, {self.dim} parameters)"

    def init(self, generator: torch.Generator, replicas: Sequence[int] = ()) -> Tensor:
        """Returns parameters (*replicas, d): weights and biases uniform in ±1/√(fan-in).

        That is torch's default for linear and convolution layers; parameters of other layers of
        one dimension (a norm's scale and shift) keep the module's values.
        """
        parts = []
        owners = dict(self.module.named_modules())
        for name, shape, value in zip(
            self.names, self.shapes, self.module.parameters(), strict=True
        ):
            owner = owners[name.rpartition(".")[0]]
            weight = getattr(owner, "weight", None)
            if weight is None or weight.dim() < 2:
                parts.append(value.detach().flatten().expand(*replicas, -1).to(generator.device))
                continue
            size = torch.Size(shape).numel()
            uniform = torch.rand(*replicas, size, generator=generator, device=generator.device)
            parts.append((2 * uniform - 1) * weight[0].numel() ** -0.5)
        return torch.cat(parts, -1)

    def logits(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Returns the outputs (..., B, C); see :meth:`Net.logits`."""
        return self._outputs(self.storage.views(self._checked(theta)), inputs)

    def grad(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the gradient of the loss at each point, (..., d)."""
        self._checked_inputs(inputs)
        theta = theta.detach()
        gradient = torch.empty_like(theta, memory_format=torch.contiguous_format)
        if inputs.dim() - 1 - self.feature_dims > theta.dim() - 1:
            rule = "theta must have the replica dimensions of the inputs"
            fact = f"it has shape {tuple(theta.shape)} and they have {tuple(inputs.shape)}"
            raise refusal(repr(self), rule, fact, "Expand theta.", ShapeError)
        parts = self._gradients(self.storage.views(self._checked(theta)), inputs, targets)
        for view, part in zip(self.storage.views(gradient), parts, strict=True):
            view.copy_(part)
        return gradient.add_(theta, alpha=self.weight_decay) if self.weight_decay else gradient

    def descend_(self, stack, batch: BatchGrad, lr, weight_decay: float) -> None:
        """Takes one SGD step in place, each parameter in a tensor of its own."""
        decay = weight_decay + self.weight_decay
        gradients = self._gradients(stack, batch.inputs, batch.targets)
        for part, gradient, shape in zip(stack, gradients, self.shapes, strict=True):
            if isinstance(lr, Tensor):
                rate = lr[(..., *[None] * len(shape))]
                part.mul_(kept(rate, decay)).sub_(rate * gradient)
            else:
                if decay:
                    part.mul_(kept(lr, decay))
                part.sub_(gradient, alpha=lr)

    def _checked_inputs(self, inputs: Tensor) -> None:
        """Refuses inputs that the module cannot take; a module of unknown make says so itself."""

    def _gradients(self, parts, inputs: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            parts = [part.detach().requires_grad_() for part in parts]
            # The losses of different points share no parameter: one backward pass serves all.
            loss = self.data_loss(self._outputs(parts, inputs), inputs, targets).sum()
            return torch.autograd.grad(loss, parts)

    def _outputs(self, parts, inputs: Tensor) -> Tensor:
        """Outputs (..., B, C) of the points whose parameters are `parts`, each (..., *shape)."""
        own = inputs.dim() - 1 - self.feature_dims
        lead = parts[0].shape[: parts[0].dim() - len(self.shapes[0])]
        if not lead and not own:
            return self._call(parts, inputs)
        lead = torch.broadcast_shapes(lead, inputs.shape[:own])
        points = [
            part.expand(*lead, *shape).reshape(-1, *shape)
            for part, shape in zip(parts, self.shapes, strict=True)
        ]
        if own:
            inputs = inputs.expand(*lead, *inputs.shape[own:]).flatten(0, len(lead) - 1)
        outputs = torch.func.vmap(self._call, in_dims=(0, 0 if own else None))(points, inputs)
        return outputs.unflatten(0, lead)

    def _call(self, parts, inputs: Tensor) -> Tensor:
        named = dict(zip(self.names, parts, strict=True))
        return torch.func.functional_call(self.module, named, (inputs,))

    def to_module(self, theta: Tensor) -> nn.Module:
        """Returns a copy of the module with the parameters θ (d,)."""
        remedy = "Pick one replica, for example theta[0]."
        require_shape("to_module", "theta", theta, (self.dim,), remedy)
        module = deepcopy(self.module)
        nn.utils.vector_to_parameters(theta.detach().clone(), module.parameters())
        return module

    def from_module(self, module: nn.Module) -> Tensor:
        """Returns the parameters of a module of the same shapes as one point (d,)."""
        found = [tuple(p.shape) for p in module.parameters()]
        rule = f"module must have parameters of shapes {self.shapes}"
        fact, remedy = f"it has {found}", "Pass a copy of the module this net was made of."
        require(found == self.shapes, "from_module", rule, fact, remedy, ShapeError)
        return nn.utils.parameters_to_vector(module.parameters()).detach()
