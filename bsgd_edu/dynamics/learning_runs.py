"""Experiments on how least squares learns: spectra, parts of a data set, and small sizes.

What `rmt.simulate_learning` leaves open: the eigenvectors of its samples, real data in place of
Gaussian ones, and many sizes side by side.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from .. import rmt
from ..errors import DomainError
from .estimates import mean_and_stderr

__all__ = [
    "ComparedRuns",
    "ImageRuns",
    "RatioRuns",
    "Spectrum",
    "compared_runs",
    "finite_size_gaps",
    "image_runs",
    "sampled_descent",
    "sampled_spectrum",
    "signal_of_spike",
]


class Spectrum(NamedTuple):
    """Eigenvalues of S, (runs, p), and squared cosines of its top eigenvector with μ and with b."""

    eigenvalues: Tensor
    overlap: Tensor
    overlap_with_targets: Tensor


def sampled_spectrum(
    num_features: int,
    num_samples: int,
    signal: float,
    runs: int,
    *,
    generator: torch.Generator,
) -> Spectrum:
    """Returns spectra of S = XXᵀ/n for samples ±μ + noise, and what the top eigenvector knows.

    Args:
        num_features: p.
        num_samples: n.
        signal: ‖μ‖.
        runs: Independent data sets.
        generator: Source of the samples.

    Returns:
        Eigenvalues (runs, p), ascending, and squared cosines (runs,), float64.
    """
    found = []
    for _ in range(runs):
        shape = (num_features, num_samples)
        data = torch.randn(shape, generator=generator, dtype=torch.float64, device=generator.device)
        data[0] += signal  # times its target each sample is μ + noise, and S does not see the sign
        values, vectors = torch.linalg.eigh(data @ data.T / num_samples)
        top, mean = vectors[:, -1], data.mean(1)
        found.append((values, top[0] ** 2, (top @ mean) ** 2 / (mean @ mean)))
    return Spectrum(*(torch.stack(column) for column in zip(*found, strict=True)))


def signal_of_spike(eigenvalue: Tensor, ratio: float) -> Tensor:
    """Returns ρ = ‖μ‖² > √c out of the spike λ = (ρ + 1)(ρ + c)/ρ; √c if λ is not above the bulk.

    Args:
        eigenvalue: λ, any shape.
        ratio: c.

    Returns:
        ρ of the same shape: no target was needed.

    Example:
        >>> signal_of_spike(torch.tensor([3.75, 2.0]), 0.5)
        tensor([2.0000, 0.7071])
    """
    half = ((eigenvalue - 1 - ratio) / 2).clamp_min(ratio**0.5)
    return half + (half**2 - ratio).clamp_min(0).sqrt()


class ImageRuns(NamedTuple):
    """Training on parts of a data set, next to what theory says."""

    eigenvalues: Tensor  # of each part's S, (runs, p)
    norm2: float  # ρ, read off the spike
    measured: Tensor  # test accuracies, (runs, T)
    theory: Tensor  # (T,)


def image_runs(
    times: Tensor,
    inputs: Tensor,
    targets: Tensor,
    num_samples: int,
    *,
    init_var: float,
    lr: float,
    runs: int,
    generator: torch.Generator,
) -> ImageRuns:
    """Returns the test accuracies of gradient flow on random parts of a data set, and theory's.

    Each run trains on its own part and is tested on the rest. Theory gets one number from the
    data: ρ from the mean over parts of :func:`signal_of_spike` of the largest eigenvalue.

    Args:
        times: Steps, (T,); flow time is lr·times.
        inputs: (N, p).
        targets: ±1, (N,).
        num_samples: n < N, trained on in each run.
        init_var: σ².
        lr: Learning rate.
        runs: How many parts.
        generator: Source of parts and starts.

    Returns:
        Results on the CPU, float64.

    Raises:
        DomainError: If no sample is left to test on.
    """
    count, features = inputs.shape
    if not 0 < num_samples < count:
        raise DomainError(
            f"image_runs: num_samples must be between 1 and {count - 1}, to leave some of the "
            f"{count} samples for the test, but it is {num_samples}. Train on fewer."
        )
    device, ratio, found = inputs.device, features / num_samples, []
    options = {"generator": generator, "device": device}
    for _ in range(runs):
        order = torch.randperm(count, **options)
        start = torch.randn(features, dtype=inputs.dtype, **options) * (init_var / features) ** 0.5
        part, rest = order[:num_samples], order[num_samples:]
        weights = rmt.learning_path(
            times.to(device), inputs=inputs[part], targets=targets[part], start=start, lr=lr
        )
        right = ((inputs[rest] @ weights.T) * targets[rest, None] > 0).double()
        values = torch.linalg.eigvalsh(inputs[part].T @ inputs[part] / num_samples)
        found.append((right.mean(0).cpu(), values.cpu()))
    measured, eigenvalues = (torch.stack(column) for column in zip(*found, strict=True))
    norm2 = float(signal_of_spike(eigenvalues[:, -1], ratio).mean())
    model = {"signal": norm2**0.5, "init_var": init_var, "lr": lr}
    theory = rmt.learning_curve(times, ratio=ratio, **model).test_accuracy
    return ImageRuns(eigenvalues, norm2, measured, theory)


class ComparedRuns(NamedTuple):
    """Test accuracies of runs next to theory's, (T,) each."""

    mean: Tensor
    stderr: Tensor
    theory: Tensor


