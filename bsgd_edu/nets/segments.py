"""Going back through a deep stack of layers with few of its states in memory."""

import bisect
import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor

__all__ = ["MemoryPlan", "deepest", "least_segment", "planned", "states_downward"]


class MemoryPlan(NamedTuple):
    """How a gradient is computed: examples at once, layers whose states are kept, peak bytes."""

    examples: int
    segment: int
    num_bytes: int


def states_downward(
    x: Tensor, depth: int, segment: int, layer: Callable[[int, Tensor], Tensor]
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Yields (l, x_l, x_{l−1}) for l = depth … 1, where x_l = layer(l, x_{l−1}) and x_0 = x.

    Of all states only every `segment`-th and those of one segment are held: ⌈depth/segment⌉ +
    segment at most. All layers but those of the last segment are computed twice.

    Args:
        x: x_0.
        depth: Number of layers ≥ 1.
        segment: Layers between kept states, in 1..depth.
        layer: (l, x_{l−1}) -> x_l, in a fresh tensor.
    """
    edges = [*range(depth, 0, -segment), 0][::-1]  # the short segment, if any, at the bottom
    kept = [x]
    for below, above in pairwise(edges[:-1]):
        for level in range(below + 1, above + 1):
            x = layer(level, x)
        kept.append(x)
    for above, below in pairwise(edges[::-1]):
        x = None  # nothing but the lists holds a state
        states = [kept.pop()]
        for level in range(below + 1, above + 1):
            states.append(layer(level, states[-1]))
        for level in range(above, below, -1):
            yield level, states.pop(), states[-1]


def least_segment(depth: int) -> int:
    """Returns a segment that needs least: ⌈√depth⌉, which holds ⌈2√depth⌉ states."""
    return math.isqrt(depth - 1) + 1


def planned(
    depth: int, examples: int, max_bytes: int | None, size: Callable[[int, int, int], int]
) -> MemoryPlan | None:
    """Returns the longest segment within `max_bytes`, with blocks halved where none fits.

    Args:
        depth: Number of layers.
        examples: Examples wanted at once.
        max_bytes: The bound, or None.
        size: (depth, segment, examples) -> bytes.

    Returns:
        The plan, or None where not even one example fits.
    """
    if max_bytes is None:
        return MemoryPlan(examples, depth, size(depth, depth, examples))
    while size(depth, least_segment(depth), examples) > max_bytes:
        if examples == 1:
            return None
        examples = (examples + 1) // 2
    for segment in range(depth, 0, -1):
        if (needed := size(depth, segment, examples)) <= max_bytes:
            return MemoryPlan(examples, segment, needed)
    return None


def deepest(depth: int, max_bytes: int, size: Callable[[int, int, int], int]) -> int:
    """Returns how many of the layers fit with one example at a time."""
    return bisect.bisect_right(
        range(1, depth), max_bytes, key=lambda count: size(count, least_segment(count), 1)
    )
