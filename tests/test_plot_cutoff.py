"""Chapter 5's figures draw what they are given, readably, with alt text and data."""

import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu import dynamics, plot
from bsgd_edu.plot import cutoff, cutoff_pages

DEPTHS = list(range(61))
FALL = torch.exp(-0.9 * torch.arange(61.0))
BAND = FALL[:, None] * torch.linspace(0.5, 2, 6)
CURVE = dynamics.separation(BAND, 1e-4)
QUANTILES = torch.tensor([[4.0, 8.0, 12.0], [5.0, 9.0, 13.0], [6.0, 10.0, 14.0]])
LEVELS = [1e-2, 1e-4, 1e-6]
ORBIT = dynamics.PairOrbit(BAND, BAND, torch.ones_like(BAND))
FIGURES = {
    "draw_fall": (DEPTHS, {"n = 4": BAND, "line": FALL}, "distance"),
    "draw_curves": (DEPTHS, {"n = 4": CURVE}, {"theory": CURVE}),
    "draw_scaled": ({"n = 4": (torch.arange(61) / 4, CURVE)}, "depth over width", 10),
    "draw_depths": (LEVELS, QUANTILES, QUANTILES),
    "draw_ratios": ({"a": [2, 4, 6]}, {"a": torch.ones(3)}, {"a": torch.ones(3)}),
    "draw_profile": (torch.arange(9.0), CURVE[:9], {"a": (torch.arange(9.0), CURVE[:9])}),
    "draw_shuffles": ([1, 2, 3], torch.tensor([1.0, 0.9, 0.1]), torch.linspace(1, 0, 101)),
    "draw_training": ([2, 4], {"a": torch.rand(2, 3), "b": torch.rand(2, 3)}, 0.1),
}
PAIR = (torch.arange(4.0), torch.linspace(1, 0, 4))
PAGES = {
    "show_one_neuron": (torch.arange(61), FALL, {10: CURVE, 40: CURVE}),
    "show_observables": (
        DEPTHS,
        {"a": {4: BAND}, "b": {4: BAND}, "c": {4: CURVE}, "d": {4: BAND}},
        -0.9,
    ),
    "show_location": (
        DEPTHS, {t: (CURVE, CURVE) for t in LEVELS}, QUANTILES, QUANTILES, {"exact": BAND},
    ),
    "show_bridge": (PAIR, PAIR, PAIR, PAIR),
    "show_broken": (
        DEPTHS, {"with bias": ORBIT, "no bias": ORBIT}, FALL, {4: CURVE, 8: CURVE},
        {"He": (LEVELS, QUANTILES, QUANTILES, 2.0)},
    ),
    "show_training": ([2, 4], {"a": torch.rand(2, 3), "b": torch.rand(2, 3)}, 0.1),
}  # fmt: skip


def test_all_figures_and_pages_of_the_chapter_are_tried_here():
    assert set(FIGURES) == set(cutoff.__all__)
    assert set(PAGES) == set(cutoff_pages.__all__)
    assert set(PAGES) == pages_of(cutoff_pages)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_drawn_on_the_axes_given_with_readable_labels(name):
    check_figure(getattr(cutoff, name), FIGURES[name])


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_picture_description_and_data(name, monkeypatch):
    check_page(getattr(cutoff_pages, name), PAGES[name], monkeypatch)


def test_theory_is_black_and_a_reference_grey():
    lines = {"theory: slope": FALL, "tolerance": FALL}
    ax = cutoff.draw_fall(DEPTHS, {"n = 4": BAND}, "distance", lines=lines)
    found = {line.get_label(): line.get_color() for line in ax.lines}
    assert found["theory: slope"] == plot.COLOURS["theory"]
    assert found["tolerance"] == plot.COLOURS["reference"]


def test_page_of_cards_draws_the_limit_theorem():
    cards = (
        torch.arange(1, 13),
        torch.tensor([dynamics.riffle_total_variation(m) for m in range(1, 13)]),
    )
    drawn = []
    original = cutoff.draw_shuffles
    try:
        cutoff.draw_shuffles = lambda *a: drawn.append(a) or original(*a)
        cutoff_pages.show_bridge(PAIR, PAIR, cards, PAIR)
    finally:
        cutoff.draw_shuffles = original
    numbers, distance, limit = drawn[0][:3]
    # 101 points from 1 to 12 shuffles; at 52 cards the limit is within a few hundredths.
    at = ((torch.tensor(numbers) - 1) * 100 / 11).round().long()
    assert (limit[at] - distance).abs().max() < 0.05
