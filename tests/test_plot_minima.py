"""Chapter 9's figures draw what they are given, readably, with alt text and data."""

import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu import plot
from bsgd_edu.explorers import minima as explorer
from bsgd_edu.plot import landscapes, minima, minima_pages

STEPS = list(range(0, 41, 10))
RUNS = 10.0 ** -torch.linspace(0, 12, 5)[:, None] * torch.linspace(0.5, 2, 6)
PATH = torch.stack([torch.linspace(1.2, 0, 30), torch.linspace(-1.2, 0, 30)], -1)
SIZES = torch.logspace(-2, 0, 5)
STAIRS = [torch.tensor([14.0]), torch.linspace(14, 5, 9), torch.linspace(5, 0, 9)]
LEVELS = [14.0, 5.0, 0.0]
PRICES = (1.0, 2.5, 4.0)
K = torch.tensor(PRICES)
SPECTRA = torch.stack([K - 2, 0 * K, 0 * K + 2, K + 2], -1)
SHARES = torch.tensor([0.0, 0.2, 0.3])
ERRORS = torch.full((3,), 0.01)
FUNNEL = explorer.bottleneck_runs(4.0, 1.0)[1:]
BOX = explorer.trap_box(0.7)
FALL = (torch.linspace(0, 20, 5), RUNS)
FIGURES = {
    "draw_powers": (SIZES, {2: 2 * SIZES, 3: 2 * SIZES**2}, 2.0),
    "draw_gaps": (STEPS, {"4–3–3": RUNS}, {"narrow": 0.1}),
    "draw_stairs": (STAIRS, LEVELS),
    "draw_plateaus": (torch.tensor(STEPS), RUNS, LEVELS),
    "draw_eigenvalues": (torch.linspace(0, 6, 9), (PRICES, SPECTRA)),
    "draw_shares": (PRICES, SHARES, ERRORS, "price"),
    "draw_best": (torch.linspace(0, 1, 9), torch.linspace(1, 0, 9), {"a": ([0.5], [1.0])}),
    "draw_rescaled": ({0.5: FALL, 0.1: FALL},),
    "draw_hyperbola": ({"a path": PATH},),
    "draw_valley": FUNNEL,
    "draw_surface": (*BOX[:3], [0.5, 0.7], BOX.place),
}
PAGES = {
    "show_one_number": ({"a path": PATH}, SIZES, {2: 2 * SIZES, 3: 2 * SIZES**2}, 2.0),
    "show_runs": ({"p": STEPS}, {"p": {"4–3–3": RUNS}}, {"p": {"narrow": 0.1}}),
    "show_stairs": (STAIRS, STEPS, RUNS, LEVELS),
    "show_bottleneck": (
        (PRICES, SPECTRA), FUNNEL, (PRICES, SHARES, ERRORS),
        ((0.3, 0.1, 0.03), SHARES + 0.1, ERRORS),
    ),
    "show_trap": (BOX[:3], [0.5, 0.7], BOX.place, ([0.5, 0.6], torch.tensor([1.0, 0.6]))),
    "show_smoothed": ({0.5: FALL, 0.1: FALL}, ((0.5, 0.1, 0.01), SHARES, ERRORS)),
}  # fmt: skip


def _draw(name):
    return getattr(minima if hasattr(minima, name) else landscapes, name)


def test_all_figures_and_pages_of_the_chapter_are_tried_here():
    assert set(FIGURES) == {*minima.__all__, *landscapes.__all__}
    assert set(PAGES) == set(minima_pages.__all__)
    assert set(PAGES) == pages_of(minima_pages)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_drawn_on_the_axes_given_with_readable_labels(name):
    check_figure(_draw(name), FIGURES[name], legend=False)


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_picture_description_and_data(name, monkeypatch):
    check_page(getattr(minima_pages, name), PAGES[name], monkeypatch, largest=120_000)


def test_theory_of_the_eigenvalues_goes_through_the_measured_ones():
    ax = minima.draw_eigenvalues(torch.linspace(0, 6, 61), (PRICES, SPECTRA))
    black = [line for line in ax.lines if line.get_color() == plot.COLOURS["theory"]]
    assert len(black) == 4
    for line in black:
        x, y = line.get_data()
        at = [round(10 * k) for k in PRICES]
        assert any(abs(y[at] - column.numpy()).max() < 1e-6 for column in SPECTRA.T)
        assert abs(x[at] - torch.tensor(PRICES).numpy()).max() < 1e-6


def test_every_run_is_a_line_and_the_worst_stands_out():
    ax = minima.draw_gaps(STEPS, {"4–3–3": RUNS}, {})
    *thin, worst = ax.lines
    assert len(thin) == RUNS.shape[1]
    assert worst.get_ydata().tolist() == pytest.approx(RUNS.amax(1).tolist())


def test_an_escape_stands_where_the_descent_before_it_ended():
    ax = minima.draw_stairs(STAIRS, LEVELS)
    squares = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "s"]
    assert squares == [[0, 14], [8, 5]]


def test_runs_are_counted_as_they_end():
    ax = landscapes.draw_valley(*FUNNEL)
    stuck = int(FUNNEL[-1].sum())
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [f"global: {60 - stuck}", f"stuck: {stuck}"]
