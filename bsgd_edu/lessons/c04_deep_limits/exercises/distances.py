"""Exercise 04.3: how far a product of matrices carries the base point."""

import math

import torch
from torch import Tensor

from ....course.exercises import Exercise, Misconception, Step, Wrong, close, tensor_problem

__all__ = ["DISTANCES", "distances"]


def distances(matrices: Tensor) -> Tensor:
    """Returns d(o, A_1 ⋯ A_k o) = log s_1/s_2 for k = 0 … n."""
    product = torch.eye(2, dtype=matrices.dtype)
    log_size, log_det, rows = 0.0, 0.0, [torch.zeros((), dtype=matrices.dtype)]
    for layer in matrices:
        product = product @ layer  # the new layer is inside
        size = product.norm()
        product, log_size = product / size, log_size + size.log()
        # s_2 of a long product is round-off; s_1 and the determinant are not.
        log_det = log_det + torch.linalg.det(layer).abs().log()
        top = log_size + torch.linalg.svdvals(product)[0].log()
        rows.append((2 * top - log_det).clamp(min=0))
    return torch.stack(rows)


def _by_frobenius(matrices):
    g, log_g, rows = torch.eye(2, dtype=matrices.dtype), 0.0, [0.0]
    for a in matrices:
        g = g @ a / torch.linalg.det(a).abs().sqrt()  # |det| stays 1
        scale = g.abs().max()
        g, log_g = g / scale, log_g + math.log(scale)
        log_cosh = 2 * log_g + math.log(float(g.square().sum()) / 2)  # cosh d = ‖g‖²/2
        if log_cosh > 15:
            rows.append(log_cosh + math.log(2))
        else:
            rows.append(math.acosh(max(1.0, math.exp(log_cosh))))
    return torch.tensor(rows, dtype=matrices.dtype)


def _by_logs(matrices):
    product, logs, tops = torch.eye(2, dtype=matrices.dtype), [0.0], [0.0]
    for a in matrices:
        product = product @ a
        logs.append(logs[-1] + float(product.abs().max().log()))
        product = product / product.abs().max()
        tops.append(logs[-1] + float(torch.linalg.matrix_norm(product, 2).log()))
    dets = torch.linalg.slogdet(matrices).logabsdet.cumsum(0)
    tops = torch.tensor(tops, dtype=matrices.dtype)
    return (2 * tops - torch.cat([dets.new_zeros(1), dets])).clamp(min=0)


def _outside(matrices):
    return torch.stack([distances(matrices[:k].flip(0))[-1] for k in range(len(matrices) + 1)])


def _half(matrices):
    return distances(matrices) / 2


def _without_det(matrices):
    logs = torch.linalg.det(matrices).abs().log().cumsum(0)
    return distances(matrices) + torch.cat([logs.new_zeros(1), logs])


def _added_steps(matrices):
    ones = torch.stack([distances(a[None])[-1] for a in matrices])
    return torch.cat([ones.new_zeros(1), ones.cumsum(0)])


def _naive(matrices):
    product, rows = torch.eye(2, dtype=matrices.dtype), [torch.zeros((), dtype=matrices.dtype)]
    for a in matrices:
        product = product @ a
        s = torch.linalg.svdvals(product)
        rows.append((s[0] / s[1].clamp(min=1e-300)).log())
    return torch.stack(rows)


def _layers(generator: torch.Generator) -> tuple[Tensor]:
    return (torch.randn(6, 2, 2, generator=generator, dtype=torch.float64),)


def _distances_shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_layers(generator)), (7,)) or True


def _distances_value(answer, generator) -> bool:
    layers = torch.tensor([[[2.0, 1.0], [1.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]]]).double()
    want = torch.tensor([1.0, 3.0, 7.5], dtype=torch.float64).acosh()  # cosh d = ‖g‖²/2|det g|
    return close(answer(layers), want, atol=1e-6)


def _distances_random(answer, generator) -> bool:
    return all(
        close(answer(*case), distances(*case), atol=1e-6)
        for case in (_layers(generator) for _ in range(5))
    )


def _distances_long(answer, generator) -> bool:
    layers = torch.randn(600, 2, 2, generator=generator, dtype=torch.float64)
    got = answer(layers)
    return bool(got.isfinite().all()) and close(got, distances(layers), rtol=1e-6, atol=1e-4)


DISTANCES = Exercise(
    id="04.3",
    title="How far a product carries",
    kind="implement",
    difficulty=3,
    minutes=15,
    teaches="to follow a product of matrices past the range and the precision of floats",
    signature=(
        "distances(matrices: Tensor (n, 2, 2)) -> Tensor (n + 1,), the numbers log s_1/s_2 of "
        "A_1 ⋯ A_k, k = 0 … n. Worked value: [[2, 1], [1, 0]] and [[1, 1], [1, 0]] give "
        "arccosh of 1, 3, 7.5, that is 0, 1.7627, 2.7036."
    ),
    hints=(
        "s_1 of a product is accurate, s_2 is not; but s_1 s_2 = |det|, and determinants multiply.",
        "log s_1/s_2 = 2 log s_1 − Σ log|det A_i|; pull the size out of the product at each step",
        "g = g @ A; c = ‖g‖; g = g/c; L += log c; D += log|det A|; d = 2(L + log s_1(g)) − D",
    ),
    reference=distances,
    why="Two numbers survive where entries overflow and s_2 drowns: the log of the size and the "
    "log of the determinant. Every Lyapunov exponent is computed by some version of this.",
    steps=(
        Step("shape", "expected the distances for k = 0 … n", _distances_shape),
        Step("value", "the two matrices worked by hand come out differently", _distances_value),
        Step("invariant", "on random matrices the distances differ", _distances_random),
        Step(
            "limit",
            "600 layers: s_2 drowns in round-off, or entries overflow. Keep logs of the size and "
            "of the determinants",
            _distances_long,
        ),
    ),
    misconceptions=(
        Misconception(
            "outside",
            "this puts the new matrix outside, A_k ⋯ A_1: here it goes inside, product @ A",
            _outside,
        ),
        Misconception("half", "half of the distance: it is log s_1/s_2, not ½ log s_1/s_2", _half),
        Misconception(
            "det",
            "the determinant is missing: log s_1/s_2 = 2 log s_1 − log|det|",
            _without_det,
        ),
        Misconception(
            "added",
            "adds the lengths of single steps: an upper bound (subadditivity), not the distance",
            _added_steps,
        ),
    ),
    cases=_layers,
    wrong=(
        Wrong(_outside, "new matrix outside"),
        Wrong(_half, "half of the distance"),
        Wrong(_without_det, "determinant is missing"),
        Wrong(_added_steps, "upper bound"),
        Wrong(_naive, "drowns"),
        Wrong(lambda matrices: distances(matrices)[-1], "its shape is ()"),
    ),
    right=(_by_frobenius, _by_logs),
)
