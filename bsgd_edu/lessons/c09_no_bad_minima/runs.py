"""Runs of chapter 9: many descents at once, where they end, and what could have stopped them."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ... import nets, rules
from ...errors import DomainError
from ...estimates import Estimate, share_and_stderr
from ...maps import forward_orbit
from ...nets import DeepLinear, ProductLoss
from ...nets.deep_linear import escape, factor_gradients
from ...seeding import generator
from . import traps

__all__ = [
    "SINGULAR_VALUES",
    "Fall",
    "Stairs",
    "climb_down",
    "convex_losses",
    "descend",
    "leave_trap",
    "power_between",
    "quasi_newton",
    "search_box",
    "smoothed_curvature",
    "stuck_share",
]

_REAL = {"dtype": torch.float64}


def descend(
    net: DeepLinear, start: Tensor, lr: float, at: Sequence[int], momentum: float = 0.0
) -> Tensor:
    """Returns the points of full-batch descent: a product of one map with itself, again and again.

    Args:
        net: Whose loss falls.
        start: Points (..., d).
        lr: Learning rate.
        at: Numbers of steps, increasing.
        momentum: Of the heavy ball; 0 is gradient descent.

    Returns:
        (len(at), ..., d).
    """
    if not momentum:
        return forward_orbit([rules.sgd_map(net.grad, lr)] * at[-1], start, at=at)
    step = rules.momentum_map(net.grad, lr, momentum=momentum)
    orbit = forward_orbit([step] * at[-1], rules.momentum_state(start), at=at)
    return rules.position(orbit, net.dim)


def convex_losses(stream: torch.Generator) -> dict[str, tuple[ProductLoss, float, int]]:
    """Returns three convex losses of 3×4 matrices, none of them plain squares, with their pace.

    A hundred examples x ~ N(0, I) and y = (3x₁, 2x₂, x₃) + N(0, I): mean fourth power of the
    errors, squares with log-normal weights, and the logistic loss of the signs of y with the
    ridge 0.01‖A‖².

    Args:
        stream: Where the data are drawn; they lie on its device.

    Returns:
        Name → (loss, learning rate at momentum 0.9, number of steps).
    """
    device = stream.device
    x, noise, trust = (
        torch.randn(100, k, generator=stream, device=device, **_REAL) for k in (4, 3, 3)
    )
    y = x[:, :3] * torch.tensor([3.0, 2.0, 1.0], device=device) + noise
    signs, trust, count = y.sign().mT, trust.exp().mT, y.numel()

    def margins(matrix: Tensor) -> Tensor:
        return -signs * (matrix @ x.mT)

    weighted = ProductLoss(
        lambda matrix: (trust * (matrix @ x.mT - y.mT).square()).sum((-2, -1)) / count,
        lambda matrix: 2 * (trust * (matrix @ x.mT - y.mT)) @ x / count,
    )
    logistic = ProductLoss(
        lambda m: softplus(margins(m)).sum((-2, -1)) / count + 0.01 * m.square().sum((-2, -1)),
        lambda m: -(signs * margins(m).sigmoid()) @ x / count + 0.02 * m,
    )
    return {
        "fourth power": (nets.lp_loss(x, y, 4), 0.001, 6000),
        "weighted squares": (weighted, 0.02, 600),
        "logistic and ridge": (logistic, 0.2, 600),
    }


def stuck_share(weight: float, std: float, runs: int, *, seed: int) -> Estimate:
    """Returns which share of descents through `traps.bottleneck_trap` ends at loss 1.

    Step size 0.04/K, twice that from starts below ½; time 24, but 60 for K < 2: beside a saddle
    with factors of unequal size the way out is slow.

    Args:
        weight: K.
        std: σ of the normal starts.
        runs: How many.
        seed: Of the starts.

    Returns:
        The share and its standard error.
    """
    net, _ = traps.bottleneck_trap(weight)
    starts = net.init(generator(seed, "bottleneck", weight, std), (runs,), std=std)
    lr, time = 0.04 / (weight * max(std, 0.5)), 24 if weight > 2 else 60
    losses = net.loss(descend(net, starts, lr, [round(time / lr)])[0])
    return share_and_stderr((losses - 1).abs() < 1e-3)


def power_between(estimates: Mapping[float, Estimate], low: float, high: float) -> Estimate:
    """Returns the slope in logarithms between two abscissae: p, where estimates go like x^p.

    log(y₂/y₁)/log(x₂/x₁), with the relative errors of both estimates added in squares.

    Args:
        estimates: Abscissa x > 0 → independent estimate y > 0.
        low: One of the abscissae.
        high: A larger one.

    Returns:
        The slope and its standard error.

    Raises:
        DomainError: If not 0 < low < high, or one of the two estimates is not positive.

    Example:
        >>> shares = {0.1: Estimate(torch.tensor(0.02), torch.tensor(0.002)),
        ...           1.0: Estimate(torch.tensor(0.2), torch.tensor(0.02))}
        >>> slope, stderr = power_between(shares, 0.1, 1.0)
        >>> round(float(slope), 4), round(float(stderr), 4)
        (1.0, 0.0614)
    """
    (below, below_error), (above, above_error) = estimates[low], estimates[high]
    if not (0 < low < high and below > 0 and above > 0):
        raise DomainError(
            "power_between: abscissae must be 0 < low < high and their estimates > 0, but they are "
            f"{low:g} and {high:g} with {float(below):g} and {float(above):g}. Logarithms need "
            "positive numbers: take more runs."
        )
    distance = math.log(high / low)
    spread = torch.hypot(below_error / below, above_error / above)
    return Estimate((above / below).log() / distance, spread / distance)


def smoothed_curvature(smoothing: float) -> float:
    """Returns |λ|, the negative curvature of `traps.kink_trap` with its corners rounded off.

    λ = 1/2h − √(1/4h² + 1) is the lower eigenvalue of [[0, −1], [−1, 1/h]], what the pair
    (W₁)₁₂, (W₂)₂₁ sees; about −h.

    Args:
        smoothing: h > 0.

    Returns:
        |λ|.

    Example:
        >>> round(smoothed_curvature(0.5), 4), round(smoothed_curvature(0.01), 4)
        (0.4142, 0.01)
    """
    return math.hypot(0.5 / smoothing, 1) - 0.5 / smoothing


class Fall(NamedTuple):
    """Losses (k, runs) of descents from beside a saddle, at |λ| times time (k,)."""

    time: Tensor
    losses: Tensor


def leave_trap(smoothing: float, kicks: Tensor, at: Sequence[int]) -> Fall:
    """Returns heavy-ball descents from beside the smoothed trap, in the time of their saddle.

    The learning rate 5e-4/|λ| at momentum 0.9 makes each step 5e-3 units of 1/|λ|.

    Args:
        smoothing: h > 0.
        kicks: What is added to the trap, (runs, 8).
        at: Numbers of steps, increasing.

    Returns:
        |λ| times time, (len(at),), and losses, (len(at), runs).
    """
    net, point = traps.kink_trap(smoothing)
    lr = 5e-4 / smoothed_curvature(smoothing)
    return Fall(5e-3 * torch.tensor(at), net.loss(descend(net, point + kicks, lr, at, 0.9)))


def quasi_newton(smoothing: float, kicks: Tensor) -> Tensor:
    """Returns the losses that SciPy's L-BFGS-B reports as final, with its default tolerances.

    Args:
        smoothing: h > 0 of `traps.kink_trap`.
        kicks: What is added to the trap, (runs, 8).

    Returns:
        (runs,), nan where the routine does not report success.
    """
    from scipy.optimize import minimize

    net, point = traps.kink_trap(smoothing)

    def both(theta):
        theta = torch.from_numpy(theta)
        return net.loss(theta).item(), net.grad(theta).numpy()

    starts = (point + kicks).numpy()
    ends = [minimize(both, start, jac=True, method="L-BFGS-B") for start in starts]
    return torch.tensor([end.fun if end.success else math.nan for end in ends], **_REAL)


def search_box(radius: float, starts: int, *, generator: torch.Generator) -> Tensor:
    """Returns the losses that a search in the box of radius r around the kink's trap ends at.

    With one layer held, the loss is piecewise linear in the other, and a linear program finds its
    best place in the box exactly; the layers take turns until nothing is gained. Every second
    start is a corner of the box.

    Args:
        radius: r > 0.
        starts: How many.
        generator: Where starts are drawn.

    Returns:
        (starts,).

    Raises:
        DomainError: If the radius is not positive.
    """
    if not radius > 0:
        raise DomainError(
            f"search_box: radius must be > 0, but it is {radius}. In a box of radius 0 there is "
            "only the trap."
        )
    net, point = traps.kink_trap()
    first, second = net.factors(point)
    draws = 2 * torch.rand(starts, 2, 2, generator=generator, device=generator.device, **_REAL) - 1
    draws[::2] = draws[::2].sign()
    ends = []
    for draw in draws.cpu():
        upper, loss, before = second + radius * draw, 1e9, math.inf
        while before - loss > 1e-12:
            before = loss
            lower, _ = _best_layer(first, radius, lambda w, fixed=upper: fixed @ w)
            upper, loss = _best_layer(second, radius, lambda w, fixed=lower: w @ fixed)
        ends.append(loss)
    return torch.tensor(ends, **_REAL)


def _best_layer(
    centre: Tensor, radius: float, product: Callable[[Tensor], Tensor]
) -> tuple[Tensor, float]:
    """Minimises Σ|product(w) − e₂e₂ᵀ| over ‖w − centre‖_∞ ≤ radius, with bounds on each |·|."""
    import numpy as np
    from scipy.optimize import linprog

    units = torch.eye(4, **_REAL).view(4, 2, 2)
    rows = product(units).reshape(4, 4).T.numpy()  # entry of A against entry of w
    target, bound = np.array([0.0, 0.0, 0.0, 1.0]), np.eye(4)
    found = linprog(
        np.r_[np.zeros(4), np.ones(4)],
        A_ub=np.block([[rows, -bound], [-rows, -bound]]),
        b_ub=np.r_[target, -target],
        bounds=[(c - radius, c + radius) for c in centre.flatten().tolist()] + [(0, None)] * 4,
    )
    return torch.tensor(found.x[:4]).view(2, 2), float(found.fun)


SINGULAR_VALUES = (3.0, 2.0, 1.0)  # of the matrix that the stairs lead to


class Stairs(NamedTuple):
    """Losses of each descent, layer one's gradient after each escape, and where it all ended."""

    losses: tuple[Tensor, ...]
    pushes: tuple[float, ...]
    predicted: tuple[float, ...]
    theta: Tensor
    rank: int


