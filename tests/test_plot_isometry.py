"""Chapter 6's figures draw what they are given, readably, with alt text and data."""

import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu import meanfield, plot
from bsgd_edu.plot import display, isometry, isometry_pages

DEPTHS = torch.arange(11)
FALL = torch.exp(-0.3 * DEPTHS)
BAND = FALL[:, None] * torch.linspace(0.5, 2, 6)
LINE = meanfield.critical_line(torch.linspace(0.01, 1, 20, dtype=torch.float64))
WEIGHTS, BIASES = torch.linspace(0.5, 4, 15), torch.linspace(0.01, 0.25, 9)
PLANE = meanfield.fixed_point(WEIGHTS, BIASES[:, None])
POINTS = {"ordered": (1.5, 0.05), "chaotic": (2.5, 0.05)}
SPECTRA = {"orthogonal": torch.linspace(0.5, 1.5, 40), "Gaussian": torch.logspace(-20, 1, 40)}
LOSS = torch.linspace(2.3, 1, 8)
RUNS = [
    ("delta_orthogonal", 16, 0.25, "circular"),
    ("gaussian", 16, 0.25, "circular"),
    ("delta_orthogonal", 256, 0.25, "circular"),
    ("delta_orthogonal", 256, 1 / 16, "zeros"),
]
FIGURES = {
    "draw_against": (
        DEPTHS, {"a": (FALL, FALL / 9), "b": FALL}, {"theory": (DEPTHS, FALL)}, "x", "y",
    ),
    "draw_phase_plane": (WEIGHTS, BIASES, PLANE.chi_c, LINE, POINTS),
    "draw_spectrum": (SPECTRA,),
    "draw_losses": (range(8), {"L = 16": LOSS, "L = 64": LOSS + 0.2}, 2.3),
}  # fmt: skip
MEASURED = torch.ones(11, 3), torch.ones(11, 3) / 9
THREE = torch.ones(3), torch.ones(3) / 9
PAGES = {
    "show_one_pixel": ({1: BAND, 4: BAND}, {1: -0.6, 4: -0.1}, torch.ones(11, 6)),
    "show_phases": (
        WEIGHTS, BIASES, PLANE, POINTS, {k: (FALL, FALL / 9) for k in POINTS},
        dict.fromkeys(POINTS, FALL), dict.fromkeys(POINTS, BAND),
    ),
    "show_kept": (
        dict.fromkeys(("equal taps", "delta taps"), MEASURED),
        dict.fromkeys(("equal taps", "delta taps"), torch.ones(11, 3)),
        SPECTRA, (4, 16, 64), dict.fromkeys(SPECTRA, THREE), dict.fromkeys(SPECTRA, torch.ones(4)),
    ),
    "show_drift": (
        (4, 8, 16), (torch.ones(2, 3), torch.ones(2, 3) / 9), torch.ones(2, 3),
        {("delta_orthogonal", 8): BAND.log10(), ("gaussian", 8): BAND.log10()}, {8: FALL.log10()},
    ),
    "show_training": (range(8), {run: LOSS.tolist() for run in RUNS}, dict.fromkeys(RUNS, 0.5)),
    "show_padding": ({("delta", "zeros"): torch.ones(11, 6), ("spread", "zeros"): BAND},),
}  # fmt: skip


def test_all_figures_and_pages_of_the_chapter_are_tried_here():
    assert set(FIGURES) == set(isometry.__all__)
    assert set(PAGES) == set(isometry_pages.__all__)
    assert set(PAGES) == pages_of(isometry_pages)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_drawn_on_the_axes_given_with_readable_labels(name):
    check_figure(getattr(isometry, name), FIGURES[name])


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_picture_description_and_data(name, monkeypatch):
    check_page(getattr(isometry_pages, name), PAGES[name], monkeypatch, largest=110_000)


def test_theory_is_black_and_one_entry_stands_for_all_its_lines():
    lines = {"theory": (DEPTHS, FALL), "_2": (DEPTHS, 2 * FALL)}
    ax = isometry.draw_against(DEPTHS, {"measured": FALL}, lines, "x", "y", logs="y")
    black = [line for line in ax.lines if line.get_color() == plot.COLOURS["theory"]]
    assert len(black) == 2
    assert {line.get_linestyle() for line in black} == {"-"}
    listed = [text.get_text() for text in ax.get_legend().get_texts()]
    assert listed == ["theory", "measured"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")


def test_order_lies_left_of_the_critical_line_and_chaos_right():
    ax = isometry.draw_phase_plane(WEIGHTS, BIASES, None, LINE, {})
    order, chaos = (c.get_paths()[0].vertices[:, 0] for c in ax.collections[:2])
    assert order.max() == pytest.approx(chaos.max() - (4 - float(LINE[0].max())))
    assert order.min() == 0.5
    assert chaos.max() == 4


def test_a_value_below_the_floor_is_counted_in_the_first_bin():
    ax = isometry.draw_spectrum({"orthogonal": torch.ones(4), "few": torch.tensor([0.0, 1, 1, 1])})
    shares = ax.patches[1].get_data().values
    assert shares[0] == 0.25
    assert shares.sum() == pytest.approx(1)
    assert ax.get_xlim()[0] == -12


def test_network_off_the_rule_and_another_padding_are_named(monkeypatch):
    published = []
    monkeypatch.setattr(display, "publish", lambda data, meta: published.append(data))
    isometry_pages.show_training(*PAGES["show_training"])
    html = published[1]["text/html"]
    assert "L = 256, q* = 0.25" in html
    assert "L = 256, zero padding" in html
    assert "L = 16, q*" not in html
