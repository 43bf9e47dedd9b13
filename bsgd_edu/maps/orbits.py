"""Forward, backward and windowed orbits of a sequence of maps."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import refusal, require, require_integer, require_number
from ..extras import needs
from .affine import (
    AffineMap,
    affine_backward,
    affine_forward,
    number_of,
    scan_pays,
    spread,
    taken_apart,
)
from .core import Map, Stack, checked

__all__ = ["backward_orbit", "forward_orbit", "windowed_orbit"]

# Rows merge in groups: one comparison every few steps costs less than one a step.
_MERGE = 8


class _FlatStorage:
    """The trivial layout: one tensor of points."""

    rows = None

    def pack(self, points: Tensor) -> Stack:
        return (points.clone(memory_format=torch.contiguous_format),)

    def unpack(self, stack: Stack) -> Tensor:
        return stack[0]


_FLAT = _FlatStorage()


def forward_orbit(
    maps: Sequence[Map], x0: Tensor, *, at: Sequence[int] | Tensor | None = None
) -> Tensor:
    """Returns the forward orbit x_n = T_n ∘ … ∘ T_1 (x_0): the new map goes outside.

    A Markov chain when the maps are independent: one map application a step.

    Args:
        maps: N maps, or one AffineMap with a leading axis of length N.
        x0: Start (..., d).
        at: The n to return, each in 0..N; None for all of 0..N.

    Returns:
        (len(at), ..., d), detached.

    Raises:
        DomainError: If an entry of `at` is not in 0..N.
        ShapeError: If a map changes the shape of the points.

    Example:
        >>> maps = [lambda x: x / 2, lambda x: x + 1]
        >>> forward_orbit(maps, torch.tensor([8.0])).ravel()
        tensor([8., 4., 5.])
    """
    wanted = chosen_steps("forward_orbit", maps, at)
    x0 = spread(maps, x0.detach())
    if scan_pays(maps):
        points = affine_forward(maps, x0)
        if _in_range(points):
            return _chosen(points, wanted, range(len(points)))
    return _walk_on("forward_orbit", taken_apart(maps), x0, wanted)


def backward_orbit(
    maps: Sequence[Map],
    x0: Tensor,
    *,
    at: Sequence[int] | Tensor | None = None,
    max_bytes: int | None = None,
    progress: bool = False,
    coalesce: float | None = None,
) -> Tensor:
    """Returns the backward orbit y_n = T_1 ∘ … ∘ T_n (x_0): the new map goes inside.

    Not Markov: y_n costs n map applications, and y_1 … y_N cost N(N+1)/2, done here as N batched
    ones. Maps that contract by a factor c < 1 and move x_0 by at most M make y_n converge to a
    point at distance ≤ cⁿ M / (1 − c).

    Args:
        maps: N maps, or one AffineMap with a leading axis of length N.
        x0: Start (..., d).
        at: The n to return, each in 0..N; None for all of 0..N. Only these are computed.
        max_bytes: Bound on the stack of points moved at once and the copy that a step makes of
            it, in bytes; iterates are then worked off in chunks.
        progress: Whether to show a progress bar.
        coalesce: Iterates that have come within this absolute distance of one another (in every
            coordinate) go on as one. Where maps contract, O(N²/2) applications become O(N τ), τ
            the number of steps that forget a start; the error stays of the order of `coalesce`.

    Returns:
        (len(at), ..., d), detached.

    Raises:
        DomainError: If an entry of `at` is not in 0..N, if `max_bytes` holds no single point, or
            if `coalesce` is negative.
        ShapeError: If a map changes the shape of the points.

    References:
        G. Letac (1986), A contraction principle for certain Markov chains; P. Diaconis and
        D. Freedman (1999), Iterated random functions; B. Dherin et al. (2025), arXiv 2502.01557.

    Example:
        >>> maps = [lambda x: x / 2, lambda x: x + 1]
        >>> backward_orbit(maps, torch.tensor([8.0])).ravel()
        tensor([8.0000, 4.0000, 4.5000])
    """
    wanted = chosen_steps("backward_orbit", maps, at)
    if coalesce is not None:
        remedy = "Pass None to keep every iterate apart."
        require_number("backward_orbit", "coalesce", coalesce, at_least=0, remedy=remedy)
    x0 = spread(maps, x0.detach())
    rows = _rows_within("backward_orbit", max_bytes, x0)
    if scan_pays(maps, max_bytes):
        points = affine_backward(maps, x0)
        if _in_range(points):
            return _chosen(points, wanted, range(len(points)))
    entries = sorted(set(wanted))
    starts = x0.expand(len(entries), *x0.shape)
    moved = _walk_back(
        "backward_orbit", taken_apart(maps), starts, entries, rows, progress, coalesce
    )
    return _chosen(moved, wanted, entries)


def windowed_orbit(
    maps: Sequence[Map],
    x0: Tensor,
    *,
    window: int,
    at: Sequence[int] | Tensor | None = None,
) -> Tensor:
    """Returns the windowed orbit u_n = T_1 ∘ … ∘ T_w (T_n ∘ … ∘ T_{w+1} (x_0)), w = window.

    Each of the first n maps acts once: forward over the maps after the window, then backward
    through the window, whose maps are the same at every n. That freezes their noise: jitter
    shrinks by the window's contraction, c^w, at w extra applications an evaluation. window = 0 is
    the forward orbit, window ≥ N the backward one; for n ≤ w, u_n = y_n.

    Args:
        maps: N maps, or one AffineMap with a leading axis of length N.
        x0: Start (..., d).
        window: w ≥ 0.
        at: The n to return, each in 0..N; None for all of 0..N.

    Returns:
        (len(at), ..., d), detached.

    Raises:
        DomainError: If `window` is negative or an entry of `at` is not in 0..N.
        ShapeError: If a map changes the shape of the points.

    Example:
        >>> maps = [lambda x: x / 2, lambda x: x + 1, lambda x: 3 * x]
        >>> windowed_orbit(maps, torch.tensor([8.0]), window=1).ravel()
        tensor([ 8.0000,  4.0000,  4.5000, 13.5000])
    """
    remedy = "Pass 0 for the forward orbit."
    window = require_integer("windowed_orbit", "window", window, at_least=0, remedy=remedy)
    wanted = chosen_steps("windowed_orbit", maps, at)
    x0 = spread(maps, x0.detach())
    maps = taken_apart(maps)
    entries = sorted(set(wanted))
    starts = x0.expand(len(entries), *x0.shape)
    late = [n - window for n in entries if n > window]
    if late:
        tails = _walk_on("windowed_orbit", maps[window:], x0, late, window)
        starts = torch.cat([starts[: len(entries) - len(late)], tails])
    depths = [min(n, window) for n in entries]
    moved = _walk_back("windowed_orbit", maps[:window], starts, depths, None, False, None)
    return _chosen(moved, wanted, entries)


def chosen_steps(name: str, maps: Sequence[Map] | AffineMap, at) -> list[int]:
    """Returns the steps that are asked for, each checked to lie in 0..N."""
    count = number_of(maps)
    if at is None:
        return list(range(count + 1))
    given = at.tolist() if isinstance(at, Tensor) else list(at)
    wrong = [n for n in given if n != int(n) or not 0 <= n <= count]
    require(
        not wrong,
        name,
        f"at must hold integers in 0..{count} for {count} maps",
        lambda: f"it holds {wrong[0]}",
        "Leave at=None for the whole orbit.",
    )
    return [int(n) for n in given]


def _walk_on(name, maps, x0, wanted, before: int = 0) -> Tensor:
    """Moves x0 through the maps in order; `before` counts the maps that come ahead of them."""
    storage, moves = _movers(name, maps, before)
    # A stack needs a leading axis; replicas are one already.
    stack = storage.pack(torch.atleast_2d(x0))
    kept = {0: x0}
    needed = set(wanted)
    for n, move in enumerate(moves[: max(wanted, default=0)], 1):
        move(stack)
        if n in needed:
            kept[n] = storage.unpack(stack).reshape(x0.shape).clone()
    if not wanted:
        return x0.new_empty((0, *x0.shape))
    return torch.stack([kept[n] for n in wanted])


def _walk_back(name, maps, starts, entries, rows, progress, coalesce) -> Tensor:
    """Moves row i of `starts` through T_1 ∘ … ∘ T_{entries[i]}; `entries` ascend."""
    storage, moves = _movers(name, maps)
    rows = min(filter(None, (rows, storage.rows)), default=len(entries)) or 1
    chunks = [(lo, min(lo + rows, len(entries))) for lo in range(0, len(entries), rows)]
    moved = torch.empty(starts.shape, dtype=starts.dtype, device=starts.device)
    bar = _progress_bar(sum(entries[hi - 1] for _, hi in chunks)) if progress else None
    for lo, hi in chunks:
        stack = storage.pack(starts[lo:hi])
        first = last = hi - lo  # rows first..last-1 are on their way; later rows copy row last-1
        for k in range(entries[hi - 1], 0, -1):
            while first > 0 and entries[lo + first - 1] >= k:
                first -= 1
            moves[k - 1](tuple(part[first:last] for part in stack))
            if coalesce is not None and k % _MERGE == 0 and last - first > _MERGE:
                oldest = [part[last - 1 - _MERGE : last] for part in stack]
                if all((part - part[:1]).abs().max() <= coalesce for part in oldest):
                    last -= _MERGE
            if bar:
                bar.update()
        points = storage.unpack(tuple(part[:last] for part in stack))
        moved[lo : lo + last] = points
        moved[lo + last : hi] = points[-1]
    if bar:
        bar.close()
    return moved


def _movers(name: str, maps: Sequence[Map], before: int = 0):
    """Returns the storage that the maps share and, for each map, what moves a stack in it."""
    storages = {id(getattr(t, "storage", None)): getattr(t, "storage", None) for t in maps}
    if len(storages) == 1:
        (storage,) = storages.values()
        if storage is not None:
            return storage, [t.move_ for t in maps]

    def mover(t: Map, step: int):
        def move_(stack: Stack) -> None:
            (points,) = stack
            image = checked(t(points), points, name, step)
            if not torch.can_cast(image.dtype, points.dtype):
                rule = "x0 must hold what the maps return"
                fact = f"it is {points.dtype} and map {step} returns {image.dtype}"
                raise refusal(name, rule, fact, "Pass a floating-point start, x0.float().")
            points.copy_(image.detach())

        return move_

    return _FLAT, [mover(t, step) for step, t in enumerate(maps, before + 1)]


def _in_range(points: Tensor) -> bool:
    """Whether a scan is good: products of expanding maps overflow before the points do."""
    return bool(points.isfinite().all())


def _chosen(points: Tensor, wanted: list[int], steps: Sequence[int]) -> Tensor:
    """Rows of `points`, which belong to `steps`, in the order and number that were asked for."""
    if wanted == list(steps):
        return points
    row = {n: i for i, n in enumerate(steps)}
    return points[torch.as_tensor([row[n] for n in wanted], dtype=torch.long)]


def _rows_within(name: str, max_bytes: int | None, x0: Tensor) -> int | None:
    if max_bytes is None:
        return None
    row = 2 * x0.numel() * x0.element_size()
    rule = "max_bytes must hold one point and its image"
    fact = f"it is {max_bytes} and these take {row} bytes"
    require(max_bytes >= row, name, rule, fact, "Raise max_bytes, or pass fewer replicas.")
    return max(1, int(max_bytes) // row)


def _progress_bar(total: int):
    needs("tqdm", by="backward_orbit")
    from tqdm.auto import tqdm

    return tqdm(total=total, desc="backward orbit", unit="map")
