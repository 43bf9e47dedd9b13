"""Chapter 5's explorers: the models behind the sliders keep the facts, and every control acts."""

import math

import numpy as np
import pytest
import torch
from drawing_contract import check_explorer

from bsgd_edu import dynamics
from bsgd_edu.lessons.c05_cutoff import explore as cutoff
from bsgd_edu.lessons.c05_cutoff import runs

MOVES = {
    cutoff.depth: [
        {"width": 8},
        {"decades": 9.0},
        {"arithmetic": "float32"},
        {"bias": False},
        {"init": "he"},
    ],
    cutoff.mixing: [{"system": "bits"}, {"step": 0}, {"system": "sgd"}, {"step": 3}],
}


@pytest.mark.parametrize("make", MOVES, ids=lambda make: make.__name__)
def test_every_control_changes_the_picture_and_says_something(make):
    check_explorer(make, MOVES[make])


def test_chapter_has_two_tabs():
    assert list(cutoff.chapter().explorers) == ["Depth", "Cards, bits, SGD"]


def test_location_lies_in_the_measured_window():
    # Far from the first layers the prediction for close inputs is at most a window too deep.
    result = cutoff.depth_cutoff(32, 8.0, "default", True, "exact")
    early, _, late = result.found.tolist()
    assert early - 1.2 < result.location < late + 1.2
    assert result.floor is None


def test_float32_is_called_out_only_where_its_floor_reaches_the_tolerance():
    explorer = cutoff.depth()
    for decades, arithmetic, warned in (
        (4.0, "float32", False),
        (9.0, "float32", True),
        (9.0, "float64", False),
        (9.0, "exact", False),
    ):
        explorer.move(decades=decades, arithmetic=arithmetic)
        assert ("round-off" in explorer.description) == warned


def test_dead_networks_are_named_where_the_prediction_leaves_them_out():
    explorer = cutoff.depth()
    assert "died" not in explorer.description  # a layer of width 32 dies once in 2^32
    explorer.move(width=4)
    dead = int((cutoff.depth_cutoff(4, 4.0, "default", True, "exact").distance[-1] == 0).sum())
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
        for time, curve, _ in cutoff.mixing_cutoff(system, 3).curves.values():
            depths = dynamics.cutoff.depths(curve, (0.9, 0.1))
            early, late = np.interp(depths, range(len(time)), time)
            ratios.append(late / early)
        assert ratios == sorted(ratios, reverse=True)
    time, curve, location = cutoff.mixing_cutoff("sgd", 2).curves["D/s = 10000"]
    assert location == pytest.approx(math.log(1e4) / -math.log(0.9))
    expected = dynamics.mixing.cutoff_profile((time - location) * -math.log(0.9))
    torch.testing.assert_close(curve, expected, rtol=0, atol=1e-12)
