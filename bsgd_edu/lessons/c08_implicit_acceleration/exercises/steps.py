"""Exercises 08.3 and 08.4: the direction of depth, and what it collects around a loop."""

import math

import torch

from ....course.exercises import Step, build_question, close
from ....dynamics.loops import circulation
from ....operators import end_to_end_direction

__all__ = ["CIRCULATION", "DIRECTION"]


def direct(w, g, depth):
    """Returns where depth N moves a vector w whose loss has gradient g, (..., d)."""
    size = w.norm(dim=-1, keepdim=True)
    along = (w * g).sum(-1, keepdim=True) * w / size**2
    return size ** (2 - 2 / depth) * (g + (depth - 1) * along)


def _by_layers(w, g, depth):
    # One term a layer: only the first layer's passes the gradient through unchanged.
    size = w.square().sum(-1, keepdim=True).sqrt()
    parallel = (w * g).sum(-1, keepdim=True) / size * (w / size)
    terms = [g] + [parallel for _ in range(depth - 1)]
    return sum(terms) * size ** (2 * (depth - 1) / depth)


def _by_matrices(w, g, depth):
    return end_to_end_direction(w[..., None, :], g[..., None, :], depth)[..., 0, :]


def _gains(w, g, power, across, along):
    size = w.norm(dim=-1, keepdim=True)
    part = (w * g).sum(-1, keepdim=True) * w / size**2
    return size**power * (across * (g - part) + along * part)


def _vectors(generator):
    w, g = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    depth = int(torch.randint(2, 6, (1,), generator=generator))
    return 1.7 * w / w.norm(dim=-1, keepdim=True), g, depth


def _turned(answer, generator) -> bool:
    w, g, depth = _vectors(generator)
    q = torch.linalg.qr(torch.randn(4, 4, generator=generator, dtype=torch.float64)).Q
    return close(answer(w @ q, g @ q, depth), answer(w, g, depth) @ q)


def _one_matrix(answer, generator) -> bool:
    w, g, _ = _vectors(generator)
    return close(answer(w, g, 1), g)


DIRECTION = build_question(
    "08.3",
    "The direction of depth",
    difficulty=2,
    minutes=8,
    teaches="what depth makes of a gradient: a scale, and N times as much along w",
    signature="direct(w: Tensor (..., d), g: Tensor (..., d), depth: int) -> Tensor (..., d). "
    "Worked value: w = [4., 0.], g = [1., 1.], depth 2 give [8., 4.].",
    hints=(
        "Split g into its part along w and the rest; they get different gains.",
        "F = |w|^{2−2/N} (g + (N − 1) (w·g) w/|w|²)",
        "size = w.norm(dim=-1, keepdim=True); along = (w*g).sum(-1, keepdim=True) * w / size**2",
    ),
    why="The part along w gets 1 + (N − 1) = N times the scale, the rest once. Every layer "
    "contributes one term; only the first layer's lets all of g through, the others see "
    "nothing but the direction that the product has already.",
    answer=direct,
    worked=((torch.tensor([4.0, 0.0]), torch.ones(2), 2), torch.tensor([8.0, 4.0])),
    cases=_vectors,
    cases_say="on random vectors the direction differs",
    steps=(
        Step("invariant", "turning w and g together must turn the answer", _turned),
        Step("limit", "at depth 1 the direction must be the gradient itself", _one_matrix),
    ),
    mistakes={
        "N parts are added along w on top of g, which has one already: N − 1 are missing":
            lambda w, g, n: _gains(w, g, 2 - 2 / n, 1, n + 1),
        "the scale is |w|^{2−2/N}: this is its square root":
            lambda w, g, n: _gains(w, g, 1 - 1 / n, 1, n),
        "the part along w is (w·g) w/|w|²: the division is missing":
            lambda w, g, n: _gains(w, g, 2 - 2 / n, 1, 1 + (n - 1) * (w * w).sum(-1, keepdim=True)),
        "this is the scale alone: along w the gain must be N times as large":
            lambda w, g, n: _gains(w, g, 2 - 2 / n, 1, 1),
        "the gains are swapped: N belongs along w, 1 across it":
            lambda w, g, n: _gains(w, g, 2 - 2 / n, n, 1),
    },
    wrong={  # the vectors taken for one long one
        "random vectors": lambda w, g, n: direct(w.flatten(), g.flatten(), n).view_as(w),
        "at depth 1": lambda w, g, n: direct(w, g, max(n, 2)),
    },
    right=(_by_layers, _by_matrices),
)  # fmt: skip


