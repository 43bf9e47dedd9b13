"""Going back through a deep stack of layers with few of its states in memory."""

import bisect
import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor

__all__ = ["MemoryPlan", "deepest", "least_segment", "num_states", "planned", "states_downward"]


class MemoryPlan(NamedTuple):
    """How a gradient is computed: examples at once, layers whose states are kept, peak bytes."""

    examples: int
    segment: int
    num_bytes: int


def num_states(depth: int, segment: int) -> int:
    """Returns how many states :func:`states_downward` holds."""
    return math.ceil(depth / segment) + segment


def states_downward(
    states: Tensor, depth: int, segment: int, layer: Callable[[int, Tensor, Tensor], object]
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Yields (l, x_l, x_{l−1}) for l = depth … 1, where x_0 = states[0] and `layer` makes x_l.

    `states` is a stack whose lower slots hold every `segment`-th state, its upper slots those of
    one segment; x_0 stays. All layers but those of the last segment are computed twice. Nothing is
    allocated on the way: states that come and go by the thousand, with small tensors in between,
    would leave holes in the heap, and the process would grow to several times what is alive.

    Args:
        states: (num_states(depth, segment), ...), of which only the first is read.
        depth: Number of layers ≥ 1.
        segment: Layers between kept states, in 1..depth.
        layer: (l, x_{l−1}, out) writes x_l into `out`, which may be x_{l−1} itself.
    """
    edges = [*range(depth, 0, -segment), 0][::-1]  # the short segment, if any, at the bottom
    segments = list(enumerate(pairwise(edges)))
    for slot, (below, above) in segments[:-1]:
        layer(below + 1, states[slot], states[slot + 1])
        for level in range(below + 2, above + 1):
            layer(level, states[slot + 1], states[slot + 1])
    for slot, (below, above) in reversed(segments):
        base = slot - below  # x_l of this segment lies in slot base + l
        for level in range(below + 1, above + 1):
            layer(level, states[base + level - 1], states[base + level])
        for level in range(above, below, -1):
            yield level, states[base + level], states[base + level - 1]


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
    """Returns how many of the layers, short of all, fit with one example at a time; maybe 0."""
    return bisect.bisect_right(
        range(1, depth), max_bytes, key=lambda count: size(count, least_segment(count), 1)
    )
