"""Exercises 09.3 and 09.4: what a layer sees of a slope, and how to open a corridor to it."""

from itertools import pairwise

import torch

from ....course.exercises import Exercise, Misconception, Step, Wrong, build_question, close
from ....course.exercises.exercise import tensor_problem
from ....nets.deep_linear import escape, factor_gradients

__all__ = ["CORRIDOR", "GRADIENT"]


def layer_gradient(factors, gradient, k):
    """Returns the gradient of f(W_N ⋯ W_1) by W_k, shaped as W_k."""
    for later in reversed(factors[k:]):
        gradient = later.mT @ gradient
    for earlier in factors[: k - 1]:
        gradient = gradient @ earlier.mT
    return gradient


def _by_machine(factors, gradient, k):
    def loss(factor):
        layers = [*factors[: k - 1], factor, *factors[k:]]
        return (torch.linalg.multi_dot(layers[::-1]) * gradient).sum()

    return torch.func.grad(loss)(factors[k - 1])


def _draw(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _square_case(generator):
    # Square layers, so that every mistake has the right shape; never the last layer, so that
    # counting from zero finds one.
    k = int(torch.randint(2, 4, (1,), generator=generator))
    return list(_draw(generator, 5, 3, 3)), _draw(generator, 3, 3), k


def _ends(answer, generator) -> bool:
    factors, slope = [torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]])], torch.ones(1, 2)
    first, last = answer(factors, slope, 1), answer(factors, slope, 2)
    return close(first, torch.tensor([[3.0, 3.0]])) and close(last, torch.tensor([[3.0]]))


_THREE = [torch.tensor(w) for w in ([[1.0, 2], [3, 4]], [[0.0, 1], [1, 1]], [[2.0, 0], [0, 1]])]

GRADIENT = build_question(
    "09.3",
    "What a layer sees",
    difficulty=2,
    minutes=10,
    teaches="that a layer sees the slope of the loss only through the layers around it",
    signature="layer_gradient(factors: list of (d_j, d_{j−1}), gradient: (d_N, d_0), k from 1) -> "
    "(d_k, d_{k−1}). Worked value: [[1., 2.]], [[3.]] and [[1., 1.]] give [[3., 3.]], k = 1.",
    hints=(
        "Vary W_k alone: A changes by (layers after) · dW_k · (layers before).",
        "(W_N ⋯ W_{k+1})ᵀ ∇f (W_{k−1} ⋯ W_1)ᵀ",
        "for later in reversed(factors[k:]): g = later.mT @ g; "
        "for earlier in factors[:k-1]: g = g @ earlier.mT",
    ),
    why="df = ⟨∇f, U dW V⟩ = ⟨Uᵀ∇f Vᵀ, dW⟩. If the layers after W_k have lost the direction of the "
    "slope, or those before it have lost all inputs, this is zero although ∇f is not.",
    answer=layer_gradient,
    worked=((_THREE, torch.ones(2, 2), 2), torch.tensor([[6.0, 14.0], [3.0, 7.0]])),
    worked_says="it differs from the derivative taken by machine",
    cases=_square_case,
    cases_say="it differs from the derivative taken by machine",
    steps=(Step("invariant", "for the first or last layer the worked value differs", _ends),),
    mistakes={
        "k counts layers from 1: W_1 is factors[0]":
            lambda factors, gradient, k: layer_gradient(factors, gradient, k + 1),
        "the layers act on a slope by their transposes":
            lambda factors, *rest: layer_gradient([w.mT for w in factors], *rest),
        "factors[0] is W_1, the layer that acts first on the input":
            lambda factors, slope, k: layer_gradient(factors[::-1], slope, len(factors) + 1 - k),
        "(W_N ⋯ W_{k+1})ᵀ begins with W_{k+1}ᵀ: the last layer meets the slope first":
            lambda factors, gradient, k: layer_gradient(
                [*factors[: k - 1][::-1], factors[k - 1], *factors[k:][::-1]], gradient, k),
        "the layers before W_k are missing: W_k acts on what they hand over":
            lambda factors, gradient, k: layer_gradient(factors[k - 1 :], gradient, 1),
    },
    wrong={
        "by machine": lambda factors, gradient, k: gradient,
        "first or last":
            lambda factors, slope, k: layer_gradient(factors, slope, min(k, len(factors) - 1)),
    },
    right=(_by_machine, lambda factors, gradient, k: factor_gradients(factors, gradient)[k - 1]),
)  # fmt: skip


def corridor(factors, gradient, size):
    """Returns factors with the same product from which layer 1 sees the gradient of f."""
    product, units = torch.eye(factors[0].shape[1], dtype=gradient.dtype), []
    for factor in factors[:-1]:
        product = factor @ product
        units.append(torch.linalg.svd(product).U[:, -1])
    units.append(-torch.linalg.svd(gradient).U[:, 0])
    moved = [factors[0]]
    for j, factor in enumerate(factors[1:]):
        moved.append(factor + size * torch.outer(units[j + 1], units[j]))
    return moved


def _left(matrix, column):
    return torch.linalg.svd(matrix).U[:, column]


