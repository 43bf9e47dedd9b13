"""Explorers of chapter 3: images of the cone, Hilbert balls, and layers against metrics."""

from typing import NamedTuple

import torch
from torch import Tensor

from ... import metrics, plot
from ...maps import backward_orbit, forward_orbit
from ...plot.explorer import Explorer, tabs
from ...seeding import generator
from . import figures, simplex

__all__ = [
    "Balls",
    "Cone",
    "Ratios",
    "balls",
    "chapter",
    "compare",
    "cone_images",
    "hilbert_balls",
    "layer_ratios",
    "shrinking_cone",
]


class Cone(NamedTuple):
    """Images of the positive cone of R³ under n maps, for both orders: (n, 3 corners, 3)."""

    forward: Tensor
    backward: Tensor
    widths: tuple[float, float]
    bound: float


def cone_images(num_maps: int, spread: float, zeros: float, batches: int) -> Cone:
    """Returns the images of the cone under 1 … n random matrices.

    Args:
        num_maps: n.
        spread: Standard deviation of the logarithm of an entry.
        zeros: Share of the entries off the diagonal that are set to zero.
        batches: Which list of matrices.

    Returns:
        Corners of the images in both orders, their last widths, and Birkhoff's bound of a width:
        Δ of one matrix times the coefficients of the others (∞ if one has a zero).
    """
    stream = generator(batches, "matrices")
    matrices = (spread * torch.randn(24, 3, 3, generator=stream, dtype=torch.float64)).exp()
    chance = torch.rand(24, 3, 3, generator=stream, dtype=torch.float64)
    holes = (chance < zeros) & ~torch.eye(3, dtype=torch.bool)
    matrices = matrices.masked_fill(holes, 0)[:num_maps]

    maps = [lambda x, w=w: _share(x @ w.T) for w in matrices]
    corners = torch.eye(3, dtype=torch.float64)
    images = [orbit(maps, corners)[1:] for orbit in (forward_orbit, backward_orbit)]
    widths = tuple(float(metrics.projective_diameter(image[-1])) for image in images)
    factors = metrics.birkhoff_coefficient(matrices)
    diameter = float(metrics.projective_diameter(matrices[-1]))
    return Cone(*images, widths, diameter * float(factors[:-1].prod()))


def _share(x: Tensor) -> Tensor:
    return x / x.sum(-1, keepdim=True)


def shrinking_cone() -> Explorer:
    """Returns the explorer of nested and wandering images of the cone."""
    import ipywidgets as widgets

    def draw(result: Cone):
        left, right = plot.grid(1, 2, (7.2, 3.5))
        simplex.draw_simplex(result.forward, "forward", "new map outside: forward", left)
        simplex.draw_simplex(result.backward, "backward", "new map inside: backward", right)
        return left

    def describe(result: Cone) -> str:
        number, (outside, inside) = len(result.forward), result.widths
        after = f"After {number} map{'s' * (number > 1)}"
        if max(outside, inside) == float("inf"):
            return (
                f"{after} some image still touches the rim of the triangle: its width is "
                "infinite. Every image inside lies within the last one all the same. Add maps, "
                "or take zeros away."
            )
        bound = f"at most {result.bound:.2g}" if result.bound < 1e9 else "nothing, as a zero occurs"
        return (
            f"{after} the images are {outside:.2g} (outside) and {inside:.2g} (inside) wide; the "
            f"coefficients promise {bound}. Outside, the next map moves the image elsewhere; "
            "inside, the next image lies within the last one."
        )

    return Explorer(
        title="Images of all positive vectors",
        controls={
            "num_maps": widgets.IntSlider(4, 1, 24, description="number of maps n"),
            "spread": widgets.FloatSlider(
                1.0, min=0.2, max=2.0, step=0.1, description="spread of log entries"
            ),
            "zeros": widgets.FloatSlider(
                0.0, min=0.0, max=0.9, step=0.1, description="share of zero entries"
            ),
            "batches": widgets.Button(description="New list of matrices"),
        },
        model=cone_images,
        draw=draw,
        describe=describe,
    )


class Balls(NamedTuple):
    """Hilbert balls about three centres, their images, and the balls that theory allows."""

    centres: Tensor
    balls: Tensor
    images: Tensor
    limits: Tensor
    factor: float
    largest: float


_MATRIX = torch.tensor([[4.0, 1.0, 1.0], [1.0, 3.0, 2.0], [1.0, 2.0, 2.0]], dtype=torch.float64)
_CENTRES = torch.tensor([[1.0, 1.0, 1.0], [12.0, 1.0, 2.0], [1.0, 4.0, 40.0]], dtype=torch.float64)


def hilbert_balls(radius: float, sharpness: float) -> Balls:
    """Returns balls of one radius in Hilbert's metric, and what one matrix makes of them.

    Args:
        radius: Of the balls, in Hilbert distance.
        sharpness: Power to which the entries of the matrix are raised; 0 has rank one.

    Returns:
        Rims of balls, images and limits, (3, m, 3) each.
    """
    matrix = _MATRIX**sharpness
    factor = float(metrics.birkhoff_coefficient(matrix))
    rims = _rim(_CENTRES, radius)
    largest = metrics.hilbert_distance(rims @ matrix.T, (_CENTRES @ matrix.T)[:, None])
    limits = _rim(_CENTRES @ matrix.T, factor * radius)
    return Balls(_CENTRES, rims, rims @ matrix.T, limits, factor, float(largest.max()) / radius)


