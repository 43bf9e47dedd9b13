"""Exercises 04.3 and 04.4: how far a product carries the base point, at once and term by term."""

import math
from itertools import accumulate

import torch

from ....course.exercises import Step, build_question, close

__all__ = ["DISTANCES", "TERMS"]


def distances(matrices):
    """Returns d(o, A_1 ⋯ A_k o) = log s_1/s_2 for k = 0 … n."""
    zero = torch.zeros((), dtype=matrices.dtype)
    product = torch.eye(2, dtype=matrices.dtype)  # up to a factor e^log_size
    log_size, log_det = zero, zero
    rows = [zero]
    for layer in matrices:
        product = product @ layer  # the new layer is inside
        size = product.norm()
        product = product / size
        log_size = log_size + size.log()
        # s_2 of a long product is round-off; s_1 and the determinant are not.
        log_det = log_det + torch.linalg.det(layer).abs().log()
        log_top = log_size + torch.linalg.svdvals(product)[0].log()
        rows.append((2 * log_top - log_det).clamp(min=0))
    return torch.stack(rows)


def _log_dets(matrices):
    return torch.linalg.det(matrices).abs().log()


def _summed(terms):
    return torch.cat([terms.new_zeros(1), terms.cumsum(0)])


def _by_frobenius(matrices):
    g, log_size, rows = torch.eye(2, dtype=matrices.dtype), 0.0, []
    for a in [g, *matrices]:
        g = g @ a / torch.linalg.det(a).abs().sqrt()  # |det| stays 1
        log_size, g = log_size + g.norm().log(), g / g.norm()
        rows.append(2 * log_size - math.log(2))  # cosh d = ‖g‖²/2
    log_cosh = torch.stack(rows).clamp(min=0)
    return log_cosh + (1 + (1 - (-2 * log_cosh).exp()).sqrt()).log()


def _by_norms(matrices):
    product, log_size, tops = torch.eye(2, dtype=matrices.dtype), 0.0, []
    for a in [product, *matrices]:
        product = product @ a
        log_size, product = log_size + product.abs().max().log(), product / product.abs().max()
        tops.append(log_size + torch.linalg.matrix_norm(product, 2).log())
    return 2 * torch.stack(tops) - _summed(torch.linalg.slogdet(matrices).logabsdet)


def _layers(generator, count=6):
    return (torch.randn(count, 2, 2, generator=generator, dtype=torch.float64),)


def _long(answer, generator) -> bool:
    (layers,) = _layers(generator, 600)
    return close(answer(layers), distances(layers), rtol=1e-6, atol=1e-4)


DISTANCES = build_question(
    "04.3",
    "How far a product carries",
    difficulty=3,
    minutes=15,
    teaches="to follow a product of matrices past the range and the precision of floats",
    signature="distances(matrices: Tensor (n, 2, 2)) -> Tensor (n + 1,), the numbers log s_1/s_2 "
    "of A_1 ⋯ A_k, k = 0 … n. Worked value: [[2, 1], [1, 0]] and [[1, 1], [1, 0]] give arccosh of "
    "1, 3, 7.5, that is 0, 1.7627, 2.7036.",
    hints=(
        "s_1 of a product is accurate, s_2 is not; but s_1 s_2 = |det|, and determinants multiply.",
        "log s_1/s_2 = 2 log s_1 − Σ log|det A_i|; pull the size out of the product at each step",
        "g = g @ A; c = ‖g‖; g = g/c; L += log c; D += log|det A|; d = 2(L + log s_1(g)) − D",
    ),
    why="Two numbers survive where entries overflow and s_2 drowns: the log of the size and the "
    "log of the determinant. Every Lyapunov exponent is computed by some version of this.",
    answer=distances,
    worked=(  # cosh d = ‖g‖²/2|det g|
        (torch.tensor([[[2.0, 1.0], [1.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]]]).double(),),
        torch.tensor([1.0, 3.0, 7.5], dtype=torch.float64).acosh(),
    ),
    worked_says="the two matrices worked by hand come out differently",
    cases=_layers,
    cases_say="on random matrices the distances differ",
    atol=1e-6,
    steps=(
        Step("limit", "600 layers: s_2 drowns in round-off, or entries overflow. Keep logs of the "
             "size and of the determinants", _long),
    ),
    mistakes={
        "this puts the new matrix outside, A_k ⋯ A_1: here it goes inside, product @ A":
            lambda m: torch.stack([distances(m[:k].flip(0))[-1] for k in range(len(m) + 1)]),
        "half of the distance: it is log s_1/s_2, not ½ log s_1/s_2": lambda m: distances(m) / 2,
        "the determinant is missing: log s_1/s_2 = 2 log s_1 − log|det|":
            lambda m: distances(m) + _summed(_log_dets(m)),
        "adds the lengths of single steps: an upper bound (subadditivity), not the distance":
            lambda m: _summed(torch.stack([distances(a[None])[-1] for a in m])),
    },
    wrong={
        "drowns": lambda m: torch.linalg.cond(torch.stack(
            [*accumulate(m, torch.matmul, initial=torch.eye(2).to(m))])).log(),
        "its shape is ()": lambda matrices: distances(matrices)[-1],
    },
    right=(_by_frobenius, _by_norms),
)  # fmt: skip


