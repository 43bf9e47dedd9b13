"""The workshop: what a page needs beside the picture, one style, curves that many draw."""

import base64
import io

import matplotlib
import numpy as np
import pytest
import torch
from drawing_contract import check_figure
from matplotlib.ticker import LogLocator
from PIL import Image

from bsgd_edu import plot
from bsgd_edu.errors import DomainError, ShapeError, UsageError
from bsgd_edu.plot import curves, display, style

ALT = "A line that rises from the origin."
DEPTHS = list(range(61))
FALL = torch.exp(-0.9 * torch.arange(61.0))
BAND = FALL[:, None] * torch.linspace(0.5, 2, 6)


@pytest.fixture
def sent(monkeypatch):
    published = []
    monkeypatch.setattr(display, "publish", lambda data, meta: published.append((data, meta)))
    return published


def _line():
    ax = plot.axes()
    plot.theory_line(ax, [0, 1, 2], [0, 1, 4])
    return ax


# ---- show


def test_show_sends_the_picture_then_its_caption_description_and_data(sent):
    plot.show(_line(), alt=ALT, caption="It <rises>.", data={"n": [0, 1, 2], "x": [0.0, 1.0, 4.0]})
    (picture, metadata), (page, _) = sent
    assert picture["text/plain"] == f"Figure: {ALT}"
    assert metadata["image/png"] == {"alt": ALT, "width": 640}
    image = Image.open(io.BytesIO(base64.b64decode(picture["image/png"])))
    assert image.size == (921, 518)  # 6.4 × 3.6 inches at 144 dots an inch, rounded down
    text = page["text/html"]
    assert "<em>It &lt;rises&gt;.</em>" in text
    assert "<details><summary>" in text
    assert ALT in text
    assert '<th scope="row">2</th><td>4</td>' in text
    assert page["text/plain"] == ""


def test_text_form_holds_no_number_of_the_data(sent):
    plot.show(_line(), alt=ALT, caption="It rises.", data={"n": [1], "x": [0.123456]})
    assert all("0.12" not in data["text/plain"] for data, _ in sent)


def test_show_takes_a_figure_too_and_several_tables(sent):
    tables = {"first": {"n": [1, 2]}, "second": {"m": torch.tensor([3.5])}}
    plot.show(_line().figure, alt=ALT, caption="It rises.", data=tables)
    text = sent[1][0]["text/html"]
    assert "<caption>first</caption>" in text
    assert '<th scope="row">3.5</th>' in text


def test_show_refuses_what_would_leave_a_reader_out():
    for change, words in (
        ({"alt": ""}, "alt must be a sentence, but it is ''"),
        ({"alt": "a plot"}, "alt must be a sentence"),
        ({"caption": " "}, "caption must be a sentence"),
        ({"data": {}}, "data must hold the numbers"),
    ):
        good = {"alt": ALT, "caption": "It rises.", "data": {"n": [1]}}
        with pytest.raises(UsageError, match=words):
            plot.show(_line(), **{**good, **change})
    with pytest.raises(ShapeError, match=r"lengths are \{'n': 2, 'x': 3\}"):
        plot.show(_line(), alt=ALT, caption="It.", data={"n": [1, 2], "x": [1, 2, 3]})
    with pytest.raises(ShapeError, match=r"column 'x' must be .* its shape is \(2, 2\)"):
        plot.show(_line(), alt=ALT, caption="It.", data={"x": torch.ones(2, 2)})


def test_long_tables_keep_their_ends_and_fifty_rows():
    table = display.data_table({"n": range(1001)}, "long")
    assert table.count('<th scope="row">') == 50
    assert '<th scope="row">0</th>' in table
    assert '<th scope="row">1000</th>' in table
    assert "(50 of 1001 rows)" in table


def test_outside_a_notebook_the_text_form_is_printed(capsys):
    display.publish({"image/png": "…", "text/plain": "Figure: x"}, {})
    display.publish({"text/html": "…", "text/plain": ""}, {})
    assert capsys.readouterr().out == "Figure: x\n"


# ---- pictures


def test_page_picture_is_small_and_the_same_each_time():
    ax = _line()
    first, second = display.picture(ax), display.picture(ax)
    assert first == second
    assert len(first) < 20_000
    assert Image.open(io.BytesIO(first)).mode == "P"


def test_quick_picture_has_the_size_of_its_figure():
    image = Image.open(io.BytesIO(display.picture(_line(), quick=True)))
    assert image.size == (640, 360)
    assert len(set(image.getdata())) > 2


