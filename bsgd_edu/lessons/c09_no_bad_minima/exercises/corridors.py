"""Exercises 09.3 and 09.4: what a layer sees of a slope, and how to open a corridor to it."""

from itertools import pairwise

import torch
from torch import Tensor

from ....course.exercises import Exercise, Misconception, Step, Wrong, close, tensor_problem

__all__ = ["IMPLEMENT_CORRIDOR", "IMPLEMENT_GRADIENT", "corridor", "layer_gradient"]

Case = tuple[list[Tensor], Tensor, int]


def layer_gradient(factors: list[Tensor], gradient: Tensor, k: int) -> Tensor:
    """Returns the gradient of f(W_N ⋯ W_1) by W_k, shaped as W_k."""
    for later in reversed(factors[k:]):
        gradient = later.mT @ gradient
    for earlier in factors[: k - 1]:
        gradient = gradient @ earlier.mT
    return gradient


def _by_products(factors, gradient, k):
    above = torch.eye(factors[k - 1].shape[0], dtype=gradient.dtype)
    below = torch.eye(factors[0].shape[1], dtype=gradient.dtype)
    for factor in factors[k:]:
        above = factor @ above
    for factor in factors[: k - 1]:
        below = factor @ below
    return above.mT @ gradient @ below.mT


def _by_machine(factors, gradient, k):
    with torch.enable_grad():
        leaves = [factor.detach().clone().requires_grad_() for factor in factors]
        product = leaves[0]
        for leaf in leaves[1:]:
            product = leaf @ product
        return torch.autograd.grad((product * gradient).sum(), leaves[k - 1])[0]


def _from_zero(factors, gradient, k):
    return layer_gradient(factors, gradient, k + 1)


def _no_transposes(factors, gradient, k):
    for later in reversed(factors[k:]):
        gradient = later @ gradient
    for earlier in factors[: k - 1]:
        gradient = gradient @ earlier
    return gradient


def _last_first(factors, gradient, k):
    return layer_gradient(factors[::-1], gradient, len(factors) + 1 - k)


def _wrong_order(factors, gradient, k):
    for later in factors[k:]:
        gradient = later.mT @ gradient
    for earlier in reversed(factors[: k - 1]):
        gradient = gradient @ earlier.mT
    return gradient


def _only_later(factors, gradient, k):
    for later in reversed(factors[k:]):
        gradient = later.mT @ gradient
    return gradient


def _draw(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _square_case(generator: torch.Generator) -> Case:
    # Square layers, so that every mistake has the right shape; never the last layer, so that
    # counting from zero finds one.
    k = int(torch.randint(2, 4, (1,), generator=generator))
    return list(_draw(generator, 5, 3, 3)), _draw(generator, 3, 3), k


def _layer_shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_square_case(generator)), (3, 3)) or True


def _layer_random(answer, generator) -> bool:
    cases = [_square_case(generator) for _ in range(5)]
    return all(close(answer(*case), _by_machine(*case)) for case in cases)


def _layer_value(answer, generator) -> bool:
    factors = [torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]])]
    slope = torch.ones(1, 2)
    return close(answer(factors, slope, 1), torch.tensor([[3.0, 3.0]])) and close(
        answer(factors, slope, 2), torch.tensor([[3.0]])
    )


