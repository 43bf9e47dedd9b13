"""Chapter 4's figures draw what they are given, readably, with alt text and data."""

import inspect

import pytest
import torch
from matplotlib.axes import Axes

from bsgd_edu import plot
from bsgd_edu.lessons.c04_deep_limits import figures as limits
from bsgd_edu.lessons.c04_deep_limits import pages as limits_pages
from bsgd_edu.plot import display

STREAM = torch.Generator().manual_seed(0)
POSITIVE = torch.rand(12, 8, generator=STREAM, dtype=torch.float64) + 0.1
NETS = {name: -POSITIVE for name in ("untrained", "untrained, mixed", "trained", "trained, mixed")}
POINTS = 0.6 * torch.rand(6, 2, generator=STREAM, dtype=torch.float64)
STAR = torch.tensor([0.6, 0.8], dtype=torch.float64)
FIGURES = {
    "draw_convergents": (POSITIVE[0], POSITIVE[1], 0.5),
    "draw_drift": (POSITIVE.cumsum(0), POSITIVE.cumsum(0), 0.6, 1.2),
    "draw_turns": (POSITIVE, POSITIVE[1:], 0.6),
    "draw_growths": (NETS,),
    "draw_pairs": (NETS,),
    "draw_rates": ({"a": POSITIVE, "b": POSITIVE}, {"line": POSITIVE[:, 0]}),
    "draw_norms": (POSITIVE, -0.1, 1.0, "He"),
    "draw_disc": (POINTS, STAR, (0.0, -2.0), "new layer inside"),
    "draw_walk": (POSITIVE[:, 0], POSITIVE[:, 1], 0.5),
}
PAGES = {
    "show_convergents": (range(8), POSITIVE[0], POSITIVE[1], 0.5),
    "show_drift": (POSITIVE.cumsum(0), POSITIVE.cumsum(0), POSITIVE, POSITIVE, 0.6),
    "show_networks": (NETS, NETS),
    "show_walks": ({"hyperbolic": POSITIVE, "flat": POSITIVE, "line": POSITIVE}, 0.5),
    "show_norms": (POSITIVE, POSITIVE, 32, 2.17),
}


def test_all_figures_and_pages_of_the_chapter_are_tried_here():
    assert set(FIGURES) == set(limits.__all__)
    assert set(PAGES) == set(limits_pages.__all__)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_draws_on_given_axes_and_can_be_read(name):
    ax = plot.axes()
    drawn = getattr(limits, name)(*FIGURES[name], ax=ax)
    assert drawn is ax
    assert isinstance(drawn, Axes)
    assert name == "draw_disc" or (ax.get_xlabel() and ax.get_ylabel())
    legend = ax.get_legend()
    texts = [ax.xaxis.label, ax.yaxis.label, *(legend.get_texts() if legend else [])]
    assert min(text.get_size() for text in texts) >= 9
    assert isinstance(getattr(limits, name)(*FIGURES[name]), Axes)
    assert len(display.picture(ax)) > 1000


@pytest.mark.parametrize("name", PAGES)
def test_page_says_what_it_shows(name, capsys):
    page = getattr(limits_pages, name)
    assert page(*PAGES[name]) is None
    assert capsys.readouterr().out.startswith("Figure: ")
    assert "Args:" in inspect.getdoc(page)


def test_pages_divide_by_the_number_of_layers_and_leave_out_none(monkeypatch):
    calls, draw = [], limits.draw_rates
    monkeypatch.setattr(limits, "draw_rates", lambda *given: calls.append(given) or draw(*given))
    distances = 3 * torch.arange(12.0)[:, None].expand(12, 5)  # three a step
    limits_pages.show_walks({"walk": distances}, 0.5)
    ((curves, theory),) = calls
    assert torch.equal(curves["walk"], torch.full((11, 2), 3.0, dtype=torch.float64))
    assert len(theory["n^(−1/2)"]) == 11


def test_page_of_the_drift_begins_at_the_first_layer(monkeypatch):
    drifts, turns = [], []
    draw_drift, draw_turns = limits.draw_drift, limits.draw_turns
    monkeypatch.setattr(limits, "draw_drift", lambda *a: drifts.append(a) or draw_drift(*a))
    monkeypatch.setattr(limits, "draw_turns", lambda *a: turns.append(a) or draw_turns(*a))
    limits_pages.show_drift(POSITIVE, 2 * POSITIVE, POSITIVE[:5], POSITIVE, 0.6)
    assert torch.equal(drifts[0][0], POSITIVE[1:])
    assert torch.equal(drifts[0][1], 2 * POSITIVE[1:])
    assert torch.equal(turns[0][1], POSITIVE[:5])


def test_level_set_is_the_circle_that_the_docstring_names():
    from bsgd_edu.metrics import poincare_busemann

    ax = limits.draw_disc(POINTS, STAR, (-1.0,), "new layer inside")
    circle = ax.patches[1]
    angle = torch.linspace(0.1, 6.2, 50, dtype=torch.float64)
    rim = torch.stack([angle.cos(), angle.sin()], -1) * circle.radius
    on_circle = rim + torch.tensor(circle.center, dtype=torch.float64)
    inside = on_circle[on_circle.norm(dim=-1) < 1 - 1e-6]
    values = poincare_busemann(inside, STAR)
    assert torch.allclose(values, torch.full_like(values, -1.0), atol=1e-5)
