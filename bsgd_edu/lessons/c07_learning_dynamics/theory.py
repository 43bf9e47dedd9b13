"""What theory says of chapter 7's double descent, before anything is sampled."""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ... import rmt

__all__ = ["Descent", "descent_curves", "sweep"]


RATIOS = (0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0, 4.0)


VARIANCES = (0.001, 0.01, 0.1, 1.0)


class Descent(NamedTuple):
    """Test errors against c: at one time, at the best, in the end, and the least possible."""

    ratios: Tensor
    now: Tensor
    best: Tensor
    end: Tensor
    least: Tensor
    time: float


@lru_cache(maxsize=64)
def _stopped(signal: float, init_var: float):
    """What does not depend on the time: c, best and last accuracy, bound, (4, k)."""
    far = torch.linspace(0, 1, 18, dtype=torch.float64)[1:] ** 1.5  # denser round the peak
    ratios = torch.cat([10 ** -far.flip(0), torch.ones(1), 10 ** (0.7 * far)])
    times, rows = torch.logspace(-3, 2, 101, dtype=torch.float64), []
    for ratio in ratios.tolist():
        test = rmt.learning_curve(times, ratio=ratio, signal=signal, init_var=init_var, lr=1.0)[0]
        end = rmt.limit_accuracy(ratio=ratio, signal=signal, init_var=init_var)[0]
        rows.append((ratio, test.max(), end, rmt.accuracy_bound(ratio, signal)))
    return torch.tensor(rows, dtype=torch.float64).T


def descent_curves(signal: float, init_var: float, decades: float) -> Descent:
    """Returns test errors of gradient flow against c.

    Args:
        signal: ‖μ‖.
        init_var: σ².
        decades: log₁₀ αt of the first curve.

    Returns:
        Errors at c from 0.1 to 5.
    """
    ratios, best, end, bound = _stopped(signal, init_var)
    time = torch.tensor([10.0**decades], dtype=torch.float64)
    now = [
        rmt.learning_curve(time, ratio=c, signal=signal, init_var=init_var, lr=1.0)[0]
        for c in ratios.tolist()
    ]
    return Descent(ratios, 1 - torch.cat(now), 1 - best, 1 - end, 1 - bound, float(time))


def sweep(signal: float, init_var: float, lr: float) -> tuple[Tensor, dict[str, Tensor]]:
    """Returns test errors of gradient descent against c, as the chapter's sweep runs it.

    Args:
        signal: ‖μ‖.
        init_var: σ².
        lr: Learning rate.

    Returns:
        c from 0.2 to 5, and errors: "late", after 1,000 steps; "stopped", at the best step;
        "ridge", after 300 with a ridge of 0.5.
    """
    half = torch.linspace(0, 1, 11, dtype=torch.float64)[1:] ** 1.5 * 0.7  # denser round the peak
    ratios = 10 ** torch.cat([-half.flip(0), torch.zeros(1), half])
    rows, late = {"late": [], "stopped": [], "ridge": []}, torch.tensor([1000.0])
    for ratio in ratios.tolist():
        options = {"ratio": ratio, "signal": signal, "init_var": init_var, "lr": lr}
        options["discrete"] = True
        rows["late"].append(rmt.learning_curve(late, **options).test_accuracy[0])
        rows["stopped"].append(rmt.optimal_stopping(**options).test_accuracy)
        rows["ridge"].append(rmt.learning_curve(0.3 * late, ridge=0.5, **options).test_accuracy[0])
    return ratios, {name: 1 - torch.stack(row) for name, row in rows.items()}
