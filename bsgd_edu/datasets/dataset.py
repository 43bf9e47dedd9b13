"""What a loader returns."""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Dataset"]


@dataclass(frozen=True)
class Dataset:
    """One split of a data set: flat images scaled to [0, 1] and classes, or a regression.

    Attributes:
        inputs: (n, d) float32; in the units of the source for a regression.
        targets: (n,) int64 classes, or float32 numbers of a regression.
        shape: Shape of one input before it was flattened, for example (28, 28).
        num_classes: Number of classes, 0 for a regression.
        name: Its name in the registry.
        split: "train" or "test".
        citation: How to cite it.
        licence: Its terms of use.
        published: Whether the bytes are, by checksum, the ones the citation speaks of.
        note: What a reader must know before quoting a number; empty if nothing.
    """

    inputs: Tensor
    targets: Tensor
    shape: tuple[int, ...]
    num_classes: int
    name: str
    split: str
    citation: str
    licence: str
    published: bool
    note: str = ""

    def __len__(self) -> int:
        return len(self.targets)

    def tensors(self, device: torch.device | str = "cpu", limit: int | None = None):
        """Returns inputs and targets on a device, the first `limit` of them."""
        return self.inputs[:limit].to(device), self.targets[:limit].to(device)
