"""Chapter 9's figures draw what they are given, readably, with alt text and data."""

import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu import plot
from bsgd_edu.estimates import Estimate
from bsgd_edu.lessons.c09_no_bad_minima import figures as minima
from bsgd_edu.lessons.c09_no_bad_minima import landscapes, traps
from bsgd_edu.lessons.c09_no_bad_minima import pages as minima_pages
from bsgd_edu.lessons.c09_no_bad_minima.runs import Fall

STEPS = list(range(0, 41, 10))
RUNS = 10.0 ** -torch.linspace(0, 12, 5)[:, None] * torch.linspace(0.5, 2, 6)
PATH = torch.stack([torch.linspace(1.2, 0, 30), torch.linspace(-1.2, 0, 30)], -1)
SIZES = torch.logspace(-2, 0, 5)
STAIRS = [torch.tensor([14.0]), torch.linspace(14, 5, 9), torch.linspace(5, 0, 9)]
LEVELS = [14.0, 5.0, 0.0]
PUSHES = {2: list(2 * SIZES), 3: list(2 * SIZES**2)}
PRICES = (1.0, 2.5, 4.0)
SPECTRA = {k: torch.tensor([k - 2, 0, 2, k + 2]).sort().values for k in PRICES}
SHARE = Estimate(torch.tensor(0.2), torch.tensor(0.01))
SHARES = {1.0: Estimate(torch.tensor(0.0), torch.tensor(0.01)), 2.5: SHARE, 4.0: SHARE}
SMALL = {0.3: SHARE, 0.1: SHARE, 0.03: SHARE}
FUNNEL = traps.bottleneck_runs(4.0, 1.0)
BOX = traps.trap_box(0.7)
FALL = Fall(torch.linspace(0, 20, 5), RUNS)
FIGURES = {
    "draw_powers": (SIZES, PUSHES, 2.0),
    "draw_gaps": (STEPS, {"4–3–3": RUNS}, {"narrow": 0.1}),
    "draw_stairs": (STAIRS, LEVELS),
    "draw_plateaus": (STEPS, RUNS, LEVELS),
    "draw_eigenvalues": (torch.linspace(0, 6, 9), SPECTRA),
    "draw_shares": (SHARES, "price"),
    "draw_best": (torch.linspace(0, 1, 9), torch.linspace(1, 0, 9), {"a": ([0.5], [1.0])}),
    "draw_rescaled": ({0.5: FALL, 0.1: FALL},),
    "draw_hyperbola": ({"a path": PATH},),
    "draw_valley": FUNNEL[1:],
    "draw_surface": (*BOX[:3], [0.5, 0.7], BOX.place),
}
PAGES = {
    "show_one_number": ({"a path": PATH}, SIZES, PUSHES, 2.0),
    "show_runs": ({"p": STEPS}, {("p", "4–3–3"): RUNS}),
    "show_stairs": (STAIRS, STEPS, RUNS, LEVELS),
    "show_bottleneck": (SPECTRA, FUNNEL, SHARES, SMALL),
    "show_trap": (BOX, {0.5: torch.tensor(1.0), 0.6: torch.tensor(0.6)}),
    "show_smoothed": ({0.5: FALL, 0.1: FALL}, SHARES),
}


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


@pytest.fixture
def shown(monkeypatch):
    """What pages hand to the display: axes first, then what goes with them by name."""
    calls = []
    monkeypatch.setattr(minima_pages, "show", lambda *axes, **more: calls.append((axes, more)))
    return calls


def test_eigenvalues_lie_on_the_lines_of_the_theory():
    ax = minima.draw_eigenvalues(torch.linspace(0, 6, 61), SPECTRA)
    black = [line for line in ax.lines if line.get_color() == plot.COLOURS["theory"]]
    found = [line for line in ax.lines if line.get_marker() == plot.MARKERS[0]]
    assert len(black) == len(found) == 4
    for line in found:
        x, y = line.get_data()
        assert x.tolist() == list(PRICES)
        there = [line.get_ydata()[[10, 25, 40]] for line in black]
        # At K = 1 the eigenvalues come in another order, so that a column changes its line.
        assert all(min(abs(t[i] - y[i]) for t in there) < 1e-6 for i in range(3))


