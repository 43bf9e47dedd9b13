"""Chapter 6's figures as they stand on the page: panels, description, caption and data."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ... import meanfield
from ...estimates import Estimate
from ...plot.curves import draw_against, draw_fall, draw_lines, over
from ...plot.display import show
from ...plot.style import grid
from . import figures as isometry

__all__ = [
    "show_drift",
    "show_kept",
    "show_one_pixel",
    "show_padding",
    "show_phases",
    "show_training",
]

_LAWS = {"delta_orthogonal": "delta-orthogonal", "gaussian": "Gaussian"}


def show_one_pixel(
    lengths: Mapping[int, Tensor], exponents: Mapping[int, Tensor], kept: Tensor
) -> None:
    """Shows the length of a signal through random linear layers.

    Args:
        lengths: Width → length by depth relative to the input's, (L + 1, networks), Gaussian
            layers.
        exponents: Width → predicted growth of its logarithm a layer.
        kept: The same for orthogonal layers of one width.
    """
    ax = grid(1, 1, (6.6, 3.8))[0]
    depths = torch.arange(len(kept))
    curves = {f"Gaussian, n = {n}": x for n, x in lengths.items()} | {"orthogonal": kept}
    lines = {f"theory, n = {n}": torch.exp(float(x) * depths) for n, x in exponents.items()}
    black = {"_" * (i > 0) + label: line for i, (label, line) in enumerate(lines.items())}
    draw_fall(depths, curves, r"length $\|x_L\|/\|x_0\|$", lines=black, ax=ax)
    ax.lines[-len(lines)].set_label("theory")
    ax.set(ylim=(1e-16, 1e2))
    ax.legend(loc="lower right")
    show(
        ax,
        alt="Lengths of signals against depth on a logarithmic axis. For Gaussian layers the "
        "medians fall along straight lines with widening bands, steeply for one channel and "
        "slowly for sixteen; for orthogonal layers the length stays exactly the same.",
        caption="One pixel through linear layers that keep lengths in the mean square. Bands: "
        "80 % of networks. Black: the exponents of chapter 4.",
        data={
            "L": depths,
            **{k: v.median(1).values for k, v in curves.items()},
            **lines,
        },
    )


def show_phases(
    phases: Mapping[str, Mapping[str, float]],
    correlations: Mapping[str, Estimate],
    theory: Mapping[str, Tensor],
    gradients: Mapping[str, Tensor],
) -> None:
    """Shows the phase plane, depth scales, and what becomes of inputs and gradients.

    Args:
        phases: Phase → its ``weight_var`` and ``bias_var``.
        correlations: Phase → correlation of two inputs by depth in finite networks, (L + 1,).
        theory: Phase → the same of the correlation map, (L + 1,); deeper layers are not drawn.
        gradients: Phase → mean square of the gradient by layers below the top, (K + 1, networks).
    """
    frames = grid(2, 2, (7.2, 6.2))
    points = {phase: (at["weight_var"], at["bias_var"]) for phase, at in phases.items()}
    weight_vars, bias_vars = torch.linspace(0.5, 4, 71), torch.linspace(0.002, 0.25, 32)
    plane = meanfield.fixed_point(weight_vars, bias_vars[:, None])
    line = meanfield.critical_line(torch.logspace(-2.5, 0.5, 200, dtype=torch.float64))
    isometry.draw_phase_plane(weight_vars, bias_vars, plane.chi_c, line, points, frames[0])

    shown = len(bias_vars) // 5
    scale = plane.xi_c[shown].clamp(max=200).cpu()
    label = rf"theory, $\sigma_b^2={float(bias_vars[shown]):.2g}$"
    draw_against(
        {label: (weight_vars, scale)},
        {},
        **isometry.AGAINST,
        xlabel=r"weight variance $\sigma_w^2$",
        ylabel=r"depth scale $\xi_c$ (layers)",
        yscale="log",
        ax=frames[1],
    )

    depths = torch.arange(len(next(iter(correlations.values())).mean))
    theory = {phase: orbit[: len(depths)] for phase, orbit in theory.items()}
    lines = {"theory" if not i else f"_{k}": v for i, (k, v) in enumerate(theory.items())}
    some = {k: Estimate(v.mean[::2], v.stderr[::2]) for k, v in correlations.items()}
    draw_against(
        over(depths, lines),
        over(depths[::2], some),
        dashes="-",
        **isometry.AGAINST,
        xlabel="depth $L$ (layers)",
        ylabel="correlation of two inputs",
        ylim=(0.35, 1.03),
        ax=frames[2],
    )

    below = torch.arange(len(next(iter(gradients.values()))))
    factors = {k: float(meanfield.fixed_point(*at).chi_1) for k, at in points.items()}
    powers = {f"theory, {k}": chi**below for k, chi in factors.items()}
    draw_fall(below, gradients, "mean square of the gradient", lines=powers, ax=frames[3])
    frames[3].set(xlabel="layers below the top")
    frames[3].get_legend().remove()
    show(
        frames[0],
        alt="Top left: the plane of weight and bias variance; a black critical line rises from "
        "the left and divides order from chaos; contours of the depth scale crowd towards it. Top "
        "right: the depth scale has a sharp peak there. Bottom left: the correlation of two "
        "inputs rises to one in the ordered phase, slowly at criticality, and falls to a lower "
        "level in chaos. Bottom right: gradients shrink, stay, and grow in the three phases.",
        caption="Order (blue), chaos (orange), and ξ_c in layers (grey). Below: finite networks "
        "(markers, bands) against theory (black), in the three points marked.",
        data={
            "Correlation": {
                "L": depths,
                **{f"{k}, measured": v.mean for k, v in correlations.items()},
                **{f"{k}, theory": v for k, v in theory.items()},
            },
            "Mean square of the gradient": {
                "layers": below,
                **{f"{k}, median": v.median(1).values for k, v in gradients.items()},
                **powers,
            },
            "Critical line": {"σ_w²": line[0], "σ_b²": line[1]},
            "Depth scale": {"σ_w²": weight_vars, "ξ_c": scale},
        },
    )


def show_kept(
    amplitudes: Mapping[str, Estimate],
    predicted: Mapping[str, Tensor],
    singular_values: Mapping[str, Tensor],
    spread: Mapping[str, Mapping[int, Estimate]],
    theory: Mapping[str, Mapping[int, Tensor]],
) -> None:
    """Shows what is kept of patterns in space, and of directions in the space of channels.

    Args:
        amplitudes: Taps → amplitudes of the modes 1, 2, … by depth, relative to the start,
            (L + 1, modes).
        predicted: Taps → the covariance map's, (L + 1, modes).
        singular_values: Weights → those of Jacobians of one depth, any shape.
        spread: Weights → depth L → variance of s² over its squared mean.
        theory: The same, predicted.
    """
    frames, tables = grid(2, 2, (7.2, 6.2)), {}
    for ax, (taps, (values, errors)) in zip(frames, amplitudes.items(), strict=False):
        layers, modes = torch.arange(len(values)), range(1, values.shape[1] + 1)
        exact = {f: predicted[taps][:, f - 1] for f in modes}
        named = {f"mode f = {f}": Estimate(values[:, f - 1], errors[:, f - 1]) for f in modes}
        black = {"theory" if f == 1 else f"_{f}": exact[f] for f in modes}
        draw_against(
            over(layers, black),
            over(layers, named),
            dashes="-",
            **isometry.AGAINST,
            xlabel="depth $L$ (layers)",
            ylabel="amplitude, relative",
            ylim=(-0.12, 1.1),
            ax=ax,
        )
        ax.set(title=taps)
        tables[taps] = {"L": layers}
        tables[taps] |= {f"f = {f}, measured": values[:, f - 1] for f in modes}
        tables[taps] |= {f"f = {f}, theory": exact[f] for f in modes}
    isometry.draw_spectrum(singular_values, frames[2])
    depths = list(next(iter(spread.values())))
    measured = {weights: Estimate.stack(values.values()) for weights, values in spread.items()}
    exact = {weights: torch.stack([*values.values()]) for weights, values in theory.items()}
    lines = over(depths, {f"theory, {k}": v for k, v in exact.items()})
    _draw_logs(lines, over(depths, measured), "depth $L$ (layers)", r"variance of $s^2$", frames[3])
    show(
        frames[0],
        alt="Top: amplitudes of three Fourier modes against depth. For equal taps higher modes "
        "fall faster, the third within a few layers; for delta taps all three fall together and "
        "slowly. Bottom left: singular values of the orthogonal network crowd near one, those of "
        "the Gaussian one spread over many decades. Bottom right: with depth their variance falls "
        "for orthogonal and grows for Gaussian weights.",
        caption="Above: a ring of 16 pixels at criticality, q* = 1/16. Below: Jacobians of "
        "critical networks with q* = 1/L, at the largest depth (left; what is smaller than the "
        "axis is counted in its first bin) and against depth (right).",
        data={
            **tables,
            "Variance of s²": {
                "L": depths,
                **{f"{k}, measured": v.mean for k, v in measured.items()},
                **{f"{k}, theory": v for k, v in exact.items()},
            },
            **{
                f"Singular values, {k}": {"s": v.flatten().sort().values}
                for k, v in singular_values.items()
            },
        },
    )


def show_drift(
    measured: Mapping[str, Mapping[int, Estimate]],
    predicted: Mapping[str, Mapping[int, Tensor]],
    decades: Mapping[tuple[str, int], Tensor],
    lucky: Mapping[int, Tensor],
) -> None:
    """Shows the drift of Fourier modes in Gaussian layers, and what it does to gradients.

    Args:
        measured: Kind of mode → channels C → loss of log-length a layer.
        predicted: The same.
        decades: (kernels, C) → log₁₀ of a gradient's size by layers below the top, (m, networks).
        lucky: C → the same of the luckiest of the modes, predicted, (m,); drawn where Gaussian.
    """
    left, right = grid(1, 2, (7.2, 3.8))
    channels = list(next(iter(measured.values())))
    points = {mode: Estimate.stack(losses.values()) for mode, losses in measured.items()}
    theory = {mode: torch.stack([*losses.values()]) for mode, losses in predicted.items()}
    lines = over(channels, {f"theory, {mode}": v for mode, v in theory.items()})
    _draw_logs(lines, over(channels, points), "channels $C$", "loss of log-length a layer", left)
    depths = torch.arange(len(next(iter(decades.values()))))[::10]
    curves = {f"{_LAWS[law]}, C = {c}": (10.0**v)[::10] for (law, c), v in decades.items()}
    black = {f"theory, C = {c}": (10.0 ** lucky[c])[::10] for k, c in decades if k == "gaussian"}
    draw_fall(depths, curves, "gradient, relative to the top", lines=black, ax=right)
    right.set(xlabel="layers below the top")
    show(
        left,
        alt="Left: the loss of log-length per layer falls in inverse proportion to the number of "
        "channels, for modes that vary in space at half the height of the constant one. Right: "
        "gradients of delta-orthogonal networks keep their size through all layers, those of "
        "Gaussian networks fall by decades, faster for fewer channels.",
        caption="Gaussian convolutions at finite width. Left: linear layers on a ring. Right: "
        "critical tanh networks, bands over networks; black: the luckiest of 24 modes.",
        data={
            "Loss a layer": {
                "C": channels,
                **{f"{k}, measured": v.mean for k, v in points.items()},
                **{f"{k}, theory": v for k, v in theory.items()},
            },
            "Gradient, log₁₀ of the median": {
                "layers": depths,
                **{k: v.log10().median(1).values for k, v in curves.items()},
                **{k: v.log10() for k, v in black.items()},
            },
        },
    )


def show_training(losses: Mapping[tuple, Sequence[float]], accuracy: Mapping[tuple, float]) -> None:
    """Shows training losses, a panel an initialisation and a line a network.

    Args:
        losses: (initialisation, depth), or with a remark as third → losses by step, (k,).
        accuracy: The same keys → test accuracy at the end.
    """
    frames = grid(1, 2, (7.2, 3.8), sharey=True)
    panels = {title: {} for title in _LAWS.values()}
    reached = {}
    for run, values in losses.items():
        law, depth, *remarks = run
        label = ", ".join([f"L = {depth:,}", *remarks])
        panels[_LAWS[law]][label] = torch.tensor(values)
        reached[f"{_LAWS[law]}, {label}"] = accuracy[run]
    steps = list(range(len(values)))
    for ax, (title, lines) in zip(frames, panels.items(), strict=True):
        draw_lines(
            over(steps, lines),
            look={"markevery": 0.13, "linewidth": 1.4},
            levels={"guessing": math.log(10)},
            xlabel="step $n$ of SGD",
            ylabel="training loss (nats)",
            ylim=(0, 1.25 * math.log(10)),
            ax=ax,
        )
        ax.set(title=title)
    frames[1].set(ylabel="")
    show(
        frames[0],
        alt="Training loss against the step. Left: delta-orthogonal networks of all depths leave "
        "the level of guessing, also with zero padding; only the one whose fixed point is too "
        "large stays there. Right: of the Gaussian networks only the shallow ones learn; the "
        "deepest stays at guessing.",
        caption="Same data, batches and rule; q* = 1/√L where nothing else is said.",
        data={
            "Test accuracy at the end": {
                "network": list(reached),
                "accuracy": list(reached.values()),
            },
            **{title: {"step": steps, **lines} for title, lines in panels.items()},
        },
    )


def show_padding(kept: Mapping[tuple[str, str], Tensor]) -> None:
    """Shows which kernels keep lengths with which padding.

    Args:
        kept: (kernels, padding) → length by depth relative to the input's, (L + 1, networks).
    """
    norms = {f"{kind} kernels, padding: {padding}": v for (kind, padding), v in kept.items()}
    depths = torch.arange(len(next(iter(kept.values()))))
    ax = draw_fall(depths, norms, r"length $\|x_L\|/\|x_0\|$")
    ax.set(yscale="linear", ylim=(0, 1.08))
    ax.legend(loc="lower left")
    show(
        ax,
        alt="Length against depth. Delta-orthogonal kernels keep it with either padding, and "
        "spread orthogonal kernels with circular padding; with zero padding spread kernels lose "
        "a share at every layer, two thirds in all.",
        caption="Linear layers on a 9×9 map. Three of four combinations are isometries, and lie on "
        "one line.",
        data={"L": depths, **{k: v.median(1).values for k, v in norms.items()}},
    )


def _draw_logs(lines: Mapping, dots: Mapping[str, tuple], xlabel: str, ylabel: str, ax) -> None:
    """Theory over measurements on logarithmic axes, with ticks where measurements stand."""
    at = next(iter(dots.values()))[0]
    axis = {"xscale": "log", "yscale": "log", "xticks": at, "xticklabels": [str(x) for x in at]}
    draw_against(lines, dots, **isometry.AGAINST, **axis, xlabel=xlabel, ylabel=ylabel, ax=ax)
    ax.minorticks_off()
