"""Figures of chapter 3: the directions of the positive cone as a triangle, and what moves there."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from ...plot.style import (
    BACKWARD,
    COLOURS,
    FORWARD,
    axes,
    simulation_points,
    theory_line,
    to_numpy,
    use,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_balls",
    "draw_rays",
    "draw_shrinking",
    "draw_simplex",
]

# Corners of the triangle that stands for the directions of the cone in three dimensions.
_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
_SIDES = {"forward": FORWARD, "backward": BACKWARD}


def _flat(points) -> np.ndarray:
    """Directions of positive vectors (..., 3) as points of the triangle (..., 2)."""
    shares = to_numpy(points)
    return shares / shares.sum(-1, keepdims=True) @ _CORNERS


def _triangle(ax: "Axes", title: str) -> None:
    outline = np.vstack([_CORNERS, _CORNERS[:1]])
    ax.plot(*outline.T, color=COLOURS["reference"], linewidth=1)
    for (x, y), name, side in zip(
        _CORNERS, ("$x_1$", "$x_2$", "$x_3$"), ("right", "left", "center"), strict=True
    ):
        ax.text(x, y + (0.02 if y else -0.02), name, ha=side, va="bottom" if y else "top")
    ax.set(title=title, xlim=(-0.1, 1.1), ylim=(-0.1, 1.0), aspect="equal")
    ax.set_axis_off()
    # Hidden axes keep names for whoever reads the figure by program.
    ax.set(xlabel="share of $x_2$ against $x_1$", ylabel="share of $x_3$")


@use()
def draw_simplex(images: Tensor, order: str, title: str, ax: "Axes | None" = None):
    """Draws the images of the whole cone under 1, 2, … maps as triangles of directions.

    Args:
        images: Corners of each image, (n, 3 corners, 3 coordinates), the fewest maps first.
        order: ``"forward"`` or ``"backward"``: picks the colour.
        title: What stands above the axes.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgba

    ax = axes(ax, size=(3.6, 3.4))
    _triangle(ax, title)
    style = _SIDES[order]
    flat = _flat(images)
    strength = np.linspace(0, 1, len(flat))
    # One collection, not a patch an image: an explorer draws this while a slider moves.
    shapes = PolyCollection(
        flat,
        facecolors=[to_rgba(style["color"], 0.06 + 0.2 * s) for s in strength],
        edgecolors=style["color"],
        linewidths=0.8 + 0.8 * strength,
    )
    ax.add_collection(shapes, autolim=False)
    centres = flat.mean(1)
    ax.plot(*centres.T, color=style["color"], linewidth=0.6, linestyle=":")
    ax.plot(*centres[-1], linestyle="none", markersize=6, markeredgecolor="black", **style)
    return ax


@use()
def draw_balls(
    centres: Tensor, balls: Tensor, images: Tensor, limits: Tensor, ax: "Axes | None" = None
):
    """Draws Hilbert balls in the triangle of directions, with their images under a matrix.

    Args:
        centres: (k, 3) positive vectors.
        balls: Rim of the ball about each, (k, m, 3).
        images: Where the rims go, (k, m, 3).
        limits: Rims of the balls that theory allows about the images of the centres, (k, m, 3).
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax, size=(5.4, 4.6))
    _triangle(ax, "")
    for name, rims, colour, dash in (
        ("ball", balls, COLOURS["forward"], "-"),
        ("its image", images, COLOURS["backward"], "-"),
        ("what tanh(Δ/4) allows", limits, COLOURS["theory"], "--"),
    ):
        for k, rim in enumerate(_flat(rims)):
            label = name if k == 0 else None
            ax.plot(*rim.T, dash, color=colour, linewidth=1.5, label=label)
            if name == "its image":
                ax.fill(*rim.T, color=colour, alpha=0.3, linewidth=0)
    ax.plot(*_flat(centres).T, linestyle="none", color=COLOURS["forward"], marker="o")
    ax.legend(loc="upper left", bbox_to_anchor=(0.62, 1.0))
    return ax


@use()
def draw_shrinking(
    forward: Mapping[str, Tensor],
    backward: Mapping[str, Tensor],
    rate: float,
    bound: float,
    ax: "Axes | None" = None,
):
    """Draws how wide the image of the cone is after n maps, and how far the next step goes.

    Args:
        forward: ``"width"`` and ``"step"`` → typical Hilbert distance for n = 1 … N, (N,).
        backward: The same with the new map inside.
        rate: Logarithmic rate that theory gives for the width.
        bound: Logarithmic rate that Birkhoff's coefficient guarantees.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for name, values in (("forward", forward), ("backward", backward)):
        n = np.arange(1, len(values["width"]) + 1)
        shift = 0.15 if name == "backward" else -0.15
        simulation_points(ax, n + shift, values["width"], label=f"{name}: width", **_SIDES[name])
        ax.plot(np.arange(1, len(values["step"]) + 1), to_numpy(values["step"]), "-",
                color=_SIDES[name]["color"], linewidth=1.3, label=f"{name}: next step")  # fmt: skip
    first = float(forward["width"][0])
    theory_line(ax, n, float(forward["width"][4]) * np.exp(rate * (n - 5)), "theory: Lyapunov gap")
    theory_line(ax, n, first * np.exp(bound * (n - 1)), "bound: mean log tanh(Δ/4)", linestyle="--")
    ax.set(xlabel="number of maps $n$", ylabel="Hilbert distance, typical", yscale="log")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="lower left")
    return ax


@use()
def draw_rays(forward: Tensor, backward: Tensor, ax: "Axes | None" = None):
    """Draws the directions of one forward and one backward product of 2×2 matrices.

    Args:
        forward: Share x_1/(x_1 + x_2) for n = 0 … N, (N + 1,).
        backward: The same with the new matrix inside.
        ax: Axes, or None for a new figure.

    Returns:
        The axes.
    """
    ax = axes(ax)
    for values, name, dash in ((forward, "forward", "-"), (backward, "backward", "--")):
        ax.plot(range(len(values)), to_numpy(values), dash, linewidth=1.3, markersize=4,
                label=f"new matrix {'outside' if name == 'forward' else 'inside'}",
                markevery=2, **_SIDES[name])  # fmt: skip
    ax.set(xlabel="number of matrices $n$", ylabel="direction $x_1/(x_1+x_2)$", ylim=(-0.02, 1.2))
    ax.legend(loc="upper right")
    return ax
