"""Chapter 8's explorers: the models keep the facts, and every control acts."""

import itertools
import math

import pytest
import torch
from drawing_contract import check_explorer

from bsgd_edu import dynamics
from bsgd_edu.lessons.c08_implicit_acceleration import explore as acceleration

MOVES = {
    acceleration.plane: [
        {"depth": 1},
        {"loss": "2"},
        {"loss": "4"},
        {"depth": 6},
        {"first": -2.0},
        {"first": 3.0},
        {"second": -2.0},
        {"second": 2.0},
        {"radius": 0.1},
        {"radius": 1.5},
    ],
    acceleration.racing: [
        {"rate": 0},
        {"rate": len(acceleration.RATES) - 1},
        {"power": 2},
        {"start": 1e-3},
        {"start": 1.0},
    ],
}
REAL = {"dtype": torch.float64}


@pytest.mark.parametrize("make", MOVES, ids=lambda make: make.__name__)
def test_every_control_changes_the_picture_and_says_something(make):
    check_explorer(make, MOVES[make])


def test_chapter_has_two_tabs():
    assert list(acceleration.chapter().explorers) == ["Plane", "Race"]


def test_plane_says_which_zeros_mean_a_potential():
    explorer = acceleration.plane()
    for move, word in (
        ({"loss": "linear", "depth": 2}, "every loop"),
        ({"loss": "linear", "depth": 3}, "no function"),
        ({"loss": "2", "depth": 2}, "no function"),
        ({"depth": 1}, "every loop"),
        # w parallel to the gradient: zero by symmetry, although there is no potential
        ({"loss": "linear", "depth": 4, "first": 2.0, "second": 1.0}, "symmetry"),
        ({"loss": "4", "depth": 3}, "minimum"),
        ({"first": 0.0, "second": 0.0}, "origin"),
    ):
        explorer.move(**move)
        assert word in explorer.description, (move, explorer.description)


def test_plane_step_has_the_gains_of_depth():
    # w = (3, 4)/5·|w| with |w| = 5 and N = 2: gains 10 and 5 by hand.
    step = acceleration.plane_step("linear", 2, 3.0, 4.0, 0.5)
    assert step.gains == pytest.approx((10.0, 5.0))
    unit = step.point / 5
    along = float(step.direction @ unit), float(step.gradient @ unit)
    assert along[0] == pytest.approx(10 * along[1])


def test_plane_circulation_is_the_integral_of_the_curl():
    # Depth 3, constant gradient: curl (2/3) |w|^{1/3} |g| sin θ, integrated over the disc.
    step = acceleration.plane_step("linear", 3, 0.4, 1.3, 0.2)
    field = dynamics.loops.end_to_end_field(
        lambda w: torch.tensor([-1.0, -0.5], **REAL).expand_as(w), 3
    )
    curl = float(dynamics.loops.curl(field, step.point))
    # The curl at the centre times the area, up to the square of the radius over that of |w|.
    assert float(step.circulations[2]) == pytest.approx(curl * math.pi * 0.04, rel=0.03)


def test_races_are_kept_so_that_no_slider_waits():
    acceleration.racing()
    before = acceleration.racing_losses.cache_info().misses
    for power, rate in itertools.product((2, 4), range(len(acceleration.RATES))):
        acceleration.race_at(power, rate, 0.01)
    assert acceleration.racing_losses.cache_info().misses == before


def test_losses_of_the_explorer_belong_to_their_start():
    for row, size in enumerate(acceleration.STARTS):
        result = acceleration.race_at(2, 4, size)
        whole = acceleration.racing_losses(2)["depth 2"][:, row, 4]
        torch.testing.assert_close(result.curves["depth 2"], whole, equal_nan=True)
        assert result.rate == acceleration.RATES[4]
