"""Explorers answer at once, say what they show, and leave a picture where no kernel runs."""

import base64
import io

import ipywidgets as widgets
import pytest
import torch
from drawing_contract import seconds_of
from PIL import Image

from bsgd_edu import plot
from bsgd_edu.errors import UsageError
from bsgd_edu.lessons.c01_order_matters import explore as order
from bsgd_edu.maps import apply_in_order
from bsgd_edu.plot import explorer as base
from bsgd_edu.plot.explorer import Explorer, tabs


def _explorer(**changes):
    def draw(result):
        ax = plot.axes(size=(3, 2))
        plot.theory_line(ax, [0, 1], [0, result])
        return ax

    options = {
        "title": "Powers",
        "controls": {
            "factor": widgets.FloatSlider(0.5, min=0, max=1, step=0.1, description="factor"),
            "again": widgets.Button(description="again"),
        },
        "model": lambda factor, again: factor**again,
        "draw": draw,
        "describe": lambda result: f"The power is <{result:g}>.",
    }
    return Explorer(**{**options, **changes})


# ---- the base


def test_moving_a_control_changes_values_result_picture_and_text():
    explorer = _explorer()
    before = explorer.png
    assert explorer.values == {"factor": 0.5, "again": 0}
    explorer.move(again=2)
    assert explorer.values == {"factor": 0.5, "again": 2}
    assert explorer.result == 0.25
    assert explorer.png != before
    explorer.move(factor=1.0)
    assert explorer.description == "The power is <1>."
    assert "&lt;1&gt;" in explorer.box.children[2].value
    assert 'aria-live="polite"' in explorer.box.children[2].value


def test_a_hand_on_the_widget_does_the_same_as_move():
    explorer = _explorer()
    explorer.controls["factor"].value = 0.3
    explorer.controls["again"].click()
    assert explorer.result == pytest.approx(0.3)


def test_a_button_is_as_wide_as_its_words():
    assert _explorer().controls["again"].layout.width == "max-content"


def test_sliders_answer_once_a_move_not_once_a_pixel():
    explorer = _explorer()
    assert explorer.controls["factor"].continuous_update is False
    assert all(control.description for control in explorer.controls.values())


def test_the_same_values_give_the_same_picture():
    explorer = _explorer()
    first = explorer.png
    explorer.move(factor=0.9)
    explorer.move(factor=0.5)
    assert explorer.png == first


def test_explorer_refuses_what_it_does_not_have():
    with pytest.raises(UsageError, match="among factor, again, but 'speed' is not"):
        _explorer().move(speed=1)
    with pytest.raises(UsageError, match="controls must hold a widget"):
        _explorer(controls={})


def test_show_sends_widget_picture_and_words_in_one_bundle(monkeypatch):
    sent = []
    monkeypatch.setattr(base, "publish", lambda data, meta: sent.append((data, meta)))
    explorer = _explorer()
    explorer.show()
    tabs({"One": explorer, "Two": _explorer()}).show()
    for data, metadata in sent:
        assert "application/vnd.jupyter.widget-view+json" in data
        assert "The power is" in data["text/plain"]
        assert metadata["image/png"]["alt"] == data["text/plain"]
        assert "object at" not in data["text/plain"]
    single, double = (Image.open(io.BytesIO(base64.b64decode(d["image/png"]))) for d, _ in sent)
    assert double.size == (single.width, 2 * single.height)


def test_tabs_carry_their_titles():
    box = tabs({"One": _explorer(), "Two": _explorer()}).box
    assert box.titles == ("One", "Two")
    assert len(box.children) == 2


# ---- chapter 1


MOVES = {
    order.inside_outside: [{"num_maps": 12}, {"ratio": 0.9}, {"batches": 1}],
    order.ratio: [{"ratio": 0.3}, {"ratio": 0.5}, {"ratio": 0.9}],
    order.past: [{"steps": 30}, {"direction": "future"}, {"noise": 1}],
}


@pytest.mark.parametrize("make", MOVES, ids=lambda make: make.__name__)
def test_explorer_of_the_chapter_answers_and_changes(make):
    explorer, seconds, words = make(), [], set()
    for move in MOVES[make]:
        png = explorer.png
        seconds.append(seconds_of(explorer, move))
        words.add(explorer.description)
        assert explorer.png != png
    assert len(words) >= 2
    # 100 ms on a quiet core; five times that on a machine that also runs other tests.
    assert min(seconds) < 0.5, seconds


def test_images_of_the_interval_are_nested_inside_and_wander_outside():
    result = order.images(12, 0.6, 0)
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
    short, long = order.images(5, 0.6, 3), order.images(9, 0.6, 3)
    assert torch.equal(short.backward, long.backward[:6])
    assert not torch.equal(long.forward, order.images(9, 0.6, 4).forward)


@pytest.mark.parametrize("ratio", [0.2, 0.35, 0.5, 0.65, 0.9])
def test_coins_follow_their_exact_law(ratio):
    result = order.coin_flips(ratio)
    share = torch.searchsorted(result.samples.sort().values, result.points, right=True) / 20_000
    # Dvoretzky, Kiefer, Wolfowitz: a deviation of 0.016 has probability 2·exp(−2·20000·0.016²),
    # below 1e-4, and the seed fixes the draws. The exact law is good to 1e-3 on its grid.
    assert (share - result.exact).abs().max() < 0.017


def test_runs_from_further_back_end_where_shorter_ones_met():
    for noise in range(20):
        runs = [order.two_chains(steps, "past", noise) for steps in (30, 45, 60)]
        ends = [run.paths[-1] for run in runs if run.met is not None]
        assert len(ends) >= 1
        assert all(torch.equal(end, ends[0]) for end in ends)


def test_meeting_from_now_on_happens_only_at_the_walls():
    states = []
    for noise in range(40):
        run = order.two_chains(60, "future", noise)
        if run.met is not None:
            states.append(int(run.paths[run.met, 0]))
    assert set(states) == {0, 4}
    from_past = {int(order.two_chains(60, "past", noise).paths[-1, 0]) for noise in range(40)}
    assert from_past == {0, 1, 2, 3, 4}


def test_chain_is_the_composition_of_its_maps():
    run = order.two_chains(7, "past", 5)
    longer = order.two_chains(8, "past", 5)
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
