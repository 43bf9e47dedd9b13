"""Exercises 05.3 and 05.4: what an observer sees, and from which depth on it is lost."""

import math

import torch
from torch import Tensor

from ....course.exercises import (
    Exercise,
    Misconception,
    Step,
    Wrong,
    as_number,
    close,
    tensor_problem,
)

__all__ = ["IMPLEMENT_PASSAGE", "IMPLEMENT_SEPARATION", "separate", "stays_below"]


def separate(distance: Tensor, tau: float) -> Tensor:
    """Returns the separation at each depth, (depths,)."""
    return torch.erf(distance / (2 * 2**0.5 * tau)).mean(-1)


def _by_normal(distance, tau):
    normal = torch.distributions.Normal(torch.zeros((), dtype=distance.dtype), 1.0)
    return (2 * normal.cdf(distance / (2 * tau)) - 1).sum(1) / distance.shape[1]


def _by_loops(distance, tau):
    rows = [[math.erf(float(d) / (8**0.5 * tau)) for d in row] for row in distance]
    return torch.tensor([sum(row) / len(row) for row in rows], dtype=distance.dtype)


def _of_the_mean(distance, tau):
    return torch.erf(distance.mean(-1) / (2 * 2**0.5 * tau))


def _whole_tau(distance, tau):
    return torch.erf(distance / (2**0.5 * tau)).mean(-1)


def _plain_erf(distance, tau):
    return torch.erf(distance / (2 * tau)).mean(-1)


def _only_phi(distance, tau):
    return (0.5 * (1 + torch.erf(distance / (2 * 2**0.5 * tau)))).mean(-1)


def _over_depths(distance, tau):
    return torch.erf(distance / (2 * 2**0.5 * tau)).mean(0)


def _clipped(distance, tau):
    return (distance / tau).clamp(max=1).mean(-1)


def _random_distances(generator: torch.Generator) -> tuple[Tensor, float]:
    # Of the size of tau, and spread: only then do the mistakes show.
    draws = torch.randn(6, 5, generator=generator, dtype=torch.float64)
    return draws.exp(), 0.3 + torch.rand(1, generator=generator).item()


def _shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_random_distances(generator)), (6,)) or True


def _value(answer, generator) -> bool:
    distance = torch.tensor([[0.0, 0.0], [2.0, 2.0], [0.0, 99.0]])
    return close(answer(distance, 1.0), torch.tensor([0.0, 0.6827, 0.5]), atol=1e-4)


def _scale(answer, generator) -> bool:
    distance, tau = _random_distances(generator)
    return close(answer(3 * distance, 3 * tau), separate(distance, tau))


def _far(answer, generator) -> bool:
    distance, tau = _random_distances(generator)
    return close(answer(1e6 * distance, tau), torch.ones(6, dtype=torch.float64))


IMPLEMENT_SEPARATION = Exercise(
    id="05.3",
    title="What an observer sees",
    kind="implement",
    difficulty=2,
    minutes=8,
    teaches="why the observer saturates network by network, before the mean is taken",
    signature=(
        "separate(distance: Tensor (depths, networks), tau: float) -> Tensor (depths,). Worked "
        "value: [[0., 0.], [2., 2.], [0., 99.]] and tau = 1. give [0., .6827, .5]."
    ),
    hints=(
        "An observer looks at one network; the mean over networks comes last.",
        "S = mean of erf(|Δ|/(2√2 τ))",
        "torch.erf(distance / (2 * 2**0.5 * tau)).mean(-1)",
    ),
    reference=separate,
    why=(
        "2Φ(z) − 1 = erf(z/√2) with z = |Δ|/2τ. Taking the mean of the distances first lets one "
        "network that stays far apart speak for all: 1 in place of ½ in the worked value. In "
        "He's networks, where a few keep the whole mean square, that hides the cut-off."
    ),
    steps=(
        Step("shape", "expected one number for each depth", _shape),
        Step("value", "the worked value comes out differently", _value),
        Step("invariant", "distances and τ in another unit must not change the answer", _scale),
        Step("limit", "far above τ the separation must be 1", _far),
    ),
    misconceptions=(
        Misconception(
            "mean-first",
            "the mean of the distances was taken first: each network is observed by itself, the "
            "mean over networks comes last",
            _of_the_mean,
        ),
        Misconception(
            "whole-tau",
            "τ in place of 2τ: the best observer cuts in the middle, at half of the distance",
            _whole_tau,
        ),
        Misconception(
            "erf", "erf(z) is 2Φ(z√2) − 1: a factor √2 is missing in its argument", _plain_erf
        ),
        Misconception(
            "phi", "this is Φ, which is ½ at distance 0: guessing must give 0", _only_phi
        ),
    ),
    cases=_random_distances,
    wrong=(
        Wrong(_of_the_mean, "taken first"),
        Wrong(_whole_tau, "2τ"),
        Wrong(_plain_erf, "√2"),
        Wrong(_only_phi, "guessing"),
        Wrong(_over_depths, "shape"),
        Wrong(_clipped, "worked value"),
        Wrong(lambda distance, tau: None, "return"),
    ),
    right=(_by_normal, _by_loops),
)


