"""Runs an orbit and observes it on the way: what is measured comes back as data."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .errors import ShapeError, require
from .maps import AffineMap, Map, forward_orbit
from .maps.orbits import chosen_steps

__all__ = ["Record", "train"]

Steps = Sequence[int] | Tensor | None


@dataclass(frozen=True)
class Record:
    """What a run left behind.

    Attributes:
        at: For each observation's name, the steps n at which it was made, ascending.
        values: For each observation's name, what was seen, (len(at), ...).
        end: The last point that was reached, (..., d).
        seconds: Wall-clock time of the orbit and its observations.
    """

    at: Mapping[str, tuple[int, ...]]
    values: Mapping[str, Tensor]
    end: Tensor
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
    observe: Mapping[str, Callable[[Tensor], Tensor]],
    at: Steps | Mapping[str, Steps] = None,
    orbit: Callable[..., Tensor] = forward_orbit,
) -> Record:
    """Moves x_0 along an orbit of the maps, and looks at the points on the way.

    An observation sees one point after the other, in the order of the steps: it may keep what it
    found at the last one, as an eigensolver does that starts from its last vector. Forward, one
    point at a time is held, however many are observed; other orbits hold those that are.

    Args:
        maps: N update maps, for example of `rules.sgd_maps`, or one AffineMap.
        x0: Start (..., d).
        observe: Name → a function of a point (..., d): loss, sharpness, a spectrum, a norm. Each
            gives tensors of one shape at all its steps.
        at: Steps to observe, each in 0..N; None for all of them; or such for each name, where
            some observations are dear.
        orbit: What composes the maps: `maps.forward_orbit`, `maps.backward_orbit`, or
            ``functools.partial(maps.windowed_orbit, window=20)``.

    Returns:
        The record; its values carry no graph.

    Raises:
        DomainError: If an entry of `at` is not in 0..N.
        ShapeError: If `at` names other observations than `observe`, or an observation changes
            its shape.

    Example:
        >>> maps = [lambda x: x / 2] * 3
        >>> size = {"size": lambda x: x.norm(dim=-1)}
        >>> train(maps, torch.tensor([8.0]), observe=size)["size"]
        tensor([8., 4., 2., 1.])
    """
    start = time.perf_counter()
    if not isinstance(at, Mapping):
        at = dict.fromkeys(observe, at)
    rule, fact = f"at must name what observe names, {sorted(observe)}", f"it names {sorted(at)}"
    require(set(at) == set(observe), "train", rule, fact, "Give steps for each.", ShapeError)
    steps = {
        name: tuple(sorted(set(chosen_steps("train", maps, wanted)))) for name, wanted in at.items()
    }
    seen: dict[str, list[Tensor]] = {name: [] for name in observe}
    point = x0
    for step, point in _points(maps, x0, sorted(set().union(*steps.values())), orbit):
        for name, function in observe.items():
            if step in steps[name]:
                _keep(seen[name], name, step, torch.as_tensor(function(point)).detach())
    values = {name: torch.stack(rows) if rows else torch.empty(0) for name, rows in seen.items()}
    return Record(steps, values, point, time.perf_counter() - start)


def _points(maps: Sequence[Map], x0: Tensor, steps: list[int], orbit: Callable[..., Tensor]):
    """Yields (n, point) for each step."""
    if orbit is not forward_orbit or isinstance(maps, AffineMap):
        yield from zip(steps, orbit(maps, x0, at=steps), strict=True)
        return
    before, point = 0, x0.detach()
    for step in steps:
        (point,) = forward_orbit(maps[before:step], point, at=[step - before])
        yield step, point
        before = step


def _keep(rows: list[Tensor], name: str, step: int, row: Tensor) -> None:
    require(
        not rows or rows[0].shape == row.shape,
        "train",
        f"observation {name!r} must have one shape at all steps",
        lambda: f"it is {tuple(rows[0].shape)} first and {tuple(row.shape)} at step {step}",
        "Pad it, or observe less of it.",
        ShapeError,
    )
    rows.append(row)