def circulate(field, loop):
    """Returns the circulation of a field around a closed polygon."""
    edges = loop.roll(-1, 0) - loop
    return float((field(loop + edges / 2) * edges).sum())


def _trapezium(field, loop):
    ahead = torch.cat([loop[1:], loop[:1]])
    return float(((field(loop) + field(ahead)) / 2 * (ahead - loop)).sum())


def _open(field, loop):
    return float((field((loop[1:] + loop[:-1]) / 2) * (loop[1:] - loop[:-1])).sum())


def _lengths(field, loop):
    edges = loop.roll(-1, 0) - loop
    return float((field(loop + edges / 2).sum(-1) * edges.norm(dim=-1)).sum())


def _turn(x):
    return torch.stack([-x[..., 1], x[..., 0]], -1)


def _loop(generator):
    # A linear field with all its parts, and five corners anywhere.
    matrix = torch.randn(2, 2, generator=generator, dtype=torch.float64) + 2 * torch.eye(2)
    return lambda x: x @ matrix, 2 * torch.randn(5, 2, generator=generator, dtype=torch.float64)


def _ring(answer, generator) -> bool:
    angle = torch.linspace(0, 2 * math.pi, 1001, dtype=torch.float64)[:-1]
    ring = torch.stack([2 + angle.cos(), angle.sin()], -1)
    # ∬ 3x² + 3y² over the disc around (2, 0): 3 (4 + ½) π.
    return abs(float(answer(lambda x: _turn(x**3), ring)) - 13.5 * math.pi) < 1e-2


_SQUARE = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64)

CIRCULATION = build_question(
    "08.4",
    "A circulation meter",
    difficulty=2,
    minutes=10,
    teaches="how to see from outside that a field has no potential",
    signature="circulate(field, loop: Tensor (n, 2)) -> float; field takes points (n, 2) to "
    "vectors (n, 2). Worked value: the field (x − y, x + y) around the unit square gives 2.",
    hints=(
        "Walk along every edge, also the one that closes the loop, and add up the work.",
        "Σ_i F(middle of edge i) · (x_{i+1} − x_i), with x_n = x_0",
        "edges = loop.roll(-1, 0) - loop; (field(loop + edges / 2) * edges).sum()",
    ),
    why="The middle of an edge is enough for a linear field, and for a smooth one the error falls "
    "with the square of the edges. A gradient field gives 0 around every loop, so one loop "
    "with another answer proves that there is no potential; a zero proves nothing.",
    answer=circulate,
    worked=((lambda x: x + _turn(x), _SQUARE), 2.0),
    atol=1e-6,
    cases=_loop,
    cases_say="for a linear field the sum is exact, but it differs",
    steps=(Step("limit", "around a fine ring a smooth field must come out too", _ring),),
    mistakes={
        "the edge that closes the loop is missing": _open,
        "this goes round the other way: the sign is off": lambda *case: -circulate(*case),
        "the field is taken at the corners only: even a gradient field then gives no zero":
            lambda field, loop: float((field(loop) * (loop.roll(-1, 0) - loop)).sum()),
        "edges are vectors: take the product F·dx, not F times a length": _lengths,
        "this is the flux through the loop, not the work along it":
            lambda field, loop: circulate(lambda x: _turn(field(x)), loop),
        "a circulation is a sum over the edges, not their mean":
            lambda field, loop: circulate(field, loop) / len(loop),
    },
    wrong={"expected a number": lambda field, loop: field(loop)},
    right=(_trapezium, circulation),
)  # fmt: skip
