"""Optimisers side by side: tuned races, and the rule of depth against the network itself."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ... import datasets, nets, optim, rules
from ...errors import DataError, UsageError
from ...maps import Map, forward_orbit

__all__ = [
    "METHODS",
    "Memory",
    "RuleGap",
    "Tuned",
    "ethanol_race",
    "geometric_mean",
    "memory",
    "race",
    "regressions",
    "rule_gap",
    "steps_to",
    "tuned_race",
]

METHODS = (
    "depth 1",
    "depth 2",
    "depth 3",
    "scale of depth 2",
    "warm-up of 30",
    "momentum",
    "AdaGrad",
    "AdaDelta",
)
_TORCH = {
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "AdaGrad": (torch.optim.Adagrad, {}),
    "AdaDelta": (torch.optim.Adadelta, {}),
}


def regressions(inputs: Tensor, targets: Tensor, power: int) -> nets.ProductLoss:
    """Returns l_p regressions (1/p) mean |x·w − y|^p, one a draw of the data, as one loss.

    Args:
        inputs: (draws, n, d).
        targets: (draws, n).
        power: p, even.

    Returns:
        The loss of matrices (draws, k, 1, d).

    Raises:
        UsageError: If p is not even.
    """
    if power not in (2, 4, 6, 8):
        raise UsageError(
            f"regressions: power must be even, 2 to 8, but it is {power!r}. Pass 4, or take "
            "nets.lp_loss for other powers."
        )
    shifted, count = targets.unsqueeze(-2), targets.shape[-1]

    def value(matrix: Tensor) -> Tensor:
        return (matrix.squeeze(-2) @ inputs.mT - shifted).pow(power).sum(-1) / (power * count)

    def derivative(matrix: Tensor) -> Tensor:
        residuals = matrix.squeeze(-2) @ inputs.mT - shifted
        return (residuals.pow(power - 1) @ inputs / count).unsqueeze(-2)

    return nets.ProductLoss(value, derivative)


def race(
    loss: nets.ProductLoss, start: Tensor, method: str, rates: Tensor, at: Sequence[int]
) -> Tensor:
    """Returns the losses of one method at every learning rate of a grid, all in one cloud.

    Networks have hidden width 1 and start balanced. ``"scale of depth N"`` is descent with the
    learning rate η|w|^{2−2/N}: the preconditioner of depth without its direction. ``"warm-up of
    T"`` is descent with ηt/T at the steps t = 1 … T and η from then on: it knows of no |w|.

    Args:
        loss: Of matrices (*draws, k, 1, d).
        start: w_e(0), (*draws, d), the same for all methods and rates.
        method: ``"depth N"``, ``"rule of depth N"`` (the end-to-end rule), ``"scale of depth N"``,
            ``"warm-up of T"``, and of torch ``"momentum"`` (heavy ball, 0.9), ``"AdaGrad"`` or
            ``"AdaDelta"``.
        rates: η, (k,).
        at: Steps at which the loss is read, increasing.

    Returns:
        (len(at), *draws, k); NaN or ∞ where a rate diverged.

    Raises:
        UsageError: If there is no such method.
    """
    kind, _, number = method.rpartition(" ")
    count = int(number) if number.isdigit() else 0  # N, or T
    wide = start.unsqueeze(-2).expand(*start.shape[:-1], len(rates), start.shape[-1])
    dim, steps = start.shape[-1], max(at)

    def gradient(w: Tensor) -> Tensor:
        return loss.gradient(w.unsqueeze(-2)).squeeze(-2)

    if method in _TORCH:

        def turned(points: Tensor) -> Tensor:  # there the rates come first, here last
            return gradient(points.movedim(0, -2)).movedim(-2, 0)

        kind, options = _TORCH[method]
        orbit = optim.grid_orbit(kind, turned, start, rates, num_steps=steps, at=at, **options)
        orbit = orbit.movedim(1, -2)
    elif kind == "depth" and count:
        net = nets.DeepLinear([dim] + [1] * count, loss)
        factors = nets.deep_linear.balanced_factors(wide.unsqueeze(-2), net.widths)
        orbit = forward_orbit([rules.sgd_map(net.grad, rates)] * steps, net.flat(factors), at=at)
        return torch.stack([net.loss(points) for points in orbit])
    elif kind == "rule of depth" and count:
        step = rules.end_to_end_map(gradient, rates, count, shape=(1, dim))
        orbit = forward_orbit([step] * steps, wide, at=at)
    elif kind == "scale of depth" and count:

        def scaled(w: Tensor) -> Tensor:
            return w.norm(dim=-1, keepdim=True) ** (2 - 2 / count) * gradient(w)

        orbit = forward_orbit([rules.sgd_map(scaled, rates)] * steps, wide, at=at)
    elif kind == "warm-up of" and count:
        risen = [min(1.0, (step + 1) / count) for step in range(steps)]
        maps = [rules.sgd_map(gradient, part * rates) for part in risen]
        orbit = forward_orbit(maps, wide, at=at)
    else:
        raise UsageError(
            f"race: method must be one of {', '.join(METHODS)}, 'rule of depth 2', another "
            f"depth or warm-up, but it is {method!r}. Choose one."
        )
    return torch.stack([loss(points.unsqueeze(-2)) for points in orbit])


def steps_to(at: Sequence[int], losses: Tensor, target: float) -> Tensor:
    """Returns after how many steps a loss is at or below a target for the first time.

    Between two steps that were read, the logarithms are joined by a straight line.

    Args:
        at: Steps, (m,), increasing, the first may be 0.
        losses: (m, ...).
        target: > 0.

    Returns:
        (...), ∞ where it never happens.

    Example:
        >>> steps_to([1, 100], torch.tensor([1.0, 0.01]), 0.1).round()
        tensor(10.)
    """
    there = losses <= target
    first = there.int().argmax(0)
    before = (first - 1).clamp(min=0)
    times = torch.as_tensor(at, dtype=losses.dtype, device=losses.device).clamp(min=1).log()
    high, low = losses.gather(0, torch.stack([before, first])).log()
    share = ((high - math.log(target)) / (high - low)).nan_to_num(1.0).clamp(0, 1)
    between = times[before] + share * (times[first] - times[before])
    return torch.where(there.any(0), between.exp(), torch.inf)


class Tuned(NamedTuple):
    """A method at the learning rate that serves it best, draw by draw."""

    steps: Tensor  # until the target, (draws,); the whole run where it is never reached
    rate: Tensor  # the best one, (draws,)
    curve: Tensor  # losses with it, (len(at), draws)
    at: list[int]
    rates: Tensor  # all of them, (k,)
    grid: Tensor  # steps until the target with each, (draws, k)

    @property
    def at_end(self) -> Tensor:
        """Whether the best rate is the grid's first or last: a wider grid might help, (draws,)."""
        return (self.rate == self.rates[0]) | (self.rate == self.rates[-1])

    @property
    def mean_steps(self) -> Tensor:
        """The steps' geometric mean over draws: ratios of it are the mean ratios."""
        return geometric_mean(self.steps)


