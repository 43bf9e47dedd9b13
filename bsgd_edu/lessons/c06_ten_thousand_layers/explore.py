"""Explorers of chapter 6: the phase plane with a ring's modes, and the spectrum of a Jacobian."""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ... import meanfield, plot
from ...plot.curves import draw_against, over
from ...plot.explorer import Explorer, tabs
from ...seeding import generator
from . import figures

__all__ = [
    "Jacobians",
    "Phase",
    "chapter",
    "jacobian_spectra",
    "jacobians",
    "phase_modes",
    "phases",
]

RING = 16
DEEPEST = 64
_TAPS = {"equal taps": (1 / 3, 1 / 3, 1 / 3), "delta taps": (0.0, 1.0, 0.0)}


class Phase(NamedTuple):
    """A point of the plane, its fixed point, and what is left of each mode, by kind of taps."""

    weight_var: float
    bias_var: float
    point: meanfield.FixedPoint
    chi: float
    left: dict[str, Tensor]
    what: str
    layers: int


@lru_cache(maxsize=1)
def _critical() -> tuple[Tensor, Tensor]:
    """σ_w² and σ_b² along the critical line, σ_b² from 1e-7 to above 1/2."""
    return meanfield.critical_line(torch.logspace(-2.4, 0.5, 80, dtype=torch.float64))


def phase_modes(weight_var: float, decades: float, critical: bool, what: str, layers: int) -> Phase:
    """Returns the phase of a random tanh network, and the Fourier modes left on a ring of pixels.

    A small deviation of the pixels' covariance from its limit keeps the share |χλ_f|^l of mode f.

    Args:
        weight_var: σ_w².
        decades: log₁₀ σ_b².
        critical: Whether σ_w² is moved onto the critical line.
        what: ``"variance"`` (χ_q) or ``"covariance"`` of two pixels (χ_c).
        layers: l.

    Returns:
        The fixed point and the shares.
    """
    bias_var = 10.0**decades
    if critical:
        weight_var = _critical_weight_var(bias_var)
    point = _fixed_point(weight_var, bias_var)
    chi = float(point.chi_q if what == "variance" else point.chi_c)
    left = {
        name: (chi * meanfield.mode_factors(RING, torch.tensor(taps, dtype=torch.float64))).abs()
        ** layers
        for name, taps in _TAPS.items()
    }
    return Phase(weight_var, bias_var, point, chi, left, what, layers)


@lru_cache(maxsize=256)
def _fixed_point(weight_var: float, bias_var: float) -> meanfield.FixedPoint:
    return meanfield.fixed_point(weight_var, bias_var)


@lru_cache(maxsize=64)
def _critical_weight_var(bias_var: float) -> float:
    """Bisection on q*, in its logarithm: σ_b² grows with it."""
    low, high = 1e-4, 10.0
    for _ in range(45):
        middle = math.sqrt(low * high)
        below = float(meanfield.critical_line(middle).bias_var) < bias_var
        low, high = (middle, high) if below else (low, middle)
    return float(meanfield.critical_line(low).weight_var)


