"""Formulas of exported pages: MathML that a browser shows by itself, or else the TeX to read."""

import re
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest
from nbformat import v4

from bsgd_edu.course.reporting.export import export_html, mathml, style_sheet


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
