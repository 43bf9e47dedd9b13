"""Chapter 8's figures as they stand on the page: panels, description, caption and data."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...maps import Map
from ...plot.curves import draw_against, draw_lines, over
from ...plot.display import show
from ...plot.style import COLOURS, grid
from . import figures as acceleration

__all__ = [
    "show_broken",
    "show_ethanol",
    "show_loops",
    "show_memory",
    "show_race",
    "show_rule",
    "show_toy",
]


def show_toy(
    steps: Sequence[int],
    losses: Mapping[str, Tensor],
    rates: Tensor,
    shared: float,
    theory: Tensor,
) -> None:
    """Shows two coordinates of very different size: losses by step, and ends by learning rate.

    Args:
        steps: t, (k,).
        losses: Depth → losses, (k, m).
        rates: η, (m,).
        shared: The rate whose losses are shown by step, one of them.
        theory: The law of depth 1 with that rate, (k,).
    """
    place = int((rates - shared).abs().argmin())
    curves = {depth: run[:, place] for depth, run in losses.items()}
    ends = {depth: run[-1] for depth, run in losses.items()}
    left, right = grid(1, 2, (7.2, 3.6))
    acceleration.draw_losses(steps, curves, {"theory, depth 1": theory}, ax=left)
    acceleration.draw_rates(rates, ends, ax=right)
    left.set_title(rf"$\eta$ = {shared:g}")
    right.set_title(f"$t$ = {steps[-1]:,}")
    show(
        left,
        alt="Left: at one learning rate the loss of depth one falls from the first step along a "
        "straight line; that of depth two waits, then drops and goes on below in parallel. Right: "
        "the final loss of depth one falls smoothly with the learning rate up to a sharp end; "
        "depth two lies lower but stops early, with islands of convergence at larger rates.",
        caption="Two coordinates, goals 10 and 1. Left: one learning rate for both depths. Right: "
        "after the last step, one marker a learning rate, none where it diverged.",
        data={
            "Loss by step": {"t": steps, **curves, "theory, depth 1": theory},
            "Loss after the last step, by learning rate": {"η": rates, **ends},
        },
    )


def show_rule(rates: Tensor, gaps: Mapping[str, Any]) -> None:
    """Shows how far the end-to-end rule is from descent on the factors, and these from balance.

    Args:
        rates: η, (k,).
        gaps: Label → a `runs.RuleGap`.
    """
    left, right = grid(1, 2, (7.2, 3.6))
    distance = {label: gap.distance for label, gap in gaps.items()}
    imbalance = {label: gap.imbalance for label, gap in gaps.items()}
    acceleration.draw_orders(rates, distance, "relative distance of products", left)
    acceleration.draw_orders(rates, imbalance, "distance from balance", right)
    right.get_legend().remove()
    show(
        left,
        alt="Two panels on logarithmic axes. For three depths and with weight decay, the distance "
        "between rule and network, and that of the factors from balance, lie on lines of slope one "
        "in the learning rate.",
        caption="Rule against network after time ηt = 1, matrices of 3×6, l₄ loss; the same "
        "markers on both sides.",
        data={
            "Relative distance of products": {"η": rates, **distance},
            "Distance from balance": {"η": rates, **imbalance},
        },
    )


def show_race(four: Mapping[str, Any], two: Mapping[str, Any]) -> None:
    """Shows tuned losses for p = 4 and p = 2, the tuning itself, and the speed-ups of all draws.

    Args:
        four: Method → a `runs.Tuned` for p = 4, ``"depth 1"`` among them; curves and
            tuning are those of its first draw.
        two: The same for p = 2.
    """
    frames, curves = grid(2, 2, (7.4, 6.8)), []
    for ax, runs, low in ((frames[0], four, 1e-7), (frames[1], two, 1e-10)):
        steps = next(iter(runs.values())).at
        curves.append({"t": steps, **{method: run.curve[:, 0] for method, run in runs.items()}})
        acceleration.draw_losses(steps, dict(list(curves[-1].items())[1:]), ax=ax)
        ax.set_ylim(low, 1e3)
    rates = four["depth 1"].rates
    tuning = {m: run.grid[0] for m, run in four.items() if run.rates.equal(rates)}
    acceleration.draw_rates(rates, tuning, ylabel="steps to loss 0.01", ax=frames[2])
    speeds = {m: four["depth 1"].steps / run.steps for m, run in four.items() if m != "depth 1"}
    acceleration.draw_speeds(speeds, frames[3])
    for ax, title in zip(
        frames, ("p = 4", "p = 2", "p = 4: tuning", "p = 4: all draws"), strict=True
    ):
        ax.set_title(title)
    frames[1].legend(*frames[0].get_legend_handles_labels(), loc="lower left", fontsize=9)
    for ax in (frames[0], frames[2]):  # the names and colours are the same in all panels
        ax.get_legend().remove()
    show(
        frames[0],
        alt="Top left, fourth powers: depth two and three fall below depth one, which AdaGrad "
        "accompanies; momentum and AdaDelta fall earlier, the warm-up first of all. Top right, "
        "squares: depth one is no slower than the networks. Bottom left: steps to the target fall "
        "with the learning rate up to a ragged end. Bottom right: depth two and three are a few "
        "times faster than depth one, the scale alone, momentum and AdaDelta more, the warm-up "
        "most; AdaGrad is about as fast.",
        caption="Each method at the learning rate with the fewest steps to loss 0.01. Curves and "
        "tuning: one draw of the data; bottom right: all draws (a bar is their geometric mean).",
        data={
            "p = 4": curves[0],
            "p = 2": curves[1],
            "Steps to loss 0.01, by learning rate": {"η": rates, **tuning},
            "Speed-up, by draw": dict(speeds),
        },
    )


def show_ethanol(steps: Sequence[int], curves: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Shows tuned losses on the paper's own data.

    Args:
        steps: t, (k,).
        curves: ``"p = 4"`` and ``"p = 2"`` → method → losses at its best rate, (k,).
    """
    frames = grid(1, 2, (7.2, 3.5))
    for ax, (power, runs) in zip(frames, curves.items(), strict=True):
        acceleration.draw_losses(steps, runs, ax=ax)
        ax.set_title(f"ethanol, {power}")
    show(
        frames[0],
        alt="Loss against step for several tuned methods on the ethanol data, fourth powers on "
        "the left and squares on the right, both on logarithmic axes.",
        caption="Ethanol, standardised; each method at the rate with the lowest last loss.",
        data={power: {"t": steps, **runs} for power, runs in curves.items()},
    )


