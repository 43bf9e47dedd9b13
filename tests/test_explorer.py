"""Explorers answer at once, say what they show, and leave a picture where no kernel runs."""

import base64
import io

import ipywidgets as widgets
import pytest
from PIL import Image

from bsgd_edu import plot
from bsgd_edu.errors import UsageError
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
