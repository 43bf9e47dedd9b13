"""Chapter 5's figures as they stand on the page: panels, description, caption and data."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ... import dynamics, estimates
from ...plot.curves import draw_against, draw_fall, over
from ...plot.display import show
from ...plot.style import COLOURS, grid
from . import figures as cutoff

__all__ = [
    "show_bridge",
    "show_broken",
    "show_location",
    "show_observables",
    "show_one_neuron",
    "show_training",
]

_LEVELS = (".9", ".5", ".1")
_AGAINST = {"dashes": "-", "line": {"linewidth": 1.2}}
_RIGHT = {"loc": "upper right"}


def show_one_neuron(depths: Tensor, gap: Tensor, curves: Mapping[int, Tensor]) -> None:
    """Shows a gap that halves at every layer, and what observers of finite precision see of it.

    Args:
        depths: L, (k,).
        gap: 2^−L, (k,).
        curves: Bits b (τ = 2^−b, location b) → separation at each depth, (k,).
    """
    left, right = grid(1, 2, (7.2, 3.3))
    seen = {rf"$\tau=2^{{-{b}}}$": s for b, s in curves.items()}
    rows, ylabel = {**seen, "the gap itself": gap}, r"gap, and separation $S_\tau$"
    cutoff.draw_curves(over(depths, rows), ylabel=ylabel, ax=left)
    scaled = {rf"$\tau=2^{{-{b}}}$": (depths / b, s) for b, s in curves.items()}
    xlabel = "depth over location, $L/L^*$"
    cutoff.draw_curves(scaled, xlabel=xlabel, xlim=(0, 2), legend=_RIGHT, ax=right)
    data = {"L": depths, "gap": gap}
    show(
        left,
        alt="Left: the gap itself falls at once, while each separation stays at one and then "
        "falls within a few layers, later for a smaller tolerance, always with the same shape. "
        "Right: against depth divided by the location, the falls become steeper and steeper.",
        caption="One neuron. The window has the same length at every tolerance (left), so that it "
        "vanishes relative to the location (right).",
        data={**data, **{f"separation, τ = 2^−{b}": s for b, s in curves.items()}},
    )


def show_observables(
    pairs: Mapping[int, dynamics.random_layers.PairOrbit],
    seen: Mapping[int, Tensor],
    swings: Mapping[int, Tensor],
    at: Sequence[int],
    slope: float,
) -> None:
    """Shows the four observables against depth, one line a width.

    Args:
        pairs: Width → orbits of two inputs, from depth 0 on, (≥ max(at) + 1, networks).
        seen: Width → their separation at each depth, (≥ max(at) + 1,).
        swings: Width → oscillation at the depths of `at`, (k, networks).
        at: Depths L to draw, (k,).
        slope: Growth rate per layer, drawn for comparison above the last curve.
    """
    depths = torch.as_tensor(at)
    panels = {
        r"distance $|\Delta_L|$": {n: orbit.distance[depths] for n, orbit in pairs.items()},
        r"angle $\theta_L$ (radians)": {n: orbit.angle[depths] for n, orbit in pairs.items()},
        r"separation $S_\tau$": {n: curve[depths] for n, curve in seen.items()},
        "oscillation on digits": swings,
    }
    frames, tables = grid(2, 2, (7.2, 6.0)), {}
    for ax, (label, curves) in zip(frames, panels.items(), strict=True):
        named = {f"n = {width}": values for width, values in curves.items()}
        if next(iter(curves.values())).dim() == 1:  # a mean over networks
            cutoff.draw_curves(over(depths, named), ylabel=label, ax=ax)
        else:
            start = float(list(curves.values())[-1][5].median())
            line = 6 * start * torch.exp(slope * (depths - depths[5]))
            draw_fall(depths, named, label, lines={"theory: slope": line}, ax=ax)
        tables[label.replace("$", "").replace("\\", "")] = {
            "L": depths,
            **{key: v if v.dim() == 1 else v.median(1).values for key, v in named.items()},
        }
    show(
        frames[0],
        alt="Four panels with a line for each of three widths. Distance, angle and oscillation "
        "fall along straight lines on logarithmic axes from the first layers on. The separation "
        "stays at one for about ten layers and then falls to nearly zero within a few more.",
        caption="Four observables of the same networks (PyTorch's default initialisation, with "
        "bias). Bands: 80 % of networks. Black: slope −½ log 6 a layer.",
        data=tables,
    )


def show_location(
    measured: Mapping[float, Tensor],
    predicted: Mapping[float, Tensor],
    measured_depths: Mapping[float, Tensor],
    predicted_depths: Mapping[float, Tensor],
    passes: Mapping[str, dynamics.random_layers.PairOrbit],
) -> None:
    """Shows where the separation falls, and what a finite precision makes of the distance.

    Args:
        measured: τ → separation at depths 0, 1, …, (k,).
        predicted: The same from theory.
        measured_depths: τ → L(.9), L(.5), L(.1), (3,).
        predicted_depths: The same from theory.
        passes: Label → orbits of two inputs in one arithmetic, (k, networks); the first is drawn
            in front.
    """
    frames, tolerances = grid(2, 2, (7.2, 6.0)), list(measured)
    decades = {t: -math.log10(t) for t in tolerances}
    shown = {rf"$\tau=10^{{{-round(decades[t])}}}$": t for t in tolerances[:5:2]}  # told apart
    depths = range(len(measured[tolerances[0]]))
    cutoff.draw_curves(
        over(depths, {label: measured[t] for label, t in shown.items()}),
        over(depths, _listed_once(predicted[t] for t in shown.values())),
        ax=frames[0],
    )
    found, theory = _stacked(measured_depths), _stacked(predicted_depths)
    draw_against(
        over(tolerances, _listed_once(theory)),
        over(tolerances, {f"$L({q})$": row for q, row in zip(_LEVELS, found, strict=True)}),
        **_AGAINST,
        xlabel=r"tolerance $\tau$",
        ylabel="depth (layers)",
        xscale="log",
        ax=frames[1],
    )
    frames[1].invert_xaxis()
    windows = {"measured": ([*decades.values()], found[2] / found[0], theory[2] / theory[0])}
    _draw_windows(windows, frames[2], xlabel=r"decades of the tolerance, $\log_{10}(1/\tau)$")
    relative = {k: (orbit.distance / orbit.norm).double() for k, orbit in passes.items()}
    draw_fall(depths, relative, r"relative distance $|\Delta_L|/\|x_L\|$", ax=frames[3])
    show(
        frames[0],
        alt="Top left: separations fall later for smaller tolerances, on the predicted curves. "
        "Top right: the three quantile depths grow in parallel straight lines as the tolerance "
        "shrinks. Bottom left: their ratio falls towards one. Bottom right: the relative distance "
        "falls on a straight line if carried along exactly, and becomes flat in single and, later, "
        "in double precision.",
        caption="Width 128. Location and window against their prediction, and the floor of two "
        "number formats under the same distance.",
        data={
            "Quantile depths": {
                "τ": tolerances,
                **{f"L({q})": row for q, row in zip(_LEVELS, found, strict=True)},
                **{f"theory, L({q})": row for q, row in zip(_LEVELS, theory, strict=True)},
            },
            "Relative distance, median": {
                "L": depths,
                **{k: v.median(1).values for k, v in relative.items()},
            },
            "Separation": {
                "L": depths,
                **{f"τ = {t:g}": measured[t] for t in shown.values()},
                **{f"theory, τ = {t:g}": predicted[t] for t in shown.values()},
            },
        },
    )


def show_bridge(
    sgd: tuple[Tensor, estimates.Estimate],
    bits: tuple[Tensor, Tensor],
    cards: tuple[Tensor, Sequence[float]],
    network: tuple[Tensor, Tensor],
) -> None:
    """Shows one profile shared by four systems, and a deck of cards in its own time.

    Args:
        sgd: (c, total variation), (m,) each, c in windows from the cut-off; simulated.
        bits: The same of random bits.
        cards: The same of 52 cards after 1, 2, … riffle shuffles.
        network: (c, separation) of a random network.
    """
    left, right = grid(1, 2, (7.2, 3.4))
    shift = torch.linspace(-3, 4, 71, dtype=torch.float64)
    systems = {
        "SGD, simulated": (sgd[0], sgd[1].mean),
        "1000 bits": bits,
        "52 cards": cards,
        r"network, $\tau=10^{-8}$": network,
    }
    draw_against(
        {r"theory: $2\Phi(e^{-c}/2)-1$": (shift, dynamics.mixing.cutoff_profile(shift))},
        systems,
        dot={"fillstyle": "none", "markersize": 6},
        legend=_RIGHT,
        xlabel="time in windows $c$, from the cut-off",
        ylabel="distance from the end",
        xlim=(-3, 4),
        ylim=(-0.03, 1.25),
        ax=left,
    )
    shuffles = cards[1]
    numbers = list(range(1, len(shuffles) + 1))
    fine = torch.linspace(1, numbers[-1], 101, dtype=torch.float64)
    limit = dynamics.mixing.cutoff_profile(fine * math.log(2) - math.log(52**1.5 / 12**0.5))
    draw_against(
        {"theory: large decks": (fine, limit)},
        {"52 cards, exact": (numbers, shuffles)},
        xlabel="riffle shuffles $m$",
        ylabel="total variation",
        ylim=(-0.03, 1.05),
        ax=right,
    )
    show(
        left,
        alt="Left: markers of noisy gradient descent, of random bits, of cards and of a network "
        "lie on one black curve that falls from one to zero. Right: the total variation of a deck "
        "stays at one for four shuffles, then falls close to the theoretical curve.",
        caption="Four systems in units of their windows (left); cards by the shuffle (right).",
        data={
            "52 cards": {"m": numbers, "total variation": shuffles},
            **{k: {"c": c, "distance": d} for k, (c, d) in systems.items()},
        },
    )


def show_broken(
    biased: dynamics.random_layers.PairOrbit,
    bare: dynamics.random_layers.PairOrbit,
    angle_theory: Tensor,
    slow: Mapping[int, Tensor],
    windows: Mapping[str, tuple[Mapping[float, Tensor], Mapping[float, Tensor], float]],
) -> None:
    """Shows what the bias decides, and the slow cut-off of He's initialisation.

    Args:
        biased: Orbits of two inputs in networks with bias, (k, networks).
        bare: The same without bias.
        angle_theory: The angle of an infinitely wide network without bias, (k,).
        slow: Width n → separation for He's initialisation, drawn to depth 14 n.
        windows: Label → L(.9), L(.5), L(.1), (3,), of each τ: measured, predicted; and the
            distance at depth 0.
    """
    frames, depths = grid(2, 2, (7.2, 6.0)), range(len(angle_theory))
    pairs = {"with bias": biased, "no bias": bare}
    ratios = {label: orbit.distance / orbit.norm for label, orbit in pairs.items()}
    angles = {label: orbit.angle for label, orbit in pairs.items()}
    draw_fall(depths, ratios, r"relative distance $|\Delta_L|/\|x_L\|$", ax=frames[0])
    line = {"theory, no bias": angle_theory}
    draw_fall(depths, angles, r"angle $\theta_L$ (radians)", lines=line, ax=frames[1])
    scaled = {}
    for width, curve in slow.items():
        curve = curve[: 14 * width + 1]
        scaled[width] = torch.arange(len(curve)) / width, curve
    named = {f"n = {n}": (x[:: n // 4], curve[:: n // 4]) for n, (x, curve) in scaled.items()}
    xlabel = "depth over width, $L/n$"
    cutoff.draw_curves(named, xlabel=xlabel, xlim=(0, 14), legend=_RIGHT, ax=frames[2])
    drawn = {}
    for label, (measured, predicted, start) in windows.items():
        found, theory = (rows[2] / rows[0] for rows in (_stacked(measured), _stacked(predicted)))
        drawn[label] = [math.log10(start / t) for t in measured], found, theory
    _draw_windows(drawn, frames[3], xlabel=r"decades $\log_{10}(d_0/\tau)$")
    frames[3].set(yscale="log", yticks=[1, 2, 5, 10], yticklabels=["1", "2", "5", "10"])
    frames[3].minorticks_off()
    show(
        frames[0],
        alt="Top: with bias both the relative distance and the angle fall along straight lines to "
        "nothing; without bias both hardly fall, and the angle follows the slow theoretical curve. "
        "Bottom left: for He's initialisation the separations of three widths lie together when "
        "depth is divided by width, and fall slowly. Bottom right: the relative window falls "
        "quickly to one for the default initialisation, slowly for He's.",
        caption="Above: bias on and off, default initialisation, width 128. Below: He's "
        "initialisation without bias, a slow cut-off at depth proportional to width.",
        data={
            "Medians": {
                "L": depths,
                **{f"relative distance, {k}": v.median(1).values for k, v in ratios.items()},
                **{f"angle, {k}": v.median(1).values for k, v in angles.items()},
                "angle, theory without bias": angle_theory,
            },
            **{
                f"He, n = {w}": {"L/n": x[:: len(x) // 40], "separation": c[:: len(x) // 40]}
                for w, (x, c) in scaled.items()
            },
            **{
                f"Window, {k}": dict(zip(("decades", "measured", "theory"), row, strict=True))
                for k, row in drawn.items()
            },
        },
    )


def show_training(accuracies: Mapping[str, Mapping[int, Tensor]], chance: float) -> None:
    """Shows test accuracy after a short training against depth.

    Args:
        accuracies: Label → number of hidden layers → accuracy of each seed, (seeds,).
        chance: The accuracy of guessing.
    """
    depths = list(next(iter(accuracies.values())))
    rows = {label: torch.stack(list(by_depth.values())) for label, by_depth in accuracies.items()}
    show(
        cutoff.draw_training(depths, rows, chance),
        alt="With the default initialisation the accuracy is high for two and four hidden layers "
        "and no better than guessing from about six on. With He's it stays high to eight layers.",
        caption="Digits, width 64, 300 steps of plain SGD, the better of two learning rates.",
        data={
            "hidden layers": depths,
            **{f"{k}, mean": v.mean(1) for k, v in rows.items()},
            **{f"{k}, worst seed": v.amin(1) for k, v in rows.items()},
        },
    )


def _stacked(depths: Mapping[float, Tensor]) -> Tensor:
    """One row for each of L(.9), L(.5) and L(.1), (3, number of τ)."""
    return torch.stack(list(depths.values()), 1)


def _listed_once(lines: Iterable) -> dict[str, Any]:
    """Theory's lines, of which the legend names the first."""
    return {"theory" if i == 0 else f"_{i}": row for i, row in enumerate(lines)}


def _draw_windows(windows: Mapping[str, tuple], ax, **axis) -> None:
    """Relative windows L(.1)/L(.9): label → (abscissae, measured, predicted), (k,) each."""
    ax.axhline(1, color=COLOURS["reference"], linewidth=0.8, linestyle=":")
    lines = _listed_once((at, theory) for at, _, theory in windows.values())
    dots = {label: (at, found) for label, (at, found, _) in windows.items()}
    draw_against(lines, dots, **_AGAINST, ylabel="$L(.1)/L(.9)$", ax=ax, **axis)
