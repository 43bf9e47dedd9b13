"""The table of chapters in the README, made from the notebooks and the rooms."""

import re
from collections.abc import Sequence
from pathlib import Path

from ...files import write_text
from ..rooms import rooms
from .notebooks import Chapter, headings, read_notebook

__all__ = ["contents", "contents_differ", "write_contents"]

_BEGIN = "<!-- chapters: bsgd build writes this table -->"
_END = "<!-- end of the chapters -->"
_TABLE = re.compile(rf"{re.escape(_BEGIN)}\n.*?{re.escape(_END)}\n", re.DOTALL)


def contents(chapters: Sequence[Chapter]) -> str:
    """Returns the table: number, title with a link, and the question that the chapter asks.

    Args:
        chapters: In the order of the table; their notebooks exist.
    """
    known = rooms()
    lines = ["| | chapter | the question |", "|---|---|---|"]
    for chapter in chapters:
        first = read_notebook(chapter.notebook).cells[0].source
        number, _, title = headings(first)[0][1].partition(" · ")
        question = known[chapter.name].question if chapter.name in known else ""
        link = f"[{title}](chapters/{chapter.notebook.name})"
        lines.append(f"| {number} | {link} | {question} |")
    return "\n".join([_BEGIN, "", *lines, "", _END]) + "\n"


def _updated(readme: Path, chapters: Sequence[Chapter]) -> tuple[str, str]:
    """The README as it is and as it should be; both "" where it has no place for a table."""
    if not readme.is_file():
        return "", ""
    text = readme.read_text(encoding="utf-8")
    if not _TABLE.search(text):
        return "", ""
    there = [chapter for chapter in chapters if chapter.notebook.is_file()]
    return text, _TABLE.sub(lambda _: contents(there), text)


def write_contents(readme: Path, chapters: Sequence[Chapter]) -> bool:
    """Writes the table into a README that has its two marks; returns whether it changed."""
    text, wanted = _updated(readme, chapters)
    return text != wanted and write_text(readme, wanted)


def contents_differ(readme: Path, chapters: Sequence[Chapter]) -> bool:
    """Returns whether the README's table is not what `write_contents` would make of it."""
    text, wanted = _updated(readme, chapters)
    return text != wanted
