"""Chapter 6's explorers: the models behind the controls keep the facts, and every control acts."""

import itertools
import math
import re

import pytest
import torch
from drawing_contract import check_explorer

from bsgd_edu import meanfield
from bsgd_edu.lessons.c06_ten_thousand_layers import explore as isometry

MOVES = {
    isometry.phases: [
        {"weight_var": 2.5},
        {"decades": -3.0},
        {"critical": True},
        {"layers": 40},
        {"what": "variance"},
    ],
    isometry.jacobians: [{"doublings": 3}, {"length": "1"}, {"width": 16}, {"draw": 1}],
}


@pytest.mark.parametrize("make", MOVES, ids=lambda make: make.__name__)
def test_every_control_changes_the_picture_and_says_something(make):
    check_explorer(make, MOVES[make])


def test_chapter_has_two_tabs():
    assert list(isometry.chapter().explorers) == ["Phase plane", "Jacobian"]


def test_phase_plane_is_sensible_at_every_corner():
    corners = itertools.product((0.5, 4.0), (-6.0, -0.3), (False, True), (0, 200))
    for weight_var, decades, critical, layers in corners:
        for what in ("variance", "covariance"):
            found = isometry.phase_modes(weight_var, decades, critical, what, layers)
            for shares in found.left.values():
                assert shares.shape == (9,)
                assert ((shares >= 0) & (shares <= 1 + 1e-9)).all()
            if layers == 0:
                assert all((shares == 1).all() for shares in found.left.values())


def test_description_names_the_phase():
    explorer = isometry.phases()
    for weight_var, critical, word in (
        (1.5, False, "Ordered"),
        (2.5, False, "Chaotic"),
        (2.5, True, "Critical"),
    ):
        explorer.move(weight_var=weight_var, critical=critical)
        assert explorer.description.startswith(word)
    explorer.move(what="variance")
    assert "a deviation of the variance keeps" in explorer.description


@pytest.mark.parametrize("decades", [-6.0, -1.3, -0.3])
def test_checkbox_puts_the_network_onto_the_critical_line(decades):
    found = isometry.phase_modes(4.0, decades, True, "covariance", 10)
    # Bisection to rounding; c* = 1 is approached like a root, so that ξ_c is large, not infinite.
    assert float(found.point.chi_1) == pytest.approx(1, abs=1e-9)
    assert found.left["delta taps"].min() > 0.999


def test_delta_taps_treat_modes_alike_and_equal_taps_blur():
    found = isometry.phase_modes(1.5, math.log10(0.05), False, "covariance", 3)
    chi = float(meanfield.fixed_point(1.5, 0.05).chi_c)
    torch.testing.assert_close(
        found.left["delta taps"], torch.full((9,), chi**3, dtype=torch.float64)
    )
    third = (1 + 2 * math.cos(2 * math.pi * 2 / 16)) / 3
    assert float(found.left["equal taps"][2]) == pytest.approx((chi * third) ** 3)


def test_jacobians_are_sensible_at_every_extreme():
    for doublings, length, width in itertools.product((0, 6), ("1/L", "0", "1"), (8, 64)):
        found = isometry.jacobian_spectra(doublings, length, width, 0)
        assert found.depth == 2**doublings
        for values in found.values.values():
            assert values.shape == (width,)
            assert torch.isfinite(values).all()
    explorer = isometry.jacobians()
    for move in (
        {"doublings": 0},
        {"doublings": 6},
        {"length": "0"},
        {"length": "1"},
        {"width": 8},
    ):
        explorer.move(**move)
        assert "nan" not in explorer.description


def directions_kept(explorer):
    kept, of = re.search(r"orthogonal weights keep (\d+) of (\d+)", explorer.description).groups()
    return int(kept) / int(of)


def test_linear_orthogonal_network_is_an_isometry_and_a_large_fixed_point_is_none():
    linear = isometry.jacobian_spectra(6, "0", 32, 0)
    torch.testing.assert_close(
        linear.values["orthogonal"], torch.ones(32, dtype=torch.float64), rtol=0, atol=1e-12
    )
    explorer = isometry.jacobians()
    explorer.move(length="0")
    assert "orthogonal weights keep 64 of 64 directions" in explorer.description
    explorer.move(length="1/L")
    assert directions_kept(explorer) > 0.9
    # Eight channels squeeze everything, the largest singular value too.
    for width in (64, 8):
        explorer.move(length="1", doublings=6, width=width)
        assert directions_kept(explorer) < 0.2