def phases() -> Explorer:
    """Returns the explorer of the phase plane and of the modes of a ring."""
    import ipywidgets as widgets

    def draw(result: Phase):
        left, right = plot.grid(1, 2, (7.2, 3.4))
        here = {"here": (result.weight_var, result.bias_var)}
        figures.draw_phase_plane(
            torch.tensor([0.5, 4.0]), torch.tensor([1e-6, 0.5]), None, _critical(), here, left
        )
        left.set(yscale="log")
        modes = range(RING // 2 + 1)
        axis = {"ylim": (-0.05, 1.3), "xticks": modes[::2], "xlabel": "mode f of the ring"}
        left_over = over(modes, result.left)
        draw_against({}, left_over, **figures.AGAINST, **axis, ylabel="share left", ax=right)
        return right

    def describe(result: Phase) -> str:
        point, chi_1 = result.point, float(result.point.chi_1)
        scale = abs(float(point.xi_c))
        if abs(chi_1 - 1) < 1e-6:
            phase, fate = "Critical", "nearby inputs neither merge nor part"
        elif chi_1 < 1:
            phase, fate = "Ordered", f"inputs merge within about {scale:.3g} layers"
        else:
            c = float(point.c)
            phase, fate = "Chaotic", f"inputs part to correlation {c:.4g} in {scale:.3g} layers"
        kept = {name: float(shares[1]) for name, shares in result.left.items()}
        mode = {k: f"{v:.2g}" if v > 1e-6 else "nothing" for k, v in kept.items()}
        layers = f"{result.layers} layer" + "s" * (result.layers != 1)
        return (
            f"{phase}: q* = {float(point.q):.3g}, χ₁ = {chi_1:.4g}; {fate}. After {layers} a "
            f"deviation of the {result.what} keeps, in mode 1, {mode['equal taps']} under equal "
            f"taps, {mode['delta taps']} under delta taps, which treat all modes alike."
        )

    return Explorer(
        title="Order, chaos, and the modes of a ring",
        controls={
            "weight_var": widgets.FloatSlider(
                1.5, min=0.5, max=4.0, step=0.05, description="weight variance σ_w²"
            ),
            "decades": widgets.FloatSlider(
                -1.3, min=-6.0, max=-0.3, step=0.1, description="log₁₀ of bias variance σ_b²"
            ),
            "critical": widgets.Checkbox(False, description="move σ_w² onto the critical line"),
            "what": widgets.ToggleButtons(
                options=["variance", "covariance"],
                value="covariance",
                description="deviation of",
                style={"button_width": "8em"},
            ),
            "layers": widgets.IntSlider(10, 0, 200, description="layers l"),
        },
        model=phase_modes,
        draw=draw,
        describe=describe,
    )


class Jacobians(NamedTuple):
    """Singular values of two Jacobians of one depth, and the variance of their squares."""

    depth: int
    q: float
    values: dict[str, Tensor]
    found: dict[str, float]
    theory: dict[str, tuple[Tensor, Tensor]]


@lru_cache(maxsize=64)
def _spectra(depth: int, q: float, width: int, draw: int) -> dict[str, Tensor]:
    return {
        name: meanfield.squared_singular_values(
            width,
            (depth,),
            q,
            orthogonal=name == "orthogonal",
            networks=1,
            generator=generator(draw, "jacobian", name, width),
        )[0, 0]
        for name in ("orthogonal", "Gaussian")
    }


def jacobian_spectra(doublings: int, length: str, width: int, draw: int) -> Jacobians:
    """Returns the spectra of an orthogonal and a Gaussian critical network of one depth.

    Args:
        doublings: log₂ of the depth L.
        length: q*: ``"1/L"``, or a number as text; ``"0"`` for linear layers.
        width: C, channels.
        draw: Which weights.

    Returns:
        Singular values, and the variance of their squares against theory.
    """
    depth = 2**doublings
    q = 1 / depth if length == "1/L" else float(length)
    squares = _spectra(depth, q, width, draw)
    depths = torch.tensor([2**k for k in range(int(math.log2(DEEPEST)) + 1)])
    theory = {}
    for name in squares:
        moments = [
            meanfield.jacobian_moments(
                1 / n if length == "1/L" else q, n, orthogonal=name == "orthogonal"
            )
            for n in depths.tolist()
        ]
        theory[name] = depths, torch.stack([m.variance for m in moments])
    return Jacobians(
        depth,
        q,
        {name: s.sqrt() for name, s in squares.items()},
        {name: float(s.var(correction=0)) for name, s in squares.items()},
        theory,
    )


def jacobians() -> Explorer:
    """Returns the explorer of the singular values of a Jacobian."""
    import ipywidgets as widgets

    def draw(result: Jacobians):
        left, right = plot.grid(1, 2, (7.2, 3.4))
        figures.draw_spectrum(result.values, left)
        # Where theory or a finite network has exactly none, the logarithmic axis has a floor.
        found = {k: ([result.depth], [max(v, 1e-4)]) for k, v in result.found.items()}
        theory = {f"theory: {k}": (x, y.clamp(min=1e-4)) for k, (x, y) in result.theory.items()}
        draw_against(
            theory,
            found,
            **figures.AGAINST,
            xlabel="depth L (layers)",
            ylabel="variance of s²",
            xscale="log",
            yscale="log",
            xlim=(0.8, DEEPEST * 1.3),
            ylim=(7e-5, 2e3),
            ax=right,
        )
        return right

    def describe(result: Jacobians) -> str:
        told = []
        for name, values in result.values.items():
            low, high = float(values[-1]), float(values[0])
            least = f"{low:.2g}" if low > 1e-9 else "nothing, within rounding"
            told.append(f"{name} weights stretch by {high:.3g} at most and {least} at least")
        layers = f"{result.depth} layer" + "s" * (result.depth != 1)
        kept = {k: int(((s > 0.5) & (s < 2)).sum()) for k, s in result.values.items()}
        return (
            f"{layers}, q* = {result.q:.3g}: {'; '.join(told)}. Within a factor of two, orthogonal "
            f"weights keep {kept['orthogonal']} of {len(values)} directions, Gaussian weights "
            f"{kept['Gaussian']}."
        )

    return Explorer(
        title="Singular values of the input-output Jacobian",
        controls={
            "doublings": widgets.IntSlider(
                5, 0, int(math.log2(DEEPEST)), description="log₂ of the depth L"
            ),
            "length": widgets.ToggleButtons(
                options=[
                    *(("1/L", "1/L"), ("0", "0"), ("1/100", "0.01")),
                    *(("1/16", "0.0625"), ("1/4", "0.25"), ("1", "1")),
                ],
                description="q*",
                style={"button_width": "4em"},
            ),
            "width": widgets.SelectionSlider(
                options=[8, 16, 32, 64], value=64, description="channels C"
            ),
            "draw": widgets.Button(description="New weights"),
        },
        model=jacobian_spectra,
        draw=draw,
        describe=describe,
    )


def chapter():
    """Returns the two explorers of the chapter in tabs."""
    return tabs({"Phase plane": phases(), "Jacobian": jacobians()})
