"""A linear probe on features of a network: three ways to decide when to stop."""

from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

from ... import rmt
from ...seeding import generator as stream

__all__ = ["Probes", "features", "probes"]

STEPS = (*range(1, 11), 13, 16, 20, 25, 32, 40, 50, 64, 80, 100, 130, 160, 200, 300, 500, 1000)


class Probes(NamedTuple):
    """Test accuracies (runs,) by ways of stopping, the computed steps, the curve (T, runs)."""

    computed: Tensor
    validated: Tensor
    end: Tensor
    stops: Tensor
    curve: Tensor


def features(first: int, second: int, width: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Returns features of two digits by a network that was trained on the eight others.

    They are centred and whitened by the eight others' covariance: no label of the two is used.

    Args:
        first: Digit of target −1.
        second: Digit of target +1.
        width: Hidden units.
        seed: Of the network.

    Returns:
        Features (N, width), targets (N,), and the training losses of the network.
    """
    images, digits = (torch.as_tensor(part) for part in load_digits(return_X_y=True))
    images = images.double() / 16
    pair = (digits == first) | (digits == second)
    layers = nn.Linear(64, width), nn.Tanh(), nn.Linear(width, 10)
    net, draw = nn.Sequential(*layers).double(), stream(seed, "probe")
    with torch.no_grad():
        for weights in net.parameters():
            weights.copy_(torch.randn(weights.shape, generator=draw, dtype=torch.float64) / 8)
    rule, losses = torch.optim.Adam(net.parameters(), lr=0.01), []
    for _ in range(150):
        rule.zero_grad()
        loss = nn.functional.cross_entropy(net(images[~pair]), digits[~pair])
        loss.backward()
        rule.step()
        losses.append(loss.detach())
    hidden = net[:2](images).detach()
    root = torch.linalg.cholesky(torch.cov(hidden[~pair].T))
    centred = hidden[pair] - hidden[~pair].mean(0)
    white = torch.linalg.solve_triangular(root, centred.T, upper=False).T
    return white, torch.where(digits[pair] == second, 1.0, -1.0).double(), torch.stack(losses)


def probes(
    inputs: Tensor, targets: Tensor, n: int, *, lr: float, var: float, runs: int, seed: int
) -> Probes:
    """Returns what a probe on n labelled samples reaches with three ways to stop.

    Computed: c and ρ from the n samples, then the top of the predicted curve. Validated: a quarter
    of the samples is held out, the step of its least squared error is taken, and all n are trained
    on for so many steps. End: 1,000 steps.

    Args:
        inputs: (N, p).
        targets: ±1, (N,).
        n: Labelled samples; the others test.
        lr: Learning rate.
        var: σ².
        runs: Random choices of the n.
        seed: Of these choices and of the starts.
    """
    draw, held = stream(seed, "choices", n), n // 4
    order = torch.rand(runs, len(inputs), generator=draw).argsort(1)
    x, y = inputs[order], targets[order][..., None]  # (runs, N, p), (runs, N, 1)
    stops = torch.tensor(
        [computed_stop(a[:n], b[:n, 0], var, lr) for a, b in zip(x, y, strict=True)]
    )
    scale = torch.stack([_noise(a[:n], b[:n, 0]) for a, b in zip(x, y, strict=True)])
    start = torch.randn(runs, x.shape[-1], 1, generator=draw, dtype=x.dtype)
    start *= (var / x.shape[-1]) ** 0.5
    x = x / scale[:, None, None]
    curve = torch.stack(
        [
            ((x[:, n:] @ w) * y[:, n:] > 0).double().mean((1, 2))
            for w in _path(x[:, :n], y[:, :n], start, lr)
        ]
    )  # (T, runs)
    part = _path(x[:, held:n], y[:, held:n], start, lr)
    errors = torch.stack([(x[:, :held] @ w - y[:, :held]).square().mean((1, 2)) for w in part])
    near = (torch.tensor(STEPS)[:, None] - stops).abs().argmin(0)
    computed, validated = (curve.gather(0, k[None])[0] for k in (near, errors.argmin(0)))
    return Probes(computed, validated, curve[-1], stops, curve)


def _noise(x: Tensor, y: Tensor) -> Tensor:
    """Standard deviation of the features within the classes."""
    signed = y[:, None] * x
    return (signed - signed.mean(0)).square().sum().div((len(y) - 1) * x.shape[1]).sqrt()


def computed_stop(x: Tensor, y: Tensor, var: float, lr: float) -> float:
    """Returns the best of STEPS by theory, with ρ from ‖b‖² ≈ ρ + c in units of the noise."""
    n, p = x.shape
    b = (y @ x) / n / _noise(x, y)
    rho = max(float(b @ b) - p / n, 0.05)
    model = {"ratio": p / n, "signal": rho**0.5, "init_var": var, "lr": lr}
    curve = rmt.learning_curve(torch.tensor(STEPS), **model).test_accuracy
    return float(STEPS[int(curve.argmax())])


def _path(x: Tensor, y: Tensor, w: Tensor, lr: float) -> Tensor:
    """Weights after each of STEPS, (T, runs, p, 1)."""
    S, b, found = x.mT @ x / x.shape[1], x.mT @ y / x.shape[1], []
    for step in range(1, STEPS[-1] + 1):
        w = w + lr * (b - S @ w)
        if step in STEPS:
            found.append(w)
    return torch.stack(found)
