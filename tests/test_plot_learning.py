"""Chapter 7's figures draw what they are given, readably, with alt text and data."""

import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu import estimates, plot, rmt
from bsgd_edu.lessons.c07_learning_dynamics import figures as learning
from bsgd_edu.lessons.c07_learning_dynamics import pages as learning_pages
from bsgd_edu.lessons.c07_learning_dynamics import pages_breaks as learning_breaks
from bsgd_edu.lessons.c07_learning_dynamics import runs
from bsgd_edu.lessons.c07_learning_dynamics.theory import descent_curves

T = torch.logspace(-1, 2, 9, dtype=torch.float64)
RISE = torch.linspace(0.5, 0.9, 9, dtype=torch.float64)
ERROR = torch.full((9,), 0.01, dtype=torch.float64)
DOTS = {"runs": (T, RISE, ERROR)}
FIGURES = {
    "draw_two_directions": (T, torch.stack([RISE, T], 1), torch.stack([RISE, T], 1), ("a", "b")),
    "draw_accuracy": (T, {"theory": RISE}, DOTS),
    "draw_spectrum": (T, T, RISE),
    "draw_overlap": (T, {"theory": RISE}, DOTS, 0.7),
    "draw_filter": (T, RISE, {"g": 1 / T}),
    "draw_stopping": (T, {"theory": RISE}, "accuracy"),
    "draw_descent": (T, {"theory": RISE}, DOTS),
    "draw_finite_size": ([8, 16], {"new": (RISE[:2], ERROR[:2])}),
    "draw_losses": ({"low": torch.rand(5, 3), "high": torch.rand(5, 3)},),
    "draw_lower_edge": (T, RISE, 0.01),
}
SETTING = {"ratio": 0.5, "signal": 1.0, "lr": 0.01}
LAWS = {rho: rmt.SpikedMarchenkoPastur(0.5, rho**0.5) for rho in (0.25, 2)}
SPECTRA = {
    rho: rmt.sampled_spectrum(16, 32, law.signal, 4, generator=torch.Generator().manual_seed(0))
    for rho, law in LAWS.items()
}
VARIANCES = (0.01, 0.1)
CURVES = {v: rmt.learning_curve(100 * T, **SETTING, init_var=v) for v in VARIANCES}
MOMENTS = {"along": (9, 5), "early": (5,), "best": (5,), "late": (5,), "end": (5,)}
RUNS = {
    v: {moment: 0.5 + torch.rand(shape) / 2 for moment, shape in MOMENTS.items()} for v in VARIANCES
}
MEASURED = estimates.Estimate(RISE, ERROR)
IMAGES = {
    name: runs.ImageRuns(4 * torch.rand(4, 30), 8.0, MEASURED, RISE)
    for name in ("whitened", "alike", "raw")
}
RATIOS = runs.RatioRuns(
    {c: torch.rand(3, 5) / 2 for c in (0.5, 1.0)}, {c: torch.rand(3) for c in (0.5, 1.0)}
)
GAP = estimates.Estimate(torch.rand(2) - 0.5, torch.rand(2))
PAGES = {
    "show_two_directions": 2 * (torch.stack([RISE, T], 1),),
    "show_spectrum": (LAWS, SPECTRA),
    "show_learning": (T, CURVES, T, RUNS, RUNS),
    "show_descent": (
        [descent_curves(1.0, 0.1, 2.0), descent_curves(1.0, 0.1, 4.0)],
        RATIOS,
        T,
        {0.0: MEASURED, 0.1: MEASURED},
        {0.0: RISE, 0.1: RISE},
    ),
    "show_steps": (
        torch.arange(1, 10),
        {0.1: MEASURED, 0.3: MEASURED},
        {0.1: RISE, 0.3: RISE},
        {0.8: torch.rand(5, 3) + 0.1, 1.2: torch.rand(5, 3) + 0.1},
    ),
    "show_real": (
        T,
        IMAGES,
        runs.ComparedRuns(MEASURED, RISE),
        {8: GAP, 16: GAP},
    ),
}


MODULE = {name: m for m in (learning_pages, learning_breaks) for name in m.__all__}


def test_all_figures_and_pages_of_the_chapter_are_tried_here():
    assert set(FIGURES) == set(learning.__all__)
    assert set(PAGES) == set(MODULE)
    assert set(PAGES) == pages_of(learning_pages, learning_breaks)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_drawn_on_the_axes_given_with_readable_labels(name):
    check_figure(getattr(learning, name), FIGURES[name])


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_picture_description_and_data(name, monkeypatch):
    check_page(getattr(MODULE[name], name), PAGES[name], monkeypatch)


def test_theory_is_black_and_runs_are_not():
    ax = learning.draw_accuracy(T, {"theory": RISE}, DOTS)
    colours = {line.get_label(): line.get_color() for line in ax.lines}
    assert colours["theory"] == plot.COLOURS["theory"]
    (runs,) = ax.containers
    assert runs.lines[0].get_color() != plot.COLOURS["theory"]


def test_error_bars_are_two_standard_errors():
    ax = learning.draw_accuracy(T, {}, {"runs": (T, RISE, ERROR)})
    (_, _, (bars,)) = ax.containers[0].lines
    low, high = bars.get_segments()[0][:, 1]
    assert high - low == pytest.approx(0.04)


def test_what_is_plotted_against_size_is_the_gap_times_the_size():
    ax = learning.draw_finite_size([8, 16], {"new": (torch.tensor([0.01, 0.005]), ERROR[:2])})
    marks = ax.containers[0].lines[0].get_ydata()
    assert marks == pytest.approx([0.08, 0.08])


def test_a_filter_that_oscillates_is_not_cut_at_zero():
    up, down = (learning.draw_filter(T, RISE, {"g": g}) for g in (1 / T, 1 / T - 5))
    assert up.get_ylim()[0] == 0
    assert down.get_ylim()[0] < -4


def test_a_spike_is_marked_where_it_is_predicted():
    for draw in (learning.draw_spectrum, learning.draw_filter):
        middle = RISE if draw is learning.draw_spectrum else {"g": 1 / T}
        ax = draw(T, T if draw is learning.draw_spectrum else RISE, middle, marks={"spike": 3.75})
        (spike,) = (line for line in ax.lines if line.get_label() == "spike")
        assert list(spike.get_xdata()) == [3.75]


def test_an_empty_legend_warns_nobody():
    assert learning.draw_accuracy(T, {}).get_legend() is None