IMPLEMENT_GRADIENT = Exercise(
    id="09.3",
    title="What a layer sees",
    kind="implement",
    difficulty=2,
    minutes=10,
    teaches="that a layer sees the slope of the loss only through the layers around it",
    signature=(
        "layer_gradient(factors: list of (d_j, d_{j−1}), gradient: (d_N, d_0), k from 1) -> "
        "(d_k, d_{k−1}). Worked value: [[1., 2.]], [[3.]] and [[1., 1.]] give [[3., 3.]], k = 1."
    ),
    hints=(
        "Vary W_k alone: A changes by (layers after) · dW_k · (layers before).",
        "(W_N ⋯ W_{k+1})ᵀ ∇f (W_{k−1} ⋯ W_1)ᵀ",
        "for later in reversed(factors[k:]): g = later.mT @ g; "
        "for earlier in factors[:k-1]: g = g @ earlier.mT",
    ),
    reference=layer_gradient,
    why=(
        "df = ⟨∇f, U dW V⟩ = ⟨Uᵀ∇f Vᵀ, dW⟩. If the layers after W_k have lost the direction of the "
        "slope, or those before it have lost all inputs, this is zero although ∇f is not."
    ),
    steps=(
        Step("shape", "expected a gradient shaped as the layer", _layer_shape),
        Step("value", "it differs from the derivative taken by machine", _layer_random),
        Step("invariant", "for the first or last layer the worked value differs", _layer_value),
    ),
    misconceptions=(
        Misconception("zero", "k counts layers from 1: W_1 is factors[0]", _from_zero),
        Misconception(
            "transposes", "the layers act on a slope by their transposes", _no_transposes
        ),
        Misconception(
            "reversed", "factors[0] is W_1, the layer that acts first on the input", _last_first
        ),
        Misconception(
            "order",
            "(W_N ⋯ W_{k+1})ᵀ begins with W_{k+1}ᵀ: the last layer meets the slope first",
            _wrong_order,
        ),
        Misconception(
            "before",
            "the layers before W_k are missing: W_k acts on what they hand over",
            _only_later,
        ),
    ),
    cases=_square_case,
    wrong=(
        Wrong(_from_zero, "from 1"),
        Wrong(_no_transposes, "transposes"),
        Wrong(_last_first, "acts first"),
        Wrong(_wrong_order, "begins with"),
        Wrong(_only_later, "are missing"),
        Wrong(lambda factors, gradient, k: gradient, "by machine"),
        Wrong(lambda factors, gradient, k: None, "return"),
    ),
    right=(_by_products, _by_machine),
)


def corridor(factors: list[Tensor], gradient: Tensor, size: float) -> list[Tensor]:
    """Returns factors with the same product from which layer 1 sees the gradient of f."""
    product, units = torch.eye(factors[0].shape[1], dtype=gradient.dtype), []
    for factor in factors[:-1]:
        product = factor @ product
        units.append(torch.linalg.svd(product).U[:, -1])
    units.append(-torch.linalg.svd(gradient).U[:, 0])
    steps = [torch.outer(new, old) for old, new in pairwise(units)]
    return [factors[0], *(w + size * s for w, s in zip(factors[1:], steps, strict=True))]


def _built(factors, gradient, size, unit, top):
    """The escape with another choice of the units, or of the last direction."""
    product, units = torch.eye(factors[0].shape[1], dtype=gradient.dtype), []
    for factor in factors[:-1]:
        product = factor @ product
        units.append(unit(factor, product))
    units.append(top(gradient))
    moved = [factor.clone() for factor in factors]
    for j, factor in enumerate(moved[1:]):
        factor += size * torch.outer(units[j + 1], units[j])
    return moved


def _left(matrix: Tensor, column: int) -> Tensor:
    return torch.linalg.svd(matrix).U[:, column]


def _by_eigenvectors(factors, gradient, size):
    def unit(factor, product):
        return torch.linalg.eigh(product @ product.mT).eigenvectors[:, 0]

    return _built(factors, gradient, size, unit, lambda g: _left(g, 0))  # the sign is free


def _as_tuple(factors, gradient, size):
    return tuple(corridor(factors, gradient, size))


def _own_range(factors, gradient, size):
    return _built(factors, gradient, size, lambda w, p: _left(w, -1), lambda g: -_left(g, 0))


def _widest(factors, gradient, size):
    return _built(factors, gradient, size, lambda w, p: _left(p, 0), lambda g: -_left(g, 0))


def _weakest(factors, gradient, size):
    return _built(factors, gradient, size, lambda w, p: _left(p, -1), lambda g: -_left(g, -1))


def _right_vector(factors, gradient, size):
    def top(slope):
        return -torch.linalg.svd(slope).Vh[0]

    return _built(factors, gradient, size, lambda w, p: _left(p, -1), top)


def _only_last(factors, gradient, size):
    return [*factors[:-1], corridor(factors, gradient, size)[-1]]


def _nothing(factors, gradient, size):
    return [factor.clone() for factor in factors]


def _blind_case(generator: torch.Generator) -> tuple[list[Tensor], Tensor, float]:
    # W_1 of rank two, the layers above of full rank: only their products with W_1 are blind.
    first = _draw(generator, 4, 2) @ _draw(generator, 2, 3)
    factors = [first, _draw(generator, 3, 4), _draw(generator, 3, 3)]
    return factors, _draw(generator, 3, 3), 0.2


def _origin_case(generator: torch.Generator) -> tuple[list[Tensor], Tensor, float]:
    turns = torch.linalg.qr(_draw(generator, 2, 3, 3)).Q
    stretch = torch.tensor([7.16382, 3.0, 1.0], dtype=torch.float64)
    zeros = [torch.zeros(b, a, dtype=torch.float64) for a, b in ((3, 4), (4, 3), (3, 3))]
    return zeros, turns[0] * stretch @ turns[1], 0.1


