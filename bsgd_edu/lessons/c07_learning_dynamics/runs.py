"""Experiments of chapter 7 by steps of gradient descent: the learner's own loop does the work.

Nothing here knows the theory: no eigenvalue, no filter. What is predicted comes from the chapter's
cells and from `rmt`, so that the two can disagree.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ... import rmt
from ...errors import DomainError
from ...estimates import Estimate, mean_and_stderr
from .exercises.building import descend, sample

__all__ = [
    "Accuracies",
    "Data",
    "ImageRuns",
    "accuracies",
    "drawn",
    "first_look",
    "image_runs",
    "losses",
    "path",
    "simulate",
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
        elif noise == "scales":  # 1/2 or 3/2 of the variance: E z² stays 1
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
    start = torch.randn(runs, p, 1, generator=generator, **_like(mean)) * (var / p) ** 0.5
    S = data.S + ridge * torch.eye(p, **_like(mean))
    weights = path(descend, S, data.b, start, lr, at)
    found = accuracies(data, mean, weights)
    if tests:
        fresh = drawn(sample, mean, tests, runs, generator, noise)
        found = Accuracies(accuracies(fresh, mean, weights).train, found.train)
    return Accuracies(*(part[..., 0].cpu() for part in found))


def _like(tensor: Tensor) -> dict:
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


class ImageRuns(NamedTuple):
    """Training on parts of a data set: eigenvalues of S (runs, p), ρ off the spike, accuracies."""

    eigenvalues: Tensor
    norm2: float
    measured: Estimate  # test accuracies, (T,), with the spread over parts


def image_runs(
    descend: Callable,
    at: Sequence[int],
    inputs: Tensor,
    targets: Tensor,
    n: int,
    *,
    var: float,
    lr: float,
    runs: int,
    generator: torch.Generator,
) -> ImageRuns:
    """Returns the test accuracies of gradient descent on random parts of a data set.

    Each run trains on its own part and is tested on the rest.

    Args:
        descend: Exercise 07.3.
        at: Steps, ascending.
        inputs: (N, p).
        targets: ±1, (N,).
        n: Samples trained on in each run, < N.
        var: σ².
        lr: Learning rate.
        runs: How many parts, ≥ 2.
        generator: Source of parts and starts.

    Raises:
        DomainError: If no sample is left to test on.
    """
    count, p = inputs.shape
    if not 0 < n < count:
        raise DomainError(
            f"image_runs: n must be between 1 and {count - 1}, to leave some of the "
            f"{count} samples for the test, but it is {n}. Train on fewer."
        )
    device, targets = inputs.device, targets.to(inputs)
    order = torch.rand(runs, count, generator=generator, device=device).argsort(1)
    x, y = inputs[order], targets[order][..., None]  # (runs, N, p), (runs, N, 1)
    S, b = x[:, :n].mT @ x[:, :n] / n, x[:, :n].mT @ y[:, :n] / n
    start = torch.randn(runs, p, 1, generator=generator, **_like(inputs)) * (var / p) ** 0.5
    weights = path(descend, S, b, start, lr, at)  # (T, runs, p, 1)
    right = torch.stack([((x[:, n:] @ w) * y[:, n:] > 0).double().mean((1, 2)) for w in weights])
    values = torch.linalg.eigvalsh(S).cpu()
    norm2 = float(rmt.signal_of_spike(values[:, -1], p / n).mean())
    return ImageRuns(values, norm2, mean_and_stderr(right.cpu()))
