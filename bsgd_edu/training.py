"""Runs an orbit and observes it, step by step."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from .errors import ShapeError, require
from .maps import Map, forward_orbit
from .maps.orbits import chosen_steps

__all__ = ["Record", "train"]


@dataclass(frozen=True)
class Record:
    """What a run left behind; the only thing that passes from computing to drawing.

    Attributes:
        name: What the run is called in a legend.
        at: Steps n that were observed, ascending.
        values: For each observation's name, a tensor (len(at), ...).
        seconds: Wall-clock time of the orbit and its observations.
    """

    name: str
    at: tuple[int, ...]
    values: Mapping[str, Tensor]
    seconds: float

    def __getitem__(self, name: str) -> Tensor:
        """Returns the observation of that name, (len(at), ...)."""
        if name not in self.values:
            raise KeyError(f"{name!r} was not observed; there are {sorted(self.values)}")
        return self.values[name]


def train(
    maps: Sequence[Map],
    x0: Tensor,
    *,
    orbit: Callable[..., Tensor] = forward_orbit,
    observe: Mapping[str, Callable[[Tensor], Tensor]],
    at: Sequence[int] | None = None,
    name: str = "",
) -> Record:
    """Moves x_0 along an orbit of the maps and observes the points on the way.

    Args:
        maps: N update maps, for example of `rules.sgd_maps`.
        x0: Start (..., d).
        orbit: What composes the maps: `maps.forward_orbit`, `maps.backward_orbit`, or
            ``functools.partial(maps.windowed_orbit, window=20)``.
        observe: Functions of the points (len(at), ..., d); each returns (len(at), ...).
        at: Steps to observe, each in 0..N; None for all of 0..N.
        name: What the run is called in a legend.

    Returns:
        The record.

    Raises:
        DomainError: If an entry of `at` is not in 0..N.
        ShapeError: If an observation does not have one row a step.

    Example:
        >>> maps = [lambda x: x / 2] * 3
        >>> record = train(maps, torch.tensor([8.0]), observe={"size": lambda x: x.norm(dim=-1)})
        >>> record["size"]
        tensor([8., 4., 2., 1.])
    """
    start = time.perf_counter()
    steps = tuple(sorted(set(chosen_steps("train", maps, at))))
    points = orbit(maps, x0, at=steps)
    values = {}
    for label, function in observe.items():
        values[label] = function(points).detach()
        rule = f"observation {label!r} must have one row for each of {len(steps)} steps"
        fact, remedy = f"it has shape {tuple(values[label].shape)}", "Keep the leading axis."
        require(values[label].shape[:1] == (len(steps),), "train", rule, fact, remedy, ShapeError)
    # A partial of windowed_orbit is called what it is a partial of.
    name = name or getattr(getattr(orbit, "func", orbit), "__name__", "")
    return Record(name, steps, values, time.perf_counter() - start)
