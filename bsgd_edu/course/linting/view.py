"""A chapter as `lint` reads it: its cells with their syntax, its sections, its last quick run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..claims.registry import Entry
from ..writing.notebooks import Chapter, headings, read_notebook
from ..writing.source import Source, tagged

__all__ = [
    "ARC",
    "REPEATED",
    "SECTIONS",
    "Finding",
    "Section",
    "View",
    "called",
    "is_figure",
    "view_of",
]

# name, fewest and most code cells (None: any number)
SECTIONS: tuple[tuple[str, int, int | None], ...] = (
    ("Predict", 1, 1),
    ("Smallest case", 1, 3),
    ("Theory", 0, 0),
    ("Experiment", 1, None),
    ("Explore", 1, 1),
    ("Break an assumption", 2, 6),
    ("Your turn", 0, None),
    ("At full scale", 1, 1),
    ("Claims of this chapter", 1, 1),
    ("Five lines to remember", 0, 0),
)
# The arc that teaches: the learner builds the experiment by the middle.
ARC: tuple[tuple[str, int, int | None], ...] = (
    ("Predict", 1, 1),
    ("By hand", 1, None),
    ("Build", 2, None),
    ("Theory", 0, None),
    ("Test", 1, None),
    ("Explore", 1, 1),
    ("Break", 1, None),
    ("Your turn", 0, None),
    ("In your own training", 0, None),
    ("At full scale", 1, None),
    ("Checks of this chapter", 1, 1),
    ("Five lines to remember", 0, 0),
    ("About the source", 0, 0),
)
REPEATED = ("Experiment", "Test", "Theory")  # may come several times


@dataclass(frozen=True)
class Finding:
    """A rule that a chapter breaks, and where; cells count from 0, as everywhere."""

    file: str
    rule: str
    what: str
    cell: int | None = None

    def __str__(self) -> str:
        where = self.file if self.cell is None else f"{self.file}:{self.cell}"
        return f"{where}: {self.rule}: {self.what}"


@dataclass
class Section:
    """A level-2 heading, the cell it stands in, and the code cells below it."""

    title: str
    cell: int
    code: list[int] = field(default_factory=list)

    @property
    def name(self) -> str | None:
        """Which of `SECTIONS` or `ARC` it is, None if it is none."""
        plain = self.title.lower()
        names = sorted({name for name, _, _ in (*SECTIONS, *ARC)}, key=len, reverse=True)
        return next((n for n in names if re.match(rf"{n.lower()}\b", plain)), None)


@dataclass
class View:
    """A chapter, read once for all rules.

    ``run`` is its stored quick run, None if there is none of the same code; ``claims`` is the
    register; ``source`` is None where there is none to read.
    """

    chapter: Chapter
    notebook: Any
    claims: dict[str, Entry]
    source: Source | None = None
    run: Any = None

    def finding(self, rule: str, what: str, cell: int | None = None) -> Finding:
        """Returns a finding of this chapter."""
        return Finding(self.chapter.notebook.name, rule, what, cell)

    @property
    def cells(self) -> list:
        """The learner's cells."""
        return self.notebook.cells

    @cached_property
    def code(self) -> list[tuple[int, Any, ast.AST]]:
        """(index, cell, syntax) of each code cell; a cell that is no Python has none inside."""
        found = []
        for index, cell in enumerate(self.cells):
            if cell.cell_type == "code":
                try:
                    tree: ast.AST = ast.parse(cell.source)
                except SyntaxError:
                    tree = ast.Module([], [])
                found.append((index, cell, tree))
        return found

    @cached_property
    def sections(self) -> list[Section]:
        """The sections, in order."""
        found: list[Section] = []
        for index, cell in enumerate(self.cells):
            if cell.cell_type == "markdown":
                found += [
                    Section(text, index) for level, text in headings(cell.source) if level == 2
                ]
            elif found and cell.cell_type == "code":
                found[-1].code.append(index)
        return found

    @property
    def teaches(self) -> bool:
        """Whether the chapter is in the form that teaches: something is done by hand."""
        return any(section.name == "By hand" for section in self.sections)

    def tagged(self, name: str) -> Iterator[tuple[int, Any, str]]:
        """Yields (index, cell, id) of the cells with a tag ``name:id``."""
        for index, cell in enumerate(self.cells):
            exercise = tagged(cell.metadata.get("tags", ()), name)
            if exercise is not None:
                yield index, cell, exercise


def called(node: ast.AST) -> str | None:
    """Returns the name of a lesson's method if the node calls one, else None.

    Example:
        >>> called(ast.parse("lesson.claim('order/cycle')", mode="eval").body)
        'claim'
    """
    function = getattr(node, "func", None)
    of_lesson = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
    return function.attr if of_lesson and function.value.id == "lesson" else None


def is_figure(output) -> bool:
    """Returns whether an output shows a picture."""
    return any(kind.startswith("image/") for kind in output.get("data", ()))


def view_of(
    chapter: Chapter, claims: dict[str, Entry], *, source: Source | None, run: Path | None
) -> View:
    """Reads a chapter.

    Args:
        chapter: Which.
        claims: The register of claims.
        source: Its source, if it could be read.
        run: Where its quick run is stored, if anywhere.
    """
    notebook = read_notebook(chapter.notebook)
    stored = read_notebook(run) if run is not None and run.is_file() else None
    if stored is not None:
        same = [c.source for c in stored.cells if c.cell_type == "code"] == [
            c.source for c in notebook.cells if c.cell_type == "code"
        ]
        stored = stored if same else None
    return View(chapter, notebook, claims, source, stored)