def functional_terms(matrices, vector):
    """Returns t_k = 2 log‖A_k v_k‖ − log|det A_k|, k = 1 … n, from v_n = v/‖v‖ on."""
    v = vector / vector.norm()
    terms = []
    for layer in reversed(matrices):  # the innermost layer meets v first
        v = layer @ v
        size = v.norm()
        terms.append(2 * size.log() - torch.linalg.det(layer).abs().log())
        v = v / size
    return torch.stack(terms[::-1])


def _by_units(matrices, vector):
    units = [*accumulate(matrices.flip(0), lambda v, a: a @ v / (a @ v).norm(), initial=vector)]
    moved = torch.stack([a @ v / v.norm() for a, v in zip(matrices.flip(0), units, strict=False)])
    return moved.square().sum(-1).log().flip(0) - torch.linalg.slogdet(matrices).logabsdet


def _by_whole_products(matrices, vector):
    moved = accumulate(matrices.flip(0), lambda v, a: a @ v, initial=vector)
    sizes = torch.stack([v.norm().log() for v in moved])
    return 2 * sizes.diff().flip(0) - _log_dets(matrices)


def _case(generator):
    return *_layers(generator), torch.randn(2, generator=generator, dtype=torch.float64)


def _telescope(answer, generator) -> bool:
    layers, vector = _case(generator)
    whole = torch.linalg.multi_dot([*layers, vector / vector.norm()])
    return close(answer(layers, vector).sum(), 2 * whole.norm().log() - _log_dets(layers).sum())


def _mean(answer, generator) -> bool:
    got = answer(*_layers(generator, 3000), torch.ones(2, dtype=torch.float64)).mean()
    # Variance π²/6 a term, independent terms; five standard errors miss once in a million.
    return bool((got - math.log(2)).abs() < 5 * math.pi / 6**0.5 / 3000**0.5)


_DIAGONALS = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)

TERMS = build_question(
    "04.4",
    "The functional, term by term",
    difficulty=3,
    minutes=15,
    teaches="how a metric functional turns a distance into a sum",
    signature="functional_terms(matrices: Tensor (n, 2, 2), vector: Tensor (2,)) -> Tensor (n,): "
    "the terms 2 log‖A_k v_k‖ − log|det A_k|, k = 1 … n, with v_n = v/‖v‖ and v_{k−1} = "
    "A_k v_k/‖A_k v_k‖. Worked value: diag(2, 1), diag(1, 2), v = (3, 0) give (log 2, −log 2).",
    hints=(
        "Walk from the far end: v_n is known, and A_n meets it first.",
        "t_k = 2 log‖A_k v_k‖ − log|det A_k|, then v_{k−1} = A_k v_k/‖A_k v_k‖",
        "for A in reversed(matrices): w = A @ v; t = 2 log‖w‖ − log|det A|; v = w/‖w‖; turn the "
        "list of terms round at the end",
    ),
    why="The sum of the first k terms is −h(u(k)o) for the limit direction v_0. For Gaussian "
    "layers v_k does not depend on A_k, so the terms are independent with mean exactly log 2.",
    answer=functional_terms,
    worked=(
        (_DIAGONALS.diag_embed(), torch.tensor([3.0, 0.0], dtype=torch.float64)),
        _DIAGONALS[0].log() - _DIAGONALS[1].log(),
    ),
    worked_says="the two diagonal matrices come out differently",
    cases=_case,
    cases_say="on random matrices single terms differ",
    steps=(
        Step("invariant", "the terms must add up to 2 log‖A_1 ⋯ A_n v‖ − log|det|", _telescope),
        Step("limit", "over many Gaussian layers the mean must be log 2", _mean),
    ),
    mistakes={
        "walks from the first layer: v belongs to the far end, and A_n meets it first":
            lambda m, v: functional_terms(m.flip(0), v).flip(0),
        "v is not made a unit vector after each layer: the logs then add up twice": lambda m, v: (
            (functional_terms(m, v) + _log_dets(m)).flip(0).cumsum(0).flip(0) - _log_dets(m)
        ),
        "log|det A_k| is missing": lambda m, v: functional_terms(m, v) + _log_dets(m),
        "the terms are listed as visited: term 1 belongs to A_1":
            lambda m, v: functional_terms(m, v).flip(0),
        "these are partial sums; the terms are asked for":
            lambda m, v: functional_terms(m, v).cumsum(0),
    },
    right=(_by_units, _by_whole_products),
)  # fmt: skip