@lru_cache(maxsize=128)
def climb_down(layers: int, size: float, presses: int) -> Stairs:
    """Returns what escapes and descents from the origin lead to, for f = ‖A − diag(3, 2, 1)‖².

    Each press makes the constructive escape, then gradient descent. At the origin, and at
    balanced saddles, the escape gives the first layer the gradient δ^{N−1}σ₁(∇f).

    Args:
        layers: N ≥ 2; hidden layers are one wider than the input.
        size: δ of the escape.
        presses: Number of escapes; those after the global minimum do nothing.

    Returns:
        Losses, gradients of the first layer and their prediction, the last point and its rank.
    """
    inside = len(SINGULAR_VALUES)
    target = torch.diag(torch.tensor(SINGULAR_VALUES, **_REAL))
    net = nets.DeepLinear([inside, *[inside + 1] * (layers - 1), inside], nets.squared_loss(target))
    if presses == 0:
        origin = torch.zeros(net.dim, **_REAL)
        return Stairs((net.loss(origin)[None],), (), (), origin, 0)
    before = climb_down(layers, size, presses - 1)
    slope = net.loss_of_product.gradient(net.product(before.theta))
    if slope.norm() < 1e-6:
        return before
    factors = escape(net.factors(before.theta), slope, size)
    push = float(factor_gradients(factors, slope)[0].norm())
    predicted = size ** (layers - 1) * float(torch.linalg.matrix_norm(slope, 2))
    theta, losses = net.flat(factors), []
    for _ in range(5000):
        losses.append(net.loss(theta))
        gradient = net.grad(theta)
        if gradient.norm() < 1e-9:
            break
        theta = theta - 0.03 * gradient
    rank = int((torch.linalg.svdvals(net.product(theta)) > 1e-3).sum())
    moved = (*before.losses, torch.stack(losses)), (*before.pushes, push)
    return Stairs(*moved, (*before.predicted, predicted), theta, rank)
