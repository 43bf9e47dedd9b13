"""Lesson 1: pages draw what they say, coins follow their law, chains compose their maps."""

import numpy as np
import pytest
import torch
from samples_c01 import RUNS

from bsgd_edu.lessons.c01_order_matters import explore, figures, pages
from bsgd_edu.maps import apply_in_order

# ---- figures and pages


def test_lines_carry_the_numbers_they_are_given():
    ax = figures.draw_cycle(RUNS[:, 0], RUNS[:, 1], torch.tensor([0.0]))
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert np.allclose(drawn["forward $x_n$"], RUNS[:, 0])
    assert np.allclose(drawn["backward $y_n$"], RUNS[:, 1])
    ax = figures.draw_intervals(torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 0.5]), "outside")
    assert np.allclose(ax.lines[0].get_xdata(), [0, 0.25])
    ax = figures.draw_distances({"pairs": torch.ones(11, 9) * 3}, {"t": torch.ones(11)})
    assert np.allclose(ax.lines[0].get_ydata(), 3) or np.allclose(ax.lines[-1].get_ydata(), 1)


def _drawn(monkeypatch, module, name):
    """Returns where the arguments of a drawing function will be kept, call by call."""
    calls, draw = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given: calls.append(given) or draw(*given))
    return calls


def test_page_of_coin_flips_draws_shares_of_runs_and_the_exact_law(monkeypatch):
    calls = _drawn(monkeypatch, figures, "draw_distribution")
    cloud = torch.tensor([-0.75, -0.25, 0.25, 0.75], dtype=torch.float64)
    pages.show_coins({0.5: cloud}, {0.5: 0.1})
    ((t, share, exact, _),) = calls
    assert torch.equal(share, (cloud <= t[:, None]).double().mean(1))
    assert torch.allclose(exact, (1 + t) / 2, atol=1e-12)  # uniform at ratio one half


def test_page_of_the_queue_draws_the_first_that_grows_eight_times(monkeypatch):
    calls = _drawn(monkeypatch, figures, "draw_queue")
    steps = torch.arange(101.0)[:, None]
    maxima = torch.minimum(steps, torch.tensor([5.0, 8.0, 8.0, 50.0]))
    maxima[:, 2] *= 2  # grows eight times too, but is not the first
    pages.show_coupling(RUNS.exp(), -0.5, -maxima, maxima)
    ((waits, drawn, _),) = calls
    assert torch.equal(drawn, maxima[:61, 1])
    assert torch.equal(waits, -maxima[:61, 1])


# ---- explorers


def test_images_of_the_interval_are_nested_inside_and_wander_outside():
    result = explore.images(12, 0.6, 0)
    low, high = result.backward.T
    assert (low.diff() >= -1e-12).all()
    assert (high.diff() <= 1e-12).all()
    lengths = 0.6 ** torch.arange(13.0).double() * 2
    for ends in (result.forward, result.backward):
        assert torch.allclose(ends[:, 1] - ends[:, 0], lengths)
    outside = (result.forward[1:, 0] < result.forward[:-1, 0] - 1e-9) | (
        result.forward[1:, 1] > result.forward[:-1, 1] + 1e-9
    )
    assert outside.any()


def test_longer_lists_of_batches_begin_with_the_shorter():
    short, long = explore.images(5, 0.6, 3), explore.images(9, 0.6, 3)
    assert torch.equal(short.backward, long.backward[:6])
    assert not torch.equal(long.forward, explore.images(9, 0.6, 4).forward)


@pytest.mark.parametrize("ratio", [0.2, 0.35, 0.5, 0.65, 0.9])
def test_coins_follow_their_exact_law(ratio):
    result = explore.coin_flips(ratio)
    share = torch.searchsorted(result.samples.sort().values, result.points, right=True) / 20_000
    # Dvoretzky, Kiefer, Wolfowitz: a deviation of 0.016 has probability 2·exp(−2·20000·0.016²),
    # below 1e-4, and the seed fixes the draws. The exact law is good to 1e-3 on its grid.
    assert (share - result.exact).abs().max() < 0.017


def test_runs_from_further_back_end_where_shorter_ones_met():
    for noise in range(20):
        runs = [explore.two_chains(steps, "past", noise) for steps in (30, 45, 60)]
        ends = [run.paths[-1] for run in runs if run.met is not None]
        assert len(ends) >= 1
        assert all(torch.equal(end, ends[0]) for end in ends)


def test_meeting_from_now_on_happens_only_at_the_walls():
    states = []
    for noise in range(40):
        run = explore.two_chains(60, "future", noise)
        if run.met is not None:
            states.append(int(run.paths[run.met, 0]))
    assert set(states) == {0, 4}
    from_past = {int(explore.two_chains(60, "past", noise).paths[-1, 0]) for noise in range(40)}
    assert from_past == {0, 1, 2, 3, 4}


def test_chain_is_the_composition_of_its_maps():
    run = explore.two_chains(7, "past", 5)
    longer = explore.two_chains(8, "past", 5)
    first = longer.paths[1] - longer.paths[0]  # the map that was put inside
    maps = [lambda s, j=j: (s + j).clamp(0, 4) for j in _jumps(run)]
    jump = int(first[first != 0][0])
    start = torch.tensor([0, 4])
    assert torch.equal(apply_in_order(maps, start), run.paths[-1])
    inside = [lambda s: (s + jump).clamp(0, 4), *maps]
    assert torch.equal(apply_in_order(inside, start), longer.paths[-1])


def _jumps(run):
    """Recovers each step's jump: at least one of two copies is away from the wall it is sent to."""
    jumps = []
    for step in run.paths.diff(dim=0):
        moved = step[step != 0]
        jumps.append(int(moved[0]))
    return jumps
