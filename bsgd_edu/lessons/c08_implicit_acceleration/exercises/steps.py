"""Exercises 08.3 and 08.4: the direction of depth, and what it collects around a loop."""

import math

import torch
from torch import Tensor

from ....course.exercises import (
    Exercise,
    Misconception,
    Step,
    Wrong,
    as_number,
    close,
    tensor_problem,
)

__all__ = ["IMPLEMENT_CIRCULATION", "IMPLEMENT_DIRECTION", "circulate", "direct"]


def direct(w: Tensor, g: Tensor, depth: int) -> Tensor:
    """Returns where depth N moves a vector w whose loss has gradient g, (..., d)."""
    size = w.norm(dim=-1, keepdim=True)
    along = (w * g).sum(-1, keepdim=True) * w / size**2
    return size ** (2 - 2 / depth) * (g + (depth - 1) * along)


def _by_matrix(w, g, depth):
    size = w.norm(dim=-1)[..., None, None]
    unit = w.unsqueeze(-1) / size
    gains = torch.eye(w.shape[-1], dtype=w.dtype) + (depth - 1) * unit @ unit.mT
    return (size ** (2 - 2 / depth) * gains @ g.unsqueeze(-1)).squeeze(-1)


def _by_layers(w, g, depth):
    # One term a layer: only the first layer's passes the gradient through unchanged.
    size = w.square().sum(-1, keepdim=True).sqrt()
    parallel = (w * g).sum(-1, keepdim=True) / size * (w / size)
    terms = [g] + [parallel for _ in range(depth - 1)]
    return sum(terms) * size ** (2 * (depth - 1) / depth)


def _n_times(w, g, depth):
    size = w.norm(dim=-1, keepdim=True)
    along = (w * g).sum(-1, keepdim=True) * w / size**2
    return size ** (2 - 2 / depth) * (g + depth * along)


def _half_power(w, g, depth):
    size = w.norm(dim=-1, keepdim=True)
    along = (w * g).sum(-1, keepdim=True) * w / size**2
    return size ** (1 - 1 / depth) * (g + (depth - 1) * along)


def _not_unit(w, g, depth):
    size = w.norm(dim=-1, keepdim=True)
    along = (w * g).sum(-1, keepdim=True) * w
    return size ** (2 - 2 / depth) * (g + (depth - 1) * along)


def _scale_only(w, g, depth):
    return w.norm(dim=-1, keepdim=True) ** (2 - 2 / depth) * g


def _across(w, g, depth):
    size = w.norm(dim=-1, keepdim=True)
    along = (w * g).sum(-1, keepdim=True) * w / size**2
    return size ** (2 - 2 / depth) * (depth * g - (depth - 1) * along)


def _no_batch(w, g, depth):
    size = w.norm()
    return size ** (2 - 2 / depth) * (g + (depth - 1) * (w * g).sum() * w / size**2)


def _random_vectors(generator: torch.Generator) -> tuple[Tensor, Tensor, int]:
    w, g = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    depth = int(torch.randint(2, 6, (1,), generator=generator))
    return 1.7 * w / w.norm(dim=-1, keepdim=True), g, depth


def _shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_random_vectors(generator)), (3, 4)) or True


def _value(answer, generator) -> bool:
    w, g = torch.tensor([4.0, 0.0]), torch.tensor([1.0, 1.0])
    return close(answer(w, g, 2), torch.tensor([8.0, 4.0]), atol=1e-5)


def _turned(answer, generator) -> bool:
    w, g, depth = _random_vectors(generator)
    q = torch.linalg.qr(torch.randn(4, 4, generator=generator, dtype=torch.float64)).Q
    return close(answer(w @ q, g @ q, depth), answer(w, g, depth) @ q)


def _one_matrix(answer, generator) -> bool | str:
    w, g, _ = _random_vectors(generator)
    if not close(answer(w, g, 1), g):
        return "at depth 1 the direction must be the gradient itself"
    return all(
        close(answer(*case), direct(*case))
        for case in (_random_vectors(generator) for _ in range(10))
    )


