"""Synthetic data, and the lists of batches that decide what an experiment can show."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import require, require_integer, require_number, require_sizes

__all__ = [
    "draw_batches",
    "heavy_tailed_regressions",
    "wave_regression",
]


def draw_batches(
    num_samples: int,
    num_steps: int,
    batch: int,
    *,
    generator: torch.Generator,
    runs: tuple[int, ...] = (),
    replace: bool = True,
) -> Tensor:
    """Draws the batch list of each run: which samples step i of run r sees.

    Every run gets a list of its own. Runs that share one list differ in their start only, and
    what they have in common is then the list's doing, not the method's.

    Args:
        num_samples: Size n of the data set.
        num_steps: Steps N.
        batch: Samples B a step.
        generator: Source of randomness.
        runs: Leading shape of the runs; () for one run.
        replace: True draws every index independently, so that steps are i.i.d. (what the
            theorems assume); False reshuffles the data each epoch (what most code does).

    Returns:
        Indices (N, *runs, B), int64.

    Raises:
        DomainError: If a size is below 1, or B > n without replacement.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> draw_batches(10, 100, 4, generator=stream, runs=(3,)).shape
        torch.Size([100, 3, 4])
        >>> draw_batches(6, 3, 2, generator=stream, replace=False).unique().tolist()
        [0, 1, 2, 3, 4, 5]
    """
    require_sizes("draw_batches", num_samples=num_samples, num_steps=num_steps, batch=batch)
    device = generator.device
    if replace:
        size = (num_steps, *runs, batch)
        return torch.randint(num_samples, size, generator=generator, device=device)
    rule, remedy = f"batch must be ≤ num_samples = {num_samples} without replacement", "Lower it."
    require(batch <= num_samples, "draw_batches", rule, f"it is {batch}", remedy)
    per_epoch = num_samples // batch  # the few samples left over sit this epoch out
    num_epochs = -(-num_steps // per_epoch)
    keys = torch.rand(num_epochs, *runs, num_samples, generator=generator, device=device)
    order = keys.argsort(dim=-1)[..., : per_epoch * batch]
    order = order.reshape(num_epochs, *runs, per_epoch, batch).movedim(-2, 1)
    return order.reshape(num_epochs * per_epoch, *runs, batch)[:num_steps]


def heavy_tailed_regressions(
    generators: Sequence[torch.Generator],
    num_samples: int = 600,
    dim: int = 32,
    *,
    condition: float = 63.1,
    target_std: float = 3.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draws regressions without noise, y = x·θ*, on heavy-tailed features of a given conditioning.

    They stand in for sensor data (`load("ethanol")`) where only the shape of the problem matters.
    The features are Student-t with 5 degrees of freedom before they are whitened and stretched,
    so that mean x xᵀ has eigenvalues from 1 down to 1/κ, evenly spaced in their logarithm, in
    random directions.

    Args:
        generators: One source of randomness a draw, ≥ 1 of them.
        num_samples: n ≥ d.
        dim: d ≥ 1.
        condition: κ ≥ 1, the condition number of mean x xᵀ.
        target_std: Root mean square of the targets, > 0.

    Returns:
        Inputs (draws, n, d), targets (draws, n) and θ* (draws, d), all float64.

    Raises:
        DomainError: If there is no generator, n < d, or a number is out of range.

    Example:
        >>> streams = [torch.Generator().manual_seed(draw) for draw in range(3)]
        >>> x, y, theta = heavy_tailed_regressions(streams)
        >>> x.shape, y.square().mean(1).sqrt().round(decimals=6)
        (torch.Size([3, 600, 32]), tensor([3., 3., 3.], dtype=torch.float64))
    """
    name = "heavy_tailed_regressions"
    rule, fact = "generators must hold at least one", "there are 0"
    require(generators, name, rule, fact, "Pass one for each draw.")
    require_integer(name, "dim", dim, at_least=1, at_most=num_samples)
    require_number(name, "condition", condition, at_least=1)
    require_number(name, "target_std", target_std, above=0)
    drawn = [
        _heavy_tailed_regression(stream, num_samples, dim, condition, target_std)
        for stream in generators
    ]
    inputs, targets, truths = (torch.stack(parts) for parts in zip(*drawn, strict=True))
    return inputs, targets, truths


def _heavy_tailed_regression(
    generator: torch.Generator, num_samples: int, dim: int, condition: float, target_std: float
) -> tuple[Tensor, Tensor, Tensor]:
    options = {"generator": generator, "dtype": torch.float64, "device": generator.device}
    chi_square = torch.randn(5, num_samples, dim, **options).square().sum(0)
    raw = torch.randn(num_samples, dim, **options) / (chi_square / 5).sqrt()
    u, s, vh = torch.linalg.svd(raw, full_matrices=False)
    spread = torch.linspace(0, -0.5 * math.log(condition), dim, dtype=torch.float64).exp().to(s)
    x = num_samples**0.5 * (u * spread) @ vh
    theta = torch.randn(dim, **options)
    y = x @ theta
    scale = target_std / y.square().mean().sqrt()
    return x, scale * y, scale * theta


def wave_regression(
    num_samples: int, *, noise_std: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draws a smooth function of two variables for a small network to fit.

    y = sin(πx₁) cos(πx₂) + σε, x uniform on [−1, 1]².

    Args:
        num_samples: n ≥ 1.
        noise_std: σ ≥ 0.
        generator: Source of randomness.

    Returns:
        Inputs (n, 2) and targets (n, 1), float32.

    Raises:
        DomainError: If n is below 1 or σ is negative.

    Example:
        >>> x, y = wave_regression(100, noise_std=0.0, generator=torch.Generator().manual_seed(0))
        >>> x.shape, y.shape, bool(y.abs().max() <= 1)
        (torch.Size([100, 2]), torch.Size([100, 1]), True)
    """
    require_sizes("wave_regression", num_samples=num_samples)
    require_number("wave_regression", "noise_std", noise_std, at_least=0)
    options = {"generator": generator, "device": generator.device}
    x = 2 * torch.rand(num_samples, 2, **options) - 1
    y = (math.pi * x[:, :1]).sin() * (math.pi * x[:, 1:]).cos()
    return x, y + noise_std * torch.randn(num_samples, 1, **options)
