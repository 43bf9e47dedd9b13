"""An executed chapter as one HTML file, for somebody without Jupyter and without a network.

nbconvert does the work; its own pages fetch MathJax and scripts, so the template is ours and
formulas become MathML, which browsers show by themselves.
"""

import hashlib
import html
import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from ...files import write_text
from ..writing.notebooks import read_notebook
from .pictures import stacked

__all__ = ["POLICY", "Place", "export_html", "mathml", "style_sheet"]

# What browsers enforce on every page: nothing is asked of anybody.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_SECTIONS = "<!-- sections -->"
_TEMPLATES = Path(__file__).parent / "templates"
# latex2mathml knows the numbered environments, not the ones that stand inside a formula.
_ENVIRONMENTS = {"aligned": "align*", "gathered": "gather*", "equation": "", "equation*": ""}
_BARS = ("|", "‖", "∥")
# A formula and the mark behind it stay on one line.
_MARKED = re.compile(r"(<math (?:(?!</math>).)*</math>[.,;:!?)]+)", re.DOTALL)


@cache
def style_sheet() -> str:
    """Returns the style of all pages, with colours for code in light and dark."""
    from pygments.formatters import HtmlFormatter

    def colours(style: str) -> str:
        rules = HtmlFormatter(style=style).get_style_defs(".highlight").splitlines()
        # Line numbers are not shown, and the background is the page's.
        return "\n".join(r for r in rules if r.startswith(".highlight .") and ".hll" not in r)

    dark = colours("github-dark")
    own = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    return (
        f"{own}{colours('xcode')}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
    )


def mathml(formula: str, *, block: bool) -> str:
    r"""Returns a TeX formula as MathML, or as code where it cannot be converted.

    Args:
        formula: TeX without its dollar signs.
        block: Whether it stands on a line of its own.

    Example:
        >>> mathml("x_n", block=False).startswith("<math")
        True
    """
    tex = formula.strip()
    for name, substitute in _ENVIRONMENTS.items():
        for word in ("begin", "end"):
            there = rf"\{word}{{{substitute}}}" if substitute else ""
            tex = tex.replace(rf"\{word}{{{name}}}", there)
    try:
        from latex2mathml.converter import convert

        # HTML needs no namespace, and nbconvert's parser of headings would make a prefix of it.
        markup = convert(tex, display="block" if block else "inline")
        tree = ET.fromstring(markup.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', ""))
        _space_as_tex(tree)
        markup = ET.tostring(tree, encoding="unicode")
        known = "<mi>\\" not in markup  # where it leaves a command that it does not know
    except Exception:  # not installed, or TeX it cannot read: the formula itself is readable
        known = False
    if not known:
        tag = "pre" if block else "code"
        return f"<{tag}>{html.escape(tex)}</{tag}>"
    markup = markup.replace("<math ", f'<math aria-label="{html.escape(tex)}" ', 1)
    return f'<span class="formula">{markup}</span>' if block else markup


def _space_as_tex(tree: ET.Element) -> None:
    """Sets log, tanh and their like off from what they stand beside, and nothing from a bar."""
    for operator in tree.iter("mo"):
        if operator.text in _BARS:
            operator.set("lspace", "0")
            operator.set("rspace", "0")
    for row in list(tree.iter()):
        if row.tag not in ("math", "mrow", "mstyle", "mtd", "msqrt", "mpadded"):
            continue
        for left, right in reversed(list(itertools.pairwise(row))):
            if (_is_function(left) or _is_function(right)) and _is_plain(left) and _is_plain(right):
                row.insert(list(row).index(right), ET.Element("mspace", width="0.167em"))


def _is_plain(element: ET.Element) -> bool:
    """Says whether it brings no space of its own."""
    return element.tag != "mspace" and (element.tag != "mo" or element.text in _BARS)


def _is_function(element: ET.Element) -> bool:
    if element.tag in ("msub", "msup", "msubsup", "munder") and len(element):
        element = element[0]
    return element.tag == "mi" and len(element.text or "") > 1 and element.text.isalpha()


@cache
def _exporter():
    from nbconvert.exporters import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def inline_math(self, body: str) -> str:
            return mathml(body, block=False)

        def block_math(self, body: str) -> str:
            return mathml(body, block=True)

        def latex_environment(self, name: str, body: str) -> str:
            return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

    def markdown2html(source: str) -> str:
        page = MarkdownWithMath(renderer=Renderer(escape=False)).render(source)
        return _MARKED.sub(r'<span class="whole">\1</span>', page)

    exporter = HTMLExporter(
        template_name="chapter", extra_template_basedirs=[str(_TEMPLATES)], embed_images=True
    )
    exporter.register_filter("markdown2html", markdown2html)
    exporter.register_filter("stacked", stacked)
    return exporter


@dataclass(frozen=True)
class Place:
    """A chapter in the list of contents; without a link it was never run."""

    title: str
    link: str
    here: bool = False


def export_html(
    notebook: Path,
    *,
    title: str,
    index_link: str,
    footer: str,
    claims_link: str = "",
    contents: Sequence[Place] = (),
) -> Path:
    """Writes the page of an executed notebook beside it, unless it is there and still right.

    Args:
        notebook: The executed notebook.
        title: The page's title.
        index_link: Where the course's first page lies, relative to this one.
        footer: A line for the end of the page.
        claims_link: Where the page of claims lies, relative to this one.
        contents: All chapters in order, this one among them.

    Returns:
        The page.
    """
    page = notebook.with_suffix(".html")
    linked = [place for place in contents if place.link or place.here]
    at = next((index for index, place in enumerate(linked) if place.here), None)
    resources = {
        "page_title": title,
        "index_link": index_link,
        "claims_link": claims_link,
        "contents": contents,
        "previous": linked[at - 1] if at else None,
        "next": linked[at + 1] if at is not None and at + 1 < len(linked) else None,
        "footer": footer,
        "css": style_sheet(),
        "policy": POLICY,
    }
    mark = f"<!-- made from {_digest(notebook, resources)} -->"
    if page.is_file() and page.read_text(encoding="utf-8").rstrip().endswith(mark):
        return page
    text, _ = _exporter().from_notebook_node(read_notebook(notebook), resources=dict(resources))
    text = text.replace(_SECTIONS, _sections(text), 1)
    write_text(page, f"{text.rstrip()}\n{mark}\n")
    return page


def _digest(notebook: Path, resources: Mapping) -> str:
    """Changes with all that makes the page: the notebook, what stands around it, and this code."""
    made = hashlib.sha256(notebook.read_bytes())
    here = Path(__file__)
    for path in (here, here.with_name("pictures.py"), _TEMPLATES / "chapter" / "index.html.j2"):
        made.update(path.read_bytes())
    made.update(repr(sorted(resources.items())).encode())
    return made.hexdigest()[:24]


def _sections(text: str) -> str:
    """The sections of a page as a list, for its contents."""
    found = re.findall(r'<h2 id="([^"]*)">(.*?)<a class="anchor-link"', text)
    items = [f'<li><a href="#{quote(name)}">{words}</a></li>' for name, words in found]
    return f"<ul>{''.join(items)}</ul>" if items else ""
