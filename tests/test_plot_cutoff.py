"""Chapter 5's figures draw what they are given, readably, with alt text and data."""

from functools import partial

import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu import dynamics, estimates, plot
from bsgd_edu.lessons.c05_cutoff import figures as cutoff
from bsgd_edu.lessons.c05_cutoff import pages as cutoff_pages
from bsgd_edu.plot import curves

DEPTHS = list(range(61))
FALL = torch.exp(-0.9 * torch.arange(61.0))
BAND = FALL[:, None] * torch.linspace(0.5, 2, 6)
CURVE = dynamics.cutoff.separation(BAND, 1e-4)
QUANTILES = torch.tensor([[4.0, 8.0, 12.0], [5.0, 9.0, 13.0], [6.0, 10.0, 14.0]])
LEVELS = [1e-2, 1e-4, 1e-6]
ORBIT = dynamics.random_layers.PairOrbit(BAND, BAND, torch.ones_like(BAND))
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
ESTIMATED = (PAIR[0], estimates.Estimate(PAIR[1], 0.01 * torch.ones(4)))
SEEN = {t: dynamics.cutoff.separation(BAND, t) for t in LEVELS}
QUANTILE_DEPTHS = {t: dynamics.cutoff.depths(curve) for t, curve in SEEN.items()}
ACCURACY = {2: torch.tensor([0.9, 0.8, 0.7]), 4: torch.tensor([0.3, 0.2, 0.1])}
PAGES = {
    "show_one_neuron": (torch.arange(61), FALL, {10: CURVE, 40: CURVE}),
    "show_observables": (
        {4: ORBIT, 8: ORBIT},
        {4: CURVE, 8: CURVE},
        {4: BAND[:31:2], 8: BAND[:31:2]},
        range(0, 31, 2),
        -0.9,
    ),
    "show_location": (SEEN, SEEN, QUANTILE_DEPTHS, QUANTILE_DEPTHS, {"exact": ORBIT}),
    "show_bridge": (ESTIMATED, PAIR, PAIR, PAIR),
    "show_broken": (
        ORBIT,
        ORBIT,
        FALL,
        {4: CURVE, 8: CURVE},
        {"He": (QUANTILE_DEPTHS, QUANTILE_DEPTHS, 2.0)},
    ),
    "show_training": ({"a": ACCURACY, "b": ACCURACY}, 0.1),
}


def test_all_figures_and_pages_of_the_chapter_are_tried_here():
    assert set(FIGURES) == {*cutoff.__all__, "draw_fall"}
    assert set(PAGES) == set(cutoff_pages.__all__)
    assert set(PAGES) == pages_of(cutoff_pages)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_drawn_on_the_axes_given_with_readable_labels(name):
    check_figure(getattr(curves if name == "draw_fall" else cutoff, name), FIGURES[name])


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_picture_description_and_data(name, monkeypatch):
    check_page(getattr(cutoff_pages, name), PAGES[name], monkeypatch)


def test_theory_is_black_and_a_reference_grey():
    lines = {"theory: slope": FALL, "tolerance": FALL}
    ax = curves.draw_fall(DEPTHS, {"n = 4": BAND}, "distance", lines=lines)
    found = {line.get_label(): line.get_color() for line in ax.lines}
    assert found["theory: slope"] == plot.COLOURS["theory"]
    assert found["tolerance"] == plot.COLOURS["reference"]


def test_page_of_cards_draws_the_limit_theorem():
    cards = (
        torch.arange(1, 13),
        torch.tensor([dynamics.mixing.riffle_total_variation(m) for m in range(1, 13)]),
    )
    drawn = []
    original = cutoff.draw_shuffles
    try:
        cutoff.draw_shuffles = lambda *a: drawn.append(a) or original(*a)
        cutoff_pages.show_bridge(ESTIMATED, PAIR, cards, PAIR)
    finally:
        cutoff.draw_shuffles = original
    numbers, distance, limit = drawn[0][:3]
    # 101 points from 1 to 12 shuffles; at 52 cards the limit is within a few hundredths.
    at = ((torch.tensor(numbers) - 1) * 100 / 11).round().long()
    assert (limit[at] - distance).abs().max() < 0.05