def show_memory(memory: Any, ages: Sequence[int], constant: float) -> None:
    """Shows what a step remembers, and what it takes of the newest gradient.

    Args:
        memory: A `runs.Memory` of a network of depth 2.
        ages: Steps at which its weights are shown.
        constant: Learning rate of tuned descent without depth.
    """
    left, right = grid(1, 2, (7.2, 3.6))
    weights = {f"depth 2, step {t}": memory.weights(t) for t in ages}
    weights["momentum 0.9"] = 0.9 ** torch.arange(max(ages) + 1.0)
    draw_lines(
        {label: (range(len(row)), row) for label, row in weights.items()},
        look={"linewidth": 1.4, "markevery": 0.1, "markersize": 4},
        xlabel="age of the gradient (steps)",
        ylabel="weight, relative to the newest",
        yscale="log",
        ax=left,
    )
    steps = list(range(1, len(memory.rho) + 1))
    own = {"depth 1": torch.full_like(memory.rho, constant), "depth 2": memory.rho}
    acceleration.draw_losses(steps, own, ax=right)
    right.set_ylabel("learning rate of the newest gradient")
    show(
        left,
        alt="Left, logarithmic: momentum's weights fall slowly with age from one; in a network of "
        "depth two all past gradients have weights far below the newest, and smaller the longer it "
        "trains. Right: the network's own learning rate rises from near zero within a few steps "
        "and then stays, above the constant one of tuned descent.",
        caption="One run of the race, p = 4, depth 2 at its tuned rate, against momentum 0.9 "
        "(left) and tuned depth 1 (right).",
        data={
            **{
                f"Weights, {label}": {"age": list(range(len(row))), "weight": row}
                for label, row in weights.items()
            },
            "Learning rates": {"t": steps, **own},
        },
    )


