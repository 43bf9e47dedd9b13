"""Exercise 01.4: draw exactly from a stationary law."""

import torch
from torch import Tensor

from ....course.exercises import Step, build_question, close

__all__ = ["DRAW"]


def exact_draw(tables):
    """Returns (state, n): the first n at which T_1 ∘ … ∘ T_n is constant, and its value."""
    composed = torch.arange(tables.shape[1])  # the identity map
    for n, table in enumerate(tables, 1):
        composed = composed[table]  # the new map is inside
        if (composed == composed[0]).all():
            return int(composed[0]), n
    return -1, len(tables)


def _by_loops(tables):
    for n in range(1, len(tables) + 1):
        ends = set()
        for state in range(tables.shape[1]):
            for k in range(n - 1, -1, -1):
                state = int(tables[k][state])
            ends.add(state)
        if len(ends) == 1:
            return ends.pop(), n
    return -1, len(tables)


def _by_sets(tables):
    rows = tables.tolist()
    for n in range(1, len(rows) + 1):
        image = set(range(len(rows[0])))
        for row in reversed(rows[:n]):
            image = {row[s] for s in image}
        if len(image) == 1:
            return image.pop(), n
    return -1, len(rows)


def _outside(tables):
    composed = torch.arange(tables.shape[1])
    for n, table in enumerate(tables, 1):
        composed = table[composed]
        if (composed == composed[0]).all():
            return int(composed[0]), n
    return -1, len(tables)


def _two_states(tables):
    composed = torch.arange(tables.shape[1])
    for n, table in enumerate(tables, 1):
        composed = composed[table]
        if composed[0] == composed[-1]:
            return int(composed[0]), n
    return -1, len(tables)


def _single_map(tables):
    constant = ((int(row[0]), n) for n, row in enumerate(tables, 1) if (row == row[0]).all())
    return next(constant, (-1, len(tables)))


def _random_tables(generator: torch.Generator) -> tuple[Tensor]:
    # Drawn until both orders end, and end differently: only then does the order show.
    while True:
        tables = torch.randint(4, (12, 4), generator=generator)
        inside, outside = exact_draw(tables), _outside(tables)
        if min(inside[0], outside[0]) >= 0 and inside[0] != outside[0] and inside[1] > 2:
            return (tables,)


def _nothing_coalesces(answer, generator) -> bool:
    return close(answer(torch.tensor([[1, 0], [1, 0]])), (-1, 2))  # two swaps


def _law(answer, generator) -> bool:
    # Half the maps send both states to 0, the other half swap them; π = (2/3, 1/3). Over 2000
    # draws the share of state 1 has standard error 0.0105: five of them miss once in a million.
    heads = torch.randint(2, (2000, 40, 1), generator=generator)
    tables = torch.where(heads == 1, torch.tensor([0, 0]), torch.tensor([1, 0]))
    share = sum(answer(table)[0] for table in tables) / len(tables)
    return abs(share - 1 / 3) < 5 * 0.0105


DRAW = build_question(
    "01.4",
    "An exact draw",
    difficulty=3,
    minutes=15,
    teaches="that the backward limit is a sample from the stationary law, with no error at all",
    signature="exact_draw(tables: Tensor (n, S) of state numbers) -> (state, n). Row k lists the "
    "images of the states 0 … S − 1 under T_{k+1}. Worked value: [[1, 0], [0, 0], [1, 1]] gives "
    "(1, 2), as T_1∘T_2 is constant 1. If no composition is constant, the state is −1.",
    hints=(
        "Keep the composition of all maps so far as a table, and put each new map inside it.",
        "F_n(s) = F_{n−1}(T_n(s)), F_0 = identity; stop when F_n takes one value",
        "F = [0, 1, …]; for n, row in enumerate(tables, 1): F = F[row]; if F is constant: return",
    ),
    why="Once F_n is constant, further maps inside cannot change it: the value is y_∞, whose law "
    "is stationary. With the new map outside the composition becomes constant as quickly, but "
    "the next map would move the value again, and stopping there is biased.",
    answer=exact_draw,
    worked=((torch.tensor([[1, 0], [0, 0], [1, 1]]),), (1, 2)),
    cases=_random_tables,
    cases_say="on random tables of four states the pair differs",
    steps=(
        Step("invariant", "where nothing coalesces, (-1, len(tables)) is asked for",
             _nothing_coalesces),
        Step("limit", "the states drawn do not follow the stationary law", _law),
    ),
    mistakes={
        "composed outside: that stops at forward coalescence, which is biased. The new map has to "
        "act first: index the composition by the new row": _outside,
        "n counts maps and starts at 1": lambda t: (exact_draw(t)[0], exact_draw(t)[1] - 1),
        "compares two of the states only: all of them must have the same image": _two_states,
        "waits for a single map that is constant: the composition becomes constant "
        "earlier": _single_map,
    },
    wrong={
        "expected 2 values": lambda tables: exact_draw(tables)[0],
        "nothing coalesces": lambda tables: (max(exact_draw(tables)[0], 0), exact_draw(tables)[1]),
        "worked value": lambda tables: (0, 2),
    },
    right=(_by_loops, _by_sets),
    seconds=20.0,
)  # fmt: skip
