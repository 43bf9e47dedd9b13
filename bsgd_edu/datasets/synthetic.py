"""Synthetic data, and the lists of batches that decide what an experiment can show."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import require, require_integer, require_number, require_sizes

__all__ = [
    "cyclic_targets",
    "draw_batches",
    "gaussian_regression",
    "heavy_tailed_regression",
    "heavy_tailed_regressions",
    "spirals",
    "wave_regression",
]


def cyclic_targets(num_steps: int, period: int) -> Tensor:
    """Returns targets that walk around the unit circle for ever, with no randomness.

    a_i = (cos 2πi/N, sin 2πi/N), i = 0, 1, …: SGD on ½|x − a_i|² ends in a cycle of N points
    when composed forward and in one point when composed backward.

    Args:
        num_steps: How many targets.
        period: N ≥ 1, the length of the cycle.

    Returns:
        Targets (num_steps, 2), float64.

    Raises:
        DomainError: If a number is below 1.

    Example:
        >>> cyclic_targets(3, 2).round().abs()
        tensor([[1., 0.],
                [1., 0.],
                [1., 0.]], dtype=torch.float64)
    """
    require_sizes("cyclic_targets", num_steps=num_steps, period=period)
    angle = 2 * math.pi * (torch.arange(num_steps) % period).double() / period
    return torch.stack([angle.cos(), angle.sin()], dim=1)


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


def gaussian_regression(
    num_samples: int, dim: int, *, noise_std: float, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Draws a linear regression y = x·θ* + σε with x ~ N(0, I).

    Args:
        num_samples: n.
        dim: d.
        noise_std: σ ≥ 0.
        generator: Source of randomness.

    Returns:
        Inputs (n, d), targets (n,) and θ* (d,) of unit length, all float64.

    Raises:
        DomainError: If a size is below 1 or σ is negative.

    Example:
        >>> x, y, theta = gaussian_regression(
        ...     5, 3, noise_std=0.0, generator=torch.Generator().manual_seed(0))
        >>> torch.allclose(x @ theta, y)
        True
    """
    require_sizes("gaussian_regression", num_samples=num_samples, dim=dim)
    require_number("gaussian_regression", "noise_std", noise_std, at_least=0)
    options = {"generator": generator, "dtype": torch.float64, "device": generator.device}
    theta = torch.randn(dim, **options)
    theta /= theta.norm()
    x = torch.randn(num_samples, dim, **options)
    return x, x @ theta + noise_std * torch.randn(num_samples, **options), theta


def heavy_tailed_regression(
    num_samples: int = 600,
    dim: int = 32,
    *,
    condition: float = 63.1,
    target_std: float = 3.0,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draws a regression without noise, y = x·θ*, on heavy-tailed features of a given conditioning.

    Stands in for sensor data (`load("ethanol")`) where only the shape of the problem matters. The
    features are Student-t with 5 degrees of freedom before they are whitened and stretched, so
    that mean x xᵀ has eigenvalues from 1 down to 1/κ, evenly spaced in their logarithm, in random
    directions.

    Args:
        num_samples: n ≥ d.
        dim: d ≥ 1.
        condition: κ ≥ 1, the condition number of mean x xᵀ.
        target_std: Root mean square of the targets, > 0.
        generator: Source of randomness.

    Returns:
        Inputs (n, d), targets (n,) and θ* (d,), all float64.

    Raises:
        DomainError: If n < d, or a number is out of range.

    Example:
        >>> x, y, theta = heavy_tailed_regression(generator=torch.Generator().manual_seed(0))
        >>> x.shape, y.square().mean().sqrt().round(decimals=6)
        (torch.Size([600, 32]), tensor(3., dtype=torch.float64))
    """
    name = "heavy_tailed_regression"
    require_integer(name, "dim", dim, at_least=1, at_most=num_samples)
    require_number(name, "condition", condition, at_least=1)
    require_number(name, "target_std", target_std, above=0)
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


def heavy_tailed_regressions(
    generators: Sequence[torch.Generator],
) -> tuple[Tensor, Tensor, Tensor]:
    """Draws one `heavy_tailed_regression` of the default size from each stream, and stacks them.

    Args:
        generators: One source of randomness a draw, ≥ 1 of them.

    Returns:
        Inputs (draws, 600, 32), targets (draws, 600) and θ* (draws, 32), all float64.

    Raises:
        DomainError: If there is no generator.

    Example:
        >>> streams = [torch.Generator().manual_seed(draw) for draw in range(3)]
        >>> [tuple(part.shape) for part in heavy_tailed_regressions(streams)]
        [(3, 600, 32), (3, 600), (3, 32)]
    """
    rule, fact = "generators must hold at least one", "there are 0"
    require(generators, "heavy_tailed_regressions", rule, fact, "Pass one for each draw.")
    drawn = [heavy_tailed_regression(generator=stream) for stream in generators]
    inputs, targets, truths = (torch.stack(parts) for parts in zip(*drawn, strict=True))
    return inputs, targets, truths


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


def spirals(
    num_samples: int,
    *,
    num_classes: int = 2,
    noise_std: float = 0.05,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Draws points on interleaved spiral arms, one class an arm.

    Args:
        num_samples: n ≥ 1 in all, classes in turn.
        num_classes: Arms ≥ 2.
        noise_std: Standard deviation of the scatter about an arm, whose radius is at most 1.
        generator: Source of randomness.

    Returns:
        Inputs (n, 2) float32 and targets (n,) int64.

    Raises:
        DomainError: If a number is out of range.

    Example:
        >>> x, y = spirals(6, num_classes=3, generator=torch.Generator().manual_seed(0))
        >>> x.shape, y.tolist()
        (torch.Size([6, 2]), [0, 1, 2, 0, 1, 2])
    """
    require_sizes("spirals", num_samples=num_samples)
    require_integer("spirals", "num_classes", num_classes, at_least=2)
    require_number("spirals", "noise_std", noise_std, at_least=0)
    options = {"generator": generator, "device": generator.device}
    targets = torch.arange(num_samples, device=generator.device) % num_classes
    radius = 0.1 + 0.9 * torch.rand(num_samples, **options)
    angle = 3 * math.pi * radius + 2 * math.pi * targets / num_classes
    x = radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return x + noise_std * torch.randn(num_samples, 2, **options), targets
