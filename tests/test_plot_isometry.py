"""Chapter 6's figures draw what they are given, readably, with alt text and data."""

import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu import meanfield, plot
from bsgd_edu.estimates import Estimate
from bsgd_edu.lessons.c06_ten_thousand_layers import figures as isometry
from bsgd_edu.lessons.c06_ten_thousand_layers import pages as isometry_pages
from bsgd_edu.plot import display

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
    ("delta_orthogonal", 16),
    ("gaussian", 16),
    ("delta_orthogonal", 1000),
    ("delta_orthogonal", 256, "q* = 0.25"),
    ("delta_orthogonal", 256, "zero padding"),
]
FIGURES = {
    "draw_against": (
        DEPTHS, {"a": (FALL, FALL / 9), "b": FALL}, {"theory": (DEPTHS, FALL)}, "x", "y",
    ),
    "draw_phase_plane": (WEIGHTS, BIASES, PLANE.chi_c, LINE, POINTS),
    "draw_spectrum": (SPECTRA,),
    "draw_losses": (range(8), {"L = 16": LOSS, "L = 64": LOSS + 0.2}, 2.3),
}  # fmt: skip
ORBIT = Estimate(FALL, FALL / 9)
MODES = Estimate(torch.ones(11, 3), torch.ones(11, 3) / 9)
NUMBER = Estimate(torch.tensor(1.0), torch.tensor(0.1))
TAPS, WIDTHS, DEEP = ("equal taps", "delta taps"), (4, 8, 16), (4, 16, 64)
KINDS = ("constant mode", "varying modes")
PAGES = {
    "show_one_pixel": (
        {1: BAND, 4: BAND}, {1: torch.tensor(-0.6), 4: torch.tensor(-0.1)}, torch.ones(11, 6),
    ),
    "show_phases": (
        {phase: {"weight_var": w, "bias_var": b} for phase, (w, b) in POINTS.items()},
        dict.fromkeys(POINTS, ORBIT), dict.fromkeys(POINTS, torch.exp(-0.3 * torch.arange(31))),
        dict.fromkeys(POINTS, BAND),
    ),
    "show_kept": (
        dict.fromkeys(TAPS, MODES), dict.fromkeys(TAPS, torch.ones(11, 3)), SPECTRA,
        dict.fromkeys(SPECTRA, dict.fromkeys(DEEP, NUMBER)),
        dict.fromkeys(SPECTRA, dict.fromkeys(DEEP, torch.tensor(1.0))),
    ),
    "show_drift": (
        dict.fromkeys(KINDS, dict.fromkeys(WIDTHS, NUMBER)),
        dict.fromkeys(KINDS, dict.fromkeys(WIDTHS, torch.tensor(1.0))),
        {("delta_orthogonal", 8): BAND.log10(), ("gaussian", 8): BAND.log10()}, {8: FALL.log10()},
    ),
    "show_training": (dict.fromkeys(RUNS, LOSS.tolist()), dict.fromkeys(RUNS, 0.5)),
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


def tables(page, monkeypatch):
    published = []
    monkeypatch.setattr(display, "publish", lambda data, meta: published.append(data))
    getattr(isometry_pages, page)(*PAGES[page])
    return published[1]["text/html"]


def test_networks_are_named_by_depth_and_remark_in_the_panel_of_their_law(monkeypatch):
    html = tables("show_training", monkeypatch)
    for name in ("L = 16", "L = 1,000", "L = 256, q* = 0.25", "L = 256, zero padding"):
        assert f">{name}</th>" in html  # a column of losses
        assert f">delta-orthogonal, {name}</th>" in html  # a row of accuracies
    assert html.count(">L = 16</th>") == 2  # a panel a law
    assert ">Gaussian, L = 256" not in html


def test_theory_deeper_than_the_measurements_is_left_out(monkeypatch):
    html = tables("show_phases", monkeypatch)
    table = html[html.index("<caption>Correlation") :].split("</table>")[0]
    assert table.count("<tr>") == 1 + len(FALL)


def test_measurements_by_name_stand_in_a_row_each(monkeypatch):
    variance = tables("show_kept", monkeypatch).split("Variance of s²")[1].split("</table>")[0]
    assert [f'<th scope="row">{L}</th>' in variance for L in DEEP] == [True] * 3
    losses = tables("show_drift", monkeypatch).split("Loss a layer")[1].split("</table>")[0]
    assert [f'<th scope="row">{C}</th>' in losses for C in WIDTHS] == [True] * 3
