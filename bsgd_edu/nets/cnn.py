"""A small convolutional net whose whole cloud runs as one grouped convolution."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import DomainError, ShapeError
from .module import ModuleNet

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
        DomainError: If the side cannot be halved once for each block.

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
        if side < 1 or side % 2**blocks:
            raise DomainError(
                f"SmallCNN: side must be a multiple of {2**blocks} for {blocks} pooled blocks, "
                f"but it is {side}. Take fewer blocks, or pad the images."
            )
        widths = [in_channels, *channels]
        layers: list[nn.Module] = [nn.Unflatten(-1, (in_channels, side, side))]
        for i, o in zip(widths, channels, strict=False):
            layers += [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)]
        features = widths[-1] * (side // 2**blocks) ** 2
        layers += [nn.Flatten(), nn.Linear(features, num_classes)]
        super().__init__(nn.Sequential(*layers), 1, weight_decay, loss)
        self.side, self.widths = side, widths

    def __repr__(self) -> str:
        return f"SmallCNN(side={self.side}, channels={self.widths[1:]})"

    def logits(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Returns the outputs (..., B, C); see :meth:`Net.logits`."""
        pixels = self.widths[0] * self.side**2
        if inputs.shape[-1] != pixels:
            raise ShapeError(
                f"SmallCNN: inputs must have shape (..., B, {pixels}), but they have "
                f"{tuple(inputs.shape)}. Flatten each image, channels first."
            )
        if theta.dim() == 1 or inputs.dim() > 2:
            return super().logits(theta, inputs)
        # One batch for all points: their channels stand side by side in one image.
        lead = self._checked(theta).shape[:-1]
        points = theta.reshape(-1, self.dim)
        parts = [
            part.unflatten(-1, shape)
            for part, shape in zip(points.split(self.sizes, -1), self.shapes, strict=True)
        ]
        x = inputs.unflatten(-1, (self.widths[0], self.side, self.side))
        for level in range(len(self.widths) - 1):
            weight, bias = parts[2 * level : 2 * level + 2]
            groups = len(points) if level else 1
            x = functional.conv2d(x, weight.flatten(0, 1), bias.flatten(), padding=1, groups=groups)
            x = functional.avg_pool2d(x.relu(), 2)
        weight, bias = parts[-2:]
        features = x.unflatten(1, (len(points), -1)).flatten(2).transpose(0, 1)
        outputs = torch.baddbmm(bias.unsqueeze(-2), features, weight.mT)
        return outputs.unflatten(0, lead)
