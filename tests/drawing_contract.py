"""What every figure, page and explorer of the course must do, one function each."""

import time

import matplotlib
from matplotlib.axes import Axes

from bsgd_edu import plot
from bsgd_edu.plot import display

__all__ = ["check_explorer", "check_figure", "check_page"]


def check_figure(draw, arguments, *, lacks=()):
    """A figure keeps to the axes given, says what they are, in letters of 9 points or more.

    It lacks exactly what it may: of "xlabel", "ylabel" and "legend", what it does without.
    """
    import matplotlib.pyplot as plt

    style = dict(matplotlib.rcParams)
    ax = plot.axes()
    assert draw(*arguments, ax=ax) is ax
    there = {
        "xlabel": ax.get_xlabel(),
        "ylabel": ax.get_ylabel(),
        "legend": ax.get_legend() and ax.get_legend().get_texts(),
    }
    assert {name for name, found in there.items() if not found} == set(lacks)
    ax.figure.canvas.draw()
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
    texts += [ax.title, *ax.texts, *(there["legend"] or ())]
    assert min(text.get_size() for text in texts if text.get_text()) >= 9
    assert len(display.picture(ax)) > 1000
    again = draw(*arguments)
    assert isinstance(again, Axes)
    assert again.figure is not ax.figure
    assert plt.get_fignums() == []
    assert dict(matplotlib.rcParams) == style


def check_page(show, arguments, monkeypatch):
    """A page publishes a small picture, a description without measured digits, and its data."""
    published = []
    monkeypatch.setattr(display, "publish", lambda data, meta: published.append((data, meta)))
    assert show(*arguments) is None
    (picture, metadata), (page, _) = published
    alt = metadata["image/png"]["alt"]
    assert len(alt.split()) >= 15
    assert not any(letter.isdigit() for letter in alt)
    assert picture["text/plain"] == f"Figure: {alt}"
    assert len(picture["image/png"]) < 90_000
    assert "<table>" in page["text/html"]


def check_explorer(make, moves, *, words):
    """Every control is moved, each move changes the picture, and the sentence says something."""
    explorer, seconds, told = make(), [], set()
    seen = {explorer.png}
    for move in moves:
        seconds.append(_seconds_of(explorer, move))
        assert explorer.png not in seen
        assert len(explorer.description.split()) >= words
        assert "nan" not in explorer.description
        seen.add(explorer.png)
        told.add(explorer.description)
    assert {key for move in moves for key in move} == set(explorer.controls)
    # Not one sentence for all: but two moves may lead to what is described alike.
    assert len(told) >= min(3, len(moves))
    # 100 ms on a quiet core (benchmarks/startup.py); more on one that also runs other tests.
    assert min(seconds) < 0.5, seconds
    assert sorted(seconds)[len(seconds) // 2] < 1, seconds


def _seconds_of(explorer, move):
    """Moves an explorer, and returns the processor's time: it does not count what others do."""
    start = time.process_time()
    explorer.move(**move)
    return time.process_time() - start
