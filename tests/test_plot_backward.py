"""Chapter 2's figures draw what they are given, readably, with alt text and data."""

import numpy as np
import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu.estimates import Estimate
from bsgd_edu.lessons.c02_backward_sgd import figures as backward
from bsgd_edu.lessons.c02_backward_sgd import pages as backward_pages
from bsgd_edu.lessons.c02_backward_sgd import stability

RUNS = torch.linspace(-1, 1, 33).reshape(11, 3)
POINTS = [torch.tensor([float(i), float(i * i)]) for i in range(5)]
POSITIVE = torch.linspace(0.1, 1, 4)
NAMES = ["forward", "backward", "windowed, w = 5", "block, w = 3"]
SIZES = ("gap", "unexplained", "averages")
TAIL = torch.tan(torch.linspace(-1.57, 1.57, 401))  # quantiles of a Cauchy law: index 1
ESTIMATES = {name: Estimate(x, x / 9) for name, x in zip(NAMES, POSITIVE, strict=True)}


def lengths(lr):
    """The sizes of the first figure at a learning rate, each falling as theory says."""
    return {name: torch.tensor(lr**k) for name, k in zip(SIZES, (2, 3, 3), strict=True)}


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
    "show_orders": (POINTS[0], POINTS[1:3], POINTS[3:], {lr: lengths(lr) for lr in (0.01, 0.02)}),
    "show_convex": (
        torch.rand(11) + 1, torch.rand(11, 2), torch.rand(12), Estimate(POSITIVE, POSITIVE / 99),
        Estimate(torch.tensor(0.0), torch.tensor(0.1)),
    ),
    "show_network": (
        range(11), {name: RUNS for name in NAMES}, dict(zip(NAMES, POSITIVE, strict=True)),
        ESTIMATES,
    ),
    "show_league": ({name: 25 for name in NAMES}, ESTIMATES, ESTIMATES),
    "show_momentum": ({1.0: RUNS[:, 0].abs() + 1}, 0.81, {1.0: 1.5, 0.3: 0.9}),
    "show_heavy_tails": (TAIL.repeat(11, 5), -TAIL.repeat(11, 5), 1.0),
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


def what_is_shown(page, arguments, monkeypatch):
    """The axes, caption and data that a page passes on."""
    shown = []
    monkeypatch.setattr(backward_pages, "show", lambda axes, **rest: shown.append((axes, rest)))
    getattr(backward_pages, page)(*arguments)
    return shown[0]


def test_measurements_are_matched_by_name_and_not_by_their_order(monkeypatch):
    backwards = dict(reversed(ESTIMATES.items()))
    costs = dict(zip(NAMES, (1, 150, 6, 25), strict=True))
    axes, words = what_is_shown("show_league", (costs, backwards, backwards), monkeypatch)
    assert torch.equal(words["data"]["mean test error"], POSITIVE)
    assert torch.equal(words["data"]["its standard error"], POSITIVE / 9)
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows[0] == "forward\n(1 gradient)"
    assert rows[1] == "backward\n(150)"

    losses, jitter = PAGES["show_network"][1], PAGES["show_network"][2]
    jitter = dict(reversed(jitter.items()))
    _, words = what_is_shown("show_network", (range(11), losses, jitter, backwards), monkeypatch)
    assert torch.equal(words["data"]["All runs"]["jitter"], POSITIVE)
    assert torch.equal(words["data"]["All runs"]["mean test loss"], POSITIVE)
    assert torch.equal(words["data"]["One run"]["forward"], RUNS[:, 0])


def test_each_size_of_the_first_figure_stands_beside_its_own_power(monkeypatch):
    _, words = what_is_shown("show_orders", PAGES["show_orders"], monkeypatch)
    ratios = {name: float(v[1] / v[0]) for name, v in words["data"].items() if "rate" not in name}
    expected = {
        "forward − backward": 4.0,
        "the same minus the bracket": 8.0,
        "average of both orders": 8.0,
    }
    assert ratios == pytest.approx(expected, rel=1e-5)


def test_forward_moves_are_shown_as_far_as_the_bound(monkeypatch):
    _, words = what_is_shown("show_convex", PAGES["show_convex"], monkeypatch)
    table = words["data"]["Distance to the backward limit"]
    assert len(table["forward step"]) == len(table["bound"]) == 11


def test_the_caption_speaks_of_the_smallest_curvature(monkeypatch):
    _, words = what_is_shown("show_momentum", PAGES["show_momentum"], monkeypatch)
    assert "At h = 0.3 the norm is 0.900" in words["caption"]


def test_eighty_steps_of_three_runs_and_the_last_points_of_all_are_shown(monkeypatch):
    forward = torch.arange(201.0)[:, None] + torch.linspace(0, 1, 4000)
    _, words = what_is_shown("show_heavy_tails", (forward, -forward, 1.0), monkeypatch)
    paths = words["data"]["Paths"]
    assert len(paths["batches n"]) == 81
    assert len(paths) == 7  # n, and three runs each of forward and backward
    assert torch.equal(paths["backward 3"], -forward[:81, 2])
    assert float(words["data"]["Tail"]["t"].min()) >= 200
