"""Chapter 2's explorers: the models behind the sliders keep the facts, and every control acts."""

import math

import pytest
import torch
from drawing_contract import check_explorer

from bsgd_edu import dynamics
from bsgd_edu.lessons.c02_backward_sgd import explore as backward

MOVES = {
    backward.shared_endings: [
        {"shared": 0},
        {"shared": 30},
        {"lr": 0.4},
        {"batch": 16},
        {"lists": 1},
    ],
    backward.stability_map: [
        {"dim": 1},
        {"dim": 30},
        {"log_lr": 0.4},
        {"log_lr": -1.6},
        {"batch": 32},
    ],
}


@pytest.mark.parametrize("make", MOVES, ids=lambda make: make.__name__)
def test_every_control_changes_the_picture_and_says_something(make):
    check_explorer(make, MOVES[make], words=8)


def test_chapter_has_two_tabs():
    assert list(backward.chapter().explorers) == ["Shared endings", "Stability map"]


def test_nothing_shared_scatters_as_the_stationary_law():
    result = backward.endings(0, 0.2, 4, 0, runs=4000)
    variance = result.points.square().mean().item()
    predicted = dynamics.stationary.regression_sgd_variance(0.2, 2, 4, 1.0)
    # 8000 nearly independent coordinates, tails a little heavier than Gaussian: 5 %.
    assert variance == pytest.approx(predicted, rel=0.05)
    assert result.theory[0].item() == pytest.approx(math.sqrt(2 * predicted))


def test_spread_falls_at_the_lyapunov_exponent():
    spreads = torch.stack([backward.endings(40, 0.2, 2, lists).spread for lists in range(60)])
    rate = (spreads[:, 40] / spreads[:, 0]).log() / 40
    predicted = dynamics.tails.regression_lyapunov_exponent(0.2, 2, 2)
    assert abs(rate.mean() - predicted) < 4 * rate.std() / 60**0.5


def test_one_more_shared_batch_leaves_the_last_ones_in_place():
    few, many = (backward.endings(k, 0.2, 4, 3) for k in (5, 25))
    assert torch.equal(few.spread, many.spread)
    # Settled: twenty more inner maps move the ends by the factor that they contract.
    late = backward.endings(40, 0.2, 4, 3)
    assert (many.points.mean(0) - late.points.mean(0)).norm() < 20 * many.spread[25]


def test_boundaries_are_ordered_and_meet_their_formulas():
    for batch in (1, 4, 32):
        bounds = backward.stability_boundaries(batch)
        gamma, variance, lipschitz = bounds.values()
        assert (gamma > variance).all()  # Jensen: a finite variance needs more
        assert (lipschitz < gamma).all()
        for dim, limit, lip in zip(backward.DIMENSIONS, variance, lipschitz, strict=True):
            assert limit.item() == pytest.approx(2 * batch / (dim + 1 + batch))
            assert (lip > 0) == (batch >= dim)  # rank-deficient batches never contract
    one = backward.stability_boundaries(1)
    assert next(iter(one.values()))[0].item() == pytest.approx(2.42125, abs=1e-3)


@pytest.mark.parametrize(
    ("dim", "log_lr", "word"),
    [
        (5, -0.5, "with a variance"),
        (5, -0.06, "without a variance"),
        (5, 0.3, "Both orders diverge"),
    ],
)
def test_description_names_the_regime_that_the_paths_show(dim, log_lr, word):
    explorer = backward.stability_map()
    explorer.move(dim=dim, log_lr=log_lr, batch=4)
    assert word in explorer.description
    result = explorer.result
    moved = (result.backward[-1] - result.backward[-4]).abs().max()
    if "diverge" in word:
        assert result.forward[-1].min() > 1e6
        assert result.backward[-1].min() > 1e6
    else:
        assert moved < 0.2 * result.backward[-1].max()
