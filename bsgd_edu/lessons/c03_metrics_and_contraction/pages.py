"""Chapter 3's figures as they stand on the page: panels, description, caption and data."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...estimates import Estimate
from ...plot.curves import draw_against, over
from ...plot.display import show
from ...plot.style import COLOURS, axes, grid, use
from . import figures as metrics
from . import simplex

__all__ = [
    "show_broken",
    "show_positive",
    "show_products",
    "show_question_mark",
    "show_smallest",
    "show_table",
]

_WRONG = "¼ tanh Δ (wrong)"


def show_smallest(
    t: Tensor, image: Tensor, distances: Tensor, ratios: Tensor, theory: float, wrong: float
) -> None:
    """Shows a 2×2 matrix as a map of a line, and by how much it shrinks distances.

    Args:
        t: log(x_1/x_2) of rays, (n,).
        image: The same of their images, (n,).
        distances: Hilbert distances of pairs, (m,).
        ratios: After over before, (m,).
        theory: tanh(Δ/4).
        wrong: ¼ tanh Δ.
    """
    left, right = grid(1, 2, (7.2, 3.4))
    slopes = {
        f"slope tanh(Δ/4) = {theory:.3g}": image[len(image) // 2] + theory * t,
        "slope 1": t,
    }
    draw_against(
        over(t, slopes),
        {"image of a ray": (t[::5], image[::5])},
        looks={"slope 1": {"linestyle": ":", "color": COLOURS["reference"], "zorder": 2}},
        legend={"loc": "upper left"},
        xlabel=r"ray $x$: $\log(x_1/x_2)$",
        ylabel=r"its image $Wx$: $\log$ of the ratio",
        ylim=(float(-0.55 * t.max()), float(0.55 * t.max())),
        ax=left,
    )
    bounds = {"tanh(Δ/4)": [theory, theory], _WRONG: [wrong, wrong]}
    draw_against(
        over([0, float(distances.max())], bounds),
        {"pairs of rays": (distances, ratios)},
        looks={_WRONG: {"color": COLOURS["reference"]}},
        legend={"loc": "lower left"},
        xlabel="Hilbert distance before",
        ylabel="distance after / before",
        ylim=(0, 1.5 * theory),
        ax=right,
    )
    show(
        left,
        alt="Left: the image of a ray as a function of the ray is an S that flattens on both "
        "sides; its slope is steepest in the middle, where it touches the straight theory line. "
        "Right: near pairs of rays shrink by exactly the theoretical factor, far pairs by more; "
        "the near ones lie above the dashed line of the wrong formula.",
        caption="A positive matrix in the plane, seen on a logarithmic line. Left: the map. Right: "
        "by how much it shrinks distances; the dashed formula promises too much.",
        data={
            "The map": {"log of ratio": t, "image": image},
            "Pairs": {"distance": distances, "after / before": ratios},
        },
    )


def show_table(
    rows: Sequence[Any], inside: Mapping[str, Tensor], outside: Mapping[str, Tensor]
) -> None:
    """Shows the largest ratio of each layer of the table, within its condition and just outside.

    Args:
        rows: Rows with ``layer``, ``metric``, ``condition``, ``beyond`` and the two factors.
        inside: Layer → largest ratio within the condition, a number.
        outside: Layer → largest ratio just outside it.
    """
    within = torch.tensor([float(inside[row.layer]) for row in rows])
    beyond = torch.tensor([float(outside[row.layer]) for row in rows])
    labels = [f"{row.layer} · {row.metric}" for row in rows]
    factors = [row.factor for row in rows]
    others = [row.outside_factor for row in rows]
    ax = axes(size=(7.2, 5.4))
    metrics.draw_table(labels, within, beyond, factors, others, ax)
    show(
        ax,
        alt="One row for each layer. The circles, where the condition holds, all lie at or left of "
        "one; the squares, just outside the condition or in another metric, all lie right of it. "
        "Black ticks of theory stand on the markers, except for one tanh layer that stays a "
        "little below its bound.",
        caption="Which layer expands which metric. Circles: the condition of the table holds. "
        "Squares: it is just broken, or the same layer is measured in another metric.",
        data={
            "layer and metric": labels,
            "condition": [row.condition for row in rows],
            "largest ratio": within,
            "theory": factors,
            "just outside": [row.beyond for row in rows],
            "its largest ratio": beyond,
            "its theory": ["–" if f is None else f"{f:.4g}" for f in others],
        },
    )


def show_positive(
    diameters: Tensor,
    worst: Tensor,
    random: Tensor,
    distances: Mapping[float, Tensor],
    theory: Tensor,
    bound: Tensor,
) -> None:
    """Shows Birkhoff's coefficient over many matrices, and powers of one matrix.

    Args:
        diameters: Δ of each matrix, (m,).
        worst: Ratio of the worst pair, (m,).
        random: Largest ratio over random pairs, (m,).
        distances: p of the norm that the iterates are divided by (1, 2, ∞) → Hilbert distance to
            the Perron direction for n = 0 … N, (N + 1,).
        theory: The line of the eigenvalue ratio, (N + 1,).
        bound: Birkhoff's bound, (N + 1,).
    """
    names = {1.0: "÷ sum", 2.0: "÷ length", math.inf: "÷ largest"}
    curves = {names[p]: values for p, values in distances.items()}
    lines = {"|λ₂/λ₁|ⁿ": theory, "bound: tanh(Δ/4)ⁿ": bound}
    left, right = grid(1, 2, (7.2, 3.8))
    order = diameters.argsort()
    delta = torch.linspace(0, float(diameters.max()), 200)
    draw_against(
        over(delta, {"tanh(Δ/4)": (delta / 4).tanh(), _WRONG: delta.tanh() / 4}),
        over(diameters, {"random pairs, largest": random, "worst pair": worst}),
        line={"zorder": 5},
        looks={
            _WRONG: {"color": COLOURS["reference"]},
            "random pairs, largest": {"index": 2, "markersize": 3, "alpha": 0.6},
            "worst pair": {"markersize": 4},
        },
        legend={"loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 2, "columnspacing": 1},
        xlabel="projective diameter Δ of the matrix",
        ylabel="distance after / before",
        ylim=(0, 1.04),
        ax=left,
    )
    metrics.draw_distances(curves, lines, right, stagger=True)
    columns = {**curves, **lines}
    show(
        left,
        alt="Left: one point for each positive matrix; the worst pair lies on the curve of the "
        "hyperbolic tangent, random pairs lie below it, and most worst pairs lie above the dashed "
        "curve of the wrong formula, which levels off at a quarter. Right: with three different "
        "rescalings the distance to the Perron direction falls along the same straight line, "
        "below Birkhoff's bound and parallel to the ratio of the two largest eigenvalues.",
        caption="Left: Birkhoff's coefficient is attained, by matrices of any diameter. Right: "
        "powers of one matrix; how the iterates are rescaled changes nothing.",
        data={
            "Matrices, by diameter": {
                "Δ": diameters[order],
                "worst pair": worst[order],
                "random pairs": random[order],
            },
            "Powers of one matrix": {
                "n": range(len(next(iter(columns.values())))),
                **columns,
            },
        },
    )


def show_products(
    cones: Mapping[str, Tensor],
    widths: Mapping[str, Tensor],
    moves: Mapping[str, Tensor],
    rate: Estimate,
    factors: Tensor,
) -> None:
    """Shows the images of the cone under products of matrices, in both orders.

    The triangles are those of the first list, n = 1 … 6; the sizes are medians, n = 1 … 20.

    Args:
        cones: ``"forward"`` and ``"backward"`` → corners of the images of the cone under
            n = 1 … N maps, (N, lists, 3 corners, 3).
        widths: The same → Hilbert diameters of the images, (N, lists).
        moves: The same → how far the next step of one direction goes, (N − 1, lists).
        rate: Theory: the logarithmic rate of the width.
        factors: Birkhoff's coefficients of the matrices, of any shape.
    """
    bound = float(factors.log().mean())
    forward, backward = (cones[order][:6, 0] for order in ("forward", "backward"))
    sizes = {
        order: {
            "width": widths[order][:20].median(-1).values,
            "step": moves[order][:20].median(-1).values,
        }
        for order in ("forward", "backward")
    }
    left, right, *spare = grid(2, 2, (7.2, 6.6))
    for place in spare:  # the lower row is one wide panel
        place.remove()
    with use():
        below = left.figure.add_subplot(left.get_gridspec()[1, :])
    simplex.draw_simplex(forward, "forward", "new map outside", left)
    simplex.draw_simplex(backward, "backward", "new map inside", right)
    simplex.draw_shrinking(sizes["forward"], sizes["backward"], float(rate.mean), bound, below)
    typical = {f"{order}: width": sizes[order]["width"] for order in sizes}
    steps = {f"{order}: step": sizes[order]["step"] for order in sizes}
    show(
        left,
        alt="Two triangles of directions. With the new map outside, its images are smaller and "
        "smaller triangles that jump about; with the new map inside, each image lies within the "
        "last one and they close in on one point. Below: the widths of both fall alike, parallel "
        "to the theoretical line and faster than Birkhoff's bound; the next step of the backward "
        "direction falls with them, that of the forward direction does not fall at all.",
        caption="All positive vectors, as a triangle of directions, under products of random "
        "positive matrices. Above: one list of matrices, the more maps the darker. Below: typical "
        "sizes over many lists.",
        data={
            "Typical Hilbert distances": {
                "n": range(1, len(next(iter(typical.values()))) + 1),
                **typical,
            },
            "Typical next step": {"n": range(1, len(next(iter(steps.values()))) + 1), **steps},
        },
    )


def show_broken(
    curves: Mapping[str, Tensor],
    slow: Tensor,
    fast: Tensor,
    biases: Tensor,
    measured: Tensor,
    predicted: Tensor,
) -> None:
    """Shows matrices with zeros, and a Thompson ratio against a bias of either sign.

    Args:
        curves: Label → Hilbert distance of two rays for n = 0 … N, (N + 1,).
        slow: What theory gives for the shear, (N + 1,).
        fast: What it gives for the golden matrix, (N + 1,).
        biases: b, (k,).
        measured: Largest Thompson ratio, (k,).
        predicted: The theory of it, (k,).
    """
    left, right = grid(1, 2, (7.2, 3.6))
    lines = {"shear: log((5+n)/(1+n))": slow, "golden: φ⁻²ⁿ": fast}
    metrics.draw_distances(curves, lines, left)
    left.set_ylim(1e-16, 20)  # room for the legend
    right.axhline(1, color=COLOURS["reference"], linewidth=1.2)
    draw_against(
        {r"theory: largest $x/(x+b)$": (biases, predicted)},
        {"largest ratio over pairs": (biases, measured)},
        dot={"index": 1},
        legend={"loc": "upper right"},
        xlabel="bias $b$ of the layer $x + b$",
        ylabel="Thompson distance after / before",
        yscale="log",
        yticks=[0.5, 1, 2, 4],
        yticklabels=["0.5", "1", "2", "4"],
        ax=right,
    )
    right.minorticks_off()
    show(
        left,
        alt="Left: the distance of two rays under powers of four matrices. It falls along "
        "straight lines for the positive matrix and for the one whose square is positive, it "
        "creeps down for the shear, and it never changes for the swap. Right: the largest "
        "Thompson ratio follows the theory curve: above one for every negative bias, below one "
        "for every positive one.",
        caption="Left: a zero entry makes Birkhoff's coefficient one, and then anything can "
        "happen. Right: a negative bias expands Thompson's metric.",
        data={
            "Distance of two rays": {"n": range(len(next(iter(curves.values())))), **curves},
            "Bias": {"b": biases, "largest ratio": measured, "theory": predicted},
        },
    )


def show_question_mark(
    forward: Tensor, backward: Tensor, t: Tensor, share: Estimate, exact: Tensor
) -> None:
    """Shows products of two shears in random order, and the law of their direction.

    Args:
        forward: Directions of forward products for n = 0 … N, (N + 1, lists); of the first list,
            n = 0 … 30 is drawn.
        backward: The same of the backward products of the same lists.
        t: (k,), increasing, in [0, 1].
        share: Share of backward limits at most t, (k,).
        exact: Minkowski's ?(t), (k,).
    """
    left, right = grid(1, 2, (7.2, 3.4))
    forward, backward = forward[:31, 0], backward[:31, 0]
    simplex.draw_rays(forward, backward, left)
    some = slice(None, None, max(1, len(t) // 24))
    draw_against(
        {"Minkowski's ?(t)": (t, exact)},
        {"share of runs": (t[some], share.mean[some])},
        line={"linewidth": 1.2},
        dot={"index": 1},
        legend={"loc": "upper left"},
        xlabel="direction $t$",
        ylabel=r"$P(x_1/(x_1+x_2) \leq t)$",
        ax=right,
    )
    show(
        left,
        alt="Left: the direction of the forward product jumps up and down for ever, that of the "
        "backward product settles within a few matrices. Right: the shares of runs lie on a "
        "staircase that is steep in some places and flat near simple fractions.",
        caption="Two shears in random order: each has coefficient one, and still the backward "
        "direction settles (left). Where it settles follows Minkowski's question mark (right).",
        data={
            "One list": {"n": range(len(forward)), "forward": forward, "backward": backward},
            "Law": {"t": t, "share of runs": share.mean, "?(t)": exact},
        },
    )
