"""Lesson 5: windows are ratios of depths, cut-offs lie where predicted, round-off is named."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from samples_c05 import (
    ACCURACY,
    BAND,
    CURVE,
    ESTIMATED,
    FALL,
    LEVELS,
    ORBIT,
    PAGES,
    PAIR,
    QUANTILE_DEPTHS,
    SEEN,
)

from bsgd_edu import dynamics
from bsgd_edu.lessons.c05_cutoff import explore, figures, pages, runs
from bsgd_edu.plot import curves

# ---- figures and pages


def test_page_of_cards_draws_the_limit_theorem():
    cards = (
        torch.arange(1, 13),
        torch.tensor([dynamics.mixing.riffle_total_variation(m) for m in range(1, 13)]),
    )
    drawn = []
    original = figures.draw_shuffles
    try:
        figures.draw_shuffles = lambda *a: drawn.append(a) or original(*a)
        pages.show_bridge(ESTIMATED, PAIR, cards, PAIR)
    finally:
        figures.draw_shuffles = original
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

    for name in figures.__all__:
        monkeypatch.setattr(figures, name, partial(record, name, getattr(figures, name)))
    monkeypatch.setattr(pages, "draw_fall", partial(record, "draw_fall", curves.draw_fall))
    return calls


def test_observables_are_drawn_at_the_depths_asked_for(drawn):
    pages.show_observables(*PAGES["show_observables"])
    (distance, angle, swings), (seen,) = drawn["draw_fall"], drawn["draw_curves"]
    assert seen[0].tolist() == list(range(0, 31, 2))
    torch.testing.assert_close(distance[1]["n = 8"], BAND[:31:2])
    torch.testing.assert_close(swings[1]["n = 8"], BAND[:31:2])
    torch.testing.assert_close(seen[1]["n = 8"], CURVE[:31:2])
    assert "angle" in angle[2]


def test_windows_are_the_ratios_of_the_depths_given(drawn):
    found = {t: torch.tensor([4.0, 5.0, 6.0]) for t in LEVELS}
    theory = {t: torch.tensor([4.0, 5.0, 8.0]) for t in LEVELS}
    pages.show_location(SEEN, SEEN, found, theory, {"exact": ORBIT})
    assert drawn["draw_depths"][0][1].tolist() == [[4.0] * 3, [5.0] * 3, [6.0] * 3]
    decades, measured, predicted = drawn["draw_ratios"][0][:3]
    assert decades["measured"] == pytest.approx([2, 4, 6])
    assert measured["measured"].tolist() == [1.5] * 3
    assert predicted["measured"].tolist() == [2.0] * 3

    pages.show_broken(ORBIT, ORBIT, FALL, {4: CURVE}, {"He": (found, theory, 0.1)})
    decades, measured, predicted = drawn["draw_ratios"][1][:3]
    assert decades["He"] == pytest.approx([1, 3, 5])
    assert (measured["He"].tolist(), predicted["He"].tolist()) == ([1.5] * 3, [2.0] * 3)
    x, curve = drawn["draw_scaled"][0][0]["n = 4"]
    assert (x[-1].item(), len(curve)) == (14, len(x))  # of 61 depths those up to 14 n


def test_relative_distances_are_those_over_the_norm(drawn):
    orbit = ORBIT._replace(norm=2 * BAND, angle=3 * BAND)
    pages.show_broken(orbit, ORBIT, FALL, {4: CURVE}, PAGES["show_broken"][-1])
    relative, angle = drawn["draw_fall"]
    torch.testing.assert_close(relative[1]["with bias"], torch.full_like(BAND, 0.5))
    torch.testing.assert_close(relative[1]["no bias"], BAND)
    torch.testing.assert_close(angle[1]["with bias"], 3 * BAND)
    pages.show_location(SEEN, SEEN, QUANTILE_DEPTHS, QUANTILE_DEPTHS, {"float32": orbit})
    halves = torch.full(BAND.shape, 0.5, dtype=torch.float64)
    torch.testing.assert_close(drawn["draw_fall"][2][1]["float32"], halves)


def test_of_an_estimate_the_mean_is_drawn(drawn):
    pages.show_bridge(ESTIMATED, PAIR, PAIR, PAIR)
    systems = drawn["draw_profile"][0][2]
    assert systems["SGD, simulated"] == PAIR == systems["52 cards"]


def test_training_is_drawn_at_its_depths(drawn):
    pages.show_training({"a": ACCURACY, "b": ACCURACY}, 0.1)
    depths, rows, chance = drawn["draw_training"][0]
    assert (depths, chance) == ([2, 4], 0.1)
    torch.testing.assert_close(rows["b"], torch.tensor([[0.9, 0.8, 0.7], [0.3, 0.2, 0.1]]))


# ---- explorers


def test_chapter_has_two_tabs():
    assert list(explore.chapter().explorers) == ["Depth", "Cards, bits, SGD"]


def test_location_lies_in_the_measured_window():
    # Far from the first layers the prediction for close inputs is at most a window too deep.
    result = explore.depth_cutoff(32, 8.0, "default", True, "exact")
    early, _, late = result.found.tolist()
    assert early - 1.2 < result.location < late + 1.2
    assert result.floor is None


def test_float32_is_called_out_only_where_its_floor_reaches_the_tolerance():
    explorer = explore.depth()
    for decades, arithmetic, warned in (
        (4.0, "float32", False),
        (9.0, "float32", True),
        (9.0, "float64", False),
        (9.0, "exact", False),
    ):
        explorer.move(decades=decades, arithmetic=arithmetic)
        assert ("round-off" in explorer.description) == warned


def test_dead_networks_are_named_where_the_prediction_leaves_them_out():
    explorer = explore.depth()
    assert "died" not in explorer.description  # a layer of width 32 dies once in 2^32
    explorer.move(width=4)
    dead = int((explore.depth_cutoff(4, 4.0, "default", True, "exact").distance[-1] == 0).sum())
    assert dead > 0
    assert f"in {dead} of 20 networks a whole layer died" in explorer.description


def test_pairs_are_the_same_for_every_option_and_differ_by_seed():
    plain, rounded = (
        runs.gaussian_pair(8, 3, 4, dtype=t, tracked=t == torch.float64)
        for t in (torch.float64, torch.float32)
    )
    torch.testing.assert_close(rounded.distance[0].double(), plain.distance[0], rtol=1e-5, atol=0)
    assert (runs.gaussian_pair(8, 3, 4, seed=1).distance[0] != plain.distance[0]).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_curves_of_pairs_come_to_the_cpu():
    orbit = runs.gaussian_pair(8, 3, 4, device="cuda")
    assert {part.device.type for part in orbit} == {"cpu"}


def test_larger_systems_fall_more_steeply():
    for system in ("cards", "bits", "sgd"):
        ratios = []
        for time, curve, _ in explore.mixing_cutoff(system, 3).curves.values():
            depths = dynamics.cutoff.depths(curve, (0.9, 0.1))
            early, late = np.interp(depths, range(len(time)), time)
            ratios.append(late / early)
        assert ratios == sorted(ratios, reverse=True)
    time, curve, location = explore.mixing_cutoff("sgd", 2).curves["D/s = 10000"]
    assert location == pytest.approx(math.log(1e4) / -math.log(0.9))
    expected = dynamics.mixing.cutoff_profile((time - location) * -math.log(0.9))
    torch.testing.assert_close(curve, expected, rtol=0, atol=1e-12)
