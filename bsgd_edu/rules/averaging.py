"""Averages of forward runs: the classic ways to remove jitter, at one gradient a step."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import require_integer, require_number
from ..maps import Map
from ..maps.affine import spread, taken_apart
from ..maps.core import checked
from ..maps.orbits import chosen_steps

__all__ = ["ema_orbit", "polyak_orbit"]


def polyak_orbit(
    maps: Sequence[Map], x0: Tensor, *, at: Sequence[int] | None = None, burn_in: int = 0
) -> Tensor:
    """Returns the running mean of a forward orbit, (x_{b+1} + … + x_n)/(n − b) with b = burn_in.

    On a noisy parabola n·Var → σ², what averaging the targets themselves would give. Up to the
    burn-in it is the forward orbit.

    Args:
        maps: N maps.
        x0: Start (..., d).
        at: The n to return, each in 0..N; None for all.
        burn_in: b ≥ 0, points left out of the mean.

    Returns:
        (len(at), ..., d), detached.

    Raises:
        DomainError: If burn_in is negative or an entry of `at` is not in 0..N.

    Example:
        >>> polyak_orbit([lambda x: x / 2] * 3, torch.tensor([8.0]), burn_in=1).ravel()
        tensor([8.0000, 4.0000, 2.0000, 1.5000])

    References:
        B. Polyak, A. Juditsky (1992), Acceleration of stochastic approximation by averaging.
    """
    remedy = "Pass 0 to average all points."
    require_integer("polyak_orbit", "burn_in", burn_in, at_least=0, remedy=remedy)
    return _averaged("polyak_orbit", maps, x0, at, lambda n: 1 / max(1, n - burn_in))


def ema_orbit(
    maps: Sequence[Map], x0: Tensor, *, decay: float, at: Sequence[int] | None = None
) -> Tensor:
    """Returns the exponential moving average of a forward orbit, e_n = βe_{n−1} + (1 − β)x_n.

    It averages about 1/(1 − β) points, and its maps still act on the forward orbit only.

    Args:
        maps: N maps.
        x0: Start (..., d); e_0 = x_0.
        decay: β in [0, 1).
        at: The n to return, each in 0..N; None for all.

    Returns:
        (len(at), ..., d), detached.

    Raises:
        DomainError: If decay is not in [0, 1) or an entry of `at` is not in 0..N.

    Example:
        >>> ema_orbit([lambda x: x / 2] * 2, torch.tensor([8.0]), decay=0.5).ravel()
        tensor([8., 6., 4.])
    """
    require_number("ema_orbit", "decay", decay, at_least=0, below=1)
    return _averaged("ema_orbit", maps, x0, at, lambda n: 1 - decay)


def _averaged(name: str, maps: Sequence[Map], x0: Tensor, at, weight) -> Tensor:
    """Moves the mean by weight(n) of the way to x_n: one point in memory, however long the run."""
    wanted = chosen_steps(name, maps, at)
    needed = set(wanted)
    with torch.no_grad():
        x = mean = spread(maps, x0.detach())
        kept = {0: mean}
        for n, t in enumerate(taken_apart(maps)[: max(wanted, default=0)], 1):
            x = checked(t(x), x, name, n)
            mean = mean + weight(n) * (x - mean)
            if n in needed:
                kept[n] = mean
    return torch.stack([kept[n] for n in wanted]) if wanted else x0.new_empty((0, *x.shape))