def compared_runs(
    times: Tensor,
    *,
    num_features: int,
    num_samples: int,
    replicas: int,
    generator: torch.Generator,
    **setting,
) -> ComparedRuns:
    """Returns the test accuracies of `rmt.simulate_learning` and of `rmt.learning_curve`.

    Args:
        times: Steps, (T,).
        num_features: p.
        num_samples: n.
        replicas: Independent runs ≥ 2.
        generator: Source of the runs.
        **setting: What both take: signal, init_var, lr, ridge, discrete.

    Returns:
        Mean, standard error and prediction on the CPU, float64.
    """
    run, theory = _run_and_theory(
        times, num_features, num_samples, replicas, generator=generator, **setting
    )
    return ComparedRuns(*mean_and_stderr(run.test_accuracy, 0), theory.test_accuracy)


def _run_and_theory(
    times: Tensor, features: int, samples: int, runs: int, *, generator: torch.Generator, **setting
) -> tuple[rmt.LearningCurve, rmt.LearningCurve]:
    """One setting simulated, accuracies (runs, T), and predicted, (T,), both on the CPU."""
    found = rmt.simulate_learning(
        times.to(generator.device),
        num_features=features,
        num_samples=samples,
        replicas=runs,
        generator=generator,
        **setting,
    )
    theory = rmt.learning_curve(times, ratio=features / samples, **setting)
    return rmt.LearningCurve(*(part.cpu() for part in found)), theory


class RatioRuns(NamedTuple):
    """Test errors of runs at several c, (k, T + 1, runs), and predictions, (k, T + 1)."""

    ratios: tuple[float, ...]
    errors: Tensor
    predicted: Tensor


def sampled_descent(
    size: int,
    times: Tensor,
    *,
    ratios: tuple[float, ...] = (0.2, 0.5, 0.8, 1.0, 1.25, 2.0, 5.0),
    signal: float,
    init_var: float,
    runs: int,
    generator: torch.Generator,
) -> RatioRuns:
    """Returns test errors of runs at several c, and what theory says of each.

    Args:
        size: √(pn): p and n are √c and 1/√c times this, rounded.
        times: αt, (T,); the best time of each c is put before them.
        ratios: c.
        signal: ‖μ‖.
        init_var: σ².
        runs: For each c.
        generator: Source of the runs.

    Returns:
        Errors and predictions on the CPU, float64.
    """
    found, predicted, model = [], [], {"signal": signal, "init_var": init_var, "lr": 1.0}
    for ratio in ratios:
        features, samples = round(size * ratio**0.5), round(size / ratio**0.5)
        best = rmt.optimal_stopping(ratio=features / samples, **model).time
        at = torch.cat([best[None], times.double()])
        run, theory = _run_and_theory(at, features, samples, runs, generator=generator, **model)
        found.append(1 - run.test_accuracy.T)
        predicted.append(1 - theory.test_accuracy)
    return RatioRuns(ratios, torch.stack(found), torch.stack(predicted))


def finite_size_gaps(
    sizes: tuple[int, ...],
    time: float,
    *,
    ratio: float,
    signal: float,
    init_var: float,
    runs: int,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Returns how far the mean accuracy of small runs lies from theory.

    Args:
        sizes: Numbers of features p.
        time: αt.
        ratio: c; the numbers of samples are p/c, rounded.
        signal: ‖μ‖.
        init_var: σ².
        runs: For each p.
        generator: Source of the runs.

    Returns:
        Measured minus predicted accuracy on new data and on training data, and standard errors,
        (2, len(sizes)) each.
    """
    at, gaps = torch.tensor([time], dtype=torch.float64), []
    for size in sizes:
        model = {"signal": signal, "init_var": init_var, "lr": 1.0, "generator": generator}
        run, theory = _run_and_theory(at, size, round(size / ratio), runs, **model)
        gaps.append(torch.stack([a[:, 0] - b for a, b in zip(run, theory, strict=True)]))
    gap = torch.stack(gaps, 1)  # (2, sizes, runs)
    return gap.mean(-1), gap.std(-1) / runs**0.5