def _product(factors) -> Tensor:
    return factors[2] @ factors[1] @ factors[0]


def _corridor_shape(answer, generator) -> bool | str:
    case = _blind_case(generator)
    moved = answer(*case)
    if not isinstance(moved, list | tuple) or len(moved) != 3:
        return f"expected a list of 3 factors, but the answer is a {type(moved).__name__}"
    problems = (tensor_problem(m, w.shape) for m, w in zip(moved, case[0], strict=True))
    return next((problem for problem in problems if problem), True)


def _corridor_free(answer, generator) -> bool:
    for _ in range(3):
        factors, gradient, size = _blind_case(generator)
        if not close(_product(answer(factors, gradient, size)), _product(factors), atol=1e-8):
            return False
    return True


def _corridor_value(answer, generator) -> bool:
    factors, gradient, size = _origin_case(generator)
    seen = layer_gradient(list(answer(factors, gradient, size)), gradient, 1)
    return close(seen.norm(), 0.0716382, rtol=1e-5)


def _corridor_power(answer, generator) -> bool:
    factors, gradient, _ = _origin_case(generator)
    seen = [
        layer_gradient(list(answer(factors, gradient, size)), gradient, 1).norm()
        for size in (0.4, 0.2)
    ]
    return close(seen[0], 4 * seen[1])


IMPLEMENT_CORRIDOR = Exercise(
    id="09.4",
    title="Open a corridor",
    kind="implement",
    difficulty=4,
    minutes=20,
    teaches="the theorem as an algorithm: a move that costs nothing and makes a blind layer see",
    signature=(
        "corridor(factors: list of N ≥ 3 matrices, gradient: (d_N, d_0), size: float) -> list. "
        "Worked value: from the origin, widths 3–4–3–3, σ_1 = 7.16382 and size .1, the gradient of "
        "layer 1 gets the norm .0716382."
    ),
    hints=(
        "Layer j + 1 may do anything to what never reaches it: vectors orthogonal to the range of "
        "W_j ⋯ W_1.",
        "W_{j+1} += δ u_{j+1} u_jᵀ, and W_N += δ v u_{N−1}ᵀ, with u_jᵀ W_j ⋯ W_1 = 0",
        "u_j = svd(W_j ⋯ W_1).U[:, -1]; v = -svd(gradient).U[:, 0]; then torch.outer(new, old)",
    ),
    reference=corridor,
    why=(
        "Each new term ends in u_jᵀ, so it sees nothing of what layers 1 … j produce: the product "
        "is unchanged. Together the terms are a corridor v u_1ᵀ of width δ^{N−1} through "
        "which the slope reaches layer 1; v the top singular vector lets the most through. Its "
        "sign is immaterial: the gradient of layer 1 takes it up. `escape` of "
        "`bsgd_edu.nets.deep_linear` finds the first blind layer too."
    ),
    steps=(
        Step("shape", "expected a list of factors, shaped as they were", _corridor_shape),
        Step("value", "the product has changed: the move was to cost nothing", _corridor_free),
        Step("value", "the worked value comes out differently", _corridor_value),
        Step("limit", "with N = 3, twice the size gives four times the gradient", _corridor_power),
    ),
    misconceptions=(
        Misconception(
            "own-range",
            "u_j must be orthogonal to the range of the whole product W_j ⋯ W_1, not of W_j alone",
            _own_range,
        ),
        Misconception(
            "widest",
            "u_j is the direction the product reaches best: the one it never reaches is asked for",
            _widest,
        ),
        Misconception(
            "weakest",
            "v is the weakest singular vector of the gradient: take the top one",
            _weakest,
        ),
        Misconception(
            "right-vector", "v is a right singular vector: outputs see the left ones", _right_vector
        ),
        Misconception(
            "only-last",
            "only the last layer moved: the layers in between are still blind",
            _only_last,
        ),
    ),
    cases=_blind_case,
    wrong=(
        Wrong(_own_range, "whole product"),
        Wrong(_widest, "never reaches"),
        Wrong(_weakest, "weakest"),
        Wrong(_right_vector, "left ones"),
        Wrong(_only_last, "only the last"),
        Wrong(_nothing, "worked value"),
        Wrong(lambda factors, gradient, size: factors[0], "list of 3"),
    ),
    right=(_by_eigenvectors, _as_tuple),
)
