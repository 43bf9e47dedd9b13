"""Exercises 07.3 and 07.4: all steps by one decomposition, and accuracy out of a spectrum."""

import math

import torch
from torch import Tensor

from ....course.exercises import Exercise, Misconception, Step, Wrong, close, tensor_problem

__all__ = ["IMPLEMENT_ACCURACY", "IMPLEMENT_ALL_TIMES", "all_times", "predicted"]


def all_times(gram: Tensor, target: Tensor, start: Tensor, lr: float, steps: Tensor) -> Tensor:
    """Returns the weights after each number of steps, (T, p)."""
    values, vectors = torch.linalg.eigh(gram)
    kept = (1 - lr * values) ** steps[:, None]  # (T, p)
    coordinates = kept * (vectors.T @ start) + (1 - kept) / values * (vectors.T @ target)
    return coordinates @ vectors.T


def _by_loop(gram, target, start, lr, steps):
    path = [start]
    for _ in range(int(steps.max())):
        path.append(path[-1] + lr * (target - gram @ path[-1]))
    return torch.stack(path)[steps.long()]


def _about_the_end(gram, target, start, lr, steps):
    end = torch.linalg.solve(gram, target)
    one = torch.eye(len(start), dtype=start.dtype) - lr * gram
    rows = [torch.linalg.matrix_power(one, int(t)) @ (start - end) for t in steps]
    return end + torch.stack(rows)


def _flow(gram, target, start, lr, steps):
    values, vectors = torch.linalg.eigh(gram)
    kept = torch.exp(-lr * values * steps[:, None])
    return (kept * (vectors.T @ start) + (1 - kept) / values * (vectors.T @ target)) @ vectors.T


def _no_start(gram, target, start, lr, steps):
    return all_times(gram, target, 0 * start, lr, steps)


def _no_division(gram, target, start, lr, steps):
    return all_times(gram, gram @ target, start, lr, steps)


def _not_back(gram, target, start, lr, steps):
    values, vectors = torch.linalg.eigh(gram)
    kept = (1 - lr * values) ** steps[:, None]
    return kept * (vectors.T @ start) + (1 - kept) / values * (vectors.T @ target)


def _wrong_side(gram, target, start, lr, steps):
    values, vectors = torch.linalg.eigh(gram)
    kept = (1 - lr * values) ** steps[:, None]
    return (kept * (vectors.T @ start) + (1 - kept) / values * (vectors.T @ target)) @ vectors


def _one_late(gram, target, start, lr, steps):
    return all_times(gram, target, start, lr, steps + 1)


def _random_problem(generator: torch.Generator):
    draws = torch.randn(5, 12, generator=generator, dtype=torch.float64)
    gram = draws @ draws.T / 12 + 0.05 * torch.eye(5, dtype=torch.float64)
    target, start = torch.randn(2, 5, generator=generator, dtype=torch.float64)
    # A third of what would be the largest stable rate: exp and power differ visibly.
    lr = 0.6 / float(torch.linalg.eigvalsh(gram)[-1])
    return gram, target, start, lr, torch.tensor([0, 1, 2, 5, 20])


def _times_shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_random_problem(generator)), (5, 5)) or True


def _times_value(answer, generator) -> bool:
    gram, target = torch.diag(torch.tensor([2.0, 1.0])), torch.tensor([2.0, 4.0])
    found = answer(gram, target, torch.zeros(2), 0.25, torch.tensor([0, 1, 2]))
    return close(found, torch.tensor([[0.0, 0.0], [0.5, 1.0], [0.75, 1.75]]), rtol=1e-4)


def _times_recursion(answer, generator) -> bool:
    gram, target, start, lr, _ = _random_problem(generator)
    path = answer(gram, target, start, lr, torch.arange(8))
    return close(path[0], start) and close(path[1:], path[:-1] + lr * (target - path[:-1] @ gram))


def _times_end(answer, generator) -> bool:
    gram, target, start, lr, _ = _random_problem(generator)
    late = answer(gram, target, start, lr, torch.tensor([100_000]))
    return close(late[0], torch.linalg.solve(gram, target))


