"""The contract of drawings refuses what breaks it: one figure, page or explorer for each rule."""

import ipywidgets as widgets
import matplotlib
import matplotlib.pyplot as plt
import pytest
from drawing_contract import check_explorer, check_figure, check_page

from bsgd_edu import plot
from bsgd_edu.plot.explorer import Explorer

ALT = "A black line that rises from nothing, slowly at first, and then faster with every step."


def line(values=(0, 1), ax=None, xlabel="n", size=10, label="theory"):
    ax = plot.axes(ax)
    plot.theory_line(ax, range(len(values)), values, label)
    ax.set_xlabel(xlabel, size=size)
    ax.set_ylabel("x")
    ax.legend(prop={"size": 10})
    return ax


def elsewhere(ax=None):
    return line()


def small(ax=None):
    return line(ax=ax, size=6)


def unlabelled(ax=None):
    return line(ax=ax, xlabel="")


def kept(ax=None):
    return line(ax=ax or KEPT)


def known(ax=None):
    plt.figure()
    return line(ax=ax)


def restyled(ax=None):
    matplotlib.rcParams["lines.linewidth"] += 1
    return line(ax=ax)


KEPT = plot.axes()


@pytest.fixture
def clean():
    with matplotlib.rc_context():
        yield
    plt.close("all")


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("draw", [elsewhere, small, unlabelled, known, restyled])
def test_a_figure_that_breaks_a_rule_is_refused(draw):
    check_figure(line, ())
    with pytest.raises(AssertionError):
        check_figure(draw, ())


def test_a_figure_that_draws_into_the_one_before_is_refused(monkeypatch):
    monkeypatch.setattr(plot, "axes", lambda ax=None: ax or KEPT)
    with pytest.raises(AssertionError):
        check_figure(kept, ())


def test_what_a_figure_may_lack_it_must_lack():
    check_figure(unlabelled, (), lacks={"xlabel"})
    with pytest.raises(AssertionError):
        check_figure(line, (), lacks={"xlabel"})


@pytest.mark.parametrize("alt", ["A short line.", f"{ALT} It ends at 7."])
def test_a_page_with_a_poor_description_is_refused(alt, monkeypatch):
    def show(alt):
        plot.show(line(), alt=alt, caption="It rises.", data={"n": [0, 1]})

    check_page(show, (ALT,), monkeypatch)
    with pytest.raises(AssertionError):
        check_page(show, (alt,), monkeypatch)


def made(draw=lambda result: line((0, result[0])), told="It is {} and {}, as you would say of it."):
    controls = {"one": widgets.IntSlider(1), "two": widgets.IntSlider(1)}
    return Explorer(
        title="Two",
        controls=controls,
        model=lambda one, two: (one, two),
        draw=draw,
        describe=lambda result: told.format(*result),
    )


MOVES = [{"one": 2}, {"two": 2}, {"one": 3}]


@pytest.mark.parametrize(
    ("options", "moves"),
    [
        ({}, MOVES),  # two changes nothing that one sees
        ({"draw": line}, MOVES[:1]),  # a control that is not tried
        ({"draw": line, "told": "It moves, but nobody is told of it or of anything."}, MOVES),
        ({"draw": line, "told": "{} {}"}, MOVES),
        ({"draw": line, "told": "It is {} and {}, and what it was before was nan."}, MOVES),
    ],
)
def test_an_explorer_that_breaks_a_rule_is_refused(options, moves):
    check_explorer(lambda: made(line), MOVES, words=8)
    with pytest.raises(AssertionError):
        check_explorer(lambda: made(**options), moves, words=8)
