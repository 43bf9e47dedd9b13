"""Explorers of chapter 8: the rule of depth in the plane, and a race of optimisers."""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ... import dynamics, plot
from ...plot.curves import draw_against
from ...plot.explorer import Explorer, tabs
from ...seeding import generator
from . import figures
from .runs import race, regressions

__all__ = [
    "Plane",
    "Race",
    "chapter",
    "plane",
    "plane_step",
    "race_at",
    "racing",
    "racing_losses",
]

GOAL = (2.0, 1.0)  # where the losses of the plane have their minimum
WEIGHTS = (1.0, 0.25)  # their curvatures differ: with equal ones depth 2 would have a potential
SLOPE = (-1.0, -0.5)  # the gradient of its linear loss
DEPTHS = range(1, 7)
RATES = tuple(10 ** (k / 4) for k in range(-12, 5))
STARTS = (1e-3, 1e-2, 1e-1, 1.0)


class Plane(NamedTuple):
    """One step in the plane: loss gradient g, direction F, and circulations by depth."""

    point: Tensor
    gradient: Tensor
    direction: Tensor
    gains: tuple[float, float]
    loop: Tensor
    circulations: Tensor
    depth: int
    loss: str


def _plane_gradient(loss: str, points: Tensor) -> Tensor:
    if loss == "linear":
        return torch.tensor(SLOPE, dtype=points.dtype).expand(points.shape)
    goal, weights = torch.tensor([GOAL, WEIGHTS], dtype=points.dtype)
    return weights * (points - goal) ** (int(loss) - 1)


def plane_step(loss: str, depth: int, first: float, second: float, radius: float) -> Plane:
    """Returns gradient and end-to-end direction at a point, and circulations around it.

    Args:
        loss: ``"linear"``, ``"2"`` or ``"4"``: w·g, or (1/p) Σ a_i |w_i − goal_i|^p.
        depth: N, the one whose arrow is drawn.
        first: w_1.
        second: w_2.
        radius: Of the loop around w.

    Returns:
        The step; circulations (6,) belong to the depths 1 … 6.
    """
    point = torch.tensor([first, second], dtype=torch.float64)
    angle = torch.linspace(0, 2 * math.pi, 65, dtype=torch.float64)[:-1]
    loop = point + radius * torch.stack([angle.cos(), angle.sin()], -1)

    def slope(w: Tensor) -> Tensor:
        return _plane_gradient(loss, w)

    fields = {n: dynamics.loops.end_to_end_field(slope, n) for n in DEPTHS}
    size = float(point.norm()) ** (2 - 2 / depth)
    return Plane(
        point,
        _plane_gradient(loss, point),
        fields[depth](point),
        (depth * size, size),
        loop,
        torch.stack([dynamics.loops.circulation(field, loop) for field in fields.values()]),
        depth,
        loss,
    )


def plane() -> Explorer:
    """Returns the explorer of the rule in the plane."""
    import ipywidgets as widgets

    def draw(step: Plane):
        left, right = plot.grid(1, 2, (7.2, 3.6))
        figures.draw_plane(step, ax=left)
        right.axhline(0, color=plot.COLOURS["reference"], linewidth=1)
        ring = {"marker": "o", "markersize": 14, "fillstyle": "none", "color": "black"}
        right.plot(step.depth, step.circulations[step.depth - 1], **ring)
        draw_against({}, {"_": (DEPTHS, step.circulations)}, dot={"markersize": 6}, xticks=DEPTHS,
                     xlabel="depth N", ylabel="circulation ∮ F·dw", ax=right)  # fmt: skip
        if step.circulations.abs().max() < 1e-9:  # rounding is not to fill the axis
            right.set_ylim(-1, 1)
        return left

    def describe(step: Plane) -> str:
        around = float(step.circulations[step.depth - 1])
        scale = float(step.circulations.abs().max())
        none = abs(around) <= 1e-9 * max(1.0, scale)
        meter = f"Circulation of depth {step.depth} along the loop: {0 if none else around:.3g}"
        if step.depth == 1 or (step.depth == 2 and step.loss == "linear"):
            meter += ", as along every loop: this is a gradient field. "
        else:
            meter += ", by symmetry; move it. " if none else ": no function has this gradient. "
        if step.depth == 1:
            return meter + "One matrix: the direction is the gradient itself."
        if not bool(step.point.any()):
            return meter + "At the origin the factors vanish, and nothing moves."
        if not bool(step.gradient.any()):
            return meter + "At the minimum the gradient vanishes, and nothing moves."
        cosine = float(
            step.gradient @ step.direction / step.gradient.norm() / step.direction.norm()
        )
        turn = math.degrees(math.acos(min(1.0, cosine)))
        return meter + (
            f"Gains: {step.gains[0]:.3g} along w, {step.gains[1]:.3g} across it, "
            f"which turns the step by {turn:.0f} degrees."
        )

    def slide(value, low, high, text):
        return widgets.FloatSlider(value, min=low, max=high, step=0.1, description=text)

    return Explorer(
        title="The rule of depth in the plane",
        controls={
            "loss": widgets.ToggleButtons(
                options=[("linear", "linear"), ("l₂", "2"), ("l₄", "4")],
                value="linear",
                description="loss",
                style={"button_width": "6em"},
            ),
            "depth": widgets.IntSlider(3, 1, 6, description="depth N"),
            "first": slide(0.4, -2.0, 3.0, "w₁"),
            "second": slide(1.3, -2.0, 2.0, "w₂"),
            "radius": slide(0.7, 0.1, 1.5, "radius of the loop"),
        },
        model=plane_step,
        draw=draw,
        describe=describe,
    )