@pytest.fixture
def drawn(monkeypatch):
    """What pages hand to the functions that draw: name → arguments of each call."""
    calls = {}

    def record(name, draw, *arguments, **options):
        calls.setdefault(name, []).append(arguments)
        return draw(*arguments, **options)

    for name in cutoff.__all__:
        monkeypatch.setattr(cutoff, name, partial(record, name, getattr(cutoff, name)))
    monkeypatch.setattr(cutoff_pages, "draw_fall", partial(record, "draw_fall", curves.draw_fall))
    return calls


def test_observables_are_drawn_at_the_depths_asked_for(drawn):
    cutoff_pages.show_observables(*PAGES["show_observables"])
    (distance, angle, swings), (seen,) = drawn["draw_fall"], drawn["draw_curves"]
    assert seen[0].tolist() == list(range(0, 31, 2))
    torch.testing.assert_close(distance[1]["n = 8"], BAND[:31:2])
    torch.testing.assert_close(swings[1]["n = 8"], BAND[:31:2])
    torch.testing.assert_close(seen[1]["n = 8"], CURVE[:31:2])
    assert "angle" in angle[2]


def test_windows_are_the_ratios_of_the_depths_given(drawn):
    found = {t: torch.tensor([4.0, 5.0, 6.0]) for t in LEVELS}
    theory = {t: torch.tensor([4.0, 5.0, 8.0]) for t in LEVELS}
    cutoff_pages.show_location(SEEN, SEEN, found, theory, {"exact": ORBIT})
    assert drawn["draw_depths"][0][1].tolist() == [[4.0] * 3, [5.0] * 3, [6.0] * 3]
    decades, measured, predicted = drawn["draw_ratios"][0][:3]
    assert decades["measured"] == pytest.approx([2, 4, 6])
    assert measured["measured"].tolist() == [1.5] * 3
    assert predicted["measured"].tolist() == [2.0] * 3

    cutoff_pages.show_broken(ORBIT, ORBIT, FALL, {4: CURVE}, {"He": (found, theory, 0.1)})
    decades, measured, predicted = drawn["draw_ratios"][1][:3]
    assert decades["He"] == pytest.approx([1, 3, 5])
    assert (measured["He"].tolist(), predicted["He"].tolist()) == ([1.5] * 3, [2.0] * 3)
    x, curve = drawn["draw_scaled"][0][0]["n = 4"]
    assert (x[-1].item(), len(curve)) == (14, len(x))  # of 61 depths those up to 14 n


def test_relative_distances_are_those_over_the_norm(drawn):
    orbit = ORBIT._replace(norm=2 * BAND, angle=3 * BAND)
    cutoff_pages.show_broken(orbit, ORBIT, FALL, {4: CURVE}, PAGES["show_broken"][-1])
    relative, angle = drawn["draw_fall"]
    torch.testing.assert_close(relative[1]["with bias"], torch.full_like(BAND, 0.5))
    torch.testing.assert_close(relative[1]["no bias"], BAND)
    torch.testing.assert_close(angle[1]["with bias"], 3 * BAND)
    cutoff_pages.show_location(SEEN, SEEN, QUANTILE_DEPTHS, QUANTILE_DEPTHS, {"float32": orbit})
    halves = torch.full(BAND.shape, 0.5, dtype=torch.float64)
    torch.testing.assert_close(drawn["draw_fall"][2][1]["float32"], halves)


def test_of_an_estimate_the_mean_is_drawn(drawn):
    cutoff_pages.show_bridge(ESTIMATED, PAIR, PAIR, PAIR)
    systems = drawn["draw_profile"][0][2]
    assert systems["SGD, simulated"] == PAIR == systems["52 cards"]


def test_training_is_drawn_at_its_depths(drawn):
    cutoff_pages.show_training({"a": ACCURACY, "b": ACCURACY}, 0.1)
    depths, rows, chance = drawn["draw_training"][0]
    assert (depths, chance) == ([2, 4], 0.1)
    torch.testing.assert_close(rows["b"], torch.tensor([[0.9, 0.8, 0.7], [0.3, 0.2, 0.1]]))
