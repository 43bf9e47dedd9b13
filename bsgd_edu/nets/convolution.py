"""Same-width convolutions of a stack of nets as matrix products, channels first, batch last.

A stack's images are (R, C, P, B): R nets, C channels, P = side² positions, B examples. In this
order all neighbours of a position are copied as rows of B numbers, and one product with the kernel
as a matrix (C, C · taps) does the layer for all nets: on small maps several times quicker than
`conv2d`, whose cost a call does not depend on the work (`benchmarks/depth.py`).
"""

import torch
from torch import Tensor

__all__ = ["Taps"]


class Taps:
    """Which neighbours a square kernel of odd or even size sees on a square map.

    Output a sees a + offset for the offsets −(k−1)//2 … k//2 of each axis, as `conv2d` with
    ``padding="same"``.

    Args:
        side: Height and width of the map.
        size: Height and width k of the kernel, at most `side`.
        circular: Whether the map closes to a torus; otherwise zeros lie around it.
    """

    def __init__(self, side: int, size: int, circular: bool):
        self.count = size * size
        # Forward gathers x(a + b), its transpose g(a − b).
        self.ahead = _neighbours(side, size, circular, 1)
        self.back = _neighbours(side, size, circular, -1)

    def apply(self, kernel: Tensor, bias: Tensor, x: Tensor) -> Tensor:
        """Returns W ∗ x + b (R, C, P, B) for kernels (R, C, C, k, k) and biases (R, C)."""
        y = torch.baddbmm(bias.unsqueeze(-1), kernel.flatten(2), _columns(x, self.ahead))
        return y.view(x.shape)

    def transposed(self, kernel: Tensor, x: Tensor, signal: Tensor) -> tuple[Tensor, Tensor]:
        """Returns what a signal ∂L/∂(W ∗ x) makes of the kernel and of x: ∂L/∂W and ∂L/∂x.

        Both need the signal's neighbours, which are gathered once: ∂L/∂x is a convolution with
        the transposed kernel, ∂L/∂W their products with x.
        """
        replicas, channels = x.shape[:2]
        columns = _columns(signal, self.back)  # (R, C · taps, P · B), output channel outermost
        products = columns @ x.flatten(2).mT  # (R, C · taps, C)
        by_tap = products.view(replicas, channels, self.count, channels).mT
        swapped = kernel.transpose(1, 2).reshape(replicas, channels, -1)
        return by_tap.reshape(kernel.shape), (swapped @ columns).view(x.shape)


def _neighbours(side: int, size: int, circular: bool, sign: int) -> tuple[Tensor, Tensor | None]:
    """Positions (taps · P,) that the taps see, and the entries that lie outside the map, if any."""
    reach = sign * (torch.arange(size) - (size - 1) // 2)
    seen = torch.arange(side) + reach.unsqueeze(-1)  # (k, side)
    inside = (seen >= 0) & (seen < side)
    seen = seen % side
    # (k, 1, side, 1) against (1, k, 1, side): rows, then columns
    position = seen[:, None, :, None] * side + seen[None, :, None, :]
    outside = ~(inside[:, None, :, None] & inside[None, :, None, :])
    missing = None if circular else outside.flatten().nonzero().flatten()
    return position.flatten(), missing


def _columns(x: Tensor, neighbours: tuple[Tensor, Tensor | None]) -> Tensor:
    """Neighbours (R, C · taps, P · B) of every position of x (R, C, P, B)."""
    index, missing = neighbours
    rows = x.flatten(0, 1)
    columns = rows.index_select(1, index.to(x.device))
    if missing is not None:
        columns.index_fill_(1, missing.to(x.device), 0.0)
    taps = len(index) // x.shape[2]
    return columns.view(x.shape[0], x.shape[1] * taps, -1)
