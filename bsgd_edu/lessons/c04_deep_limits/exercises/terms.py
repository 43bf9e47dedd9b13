"""Exercise 04.4: the terms of a metric functional along a product."""

import math

import torch
from torch import Tensor

from ....course.exercises import Exercise, Misconception, Step, Wrong, close, tensor_problem

__all__ = ["TERMS", "functional_terms"]


def functional_terms(matrices: Tensor, vector: Tensor) -> Tensor:
    """Returns 2 log‖A_k v_k‖ − log|det A_k| for k = 1 … n; v_n = v, v_{k−1} ∝ A_k v_k."""
    terms, v = [], vector / vector.norm()
    for layer in reversed(matrices):  # the innermost layer meets v first
        v = layer @ v
        size = v.norm()
        terms.append(2 * size.log() - torch.linalg.det(layer).abs().log())
        v = v / size
    return torch.stack(terms[::-1])


def _terms_by_inverse(matrices, vector):
    # ‖A v‖ for unit v is 1/‖A⁻¹ w‖ for the unit vector w along A v.
    w, terms = vector, []
    for a in matrices.flip(0).unbind():
        w = a @ w / (a @ w).norm()
        back = torch.linalg.solve(a, w).norm()
        terms.insert(0, -2 * back.log() - torch.linalg.slogdet(a).logabsdet)
    return torch.stack(terms)


def _terms_by_orbit(matrices, vector):
    vs = [vector / vector.norm()]
    for a in matrices.flip(0):
        image = a @ vs[-1]
        vs.append(image / image.norm())
    moved = torch.einsum("kij,kj->ki", matrices, torch.stack(vs[:-1]).flip(0))
    return moved.square().sum(-1).log() - torch.linalg.slogdet(matrices).logabsdet


def _terms_from_near(matrices, vector):
    return functional_terms(matrices.flip(0), vector).flip(0)


def _terms_unnormalised(matrices, vector):
    terms, v = [], vector / vector.norm()
    for a in reversed(matrices):
        v = a @ v
        terms.append(2 * v.norm().log() - torch.linalg.det(a).abs().log())
    return torch.stack(terms[::-1])


def _terms_without_det(matrices, vector):
    return functional_terms(matrices, vector) + torch.linalg.det(matrices).abs().log()


def _terms_as_visited(matrices, vector):
    return functional_terms(matrices, vector).flip(0)


def _terms_summed(matrices, vector):
    return functional_terms(matrices, vector).cumsum(0)


def _terms_case(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    layers = torch.randn(6, 2, 2, generator=generator, dtype=torch.float64)
    return layers, torch.randn(2, generator=generator, dtype=torch.float64)


def _terms_shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_terms_case(generator)), (6,)) or True


def _terms_value(answer, generator) -> bool:
    layers = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64).diag_embed()
    want = math.log(2) * torch.tensor([1.0, -1.0], dtype=torch.float64)
    return close(answer(layers, torch.tensor([3.0, 0.0], dtype=torch.float64)), want)


def _terms_telescope(answer, generator) -> bool:
    layers, vector = _terms_case(generator)
    v = vector / vector.norm()
    whole = torch.linalg.multi_dot([*layers, v])
    want = 2 * whole.norm().log() - torch.linalg.det(layers).abs().log().sum()
    return close(answer(layers, vector).sum(), want)


def _terms_random(answer, generator) -> bool:
    case = _terms_case(generator)
    return close(answer(*case), functional_terms(*case))


def _terms_mean(answer, generator) -> bool:
    layers = torch.randn(3000, 2, 2, generator=generator, dtype=torch.float64)
    got = answer(layers, torch.ones(2, dtype=torch.float64)).mean()
    # Variance π²/6 a term, independent terms; five standard errors miss once in a million.
    return bool((got - math.log(2)).abs() < 5 * math.pi / 6**0.5 / 3000**0.5)


TERMS = Exercise(
    id="04.4",
    title="The functional, term by term",
    kind="implement",
    difficulty=3,
    minutes=15,
    teaches="how a metric functional turns a distance into a sum",
    signature=(
        "functional_terms(matrices: Tensor (n, 2, 2), vector: Tensor (2,)) -> Tensor (n,): the "
        "terms 2 log‖A_k v_k‖ − log|det A_k|, k = 1 … n, with v_n = v/‖v‖ and v_{k−1} = "
        "A_k v_k/‖A_k v_k‖. Worked value: diag(2, 1), diag(1, 2), v = (3, 0) give (log 2, −log 2)."
    ),
    hints=(
        "Walk from the far end: v_n is known, and A_n meets it first.",
        "t_k = 2 log‖A_k v_k‖ − log|det A_k|, then v_{k−1} = A_k v_k/‖A_k v_k‖",
        "for A in reversed(matrices): w = A @ v; t = 2 log‖w‖ − log|det A|; v = w/‖w‖; turn the "
        "list of terms round at the end",
    ),
    reference=functional_terms,
    why="The sum of the first k terms is −h(u(k)o) for the limit direction v_0. For Gaussian "
    "layers v_k does not depend on A_k, so the terms are independent with mean exactly log 2.",
    steps=(
        Step("shape", "expected one term a layer", _terms_shape),
        Step("value", "the two diagonal matrices come out differently", _terms_value),
        Step(
            "invariant", "the terms must add up to 2 log‖A_1 ⋯ A_n v‖ − log|det|", _terms_telescope
        ),
        Step("invariant", "on random matrices single terms differ", _terms_random),
        Step("limit", "over many Gaussian layers the mean must be log 2", _terms_mean),
    ),
    misconceptions=(
        Misconception(
            "near-end",
            "walks from the first layer: v belongs to the far end, and A_n meets it first",
            _terms_from_near,
        ),
        Misconception(
            "unnormalised",
            "v is not made a unit vector after each layer: the logs then add up twice",
            _terms_unnormalised,
        ),
        Misconception("det", "log|det A_k| is missing", _terms_without_det),
        Misconception(
            "as-visited",
            "the terms are listed as visited: term 1 belongs to A_1",
            _terms_as_visited,
        ),
        Misconception("summed", "these are partial sums; the terms are asked for", _terms_summed),
    ),
    cases=_terms_case,
    wrong=(
        Wrong(_terms_from_near, "far end"),
        Wrong(_terms_unnormalised, "unit vector"),
        Wrong(_terms_without_det, "missing"),
        Wrong(_terms_as_visited, "as visited"),
        Wrong(_terms_summed, "partial sums"),
        Wrong(lambda matrices, vector: None, "does it end with a return"),
    ),
    right=(_terms_by_inverse, _terms_by_orbit),
)
