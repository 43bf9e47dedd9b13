"""Exercise 01.3: implement the backward orbit."""

import torch
from torch import Tensor

from ....course.exercises import Step, build_question, close

__all__ = ["ORBIT"]


def backward_iterates(maps, x0):
    """Returns y_0 … y_n, y_k = T_1 ∘ … ∘ T_k (x0)."""
    rows = [x0]
    for k in range(1, len(maps) + 1):
        x = x0
        for step in reversed(maps[:k]):  # T_k meets x0 first, T_1 acts last
            x = step(x)
        rows.append(x)
    return torch.stack(rows)


def _stacked(maps, x0):
    # All iterates walk together: map k moves every row n ≥ k.
    rows = x0.repeat(len(maps) + 1, 1)
    for k in range(len(maps), 0, -1):
        rows = torch.cat([rows[:k], maps[k - 1](rows[k:])])
    return rows


def _recursive(maps, x0):
    def iterate(k, x):
        return x if k == 0 else iterate(k - 1, maps[k - 1](x))

    return torch.stack([iterate(k, x0) for k in range(len(maps) + 1)])


def _forward(maps, x0):
    rows = [x0]
    for step in maps:
        rows.append(step(rows[-1]))
    return torch.stack(rows)


def _one_map_short(maps, x0):
    rows = backward_iterates(maps, x0)
    return torch.cat([rows[:1], rows[:-1]])


def _in_place(maps, x0):
    for step in maps:
        x0.copy_(step(x0))
    return backward_iterates(maps, x0)


def _affine(matrix: Tensor, offset: Tensor):
    return lambda x: x @ matrix.T + offset


def _random_maps(generator: torch.Generator) -> tuple:
    options = {"generator": generator, "dtype": torch.float64}
    matrices = 0.4 * torch.randn(6, 2, 2, **options)
    offsets, start = torch.randn(6, 2, **options), torch.randn(2, **options)
    return [_affine(a, b) for a, b in zip(matrices, offsets, strict=True)], start


def _reversal(answer, generator) -> bool:
    maps, start = _random_maps(generator)
    return close(answer(maps, start)[-1], _forward(list(reversed(maps)), start)[-1])


def _converges(answer, generator) -> bool:
    targets = torch.randn(60, generator=generator, dtype=torch.float64).tolist()
    path = answer([lambda x, a=a: 0.5 * x + 0.5 * a for a in targets], torch.zeros(1).double())
    return bool((path[-1] - path[-2]).abs().max() < 1e-12)


_HALVES = [lambda x, a=a: (x + a) / 2 for a in (1.0, 0.0, -1.0, 2.0)]

ORBIT = build_question(
    "01.3",
    "Put the new map inside",
    difficulty=2,
    minutes=10,
    teaches="what a backward orbit is, and why it costs more than a forward one",
    signature="backward_iterates(maps: list of callables (d,) -> (d,), x0: Tensor (d,)) -> Tensor "
    "(n + 1, d). Worked value: maps (x + 1)/2, x/2 and x0 = [8.] give [[8.], [4.5], [2.5]].",
    hints=(
        "Iterate k starts at x0 again: it is not a step further from iterate k − 1.",
        "y_k = T_1(T_2(… T_k(x0)))",
        "for k in 0..n: x = x0; for step in T_k, …, T_1: x = step(x); append x",
    ),
    why="Each y_k starts again from x0, so n iterates cost n(n + 1)/2 maps. `maps.backward_orbit` "
    "walks all iterates together and needs n batched ones.",
    answer=backward_iterates,
    worked=((_HALVES, torch.tensor([8.0])), torch.tensor([[8.0], [4.5], [2.5], [1.375], [1.0]])),
    worked_says="the four maps worked by hand in the text come out differently",
    cases=_random_maps,
    cases_say="on random affine maps of the plane the iterates differ",
    steps=(
        Step("invariant", "y_n must be the forward run on the reversed list", _reversal),
        Step("limit", "with halving maps neighbouring iterates must merge", _converges),
    ),
    mistakes={
        "this is the forward orbit: each row is one step from the last, the new map "
        "outside": _forward,
        "reversed the list once and kept its path: the rows must be T_1, T_1∘T_2, …, and only the "
        "last row of the reversed run is one of them": lambda m, x: _forward(m[::-1], x),
        "one map short: row k must hold k maps, so range has to reach n": _one_map_short,
    },
    wrong={
        "its shape is (6, 2)": lambda maps, x0: backward_iterates(maps, x0)[1:],
        "its shape is (2,)": lambda maps, x0: backward_iterates(maps, x0)[-1],
        "changes a tensor": _in_place,
        "worked by hand": lambda maps, x0: backward_iterates(maps, x0) + 0.1,
    },
    right=(_stacked, _recursive),
)