def show_loops(
    field: Map,
    half_ring: Tensor,
    circle: Tensor,
    around_ring: Mapping[int, Tensor],
    around_circle: Mapping[int, Tensor],
) -> None:
    """Shows the direction of depth 3 for a constant gradient, and what loops collect by depth.

    Args:
        field: Points (..., 2) ↦ vectors (..., 2).
        half_ring: Corners (n, 2), from `ring.half_annulus_loop`; the theory of its
            circulations is drawn between the depths, too.
        circle: Corners (m, 2).
        around_ring: Depth N → circulation for a constant gradient of length 1.
        around_circle: The same depths → circulation for a quadratic loss.
    """
    left, right = grid(1, 2, (7.2, 3.6))
    side = torch.linspace(-1.3, 1.6, 11, dtype=torch.float64)
    points = torch.cartesian_prod(side, side[3:]).to(half_ring.device)
    loops = {"half-ring": half_ring, "circle": circle}
    acceleration.draw_field(points, field(points), loops, left)
    depths = list(around_ring)
    measured = {
        "constant gradient, half-ring": torch.stack([around_ring[n] for n in depths]),
        "quadratic loss, circle": torch.stack([around_circle[n] for n in depths]),
    }
    fine = torch.linspace(depths[0], depths[-1], 61, dtype=torch.float64)
    radii, power = half_ring.norm(dim=-1), 3 - 2 / fine
    inner, outer = float(radii.min()), float(radii.max())
    line = (fine - 1) * (fine - 2) / fine * 2 * (outer**power - inner**power) / power
    right.axhline(0, color=COLOURS["reference"], linewidth=1)
    draw_against(
        {"theory, half-ring": (fine, line)},
        over(depths, measured),
        line={"linewidth": 1.3},
        dot={"markersize": 6},
        xlabel="depth N",
        ylabel="circulation ∮ F·dw",
        xticks=depths,
        ax=right,
    )
    show(
        left,
        alt="Left: arrows that lean to the right, long on the horizontal axis and short above the "
        "origin, with half of a ring and a circle as closed loops. Right: for a constant gradient "
        "the circulation is zero at depths one and two and grows beyond, on the theory's line, "
        "which dips below zero in between; for a quadratic loss it is zero at depth one only.",
        caption="The direction F of depth 3 for a constant gradient (left), and circulations by "
        "depth (right).",
        data={
            "Circulation": {"N": depths, **measured},
            "Theory, half-ring": {"N": fine, "circulation": line},
        },
    )


def show_broken(
    rates: Tensor, skewed: Mapping[str, Any], large: Tensor, ends: Mapping[str, Tensor]
) -> None:
    """Shows starts out of balance, and learning rates as one would tune them.

    Args:
        rates: Small η, (k,).
        skewed: Label → a `runs.RuleGap`.
        large: Larger η, (m,).
        ends: Label → loss after the last step, (m,).
    """
    left, right = grid(1, 2, (7.2, 3.6))
    distance = {label: gap.distance for label, gap in skewed.items()}
    acceleration.draw_orders(rates, distance, "relative distance of products", left)
    acceleration.draw_rates(large, ends, ax=right)
    show(
        left,
        alt="Left: only the balanced start lies on the line of slope one; with one factor scaled "
        "up and the other down, the distance does not change with the learning rate. Right: rule "
        "and network agree at small rates, then each diverges and comes back at rates of its own.",
        caption="Factors scaled by c and 1/c (left); loss of rule and network in the smallest "
        "case after the last step (right).",
        data={
            "Out of balance": {"η": rates, **distance},
            "Large rates": {"η": large, **ends},
        },
    )
