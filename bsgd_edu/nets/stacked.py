"""Products of a stack of layers with a batch, features first: what fast gradients are made of.

A stack holds weights (..., o, i) and biases (..., o) of many points; columns are inputs (i, B)
that all points share, or (..., i, B). With shared columns the whole stack is one matrix product.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import ShapeError, refusal, require, require_shape

__all__ = [
    "CACHE_BYTES",
    "LayerStorage",
    "add_product_",
    "add_sum_",
    "affine",
    "as_classes",
    "as_outputs",
    "kept",
    "layer_pairs",
    "scaled_residual",
    "target_columns",
]

# Points that stay in the cache while every map passes over them (measured: 3 to 60 MB are alike).
CACHE_BYTES = 8_000_000


class LayerStorage:
    """A stack of points as one contiguous tensor a parameter (see `maps.Storage`).

    Args:
        shapes: Shapes of the parameters, in the order in which a point holds them.
        numbers: How many numbers a point keeps busy during a step, its activations included.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], numbers: int):
        self.shapes = shapes
        self.sizes = [torch.Size(shape).numel() for shape in shapes]
        self.rows = max(1, CACHE_BYTES // (4 * numbers))

    def views(self, points: Tensor) -> list[Tensor]:
        """Returns views (..., *shape) of points (..., d)."""
        dim = sum(self.sizes)
        remedy = "Draw it with init(generator), or from_module(module)."
        require_shape("Net", "theta", points, (..., dim), remedy)
        parts = points.split(self.sizes, -1)
        return [part.unflatten(-1, shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def pack(self, points: Tensor) -> tuple[Tensor, ...]:
        """Copies points (m, ..., d) into one tensor a parameter, (m, ..., *shape)."""
        return tuple(
            part.clone(memory_format=torch.contiguous_format) for part in self.views(points)
        )

    def unpack(self, stack: tuple[Tensor, ...]) -> Tensor:
        """Returns the points (m, ..., d)."""
        lead = stack[0].dim() - len(self.shapes[0])
        return torch.cat([part.flatten(lead) for part in stack], -1)


def affine(weight: Tensor, bias: Tensor, x: Tensor) -> Tensor:
    """W x + b for columns x, (..., o, B)."""
    if x.dim() == 2 and weight.is_contiguous():
        flat = torch.addmm(bias.reshape(-1, 1), weight.view(-1, weight.shape[-1]), x)
        return flat.view(*bias.shape, x.shape[-1])
    if x.dim() == weight.dim() == 3 and len(x) == len(weight):
        return torch.baddbmm(bias.unsqueeze(-1), weight, x)
    return (weight @ x).add_(bias.unsqueeze(-1))


def add_product_(weight: Tensor, delta: Tensor, below: Tensor, keep) -> None:
    """Sets weight to keep · weight + delta belowᵀ."""
    if isinstance(keep, Tensor):
        weight.mul_(keep[..., None, None])
        keep = 1
    if below.dim() == 2:
        rows = weight.view(-1, weight.shape[-1])
        rows.addmm_(delta.reshape(-1, delta.shape[-1]), below.mT, beta=keep)
    elif below.dim() == weight.dim() == 3 and len(below) == len(weight):
        weight.baddbmm_(delta, below.mT, beta=keep)
    else:
        weight.mul_(keep).add_(delta @ below.mT)


def add_sum_(bias: Tensor, delta: Tensor, ones: Tensor, keep) -> None:
    """Sets bias to keep · bias + the sum of delta over the batch."""
    if isinstance(keep, Tensor):
        bias.mul_(keep[..., None])
        keep = 1
    bias.view(-1).addmv_(delta.reshape(-1, delta.shape[-1]), ones, beta=keep)


def target_columns(targets: Tensor, outputs: int, like: Tensor, kind: str) -> Tensor:
    """Targets in the form of the outputs, features first (..., C, B): one-hot for classes."""
    if kind == "cross_entropy":
        columns = functional.one_hot(as_classes(targets, like.shape[-2]), outputs)
    else:
        columns = as_outputs(targets, like.shape[-2], outputs)
    return columns.to(like.dtype).mT.contiguous()


def as_classes(targets: Tensor, batch: int) -> Tensor:
    """Returns class targets (..., B), whose shape must not broadcast by accident."""
    _need_examples(batch)
    require(
        targets.dtype == torch.int64,
        "Net",
        "targets must be classes of dtype torch.int64",
        lambda: f"they are {targets.dtype}",
        "Try targets.long(), or loss='mse' for targets that are numbers.",
    )
    require_shape("Net", "targets", targets, (..., batch), "Try targets.squeeze(-1).")
    return targets


def as_outputs(targets: Tensor, batch: int, outputs: int) -> Tensor:
    """Returns targets (..., B, C); those of one output may come without its axis, (..., B)."""
    _need_examples(batch)
    if targets.shape[-2:] == (batch, outputs):
        return targets
    if outputs == 1 and targets.shape[-1:] == (batch,):
        return targets.unsqueeze(-1)
    raise refusal(
        "Net",
        f"targets must be as the outputs, (..., {batch}, {outputs})",
        f"their shape is {tuple(targets.shape)}",
        f"Give each of the {batch} inputs {outputs} numbers.",
        ShapeError,
    )


def _need_examples(batch: int) -> None:
    if not batch:
        rule, remedy = "a batch must hold at least one example", "Leave empty batches out."
        raise refusal("Net", rule, "it is empty: its mean loss is not defined", remedy, ShapeError)


def scaled_residual(outputs: Tensor, targets: Tensor, lr, kind: str) -> Tensor:
    """−lr · ∂loss/∂outputs (..., C, B), the batch mean included; reuses `outputs`.

    Scaled here, where the tensor is small, every later product is an update already.
    """
    width, batch = outputs.shape[-2:]
    if kind == "cross_entropy":
        # Along a strided axis softmax is vectorised over the batch: 20 times quicker.
        delta, scale = outputs.softmax(-2).sub_(targets), -lr / batch
    else:
        delta, scale = outputs.sub_(targets), -2 * lr / (batch * width)
    return delta.mul_(scale[..., None, None] if isinstance(scale, Tensor) else scale)


def kept(lr, decay: float):
    """What a step with weight decay keeps of a parameter, 1 − lr · decay."""
    return 1 - lr * decay if decay else 1


def layer_pairs(parts: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Groups (W_1, b_1, W_2, b_2, …) by layer."""
    return list(zip(parts[::2], parts[1::2], strict=True))