def _rim(centres: Tensor, radius: float, sides: int = 12) -> Tensor:
    """The rim of a Hilbert ball: a hexagon in logarithms, with straight sides in the triangle."""
    corners = torch.tensor(
        [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0]]
    )
    weights = torch.linspace(0, 1, sides, dtype=torch.float64)[:, None, None]
    points = _share((centres[:, None].log() + radius * corners).exp())
    rims = (
        points[None, :, :-1] * (1 - weights[..., None]) + points[None, :, 1:] * weights[..., None]
    )
    return rims.permute(1, 2, 0, 3).flatten(1, 2)


def balls() -> Explorer:
    """Returns the explorer of Hilbert balls and their images."""
    import ipywidgets as widgets

    def draw(result: Balls):
        return simplex.draw_balls(result.centres, result.balls, result.images, result.limits)

    def describe(result: Balls) -> str:
        return (
            f"All three blue balls have one radius: near the rim a small step is long. "
            f"W allows images of at most tanh(Δ/4) = {result.factor:.3f} times as large; the "
            f"largest here is {result.largest:.3f}: each image lies within its dashed ball."
        )

    return Explorer(
        title="Balls of one radius",
        controls={
            "radius": widgets.FloatSlider(1.0, min=0.1, max=3.0, step=0.1, description="radius"),
            "sharpness": widgets.FloatSlider(
                1.0, min=0.0, max=3.0, step=0.25, description="power of the entries of W"
            ),
        },
        model=hilbert_balls,
        draw=draw,
        describe=describe,
        height=460,
    )


class Ratios(NamedTuple):
    """Ratios d(Tx, Ty)/d(x, y) over random pairs of positive vectors."""

    values: Tensor
    layer: str
    metric: str


_W = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
_LAYERS = {
    "Wx": lambda x: x @ _W.T,
    "Wx divided by its sum": lambda x: _share(x @ _W.T),
    "log(1 + Wx)": lambda x: (x @ _W.T).log1p(),
    "Wx + 1": lambda x: x @ _W.T + 1,
    "ReLU(Px + 0.2), P averages": lambda x: (x @ (_W / 3).T + 0.2).relu(),
    "tanh(Wx/3)": lambda x: (x @ _W.T / 3).tanh(),
    "square": torch.square,
    "square root": torch.sqrt,
}
_METRICS = {
    "ℓ¹": lambda x, y: metrics.lp_distance(x, y, 1.0),
    "ℓ²": metrics.lp_distance,
    "ℓ∞": metrics.sup_distance,
    "Hilbert": metrics.hilbert_distance,
    "Thompson": metrics.thompson_distance,
}


def layer_ratios(layer: str, metric: str) -> Ratios:
    """Returns by how much a layer changes the distance of random pairs.

    Args:
        layer: A name out of the list of layers on positive vectors of the plane.
        metric: A name out of the list of metrics.

    Returns:
        4000 ratios, those of pairs too near for float64 left out.
    """
    stream = generator(0, "pairs")
    x, y = torch.randn(2, 4000, 2, generator=stream, dtype=torch.float64).exp()
    distance = _METRICS[metric]
    apart = distance(x, y) > 1e-4
    ratios = metrics.contraction_ratio(distance, _LAYERS[layer], x[apart], y[apart])
    return Ratios(ratios, layer, metric)


def compare() -> Explorer:
    """Returns the explorer that puts any of eight layers against any of five metrics."""
    import ipywidgets as widgets

    def draw(result: Ratios):
        return figures.draw_spread(result.values, f"{result.layer} in {result.metric}")

    def describe(result: Ratios) -> str:
        worst, share = float(result.values.max()), float((result.values > 1 + 1e-9).double().mean())
        if worst <= 1 + 1e-9:
            return (
                f"No pair moved apart; the largest ratio is {worst:.3f}. That is evidence, not a "
                "proof: is there a condition in the table that says so?"
            )
        return (
            f"{share:.1%} of the pairs moved apart, the worst by a factor of {worst:.3g}: this "
            "metric is the wrong one for this layer. One such pair is a proof."
        )

    return Explorer(
        title="A layer against a metric",
        controls={
            "layer": widgets.Dropdown(
                options=list(_LAYERS), value="log(1 + Wx)", description="layer"
            ),
            "metric": widgets.Dropdown(options=list(_METRICS), value="ℓ²", description="metric"),
        },
        model=layer_ratios,
        draw=draw,
        describe=describe,
        height=320,
    )


def chapter():
    """Returns the three explorers of the chapter in tabs."""
    return tabs(
        {
            "Images of the cone": shrinking_cone(),
            "Hilbert balls": balls(),
            "Layer and metric": compare(),
        }
    )
