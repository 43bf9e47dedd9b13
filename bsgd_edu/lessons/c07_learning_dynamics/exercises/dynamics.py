"""Exercises 07.3 and 07.4: all steps by one decomposition, and accuracy out of a spectrum."""

import math

import torch

from ....course.exercises import Step, build_question, close

__all__ = ["ACCURACY", "ALL_TIMES"]


def all_times(gram, target, start, lr, steps):
    """Returns the weights after each number of steps, (T, p)."""
    values, vectors = torch.linalg.eigh(gram)
    kept = (1 - lr * values) ** steps[:, None]  # (T, p)
    learned = (1 - kept) / values
    coordinates = kept * (vectors.T @ start) + learned * (vectors.T @ target)
    return coordinates @ vectors.T


def _by_loop(gram, target, start, lr, steps):
    path = [start]
    for _ in range(int(steps.max())):
        path.append(path[-1] + lr * (target - gram @ path[-1]))
    return torch.stack(path)[steps.long()]


def _about_the_end(gram, target, start, lr, steps):
    end = torch.linalg.solve(gram, target)
    one = torch.eye(len(start), dtype=start.dtype) - lr * gram
    return torch.stack([end + one.matrix_power(int(t)) @ (start - end) for t in steps])


def _flow(gram, target, start, lr, steps):
    end = torch.linalg.solve(gram, target)
    return torch.stack([end + torch.matrix_exp(-lr * gram * t) @ (start - end) for t in steps])


def _problem(generator):
    draws = torch.randn(5, 12, generator=generator, dtype=torch.float64)
    gram = draws @ draws.T / 12 + 0.05 * torch.eye(5, dtype=torch.float64)
    target, start = torch.randn(2, 5, generator=generator, dtype=torch.float64)
    # A third of what would be the largest stable rate: exp and power differ visibly.
    lr = 0.6 / float(torch.linalg.eigvalsh(gram)[-1])
    return gram, target, start, lr, torch.tensor([0, 1, 2, 5, 20])


def _recursion(answer, generator) -> bool:
    gram, target, start, lr, _ = _problem(generator)
    path = answer(gram, target, start, lr, torch.arange(8))
    return close(path[0], start) and close(path[1:], path[:-1] + lr * (target - path[:-1] @ gram))


def _end(answer, generator) -> bool:
    gram, target, start, lr, _ = _problem(generator)
    late = answer(gram, target, start, lr, torch.tensor([100_000]))
    return close(late[0], torch.linalg.solve(gram, target))


_TWO = torch.diag(torch.tensor([2.0, 1.0])), torch.tensor([2.0, 4.0]), torch.zeros(2)

ALL_TIMES = build_question(
    "07.3",
    "All steps at once",
    difficulty=3, minutes=12,
    teaches="that a map repeated t times is a power of its eigenvalues, for all t in one product",
    signature="all_times(gram: (p, p) symmetric, invertible; target: (p,); start: (p,); lr: float; "
    "steps: (T,) whole numbers) -> Tensor (T, p). Worked value: gram diag(2, 1), target "
    "(2, 4), start 0, lr 1/4, steps 0, 1, 2 give (0, 0), (1/2, 1), (3/4, 7/4).",
    hints=(
        "Along an eigenvector of S the step is a map of the line, w ↦ (1 − αλ)w + αb.",
        "w_t = (1 − αλ)^t w_0 + (1 − (1 − αλ)^t)/λ · b in each coordinate of U; back by U.",
        "values, U = eigh(gram); kept = (1 − lr·values)**steps[:, None]; "
        "(kept·(Uᵀstart) + (1 − kept)/values·(Uᵀtarget)) @ Uᵀ",
    ),
    why="One decomposition serves every time; a loop pays one product with S a step. The rows are "
    "coordinates along the columns of U, so that going back multiplies by Uᵀ from the right.",
    answer=all_times,
    worked=((*_TWO, 0.25, torch.arange(3)), torch.tensor([[0.0, 0.0], [0.5, 1.0], [0.75, 1.75]])),
    cases=_problem,
    cases_say="on random problems the weights differ",
    steps=(
        Step("invariant", "w_0 must be the start, and w_{t+1} = w_t + α(b − S w_t)", _recursion),
        Step("limit", "after very many steps S w = b must hold", _end),
    ),
    mistakes={
        "e^{−αλt} is the gradient flow: t steps of size α multiply by (1 − αλ)^t": _flow,
        "the initial weights are missing: they fade, slowly":
            lambda gram, target, start, *rest: all_times(gram, target, 0 * start, *rest),
        "1 − (1 − αλ)^t is not the filter yet: a sum of powers, divided by λ":
            lambda gram, target, *rest: all_times(gram, gram @ target, *rest),
        "these are coordinates along eigenvectors: go back to the basis":
            lambda *case: all_times(*case) @ torch.linalg.eigh(case[0])[1],
        "U in place of its transpose: with one time a row, going back multiplies by Uᵀ":
            lambda *case: all_times(*case) @ torch.linalg.eigh(case[0])[1].matrix_power(2),
        "one step too many: time 0 is the start":
            lambda *case: all_times(*case[:4], case[4] + 1),
    },
    wrong={"its shape is (2, 5)": lambda *case: all_times(*case).T[:2]},
    right=(_by_loop, _about_the_end),
)  # fmt: skip


