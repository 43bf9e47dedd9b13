"""Lesson 2: methods look the same everywhere, tails have their slopes, endings are shared."""

import math

import numpy as np
import pytest
import torch
from samples_c02 import ESTIMATES, NAMES, PAGES, POSITIVE, RUNS, TAIL

from bsgd_edu import dynamics
from bsgd_edu.lessons.c02_backward_sgd import explore, figures, pages, residual, scaling, stability

# ---- figures and pages


def test_a_method_looks_the_same_in_every_figure():
    curves = figures.draw_curves(range(11), {n: RUNS[:, 0] for n in NAMES})
    for line, name in zip(curves.lines, NAMES, strict=True):
        style = figures._style(name)
        assert (line.get_color(), line.get_marker()) == (style["color"], style["marker"])
    looks = [tuple(figures._style(n).values()) for n in figures._STYLE]
    assert len(set(looks)) == len(looks)


def test_tail_line_has_the_slope_of_its_index():
    ax = scaling.draw_tail(TAIL, 1.0)
    line = next(one for one in ax.lines if "Kesten" in one.get_label())
    x, y = np.log(line.get_xdata()), np.log(line.get_ydata())
    assert np.polyfit(x, y, 1)[0] == pytest.approx(-1, abs=1e-6)


def test_a_boundary_that_exists_nowhere_is_not_drawn_on_the_floor():
    ax = stability.draw_stability((1, 2), {"never": torch.zeros(2), "a": torch.ones(2)}, (1, 0.5))
    assert len(ax.lines[0].get_xdata()) == 0


def what_is_shown(page, arguments, monkeypatch):
    """The axes, caption and data that a page passes on."""
    shown = []
    monkeypatch.setattr(pages, "show", lambda axes, **rest: shown.append((axes, rest)))
    getattr(pages, page)(*arguments)
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


def test_forward_moves_are_shown_as_far_as_the_bound(monkeypatch):
    _, words = what_is_shown("show_lists", PAGES["show_lists"], monkeypatch)
    table = words["data"]["Distance to the backward limit"]
    assert len(table["forward step"]) == len(table["bound"]) == 11


def test_slopes_of_timings_go_through_the_last_times():
    ax = scaling.draw_timings((1, 2, 4), {"two": [1.0, 3.0, 16.0], "one": [1.0, 2.5, 8.0]})
    assert np.allclose(ax.lines[0].get_ydata(), [1, 4, 16])
    assert np.allclose(ax.lines[1].get_ydata(), [2, 4, 8])


def test_all_limits_are_in_the_tail(monkeypatch):
    limits = torch.arange(1.0, 4001)
    arguments = (*PAGES["show_broken"][:3], limits, 1.0)
    _, words = what_is_shown("show_broken", arguments, monkeypatch)
    assert words["data"]["Tail"]["t"].tolist()[:2] == [2000, 3200]


# ---- the residual network


def test_a_test_loss_leaves_mode_and_statistics_alone():
    images = residual.images("digits", "test", 20)
    assert images.tensors[0].shape == (20, 1, 8, 8)
    model = residual.residual_network(1)
    before = model[1].running_mean.clone()
    assert residual.test_loss(model, images) > 0
    assert model.training
    assert torch.equal(model[1].running_mean, before)


# ---- explorers


def test_chapter_has_two_tabs():
    assert list(explore.chapter().explorers) == ["Shared endings", "Stability map"]


def test_nothing_shared_scatters_as_the_stationary_law():
    result = explore.endings(0, 0.2, 4, 0, runs=4000)
    variance = result.points.square().mean().item()
    predicted = dynamics.stationary.regression_sgd_variance(0.2, 2, 4, 1.0)
    # 8000 nearly independent coordinates, tails a little heavier than Gaussian: 5 %.
    assert variance == pytest.approx(predicted, rel=0.05)
    assert result.theory[0].item() == pytest.approx(math.sqrt(2 * predicted))


def test_spread_falls_at_the_lyapunov_exponent():
    spreads = torch.stack([explore.endings(40, 0.2, 2, lists).spread for lists in range(60)])
    rate = (spreads[:, 40] / spreads[:, 0]).log() / 40
    predicted = dynamics.tails.regression_lyapunov_exponent(0.2, 2, 2)
    assert abs(rate.mean() - predicted) < 4 * rate.std() / 60**0.5


def test_one_more_shared_batch_leaves_the_last_ones_in_place():
    few, many = (explore.endings(k, 0.2, 4, 3) for k in (5, 25))
    assert torch.equal(few.spread, many.spread)
    # Settled: twenty more inner maps move the ends by the factor that they contract.
    late = explore.endings(40, 0.2, 4, 3)
    assert (many.points.mean(0) - late.points.mean(0)).norm() < 20 * many.spread[25]


def test_boundaries_are_ordered_and_meet_their_formulas():
    for batch in (1, 4, 32):
        bounds = explore.stability_boundaries(batch)
        gamma, variance, lipschitz = bounds.values()
        assert (gamma > variance).all()  # Jensen: a finite variance needs more
        assert (lipschitz < gamma).all()
        for dim, limit, lip in zip(explore.DIMENSIONS, variance, lipschitz, strict=True):
            assert limit.item() == pytest.approx(2 * batch / (dim + 1 + batch))
            assert (lip > 0) == (batch >= dim)  # rank-deficient batches never contract
    one = explore.stability_boundaries(1)
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
    explorer = explore.stability_map()
    explorer.move(dim=dim, log_lr=log_lr, batch=4)
    assert word in explorer.description
    result = explorer.result
    moved = (result.backward[-1] - result.backward[-4]).abs().max()
    if "diverge" in word:
        assert result.forward[-1].min() > 1e6
        assert result.backward[-1].min() > 1e6
    else:
        assert moved < 0.2 * result.backward[-1].max()
