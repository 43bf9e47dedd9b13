"""Explorers of chapter 1: where a new map goes, what coin flips make, and when chains meet."""

from typing import NamedTuple

import torch
from torch import Tensor

from ... import dynamics, plot
from ...maps import AffineMap, backward_orbit, forward_orbit
from ...plot.explorer import Explorer, tabs
from ...seeding import generator
from . import figures

__all__ = [
    "Chains",
    "Coins",
    "Images",
    "chapter",
    "coin_flips",
    "images",
    "inside_outside",
    "past",
    "ratio",
    "two_chains",
]


class Images(NamedTuple):
    """Images of [−1, 1] under n maps, for both orders: (n + 1, 2) ends each."""

    forward: Tensor
    backward: Tensor
    ratio: float


def images(num_maps: int, ratio: float, batches: int) -> Images:
    """Returns the images of [−1, 1] under maps x ↦ ρx + (1 − ρ)a_i with a_i = ±1.

    Args:
        num_maps: n.
        ratio: ρ in (0, 1).
        batches: Which list of coin flips.

    Returns:
        Ends of the images of both orders, for 0 … n maps.
    """
    flips = torch.randint(0, 2, (64,), generator=generator(batches, "flips")).double() * 2 - 1
    offset = (1 - ratio) * flips[:num_maps, None]
    maps = AffineMap(torch.full((num_maps, 1, 1), ratio, dtype=torch.float64), offset)
    ends = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    return Images(forward_orbit(maps, ends)[..., 0], backward_orbit(maps, ends)[..., 0], ratio)


def inside_outside() -> Explorer:
    """Returns the explorer of nested and wandering intervals."""
    import ipywidgets as widgets

    def draw(result: Images):
        left, right = plot.grid(1, 2, (7.2, 3.4), sharey=True)
        figures.draw_intervals(*result.forward.T, "new map outside: forward", left)
        figures.draw_intervals(*result.backward.T, "new map inside: backward", right)
        left.set_ylabel("number of maps $n$")
        return left

    def describe(result: Images) -> str:
        number = len(result.forward) - 1
        return (
            f"After {number} maps both images of the interval are {2 * result.ratio**number:.3g} "
            "long. Outside, the next map moves the image elsewhere; inside, the next image lies "
            "within the last one."
        )

    return Explorer(
        title="Where the new map goes",
        controls={
            "num_maps": widgets.IntSlider(8, 1, 24, description="number of maps n"),
            "ratio": widgets.FloatSlider(0.6, min=0.2, max=0.95, step=0.05, description="ratio ρ"),
            "batches": widgets.Button(description="New list of batches"),
        },
        model=images,
        draw=draw,
        describe=describe,
    )


class Coins(NamedTuple):
    """A cloud of limits of coin flips and its exact distribution function."""

    samples: Tensor
    points: Tensor
    exact: Tensor
    ratio: float


def coin_flips(ratio: float) -> Coins:
    """Returns draws from the Bernoulli convolution and its distribution function.

    Args:
        ratio: ρ in (0, 1).

    Returns:
        20 000 draws, and P(Y ≤ t) on a grid of t.
    """
    samples = dynamics.bernoulli.convolution(
        ratio, 20_000, generator=generator(0, "coins"), num_terms=60
    )
    points = torch.linspace(-1, 1, 201, dtype=torch.float64)
    return Coins(samples, points, dynamics.bernoulli.cdf(ratio, points), ratio)


def ratio() -> Explorer:
    """Returns the explorer of Bernoulli convolutions, from Cantor dust to a smooth bell."""
    import ipywidgets as widgets

    def draw(result: Coins):
        left, right = plot.grid(1, 2, (7.2, 3.2))
        figures.draw_histogram(result.samples, None, f"ρ = {result.ratio:.3g}", left)
        share = torch.searchsorted(result.samples.sort().values, result.points, right=True)
        figures.draw_distribution(result.points, share / len(result.samples), result.exact, right)
        return left

    def describe(result: Coins) -> str:
        if result.ratio < 0.5:
            gap = 2 * (1 - 2 * result.ratio)
            return (
                f"Below one half the two halves of the law do not touch: the gap in the middle is "
                f"{gap:.2f} wide, and every piece has such a gap again (Cantor dust)."
            )
        if result.ratio == 0.5:
            return "At one half the coin flips are binary digits: the law is uniform."
        return (
            "Above one half the halves overlap. The nearer the ratio is to 1 (a smaller learning "
            "rate), the narrower and the more Gaussian the law."
        )

    return Explorer(
        title="The law that coin flips make",
        controls={
            "ratio": widgets.FloatSlider(
                0.35, min=0.2, max=0.9, step=0.05, description="ratio ρ = 1 − ηh"
            )
        },
        model=coin_flips,
        draw=draw,
        describe=describe,
        height=320,
    )


class Chains(NamedTuple):
    """Two copies of a walk on {0, …, 4} that share their noise."""

    paths: Tensor
    start: int
    met: int | None
    backward: bool


def two_chains(steps: int, direction: str, noise: int) -> Chains:
    """Runs a walk that sticks at the ends of {0, …, 4} from both ends, on one noise.

    Args:
        steps: How many steps.
        direction: ``"past"``: start so many steps ago, and end now; each longer run puts new
            maps inside. ``"future"``: start now; each longer run puts new maps outside.
        noise: Which noise.

    Returns:
        The two paths, and when they met.
    """
    past = direction == "past"
    jumps = torch.randint(0, 2, (64,), generator=generator(noise, "walk")) * 2 - 1
    # jumps[k] belongs to time −(k + 1) in the past, to time k in the future.
    order = jumps[:steps].flip(0) if past else jumps[:steps]
    states = [torch.tensor([0, 4])]
    for jump in order:
        states.append((states[-1] + jump).clamp(0, 4))
    paths, start = torch.stack(states), -steps if past else 0
    equal = (paths[:, 0] == paths[:, 1]).nonzero()
    return Chains(paths, start, start + int(equal[0]) if len(equal) else None, past)


def past() -> Explorer:
    """Returns the two-chain game of coupling from the past."""
    import ipywidgets as widgets

    def draw(result: Chains):
        return figures.draw_chains(result.paths, result.start, result.met)

    def describe(result: Chains) -> str:
        if result.met is None:
            return "The copies have not met: the answer still depends on the start. Add steps."
        state = int(result.paths[result.met - result.start, 0])
        if not result.backward:
            return (
                f"They met in state {state}. Meeting happens at a wall, so a run that stops there "
                "never reports a state in the middle: a biased sample."
            )
        return (
            f"From the past, the state at time 0 is {int(result.paths[-1, 0])}. Start even "
            "earlier: it stays what it is. It is an exact draw from the uniform law."
        )

    return Explorer(
        title="Two chains on one noise",
        controls={
            "steps": widgets.IntSlider(20, 1, 48, description="number of steps"),
            "direction": widgets.ToggleButtons(
                options=[("from the past", "past"), ("from now on", "future")],
                description="run",
                style={"button_width": "11em"},
            ),
            "noise": widgets.Button(description="New noise"),
        },
        model=two_chains,
        draw=draw,
        describe=describe,
    )


def chapter():
    """Returns the three explorers of the chapter in tabs."""
    return tabs(
        {"Inside or outside": inside_outside(), "Coin flips": ratio(), "Two chains": past()}
    )
