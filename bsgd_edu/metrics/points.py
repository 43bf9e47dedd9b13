"""What metrics share: norms that never overflow or lose their gradient, and the cone."""

import torch
from torch import Tensor

from ..tensors import require_positive

__all__: list[str] = []


def positive(function: str, name: str, x: Tensor) -> None:
    """Checks that points lie inside the cone: all entries are positive and finite."""
    remedy = (
        "Points lie inside the cone; of entries that underflow, pass the logarithms to "
        "oscillation_distance or sup_distance."
    )
    require_positive(function, name, x, remedy)


def root(squares: Tensor) -> Tensor:
    """√ with derivative 0 at 0, which is a subgradient of a distance at its own point."""
    apart = squares > 0
    return torch.where(apart, squares, 1).sqrt() * apart


def norm(x: Tensor, dims: tuple[int, ...] = (-1,)) -> Tensor:
    """The Euclidean norm without overflow or underflow, and with gradient 0 at 0."""
    scale = x.detach().abs().amax(dims, keepdim=True)
    scale = torch.where(scale > 0, scale, 1)
    return root((x / scale).square().sum(dims)) * scale.squeeze(dims)
