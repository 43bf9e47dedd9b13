"""When to stop gradient descent: the time at which a learning curve is highest."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import require_number
from .learning_curves import Setting, accuracy_bound, limit_accuracy

__all__ = ["Stopping", "optimal_stopping"]


class Stopping(NamedTuple):
    """When to stop, in steps, and what that reaches."""

    time: Tensor
    test_accuracy: Tensor


def optimal_stopping(
    *,
    ratio: float,
    signal: float,
    init_var: float,
    lr: float = 1.0,
    ridge: float = 0.0,
    discrete: bool = False,
) -> Stopping:
    """Returns when the test accuracy is highest, and how high.

    A smaller start is forgotten earlier and ends higher: with init_var = 0 the best time is 0. With
    a strong ridge there may be none, and the time is inf.

    Args:
        ratio: c = dimension/samples > 0.
        signal: ‖μ‖ > 0.
        init_var: Variance of p^½ w₀'s entries, ≥ 0.
        lr: Learning rate > 0.
        ridge: Weight of ‖w‖²/2 in the loss, ≥ 0.
        discrete: Steps of gradient descent in place of gradient flow.

    Returns:
        time in steps (flow time is lr·time) and test_accuracy, 0-d, float64.

    Raises:
        DomainError: If an argument is outside its range, or discrete steps diverge.

    Example:
        >>> stop = optimal_stopping(ratio=0.5, signal=1.0, init_var=0.1)
        >>> round(float(stop.time), 4), round(float(stop.test_accuracy), 4)
        (1.0741, 0.7711)
    """
    require_number("optimal_stopping", "signal", signal, above=0)
    setting = Setting("optimal_stopping", ratio, signal, init_var, lr, ridge, discrete)
    if init_var == 0:
        return Stopping(torch.zeros((), dtype=torch.float64), accuracy_bound(ratio, signal))
    grid = torch.logspace(-8, 6, 281, dtype=torch.float64) / (lr * (1 + ridge))
    if discrete:
        grid = torch.cat([torch.arange(64.0), grid.ceil()]).unique()
    time = _best(setting, grid, discrete)
    accuracy = setting.accuracies(time[None])[0][0]
    limit = limit_accuracy(ratio=ratio, signal=signal, init_var=init_var, ridge=ridge)[0]
    if limit >= accuracy - 1e-14:  # nothing is lost by going on
        return Stopping(torch.full_like(time, math.inf), limit)
    return Stopping(time, accuracy)


def _best(setting: Setting, grid: Tensor, discrete: bool) -> Tensor:
    """The time of the highest score: round its best point on a grid the grid is made finer."""
    best = int(setting.scores(grid)[0].argmax())
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    while discrete and high - low > 2:
        grid = torch.linspace(0, 1, 257, dtype=torch.float64).mul(high - low).add(low).round()
        grid = grid.unique()
        best = int(setting.scores(grid)[0].argmax())
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    if discrete:
        return grid[best]
    for _ in range(12):  # a maximum is sharp in its slope only; each round divides by 32
        grid = torch.linspace(0, 1, 33, dtype=torch.float64).mul(high - low).add(low)
        with torch.enable_grad():
            grid.requires_grad_()
            (slopes,) = torch.autograd.grad(setting.scores(grid)[0].sum(), grid)
        grid = grid.detach()
        rising = int((slopes > 0).long().cumprod(0).sum())
        low, high = grid[max(rising - 1, 0)], grid[min(rising, 32)]
    return (low + high) / 2