def predicted(times, nodes, signal, bulk, norm2, ratio, init_var):
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
        mean = square = 0.0
        for x, m, v in zip(nodes.tolist(), signal.tolist(), bulk.tolist(), strict=True):
            g = time if x == 0 else -math.expm1(-time * x) / x
            mean += norm2 * g * m
            square += (norm2 + ratio) * g * g * m + init_var * math.exp(-2 * time * x) * v
        rows.append(0.5 * (1 + math.erf(mean / math.sqrt(2 * square))))
    return torch.tensor(rows, dtype=times.dtype)


def _by_normal(times, nodes, signal, bulk, norm2, ratio, init_var):
    kept = torch.exp(-torch.outer(times, nodes))
    learned = torch.where(nodes > 0, (1 - kept) / nodes.clamp_min(1e-9), times[:, None])
    total = (norm2 + ratio) * (learned**2 * signal).sum(1) + init_var * (kept**2 * bulk).sum(1)
    unit = torch.distributions.Normal(torch.zeros((), dtype=times.dtype), 1.0)
    return unit.cdf(norm2 * (learned * signal).sum(1) / total**0.5)


def _naive(times, x, signal, bulk, norm2, ratio, init_var, fade=2, power=0.5, mean_first=False):
    kept = torch.exp(-times[:, None] * x)
    learned = (1 - kept) / x
    square = (learned @ signal) ** 2 if mean_first else learned**2 @ signal
    total = (norm2 + ratio) * square + init_var * (kept**fade @ bulk)
    return torch.special.ndtr(norm2 * (learned @ signal) / total**power)


def _law(generator):
    nodes, signal, bulk = torch.rand(3, 6, generator=generator, dtype=torch.float64)
    norm2, ratio, init_var = torch.rand(3, generator=generator, dtype=torch.float64).tolist()
    times = torch.tensor([0.5, 1.0, 3.0, 10.0], dtype=torch.float64)
    law = signal / signal.sum(), bulk / bulk.sum()
    return times, 0.2 + 2 * nodes, *law, 1.5 + norm2, 0.5 + ratio, 0.25 + 0.5 * init_var


def _at_zero(answer, generator) -> bool:
    times, nodes, signal, *others = _law(generator)
    nodes[0] = signal[0] = 0.0  # more features than samples: the atom holds no signal, but noise
    return close(answer(times, nodes, signal, *others), predicted(times, nodes, signal, *others))


ACCURACY = build_question(
    "07.4",
    "Accuracy out of a spectrum",
    difficulty=3, minutes=15,
    teaches="what in the spectrum is signal, what is noise, and how a filter weighs them",
    signature="predicted(times (T,): αt; nodes (N,): eigenvalues ≥ 0; signal (N,): weights of m; "
    "bulk (N,): weights of ν; norm2: ‖μ‖²; ratio: c; init_var: σ²) -> Tensor (T,). Worked value: "
    "one node 1 with both weights 1, norm2 = 1, ratio = .5, init_var = .1 gives .5 at time 0 "
    "and .7929 late.",
    hints=(
        "Two numbers are needed at each time: the mean μᵀw, and the squared length of w.",
        "E = ρ Σ g m, V = (ρ + c) Σ g² m + σ² Σ f² ν, accuracy Φ(E/√V); f = e^{−αtx}, "
        "g = (1 − f)/x",
        "x = nodes.clamp_min(1e-12); f = exp(−times[:, None]·x); g = −expm1(−times[:, None]·x)/x; "
        "then products with signal and bulk",
    ),
    why="g at eigenvalue 0 is αt, the limit of (1 − e^{−αtx})/x: with more features than samples "
    "the spectrum has an atom there, where no signal lives, but initial weights stay for ever.",
    answer=predicted,
    worked=((torch.tensor([0.0, 1e3]), *torch.ones(3, 1), 1.0, 0.5, 0.1),
            torch.tensor([0.5, 0.7928919])),
    cases=_law,
    cases_say="on random spectra the accuracy differs",
    steps=(Step("limit", "an eigenvalue 0 must give g = αt, not 0/0", _at_zero),),
    mistakes={
        "‖Xy/n‖² is ρ + c and not ρ: the estimate of the mean has noise of its own":
            lambda *case: predicted(*case[:5], 0.0, case[6]),
        "m has mass 1: E is ρ times the mean of g":
            lambda *case: torch.special.ndtr(torch.special.ndtri(predicted(*case)) / case[4]),
        "the mean of g was squared: the length of w needs the mean of g²":
            lambda *case: _naive(*case, mean_first=True),
        "f enters a squared length: f² and not f": lambda *case: _naive(*case, fade=1),
        "init_var is σ² already: it was squared again":
            lambda *case: predicted(*case[:6], case[6] ** 2),
        "the initial weights are missing in the length": lambda *case: predicted(*case[:6], 0.0),
        "divide by the length, the root of V": lambda *case: _naive(*case, power=1),
    },
    wrong={"0/0": _naive, "its shape is (4, 1)": lambda *case: predicted(*case)[:, None]},
    right=(_by_parts, _by_normal),
)  # fmt: skip
