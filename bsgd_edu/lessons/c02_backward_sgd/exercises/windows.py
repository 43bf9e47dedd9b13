"""Exercise 02.3: a window of fixed last steps."""

import torch

from ....course.exercises import Exercise, Misconception, Step, Wrong, close, tensor_problem
from ....maps import AffineMap, apply_in_order, forward_orbit, windowed_orbit

__all__ = ["WINDOW"]


def _windowed(maps, x0, window):
    """The reference: forward over the tail, then the head from its last map to its first."""
    window = min(window, len(maps))
    x = x0
    for step in maps[window:]:
        x = step(x)
    for step in reversed(maps[:window]):
        x = step(x)
    return x


def _windowed_by_library(maps, x0, window):
    return windowed_orbit(maps, x0, window=window, at=[len(maps)])[0]


def _windowed_by_one_list(maps, x0, window):
    return apply_in_order(list(maps[window:]) + list(maps[:window])[::-1], x0)


def _head_forward(maps, x0, window):
    return apply_in_order(list(maps[window:]) + list(maps[:window]), x0)


def _head_twice(maps, x0, window):
    return apply_in_order(list(maps) + list(maps[:window])[::-1], x0)


def _last_maps(maps, x0, window):
    cut = len(maps) - window
    return apply_in_order(list(maps[:cut]) + list(maps[cut:])[::-1], x0)


def _tail_backward(maps, x0, window):
    return apply_in_order(list(maps)[::-1], x0)


def _window_of_one_less(maps, x0, window):
    return _windowed(maps, x0, max(window - 1, 0))


def _random_maps(generator, count=7):
    matrix = 0.5 * torch.randn(count, 2, 2, generator=generator, dtype=torch.float64)
    offset = torch.randn(count, 2, generator=generator, dtype=torch.float64)
    return AffineMap(matrix, offset).unbind()


def _window_case(generator):
    maps = _random_maps(generator)
    window = int(torch.randint(2, 5, (), generator=generator))
    return maps, torch.randn(2, generator=generator, dtype=torch.float64), window


def _window_shape(answer, generator):
    maps, x0, window = _window_case(generator)
    return tensor_problem(answer(maps, x0, window), (2,)) or True


def _window_value(answer, generator):
    maps = [lambda x: x / 2, lambda x: x + 1, lambda x: 3 * x]
    return close(answer(maps, torch.tensor([8.0]), 1), torch.tensor([13.5]))


def _window_ends(answer, generator):
    maps, x0, _ = _window_case(generator)
    return close(answer(maps, x0, 0), forward_orbit(maps, x0, at=[7])[0]) and close(
        answer(maps, x0, 7), apply_in_order(maps[::-1], x0)
    )


def _window_random(answer, generator):
    case = _window_case(generator)
    return close(answer(*case), _windowed(*case))


WINDOW = Exercise(
    id="02.3",
    title="A window of fixed last steps",
    kind="implement",
    difficulty=3,
    minutes=10,
    teaches="how most of the jitter goes at a cost that does not grow with the run",
    signature="windowed_end(maps, x0, window) -> (d,); maps x/2, x + 1, 3x from 8 with window 1 "
    "give 13.5",
    hints=(
        "The first w maps are kept back, to be applied last; the others act as in any run.",
        "u = T_1(T_2(… T_w(z))), z = T_N(… T_{w+1}(x_0)).",
        "for t in maps[w:]: x = t(x); then for t in reversed(maps[:w]): x = t(x)",
    ),
    reference=_windowed,
    why="The last steps are the same at every N, so two successive points differ only by what the "
    "head lets through: a factor c^w. Window 0 is forward, window N backward.",
    steps=(
        Step("shape", "return one point, of the shape of x0", _window_shape),
        Step("value", "maps x/2, x + 1, 3x from 8 with window 1 give 13.5", _window_value),
        Step("invariant", "window 0 must be forward, window N backward", _window_ends),
        Step("invariant", "a random case differs: write down which map acts first", _window_random),
    ),
    cases=_window_case,
    misconceptions=(
        Misconception(
            "head-forward",
            "applied the head in forward order; T_1 must act last, so T_w acts first",
            _head_forward,
        ),
        Misconception(
            "head-twice",
            "ran forward over all maps and then over the head again; each map acts once",
            _head_twice,
        ),
        Misconception(
            "last-maps",
            "reversed the newest maps; it is the first w that are kept to the end",
            _last_maps,
        ),
        Misconception(
            "all-backward",
            "reversed the whole list; only the first w maps act in reverse",
            _tail_backward,
        ),
        Misconception(
            "one-less",
            "kept back one map too few; the window holds T_1 … T_w",
            _window_of_one_less,
        ),
    ),
    wrong=(
        Wrong(_head_forward, "T_w acts first"),
        Wrong(_head_twice, "each map acts once"),
        Wrong(_last_maps, "first w that are kept"),
        Wrong(_tail_backward, "only the first w"),
        Wrong(_window_of_one_less, "one map too few"),
        Wrong(lambda maps, x0, window: None, "return"),
        Wrong(lambda maps, x0, window: torch.stack([x0, x0]), "shape"),
    ),
    right=(_windowed, _windowed_by_library, _windowed_by_one_list),
)