def tuned_race(
    loss: nets.ProductLoss, start: Tensor, rates: Mapping[str, Tensor], steps: int, target: float
) -> dict[str, Tuned]:
    """Races methods, each at the learning rate of its grid that reaches a target first.

    Args:
        loss: Of matrices (draws, k, 1, d), from :func:`regressions`.
        start: w_e(0), (draws, d).
        rates: Method → η, (k,).
        steps: Number of steps; losses are read at about 24 a decade.
        target: Loss to reach.

    Returns:
        Method → its tuned runs.
    """
    places = range(int(24 * math.log10(steps)) + 1)
    at = [0, *sorted({round(10 ** (k / 24)) for k in places} | {steps})]
    found = {}
    for method, grid in rates.items():
        losses = race(loss, start, method, grid, at)
        passed = steps_to(at, losses, target)
        # Where no rate arrives, the lowest last loss is what a tuner would take.
        last = losses[-1].nan_to_num(torch.inf)
        best = torch.where(passed.isinf(), steps + last, passed).argmin(-1)
        place = best[None, :, None].expand(len(at), -1, 1)
        curve = losses.gather(-1, place).squeeze(-1)
        found[method] = Tuned(passed.amin(-1).clamp(max=steps), grid[best], curve, at, grid, passed)
    return found


def geometric_mean(values: Tensor) -> Tensor:
    """Returns the geometric mean of positive numbers, what factors such as speed-ups average to.

    Example:
        >>> geometric_mean(torch.tensor([2.0, 8.0]))
        tensor(4.)
    """
    return values.log().mean().exp()


class RuleGap(NamedTuple):
    """How far a network and the end-to-end rule are apart at time ηt = 1, one row a rate."""

    distance: Tensor  # relative, (k,)
    imbalance: Tensor  # of the network's factors, (k,)
    product: Tensor  # of the network, (k, rows · cols)


