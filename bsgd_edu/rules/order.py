"""Between forward and backward: cheaper or corrected orders of the same maps.

The backward-SGD papers name windowed updates, Lie-bracket corrections and the re-use of past
batches; the definitions here are ours.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import require_integer
from ..maps import AffineMap, Map, apply_in_order, backward_orbit, forward_orbit
from ..maps.affine import number_of, spread, taken_apart
from ..maps.orbits import chosen_steps

__all__ = [
    "append_linearisation",
    "block_backward_orbit",
    "head_polish",
    "lie_bracket",
    "lie_bracket_correction",
    "linearised_composition",
    "palindromic_average",
]


def head_polish(maps: Sequence[Map], x: Tensor) -> Tensor:
    """Returns T_1 ∘ … ∘ T_w (x): a point of the forward orbit, polished by w fixed head maps.

    `maps.windowed_orbit` polishes every point of a forward orbit with its first w maps. The head
    is the same at every step, so jitter between successive points shrinks by its factor, c^w.

    Args:
        maps: The w head maps.
        x: Points (..., d).

    Returns:
        Points (..., d).

    Example:
        >>> head = [lambda x: x / 2, lambda x: x + 1]
        >>> head_polish(head, torch.tensor([8.0]))
        tensor([4.5000])
    """
    return apply_in_order(taken_apart(maps)[::-1], x)


def block_backward_orbit(
    maps: Sequence[Map], x0: Tensor, *, block: int, at: Sequence[int] | None = None
) -> Tensor:
    """Returns the orbit that is backward inside blocks of maps and forward from block to block.

    Within block j, z_n = T_{jw+1} ∘ … ∘ T_n (a_j); its last point is the next anchor a_{j+1}.
    block = 1 is the forward orbit, block ≥ N the backward one; N (w + 1)/2 map applications.

    Args:
        maps: N maps.
        x0: Start (..., d), the first anchor.
        block: w ≥ 1.
        at: The n to return, each in 0..N; None for all.

    Returns:
        (len(at), ..., d), detached.

    Raises:
        DomainError: If block < 1 or an entry of `at` is not in 0..N.

    Example:
        >>> maps = [lambda x: x / 2, lambda x: x + 1, lambda x: 3 * x]
        >>> block_backward_orbit(maps, torch.tensor([8.0]), block=2).ravel()
        tensor([ 8.0000,  4.0000,  4.5000, 13.5000])
    """
    remedy = "Pass 1 for the forward orbit."
    block = require_integer("block_backward_orbit", "block", block, at_least=1, remedy=remedy)
    wanted = chosen_steps("block_backward_orbit", maps, at)
    x0 = spread(maps, x0.detach())
    maps = taken_apart(maps)
    anchor, kept = x0, {0: x0}
    for start in range(0, max(wanted, default=0), block):
        inside = maps[start : start + block]
        steps = sorted({n - start for n in wanted if 0 < n - start <= len(inside)} | {len(inside)})
        points = backward_orbit(inside, anchor, at=steps)
        kept.update(zip((start + n for n in steps), points, strict=True))
        anchor = points[-1]
    return torch.stack([kept[n] for n in wanted]) if wanted else x0.new_empty((0, *x0.shape))


def lie_bracket(maps: Sequence[Map], x0: Tensor) -> Tensor:
    """Returns the leading difference between the orders, x_n − y_n up to third order.

    With displacements f_i = T_i − id, x_n − y_n = Σ_{i<j} (Df_j f_i − Df_i f_j)(x_0) + O(f³): the
    brackets of the vector fields. For gradient steps it is η² Σ_{i<j} (H_j g_i − H_i g_j). Each
    derivative is one symmetric difference along the displacements before minus those after, so
    3n evaluations do, and no map needs to be differentiable by machine.

    Args:
        maps: n maps close to the identity.
        x0: Start (..., d).

    Returns:
        (..., d).

    Example:
        >>> maps = [lambda x: x - 0.1 * x, lambda x: x - 0.1 * (2 * x - 1)]
        >>> difference = forward_orbit(maps, torch.ones(1)) - backward_orbit(maps, torch.ones(1))
        >>> torch.allclose(lie_bracket(maps, torch.ones(1)), difference[-1], atol=1e-6)
        True
    """
    x0, maps = spread(maps, x0), taken_apart(maps)
    if not maps:
        return torch.zeros_like(x0)
    displacements = torch.stack([t(x0) - x0 for t in maps])
    before = displacements.cumsum(0) - displacements
    after = displacements.sum(0) - displacements - before
    total = torch.zeros_like(x0)
    for t, direction in zip(maps, before - after, strict=True):
        ahead, behind = t(torch.stack([x0 + direction, x0 - direction]))
        total += 0.5 * (ahead - behind) - direction
    return total


def lie_bracket_correction(maps: Sequence[Map], x0: Tensor) -> Tensor:
    """Returns x_n − bracket: the end of the forward orbit, moved to within O(f³) of y_n.

    4n map applications, in place of the n that either end costs: it shows why the orders differ,
    and is no cheaper way to y_n.

    Args:
        maps: n maps close to the identity.
        x0: Start (..., d).

    Returns:
        (..., d).
    """
    return forward_orbit(maps, x0, at=[number_of(maps)])[0] - lie_bracket(maps, x0)


def linearised_composition(maps: Sequence[Map], x0: Tensor) -> AffineMap:
    """Returns the backward composition T_1 ∘ … ∘ T_n linearised at x_0, x ↦ y_n + J_n (x − x_0).

    J_n comes from five-point differences along the d axes, of relative accuracy ε^(4/5): one pass
    of 4d + 1 points through the maps, none of which needs to be differentiable by machine.

    Args:
        maps: n maps.
        x0: Start (..., d).

    Returns:
        AffineMap with matrix J_n (..., d, d).

    Example:
        >>> line = linearised_composition([lambda x: x / 2, lambda x: x + 1], torch.tensor([8.0]))
        >>> line(torch.tensor([10.0])).round(decimals=3)
        tensor([5.5000])
    """
    end, jacobian = _linearise(maps, x0)
    return AffineMap(jacobian, end - _times(jacobian, x0))


def append_linearisation(maps: Sequence[Map], x0: Tensor, appended: Sequence[Map]) -> Tensor:
    """Returns approximate backward iterates after maps are appended, without replaying the old.

    y_{n+i} ≈ y_n + J_n (T_{n+1} ∘ … ∘ T_{n+i} (x_0) − x_0), J_n the derivative of T_1 ∘ … ∘ T_n
    at x_0. Exact for affine maps, up to rounding; else the error is of second order in the
    appended displacement. The old maps are passed once (:func:`linearised_composition`), however
    many are appended: worth it for few parameters and long histories.

    Args:
        maps: The n old maps.
        x0: Start (..., d).
        appended: m new maps.

    Returns:
        (m + 1, ..., d): y_n, then the approximations of y_{n+1} … y_{n+m}.

    Example:
        >>> old, new = [lambda x: x / 2, lambda x: x + 1], [lambda x: 3 * x]
        >>> append_linearisation(old, torch.tensor([8.0]), new).ravel().round(decimals=3)
        tensor([ 4.5000, 12.5000])
    """
    end, jacobian = _linearise(maps, x0)
    return end + _times(jacobian, backward_orbit(appended, x0) - x0)


def palindromic_average(maps: Sequence[Map], x0: Tensor) -> Tensor:
    """Returns (x_n + y_n)/2, the average of both orders: free of the order up to third order.

    Args:
        maps: n maps.
        x0: Start (..., d).

    Returns:
        (..., d).

    Example:
        >>> palindromic_average([lambda x: x / 2, lambda x: x + 1], torch.tensor([8.0]))
        tensor([4.7500])
    """
    count = [number_of(maps)]
    forward, backward = forward_orbit(maps, x0, at=count), backward_orbit(maps, x0, at=count)
    return 0.5 * (forward + backward)[0]


def _linearise(maps: Sequence[Map], x0: Tensor) -> tuple[Tensor, Tensor]:
    """y_n (..., d) and J_n (..., d, d), by five-point differences along the d axes."""
    width = torch.finfo(x0.dtype).eps ** 0.2 * x0.abs().max().clamp(min=1)
    axes = width * torch.eye(x0.shape[-1], dtype=x0.dtype, device=x0.device)
    axes = axes.unflatten(0, (-1, *[1] * (x0.dim() - 1)))  # (d, 1, …, d)
    points = torch.cat([x0.unsqueeze(0), *(x0 + step * axes for step in (-2, -1, 1, 2))])
    images = head_polish(maps, points)
    far_below, below, above, far_above = images[1:].chunk(4)
    columns = (far_below - far_above + 8 * (above - below)) / (12 * width)
    return images[0], columns.movedim(0, -1)  # the last axis says along which direction


def _times(matrix: Tensor, x: Tensor) -> Tensor:
    return (matrix @ x.unsqueeze(-1)).squeeze(-1)
