"""Lesson 3: cones are drawn with their corners, images nest, ratios reach their constants."""

import numpy as np
import pytest
import torch
from samples_c03 import LINE

from bsgd_edu.estimates import Estimate
from bsgd_edu.lessons.c03_metrics_and_contraction import explore, figures, pages, simplex
from bsgd_edu.metrics import birkhoff_coefficient, hilbert_distance
from bsgd_edu.metrics.layers import TABLE

# ---- figures and pages


def test_table_puts_each_marker_at_its_ratio():
    ax = figures.draw_table(["a", "b"], LINE[:2], LINE[2:4] + 1, [0.1, 0.19], [1.28, None])
    drawn = {line.get_label(): line.get_xdata() for line in ax.lines}
    assert np.allclose(drawn["theory: the best constant"], [0.1, 0.19])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_triangle_has_the_middle_direction_in_its_middle_whatever_the_length():
    for length in (1.0, 7.0):
        images = length * torch.ones(1, 3, 3)
        ax = simplex.draw_simplex(images, "forward", "all one direction")
        assert np.allclose(ax.lines[-1].get_xydata(), [[0.5, np.sqrt(0.75) / 3]])


def test_images_of_the_cone_are_drawn_with_their_corners():
    ax = simplex.draw_simplex(torch.eye(3)[None], "backward", "the whole cone")
    (shape,) = ax.collections[0].get_paths()
    assert np.allclose(shape.vertices[:3], [[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])


def test_staggered_curves_share_no_abscissa():
    ax = figures.draw_distances({"a": LINE, "b": LINE}, {}, stagger=True)
    first, second = (container[0].get_xdata() for container in ax.containers)
    assert set(first) | set(second) == set(range(11))
    assert not set(first) & set(second)


def drawn(name, arguments, monkeypatch):
    """The panels and the data that a page shows."""
    kept = {}
    monkeypatch.setattr(pages, "show", lambda ax, **page: kept.update(page, ax=ax))
    getattr(pages, name)(*arguments)
    return kept["ax"].figure.axes, kept["data"]


def test_table_page_finds_its_layers_by_name(monkeypatch):
    inside = {row.layer: 0.5 + place / 100 for place, row in enumerate(TABLE)}
    outside = {layer: ratio + 1 for layer, ratio in reversed(inside.items())}
    (ax,), data = drawn("show_table", (TABLE, inside, outside), monkeypatch)
    circles, squares = (line.get_xdata() for line in ax.lines[1::2])
    assert np.allclose(circles, list(inside.values()))
    assert np.allclose(squares, circles + 1)
    assert np.allclose(data["largest ratio"], circles)
    assert np.allclose(data["its largest ratio"], squares)


def test_rescalings_are_named_after_their_norms(monkeypatch):
    far = {np.inf: 3 * LINE, 1.0: LINE, 2.0: 2 * LINE}
    _, data = drawn("show_positive", (LINE, LINE, LINE, far, LINE, LINE), monkeypatch)
    powers = data["Powers of one matrix"]
    for name, factor in {"÷ sum": 1, "÷ length": 2, "÷ largest": 3}.items():
        assert torch.equal(powers[name], factor * LINE)


def test_product_page_draws_the_first_list_and_medians_over_all(monkeypatch):
    cones = {order: torch.rand(30, 5, 3, 3) + 0.1 for order in ("forward", "backward")}
    widths = {order: torch.rand(30, 5) for order in cones}
    moves = {order: torch.rand(29, 5) for order in cones}
    rate = Estimate(torch.tensor(-1.0), torch.tensor(0.1))
    arguments = (cones, widths, moves, rate, torch.full((4,), np.exp(-0.5)))
    (left, right, below), data = drawn("show_products", arguments, monkeypatch)
    for ax, order in ((left, "forward"), (right, "backward")):
        shapes = ax.collections[0].get_paths()
        assert len(shapes) == 6
        shares = cones[order][:6, 0] / cones[order][:6, 0].sum(-1, keepdim=True)
        height = [shape.vertices[:3, 1] for shape in shapes]  # the third share, times √3/2
        assert np.allclose(height, shares[..., 2] * np.sqrt(0.75))
    table, steps = data["Typical Hilbert distances"], data["Typical next step"]
    for order in cones:
        assert torch.equal(table[f"{order}: width"], widths[order].median(-1).values[:20])
        assert torch.equal(steps[f"{order}: step"], moves[order].median(-1).values[:20])
    lines = {line.get_label(): line.get_ydata() for line in below.lines}
    assert np.allclose(np.diff(np.log(lines["theory: Lyapunov gap"])), -1)
    assert np.allclose(np.diff(np.log(lines["bound: mean log tanh(Δ/4)"])), -0.5)


def test_question_mark_page_draws_the_first_list(monkeypatch):
    forward, backward = torch.rand(2, 41, 5)
    share = Estimate(LINE / 2, LINE / 10)
    arguments = (forward, backward, LINE, share, LINE)
    (left, right), data = drawn("show_question_mark", arguments, monkeypatch)
    for line, directions in zip(left.lines, (forward, backward), strict=True):
        assert np.allclose(line.get_ydata(), directions[:31, 0])
    assert torch.equal(data["Law"]["share of runs"], share.mean)
    assert np.allclose(right.containers[0][0].get_ydata(), share.mean)


# ---- explorers


@pytest.mark.parametrize("zeros", [0.0, 0.4])
def test_inside_images_are_nested_and_outside_ones_are_not(zeros):
    result = explore.cone_images(5, 1.0, zeros, 3)
    for images, nested in ((result.backward, True), (result.forward, False)):
        # Coordinates of the next image's corners in those of the last image.
        inner = torch.linalg.solve(images[:-1].mT, images[1:].mT)
        assert bool((inner > -1e-9).all()) is nested


def test_width_obeys_birkhoffs_bound_and_a_zero_leaves_none():
    for batches in range(5):
        result = explore.cone_images(6, 1.5, 0.0, batches)
        assert result.widths[1] <= result.bound * (1 + 1e-9)
    assert explore.cone_images(6, 1.0, 0.9, 0).bound == float("inf")


def test_longer_lists_of_matrices_begin_with_the_shorter():
    short, long = explore.cone_images(3, 1.0, 0.2, 4), explore.cone_images(7, 1.0, 0.2, 4)
    assert torch.equal(short.backward, long.backward[:3])
    assert torch.equal(short.forward, long.forward[:3])


def test_rims_lie_at_the_radius_and_images_within_the_limit():
    for radius, sharpness in ((0.5, 1.0), (2.0, 2.0)):
        result = explore.hilbert_balls(radius, sharpness)
        distances = hilbert_distance(result.balls, result.centres[:, None])
        assert torch.allclose(distances, torch.full_like(distances, radius))
        assert result.largest <= result.factor + 1e-9


def test_factor_of_the_balls_is_the_matrix_own():
    fixed = torch.tensor([[4.0, 1.0, 1.0], [1.0, 3.0, 2.0], [1.0, 2.0, 2.0]]).double()
    assert explore.hilbert_balls(1.0, 1.0).factor == pytest.approx(
        float(birkhoff_coefficient(fixed))
    )


@pytest.mark.parametrize(
    ("layer", "metric", "worst"),
    [
        ("Wx", "Hilbert", 1 / 3),
        ("Wx", "ℓ²", 3.0),
        ("square", "Thompson", 2.0),
        ("square root", "Hilbert", 0.5),
    ],
)
def test_largest_ratio_is_the_known_constant(layer, metric, worst):
    ratios = explore.layer_ratios(layer, metric).values
    # 4000 random pairs of the plane: one comes within a degree of the worst direction.
    assert float(ratios.max()) == pytest.approx(worst, rel=2e-3)


@pytest.mark.parametrize("layer", ["log(1 + Wx)", "Wx + 1", "ReLU(Px + 0.2), P averages"])
def test_biased_layers_expand_hilbert_and_not_thompson(layer):
    assert float(explore.layer_ratios(layer, "Thompson").values.max()) <= 1 + 1e-9
    assert float(explore.layer_ratios(layer, "Hilbert").values.max()) > 1
