"""Explorers of chapter 2: runs that share their ending, and where SGD is stable in what sense."""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ... import dynamics, plot
from ...maps import AffineMap, backward_orbit, forward_orbit
from ...plot.explorer import Explorer, tabs
from ...seeding import generator
from . import figures
from .stability import draw_shared_endings, draw_spread, draw_stability

__all__ = [
    "Endings",
    "Stability",
    "chapter",
    "endings",
    "shared_endings",
    "stability",
    "stability_boundaries",
    "stability_map",
]

MOST_SHARED = 40
DIMENSIONS = (1, 2, 3, 5, 8, 12, 20, 30)
BATCHES = (1, 2, 4, 8, 16, 32)


def _regression_maps(lr: float, dim: int, batch: int, shape, stream: torch.Generator) -> AffineMap:
    """SGD steps (*shape) of linear regression on fresh Gaussian data with unit noise, θ* = 0."""
    x = torch.randn(*shape, batch, dim, generator=stream, dtype=torch.float64)
    noise = torch.randn(*shape, batch, 1, generator=stream, dtype=torch.float64)
    identity = torch.eye(dim, dtype=torch.float64)
    return AffineMap(identity - lr / batch * x.mT @ x, lr / batch * (x.mT @ noise).squeeze(-1))


# --- shared endings ---------------------------------------------------------------------------


class Endings(NamedTuple):
    """Ends of runs (runs, 2), their spread for 0 … 40 shared batches, and what theory says."""

    points: Tensor
    spread: Tensor
    theory: Tensor
    outline: Tensor
    shared: int
    distance: float


def endings(shared: int, lr: float, batch: int, lists: int, runs: int = 80) -> Endings:
    """Returns where runs end that differ in their beginning and agree in their last batches.

    Args:
        shared: K, the number of last batches that all runs have in common, 0 … 40.
        lr: Step size, below the mean-square limit of two-dimensional regression.
        batch: B.
        lists: Which batches are drawn.
        runs: Number of runs.

    Returns:
        The ends and their spread; the prediction is spread₀ e^{γK}, γ the Lyapunov exponent.
    """
    own = _regression_maps(lr, 2, batch, (60, runs), generator(lists, "own"))
    before = forward_orbit(own, torch.zeros(runs, 2, dtype=torch.float64), at=[60])[0]
    pinned = _regression_maps(lr, 2, batch, (MOST_SHARED,), generator(lists, "pinned"))
    # Map 1 of the pinned ones is applied last: one more shared batch is one more map inside.
    ends = backward_orbit(pinned, before)  # (41, runs, 2)
    centre = ends.mean(1, keepdim=True)
    spread = (ends - centre).square().sum(-1).mean(-1).sqrt()
    std = math.sqrt(dynamics.stationary.regression_sgd_variance(lr, 2, batch, 1.0))
    rate = dynamics.tails.regression_lyapunov_exponent(lr, 2, batch)
    theory = std * 2**0.5 * (rate * torch.arange(MOST_SHARED + 1)).exp()
    angle = torch.linspace(0, 2 * math.pi, 60)
    outline = 2 * std * torch.stack([angle.cos(), angle.sin()], dim=1)
    distance = centre[shared].norm().item()
    return Endings(ends[shared], spread, theory, outline, shared, distance)


def shared_endings() -> Explorer:
    """Returns the explorer of many runs with their last batches pinned."""
    import ipywidgets as widgets

    def draw(result: Endings):
        left, right = plot.grid(1, 2, (7.4, 3.9))
        draw_shared_endings(result.points, torch.zeros(2), result.outline, left)
        draw_spread(result.spread, result.theory, result.shared, result.distance, right)
        return left

    def describe(result: Endings) -> str:
        spread = float(result.spread[result.shared])
        if result.shared == 0:
            return f"Nothing shared: the ends scatter as the stationary law, spread {spread:.2g}."
        where = "they agree on a wrong point" if spread < result.distance / 10 else "they draw near"
        return (
            f"The last {result.shared} batches are the same for all runs: spread {spread:.2g}, "
            f"distance of their mean to the minimiser {result.distance:.2g}; {where}."
        )

    return Explorer(
        title="Runs that share their last batches",
        controls={
            "shared": widgets.IntSlider(8, 0, MOST_SHARED, description="shared last batches K"),
            "lr": widgets.FloatSlider(
                value=0.2, min=0.05, max=0.45, step=0.05, description="learning rate η"
            ),
            "batch": widgets.Dropdown(options=BATCHES, value=2, description="batch size B"),
            "lists": widgets.Button(description="Other batches"),
        },
        model=endings,
        draw=draw,
        describe=describe,
        height=390,
    )


# --- the map of stability ---------------------------------------------------------------------


class Stability(NamedTuple):
    """One point of the map: the boundaries of its batch size, paths, and the three verdicts."""

    dim: int
    lr: float
    batch: int
    forward: Tensor
    backward: Tensor
    at: tuple[int, ...]
    exponent: float
    mean_log_lipschitz: float


