"""Sums of products in twice the working precision, for quantities that nearly cancel.

1 − |x|² near the rim of the ball, or a determinant of nearly parallel vectors, loses every digit in
plain float64. Dekker's and Knuth's error-free transformations keep the rounding errors beside the
numbers. A pair (high, low) stands for the sum of the two. Values only: gradients are not
followed, the callers add the correction to a plain formula that has them.

References:
    Dekker (1971), A floating-point technique for extending the available precision;
    Ogita, Rump and Oishi (2005), Accurate sum and dot product, SIAM J. Sci. Comput. 26.
"""

import torch
from torch import Tensor

__all__: list[str] = []

Pair = tuple[Tensor, Tensor]
# 2²⁷ + 1 cuts the 53 bits of a float64 into two halves whose products are exact.
_SPLITTER = 134217729.0


def two_sum(a: Tensor, b: Tensor) -> Pair:
    """Returns a + b and the error of that sum, exactly."""
    total = a + b
    shadow = total - a
    return total, (a - (total - shadow)) + (b - shadow)


def two_product(a: Tensor, b: Tensor) -> Pair:
    """Returns a·b and the error of that product, exactly, for float64 of size below 1e150."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def _split(a: Tensor) -> Pair:
    moved = _SPLITTER * a
    high = moved - (moved - a)
    return high, a - high


def total(parts: Tensor) -> Pair:
    """Sums float64 numbers over the last dim, pairwise, with the rounding errors kept."""
    low = torch.zeros_like(parts[..., 0])
    while parts.shape[-1] > 1:
        if parts.shape[-1] % 2:
            parts = torch.nn.functional.pad(parts, (0, 1))
        parts, error = two_sum(parts[..., ::2], parts[..., 1::2])
        low = low + error.sum(-1)
    return two_sum(parts[..., 0], low)