IMPLEMENT_ALL_TIMES = Exercise(
    id="07.3",
    title="All steps at once",
    kind="implement",
    difficulty=3,
    minutes=12,
    teaches="that a map repeated t times is a power of its eigenvalues, for all t in one product",
    signature=(
        "all_times(gram: (p, p) symmetric, invertible; target: (p,); start: (p,); lr: float; "
        "steps: (T,) whole numbers) -> Tensor (T, p). Worked value: gram diag(2, 1), target "
        "(2, 4), start 0, lr 1/4, steps 0, 1, 2 give (0, 0), (1/2, 1), (3/4, 7/4)."
    ),
    hints=(
        "Along an eigenvector of S the step is a map of the line, w ↦ (1 − αλ)w + αb.",
        "w_t = (1 − αλ)^t w_0 + (1 − (1 − αλ)^t)/λ · b in each coordinate of U; back by U.",
        "values, U = eigh(gram); kept = (1 − lr·values)**steps[:, None]; "
        "(kept·(Uᵀstart) + (1 − kept)/values·(Uᵀtarget)) @ Uᵀ",
    ),
    reference=all_times,
    why=(
        "One decomposition serves every time; a loop pays one product with S a step. The rows are "
        "coordinates along the columns of U, so that going back multiplies by Uᵀ from the right."
    ),
    steps=(
        Step("shape", "expected one row of weights for each time", _times_shape),
        Step("value", "the worked value comes out differently", _times_value),
        Step(
            "invariant", "w_0 must be the start, and w_{t+1} = w_t + α(b − S w_t)", _times_recursion
        ),
        Step("limit", "after very many steps S w = b must hold", _times_end),
    ),
    misconceptions=(
        Misconception(
            "flow",
            "e^{−αλt} is the gradient flow: t steps of size α multiply by (1 − αλ)^t",
            _flow,
        ),
        Misconception("no-start", "the initial weights are missing: they fade, slowly", _no_start),
        Misconception(
            "no-division",
            "1 − (1 − αλ)^t is not the filter yet: a sum of powers, divided by λ",
            _no_division,
        ),
        Misconception(
            "not-back", "these are coordinates along eigenvectors: go back to the basis", _not_back
        ),
        Misconception(
            "wrong-side",
            "U in place of its transpose: with one time a row, going back multiplies by Uᵀ",
            _wrong_side,
        ),
        Misconception("late", "one step too many: time 0 is the start", _one_late),
    ),
    cases=_random_problem,
    wrong=(
        Wrong(_flow, "gradient flow"),
        Wrong(_no_start, "initial weights"),
        Wrong(_no_division, "divided"),
        Wrong(_not_back, "go back"),
        Wrong(_wrong_side, "transpose"),
        Wrong(_one_late, "too many"),
        Wrong(lambda *case: all_times(*case).T[:2], "shape"),
        Wrong(lambda *case: None, "return"),
    ),
    right=(_by_loop, _about_the_end),
)


def predicted(
    times: Tensor,
    nodes: Tensor,
    signal: Tensor,
    bulk: Tensor,
    norm2: float,
    ratio: float,
    init_var: float,
) -> Tensor:
    """Returns the test accuracy of gradient flow at each time αt, (T,)."""
    x = nodes.clamp_min(1e-12)
    kept = torch.exp(-times[:, None] * x)
    learned = -torch.expm1(-times[:, None] * x) / x
    mean = norm2 * (learned @ signal)
    square = (norm2 + ratio) * (learned**2 @ signal) + init_var * (kept**2 @ bulk)
    return torch.special.ndtr(mean / square.sqrt())


def _by_parts(times, nodes, signal, bulk, norm2, ratio, init_var):
    rows = []
    for time in times.tolist():
        mean = learned = kept = 0.0
        for x, m, v in zip(nodes.tolist(), signal.tolist(), bulk.tolist(), strict=True):
            g = time if x == 0 else -math.expm1(-time * x) / x
            mean, learned = mean + g * m, learned + g * g * m
            kept += math.exp(-2 * time * x) * v
        total = (norm2 + ratio) * learned + init_var * kept
        rows.append(0.5 * (1 + math.erf(norm2 * mean / math.sqrt(2 * total))))
    return torch.tensor(rows, dtype=times.dtype)


def _by_normal(times, nodes, signal, bulk, norm2, ratio, init_var):
    kept = torch.exp(-torch.outer(times, nodes))
    learned = torch.where(nodes > 0, (1 - kept) / nodes.clamp_min(1e-9), times[:, None])
    total = (norm2 + ratio) * (learned**2 * signal).sum(1) + init_var * (kept**2 * bulk).sum(1)
    unit = torch.distributions.Normal(torch.zeros((), dtype=times.dtype), 1.0)
    return unit.cdf(norm2 * (learned * signal).sum(1) / total**0.5)


def _variant(times, nodes, signal, bulk, norm2, ratio, init_var, *, change):
    x = nodes.clamp_min(1e-12)
    kept = torch.exp(-times[:, None] * x)
    learned = -torch.expm1(-times[:, None] * x) / x
    size = norm2 if change == "noise" else norm2 + ratio
    if change == "mean-first":
        own = size * (learned @ signal) ** 2
    else:
        own = size * (learned**2 @ signal)
    faded = kept if change == "fade" else kept**2
    scale = init_var**2 if change == "sigma" else init_var
    square = own + (0.0 if change == "no-init" else scale * (faded @ bulk))
    root = square if change == "variance" else square.sqrt()
    gain = 1.0 if change == "mass" else norm2
    return torch.special.ndtr(gain * (learned @ signal) / root)


def _changed(change):
    def mistake(*case):
        return _variant(*case, change=change)

    return mistake


