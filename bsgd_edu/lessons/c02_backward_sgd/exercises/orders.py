"""Exercises 02.2 and 02.3: backward orbits by two loops, and by one on a stack of rows."""

import torch

from ....course.exercises import build_question
from ....maps import AffineMap, apply_in_order, backward_orbit, forward_orbit

__all__ = ["LOOPS", "ROWS"]


def backward(maps, x0):
    """Returns y_0 … y_N, each composed from x0 anew, (N + 1, d)."""
    points = [x0]
    for n in range(1, len(maps) + 1):
        y = x0
        for step in reversed(maps[:n]):  # T_n meets x0 first, T_1 acts last
            y = step(y)
        points.append(y)
    return torch.stack(points)


def backward_rows(maps, x0, at):
    """Returns y_n for each n in at, (len(at), ..., d): one walk with a row for each."""
    ends = torch.as_tensor(list(at), device=x0.device)
    rows = x0.expand(len(ends), *x0.shape).clone()
    for k in range(int(ends.max()), 0, -1):
        moving = ends >= k  # the rows that contain T_k
        rows[moving] = maps[k - 1](rows[moving])
    return rows


_HALVES = [lambda x, a=a: x / 2 + a / 2 for a in (1.0, 0.0, -1.0, 2.0)]
_EIGHT = torch.tensor([8.0])
_BY_HAND = torch.tensor([[8.0], [4.5], [2.5], [1.375], [1.0]])


def _drawn(generator, count=6):
    drawn = {"generator": generator, "dtype": torch.float64}
    maps = AffineMap(0.5 * torch.randn(count, 2, 2, **drawn), torch.randn(count, 2, **drawn))
    return maps.unbind(), torch.randn(2, **drawn)


def _some_rows(generator):
    maps, x0 = _drawn(generator)
    return maps, x0, [0, 2, 3, 6]


def _walk(maps, x0, at, moves, order=reversed):
    """A walk over the maps that moves the rows for which `moves(n, k)`."""
    rows = [x0 for _ in at]
    for k in order(range(1, len(maps) + 1)):
        rows = [maps[k - 1](x) if moves(n, k) else x for n, x in zip(at, rows, strict=True)]
    return torch.stack(rows)


LOOPS = build_question(
    "02.2",
    "Two loops",
    difficulty=2,
    minutes=10,
    teaches="what a backward iterate is, and what a curve of them costs",
    signature="backward(maps, x0 (d,)) -> (N + 1, d); your four maps from 8 give "
    "8, 4.5, 2.5, 1.375, 1",
    hints=(
        "Nothing of y_{n−1} can be kept: begin at x0 for every n.",
        "y_n = T_1(T_2(… T_n(x_0))): T_n meets the start first.",
        "for n = 1 … N: y = x0; for the first n maps, newest first: y = map(y); keep y. Stack.",
    ),
    why="A list read from its n-th entry back to its first: y_n is an ordinary run.",
    answer=backward,
    worked=((_HALVES, _EIGHT), _BY_HAND),
    worked_says="the four maps from 8 must give 8, 4.5, 2.5, 1.375, 1",
    cases=_drawn,
    cases_say="a random case differs: write down which map acts first for y_2",
    mistakes={
        "that is the forward orbit: the newest map must act first, on x0":
            lambda m, x: forward_orbit(m, x),
        "the list was turned round before it was cut: y_n uses the first n maps":
            lambda m, x: forward_orbit(m[::-1], x),
        "y_n must begin again at x0; yours goes on from y_{n−1}": lambda m, x: torch.stack(
            [x, *(apply_in_order([s for k in range(1, n + 1) for s in m[:k][::-1]], x)
                  for n in range(1, len(m) + 1))]),
    },
    wrong={
        "its shape is (6, 2)": lambda m, x: backward(m, x)[1:],
        "its shape is (2,)": lambda m, x: backward(m, x)[-1],
    },
    right=(
        lambda m, x: backward_orbit(m, x),
        lambda m, x: torch.stack([apply_in_order(m[:n][::-1], x) for n in range(len(m) + 1)]),
    ),
)  # fmt: skip

ROWS = build_question(
    "02.3",
    "One loop, many rows",
    difficulty=3,
    minutes=15,
    teaches="to turn a quadratic number of calls into one call a batch",
    signature="backward_rows(maps, x0 (..., d), at) -> (len(at), ..., d); your four maps from 8 "
    "at 4, 0, 2 give 1, 8, 2.5",
    hints=(
        "Every row must meet T_k after T_{k+1}: let k fall, and let T_k move all rows that have "
        "it, at once.",
        "Row n holds T_{k+1}(… T_n(x_0)) before step k; T_k acts on it if n ≥ k.",
        "rows = a copy of x0 for each n; for k = N … 1: the rows with n ≥ k become map k of them",
    ),
    why="The rows that still lack T_k all need it now: one call on a stack serves them.",
    answer=backward_rows,
    worked=((_HALVES, _EIGHT, [4, 0, 2]), _BY_HAND[[4, 0, 2]]),
    worked_says="at 4, 0, 2 the four maps from 8 must give 1, 8, 2.5",
    cases=_some_rows,
    cases_say="a random case differs: which rows have T_k in them?",
    mistakes={
        "k must fall: with k = 1 first, T_1 acts innermost and the orbit is the forward one":
            lambda m, x, at: _walk(m, x, at, lambda n, k: n >= k, order=iter),
        "every map moves every row: row n must wait until k has come down to n":
            lambda m, x, at: _walk(m, x, at, lambda n, k: True),
        "row k itself needs T_k: compare with ≥": lambda m, x, at: _walk(
            m, x, at, lambda n, k: n > k),
        "the other rows moved: T_k is in y_n for n ≥ k": lambda m, x, at: _walk(
            m, x, at, lambda n, k: n < k),
    },
    wrong={"its shape is (7, 2)": lambda m, x, at: backward(m, x)},
    right=(
        lambda m, x, at: backward_orbit(m, x, at=at),
        lambda m, x, at: _walk(m, x, at, lambda n, k: n >= k),
    ),
)  # fmt: skip
