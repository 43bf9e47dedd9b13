"""Figures of chapter 3: each draws what it is given, with labels that can be read."""

import inspect

import numpy as np
import pytest
import torch
from drawing_contract import check_page

from bsgd_edu import plot
from bsgd_edu.estimates import Estimate
from bsgd_edu.lessons.c03_metrics_and_contraction import figures as metrics
from bsgd_edu.lessons.c03_metrics_and_contraction import pages as metrics_pages
from bsgd_edu.lessons.c03_metrics_and_contraction import simplex
from bsgd_edu.metrics.layers import TABLE

LINE = torch.linspace(0.1, 1, 11)
CORNERS = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]).expand(4, 3, 3)
RIMS = torch.rand(3, 12, 3) + 0.1
SIZES = {"width": LINE, "step": LINE}
FIGURES = {
    metrics.draw_ray_map: (LINE, LINE / 2, 0.5),
    metrics.draw_ratios: (LINE, LINE / 2, 0.5, 0.4),
    metrics.draw_table: (["a", "b"], LINE[:2], LINE[2:4] + 1, [1.0, 0.5], [2.0, None]),
    metrics.draw_birkhoff: (LINE, LINE, LINE / 2),
    metrics.draw_distances: ({"runs": LINE}, {"theory": LINE}),
    metrics.draw_bias: (LINE, LINE, LINE),
    metrics.draw_spread: (torch.linspace(0, 2, 50), "a layer"),
    simplex.draw_simplex: (CORNERS, "backward", "new map inside"),
    simplex.draw_shrinking: (SIZES, SIZES, -1.0, -0.5),
    simplex.draw_rays: (LINE, LINE),
    simplex.draw_law: (LINE, LINE, LINE, "exact"),
    simplex.draw_balls: (RIMS[:, 0], RIMS, RIMS, RIMS),
}


def test_all_figures_of_the_chapter_are_tried_here():
    drawn = {n for module in (metrics, simplex) for n in module.__all__ if n.startswith("draw_")}
    assert {function.__name__ for function in FIGURES} == drawn


@pytest.mark.parametrize("draw", FIGURES, ids=lambda draw: draw.__name__)
def test_figure_is_drawn_on_the_axes_given_with_readable_labels(draw):
    ax = plot.axes()
    assert draw(*FIGURES[draw], ax=ax) is ax
    assert ax.get_xlabel()
    assert ax.get_ylabel() or draw is metrics.draw_table  # its rows are named one by one
    ax.figure.canvas.draw()
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label, ax.title]
    texts += [*ax.texts, *(ax.get_legend().get_texts() if ax.get_legend() else [])]
    assert min(text.get_size() for text in texts if text.get_text()) >= 9
    assert draw(*FIGURES[draw]).figure is not ax.figure


def test_table_puts_each_marker_at_its_ratio():
    ax = metrics.draw_table(["a", "b"], LINE[:2], LINE[2:4] + 1, [0.1, 0.19], [1.28, None])
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
    ax = metrics.draw_distances({"a": LINE, "b": LINE}, {}, stagger=True)
    first, second = (container[0].get_xdata() for container in ax.containers)
    assert set(first) | set(second) == set(range(11))
    assert not set(first) & set(second)


LAYERS = [row.layer for row in TABLE]
CONES = torch.rand(9, 5, 3, 3) + 0.1
PAGES = {
    "show_smallest": (LINE, LINE, LINE, LINE, 0.5, 0.4),
    "show_table": (
        TABLE,
        dict(zip(LAYERS, torch.rand(len(TABLE)), strict=True)),
        dict(zip(LAYERS, 1 + torch.rand(len(TABLE)), strict=True)),
    ),
    "show_positive": (
        LINE,
        LINE,
        LINE / 2,
        {1.0: LINE, 2.0: LINE, np.inf: LINE},
        LINE,
        LINE,
    ),
    "show_products": (
        {"forward": CONES, "backward": CONES},
        {"forward": torch.rand(9, 5), "backward": torch.rand(9, 5)},
        {"forward": torch.rand(8, 5), "backward": torch.rand(8, 5)},
        Estimate(torch.tensor(-1.0), torch.tensor(0.1)),
        torch.rand(4),
    ),
    "show_broken": ({"a": LINE, "b": LINE}, LINE, LINE, LINE, LINE, LINE),
    "show_question_mark": (
        torch.rand(41, 5),
        torch.rand(41, 5),
        LINE,
        Estimate(LINE, LINE / 10),
        LINE,
    ),
}


def test_all_pages_are_tried_here():
    found = {n for n, _ in inspect.getmembers(metrics_pages, inspect.isfunction) if n in PAGES}
    assert found == set(PAGES) == set(metrics_pages.__all__)


@pytest.mark.parametrize("name", PAGES)
def test_pages_show_picture_and_data(name, monkeypatch):
    check_page(getattr(metrics_pages, name), PAGES[name], monkeypatch)


def drawn(name, arguments, monkeypatch):
    """The panels and the data that a page shows."""
    kept = {}
    monkeypatch.setattr(metrics_pages, "show", lambda ax, **page: kept.update(page, ax=ax))
    getattr(metrics_pages, name)(*arguments)
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
