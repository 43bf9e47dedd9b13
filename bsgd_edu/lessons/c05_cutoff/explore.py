"""Explorers of chapter 5: the cut-off in depth, and that of cards, bits and SGD."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ... import dynamics, plot
from ...plot.curves import draw_fall
from ...plot.explorer import Explorer, tabs
from . import figures, runs

__all__ = [
    "Depth",
    "Mixing",
    "chapter",
    "depth",
    "depth_cutoff",
    "mixing",
    "mixing_cutoff",
]

_LAYERS = {"default": 60, "he": 100}
_SIZES = {"cards": (13, 26, 52, 104), "bits": (10, 30, 90, 200), "sgd": (1e1, 1e2, 1e4, 1e8)}


class Depth(NamedTuple):
    """Distances of two inputs by depth, (L + 1, networks), and what an observer sees of them."""

    distance: Tensor
    floor: Tensor | None
    curve: Tensor
    predicted: Tensor
    found: Tensor
    tolerance: float
    location: float


@lru_cache(maxsize=64)
def _networks(
    width: int, init: str, bias: bool, arithmetic: str
) -> dynamics.random_layers.PairOrbit:
    """Twenty networks; kept, since most moves change only the tolerance."""
    exact = arithmetic == "exact"
    dtype = torch.float64 if exact else getattr(torch, arithmetic)
    depth = _LAYERS[init]
    return runs.gaussian_pair(width, depth, 20, dtype=dtype, init=init, bias=bias, tracked=exact)


def depth_cutoff(width: int, decades: float, init: str, bias: bool, arithmetic: str) -> Depth:
    """Returns the fall of the separation in twenty random ReLU networks.

    Args:
        width: n.
        decades: −log₁₀ τ.
        init: ``"default"`` or ``"he"``.
        bias: Whether layers have one.
        arithmetic: ``"exact"`` (the difference carried along), ``"float32"`` or ``"float64"``.

    Returns:
        Distances, the floor of the arithmetic, the separation and its prediction.
    """
    orbit = _networks(width, init, bias, arithmetic)
    distance, tolerance = orbit.distance.double(), 10.0**-decades
    curve = dynamics.cutoff.separation(distance, tolerance)
    law = (
        dynamics.relu.lyapunov_exponent(width, 1 / (3 * width) if init == "default" else None),
        dynamics.relu.log_norm_variance(width),
        math.sqrt(2 * width),
    )
    floor = None
    if arithmetic != "exact":
        unit = torch.finfo(getattr(torch, arithmetic)).eps
        floor = unit / 2 * orbit.norm.double().median(1).values
    return Depth(
        distance,
        floor,
        curve,
        dynamics.cutoff.predicted_separation(torch.arange(len(curve)), *law, tolerance),
        dynamics.cutoff.depths(curve),
        tolerance,
        dynamics.cutoff.location(law[0], law[2], tolerance),
    )


def depth() -> Explorer:
    """Returns the explorer of the cut-off in depth."""
    import ipywidgets as widgets

    def draw(result: Depth):
        left, right = plot.grid(1, 2, (7.2, 3.4))
        depths = torch.arange(len(result.curve))
        lines = {"tolerance τ": torch.full((len(depths),), result.tolerance)}
        if result.floor is not None:
            lines["half a unit, last place"] = result.floor
        draw_fall(depths, {"20 networks": result.distance}, "distance", lines=lines, ax=left)
        # Two passes may become equal to the last bit: then the floor, not zero, ends the axis.
        last = result.distance[-1].median() if result.floor is None else result.floor[-1]
        left.set_ylim(min(result.tolerance / 30, max(float(last), 1e-24)) / 3, 100)
        lines = {"20 networks": (depths, result.curve)}
        figures.draw_curves(lines, {"theory": (depths, result.predicted)}, ax=right)
        return left

    def describe(result: Depth) -> str:
        early, _, late = result.found.tolist()
        told = f"Predicted location: {result.location:.1f} layers. "
        equal = int((result.distance[-1] == 0).sum())
        if result.floor is None and equal:
            told += f"But in {equal} of 20 networks a whole layer died, which no rate foresees. "
        if result.floor is not None and bool((result.floor[-1:] > result.tolerance / 9).any()):
            return told + (
                "But the floor of the arithmetic lies near the tolerance or above it: what you "
                "see at large depth is round-off, neither a distance nor a cut-off"
                + (", or pairs that agree to the last bit." if equal else ".")
            )
        if math.isinf(late):
            return told + "Within these layers the separation does not fall below .1."
        if early < 1e-9:
            return told + "The separation is below .9 from the start: nothing to cut off."
        kind = "a sharp fall" if late / early < 1.5 else "a slow fall"
        return (
            told
            + f"Measured L(.9) = {early:.1f}, L(.1) = {late:.1f}, ratio {late / early:.2f}: {kind}."
        )

    choice = {"style": {"button_width": "8em"}}
    return Explorer(
        title="Cut-off in depth",
        controls={
            "width": widgets.SelectionSlider(
                options=[4, 8, 16, 32], value=32, description="width n"
            ),
            "decades": widgets.FloatSlider(
                4.0, min=0.0, max=16.0, step=0.5, description="decades of tolerance, −log₁₀ τ"
            ),
            "init": widgets.ToggleButtons(
                options=[("default", "default"), ("He", "he")], description="weights", **choice
            ),
            "bias": widgets.Checkbox(True, description="bias"),
            "arithmetic": widgets.ToggleButtons(
                options=["exact", "float32", "float64"], description="arithmetic", **choice
            ),
        },
        model=depth_cutoff,
        draw=draw,
        describe=describe,
    )


class Mixing(NamedTuple):
    """Total variation against time, for one system at every size up to one."""

    curves: dict[str, tuple[Tensor, Tensor, float]]  # label -> time, distance, location
    system: str


@lru_cache(maxsize=16)
def _system(system: str, size: float) -> tuple[Tensor, Tensor, float]:
    if system == "cards":
        location = 1.5 * math.log2(size)
        time = torch.arange(int(2 * location) + 1)
        curve = [dynamics.mixing.riffle_total_variation(int(m), int(size)) for m in time]
        return time.double(), torch.tensor(curve, dtype=torch.float64), location
    if system == "bits":
        location = 0.5 * size * math.log(size)
        curve = dynamics.mixing.hypercube_total_variation(int(size), int(2.2 * location))
        every = max(1, len(curve) // 60)
        return torch.arange(len(curve)).double()[::every], curve[::every], location
    location = math.log(size) / -math.log(0.9)
    time = torch.linspace(0, 2.2 * location, 61, dtype=torch.float64).round().unique()
    return time, dynamics.mixing.sgd_total_variation(time, 0.9, size, 1.0), location


def mixing_cutoff(system: str, step: int) -> Mixing:
    """Returns exact total variations of a system at its sizes 0 … step.

    Args:
        system: ``"cards"``, ``"bits"`` or ``"sgd"``.
        step: Which size is the largest, 0 … 3.

    Returns:
        Curves with their locations.
    """
    names = {"cards": "{:g} cards", "bits": "{:g} bits", "sgd": "D/s = {:g}"}
    sizes = _SIZES[system][: step + 1]
    return Mixing({names[system].format(s): _system(system, s) for s in sizes}, system)


def mixing() -> Explorer:
    """Returns the explorer of exact cut-offs."""
    import ipywidgets as widgets

    def draw(result: Mixing):
        left, right = plot.grid(1, 2, (7.2, 3.4))
        label, (time, curve, _) = list(result.curves.items())[-1]
        one = {label: (time, curve)}
        figures.draw_curves(one, xlabel="steps", ylabel="total variation", ax=left)
        scaled = {n: (time / at, curve) for n, (time, curve, at) in result.curves.items()}
        figures.draw_curves(scaled, xlabel="steps over location", ylabel="", xlim=(0, 2),
                            legend={"loc": "upper right"}, ax=right)  # fmt: skip
        return left

    def describe(result: Mixing) -> str:
        label, (time, curve, location) = list(result.curves.items())[-1]
        # Positions in the list of times, which need not be equally spaced.
        early, _, late = np.interp(dynamics.cutoff.depths(curve), range(len(time)), time)
        return (
            f"{label}: predicted location {location:.3g} steps; below .9 from {early:.3g} and "
            f"below .1 from {late:.3g}, a ratio of {late / early:.2f}. Larger "
            "systems fall more steeply in their own time."
        )

    return Explorer(
        title="Cut-offs known exactly",
        controls={
            "system": widgets.ToggleButtons(
                options=[("cards", "cards"), ("random bits", "bits"), ("SGD", "sgd")],
                description="system",
                style={"button_width": "8em"},
            ),
            "step": widgets.IntSlider(2, 0, 3, description="size"),
        },
        model=mixing_cutoff,
        draw=draw,
        describe=describe,
    )


def chapter():
    """Returns the two explorers of the chapter in tabs."""
    return tabs({"Depth": depth(), "Cards, bits, SGD": mixing()})
