"""Rules that make an update map out of a gradient: SGD, momentum, Adam.

State lives in the point. Momentum is a map on (position, velocity), Adam one on (position, first
moment, second moment, step count); both compose in either order like any other map.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import ShapeError, refusal, require, require_number
from ..maps import Map

__all__ = [
    "adam_map",
    "adam_state",
    "momentum_map",
    "momentum_state",
    "position",
    "sgd_map",
    "sgd_maps",
]


@dataclass(frozen=True, eq=False)
class _SgdMap:
    """The map of `sgd_map`; moves a stack in place where its gradient can."""

    grad: Map
    lr: float | Tensor
    weight_decay: float

    def __call__(self, theta: Tensor) -> Tensor:
        step = self.grad(theta)
        if self.weight_decay:
            step = step + self.weight_decay * theta
        if isinstance(self.lr, Tensor):
            return theta - self.lr.unsqueeze(-1) * step
        return torch.sub(theta, step, alpha=self.lr)

    @property
    def storage(self):
        return getattr(self.grad, "storage", None)

    def move_(self, stack) -> None:
        self.grad.descend_(stack, self.lr, self.weight_decay)


def sgd_map(grad: Map, lr: float | Tensor, *, weight_decay: float = 0.0) -> Map:
    """Returns the map of one SGD step, T(θ) = θ − lr (∇L(θ) + weight_decay θ).

    Contracts by max(|1 − lr m|, |1 − lr L|) where the batch Hessians lie in [m, L]. Given a
    `nets` gradient (``net.batch_grad(inputs, targets)``), orbits move whole stacks in place.

    Args:
        grad: θ (..., d) ↦ gradient (..., d).
        lr: Learning rate η ≥ 0, or a tensor of them that broadcasts against the replicas (...).
        weight_decay: λ ≥ 0.

    Returns:
        A map (..., d) -> (..., d).

    Raises:
        DomainError: If lr or weight_decay is negative or not finite.

    Example:
        >>> step = sgd_map(lambda theta: theta - 3.0, lr=0.5)
        >>> step(torch.tensor([7.0]))
        tensor([5.])
    """
    require_rates("sgd_map", lr=lr, weight_decay=weight_decay)
    return _SgdMap(grad, lr, weight_decay)


def sgd_maps(
    net,
    inputs: Tensor,
    targets: Tensor,
    batches: Tensor,
    lr: float | Sequence[float],
    *,
    weight_decay: float = 0.0,
) -> list[Map]:
    """Returns one SGD map for each batch of a list.

    Args:
        net: A model of `nets`.
        inputs: All inputs (n, *features).
        targets: All targets (n, ...).
        batches: Indices (N, ..., B) into the n examples, one row a step; dimensions between are
            replicas with batches of their own.
        lr: Learning rate, or N of them: a map keeps its own, so that a schedule belongs to the
            batch and not to the position in the composition.
        weight_decay: λ ≥ 0, on top of the net's own.

    Returns:
        N maps.

    Raises:
        ShapeError: If there are as many learning rates as maps required, but another number given.
        DomainError: If an index lies outside 0..n−1.
    """
    if len(batches):
        low, high = int(batches.min()), int(batches.max())
        rule = f"batches must hold indices in 0..{len(inputs) - 1}"
        fact, remedy = f"they span {low}..{high}", "Draw them below len(inputs)."
        require(0 <= low and high < len(inputs), "sgd_maps", rule, fact, remedy)
    single = isinstance(lr, int | float) or (isinstance(lr, Tensor) and lr.dim() == 0)
    rates = [float(lr)] * len(batches) if single else list(lr)
    rule = f"lr must be one number or one for each of the {len(batches)} batches"
    fact, remedy = f"there are {len(rates)}", "Give every batch its rate."
    require(len(rates) == len(batches), "sgd_maps", rule, fact, remedy, ShapeError)
    return [
        sgd_map(net.batch_grad(inputs[rows], targets[rows]), rate, weight_decay=weight_decay)
        for rows, rate in zip(batches, rates, strict=True)
    ]


def momentum_map(grad: Map, lr: float, *, momentum: float = 0.9, weight_decay: float = 0.0) -> Map:
    """Returns heavy-ball SGD as a map on (θ, v): v ← β v + g, then θ ← θ − lr v.

    On a quadratic of curvature h it is linear; with 4β > (1 + β − lr h)² both eigenvalues have
    modulus √β, the rate of the backward orbit, although the matrix's norm may exceed 1.

    Args:
        grad: θ (..., d) ↦ gradient (..., d).
        lr: Learning rate η ≥ 0.
        momentum: β in [0, 1).
        weight_decay: λ ≥ 0, added to the gradient.

    Returns:
        A map (..., 2d) -> (..., 2d); start it from :func:`momentum_state`.

    Raises:
        DomainError: If a number is outside its range.

    References:
        B. Polyak (1964), Some methods of speeding up the convergence of iteration methods.

    Example:
        >>> step = momentum_map(lambda theta: theta, lr=0.5, momentum=0.5)
        >>> step(momentum_state(torch.tensor([4.0])))
        tensor([2., 4.])
    """
    require_rates("momentum_map", lr=lr, weight_decay=weight_decay)
    require_number("momentum_map", "momentum", momentum, at_least=0, below=1)

    def step(point: Tensor) -> Tensor:
        theta, velocity = _parts("momentum_map", point, 2)
        gradient = grad(theta)
        if weight_decay:
            gradient = gradient + weight_decay * theta
        velocity = momentum * velocity + gradient
        return torch.cat([theta - lr * velocity, velocity], -1)

    return step


def momentum_state(theta: Tensor) -> Tensor:
    """Returns the point of a position at rest, where :func:`momentum_map` starts.

    Args:
        theta: Position (..., d).

    Returns:
        (..., 2d): the position, then zero velocity.
    """
    return torch.cat([theta, torch.zeros_like(theta)], -1)


def adam_map(
    grad: Map,
    lr: float,
    *,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> Map:
    """Returns Adam as a map on (θ, m, s, t), bias corrections included.

    Args:
        grad: θ (..., d) ↦ gradient (..., d).
        lr: Learning rate η ≥ 0.
        betas: Decay rates of the first and second moment, each in [0, 1).
        eps: Added to the root of the second moment, > 0.
        weight_decay: λ ≥ 0, added to the gradient (not decoupled), as in torch.optim.Adam.

    Returns:
        A map (..., 3d + 1) -> (..., 3d + 1); start it from :func:`adam_state`.

    Raises:
        DomainError: If a number is outside its range.

    References:
        D. Kingma, J. Ba (2015), Adam: a method for stochastic optimization, algorithm 1.

    Example:
        >>> step = adam_map(lambda theta: theta, lr=0.5)
        >>> position(step(adam_state(torch.tensor([4.0]))), dim=1)
        tensor([3.5000])
    """
    require_rates("adam_map", lr=lr, weight_decay=weight_decay)
    for beta in betas:
        remedy = "Try (0.9, 0.999)."
        require_number("adam_map", "each of betas", beta, at_least=0, below=1, remedy=remedy)
    require_number("adam_map", "eps", eps, above=0, remedy="Try 1e-8.")
    first_beta, second_beta = betas

    def step(point: Tensor) -> Tensor:
        theta, first, second = _parts("adam_map", point[..., :-1], 3, "and a count of steps")
        count = point[..., -1:] + 1
        gradient = grad(theta)
        if weight_decay:
            gradient = gradient + weight_decay * theta
        first = first_beta * first + (1 - first_beta) * gradient
        second = second_beta * second + (1 - second_beta) * gradient.square()
        root = (second / (1 - second_beta**count)).sqrt() + eps
        theta = theta - lr * (first / (1 - first_beta**count)) / root
        return torch.cat([theta, first, second, count], -1)

    return step


def adam_state(theta: Tensor) -> Tensor:
    """Returns the point of a position before the first step, where :func:`adam_map` starts.

    Args:
        theta: Position (..., d).

    Returns:
        (..., 3d + 1): the position, then zero moments and a count of zero steps.
    """
    zeros = torch.zeros_like(theta)
    return torch.cat([theta, zeros, zeros, zeros[..., :1]], -1)


def position(point: Tensor, dim: int) -> Tensor:
    """Returns the position, the first coordinates of a point that carries state.

    Args:
        point: Points (..., p) of a rule with state.
        dim: d ≤ p, the number of parameters.

    Returns:
        (..., d), a view.
    """
    return point[..., :dim]


def _parts(name: str, point: Tensor, count: int, more: str = "") -> tuple[Tensor, ...]:
    if point.shape[-1] % count:
        raise refusal(
            name,
            f"the point must hold {count} vectors of one length {more}".rstrip(),
            f"it has {point.shape[-1] + bool(more)} numbers",
            f"Start from {name.removesuffix('map')}state(theta).",
            ShapeError,
        )
    return point.chunk(count, -1)


def require_rates(function: str, **rates: float | Tensor) -> None:
    """Checks numbers, or tensors of one for each replica: all ≥ 0 and finite."""
    for name, rate in rates.items():
        for end in (rate.min(), rate.max()) if isinstance(rate, Tensor) else (rate,):
            require_number(function, name, end, at_least=0, remedy="Pass for example 0.1.")