def test_shares_stand_over_their_abscissae_with_two_standard_errors():
    ax = minima.draw_shares({2.5: SHARE, 1.0: SHARES[1.0]}, "price")
    (points,) = [line for line in ax.lines if line.get_marker() == plot.MARKERS[1]]
    assert points.get_xydata().ravel() == pytest.approx([2.5, 0.2, 1.0, 0.0])
    (bars,) = ax.containers[0][2]
    assert bars.get_segments()[0][:, 1] == pytest.approx([0.18, 0.22])


def test_runs_go_to_the_panel_of_their_loss_and_some_leave_only_a_level(shown):
    steps = {"p": STEPS, "q": [2 * step for step in STEPS]}
    gaps = {
        (loss, network): factor * RUNS
        for loss, factor in {"p": 1, "q": 3}.items()
        for network in ("wide", "narrow")
    }
    minima_pages.show_runs(steps, gaps, only_best={"narrow": [4, 1, 3]})
    (((ax, *_), more),) = shown
    assert {name: table["step"] for name, table in more["data"].items()} == {
        f"{loss}, wide": when for loss, when in steps.items()
    }
    for panel, (loss, factor) in zip(ax.figure.axes, {"p": 1, "q": 3}.items(), strict=True):
        assert panel.get_title() == loss
        levels = [line for line in panel.lines if line.get_label() == "best of narrow"]
        (level,) = [float(line.get_ydata()[0]) for line in levels]
        assert level == pytest.approx(factor * float(RUNS[-1].min()))
        worst = panel.lines[RUNS.shape[1]]
        assert worst.get_label() == "wide"
        assert worst.get_xdata().tolist() == steps[loss]
        assert worst.get_ydata() == pytest.approx((factor * RUNS.amax(1)).numpy())


def test_ten_of_the_random_runs_are_shown(shown):
    minima_pages.show_stairs(STAIRS, STEPS, RUNS.repeat(1, 5), LEVELS)
    ((_, more),) = shown
    assert list(more["data"]["Small starts"]) == ["step", *(f"run {k}" for k in range(1, 11))]


def test_shares_by_price_and_by_size_have_their_panels_and_tables(shown):
    minima_pages.show_bottleneck(SPECTRA, FUNNEL, SHARES, SMALL)
    (((ax, *_), more),) = shown
    for panel, shares in zip(ax.figure.axes[2:], (SHARES, SMALL), strict=True):
        points = [line for line in panel.lines if line.get_marker() == plot.MARKERS[1]]
        assert points[0].get_xdata().tolist() == list(shares)
    assert list(more["data"]["Stuck"].values()) == [
        [1.0, 2.5, 4.0],
        pytest.approx([0, 0.2, 0.2]),
        pytest.approx([0.01] * 3),
    ]
    assert more["data"]["Stuck, small starts"]["σ"] == [0.3, 0.1, 0.03]
    assert more["data"]["Eigenvalues"]["eigenvalue 4"].tolist() == [3, 4.5, 6]


def test_the_box_of_a_half_is_drawn_beside_the_one_given(shown):
    minima_pages.show_trap(BOX, {0.6: torch.tensor(0.6)})
    (((ax, *_), more),) = shown
    assert [box.get_width() for box in ax.patches] == pytest.approx([1.0, 1.4])
    (best,) = [line for line in ax.lines if line.get_label() == "best of the box"]
    assert best.get_xydata()[0] == pytest.approx(BOX.place)
    assert more["data"]["Search"]["least loss"].tolist() == pytest.approx([0.6])


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
    ax = landscapes.draw_valley(*FUNNEL[1:])
    stuck = int(FUNNEL.stuck.sum())
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [f"global: {60 - stuck}", f"stuck: {stuck}"]
