"""What every figure, page and explorer of the course must do; the chapters' tests call it."""

import inspect
import time

from matplotlib.axes import Axes

from bsgd_edu import plot
from bsgd_edu.plot import display

__all__ = ["check_explorer", "check_figure", "check_page", "pages_of", "seconds_of"]


def pages_of(*modules):
    """The names of the pages that modules define or pass on."""
    functions = [pair for module in modules for pair in inspect.getmembers(module)]
    return {n for n, f in functions if inspect.isfunction(f) and n.startswith("show_")}


def check_figure(draw, arguments, *, legend=True, rows_named=False):
    """A figure keeps to the axes given, says what they are, in letters of 9 points or more."""
    ax = plot.axes()
    assert draw(*arguments, ax=ax) is ax
    assert ax.get_xlabel()
    assert ax.get_ylabel() or rows_named
    ax.figure.canvas.draw()
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
    if legend or ax.get_legend():
        texts += ax.get_legend().get_texts()
    assert min(text.get_size() for text in texts if text.get_text()) >= 9
    assert isinstance(draw(*arguments), Axes)


def check_page(show, arguments, monkeypatch, *, largest=90_000):
    """A page publishes a small picture, a description without measured digits, and its data."""
    published = []
    monkeypatch.setattr(display, "publish", lambda data, meta: published.append((data, meta)))
    show(*arguments)
    (picture, metadata), (page, _) = published
    alt = metadata["image/png"]["alt"]
    assert len(alt.split()) >= 15
    assert not any(letter.isdigit() for letter in alt)
    assert len(picture["image/png"]) < largest
    assert "<table>" in page["text/html"]


def check_explorer(make, moves, *, words=12):
    """Every control is moved, each move changes the picture, and the sentence says something."""
    explorer, seconds = make(), []
    seen = {explorer.png}
    for move in moves:
        seconds.append(seconds_of(explorer, move))
        assert explorer.png not in seen
        assert len(explorer.description.split()) > words
        assert "nan" not in explorer.description
        seen.add(explorer.png)
    assert {key for move in moves for key in move} == set(explorer.controls)
    # 100 ms on a quiet core (benchmarks/startup.py); more on one that also runs other tests.
    assert min(seconds) < 0.5, seconds
    assert sorted(seconds)[len(seconds) // 2] < 1, seconds


def seconds_of(explorer, move):
    """Moves an explorer, and returns the processor's time: it does not count what others do."""
    start = time.process_time()
    explorer.move(**move)
    return time.process_time() - start