IMPLEMENT_DIRECTION = Exercise(
    id="08.3",
    title="The direction of depth",
    kind="implement",
    difficulty=2,
    minutes=8,
    teaches="what depth makes of a gradient: a scale, and N times as much along w",
    signature=(
        "direct(w: Tensor (..., d), g: Tensor (..., d), depth: int) -> Tensor (..., d). Worked "
        "value: w = [4., 0.], g = [1., 1.], depth 2 give [8., 4.]."
    ),
    hints=(
        "Split g into its part along w and the rest; they get different gains.",
        "F = |w|^{2−2/N} (g + (N − 1) (w·g) w/|w|²)",
        "size = w.norm(dim=-1, keepdim=True); along = (w*g).sum(-1, keepdim=True) * w / size**2",
    ),
    reference=direct,
    why=(
        "The part along w gets 1 + (N − 1) = N times the scale, the rest once. Every layer "
        "contributes one term; only the first layer's lets all of g through, the others see "
        "nothing but the direction that the product has already."
    ),
    steps=(
        Step("shape", "expected one vector for each w", _shape),
        Step("value", "the worked value comes out differently", _value),
        Step("invariant", "turning w and g together must turn the answer", _turned),
        Step("limit", "on random vectors the direction differs", _one_matrix),
    ),
    misconceptions=(
        Misconception(
            "n-times",
            "N parts are added along w on top of g, which has one already: N − 1 are missing",
            _n_times,
        ),
        Misconception("power", "the scale is |w|^{2−2/N}: this is its square root", _half_power),
        Misconception(
            "unit", "the part along w is (w·g) w/|w|²: the division is missing", _not_unit
        ),
        Misconception(
            "scale-only",
            "this is the scale alone: along w the gain must be N times as large",
            _scale_only,
        ),
        Misconception("across", "the gains are swapped: N belongs along w, 1 across it", _across),
    ),
    cases=_random_vectors,
    wrong=(
        Wrong(_n_times, "N − 1"),
        Wrong(_half_power, "square root"),
        Wrong(_not_unit, "division"),
        Wrong(_scale_only, "scale alone"),
        Wrong(_across, "swapped"),
        Wrong(_no_batch, "random vectors"),
        Wrong(lambda w, g, depth: None, "return"),
    ),
    right=(_by_matrix, _by_layers),
)


def circulate(field, loop: Tensor) -> float:
    """Returns the circulation of a field around a closed polygon."""
    edges = loop.roll(-1, 0) - loop
    return float((field(loop + edges / 2) * edges).sum())


def _trapezium(field, loop):
    ahead = torch.cat([loop[1:], loop[:1]])
    return float(((field(loop) + field(ahead)) / 2 * (ahead - loop)).sum())


def _by_loop(field, loop):
    total = 0.0
    for i in range(len(loop)):
        start, end = loop[i], loop[(i + 1) % len(loop)]
        for share, weight in ((0.0, 1 / 6), (0.5, 2 / 3), (1.0, 1 / 6)):
            total += weight * float(field(start + share * (end - start)) @ (end - start))
    return total


def _open(field, loop):
    edges = loop[1:] - loop[:-1]
    return float((field(loop[:-1] + edges / 2) * edges).sum())


def _backwards(field, loop):
    return -circulate(field, loop)


def _corners(field, loop):
    return float((field(loop) * (loop.roll(-1, 0) - loop)).sum())


def _lengths(field, loop):
    edges = loop.roll(-1, 0) - loop
    return float((field(loop + edges / 2).sum(-1) * edges.norm(dim=-1)).sum())


def _flux(field, loop):
    edges = loop.roll(-1, 0) - loop
    normal = torch.stack([edges[:, 1], -edges[:, 0]], -1)
    return float((field(loop + edges / 2) * normal).sum())