def test_figures_are_unknown_to_pyplot_and_leave_the_readers_style_alone():
    import matplotlib.pyplot as plt

    before = dict(matplotlib.rcParams)
    _line()
    curves.draw_fall(DEPTHS, {"n = 4": BAND}, "distance")
    assert plt.get_fignums() == []
    assert dict(matplotlib.rcParams) == before


# ---- style


def _brightness(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_has_its_own_marker_and_forward_and_backward_differ_in_grey():
    assert len(set(style.OKABE_ITO)) == len(set(style.MARKERS)) == 7
    forward, backward = (style.COLOURS[name] for name in ("forward", "backward"))
    assert abs(_brightness(forward) - _brightness(backward)) > 0.02
    assert style.COLOURS["theory"] == "#000000"


def test_theory_is_a_black_line_and_simulation_coloured_markers():
    ax = plot.axes()
    line = plot.theory_line(ax, [0, 1], [0, 1])
    assert line.get_color() == "#000000"
    points, _, bars = plot.simulation_points(ax, [0, 1], [0, 1], index=1, stderr=[0.5, 0.5])
    assert points.get_linestyle() == "None"
    assert points.get_color() == style.OKABE_ITO[1]
    assert points.get_marker() == style.MARKERS[1]
    (low, high) = bars[0].get_segments()[0][:, 1]
    assert (low, high) == (-1.0, 1.0)  # two standard errors


def test_band_wants_five_seeds_of_the_right_length():
    ax, x = plot.axes(), torch.arange(4)
    with pytest.raises(DomainError, match="at least 5 seeds, but there are 4"):
        plot.seed_band(ax, x, torch.rand(4, 4))
    with pytest.raises(ShapeError, match=r"must be \(seeds, 4\), but its shape is \(5, 3\)"):
        plot.seed_band(ax, x, torch.rand(5, 3))
    samples = torch.arange(11.0)[:, None].expand(11, 4)
    median = plot.seed_band(ax, x, samples, label="run")
    assert np.allclose(median.get_ydata(), 5)
    assert median.get_label() == "run (11 seeds)"
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (edges.min(), edges.max()) == (1, 9)


def test_axes_given_are_axes_returned():
    ax = plot.axes()
    assert plot.axes(ax) is ax
    assert len(plot.grid(2, 3, (6, 4))) == 6


def test_a_plain_figure_holds_no_formula_and_few_ticks():
    left, right = plot.grid(1, 2, (6, 3))
    left.plot([1, 2, 1e7], [1e-2, 2, 300], label=r"$\lambda_2$")
    left.set(xlabel=r"decades $\log_{10}(d_0/\tau)$", ylabel=r"$S_\tau$", yscale="log")
    left.legend()
    right.plot([0.1, 300], [1, 1e-5])
    right.set(xscale="log", yscale="log", xticks=(0.1, 1, 3, 100), title=r"$\|\theta-\theta^*\|$")
    right.yaxis.set_major_formatter("{x:g}")
    right.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    style.write_plainly(left.figure)
    left.figure.canvas.draw()
    assert (left.get_xlabel(), left.get_ylabel()) == ("decades log10 (d₀/τ)", "S at τ")
    assert left.get_legend().get_texts()[0].get_text() == "λ₂"
    assert right.get_title() == "‖θ-θ*‖"
    ticks = {
        (ax, axis): [t.get_text() for t in getattr(ax, f"get_{axis}ticklabels")()]
        for ax in (left, right)
        for axis in "xy"
    }
    assert set(ticks[left, "y"]) >= {"10⁻²", "10⁰", "10²"}
    assert len(ticks[left, "x"]) <= 7
    assert ticks[right, "x"] == ["10⁻¹", "10⁰", "3", "10²"]  # as chosen
    assert {"0.01", "0.03"} <= {*ticks[right, "y"]}  # as written
    assert not any(len(ax.yaxis.get_minor_ticks()) for ax in (left, right))


def test_exponents_of_plain_formulas_stay_together():
    assert style.plain(r"$e^{\lambda L}$, 5 % of $x_1$") == "e^(λ L), 5 % of x₁"
    assert style.plain("a_1 and {b} without a formula") == "a_1 and {b} without a formula"


# ---- curves that many draw


def test_fall_is_drawn_on_the_axes_given_with_readable_labels():
    check_figure(curves.draw_fall, (DEPTHS, {"n = 4": BAND, "line": FALL}, "distance"))


def test_theory_is_black_and_a_reference_grey():
    lines = {"theory: slope": FALL, "tolerance": FALL}
    ax = curves.draw_fall(DEPTHS, {"n = 4": BAND}, "distance", lines=lines)
    found = {line.get_label(): line.get_color() for line in ax.lines}
    assert found["theory: slope"] == plot.COLOURS["theory"]
    assert found["tolerance"] == plot.COLOURS["reference"]
