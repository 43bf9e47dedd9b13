"""Formulas of exported pages: MathML that a browser shows by itself, or else the TeX to read."""

import base64
import io
import re
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import v4
from PIL import Image

from bsgd_edu.course.reporting.export import export_html, mathml, style_sheet
from bsgd_edu.course.reporting.pictures import stacked


@pytest.mark.parametrize(
    "formula",
    [
        r"x_n = T_n \circ \dots \circ T_1(x_0)",
        r"\mathbb{E}\log|1-\eta a| < 0",
        r"\lVert x \rVert \le \tfrac12",
        r"x_\infty \overset{d}{=} y_\infty",
        r"\begin{pmatrix} 1 & 0 \\ 0 & \rho \end{pmatrix}",
        r"\begin{cases} 1 & a < b \\ 0 & a \ge b \end{cases}",
    ],
)
def test_a_formula_becomes_well_formed_mathml(formula):
    element = ET.fromstring(mathml(formula, block=False))
    assert element.tag == "math"
    assert element.get("display") == "inline"
    assert element.get("aria-label") == formula
    assert "\\" not in "".join(element.itertext()), "no TeX is left to read"


def test_aligned_equations_stand_below_each_other():
    markup = mathml(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", block=True)
    element = ET.fromstring(markup)
    assert element.get("class") == "formula"
    assert len(element.findall(".//mtr")) == 2
    assert 'display="block"' in markup


def test_signs_of_html_inside_a_formula_stay_signs():
    assert "a < b" not in mathml("a < b", block=False)
    assert "&lt;" in mathml("a < b", block=False)
    assert "<script" not in mathml(r"\text{<script>}", block=False)


@pytest.mark.parametrize(
    ("formula", "spaces"),
    [
        (r"\log2", 1),
        (r"E\log|w|", 2),
        (r"\|g\|\sin\theta", 2),
        (r"E\,\tanh^2(x)", 1),
        (r"\log\frac ab", 1),
        (r"2\log\log n", 3),
        (r"x_{\cos n}", 1),
        (r"\log(x)+\tanh'", 0),
        (r"a b 2 \pi", 0),
    ],
)
def test_functions_stand_off_from_letters_and_numbers_as_in_tex(formula, spaces):
    assert mathml(formula, block=False).count("<mspace") == spaces


def test_bars_stand_tight_as_in_tex():
    assert mathml(r"\eta|w|", block=False).count('lspace="0" rspace="0">|') == 2
    assert mathml(r"\|w\|", block=False).count('lspace="0" rspace="0">‖') == 2


def test_a_mark_stays_on_the_line_of_its_formula(tmp_path):
    path = tmp_path / "a.ipynb"
    text = "So $x_n$: and ($y$), then $z$ alone.\n\n$$a = b$$"
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell(text)]), path)
    page = export_html(path, title="A", index_link="#", footer="").read_text(encoding="utf-8")
    assert re.findall(r'<span class="whole"><math .*?</math>(.*?)</span>', page) == [":", "),"]


def test_without_the_converter_the_formula_itself_is_shown(monkeypatch):
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    assert mathml("x < y", block=False) == "<code>x &lt; y</code>"
    assert mathml("x < y", block=True) == "<pre>x &lt; y</pre>"


def test_the_style_has_both_colour_schemes_and_asks_nobody():
    css = style_sheet()
    assert css.count("prefers-color-scheme: dark") >= 2
    assert "url(" not in css
    assert "@import" not in css


def export(tmp_path, *cells):
    path = tmp_path / "a.ipynb"
    nbformat.write(v4.new_notebook(cells=list(cells)), path)
    return export_html(path, title="A", index_link="#", footer="").read_text(encoding="utf-8")


def test_derivations_stand_open_on_paper(tmp_path):
    text = "<details><summary>Why</summary>\n\nBecause.\n\n</details>"
    page = export(tmp_path, v4.new_markdown_cell(text))
    printed = page[page.index("@media print") :]
    assert ".text_cell details::details-content { content-visibility: visible;" in printed
    assert 'addEventListener("beforeprint"' in page, "for browsers that do not know the selector"
    assert re.search(r"text_cell.*<details><summary>Why", page, flags=re.DOTALL)


def test_code_that_is_folded_in_the_notebook_is_folded_on_the_page(tmp_path):
    hidden = v4.new_code_cell("import torch", metadata={"jupyter": {"source_hidden": True}})
    page = export(tmp_path, hidden, v4.new_code_cell("x = 1"))
    assert page.count('<details class="set-up"><summary>Code</summary>') == 1


def test_a_page_is_made_again_only_if_something_changed(tmp_path):
    path = tmp_path / "a.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("# A")]), path)
    page = export_html(path, title="A", index_link="#", footer="")
    before = page.stat().st_mtime_ns
    export_html(path, title="A", index_link="#", footer="")
    assert page.stat().st_mtime_ns == before
    export_html(path, title="B", index_link="#", footer="")
    assert "<title>B</title>" in page.read_text(encoding="utf-8")


# Pictures on a narrow screen


def drawing(*panels, share=False, title=""):
    """A figure of panels side by side, in base64, and how high it is."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3), layout="constrained")
    for axes in figure.subplots(1, len(panels), sharey=share, squeeze=False)[0]:
        axes.plot([0, 1], [0, 1])
        axes.set(xlabel="steps", ylabel="" if share else "length of the vector")
    figure.suptitle(title)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return base64.b64encode(file.getvalue()).decode(), 300


def size(address):
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        return picture.size


@pytest.mark.parametrize("count", [2, 3])
def test_panels_side_by_side_are_stacked(count):
    png, height = drawing(*range(count))
    width, stacked_height = size(stacked(png))
    assert stacked_height == count * height
    assert width < 1.2 * 720 / count


def test_panels_that_belong_together_stay_so():
    assert stacked(drawing(1)[0]) == ""
    assert stacked(drawing(1, 2, share=True)[0]) == "", "the second has no numbers of its own"
    across = "one title that goes across both of the panels from left to right"
    assert stacked(drawing(1, 2, title=across)[0]) == ""
    assert stacked("bm8gcGljdHVyZQ==") == ""


def test_a_narrow_screen_gets_the_stack_and_every_screen_the_words(tmp_path):
    png, _ = drawing(1, 2)
    about = {"image/png": {"alt": "Two <lines>.", "width": 720}}
    output = v4.new_output("display_data", {"image/png": png}, metadata=about)
    page = export(tmp_path, v4.new_code_cell("draw()", outputs=[output]))
    (picture,) = BeautifulSoup(page, "html.parser")("picture")
    assert [part.name for part in picture(True)] == ["source", "img"]
    assert picture.source["media"] == "(max-width: 36rem)"
    assert size(picture.source["srcset"])[1] == 2 * size(picture.img["src"])[1]
    assert (picture.img["alt"], picture.img["width"]) == ("Two <lines>.", "720")
    assert "img { max-width: 100%; height: auto;" in page