def _zero_by_zero(times, nodes, signal, bulk, norm2, ratio, init_var):
    kept = torch.exp(-times[:, None] * nodes)
    learned = (1 - kept) / nodes
    square = (norm2 + ratio) * (learned**2 @ signal) + init_var * (kept**2 @ bulk)
    return torch.special.ndtr(norm2 * (learned @ signal) / square.sqrt())


def _random_law(generator: torch.Generator):
    nodes, signal, bulk = torch.rand(3, 6, generator=generator, dtype=torch.float64)
    norm2, ratio, init_var = (
        0.5 + torch.rand(3, generator=generator, dtype=torch.float64)
    ).tolist()
    times = torch.tensor([0.5, 1.0, 3.0, 10.0], dtype=torch.float64)
    law = signal / signal.sum(), bulk / bulk.sum()
    return times, 0.2 + 2 * nodes, *law, 1 + norm2, ratio, 0.5 * init_var


def _accuracy_shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_random_law(generator)), (4,)) or True


def _accuracy_value(answer, generator) -> bool:
    one = torch.ones(1)
    found = answer(torch.tensor([0.0, 1e3]), one, one, one, 1.0, 0.5, 0.1)
    return close(found, torch.tensor([0.5, 0.7929]), atol=1e-4)


def _accuracy_random(answer, generator) -> bool:
    cases = [_random_law(generator) for _ in range(5)]
    return all(close(answer(*case), predicted(*case)) for case in cases)


def _accuracy_at_zero(answer, generator) -> bool:
    times, nodes, signal, bulk, *others = _random_law(generator)
    nodes = nodes.clone()
    nodes[0] = 0.0
    signal[0] = 0.0  # more features than samples: the atom holds no signal, but noise
    case = (times, nodes, signal, bulk, *others)
    return close(answer(*case), predicted(*case))


IMPLEMENT_ACCURACY = Exercise(
    id="07.4",
    title="Accuracy out of a spectrum",
    kind="implement",
    difficulty=3,
    minutes=15,
    teaches="what in the spectrum is signal, what is noise, and how a filter weighs them",
    signature=(
        "predicted(times (T,): αt; nodes (N,): eigenvalues ≥ 0; signal (N,): weights of m; bulk "
        "(N,): weights of ν; norm2: ‖μ‖²; ratio: c; init_var: σ²) -> Tensor (T,). Worked value: "
        "one node 1 with both weights 1, norm2 = 1, ratio = .5, init_var = .1 gives .5 at time 0 "
        "and .7929 late."
    ),
    hints=(
        "Two numbers are needed at each time: the mean μᵀw, and the squared length of w.",
        "E = ρ Σ g m, V = (ρ + c) Σ g² m + σ² Σ f² ν, accuracy Φ(E/√V); f = e^{−αtx}, "
        "g = (1 − f)/x",
        "x = nodes.clamp_min(1e-12); f = exp(−times[:, None]·x); g = −expm1(−times[:, None]·x)/x; "
        "then products with signal and bulk",
    ),
    reference=predicted,
    why=(
        "g at eigenvalue 0 is αt, the limit of (1 − e^{−αtx})/x: with more features than samples "
        "the spectrum has an atom there, where no signal lives, but initial weights stay for ever."
    ),
    steps=(
        Step("shape", "expected one accuracy for each time", _accuracy_shape),
        Step("value", "the worked value comes out differently", _accuracy_value),
        Step("invariant", "on random spectra the accuracy differs", _accuracy_random),
        Step("limit", "an eigenvalue 0 must give g = αt, not 0/0", _accuracy_at_zero),
    ),
    misconceptions=(
        Misconception(
            "noise",
            "‖Xy/n‖² is ρ + c and not ρ: the estimate of the mean has noise of its own",
            _changed("noise"),
        ),
        Misconception("mass", "m has mass 1: E is ρ times the mean of g", _changed("mass")),
        Misconception(
            "mean-first",
            "the mean of g was squared: the length of w needs the mean of g²",
            _changed("mean-first"),
        ),
        Misconception("fade", "f enters a squared length: f² and not f", _changed("fade")),
        Misconception("sigma", "init_var is σ² already: it was squared again", _changed("sigma")),
        Misconception(
            "no-init", "the initial weights are missing in the length", _changed("no-init")
        ),
        Misconception("variance", "divide by the length, the root of V", _changed("variance")),
    ),
    cases=_random_law,
    wrong=(
        Wrong(_changed("noise"), "noise of its own"),
        Wrong(_changed("mass"), "mass 1"),
        Wrong(_changed("mean-first"), "mean of g²"),
        Wrong(_changed("fade"), "f²"),
        Wrong(_changed("sigma"), "squared again"),
        Wrong(_changed("no-init"), "initial weights"),
        Wrong(_changed("variance"), "root of V"),
        Wrong(_zero_by_zero, "0/0"),
        Wrong(lambda *case: predicted(*case)[:, None], "shape"),
        Wrong(lambda *case: None, "return"),
    ),
    right=(_by_parts, _by_normal),
)