class Race(NamedTuple):
    """Losses of every method at one learning rate, and where each ends at all of them."""

    curves: dict[str, Tensor]  # method -> (steps + 1,)
    ends: dict[str, Tensor]  # method -> (rates,)
    power: int
    rate: float


@lru_cache(maxsize=2)
def racing_losses(power: int) -> dict[str, Tensor]:
    """Returns losses of every method on a small regression, (301, starts, rates); kept.

    Args:
        power: p.

    Returns:
        Method → losses at the steps 0 … 300, for `STARTS` and `RATES`.
    """
    stream = generator(0, "race")
    inputs = torch.randn(1, 100, 6, generator=stream, dtype=torch.float64)
    inputs = inputs * torch.linspace(0.3, 1.5, 6, dtype=torch.float64)
    truth, way = torch.randn(2, 6, generator=stream, dtype=torch.float64)
    targets = 2 * inputs @ (truth / truth.norm())
    loss = regressions(*(x.expand(len(STARTS), *x.shape[1:]) for x in (inputs, targets)), power)
    start = torch.tensor(STARTS, dtype=torch.float64)[:, None] * way / way.norm()
    rates = torch.tensor(RATES, dtype=torch.float64)
    methods = ("depth 1", "depth 2", "depth 3", "momentum", "AdaGrad")
    return {m: race(loss, start, m, rates, range(301)) for m in methods}


def race_at(power: int, rate: int, start: float) -> Race:
    row = STARTS.index(start)
    runs = {m: losses[:, row] for m, losses in racing_losses(power).items()}
    return Race(
        {m: run[:, rate] for m, run in runs.items()},
        {m: run[-1] for m, run in runs.items()},
        power,
        RATES[rate],
    )


def racing() -> Explorer:
    """Returns the explorer of the race."""
    import ipywidgets as widgets

    for power in (2, 4):
        racing_losses(power)  # now, so that no slider waits for it

    def draw(result: Race):
        left, right = plot.grid(1, 2, (7.2, 3.6))
        steps = [0, *sorted({round(10 ** (k / 20)) for k in range(50)} | {300})]
        curves = {method: curve[steps] for method, curve in result.curves.items()}
        figures.draw_losses(steps, curves, ax=left)
        figures.draw_rates(RATES, result.ends, mark=result.rate, ax=right)
        right.get_legend().remove()  # the same names and colours as on the left
        return left

    def describe(result: Race) -> str:
        ends = {m: float(curve[-1]) for m, curve in result.curves.items()}
        alive = [m for m, end in ends.items() if math.isfinite(end) and end < 1e3]
        best = {m: float(e[e.isfinite()].min()) for m, e in result.ends.items()}
        first = min(best, key=best.get)
        told = f"At learning rate {result.rate:.2g} "
        if alive:
            told += f"{min(alive, key=ends.get)} ends lowest"
            lost = [m for m in ends if m not in alive]
            told += f"; {', '.join(lost)} diverged. " if lost else ". "
        else:
            told += "every method diverged. "
        return told + f"Each at its own best rate, {first} wins (right, lowest point)."

    return Explorer(
        title="A race of optimisers",
        controls={
            "power": widgets.ToggleButtons(
                options=[("l₂", 2), ("l₄", 4)],
                value=4,
                description="loss",
                style={"button_width": "6em"},
            ),
            "rate": widgets.SelectionSlider(
                options=[(f"{r:.2g}", k) for k, r in enumerate(RATES)],
                value=7,
                description="learning rate η",
            ),
            "start": widgets.SelectionSlider(
                options=list(STARTS), value=STARTS[1], description="size of the start |w(0)|"
            ),
        },
        model=race_at,
        draw=draw,
        describe=describe,
    )


def chapter():
    """Returns the two explorers of the chapter in tabs."""
    return tabs({"Plane": plane(), "Race": racing()})
