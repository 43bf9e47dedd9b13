"""Training on parts of a set of images, by steps, next to theory that knows one number of them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ... import rmt
from ...errors import DomainError
from ...estimates import Estimate, mean_and_stderr
from .runs import like, path

__all__ = ["ImageRuns", "image_runs"]


class ImageRuns(NamedTuple):
    """Training on parts of a data set: ρ off the spike, accuracies (T,), and theory fed with ρ."""

    norm2: float
    measured: Estimate  # with the spread over parts
    theory: Tensor
    half_c: Tensor  # a wrong theory: twice as many samples

    @property
    def late_factor(self) -> float:
        """The factor between the last error and its prediction, at least 1."""
        factor = float((1 - self.measured.mean[-1]) / (1 - self.theory[-1]))
        return max(factor, 1 / factor)


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
    start = torch.randn(runs, p, 1, generator=generator, **like(inputs)) * (var / p) ** 0.5
    weights = path(descend, S, b, start, lr, at)  # (T, runs, p, 1)
    right = torch.stack([((x[:, n:] @ w) * y[:, n:] > 0).double().mean((1, 2)) for w in weights])
    top = torch.linalg.eigvalsh(S)[:, -1].cpu()
    norm2 = float(rmt.signal_of_spike(top, p / n).mean())
    model = {"signal": norm2**0.5, "init_var": var, "lr": lr, "discrete": True}
    theory, half_c = (
        rmt.learning_curve(torch.tensor(at), ratio=ratio, **model).test_accuracy
        for ratio in (p / n, p / n / 2)
    )
    return ImageRuns(norm2, mean_and_stderr(right.cpu()), theory, half_c)