def rule_gap(
    factors: Sequence[Tensor], loss: nets.ProductLoss, rates: Tensor, weight_decay: float = 0.0
) -> RuleGap:
    """Descends on factors, follows the rule from their product, and compares after 1/η steps.

    Args:
        factors: First layer first, (d_j, d_{j−1}).
        loss: Of the product.
        rates: η, (k,), largest first.
        weight_decay: λ ≥ 0.

    Returns:
        Distances.
    """
    deep = nets.deep_linear
    net = nets.DeepLinear([factors[0].shape[-1], *(f.shape[-2] for f in factors)], loss)
    begin, last = deep.end_to_end(factors), (1 / rates).round().long().tolist()

    def slope(w: Tensor) -> Tensor:
        return loss.gradient(w.unflatten(-1, begin.shape)).flatten(-2)

    def after(step: Map, start: Tensor) -> Tensor:
        points = start.expand(len(last), -1)
        orbit = forward_orbit([step] * max(last), points, at=last)
        return orbit.diagonal(dim1=0, dim2=1).mT  # rate i is read at its own last step

    options = {"weight_decay": weight_decay}
    theta = after(rules.sgd_map(net.grad, rates, **options), net.flat(factors))
    rule = rules.end_to_end_map(slope, rates, net.depth, shape=tuple(begin.shape), **options)
    end, made = after(rule, begin.flatten()), net.product(theta).flatten(-2)
    distance = (made - end).norm(dim=-1) / end.norm(dim=-1)
    return RuleGap(distance, deep.balancedness(net.factors(theta)), made)


class Memory(NamedTuple):
    """A depth-2 run read as momentum: w ← (1 − γ_t) w − ρ_t g_t."""

    error: float  # of the last w, rebuilt from past gradients, relative
    rho: Tensor  # (steps,)
    gamma: Tensor  # (steps,)
    share: Tensor  # |γ_t w_t| / |ρ_t g_t|, the past's part of a step against the newest's, (steps,)

    def weights(self, step: int) -> Tensor:
        """Returns the weight of each past gradient in a step, by age from 0, newest = 1."""
        later = torch.cat([1 - self.gamma[1:step], torch.ones_like(self.gamma[:1])])
        past = -self.gamma[step] * self.rho[:step] * later.flip(0).cumprod(0).flip(0)
        return torch.cat([past, self.rho[step : step + 1]]).flip(0) / self.rho[step]


def memory(loss: nets.ProductLoss, start: Tensor, rate: float, steps: int) -> Memory:
    """Takes a network with one hidden number apart into the gradients at its product.

    ρ_t = η w_2² and γ_t = η (∂L/∂w_2)/w_2, so that w_t = Π(1 − γ_s) w_0 − Σ_τ ρ_τ g_τ
    Π_{τ<s<t}(1 − γ_s) + O(η). In balance w_2² = |w|, and the past's part of a step, −γ_t w_t, is
    −ρ_t (ŵ·g) ŵ: the second gain along w, by another name.

    Args:
        loss: Of matrices (..., 1, d).
        start: w_e(0), (d,).
        rate: η.
        steps: Number of steps.

    Returns:
        The parts, and how well they rebuild the last w.
    """
    net = nets.DeepLinear([len(start), 1, 1], loss)
    theta = net.flat(nets.deep_linear.balanced_factors(start.unsqueeze(0), net.widths))
    path = forward_orbit([rules.sgd_map(net.grad, rate)] * steps, theta)
    first, second = path[..., :-1], path[..., -1]
    w = first * second.unsqueeze(-1)
    g = loss.gradient(w.unsqueeze(-2)).squeeze(-2)
    rho, gamma = rate * second.square(), rate * (first * g).sum(-1) / second
    rebuilt = w[0]
    for t in range(steps):
        rebuilt = (1 - gamma[t]) * rebuilt - rho[t] * g[t]
    error = float((rebuilt - w[-1]).norm() / w[-1].norm())
    share = (gamma * w.norm(dim=-1)).abs() / (rho * g.norm(dim=-1))
    return Memory(error, rho[:-1], gamma[:-1], share[:-1])


def ethanol_race(
    at: Sequence[int], *, device: torch.device | str = "cpu"
) -> dict[str, dict[str, Tensor]] | None:
    """Runs the tuned race on the paper's own data, if it can be had.

    Features and concentrations are standardised; each method is shown at the learning rate (of
    37 from 1e-4 to 10^0.5) with the lowest last loss.

    Args:
        at: Steps at which losses are read.
        device: Where to compute.

    Returns:
        ``"p = 4"`` and ``"p = 2"`` → method → losses (len(at),); None without the data.
    """
    try:
        data = datasets.load("ethanol")
    except DataError:
        return None
    table = torch.cat([data.inputs, data.targets.unsqueeze(-1)], -1).to(device, torch.float64)
    table = (table - table.mean(0)) / table.std(0)
    start = torch.full_like(table[0, :-1], 0.01 / (table.shape[-1] - 1) ** 0.5)
    rates = 10 ** (torch.arange(37, dtype=torch.float64, device=device) / 8 - 4)
    shown: dict[str, dict[str, Tensor]] = {}
    for power in (4, 2):
        loss = nets.lp_loss(table[:, :-1], table[:, -1], power)
        runs = {method: race(loss, start, method, rates, at) for method in METHODS[:-1]}
        shown[f"p = {power}"] = {
            method: run[:, run[-1].nan_to_num(torch.inf).argmin()] for method, run in runs.items()
        }
    return shown
