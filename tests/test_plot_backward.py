"""Chapter 2's figures draw what they are given, readably, with alt text and data."""

import numpy as np
import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu.plot import backward, backward_pages, stability

RUNS = torch.linspace(-1, 1, 33).reshape(11, 3)
POINTS = [torch.tensor([float(i), float(i * i)]) for i in range(5)]
POSITIVE = torch.linspace(0.1, 1, 4)
NAMES = ["forward", "backward", "windowed, w = 5", "block, w = 3"]
TAIL = torch.tan(torch.linspace(-1.57, 1.57, 401))  # quantiles of a Cauchy law: index 1
FIGURES = {
    "draw_parallelogram": (POINTS[0], POINTS[1:3], POINTS[3:5]),
    "draw_residuals": (POSITIVE, {"gap": (POSITIVE**2, 2), "left": (POSITIVE**3, 3)}),
    "draw_contraction": (0.5 ** torch.arange(11), {"near": RUNS[:, 0].abs()}, RUNS[:, 2].abs()),
    "draw_gaps": (POSITIVE, POSITIVE / 100, 0.0, 0.1),
    "draw_curves": (range(11), {"forward": RUNS[:, 0], "backward": RUNS[:, 1]}),
    "draw_jitter_and_loss": (NAMES, POSITIVE, POSITIVE, POSITIVE / 10),
    "draw_league": (NAMES, POSITIVE, POSITIVE / 10, "error"),
    "draw_momentum": ({"h = 1": RUNS[:, 0].abs() + 1}, 0.81, 1.5),
    "draw_scalar_paths": (RUNS, -RUNS),
    "draw_tail": (TAIL, 1.0),
    "draw_shared_endings": (RUNS[:, :2], torch.zeros(2), RUNS[:, :2]),
    "draw_spread": (RUNS[:, 0].exp(), RUNS[:, 0].exp(), 3, 0.5),
    "draw_stability": ((1, 2, 5), {"a": POSITIVE[:3], "b": torch.tensor([1.0, 0, 0])}, (2, 0.3)),
}
PAGES = {
    "show_orders": (POINTS[0], POINTS[1:], {0.01: torch.ones(3), 0.02: 5 * torch.ones(3)}),
    "show_convex": (
        torch.rand(11) + 1, torch.rand(11, 2), torch.rand(11), POSITIVE, POSITIVE / 99,
        (torch.tensor(0.0), torch.tensor(0.1)),
    ),
    "show_network": (
        range(11), dict(zip(NAMES[:2], RUNS.T[:2], strict=True)), POSITIVE[:2], POSITIVE[:2],
        POSITIVE[:2] / 9,
    ),
    "show_league": (NAMES, list("1234"), (POSITIVE, POSITIVE / 9), (POSITIVE, POSITIVE / 9)),
    "show_momentum": ({"h = 1": RUNS[:, 0].abs() + 1}, 0.81, {"0.3": 0.9, "1": 1.5}),
    "show_heavy_tails": (RUNS, -RUNS, TAIL.repeat(5), 1.0),
    "show_recorded": (
        {"title": "MNIST", "methods": NAMES, **{
            key: POSITIVE.tolist() for key in ("jitter", "loss", "loss_stderr")}},
    ),
}  # fmt: skip


def drawing(name):
    return getattr(backward if name in backward.__all__ else stability, name)


def test_all_figures_and_pages_of_the_chapter_are_tried_here():
    assert set(FIGURES) == set(backward.__all__) | set(stability.__all__)
    assert set(PAGES) == set(backward_pages.__all__)
    assert set(PAGES) == pages_of(backward_pages)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_drawn_on_the_axes_given_with_readable_labels(name):
    named = name in ("draw_gaps", "draw_league")  # their rows carry names
    check_figure(drawing(name), FIGURES[name], legend=False, rows_named=named)


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_picture_description_and_data(name, monkeypatch):
    check_page(getattr(backward_pages, name), PAGES[name], monkeypatch)


def test_a_method_looks_the_same_in_every_figure():
    curves = backward.draw_curves(range(11), {n: RUNS[:, 0] for n in NAMES})
    for line, name in zip(curves.lines, NAMES, strict=True):
        style = backward._style(name)
        assert (line.get_color(), line.get_marker()) == (style["color"], style["marker"])
    looks = [tuple(backward._style(n).values()) for n in backward._STYLE]
    assert len(set(looks)) == len(looks)


def test_slope_lines_are_pure_powers_through_the_smallest_rate():
    ax = backward.draw_residuals(POSITIVE, {"gap": (5 * POSITIVE**2, 2)})
    assert np.allclose(ax.lines[0].get_ydata(), 5 * POSITIVE**2, rtol=1e-5)


def test_tail_line_has_the_slope_of_its_index():
    ax = backward.draw_tail(TAIL, 1.0)
    line = next(one for one in ax.lines if "Kesten" in one.get_label())
    x, y = np.log(line.get_xdata()), np.log(line.get_ydata())
    assert np.polyfit(x, y, 1)[0] == pytest.approx(-1, abs=1e-6)


def test_a_boundary_that_exists_nowhere_is_not_drawn_on_the_floor():
    ax = stability.draw_stability((1, 2), {"never": torch.zeros(2), "a": torch.ones(2)}, (1, 0.5))
    assert len(ax.lines[0].get_xdata()) == 0
