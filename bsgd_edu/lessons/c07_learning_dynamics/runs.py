"""Experiments of chapter 7 by steps of gradient descent: the learner's own loop does the work.

Nothing here knows the theory: no eigenvalue, no filter. What is predicted comes from the chapter's
cells and from `rmt`, so that the two can disagree.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ... import rmt
from ...estimates import mean_and_stderr
from .exercises.building import descend, sample

__all__ = [
    "Accuracies",
    "Data",
    "accuracies",
    "compared_stops",
    "drawn",
    "first_look",
    "like",
    "losses",
    "path",
    "simulate",
    "sweep",
]

NOISES = ("gaussian", "signs", "scales")


class Data(NamedTuple):
    """Data sets side by side: X (runs, p, n), y (runs, n), S (runs, p, p), b (runs, p, 1)."""

    X: Tensor
    y: Tensor
    S: Tensor
    b: Tensor


class Accuracies(NamedTuple):
    """Accuracies on new samples and on those trained on, (T, runs) or (T, runs, starts)."""

    test: Tensor
    train: Tensor


def drawn(
    sample: Callable,
    mean: Tensor,
    n: int,
    runs: int,
    generator: torch.Generator,
    noise: str = "gaussian",
) -> Data:
    """Returns independent data sets, each built by `sample(mean, labels, noise)` → X, S, b.

    Args:
        sample: As exercise 07.2 asks for it.
        mean: μ, (p,).
        n: Samples.
        runs: Data sets.
        generator: Source of labels and noise, on the device of mean.
        noise: ``"gaussian"``, ``"signs"`` (±1, independent), or ``"scales"``: Gaussian, and every
            sample stretched by a number of its own, so that its entries depend on each other.
    """
    options = {"generator": generator, "dtype": mean.dtype, "device": mean.device}
    columns = []
    for _ in range(runs):
        y = 2.0 * torch.randint(0, 2, (n,), **options) - 1
        z = torch.randn(len(mean), n, **options)
        if noise == "signs":
            z = z.sign()
        elif noise == "scales":  # 1/10 or 19/10 of the variance: E z² stays 1
            z = z * torch.where(torch.rand(n, **options) < 0.5, 0.1, 1.9).sqrt()
        X, S, b = sample(mean, y, z)
        columns.append((X, y, S, b[:, None]))
    return Data(*(torch.stack(column) for column in zip(*columns, strict=True)))


def path(
    descend: Callable, S: Tensor, b: Tensor, start: Tensor, lr: float, at: Sequence[int]
) -> Tensor:
    """Returns the weights after each number of steps: the loop goes on from where it paused.

    Args:
        descend: As exercise 07.3 asks for it.
        S: (runs, p, p).
        b: (runs, p, 1).
        start: (runs, p, starts).
        lr: Learning rate.
        at: Steps, ascending.

    Returns:
        Weights, (T, runs, p, starts).
    """
    weights, done, found = start, 0, []
    for steps in at:
        weights, done = descend(S, b, weights, lr, steps - done), steps
        found.append(weights)
    return torch.stack(found)


def accuracies(data: Data, mean: Tensor, weights: Tensor) -> Accuracies:
    """Returns Φ(μ·w/‖w‖), exact for Gaussian noise, and the share of training samples told right.

    Args:
        data: What was trained on.
        mean: μ, (p,).
        weights: (T, runs, p, starts).

    Returns:
        Accuracies (T, runs, starts).
    """
    test = torch.special.ndtr(torch.einsum("p,trps->trs", mean, weights) / weights.norm(dim=2))
    margins = (data.X * data.y[:, None]).mT @ weights  # (T, runs, n, starts)
    return Accuracies(test, (margins > 0).to(test).mean(2))


def simulate(
    sample: Callable,
    descend: Callable,
    at: Sequence[int],
    *,
    p: int,
    n: int,
    rho: float,
    var: float,
    lr: float,
    runs: int,
    generator: torch.Generator,
    ridge: float = 0.0,
    noise: str = "gaussian",
    tests: int = 0,
) -> Accuracies:
    """Returns the accuracies of independent runs.

    Args:
        sample: Exercise 07.2.
        descend: Exercise 07.3.
        at: Steps, ascending.
        p: Features.
        n: Samples.
        rho: ‖μ‖².
        var: σ²; the entries of w_0 have variance σ²/p.
        lr: Learning rate.
        runs: Data sets.
        generator: Source of data and starts.
        ridge: γ: trains on S + γI.
        noise: Of `drawn`.
        tests: Fresh samples a run on which the test accuracy is counted; 0 for the formula, which
            is exact for Gaussian noise only.

    Returns:
        Accuracies on the CPU, (T, runs).
    """
    mean = torch.zeros(p, dtype=torch.float64, device=generator.device)
    mean[:] = (rho / p) ** 0.5  # the same along each feature: signs have no favourite axis
    data = drawn(sample, mean, n, runs, generator, noise)
    start = torch.randn(runs, p, 1, generator=generator, **like(mean)) * (var / p) ** 0.5
    S = data.S + ridge * torch.eye(p, **like(mean))
    weights = path(descend, S, data.b, start, lr, at)
    found = accuracies(data, mean, weights)
    if tests:
        fresh = drawn(sample, mean, tests, runs, generator, noise)
        found = Accuracies(accuracies(fresh, mean, weights).train, found.train)
    return Accuracies(*(part[..., 0].cpu() for part in found))


def like(tensor: Tensor) -> dict:
    """What makes a new tensor one of its kind."""
    return {"dtype": tensor.dtype, "device": tensor.device}


def first_look(
    p: int, n: int, generator: torch.Generator
) -> tuple[Tensor, rmt.LearningCurve, Tensor, Accuracies]:
    """Returns the picture that opens the chapter: a curve first, and then twenty runs.

    Args:
        p: Features.
        n: Samples.
        generator: Source of the runs.

    Returns:
        αt and accuracies of the curve, αt and accuracies of the runs; ρ = 1, σ² = 0.1, α = 0.1.
    """
    steps = torch.logspace(0, 3, 61).round().unique()
    curve = rmt.learning_curve(steps, ratio=p / n, signal=1.0, init_var=0.1, lr=0.1, discrete=True)
    at = (1, 2, 4, 8, 15, 30, 60, 120, 250, 500, 1000)
    setting = {"p": p, "n": n, "rho": 1.0, "var": 0.1, "lr": 0.1, "runs": 20}
    found = simulate(sample, descend, at, **setting, generator=generator)
    return 0.1 * steps, curve, 0.1 * torch.tensor(at), found


def losses(
    descend: Callable, data: Data, rates: Mapping[float, float], steps: int
) -> dict[float, Tensor]:
    """Returns training losses from w_0 = 0 at several learning rates.

    Args:
        descend: Exercise 07.3.
        data: What is trained on.
        rates: Name → learning rate.
        steps: How many.

    Returns:
        Name → the loss Σ(y_i − w·x_i)²/(2n) after 1 … steps steps, (steps, runs), on the CPU.
    """
    found, every = {}, range(1, steps + 1)
    for name, lr in rates.items():
        weights = path(descend, data.S, data.b, torch.zeros_like(data.b), lr, every)[..., 0]
        errors = data.y - torch.einsum("trp,rpn->trn", weights, data.X)
        found[name] = ((errors**2).mean(-1) / 2).cpu()
    return found


def compared_stops(
    steps: Tensor, found: Mapping[float, Accuracies], lines: Mapping[float, Tensor]
) -> tuple[list, list, list]:
    """Returns differences of test accuracies, run by run, at moments that theory names.

    Args:
        steps: (T,).
        found: σ² → accuracies of the same data sets, (T, runs).
        lines: σ² → predicted accuracy on new samples, (T,).

    Returns:
        For each σ² the gain of the best step over a third of it and over three times it; the gain
        of each σ² over the next; fall of the test and rise of the training accuracy after the best
        step, at σ² = 0.1.
    """
    gains, tops, turn = [], [], []
    for var, line in lines.items():
        best, test = int(line.argmax()), found[var].test
        tops.append(test[best])
        for factor in (1 / 3, 3):
            other = (steps - factor * steps[best]).abs().argmin()
            gains.append(mean_and_stderr(test[best] - test[other]))
        if var == 0.1:
            train = found[var].train
            turn = [test[best] - test[-1], train[-1] - train[best]]
    smaller = [mean_and_stderr(a - b) for a, b in itertools.pairwise(tops)]
    return gains, smaller, [mean_and_stderr(change) for change in turn]


def sweep(
    sample: Callable,
    descend: Callable,
    size: int,
    *,
    rho: float,
    var: float,
    lr: float,
    runs: int,
    generator: torch.Generator,
) -> tuple[dict, dict]:
    """Returns test errors of runs at five c, and what theory says of each.

    Args:
        sample: Exercise 07.2.
        descend: Exercise 07.3.
        size: √(pn).
        rho: ‖μ‖².
        var: σ².
        lr: Learning rate.
        runs: Data sets for each c.
        generator: Source of the runs.

    Returns:
        "late" (1,000 steps), "stopped" (the best step), "ridge" (300 steps, γ = 0.5) → c → errors
        (runs,), and the same names → c → predicted error.
    """
    errors = {"late": {}, "stopped": {}, "ridge": {}}
    expected = {name: {} for name in errors}
    model = {"signal": rho**0.5, "init_var": var, "lr": lr, "discrete": True}
    setting = {"rho": rho, "var": var, "lr": lr, "runs": runs, "generator": generator}
    for ratio in (0.25, 0.5, 1.0, 2.0, 4.0):
        p, n = round(size * ratio**0.5), round(size / ratio**0.5)
        stop = int(rmt.optimal_stopping(ratio=p / n, **model).time)
        for name, steps, ridge in (
            ("late", 1000, 0.0),
            ("stopped", stop, 0.0),
            ("ridge", 300, 0.5),
        ):
            run = simulate(sample, descend, [steps], p=p, n=n, ridge=ridge, **setting)
            errors[name][ratio] = 1 - run.test[0]
            line = rmt.learning_curve(torch.tensor(steps), ratio=p / n, ridge=ridge, **model)
            expected[name][ratio] = 1 - line.test_accuracy
    return errors, expected
