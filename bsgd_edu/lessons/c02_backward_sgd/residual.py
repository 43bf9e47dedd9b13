"""A small residual network with batch normalisation, and its data, as an ordinary loop has them."""

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from ... import datasets

__all__ = ["images", "residual_network", "test_loss"]


class _Residual(nn.Module):
    """x ↦ ReLU(x + conv(ReLU(conv(x)))), batch normalisation after each convolution."""

    def __init__(self, width: int):
        super().__init__()
        layers = [*_normalised(width, width), nn.ReLU(), *_normalised(width, width)]
        self.body = nn.Sequential(*layers)

    def forward(self, pixels: Tensor) -> Tensor:
        return torch.relu(pixels + self.body(pixels))


def _normalised(channels: int, width: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]


def residual_network(channels: int, *, width: int = 8, blocks: int = 1) -> nn.Module:
    """Returns a network for images (B, channels, side, side) and ten classes.

    Args:
        channels: 1 for grey images, 3 for colours.
        width: Channels of the residual blocks.
        blocks: Number of residual blocks.
    """
    stem = [*_normalised(channels, width), nn.ReLU(), nn.MaxPool2d(2)]
    head = [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * width, 10)]
    return nn.Sequential(*stem, *(_Residual(width) for _ in range(blocks)), *head)


def images(name: str, split: str, count: int | None = None) -> TensorDataset:
    """Returns images (n, channels, side, side) and their classes.

    Args:
        name: ``"digits"``, ``"mnist"`` or ``"cifar10"``.
        split: ``"train"`` or ``"test"``.
        count: How many; None for all.
    """
    found = datasets.load(name, split=split)
    channels = 3 if name == "cifar10" else 1
    side = round((found.inputs.shape[1] / channels) ** 0.5)
    pixels = found.inputs.reshape(-1, channels, side, side)[:count]
    return TensorDataset(pixels, found.targets[:count])


@torch.no_grad()
def test_loss(model: nn.Module, images: TensorDataset) -> float:
    """Returns the mean cross-entropy, with running statistics; the model's mode is restored."""
    pixels, classes = images.tensors
    training = model.training
    loss = nn.functional.cross_entropy(model.eval()(pixels), classes).item()
    model.train(training)
    return loss
