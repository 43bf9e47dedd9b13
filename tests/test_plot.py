"""Figures: what a page needs beside the picture, and that each function draws what it is given."""

import base64
import inspect
import io

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator
from PIL import Image

from bsgd_edu import plot
from bsgd_edu.errors import DomainError, ShapeError, UsageError
from bsgd_edu.lessons.c01_order_matters import figures as order
from bsgd_edu.lessons.c01_order_matters import pages as order_pages
from bsgd_edu.plot import display, style

ALT = "A line that rises from the origin."


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
    order.draw_cycle(torch.ones(3), torch.ones(3), torch.ones(1))
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


# ---- the figures of chapter 1

RUNS = torch.linspace(-1, 1, 33).reshape(11, 3)
FIGURES = {
    "draw_cycle": (RUNS[:, 0], RUNS[:, 1], torch.tensor([0.0, 1.0])),
    "draw_paths": (RUNS, -RUNS),
    "draw_variance": ([1, 2, 3], torch.rand(3), torch.rand(3), torch.rand(3)),
    "draw_histogram": (RUNS.ravel(), 0.1, "ρ"),
    "draw_distribution": (RUNS[:, 0], RUNS[:, 1], RUNS[:, 2]),
    "draw_distances": ({"pairs": RUNS.exp()}, {"theory": torch.ones(11)}),
    "draw_queue": (RUNS[:, 0], RUNS[:, 1]),
    "draw_intervals": (-torch.ones(4), torch.ones(4), "new map inside"),
    "draw_chains": (torch.tensor([[0, 4], [1, 4], [2, 3]]), -2, -1),
}


def test_all_figures_of_the_chapter_are_tried_here():
    assert set(FIGURES) == {name for name in order.__all__ if name.startswith("draw_")}


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_drawn_on_the_axes_given_with_readable_labels(name):
    ax = plot.axes()
    returned = getattr(order, name)(*FIGURES[name], ax=ax)
    assert returned is ax
    assert ax.get_xlabel()
    assert ax.get_ylabel() or name == "draw_intervals"  # its neighbour carries the label
    ax.figure.canvas.draw()
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label, ax.title]
    texts += ax.get_legend().get_texts() if ax.get_legend() else []
    assert min(text.get_size() for text in texts if text.get_text()) >= 9
    assert isinstance(getattr(order, name)(*FIGURES[name]), Axes)


def test_lines_carry_the_numbers_they_are_given():
    ax = order.draw_cycle(RUNS[:, 0], RUNS[:, 1], torch.tensor([0.0]))
    drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert np.allclose(drawn["forward $x_n$"], RUNS[:, 0])
    assert np.allclose(drawn["backward $y_n$"], RUNS[:, 1])
    ax = order.draw_intervals(torch.tensor([-1.0, 0.0]), torch.tensor([1.0, 0.5]), "outside")
    assert np.allclose(ax.lines[0].get_xdata(), [0, 0.25])
    ax = order.draw_distances({"pairs": torch.ones(11, 9) * 3}, {"t": torch.ones(11)})
    assert np.allclose(ax.lines[0].get_ydata(), 3) or np.allclose(ax.lines[-1].get_ydata(), 1)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("show_cycle", (RUNS[:, 0], RUNS[:, 1], torch.tensor([0.0]))),
        (
            "show_orbits",
            (RUNS, RUNS, [1, 2], {"forward": torch.rand(2), "backward": torch.rand(2)},
             torch.rand(2)),
        ),
        ("show_coins", ({0.5: RUNS.ravel(), 0.8: RUNS.ravel()}, {0.5: 0.0, 0.8: 0.1})),
        ("show_coupling", (RUNS.exp(), -0.5, RUNS, RUNS)),
    ],
)  # fmt: skip
def test_pages_show_picture_and_data(name, arguments, monkeypatch):
    published = []
    monkeypatch.setattr(display, "publish", lambda data, meta: published.append((data, meta)))
    getattr(order_pages, name)(*arguments)
    (picture, metadata), (page, _) = published
    assert len(metadata["image/png"]["alt"].split()) >= 15
    assert not any(letter.isdigit() for letter in metadata["image/png"]["alt"])
    assert len(picture["image/png"]) < 90_000
    assert page["text/html"].count("<table>") >= 1


def _drawn(monkeypatch, module, name):
    """Returns where the arguments of a drawing function will be kept, call by call."""
    calls, draw = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given: calls.append(given) or draw(*given))
    return calls


def test_page_of_coin_flips_draws_shares_of_runs_and_the_exact_law(monkeypatch):
    calls = _drawn(monkeypatch, order, "draw_distribution")
    cloud = torch.tensor([-0.75, -0.25, 0.25, 0.75], dtype=torch.float64)
    order_pages.show_coins({0.5: cloud}, {0.5: 0.1})
    ((t, share, exact, _),) = calls
    assert torch.equal(share, (cloud <= t[:, None]).double().mean(1))
    assert torch.allclose(exact, (1 + t) / 2, atol=1e-12)  # uniform at ratio one half


def test_page_of_the_queue_draws_the_first_that_grows_eight_times(monkeypatch):
    calls = _drawn(monkeypatch, order, "draw_queue")
    steps = torch.arange(101.0)[:, None]
    maxima = torch.minimum(steps, torch.tensor([5.0, 8.0, 8.0, 50.0]))
    maxima[:, 2] *= 2  # grows eight times too, but is not the first
    order_pages.show_coupling(RUNS.exp(), -0.5, -maxima, maxima)
    ((waits, drawn, _),) = calls
    assert torch.equal(drawn, maxima[:61, 1])
    assert torch.equal(waits, -maxima[:61, 1])


def test_all_pages_are_public_functions():
    found = {
        n for n, f in inspect.getmembers(order_pages, inspect.isfunction) if n.startswith("show_")
    }
    assert set(order_pages.__all__) == found


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