def stays_below(curve: Tensor, level: float) -> int:
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


def _first_passage(curve, level):
    below = (curve <= level).nonzero()
    return int(below[0]) if len(below) else len(curve)


def _last_above(curve, level):
    return stays_below(curve, level) - 1


def _strictly(curve, level):
    above = (curve >= level).nonzero()
    return int(above[-1]) + 1 if len(above) else 0


def _count_below(curve, level):
    return int((curve > level).sum())


def _none_if_never(curve, level):
    depth = stays_below(curve, level)
    return -1 if depth == len(curve) else depth


def _two_below(curve, level):
    low = [*(curve <= level).tolist(), True]
    return next((k for k in range(len(curve)) if low[k] and low[k + 1]), len(curve))


def _random_curve(generator: torch.Generator) -> tuple[Tensor, float]:
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


def _whole_number(answer, generator) -> bool | str:
    got = answer(torch.tensor([1.0, 0.2]), 0.5)
    if as_number(got) is None or float(got) != int(got):
        return f"expected a whole number, but the answer is a {type(got).__name__}"
    return True


def _passage_value(answer, generator) -> bool:
    return close(answer(torch.tensor([1.0, 0.2, 0.6, 0.3]), 0.5), 3)


def _passage_random(answer, generator) -> bool:
    return all(
        close(answer(*case), stays_below(*case))
        for case in (_random_curve(generator) for _ in range(10))
    )


def _passage_ends(answer, generator) -> bool:
    low, high = torch.full((2, 4), 0.25) * torch.tensor([[1.0], [3.0]])
    return close(answer(low, 0.5), 0) and close(answer(high, 0.5), 4)


IMPLEMENT_PASSAGE = Exercise(
    id="05.4",
    title="From where on",
    kind="implement",
    difficulty=2,
    minutes=8,
    teaches="that a noisy curve has fallen only once it does not come back",
    signature=(
        "stays_below(curve: Tensor (depths,), level: float) -> int, len(curve) if it never does. "
        "Worked value: [1., .2, .6, .3] and .5 give 3."
    ),
    hints=(
        "Ask where the curve was above the level for the last time.",
        "max{L : curve(L) > level} + 1, or 0 if there is no such L",
        "above = (curve > level).nonzero(); the last one + 1, or 0 if there is none",
    ),
    reference=stays_below,
    why=(
        "The last passage. The first one would end the story at the first lucky dip; a mixing "
        "time is defined in the same way, though there the curve cannot rise again. "
        "`dynamics.cutoff.depths` does this for whole stacks, and interpolates."
    ),
    steps=(
        Step("shape", "expected a whole number", _whole_number),
        Step("value", "the worked value comes out differently", _passage_value),
        Step("invariant", "on a curve that comes back the depth differs", _passage_random),
        Step(
            "limit",
            "a curve that is always below gives 0, one that never is its length",
            _passage_ends,
        ),
    ),
    misconceptions=(
        Misconception(
            "first-passage",
            "this is the first time below: the curve may come back above the level afterwards",
            _first_passage,
        ),
        Misconception(
            "last-above",
            "this is the last depth above the level; the next one is asked for",
            _last_above,
        ),
        Misconception(
            "strict", "a value equal to the level counts as fallen: above means greater", _strictly
        ),
        Misconception(
            "count",
            "this counts the depths above the level, but some of those in between lie below",
            _count_below,
        ),
    ),
    cases=_random_curve,
    wrong=(
        Wrong(_first_passage, "first time"),
        Wrong(_last_above, "last depth above"),
        Wrong(_strictly, "equal to the level"),
        Wrong(_count_below, "counts"),
        Wrong(_none_if_never, "its length"),
        Wrong(_two_below, "comes back"),
        Wrong(lambda curve, level: curve[-1], "whole number"),
    ),
    right=(_from_the_end, _by_running_maximum),
)