def _mean(field, loop):
    return circulate(field, loop) / len(loop)


def _shear(x: Tensor) -> Tensor:
    return torch.stack([x[..., 0] - x[..., 1], x[..., 0] + x[..., 1]], -1)


_SQUARE = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64)


def _random_loop(generator: torch.Generator):
    # A linear field with all its parts, and five corners anywhere.
    matrix = torch.randn(2, 2, generator=generator, dtype=torch.float64) + 2 * torch.eye(2)
    loop = 2 * torch.randn(5, 2, generator=generator, dtype=torch.float64)
    return lambda x: x @ matrix, loop


def _one_number(answer, generator) -> bool | str:
    got = answer(_shear, _SQUARE)
    if as_number(got) is None:
        return f"expected one number, but the answer is a {type(got).__name__}"
    return True


def _square(answer, generator) -> bool:
    return close(as_number(answer(_shear, _SQUARE)), 2.0, atol=1e-6)


def _linear(answer, generator) -> bool:
    cases = [_random_loop(generator) for _ in range(10)]
    return all(close(as_number(answer(*c)), circulate(*c), atol=1e-6) for c in cases)


def _ring(answer, generator) -> bool:
    angle = torch.linspace(0, 2 * math.pi, 1001, dtype=torch.float64)[:-1]
    ring = torch.stack([2 + angle.cos(), angle.sin()], -1)
    curved = answer(lambda x: torch.stack([-(x[..., 1] ** 3), x[..., 0] ** 3], -1), ring)
    # ∬ 3x² + 3y² over the disc around (2, 0): 3 (4 + ½) π.
    return abs(as_number(curved) - 13.5 * math.pi) < 1e-2


IMPLEMENT_CIRCULATION = Exercise(
    id="08.4",
    title="A circulation meter",
    kind="implement",
    difficulty=2,
    minutes=10,
    teaches="how to see from outside that a field has no potential",
    signature=(
        "circulate(field, loop: Tensor (n, 2)) -> float; field takes points (n, 2) to vectors "
        "(n, 2). Worked value: the field (x − y, x + y) around the unit square gives 2."
    ),
    hints=(
        "Walk along every edge, also the one that closes the loop, and add up the work.",
        "Σ_i F(middle of edge i) · (x_{i+1} − x_i), with x_n = x_0",
        "edges = loop.roll(-1, 0) - loop; (field(loop + edges / 2) * edges).sum()",
    ),
    reference=circulate,
    why=(
        "The middle of an edge is enough for a linear field, and for a smooth one the error falls "
        "with the square of the edges. A gradient field gives 0 around every loop, so one loop "
        "with another answer proves that there is no potential; a zero proves nothing."
    ),
    steps=(
        Step("shape", "expected one number", _one_number),
        Step("value", "the worked value comes out differently", _square),
        Step("invariant", "for a linear field the sum is exact, but it differs", _linear),
        Step("limit", "around a fine ring a smooth field must come out too", _ring),
    ),
    misconceptions=(
        Misconception("open", "the edge that closes the loop is missing", _open),
        Misconception("backwards", "this goes round the other way: the sign is off", _backwards),
        Misconception(
            "corners",
            "the field is taken at the corners only: even a gradient field then gives no zero",
            _corners,
        ),
        Misconception(
            "lengths", "edges are vectors: take the product F·dx, not F times a length", _lengths
        ),
        Misconception("flux", "this is the flux through the loop, not the work along it", _flux),
        Misconception("mean", "a circulation is a sum over the edges, not their mean", _mean),
    ),
    cases=_random_loop,
    wrong=(
        Wrong(_open, "closes the loop"),
        Wrong(_backwards, "the other way"),
        Wrong(_corners, "corners"),
        Wrong(_lengths, "vectors"),
        Wrong(_flux, "flux"),
        Wrong(_mean, "not their mean"),
        Wrong(lambda field, loop: field(loop), "one number"),
    ),
    right=(_trapezium, _by_loop),
)
