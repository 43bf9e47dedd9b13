"""Exercises of chapter 2: what backward curves cost, what they can show, and what corrects them."""

import torch

from ...maps import AffineMap, apply_in_order, forward_orbit, windowed_orbit
from ..exercise import (
    Exercise,
    Misconception,
    Step,
    Wrong,
    as_number,
    choice_step,
    close,
    tensor_problem,
)

__all__ = ["EXERCISES"]

# --- 02.1 -------------------------------------------------------------------------------------

_COSTS = {
    300: "that is the cost of the forward curve, or of y_300 alone: each y_n starts from x_0",
    90_000: "that charges N gradients for every y_n; y_n replays only n batches",
    44_850: "that sums 0 + 1 + … + 299; y_300 is one of the iterates asked for",
    600: "that is two passes; a new innermost map changes everything outside it",
}


def _cost(answer, generator):
    number = as_number(answer)
    if number is None:
        return f"expected a number, but the answer is a {type(answer).__name__}"
    return number == 45_150 or _COSTS.get(round(number), "add up what y_1, y_2, … y_300 cost")


COST = Exercise(
    id="02.1",
    title="The price of a curve",
    kind="recall",
    difficulty=1,
    minutes=3,
    teaches="what a backward learning curve costs, and what one backward iterate costs",
    signature="a number: gradients for y_1 … y_300; for y_1 … y_3 it is 6",
    hints=(
        "How many batches does y_n replay from x_0? Nothing of y_{n−1} can be kept.",
        "1 + 2 + … + N = N(N + 1)/2.",
        "sum(range(1, 301))",
    ),
    reference=45_150,
    why="1 + 2 + … + 300 = 45 150. A single y_300 costs 300, as much as x_300: it is x_300 on the "
    "reversed list. The curve is what is dear, and the price of watching grows with its square.",
    steps=(Step("value", "add up what y_1, y_2, … cost", _cost),),
    wrong=(
        Wrong(300, "forward curve"),
        Wrong(90_000, "replays only n"),
        Wrong(44_850, "0 + 1"),
        Wrong(600, "two passes"),
        Wrong("many", "expected a number"),
    ),
    right=(45_150, 45_150.0, torch.tensor(45_150)),
)

# --- 02.2 -------------------------------------------------------------------------------------

_LETTERS = {
    "a": "with a shared list the starts are all the luck that is averaged; the list's own accident "
    "stays, whatever the number of starts",
    "c": "smaller jitter along one run is no statement about the mean over runs; the laws of x_n "
    "and y_n are equal at each n",
    "d": "more steps do not help: both orders keep the accident of the one list",
}

EVIDENCE = Exercise(
    id="02.2",
    title="What would be evidence?",
    kind="recall",
    difficulty=2,
    minutes=4,
    teaches="to tell a property of a method from an accident of a list",
    signature="a letter, a to d",
    hints=(
        "Which source of randomness does each experiment average over?",
        "law(x_n) = law(y_n) speaks about a list drawn at random.",
        "Look for the one that draws a new list for every run.",
    ),
    reference="b",
    why="Only fresh lists average over what the statement is about. Such an experiment finds no "
    "gap for constant steps, because there is none.",
    steps=(choice_step("b", _LETTERS),),
    choices={
        "a": "one list of batches, 1000 starts, paired losses",
        "b": "a fresh list for each of 100 runs, losses at one n",
        "c": "one run of each order; backward's curve is smoother",
        "d": "one list, ten times as many steps",
    },
    wrong=(
        Wrong("a", "accident stays"),
        Wrong("c", "along one run"),
        Wrong("d", "more steps"),
        Wrong("e", "one of the letters"),
        Wrong(2, "letters"),
    ),
    right=("b", " B "),
)

# --- 02.3 -------------------------------------------------------------------------------------


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

# --- 02.4 -------------------------------------------------------------------------------------


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
    "does the same with i and j exchanged. Two Hessians that commute with everything give zero.",
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

# --- 02.5 -------------------------------------------------------------------------------------

# The zero of dynamics.regression_lyapunov_exponent(·, dim=2, batch=1).
_LIMIT = 0.9371
_LIMITS = {
    0.5: "that is where the variance ends, 2B/(d + 1 + B); paths converge beyond it",
    2.0: "that is 2/L for the full batch; the noise of single samples lowers it",
    2.42: "that is the limit for d = 1; in two dimensions a sample leaves a direction untouched",
    0.667: "that is the mean-square limit for d = 1",
    0.0: "E log Lip < 0 fails at every η, and yet paths converge: the hypothesis is sufficient, "
    "not necessary",
}


def _limit(answer, generator):
    number = as_number(answer)
    if number is None:
        return f"expected a number, but the answer is a {type(answer).__name__}"
    if abs(number - _LIMIT) <= 0.05 * _LIMIT:
        return True
    for value, told in _LIMITS.items():
        if abs(number - value) <= 0.01:
            return told
    return f"at η = {number:.3g} the paths {'still converge' if number < _LIMIT else 'diverge'}"


FRONTIER = Exercise(
    id="02.5",
    title="Where do paths stop converging?",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that contraction on average, not in mean square, decides about paths",
    signature="a number, within 5 %",
    hints=(
        "Which of the three boundaries in the stability map separates paths that settle from paths "
        "that explode?",
        "γ(η) = E log‖(I − η x xᵀ)u‖ = 0.",
        "bisect on dynamics.regression_lyapunov_exponent(lr, dim=2, batch=1)",
    ),
    reference=_LIMIT,
    why="The exponent changes sign at η = 0.937, although the variance is lost at 0.5 and Lip ≥ 1 "
    "always, since one sample in two dimensions leaves a direction untouched.",
    steps=(Step("value", "simulate on both sides of your number", _limit),),
    wrong=(
        Wrong(0.5, "variance ends"),
        Wrong(2.0, "full batch"),
        Wrong(2.42, "d = 1"),
        Wrong(0.0, "not necessary"),
        Wrong(1.2, "diverge"),
        Wrong("nowhere", "expected a number"),
    ),
    right=(0.937, 0.95, torch.tensor(0.91)),
)

# --- 02.6 -------------------------------------------------------------------------------------

REFEREE = Exercise(
    id="02.6",
    title="Referee report",
    kind="essay",
    difficulty=4,
    minutes=20,
    teaches="to judge a comparison of training orders",
    signature="about fifteen lines",
    hints=(
        "Go through what was shared and what was drawn afresh.",
        "Which of their quantities is a functional of the law at one n, and which of a path?",
        "Randomness averaged? · loss or jitter? · at equal compute? · against averaging?",
    ),
    reference=None,
    why="Sharing one list leaves the list's accident in every pair, so the p-value measures the "
    "wrong luck: the laws at one n are equal, the true mean gap is zero. Smoothness along a run "
    "is real, and is bought with N(N + 1)/2 gradients, for which larger batches or an average "
    "also lower the loss.",
    rubric=(
        "one shared list: the gap is the list's, not the method's; ask for fresh lists",
        "law(x_n) = law(y_n): no mean gap exists at constant steps and equal batches",
        "jitter must be reported within runs and apart from mean loss; a smooth curve is no "
        "better model",
        "compute: a backward curve costs N(N + 1)/2 gradients",
        "baselines: averaging, decay or larger batches at the same cost",
    ),
)

EXERCISES = (COST, EVIDENCE, WINDOW, ORDER, FRONTIER, REFEREE)
