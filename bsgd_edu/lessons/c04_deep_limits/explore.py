"""Explorers of chapter 4: a product of matrices on the Poincaré disc, and a signal in deep nets."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ... import dynamics, plot
from ...maps import AffineMap, backward_orbit, forward_orbit
from ...metrics import hyperboloid_distance, matrix_to_hyperboloid, to_poincare
from ...plot.explorer import Explorer, tabs
from ...seeding import generator
from . import figures

__all__ = ["Depths", "Walk", "chapter", "depths", "disc", "signal", "walk"]

MOST = 60
NETS = 100
_BURN = 60  # layers beyond those shown, from which the limit point is read
KINDS = ("turn, then stretch", "Gaussian", "continued fraction")


class Walk(NamedTuple):
    """A product of n matrices on the disc: points, limit point, distances and −h for 1 … n."""

    points: Tensor
    limit: Tensor
    distance: Tensor
    functional: Tensor
    rate: float
    inside: bool
    levels: bool


def _layers(kind: str, stretch: float, number: int) -> tuple[Tensor, float]:
    """Matrices (MOST + _BURN, 2, 2) and their drift."""
    stream, count = generator(number, "disc", kind), MOST + _BURN
    if kind == "Gaussian":
        return torch.randn(count, 2, 2, generator=stream, dtype=torch.float64), math.log(2)
    uniform = torch.rand(count, generator=stream, dtype=torch.float64)
    if kind == "continued fraction":
        # Independent digits with the law of Gauss, P(a ≥ k) = log₂(1 + 1/k). (Those of one random
        # number depend on one another a little; their drift is π²/(6 log 2).)
        digits = (1 / (2**uniform - 1)).floor().clamp(max=1e6)
        ones, zeros = torch.ones_like(digits), torch.zeros_like(digits)
        rows = torch.stack([digits, ones, ones, zeros], -1).unflatten(-1, (2, 2))
        return rows, math.nan
    angle = math.pi * uniform  # a turn of the disc by twice the angle
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], -1)
    scale = torch.tensor([stretch / 2, -stretch / 2], dtype=torch.float64).exp()
    return turn.unflatten(-1, (2, 2)) * scale, 2 * math.log(math.cosh(stretch / 2))


def walk(kind: str, stretch: float, num_layers: int, order: str, layers: int, levels: bool) -> Walk:
    """Returns where the base point of the disc is carried by the products of 0 … n matrices.

    Args:
        kind: Law of the matrices, one of `KINDS`.
        stretch: Length of a step, for the first law.
        num_layers: n.
        order: ``"inside"`` or ``"outside"``: where the new matrix goes.
        layers: Which matrices are drawn.
        levels: Whether level sets are drawn.

    Returns:
        The walk; the limit point is that of the inside order, read from 60 further matrices.
    """
    matrices, rate = _layers(kind, stretch, layers)
    log_det = torch.linalg.det(matrices).abs().log()
    v = dynamics.drift.limiting_directions(matrices)[-1]
    limit = torch.stack([v[0] ** 2 - v[1] ** 2, 2 * v[0] * v[1]])
    inside = order == "inside"
    maps = AffineMap(matrices[:num_layers], torch.zeros_like(matrices[:num_layers, 0]))
    columns = (backward_orbit if inside else forward_orbit)(maps, torch.eye(2, dtype=torch.float64))
    total = torch.cat([torch.zeros_like(log_det[:1]), log_det[:num_layers].cumsum(0)])
    points = matrix_to_hyperboloid(columns.mT, total)
    distance = hyperboloid_distance(points, points[0])
    if inside:
        # Term by term from the far end: h itself would lose its digits to cancellation.
        growths, _ = dynamics.lyapunov.log_growths(matrices.flip(0), every=1)
        terms = growths.flip(0)[:num_layers]
        functional = torch.cat([total[:1] * 0, (terms[:, 0] - terms[:, 1]).cumsum(0)])
    else:
        # h = log(e^{−d} + sinh d (1 − cos φ)), φ the angle between the point and the limit point.
        unit = points[:, 1:] / points[:, 1:].norm(dim=-1, keepdim=True).clamp(min=1e-300)
        versine = (unit - limit).square().sum(-1) / 2
        functional = -((-distance).exp() + distance.sinh() * versine).log()
    return Walk(to_poincare(points), limit, distance, functional, rate, inside, levels)


def disc() -> Explorer:
    """Returns the explorer of random products on the Poincaré disc."""
    import ipywidgets as widgets

    def draw(result: Walk):
        left, right = plot.grid(1, 2, (8.4, 3.9))
        name = "new layer inside" if result.inside else "new layer outside"
        lowest = -float(result.functional[-1].clamp(-3, 6))
        levels = (2.0, 0.0, -2.0, lowest) if result.levels else ()
        figures.draw_disc(result.points, result.limit, levels, name, left)
        figures.draw_walk(result.distance, result.functional, result.rate, right)
        return left

    def describe(result: Walk) -> str:
        number = len(result.points) - 1
        per_layer = float(result.distance[-1]) / number
        along = float(result.functional[-1]) / number
        unit = result.points[-2:] / result.points[-2:].norm(dim=-1, keepdim=True).clamp(min=1e-9)
        turn = math.degrees(math.acos(float((unit[0] * unit[1]).sum().clamp(-1, 1))))
        story = (
            "The last layer turned the direction by"
            if number > 1
            else "One layer; its direction differs from the base point's by"
        )
        where = (
            "the walk runs to the star, and both numbers tend to the drift"
            if result.inside
            else "the walk leaves the disc just as fast, but never in one direction: no fixed "
            "functional follows it"
        )
        return (
            f"After {number} layer{'s' * (number > 1)}: distance per layer {per_layer:.2f}, "
            f"minus h per layer {along:.2f}. {story} {turn:.2g}°; {where}."
        )

    return Explorer(
        title="A product of random matrices on the Poincaré disc",
        controls={
            "kind": widgets.Dropdown(options=KINDS, value=KINDS[0], description="law of a layer"),
            "stretch": widgets.FloatSlider(
                value=1.0, min=0.2, max=3.0, step=0.1, description="stretch (first law only)"
            ),
            "num_layers": widgets.IntSlider(25, 1, MOST, description="number of layers n"),
            "order": widgets.ToggleButtons(
                options=[("inside", "inside"), ("outside", "outside")], description="new layer"
            ),
            "layers": widgets.Button(description="New layers"),
            "levels": widgets.Checkbox(value=True, description="level sets of h"),
        },
        model=walk,
        draw=draw,
        describe=describe,
        height=390,
    )


# --- a signal in deep ReLU nets ---------------------------------------------------------------


class Depths(NamedTuple):
    """Norms ‖x_L‖/‖x_0‖ of many nets (depth + 1, nets), and what theory says."""

    norms: Tensor
    exponent: float
    growth: float
    width: int


def signal(log_width: int, variance: float, depth: int, nets: int) -> Depths:
    """Returns the norm of a signal in 100 random ReLU nets without biases.

    Args:
        log_width: log₂ of the width n.
        variance: nσ², n times the variance of a weight; 2 is He's.
        depth: Number of layers.
        nets: Which nets are drawn.

    Returns:
        Norms; a net whose signal became exactly 0 is left out.
    """
    width = 2**log_width
    stream = generator(nets, "signal", width)
    # The exact law of one layer: W x is a Gaussian vector of length ∝ ‖x‖, whatever x is.
    sums = torch.randn(width, depth, NETS, generator=stream).relu().square().sum(0).double()
    steps = (sums * variance / width).log() / 2
    logs = torch.cat([torch.zeros_like(steps[:1]), steps.cumsum(0)])
    alive = logs[-1].isfinite()
    exponent = dynamics.relu.lyapunov_exponent(width, variance / width)
    return Depths(logs[:, alive].exp(), exponent, variance / 2, width)


def depths() -> Explorer:
    """Returns the explorer of typical and mean-square signals in ReLU nets."""
    import ipywidgets as widgets

    def draw(result: Depths):
        title = f"width {result.width}"
        return figures.draw_norms(result.norms, result.exponent, result.growth, title)

    def describe(result: Depths) -> str:
        depth = len(result.norms) - 1
        fate = "dies out" if result.exponent < -1e-3 else "grows"
        fate = "is kept" if abs(result.exponent) <= 1e-3 else fate
        mean = "is kept" if abs(result.growth - 1) < 1e-9 else "falls"
        mean = "grows" if result.growth > 1 + 1e-9 else mean
        return (
            f"After {depth} layers the typical signal is {math.exp(result.exponent * depth):.2g} "
            f"times as long: it {fate}. The mean square over nets {mean}, "
            f"{result.growth**depth:.2g} in theory; rare nets carry it."
        )

    return Explorer(
        title="The norm of a signal in random ReLU nets",
        controls={
            "log_width": widgets.IntSlider(4, 3, 7, description="log₂ of width n"),
            "variance": widgets.FloatSlider(
                value=2.0, min=1.5, max=4.0, step=0.05, description="nσ² (2 is He's)"
            ),
            "depth": widgets.IntSlider(60, 4, 100, step=4, description="depth L"),
            "nets": widgets.Button(description="New nets"),
        },
        model=signal,
        draw=draw,
        describe=describe,
    )


def chapter():
    """Returns chapter 4's explorers in one tabbed box."""
    return tabs({"Poincaré disc": disc(), "Signal in depth": depths()})
