"""Experiments on how least squares learns: parts of a data set, losses, and many sizes.

What `rmt.simulate_learning` leaves open: real data in place of Gaussian ones, theory beside each
run, and many sizes side by side.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from ... import rmt
from ...errors import DomainError
from ...estimates import Estimate, mean_and_stderr
from ...maps import AffineMap, forward_orbit
from ...rmt.samples import signal_of_spike, signed_samples

__all__ = [
    "ComparedRuns",
    "ImageRuns",
    "RatioRuns",
    "accuracies_at",
    "compared_runs",
    "finite_size_gaps",
    "image_runs",
    "sampled_descent",
    "sampled_losses",
]


class ImageRuns(NamedTuple):
    """Training on parts of a data set, next to what theory says."""

    eigenvalues: Tensor  # of each part's S, (runs, p)
    norm2: float  # ρ, read off the spike
    measured: Estimate  # test accuracies, (T,), with the spread over parts
    theory: Tensor  # (T,)

    @property
    def signal(self) -> float:
        """‖μ‖, read off the spike."""
        return self.norm2**0.5


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
        runs: How many parts, ≥ 2.
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
    options, targets = {"generator": generator, "device": device}, targets.to(device)
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
    accuracies, eigenvalues = (torch.stack(column) for column in zip(*found, strict=True))
    norm2 = float(signal_of_spike(eigenvalues[:, -1], ratio).mean())
    model = {"signal": norm2**0.5, "init_var": init_var, "lr": lr}
    theory = rmt.learning_curve(times, ratio=ratio, **model).test_accuracy
    return ImageRuns(eigenvalues, norm2, mean_and_stderr(accuracies, 0), theory)


class ComparedRuns(NamedTuple):
    """Test accuracies of runs, with standard errors, next to theory's, (T,) each."""

    measured: Estimate
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
        Means with standard errors, and predictions, on the CPU, float64.
    """
    run, theory = _run_and_theory(
        times, num_features, num_samples, replicas, generator=generator, **setting
    )
    return ComparedRuns(mean_and_stderr(run.test_accuracy, 0), theory.test_accuracy)


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


def accuracies_at(
    moments: Mapping[str, Tensor | float], *, generator: torch.Generator, **setting
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Returns the accuracies of `rmt.simulate_learning` at times that have names.

    Args:
        moments: Name → steps, (m,) or one number.
        generator: Source of the runs, which are the same at all times.
        **setting: The other arguments of `rmt.simulate_learning`.

    Returns:
        Name → accuracies on new data, (m, runs) or (runs,), and the same on the training data; on
        the CPU, float64.

    Example:
        >>> setting = {"num_features": 5, "num_samples": 10, "signal": 1.0, "init_var": 0.1}
        >>> stream = torch.Generator().manual_seed(0)
        >>> test, train = accuracies_at({"start": 0, "late": torch.tensor([10.0, 100.0])},
        ...                             **setting, lr=1.0, replicas=3, generator=stream)
        >>> test["start"].shape, train["late"].shape
        (torch.Size([3]), torch.Size([2, 3]))
    """
    times = {name: torch.as_tensor(time).double() for name, time in moments.items()}
    every = torch.cat([time.flatten() for time in times.values()])
    run = rmt.simulate_learning(every.to(generator.device), generator=generator, **setting)
    test, train = (_named(accuracies.T.cpu(), times) for accuracies in run)
    return test, train


def _named(rows: Tensor, times: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rows (all times, runs), a name for those of each of the times."""
    parts = rows.split([time.numel() for time in times.values()])
    shaped = (p.reshape(*t.shape, -1) for p, t in zip(parts, times.values(), strict=True))
    return dict(zip(times, shaped, strict=True))


def sampled_losses(
    steps: int,
    rates: Mapping[float, float],
    *,
    num_features: int,
    num_samples: int,
    signal: float,
    runs: int,
    generator: torch.Generator,
) -> dict[float, Tensor]:
    """Returns the training losses of gradient descent from w₀ = 0 on samples ±μ + noise.

    One map, w ↦ w + lr(b − Sw), again and again. As y_i² = 1, the loss Σ(y_i − w·x_i)²/(2n) is half
    the mean of (1 − w·y_i x_i)².

    Args:
        steps: t.
        rates: Name → learning rate, all on the same samples.
        num_features: p.
        num_samples: n.
        signal: ‖μ‖.
        runs: Independent data sets.
        generator: Source of the samples.

    Returns:
        Name → losses after 0 … t steps, (t + 1, runs), on the CPU, float64.
    """
    shape, losses = (num_features, num_samples), {}
    drawn = [signed_samples(*shape, signal, generator=generator) for _ in range(runs)]
    samples = torch.stack(drawn)  # (runs, p, n)
    gram, target = samples @ samples.mT / num_samples, samples.mean(-1)
    for name, lr in rates.items():
        step = AffineMap(torch.eye(num_features).to(gram) - lr * gram, lr * target)
        weights = forward_orbit([step] * steps, torch.zeros_like(target))  # (t + 1, runs, p)
        margins = weights.movedim(0, 1) @ samples  # (runs, t + 1, n)
        losses[name] = (((1 - margins) ** 2).mean(-1) / 2).T.cpu()
    return losses


class RatioRuns(NamedTuple):
    """Test errors at several c: c → those of runs, (T + 1, runs), and predicted, (T + 1,)."""

    errors: dict[float, Tensor]
    predicted: dict[float, Tensor]


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
    found, model = RatioRuns({}, {}), {"signal": signal, "init_var": init_var, "lr": 1.0}
    for ratio in ratios:
        features, samples = round(size * ratio**0.5), round(size / ratio**0.5)
        best = rmt.optimal_stopping(ratio=features / samples, **model).time
        at = torch.cat([best[None], times.double()])
        run, theory = _run_and_theory(at, features, samples, runs, generator=generator, **model)
        found.errors[ratio] = 1 - run.test_accuracy.T
        found.predicted[ratio] = 1 - theory.test_accuracy
    return found


def finite_size_gaps(
    sizes: tuple[int, ...],
    time: float,
    *,
    ratio: float,
    signal: float,
    init_var: float,
    lr: float,
    runs: int,
    generator: torch.Generator,
) -> dict[int, Estimate]:
    """Returns how far the mean accuracy of small runs lies from theory.

    Args:
        sizes: Numbers of features p.
        time: Steps; flow time is lr·time.
        ratio: c; the numbers of samples are p/c, rounded.
        signal: ‖μ‖.
        init_var: σ².
        lr: Learning rate.
        runs: For each p.
        generator: Source of the runs.

    Returns:
        p → measured minus predicted accuracy on new data and on training data, (2,), with standard
        errors.
    """
    at, gaps = torch.tensor([time], dtype=torch.float64), {}
    for size in sizes:
        model = {"signal": signal, "init_var": init_var, "lr": lr, "generator": generator}
        run, theory = _run_and_theory(at, size, round(size / ratio), runs, **model)
        gap = torch.stack([a[:, 0] - b for a, b in zip(run, theory, strict=True)])  # (2, runs)
        gaps[size] = mean_and_stderr(gap)
    return gaps
