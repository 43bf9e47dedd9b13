"""Exercises 05.3 and 05.4: what an observer sees, and from which depth on it is lost."""

import math

import torch

from ....course.exercises import Step, build_question, close

__all__ = ["PASSAGE", "SEPARATION"]


def separate(distance, tau):
    """Returns the separation at each depth, (depths,)."""
    return torch.erf(distance / (2 * 2**0.5 * tau)).mean(-1)


def _by_normal(distance, tau):
    normal = torch.distributions.Normal(torch.zeros((), dtype=distance.dtype), 1.0)
    return (2 * normal.cdf(distance / (2 * tau)) - 1).sum(1) / distance.shape[1]


def _by_loops(distance, tau):
    rows = [[math.erf(float(d) / (8**0.5 * tau)) for d in row] for row in distance]
    return torch.tensor([sum(row) / len(row) for row in rows], dtype=distance.dtype)


def _random_distances(generator):
    # Of the size of tau, and spread: only then do the mistakes show.
    draws = torch.randn(6, 5, generator=generator, dtype=torch.float64)
    return draws.exp(), 0.3 + torch.rand(1, generator=generator).item()


def _scale(answer, generator) -> bool:
    distance, tau = _random_distances(generator)
    return close(answer(3 * distance, 3 * tau), separate(distance, tau))


def _far(answer, generator) -> bool:
    distance, tau = _random_distances(generator)
    return close(answer(1e6 * distance, tau), torch.ones(6, dtype=torch.float64))


SEPARATION = build_question(
    "05.3",
    "What an observer sees",
    difficulty=2,
    minutes=8,
    teaches="why the observer saturates network by network, before the mean is taken",
    signature="separate(distance: Tensor (depths, networks), tau: float) -> Tensor (depths,). "
    "Worked value: [[0., 0.], [2., 2.], [0., 99.]] and tau = 1. give [0., .6827, .5].",
    hints=(
        "An observer looks at one network; the mean over networks comes last.",
        "S = mean of erf(|Δ|/(2√2 τ))",
        "torch.erf(distance / (2 * 2**0.5 * tau)).mean(-1)",
    ),
    why="2Φ(z) − 1 = erf(z/√2) with z = |Δ|/2τ. Taking the mean of the distances first lets one "
    "network that stays far apart speak for all: 1 in place of ½ in the worked value. In He's "
    "networks, where a few keep the whole mean square, that hides the cut-off.",
    answer=separate,
    worked=(
        (torch.tensor([[0.0, 0.0], [2.0, 2.0], [0.0, 99.0]]).double(), 1.0),
        torch.tensor([0.0, math.erf(0.5**0.5), 0.5], dtype=torch.float64),
    ),
    cases=_random_distances,
    steps=(
        Step("invariant", "distances and τ in another unit must not change the answer", _scale),
        Step("limit", "far above τ the separation must be 1", _far),
    ),
    mistakes={
        "the mean of the distances was taken first: each network is observed by itself, the mean "
        "over networks comes last": lambda d, tau: separate(d.mean(-1, keepdim=True), tau),
        "τ in place of 2τ: the best observer cuts in the middle, at half of the distance":
            lambda d, tau: separate(d, tau / 2),
        "erf(z) is 2Φ(z√2) − 1: a factor √2 is missing in its argument":
            lambda d, tau: separate(d, tau / 2**0.5),
        "this is Φ, which is ½ at distance 0: guessing must give 0":
            lambda d, tau: (1 + separate(d, tau)) / 2,
    },
    wrong={
        "its shape is (5,)": lambda d, tau: torch.erf(d / (2 * 2**0.5 * tau)).mean(0),
        "worked value": lambda d, tau: (d / tau).clamp(max=1).mean(-1),
    },
    right=(_by_normal, _by_loops),
)  # fmt: skip


def stays_below(curve, level):
    """Returns the first depth from which the curve stays at or below the level."""
    above = (curve > level).nonzero()
    return int(above[-1]) + 1 if len(above) else 0


def _from_the_end(curve, level):
    depth = len(curve)
    while depth > 0 and curve[depth - 1] <= level:
        depth -= 1
    return depth


def _by_running_maximum(curve, level):
    worst = curve.flip(0).cummax(0).values.flip(0)  # the largest value from here on
    return int((worst > level).sum())


def _none_if_never(curve, level):
    depth = stays_below(curve, level)
    return -1 if depth == len(curve) else depth


def _two_below(curve, level):
    low = [*(curve <= level).tolist(), True]
    return next((k for k in range(len(curve)) if low[k] and low[k + 1]), len(curve))


def _random_curve(generator):
    # Goes below for one depth, twice, then for three, comes back, touches the level exactly, and
    # ends below.
    start, end = torch.randint(2, 7, (2,), generator=generator).tolist()
    first = torch.randint(0, 2, (start,), generator=generator).tolist()
    high = torch.tensor([1, 0, 1, 0, 1, *first, 0, 0, 0, 1, *[0] * end])
    noise = torch.rand(len(high), generator=generator, dtype=torch.float64)
    curve = 0.4 * noise + 0.6 * high
    curve[-2] = 0.5
    scale = 0.5 + torch.rand(1, generator=generator).item()
    return scale * curve, scale * 0.5


def _ends(answer, generator) -> bool:
    low, high = torch.tensor([[0.25], [0.75]]).expand(2, 4)
    return close((answer(low, 0.5), answer(high, 0.5)), (0, 4))


PASSAGE = build_question(
    "05.4",
    "From where on",
    difficulty=2,
    minutes=8,
    teaches="that a noisy curve has fallen only once it does not come back",
    signature="stays_below(curve: Tensor (depths,), level: float) -> int, len(curve) if it never "
    "does. Worked value: [1., .2, .6, .3] and .5 give 3.",
    hints=(
        "Ask where the curve was above the level for the last time.",
        "max{L : curve(L) > level} + 1, or 0 if there is no such L",
        "above = (curve > level).nonzero(); the last one + 1, or 0 if there is none",
    ),
    why="The last passage. The first one would end the story at the first lucky dip; a mixing time "
    "is defined in the same way, though there the curve cannot rise again. "
    "`dynamics.cutoff.depths` does this for whole stacks, and interpolates.",
    answer=stays_below,
    worked=((torch.tensor([1.0, 0.2, 0.6, 0.3]), 0.5), 3),
    cases=_random_curve,
    cases_say="on a curve that comes back the depth differs",
    steps=(
        Step("limit", "a curve that is always below gives 0, one that never is its length", _ends),
    ),
    mistakes={
        "this is the first time below: the curve may come back above the level afterwards":
            lambda curve, level: next((k for k, v in enumerate(curve) if v <= level), len(curve)),
        "this is the last depth above the level; the next one is asked for":
            lambda curve, level: stays_below(curve, level) - 1,
        "a value equal to the level counts as fallen: above means greater":
            lambda curve, level: stays_below(curve, level * (1 - 1e-9)),
        "this counts the depths above the level, but some of those in between lie below":
            lambda curve, level: int((curve > level).sum()),
    },
    wrong={
        "its length": _none_if_never,
        "comes back the depth": _two_below,
        "whole number": lambda curve, level: curve[-1],
    },
    right=(_from_the_end, _by_running_maximum),
)  # fmt: skip
