"""Exercise 02.4: the leading difference between two orders of a run."""

import torch

from ....course.exercises import Exercise, Misconception, Step, Wrong, close, tensor_problem
from ....maps import AffineMap, apply_in_order

__all__ = ["ORDER"]


def _order_term(gradients, hessians, lr):
    """The reference: every pair i < j once."""
    total = torch.zeros_like(gradients[0])
    for j in range(len(gradients)):
        for i in range(j):
            total = total + hessians[j] @ gradients[i] - hessians[i] @ gradients[j]
    return lr**2 * total


def _order_term_by_sums(gradients, hessians, lr):
    before = gradients.cumsum(0) - gradients
    after = gradients.sum(0) - before - gradients
    return lr**2 * (hessians @ (before - after).unsqueeze(-1)).squeeze(-1).sum(0)


def _order_term_by_einsum(gradients, hessians, lr):
    sign = torch.ones(len(gradients), len(gradients), dtype=gradients.dtype).tril(-1)
    pairs = torch.einsum("jab,ib->jia", hessians, gradients)
    return lr**2 * ((sign - sign.T)[..., None] * pairs).sum((0, 1))


def _sign(gradients, hessians, lr):
    return -_order_term(gradients, hessians, lr)


def _power(gradients, hessians, lr):
    return _order_term(gradients, hessians, lr) / lr


def _half_bracket(gradients, hessians, lr):
    before = gradients.cumsum(0) - gradients
    return lr**2 * (hessians @ before.unsqueeze(-1)).squeeze(-1).sum(0)


def _neighbours(gradients, hessians, lr):
    pairs = zip(gradients, gradients[1:], hessians, hessians[1:], strict=False)
    return lr**2 * sum(h2 @ g1 - h1 @ g2 for g1, g2, h1, h2 in pairs)


def _own_hessian(gradients, hessians, lr):
    before = gradients.cumsum(0) - gradients
    after = gradients.sum(0) - before - gradients
    return lr**2 * (hessians.sum(0) @ (before - after).sum(0))


def _order_case(generator):
    root = torch.randn(4, 3, 3, generator=generator, dtype=torch.float64)
    gradients = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    return gradients, root + root.mT, 0.1 + 0.4 * float(torch.rand((), generator=generator))


def _order_shape(answer, generator):
    return tensor_problem(answer(*_order_case(generator)), (3,)) or True


def _order_value(answer, generator):
    gradients = torch.tensor([[0.0], [6.0]])
    hessians = torch.tensor([[[1.0]], [[3.0]]])
    return close(answer(gradients, hessians, 0.1), torch.tensor([-0.06]), rtol=1e-4)


def _order_reversed(answer, generator):
    gradients, hessians, lr = _order_case(generator)
    back = answer(gradients.flip(0), hessians.flip(0), lr)
    return close(answer(gradients, hessians, lr), -back)


def _order_random(answer, generator):
    case = _order_case(generator)
    return close(answer(*case), _order_term(*case))


def _order_third(answer, generator):
    """Quadratics gᵢ + Hᵢ(x − x₀): what is left after the term must shrink like lr³."""
    gradients, hessians, _ = _order_case(generator)
    left = []
    for lr in (0.002, 0.001):
        identity = torch.eye(3, dtype=torch.float64)
        maps = AffineMap(identity - lr * hessians, -lr * gradients).unbind()
        zero = torch.zeros(3, dtype=torch.float64)
        gap = apply_in_order(maps, zero) - apply_in_order(maps[::-1], zero)
        left.append((gap - answer(gradients, hessians, lr)).norm())
    return bool(left[1] < left[0] / 7)


ORDER = Exercise(
    id="02.4",
    title="What the order costs",
    kind="implement",
    difficulty=3,
    minutes=12,
    teaches="to compute the leading difference between two orders of a run",
    signature="order_term(gradients (n, d), hessians (n, d, d), lr) -> (d,); gradients 0 and 6, "
    "Hessians 1 and 3, lr 0.1 give −0.06",
    hints=(
        "Forward, batch i acts before batch j > i: it moves the point where g_j is taken.",
        "η² Σ_{i<j} (H_j g_i − H_i g_j).",
        "for j: for i < j: total += hessians[j] @ gradients[i] − hessians[i] @ gradients[j]",
    ),
    reference=_order_term,
    why="Moving by −ηg_i changes g_j by −ηH_j g_i, and the step by +η²H_j g_i; the backward run "
    "does the same with i and j exchanged. It is zero where H_j g_i = H_i g_j: for commuting "
    "quadratics with one minimiser, for example.",
    steps=(
        Step("shape", "return one vector of length d", _order_shape),
        Step("value", "gradients 0 and 6, Hessians 1 and 3, lr 0.1 give −0.06", _order_value),
        Step("invariant", "a reversed list must give minus the term", _order_reversed),
        Step("invariant", "a random case differs: which pairs are summed?", _order_random),
        Step("limit", "what is left of the gap must shrink like the third power", _order_third),
    ),
    cases=_order_case,
    misconceptions=(
        Misconception(
            "sign", "the sign is that of backward minus forward; forward minus backward is asked",
            _sign,
        ),
        Misconception(
            "power", "one factor of lr is missing: two steps each bring one", _power
        ),
        Misconception(
            "half", "only H_j g_i is there; the backward run brings −H_i g_j", _half_bracket
        ),
        Misconception(
            "neighbours", "only neighbouring pairs are there; all pairs i < j count", _neighbours
        ),
        Misconception(
            "mixed", "each Hessian acts on the other batch's gradient, not on a sum over both",
            _own_hessian,
        ),
    ),
    wrong=(
        Wrong(_sign, "backward minus forward"),
        Wrong(_power, "factor of lr"),
        Wrong(_half_bracket, "backward run brings"),
        Wrong(_neighbours, "all pairs"),
        Wrong(_own_hessian, "other batch's gradient"),
        Wrong(lambda gradients, hessians, lr: gradients, "shape"),
    ),
    right=(_order_term, _order_term_by_sums, _order_term_by_einsum),
)  # fmt: skip
