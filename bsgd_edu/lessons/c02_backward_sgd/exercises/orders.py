"""Exercises 02.3 and 02.4: a window of fixed last steps, and what the order of a run costs."""

import torch

from ....course.exercises import Step, build_question, close
from ....maps import AffineMap, apply_in_order, forward_orbit, windowed_orbit

__all__ = ["ORDER", "WINDOW"]


def windowed_end(maps, x0, window):
    """Returns T_1 ∘ … ∘ T_w applied to the forward run over the maps after w."""
    x = x0
    for step in maps[window:]:
        x = step(x)
    for step in reversed(maps[:window]):  # T_w meets the point first, T_1 acts last
        x = step(x)
    return x


def _random_maps(generator):
    drawn = {"generator": generator, "dtype": torch.float64}
    maps = AffineMap(0.5 * torch.randn(7, 2, 2, **drawn), torch.randn(7, 2, **drawn)).unbind()
    window = int(torch.randint(2, 5, (), generator=generator))
    return maps, torch.randn(2, **drawn), window


def _both_ends(answer, generator) -> bool:
    maps, x0, _ = _random_maps(generator)
    ends = forward_orbit(maps, x0, at=[7])[0], apply_in_order(maps[::-1], x0)
    return close((answer(maps, x0, 0), answer(maps, x0, 7)), ends)


WINDOW = build_question(
    "02.3",
    "A window of fixed last steps",
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
    why="The last steps are the same at every N, so two successive points differ only by what the "
    "head lets through: a factor c^w. Window 0 is forward, window N backward.",
    answer=windowed_end,
    worked=(
        ([lambda x: x / 2, lambda x: x + 1, lambda x: 3 * x], torch.tensor([8.0]), 1),
        torch.tensor([13.5]),
    ),
    worked_says="maps x/2, x + 1, 3x from 8 with window 1 give 13.5",
    cases=_random_maps,
    cases_say="a random case differs: write down which map acts first",
    steps=(Step("invariant", "window 0 must be forward, window N backward", _both_ends),),
    mistakes={
        "applied the head in forward order; T_1 must act last, so T_w acts first":
            lambda m, x, w: apply_in_order([*m[w:], *m[:w]], x),
        "ran forward over all maps and then over the head again; each map acts once":
            lambda m, x, w: apply_in_order([*m, *m[:w][::-1]], x),
        "reversed the newest maps; it is the first w that are kept to the end":
            lambda m, x, w: apply_in_order([*m[:-w], *m[::-1][:w]], x),
        "reversed the whole list; only the first w maps act in reverse":
            lambda m, x, w: apply_in_order(m[::-1], x),
        "kept back one map too few; the window holds T_1 … T_w":
            lambda m, x, w: windowed_end(m, x, w - 1),
    },
    wrong={"its shape is (2, 2)": lambda maps, x0, window: torch.stack([x0, x0])},
    right=(
        lambda m, x, w: windowed_orbit(m, x, window=w, at=[len(m)])[0],
        lambda m, x, w: apply_in_order([*m[w:], *m[:w][::-1]], x),
    ),
)  # fmt: skip


def order_term(gradients, hessians, lr):
    """Returns η² Σ_{i<j} (H_j g_i − H_i g_j)."""
    total = torch.zeros_like(gradients[0])
    for j in range(len(gradients)):
        for i in range(j):
            total = total + hessians[j] @ gradients[i] - hessians[i] @ gradients[j]
    return lr**2 * total


def _before_minus_after(gradients):
    return 2 * gradients.cumsum(0) - gradients - gradients.sum(0)


def _random_batches(generator):
    root = torch.randn(4, 3, 3, generator=generator, dtype=torch.float64)
    gradients = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    return gradients, root + root.mT, 0.1 + 0.4 * float(torch.rand((), generator=generator))


def _reversed(answer, generator) -> bool:
    gradients, hessians, lr = _random_batches(generator)
    back = answer(gradients.flip(0), hessians.flip(0), lr)
    return close(answer(gradients, hessians, lr), -back)


def _third_power(answer, generator) -> bool:
    """Quadratics gᵢ + Hᵢ(x − x₀): what is left after the term must shrink like lr³."""
    gradients, hessians, _ = _random_batches(generator)
    zero, left = gradients.new_zeros(3), []
    for lr in (0.002, 0.001):
        maps = AffineMap(torch.eye(3).double() - lr * hessians, -lr * gradients).unbind()
        gap = apply_in_order(maps, zero) - apply_in_order(maps[::-1], zero)
        left.append((gap - answer(gradients, hessians, lr)).norm())
    return bool(left[1] < left[0] / 7)


ORDER = build_question(
    "02.4",
    "What the order costs",
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
    why="Moving by −ηg_i changes g_j by −ηH_j g_i, and the step by +η²H_j g_i; the backward run "
    "does the same with i and j exchanged. It is zero where H_j g_i = H_i g_j: for commuting "
    "quadratics with one minimiser, for example.",
    answer=order_term,
    worked=(
        (torch.tensor([[0.0], [6.0]]), torch.tensor([[[1.0]], [[3.0]]]), 0.1),
        torch.tensor([-0.06]),
    ),
    worked_says="gradients 0 and 6, Hessians 1 and 3, lr 0.1 give −0.06",
    cases=_random_batches,
    cases_say="a random case differs: which pairs are summed?",
    steps=(
        Step("invariant", "a reversed list must give minus the term", _reversed),
        Step("limit", "what is left of the gap must shrink like the third power", _third_power),
    ),
    mistakes={
        "the sign is that of backward minus forward; forward minus backward is asked":
            lambda g, h, lr: -order_term(g, h, lr),
        "one factor of lr is missing: two steps each bring one":
            lambda g, h, lr: order_term(g, h, lr) / lr,
        "only H_j g_i is there; the backward run brings −H_i g_j":
            lambda g, h, lr: lr**2 * sum(h[j] @ g[:j].sum(0) for j in range(len(g))),
        "only neighbouring pairs are there; all pairs i < j count":
            lambda g, h, lr: lr**2 * sum(h[1:] @ g[:-1, :, None] - h[:-1] @ g[1:, :, None])[:, 0],
        "each Hessian acts on the other batch's gradient, not on a sum over both":
            lambda g, h, lr: lr**2 * h.sum(0) @ _before_minus_after(g).sum(0),
    },
    wrong={"its shape is (4, 3)": lambda gradients, hessians, lr: gradients},
    right=(
        lambda g, h, lr: lr**2 * torch.einsum("jab,jb->a", h, _before_minus_after(g)),
        lambda g, h, lr: sum(
            lr**2 * h[j] @ (g[:j].sum(0) - g[j + 1 :].sum(0)) for j in range(len(g))
        ),
    ),
)  # fmt: skip