def _built(factors, gradient, size, unit=lambda w, p: _left(p, -1), top=lambda g: -_left(g, 0)):
    # The escape with another choice of the units, or of the last direction.
    products = [factors[0], factors[1] @ factors[0]]
    units = [*map(unit, factors, products), top(gradient)]
    steps = [torch.outer(new, old) for old, new in pairwise(units)]
    return [factors[0], *(w + size * step for w, step in zip(factors[1:], steps, strict=True))]


def _blind_case(generator):
    # W_1 of rank two, the layers above of full rank: only their products with W_1 are blind.
    first = _draw(generator, 4, 2) @ _draw(generator, 2, 3)
    factors = [first, _draw(generator, 3, 4), _draw(generator, 3, 3)]
    return factors, _draw(generator, 3, 3), 0.2


def _seen(answer, generator, size):
    # From the origin, the norm of layer 1's gradient.
    turns = torch.linalg.qr(_draw(generator, 2, 3, 3)).Q
    slope = turns[0] * torch.tensor([7.16382, 3.0, 1.0], dtype=torch.float64) @ turns[1]
    zeros = [torch.zeros(b, a, dtype=torch.float64) for a, b in ((3, 4), (4, 3), (3, 3))]
    return float(layer_gradient(list(answer(zeros, slope, size)), slope, 1).norm())


def _shapes(answer, generator) -> bool | str:
    case = _blind_case(generator)
    moved = answer(*case)
    if not isinstance(moved, list | tuple) or len(moved) != 3:
        return f"expected a list of 3 factors, but the answer is a {type(moved).__name__}"
    return next(filter(None, map(tensor_problem, moved, [w.shape for w in case[0]])), True)


def _free(answer, generator) -> bool:
    cases = [_blind_case(generator) for _ in range(3)]
    ends = [[w[2] @ w[1] @ w[0] for w in (answer(*case), case[0])] for case in cases]
    return all(close(after, before, atol=1e-8) for after, before in ends)


# Units are free up to sign, so that no answer has to agree with the reference: what it does counts.
_MISTAKES = {
    "u_j must be orthogonal to the range of the whole product W_j ⋯ W_1, not of W_j alone":
        lambda *case: _built(*case, unit=lambda w, p: _left(w, -1)),
    "u_j is the direction the product reaches best: the one it never reaches is asked for":
        lambda *case: _built(*case, unit=lambda w, p: _left(p, 0)),
    "v is the weakest singular vector of the gradient: take the top one":
        lambda *case: _built(*case, top=lambda g: -_left(g, -1)),
    "v is a right singular vector: outputs see the left ones":
        lambda *case: _built(*case, top=lambda g: -torch.linalg.svd(g).Vh[0]),
    "only the last layer moved: the layers in between are still blind":
        lambda *case: [*case[0][:-1], corridor(*case)[-1]],
}  # fmt: skip

CORRIDOR = Exercise(
    id="09.4", title="Open a corridor", kind="implement", difficulty=4, minutes=20,
    teaches="the theorem as an algorithm: a move that costs nothing and makes a blind layer see",
    signature="corridor(factors: list of N ≥ 3 matrices, gradient: (d_N, d_0), size: float) -> "
    "list. Worked value: from the origin, widths 3–4–3–3, σ_1 = 7.16382 and size .1, the gradient "
    "of layer 1 gets the norm .0716382.",
    hints=(
        "Layer j + 1 may do anything to what never reaches it: vectors orthogonal to the range of "
        "W_j ⋯ W_1.",
        "W_{j+1} += δ u_{j+1} u_jᵀ, and W_N += δ v u_{N−1}ᵀ, with u_jᵀ W_j ⋯ W_1 = 0",
        "u_j = svd(W_j ⋯ W_1).U[:, -1]; v = -svd(gradient).U[:, 0]; then torch.outer(new, old)",
    ),
    reference=corridor,
    why="Each new term ends in u_jᵀ, so it sees nothing of what layers 1 … j produce: the product "
    "is unchanged. Together the terms are a corridor v u_1ᵀ of width δ^{N−1} through which the "
    "slope reaches layer 1; v the top singular vector lets the most through. Its sign is "
    "immaterial: the gradient of layer 1 takes it up. `escape` of `bsgd_edu.nets.deep_linear` "
    "finds the first blind layer too.",
    steps=(
        Step("shape", "expected a list of factors, shaped as they were", _shapes),
        Step("value", "the product has changed: the move was to cost nothing", _free),
        Step("value", "the worked value comes out differently",
             lambda answer, g: close(_seen(answer, g, 0.1), 0.0716382, rtol=1e-5)),
        Step("limit", "with N = 3, twice the size gives four times the gradient",
             lambda answer, g: close(_seen(answer, g, 0.4), 4 * _seen(answer, g, 0.2))),
    ),
    misconceptions=tuple(Misconception(says[:24], says, f) for says, f in _MISTAKES.items()),
    cases=_blind_case,
    wrong=(
        *(Wrong(mistake, says) for says, mistake in _MISTAKES.items()),
        Wrong(lambda factors, gradient, size: factors, "worked value"),
        Wrong(lambda factors, gradient, size: factors[0], "list of 3"),
    ),
    right=(escape, lambda *case: tuple(_built(  # the sign is free
        *case, unit=lambda w, p: torch.linalg.eigh(p @ p.mT)[1][:, 0], top=lambda g: _left(g, 0)))),
)  # fmt: skip