@lru_cache(maxsize=16)
def stability_boundaries(batch: int) -> dict[str, Tensor]:
    """Returns the largest stable learning rate for each of `DIMENSIONS`, in three senses.

    Args:
        batch: B.

    Returns:
        "paths converge, γ < 0", "variance is finite" and "E log Lip < 0", each (8,); 0 where the
        condition holds for no learning rate.
    """
    from scipy.optimize import brentq

    gamma, lipschitz = [], []
    lrs = torch.logspace(-2, 0.8, 160, dtype=torch.float64)
    for dim in DIMENSIONS:

        def rate(lr: float, dim: int = dim) -> float:
            return dynamics.tails.regression_lyapunov_exponent(lr, dim, batch)

        low = dynamics.stationary.regression_sgd_limit(dim, batch)  # γ < 0 there: Jensen
        high = 2 * low
        while rate(high) < 0:
            high *= 1.5
        gamma.append(brentq(rate, low, high, xtol=1e-4))
        if batch < dim:
            lipschitz.append(0.0)
            continue
        stream = generator(0, "lipschitz", dim, batch)
        mean = dynamics.tails.regression_mean_log_lipschitz(
            lrs, dim, batch, generator=stream, num_samples=300
        )
        holds = (mean < 0).nonzero()
        lipschitz.append(float(lrs[holds.max()]) if len(holds) else 0.0)
    limits = [dynamics.stationary.regression_sgd_limit(dim, batch) for dim in DIMENSIONS]
    return {
        "paths converge: γ < 0": torch.tensor(gamma),
        "variance is finite": torch.tensor(limits),
        "E log Lip < 0": torch.tensor(lipschitz),
    }


def stability(dim: int, log_lr: float, batch: int, runs: int = 3, steps: int = 120) -> Stability:
    """Returns paths and verdicts for one dimension, learning rate and batch size.

    Args:
        dim: d.
        log_lr: log₁₀ of the learning rate.
        batch: B.
        runs: Paths.
        steps: Maps composed.

    Returns:
        Norms of the forward and backward iterates, and the quantities that decide.
    """
    lr = 10.0**log_lr
    maps = _regression_maps(lr, dim, batch, (steps, runs), generator(0, "paths", dim, batch))
    start = torch.ones(runs, dim, dtype=torch.float64)
    at = tuple(range(0, steps + 1, 4))
    forward, backward = (
        orbit(maps.unbind(), start, at=at).norm(dim=-1) for orbit in (forward_orbit, backward_orbit)
    )
    exponent = dynamics.tails.regression_lyapunov_exponent(lr, dim, batch)
    mean_log = dynamics.tails.regression_mean_log_lipschitz(
        lr, dim, batch, generator=generator(0, "lipschitz", dim, batch), num_samples=300
    )
    return Stability(dim, lr, batch, forward, backward, at, exponent, mean_log.item())


def stability_map() -> Explorer:
    """Returns the explorer of the three boundaries of stability."""
    import ipywidgets as widgets

    def draw(result: Stability):
        left, right = plot.grid(1, 2, (7.4, 3.9))
        boundaries = stability_boundaries(result.batch)
        draw_stability(DIMENSIONS, boundaries, (result.dim, result.lr), left)
        # A diverging path is shown up to a size that the axis can still tell apart.
        norms = (values.clamp(max=1e12) for values in (result.forward, result.backward))
        figures.draw_scalar_paths(*norms, right)
        ticks = range(0, len(result.at), 5)
        right.set_xticks(list(ticks), [str(result.at[i]) for i in ticks])
        right.set(yscale="log", ylabel="distance $\\|\\theta_n-\\theta^*\\|$")
        return left

    def describe(result: Stability) -> str:
        limit = dynamics.stationary.regression_sgd_limit(result.dim, result.batch)
        variance = "finite" if result.lr < limit else "infinite"
        if result.exponent >= 0:
            story = "Both orders diverge"
        elif result.lr >= limit:
            story = "Backward converges to a point, forward to a law without a variance"
        else:
            story = "Backward converges to a point, forward to a law with a variance"
        theorem = "proves it" if result.mean_log_lipschitz < 0 else "is silent"
        return (
            f"{story}: exponent γ = {result.exponent:.3f}, variance {variance} (limit η = "
            f"{limit:.3f}). The average-contraction theorem {theorem}: E log Lip = "
            f"{result.mean_log_lipschitz:.3f}."
        )

    return Explorer(
        title="Where linear-regression SGD is stable",
        controls={
            "dim": widgets.IntSlider(5, 1, DIMENSIONS[-1], description="dimension d"),
            "log_lr": widgets.FloatSlider(
                value=-0.05, min=-1.6, max=0.5, step=0.05, description="log₁₀ of learning rate η"
            ),
            "batch": widgets.Dropdown(options=BATCHES, value=4, description="batch size B"),
        },
        model=stability,
        draw=draw,
        describe=describe,
        height=390,
    )


def chapter():
    """Returns chapter 2's explorers in one tabbed box."""
    return tabs({"Shared endings": shared_endings(), "Stability map": stability_map()})
