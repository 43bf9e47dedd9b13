"""Exercise 01.4: draw exactly from a stationary law."""

import torch
from torch import Tensor

from ....course.exercises import Exercise, Misconception, Step, Wrong, close

__all__ = ["IMPLEMENT_DRAW", "exact_draw"]


def exact_draw(tables: Tensor) -> tuple[int, int]:
    """Returns (state, n): the first n at which T_1 ∘ … ∘ T_n is constant, and its value."""
    composed = torch.arange(tables.shape[1])  # the identity map
    for n, table in enumerate(tables, 1):
        composed = composed[table]  # T_1 ∘ … ∘ T_{n−1} after the new map: the new map is inside
        if (composed == composed[0]).all():
            return int(composed[0]), n
    return -1, len(tables)


def _draw_by_loops(tables):
    states = range(tables.shape[1])
    for n in range(1, len(tables) + 1):
        ends = set()
        for state in states:
            for k in range(n - 1, -1, -1):
                state = int(tables[k][state])
            ends.add(state)
        if len(ends) == 1:
            return ends.pop(), n
    return -1, len(tables)


def _draw_by_sets(tables):
    rows = tables.tolist()
    for n in range(1, len(rows) + 1):
        image = set(range(len(rows[0])))
        for row in reversed(rows[:n]):
            image = {row[s] for s in image}
        if len(image) == 1:
            return image.pop(), n
    return -1, len(rows)


def _draw_forward(tables):
    composed = torch.arange(tables.shape[1])
    for n, table in enumerate(tables, 1):
        composed = table[composed]
        if (composed == composed[0]).all():
            return int(composed[0]), n
    return -1, len(tables)


def _draw_counting_from_zero(tables):
    state, n = exact_draw(tables)
    return state, n - 1


def _draw_one_start(tables):
    composed = torch.arange(tables.shape[1])
    for n, table in enumerate(tables, 1):
        composed = composed[table]
        if composed[0] == composed[-1]:
            return int(composed[0]), n
    return -1, len(tables)


def _draw_first_constant(tables):
    for n, table in enumerate(tables, 1):
        if (table == table[0]).all():
            return int(table[0]), n
    return -1, len(tables)


def _draw_zero_for_none(tables):
    state, n = exact_draw(tables)
    return max(state, 0), n


def _draw_state_only(tables):
    return exact_draw(tables)[0]


def _random_tables(generator: torch.Generator) -> tuple[Tensor]:
    # Drawn until both orders end, and end differently: only then does the order show.
    while True:
        tables = torch.randint(4, (12, 4), generator=generator)
        inside, outside = exact_draw(tables), _draw_forward(tables)
        if min(inside[0], outside[0]) >= 0 and inside[0] != outside[0] and inside[1] > 2:
            return (tables,)


def _draw_shape(answer, generator) -> bool | str:
    got = answer(torch.tensor([[0, 0], [1, 0]]))
    if isinstance(got, tuple | list) and len(got) == 2:
        return True
    return f"expected the pair (state, n), but the answer is a {type(got).__name__}"


def _draw_value(answer, generator) -> bool | str:
    if not close(answer(torch.tensor([[1, 0], [0, 0], [1, 1]])), (1, 2)):
        return False
    # Two swaps: no composition is constant.
    found = close(answer(torch.tensor([[1, 0], [1, 0]])), (-1, 2))
    return found or "where nothing coalesces, (-1, len(tables)) is asked for"


def _draw_random(answer, generator) -> bool:
    return all(
        close(answer(*case), exact_draw(*case))
        for case in (_random_tables(generator) for _ in range(25))
    )


def _draw_law(answer, generator) -> bool:
    # Half the maps send both states to 0, the other half swap them; π = (2/3, 1/3). Over 2000
    # draws the share of state 1 has standard error 0.0105: five of them miss once in a million.
    heads = torch.randint(2, (2000, 40, 1), generator=generator)
    tables = torch.where(heads == 1, torch.tensor([0, 0]), torch.tensor([1, 0]))
    share = sum(answer(table)[0] for table in tables) / len(tables)
    return abs(share - 1 / 3) < 5 * 0.0105


IMPLEMENT_DRAW = Exercise(
    id="01.4",
    title="An exact draw",
    kind="implement",
    difficulty=3,
    minutes=15,
    teaches="that the backward limit is a sample from the stationary law, with no error at all",
    signature=(
        "exact_draw(tables: Tensor (n, S) of state numbers) -> (state, n). Row k lists the images "
        "of the states 0 … S − 1 under T_{k+1}. Worked value: [[1, 0], [0, 0], [1, 1]] gives "
        "(1, 2), as T_1∘T_2 is constant 1. If no composition is constant, the state is −1."
    ),
    hints=(
        "Keep the composition of all maps so far as a table, and put each new map inside it.",
        "F_n(s) = F_{n−1}(T_n(s)), F_0 = identity; stop when F_n takes one value",
        "F = [0, 1, …]; for n, row in enumerate(tables, 1): F = F[row]; if F is constant: return",
    ),
    reference=exact_draw,
    why=(
        "Once F_n is constant, further maps inside cannot change it: the value is y_∞, whose law "
        "is stationary. With the new map outside the composition becomes constant as quickly, but "
        "the next map would move the value again, and stopping there is biased."
    ),
    steps=(
        Step("shape", "expected the pair (state, n)", _draw_shape),
        Step("value", "the worked value comes out differently", _draw_value),
        Step("invariant", "on random tables of four states the pair differs", _draw_random),
        Step("limit", "the states drawn do not follow the stationary law", _draw_law),
    ),
    misconceptions=(
        Misconception(
            "forward",
            "composed outside: that stops at forward coalescence, which is biased. The new map "
            "has to act first: index the composition by the new row",
            _draw_forward,
        ),
        Misconception(
            "count",
            "n counts maps and starts at 1",
            _draw_counting_from_zero,
        ),
        Misconception(
            "two-states",
            "compares two of the states only: all of them must have the same image",
            _draw_one_start,
        ),
        Misconception(
            "single-map",
            "waits for a single map that is constant: the composition becomes constant earlier",
            _draw_first_constant,
        ),
    ),
    cases=_random_tables,
    wrong=(
        Wrong(_draw_forward, "composed outside"),
        Wrong(_draw_counting_from_zero, "counts maps"),
        Wrong(_draw_one_start, "two of the states"),
        Wrong(_draw_first_constant, "single map"),
        Wrong(_draw_state_only, "expected the pair"),
        Wrong(_draw_zero_for_none, "nothing coalesces"),
        Wrong(lambda tables: (0, 2), "worked value"),
    ),
    right=(_draw_by_loops, _draw_by_sets),
    seconds=20.0,
)
