"""Two runs on one noise: how fast they meet, and how to sample exactly from where they meet."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..errors import ConvergenceError, ShapeError, refusal, require, require_number, require_shape
from ..tensors import require_entries

__all__ = [
    "forward_coalescence",
    "from_the_past",
    "lindley_backward",
    "lindley_forward",
    "meeting_time",
    "synchronous",
]

# (generator, count) -> (count, num_states): `count` random self-maps of {0, …, num_states − 1}.
DrawMaps = Callable[[torch.Generator, int], Tensor]


def meeting_time(exponent: float, distance: float, tolerance: float) -> float:
    """Returns the number of steps after which two runs on one noise agree to a tolerance.

    n ≈ log(D/ε) / |γ|: logarithmic in the accuracy, whatever the dimension.

    Args:
        exponent: γ < 0, the Lyapunov exponent per step (log ρ for constant contraction).
        distance: D > 0, the starting distance.
        tolerance: ε > 0.

    Returns:
        The number of steps, not rounded; 0 if the runs start within the tolerance.

    Raises:
        DomainError: If the exponent is not negative, or a distance is not positive.

    Example:
        >>> round(meeting_time(math.log(0.5), 8.0, 1.0), 12)
        3.0
    """
    remedy = "Runs whose maps do not contract on average never meet."
    require_number("meeting_time", "exponent", exponent, below=0, remedy=remedy)
    require_number("meeting_time", "distance", distance, above=0)
    require_number("meeting_time", "tolerance", tolerance, above=0)
    return max(0.0, math.log(distance / tolerance) / -exponent)


def synchronous(maps: Sequence, x0: Tensor, other: Tensor, *, at=None) -> Tensor:
    """Runs two starting points forward through the same maps and returns their distance.

    d(x_n, x′_n) ≤ cⁿ d(x₀, x′₀): forgetting the start is what forward runs do as well; only
    the backward orbit has a limit besides.

    Args:
        maps: T_1 … T_N, each (..., d) -> (..., d).
        x0: First start, (..., d).
        other: Second start, of the same shape.
        at: Numbers of steps to report; None for 0 … N.

    Returns:
        Euclidean distances (len(at), ...).

    Raises:
        ShapeError: If the two starts differ in shape.

    Example:
        >>> maps = [lambda x: x / 2 + 1] * 3
        >>> synchronous(maps, torch.tensor([0.0]), torch.tensor([8.0]))
        tensor([8., 4., 2., 1.])
    """
    from ..maps import forward_orbit

    require(
        x0.shape == other.shape,
        "synchronous",
        "the two starts must have one shape",
        lambda: f"they have {tuple(x0.shape)} and {tuple(other.shape)}",
        "Expand one of them.",
        ShapeError,
    )
    both = forward_orbit(maps, torch.stack([x0, other]), at=at)  # (len(at), 2, ..., d)
    return torch.linalg.vector_norm(both[:, 0] - both[:, 1], dim=-1)


def _checked_maps(function: str, draw: DrawMaps, generator: torch.Generator, count: int) -> Tensor:
    maps = draw(generator, count)
    remedy = "Give each of the count random maps as the list of its values."
    require_shape(function, "draw(generator, count)", maps, (count, "num_states"), remedy)
    return maps.long().clone(memory_format=torch.contiguous_format)


def from_the_past(
    draw: DrawMaps, num_samples: int, *, generator: torch.Generator, max_steps: int = 100_000
) -> tuple[Tensor, Tensor]:
    """Draws exactly from the stationary law of a finite chain, by composing backward.

    F_n = T_1 ∘ … ∘ T_n until F_n is constant: the constant is y_∞, and its law is π. Each new
    map goes *inside*; with new maps outside, see :func:`forward_coalescence`.

    Args:
        draw: Draws `count` independent random maps as a (count, num_states) table of values.
        num_samples: Independent samples wanted.
        generator: Source of randomness handed to `draw`.
        max_steps: Give up after so many maps.

    Returns:
        The samples (num_samples,) and the number of maps each one took, both int64.

    Raises:
        ShapeError: If `draw` returns the wrong shape.
        ConvergenceError: If a composition is not constant after `max_steps`.

    Example:
        >>> def reset(generator, count):  # every map sends all states to one random state
        ...     return torch.randint(3, (count, 1), generator=generator).expand(count, 3)
        >>> states, steps = from_the_past(
        ...     reset, 5, generator=torch.Generator().manual_seed(0))
        >>> steps
        tensor([1, 1, 1, 1, 1])

    References:
        Propp and Wilson (1996), Exact sampling with coupled Markov chains and applications to
        statistical mechanics, Random Structures & Algorithms 9.
    """
    return _coalesce("from_the_past", draw, num_samples, generator, max_steps, True)


def forward_coalescence(
    draw: DrawMaps, num_samples: int, *, generator: torch.Generator, max_steps: int = 100_000
) -> tuple[Tensor, Tensor]:
    """Stops when *forward* copies from all states have met, which does not sample from π.

    T_n ∘ … ∘ T_1 becomes constant as fast as the backward composition, but its value at that
    random time is biased. Kept as the counterexample to :func:`from_the_past`.

    Args:
        draw: Draws `count` independent random maps as a (count, num_states) table of values.
        num_samples: Independent samples wanted.
        generator: Source of randomness handed to `draw`.
        max_steps: Give up after so many maps.

    Returns:
        The meeting states (num_samples,) and the number of maps each one took.

    Raises:
        ShapeError: If `draw` returns the wrong shape.
        ConvergenceError: If copies have not met after `max_steps`.

    Example:
        >>> def draw(generator, count):  # half the time both states go to 0, else they swap
        ...     heads = torch.randint(2, (count, 1), generator=generator)
        ...     return torch.where(heads == 1, torch.tensor([0, 0]), torch.tensor([1, 0]))
        >>> states, _ = forward_coalescence(draw, 100, generator=torch.Generator().manual_seed(0))
        >>> int(states.sum())  # always state 0, although π = (2/3, 1/3)
        0
    """
    return _coalesce("forward_coalescence", draw, num_samples, generator, max_steps, False)


def _coalesce(function, draw, num_samples, generator, max_steps, inside):
    composed = _checked_maps(function, draw, generator, num_samples)
    good = (composed >= 0) & (composed < composed.shape[1])
    rule = f"maps must take values in 0 … {composed.shape[1] - 1}"
    require_entries(good, function, rule, composed, "Number the states from 0.")
    steps = torch.ones(num_samples, dtype=torch.int64)
    for _ in range(max_steps):
        open_ = (composed != composed[:, :1]).any(dim=1).nonzero().squeeze(1)
        if len(open_) == 0:
            return composed[:, 0], steps
        new, old = _checked_maps(function, draw, generator, len(open_)), composed[open_]
        # inside: F(T(s)); outside: T(F(s)).
        composed[open_] = old.gather(1, new) if inside else new.gather(1, old)
        steps[open_] += 1
    raise refusal(
        function,
        "every composition must become constant",
        f"{len(open_)} of {num_samples} are not after {max_steps} maps",
        "Raise max_steps, or check that the maps can coalesce.",
        ConvergenceError,
    )


def lindley_forward(increments: Tensor, start: Tensor | float = 0.0) -> Tensor:
    """Returns the waiting times W_{n+1} = max(W_n + X_{n+1}, 0): a ReLU net of width 1.

    Args:
        increments: X_1 … X_n, (n, ...): service time minus time to the next arrival.
        start: W_0 ≥ 0.

    Returns:
        W_0 … W_n, (n + 1, ...).

    Example:
        >>> lindley_forward(torch.tensor([2.0, -1.0, -3.0, 1.0]))
        tensor([0., 2., 1., 0., 1.])

    References:
        Lindley (1952), The theory of queues with a single server.
    """
    # max(W + X, 0) unrolled: W_n = S_n − min(−W_0, min_{k≤n} S_k).
    sums = torch.cat([torch.zeros_like(increments[:1]), increments.cumsum(0)])
    floor = torch.minimum(sums.cummin(0).values, -torch.as_tensor(start).to(increments))
    return sums - floor


def lindley_backward(increments: Tensor) -> Tensor:
    """Returns the same maps composed backward from 0: the running maximum of a random walk.

    y_n = max(0, X_1, X_1 + X_2, …, X_1 + … + X_n): it only grows, and for E X < 0 it stops
    growing at the stationary waiting time (Loynes).

    Args:
        increments: X_1 … X_n, (n, ...).

    Returns:
        y_0 … y_n, (n + 1, ...).

    Example:
        >>> lindley_backward(torch.tensor([2.0, -1.0, -3.0, 1.0]))
        tensor([0., 2., 2., 2., 2.])

    References:
        Loynes (1962), The stability of a queue with non-independent inter-arrival and service
        times.
    """
    sums = torch.cat([torch.zeros_like(increments[:1]), increments.cumsum(0)])
    return sums.cummax(0).values
