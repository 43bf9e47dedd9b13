"""A small convolutional net whose whole cloud runs as one grouped convolution."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import require, require_shape
from .base import BatchGrad
from .module import ModuleNet
from .stacked import (
    LayerStorage,
    add_product_,
    add_sum_,
    affine,
    kept,
    scaled_residual,
    target_columns,
)

__all__ = ["SmallCNN"]


class SmallCNN(ModuleNet):
    """Blocks of (3×3 convolution, ReLU, 2×2 average pooling), then one linear layer.

    Inputs are flat images (..., B, in_channels · side²), channels first, as `datasets` loads them.

    Args:
        side: Height and width of an image in pixels; each block halves it.
        channels: Channels after each convolution.
        num_classes: C.
        in_channels: 1 for grey images, 3 for colour.
        weight_decay: λ ≥ 0 of the loss's λ/2 ‖θ‖².
        loss: ``"cross_entropy"`` or ``"mse"``.

    Raises:
        DomainError: If there is no block, or the side cannot be halved once for each.

    Example:
        >>> net = SmallCNN(8, channels=[4], num_classes=10)
        >>> theta = net.init(torch.Generator().manual_seed(0), replicas=(5,))
        >>> net.logits(theta, torch.ones(2, 64)).shape
        torch.Size([5, 2, 10])
    """

    def __init__(
        self,
        side: int,
        channels: Sequence[int] = (8,),
        num_classes: int = 10,
        in_channels: int = 1,
        weight_decay: float = 0.0,
        loss: str = "cross_entropy",
    ):
        blocks = len(channels)
        fact, remedy = "there are 0", "Take LogisticRegression for a net without convolutions."
        require(blocks > 0, "SmallCNN", "channels must hold one number or more", fact, remedy)
        rule = f"side must be a multiple of {2**blocks} for {blocks} pooled blocks"
        fact, remedy = f"it is {side}", "Take fewer blocks, or pad the images."
        require(side >= 1 and side % 2**blocks == 0, "SmallCNN", rule, fact, remedy)
        widths = [in_channels, *channels]
        layers: list[nn.Module] = [nn.Unflatten(-1, (in_channels, side, side))]
        features = widths[-1] * (side // 2**blocks) ** 2
        with torch.random.fork_rng(devices=[]):  # layers draw from the global generator
            for i, o in zip(widths, channels, strict=False):
                layers += [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)]
            layers += [nn.Flatten(), nn.Linear(features, num_classes)]
        super().__init__(nn.Sequential(*layers), 1, weight_decay, loss)
        self.side, self.widths = side, widths
        if blocks == 1:  # its gradient is written by hand, the kernel as a matrix
            busy = self.dim + 64 * channels[0] * side**2  # four passes over 16 examples
            self.storage = LayerStorage(self.shapes, busy)

    def __repr__(self) -> str:
        return f"SmallCNN(side={self.side}, channels={self.widths[1:]})"

    def _outputs(self, parts, inputs: Tensor) -> Tensor:
        """Outputs (..., B, C); one batch for all points is one grouped convolution a block."""
        self._checked_inputs(inputs)
        lead = parts[-1].shape[:-1]
        if not lead or inputs.dim() > 2:
            return super()._outputs(parts, inputs)
        # The channels of all points stand side by side in one image.
        parts = [p.reshape(-1, *shape) for p, shape in zip(parts, self.shapes, strict=True)]
        count = len(parts[0])
        x = inputs.unflatten(-1, (self.widths[0], self.side, self.side))
        for level in range(len(self.widths) - 1):
            weight, bias = parts[2 * level : 2 * level + 2]
            groups = count if level else 1
            x = functional.conv2d(x, weight.flatten(0, 1), bias.flatten(), padding=1, groups=groups)
            x = functional.avg_pool2d(x.relu(), 2)
        weight, bias = parts[-2:]
        features = x.unflatten(1, (count, -1)).flatten(2).transpose(0, 1)
        return torch.baddbmm(bias.unsqueeze(-2), features, weight.mT).unflatten(0, lead)

    def descend_(self, stack, batch: BatchGrad, lr, weight_decay: float) -> None:
        """Takes one SGD step in place; with one block the convolution is one matrix product.

        The patches of the batch are laid out once, the four pixels that are pooled together
        outermost, so that pooling adds contiguous blocks.
        """
        if len(self.widths) > 2:
            return super().descend_(stack, batch, lr, weight_decay)
        kernel, kernel_bias, weight, bias = stack
        kernel = kernel.flatten(-3)
        if batch.prepared is None:
            self._checked_inputs(batch.inputs)
            wanted = target_columns(batch.targets, bias.shape[-1], batch.inputs, self.loss_kind)
            patches = self._patches(batch.inputs)
            batch.prepared = patches, patches.new_ones(patches.shape[-1]), wanted
        patches, ones, wanted = batch.prepared
        examples = wanted.shape[-1]
        pixels = affine(kernel, kernel_bias, patches).relu_()
        quarters = pixels.unflatten(-1, (4, -1))  # (..., channels, 4, positions · B)
        pooled = quarters.sum(-2).mul_(0.25)
        features = pooled.view(*weight.shape[:-2], weight.shape[-1], examples)
        delta = scaled_residual(affine(weight, bias, features), wanted, lr, self.loss_kind)
        keep = kept(lr, weight_decay + self.weight_decay)
        passed = (weight.mT @ delta).mul_(0.25).view(pooled.shape).unsqueeze(-2)
        add_product_(weight, delta, features, keep)
        add_sum_(bias, delta, ones[:examples], keep)
        through = quarters.sign_().mul_(passed).flatten(-2)
        add_product_(kernel, through, patches, keep)
        add_sum_(kernel_bias, through, ones, keep)

    def _checked_inputs(self, inputs: Tensor) -> None:
        pixels = self.widths[0] * self.side**2
        remedy = "Flatten each image, channels first."
        require_shape("SmallCNN", "inputs", inputs, (..., "B", pixels), remedy)

    def _patches(self, inputs: Tensor) -> Tensor:
        """3×3 patches (..., 9 · in_channels, 4 · positions · B) of flat images (..., B, pixels)."""
        half = self.side // 2
        images = inputs.reshape(-1, self.widths[0], self.side, self.side)
        patches = functional.unfold(images, 3, padding=1)
        patches = patches.view(*inputs.shape[:-1], -1, half, 2, half, 2)  # (…, B, 9, y, 2, x, 2)
        order = [-5, -3, -1, -4, -2]  # features, 2, 2, y, x
        lead = list(range(inputs.dim() - 2))
        patches = patches.permute(*lead, *[patches.dim() + i for i in order], inputs.dim() - 2)
        return patches.flatten(-5).contiguous()
