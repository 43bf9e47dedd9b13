"""Learning curves of gradient descent on two Gaussian classes, in the limit of many dimensions.

x_i = y_i μ + z_i, y_i = ±1, z_i ~ N(0, I_p), i = 1…n, c = p/n, ρ = ‖μ‖². A linear classifier
descends the squared loss ‖y − Xᵀw‖²/(2n) + ridge‖w‖²/2 from w₀ ~ N(0, init_var·I/p):

    w_t = f_t(S) w₀ + g_t(S) Xy/n,   S = XXᵀ/n,   f_t(x) = exp(−lr·t·(x + ridge)),
                                                  g_t(x) = (1 − f_t(x))/(x + ridge)

and f_t(x) = (1 − lr·(x + ridge))^t for discrete steps. Two laws answer everything: Marchenko–Pastur
for what w₀ leaves behind, the spiked one for what is learned.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import require, require_number
from ..tensors import require_entries
from .laws import MarchenkoPastur, SpikedMarchenkoPastur

__all__ = [
    "LearningCurve",
    "SpectralFilter",
    "accuracy_bound",
    "learning_curve",
    "limit_accuracy",
    "spectral_filter",
]


class LearningCurve(NamedTuple):
    """Accuracies in [0, 1] on new data and on the data trained on."""

    test_accuracy: Tensor
    train_accuracy: Tensor


class SpectralFilter(NamedTuple):
    """What is left of the start, f_t(x), and what is learned of the targets, g_t(x)."""

    kept: Tensor
    learned: Tensor


def spectral_filter(
    times: Tensor,
    eigenvalues: Tensor,
    *,
    lr: float,
    ridge: float = 0.0,
    discrete: bool = False,
) -> SpectralFilter:
    """Returns how gradient descent treats each eigenvalue at each time.

    f_t(x) = exp(−lr·t·(x + ridge)), or (1 − lr·(x + ridge))^t for discrete steps, and
    g_t(x) = (1 − f_t(x))/(x + ridge), which is lr·t where the denominator vanishes.

    Args:
        times: Steps ≥ 0, any shape; whole numbers for discrete steps.
        eigenvalues: x ≥ 0, (N,).
        lr: Learning rate > 0.
        ridge: Weight of ‖w‖²/2 in the loss, ≥ 0.
        discrete: Steps of gradient descent in place of gradient flow.

    Returns:
        kept and learned, times.shape + (N,), float64.

    Raises:
        DomainError: If an argument is outside its range.

    Example:
        >>> times, eigenvalues = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.0, 0.5])
        >>> spectral_filter(times, eigenvalues, lr=1.0, discrete=True).learned
        tensor([[0.0000, 0.0000],
                [1.0000, 1.0000],
                [2.0000, 1.5000]], dtype=torch.float64)
    """
    times = checked_times("spectral_filter", times, lr, ridge, discrete)
    return _filter(times, eigenvalues.double(), lr, ridge, discrete)


def learning_curve(
    times: Tensor,
    *,
    ratio: float,
    signal: float,
    init_var: float,
    lr: float,
    ridge: float = 0.0,
    discrete: bool = False,
) -> LearningCurve:
    """Returns the accuracies of gradient descent at all times, for p, n → ∞ with p/n = ratio.

    Test accuracy Φ(E/√V) with E = ρ∫g, V = (ρ + c)∫g² + init_var·∫f² dν; on the training data
    E* = (ρ + c)∫g, V* = (ρ + c)∫xg² + init_var·∫xf² dν − E*². Integrals without a measure are over
    :class:`SpikedMarchenkoPastur`, ν is :class:`MarchenkoPastur`. The number of nodes follows from
    how fast f_t varies, so that the error is roundoff: also at ratio 1, where it grows as
    √(lr·time), and at the threshold ρ = √c.

    Args:
        times: Steps ≥ 0, any shape (flow time is lr·times); whole numbers for discrete steps.
        ratio: c = dimension/samples > 0.
        signal: ‖μ‖ ≥ 0.
        init_var: Variance of p^½ w₀'s entries, ≥ 0. With 0 there is no direction at time 0, and the
            value is the limit from later times: :func:`accuracy_bound`.
        lr: Learning rate > 0.
        ridge: Weight of ‖w‖²/2 in the loss, ≥ 0.
        discrete: Steps of gradient descent in place of gradient flow.

    Returns:
        test_accuracy and train_accuracy of the shape of times, float64.

    Raises:
        DomainError: If an argument is outside its range, or discrete steps diverge: the largest
            eigenvalue must not exceed 2/lr − ridge.

    Example:
        >>> times = torch.tensor([0.0, 100.0, 1000.0])  # it rises, then it fits the noise
        >>> curve = learning_curve(times, ratio=0.5, signal=1.0, init_var=0.1, lr=0.01)
        >>> curve.test_accuracy
        tensor([0.5000, 0.7710, 0.7294], dtype=torch.float64)
        >>> curve.train_accuracy
        tensor([0.5000, 0.9220, 0.9576], dtype=torch.float64)

    References:
        Liao and Couillet (2018), The dynamics of learning: a random matrix approach, ICML.
    """
    times = checked_times("learning_curve", times, lr, ridge, discrete)
    setting = Setting("learning_curve", ratio, signal, init_var, lr, ridge, discrete)
    order = times.flatten().argsort()  # early times need fewer nodes
    rows = max(1, 2**18 // setting.count(float(times.max())))  # 2 MiB an array
    curves = [setting.accuracies(part) for part in times.flatten()[order].split(rows)]
    test, train = (torch.cat(parts)[order.argsort()] for parts in zip(*curves, strict=True))
    return LearningCurve(test.reshape(times.shape), train.reshape(times.shape))


def limit_accuracy(
    *, ratio: float, signal: float, init_var: float, ridge: float = 0.0
) -> LearningCurve:
    """Returns the accuracies after infinitely long training.

    Without ridge Φ(ρ√(1 − c)/√(ρ + c)) and Φ(√((ρ + c)/(1 − c))) for c < 1, whatever the start; for
    c > 1 every sample is fitted and E = ρ/(ρ + c), V = c/((ρ + c)(c − 1)) + init_var·(1 − 1/c):
    what w₀ had in the directions without data stays. At c = 1 the test accuracy is ½.

    Args:
        ratio: c = dimension/samples > 0.
        signal: ‖μ‖ ≥ 0.
        init_var: Variance of p^½ w₀'s entries, ≥ 0.
        ridge: Weight of ‖w‖²/2 in the loss, ≥ 0.

    Returns:
        test_accuracy and train_accuracy, 0-d, float64.

    Raises:
        DomainError: If an argument is outside its range.

    Example:
        >>> limit_accuracy(ratio=0.5, signal=1.0, init_var=0.1).test_accuracy
        tensor(0.7181, dtype=torch.float64)
        >>> limit_accuracy(ratio=1.0, signal=1.0, init_var=0.1).test_accuracy
        tensor(0.5000, dtype=torch.float64)
    """
    setting = Setting("limit_accuracy", ratio, signal, init_var, 1.0, ridge, False)
    if ridge:
        curve = setting.accuracies(torch.tensor([math.inf], dtype=torch.float64))
        return LearningCurve(*(accuracy[0] for accuracy in curve))
    rho = signal**2
    if ratio < 1:
        test = rho * math.sqrt((1 - ratio) / (rho + ratio))
        train = math.sqrt((rho + ratio) / (1 - ratio))
    else:
        left = init_var * (1 - 1 / ratio)
        variance = ratio / ((rho + ratio) * (ratio - 1)) + left if ratio > 1 else math.inf
        test, train = rho / (rho + ratio) / math.sqrt(variance), math.inf
    scores = torch.tensor([test, train], dtype=torch.float64)
    return LearningCurve(*torch.special.ndtr(scores))


def accuracy_bound(ratio: float, signal: float) -> Tensor:
    """Returns the test accuracy that no filter of the spectrum exceeds: Φ(ρ/√(ρ + c)).

    It is that of w = Xy/n, the mean of the classes as the samples show it: by Cauchy and Schwarz
    the best g is a constant. Reached from w₀ = 0 at once, or with ridge → ∞.

    Args:
        ratio: c = dimension/samples > 0.
        signal: ‖μ‖ ≥ 0.

    Returns:
        The accuracy, 0-d, float64.

    Raises:
        DomainError: If an argument is outside its range.

    Example:
        >>> accuracy_bound(0.5, 1.0)
        tensor(0.7929, dtype=torch.float64)
    """
    require_number("accuracy_bound", "ratio", ratio, above=0)
    require_number("accuracy_bound", "signal", signal, at_least=0)
    score = signal**2 / math.sqrt(signal**2 + ratio)
    return torch.special.ndtr(torch.tensor(score, dtype=torch.float64))


class Setting:
    """What a curve depends on but time; scores and accuracies at times (T,)."""

    def __init__(self, function, ratio, signal, init_var, lr, ridge, discrete):
        require_number(function, "init_var", init_var, at_least=0)
        _check_rates(function, lr, ridge)
        self.noise, self.targets = MarchenkoPastur(ratio), SpikedMarchenkoPastur(ratio, signal)
        self.init_var, self.lr, self.ridge, self.discrete = init_var, lr, ridge, discrete
        if discrete:
            need_stable(function, lr, self.targets.support[1] + ridge)

    def count(self, time: float) -> int:
        """Nodes for roundoff: f_t to be resolved, or, where it is long over, the nearest pole."""
        low, high = self.noise.edges
        root = math.sqrt(self.noise.ratio)
        gaps = [low + self.ridge]
        if self.discrete:
            gaps.append(max(2 / self.lr - self.ridge - high, 0.0))
        widths = [math.asinh(math.sqrt(gap / (4 * root))) for gap in gaps]
        pole = 10 / min(widths) if min(widths) else math.inf
        return 16 + math.ceil(min(9 * math.sqrt(self.lr * time * root), pole))

    def scores(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """E/√V on new data and E*/√V* on the data trained on."""
        ratio, rho = self.noise.ratio, self.targets.signal**2
        times = departed(times, self.init_var, self.lr, self.discrete)
        count = self.count(float(times.detach().max()))
        points, noise = self.noise.nodes(count)
        extra, targets = self.targets.nodes(count)  # the same bulk, with an atom of its own
        points = torch.cat([points, extra[count:]])
        targets = torch.cat([targets[:count], torch.zeros(len(noise) - count), targets[count:]])
        noise = torch.cat([noise, torch.zeros(len(extra) - count)])
        points, noise, targets = torch.stack([points, noise, targets]).to(times.device)
        kept, learned = _filter(times, points, self.lr, self.ridge, self.discrete)
        mean = learned @ targets
        power, train_power = (learned**2 @ torch.stack([targets, points * targets], 1)).unbind(-1)
        left, train_left = (kept**2 @ torch.stack([noise, points * noise], 1)).unbind(-1)
        variance = (rho + ratio) * power + self.init_var * left
        train_mean = (rho + ratio) * mean
        train_variance = (rho + ratio) * train_power + self.init_var * train_left - train_mean**2
        # Once every sample is fitted the variance is zero up to roundoff.
        return rho * mean / variance.sqrt(), train_mean / train_variance.clamp_min(0).sqrt()

    def accuracies(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """Φ of the scores."""
        return tuple(torch.special.ndtr(score) for score in self.scores(times))


def _filter(
    times: Tensor, eigenvalues: Tensor, lr: float, ridge: float, discrete: bool
) -> SpectralFilter:
    """f and g from 1 − f, which is accurate where f is close to 1; times.shape + (N,)."""
    # So small a rate is 0 for f, and g = (1 − f)/rate gets its limit lr·t.
    rates = (eigenvalues + ridge).clamp_min(1e-150)
    times = times.unsqueeze(-1)
    if discrete:
        # |1 − lr·x| = 1 − min(lr·x, 2 − lr·x); the clamp keeps 0·log 0 at time 0 a number.
        log = torch.log1p(-torch.minimum(lr * rates, 2 - lr * rates)).clamp_min(-1e300)
        change = torch.expm1(times * log)
        gone = torch.where((lr * rates > 1) & (times % 2 == 1), 2 + change, -change)
    else:
        gone = -torch.expm1(-lr * times * rates)
    return SpectralFilter(1 - gone, gone / rates)


def departed(times: Tensor, init_var: float, lr: float, discrete: bool) -> Tensor:
    """Times, but from w₀ = 0 just after 0: there is no direction before, only its limit."""
    return times if init_var else times.clamp_min(1.0 if discrete else 1e-30 / lr)


def need_stable(function: str, lr: float, largest: float) -> None:
    """Raises DomainError where discrete steps diverge: lr·largest > 2, ridge included."""
    rule = f"lr must be ≤ 2/(largest eigenvalue + ridge) = {2 / largest:.4g} for discrete steps"
    fact = f"it is {lr} (they grow {lr * largest - 1:.4g}-fold each)"
    require(lr * largest <= 2, function, rule, fact, "Take a smaller lr, or discrete=False.")


def _check_rates(function: str, lr: float, ridge: float) -> None:
    require_number(function, "lr", lr, above=0)
    require_number(function, "ridge", ridge, at_least=0)


def checked_times(function: str, times: Tensor, lr: float, ridge: float, discrete: bool) -> Tensor:
    """Times as float64, once they and the rates are what they must be."""
    _check_rates(function, lr, ridge)
    times = torch.as_tensor(times).double()
    rule, fact = "times must hold at least 1", f"their shape is {tuple(times.shape)}"
    require(times.numel() > 0, function, rule, fact, "Pass for example torch.logspace(0, 4, 100).")
    good = (times >= 0) & times.isfinite()
    if discrete:
        good &= times == times.round()
    rule = "whole numbers ≥ 0 for discrete steps" if discrete else "≥ 0 and finite"
    remedy = "They count steps; for time without end see limit_accuracy."
    require_entries(good, function, f"times must be {rule}", times, remedy)
    return times
