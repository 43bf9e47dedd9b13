"""How a chapter's source is written, and how it is read.

``chapters/source/NN_slug.py`` is jupytext's py:percent: ``# %%`` starts a code cell,
``# %% [markdown]`` a text cell, and ``tags=["…"]`` behind it says what the cell is.

Sections are level-2 headings with the names that `linting.view.SECTIONS` lists, in that order;
more text may follow a name (``## Experiment: jitter apart from loss``). The first cell is the
title, with the claim in one sentence as its second paragraph.

Tags:

- ``parameters``: the first code cell, only ``name = literal`` lines; profile, seed and device
  are there. ``setup``: the second; imports and what is derived from the parameters.
- ``nbval-check-output``: the text this cell prints is a promise, the same for every profile,
  device and clock.
- ``predict``: the text that asks before the experiment; the build writes below it the choices of
  the lesson's ``PREDICTION``.
- ``exercise:NN.k``: the text that states exercise k. Its kind, difficulty, minutes and lesson
  stand in the registry of exercises; one outside the registry carries them in the header:
  ``kind="recall" difficulty=1 minutes=2 teaches="the limit"``. The build writes them under the
  heading, and the choices of a question below its statement.
- ``answer:NN.k``: where the learner answers, code or text. It holds one or more regions from
  ``# BEGIN SOLUTION`` to ``# END SOLUTION``; or the one line ``# SOLUTION``
  (``name = ...  # SOLUTION`` for a value), in whose place comes the right answer of the registry.
  A region inside a function holds the function's ``return``; the learner sees ``return ...``. At
  top level a learner sees ``name = ...`` for each name of the region that code outside it uses. In
  text the two lines stand alone.
- ``check:NN.k``: exactly one call, ``lesson.check(k, answer)``, and hidden tests, if any, between
  ``# BEGIN HIDDEN TESTS`` and ``# END HIDDEN TESTS``. ``points=2`` in the header says what it
  is worth (the difficulty otherwise); so does it on a text answer, which is graded by hand.

An example::

    # %% tags=["answer:01.1"]
    def halve(x: float) -> float:
        '''Returns half of x.'''
        # BEGIN SOLUTION
        return x / 2
        # END SOLUTION

    # %% tags=["check:01.1"]
    lesson.check(1, halve)
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ...errors import UsageError
from ...extras import needs
from ..rooms import room
from .notebooks import Chapter

__all__ = [
    "Source",
    "SourceCell",
    "is_marker",
    "read_source",
    "regions",
    "solution_lines",
    "tagged",
]

# A line in whose place comes the right answer: "# SOLUTION", "name = ...  # SOLUTION", "SOLUTION".
_PLACE = re.compile(r"(?P<indent> *)((?P<name>\w+) = \.\.\.  )?(# )?SOLUTION")

_TELLING = 24  # characters from which on a line of a solution is nobody else's

FACTS = ("kind", "difficulty", "minutes", "teaches", "points")


@dataclass(frozen=True)
class SourceCell:
    """One cell of a source: what it is, what it says, and where it stands."""

    kind: str  # "code" or "markdown"
    text: str
    tags: tuple[str, ...]
    facts: dict = field(default_factory=dict)
    where: str = ""

    def role(self, name: str) -> str | None:
        """Returns the exercise id of this cell's tag ``name:NN.k``, None if it has no such tag."""
        return tagged(self.tags, name)

    def fail(self, rule: str, fact: str, remedy: str) -> UsageError:
        """Returns the error that names this cell."""
        return UsageError(f"{self.where}: {rule}, but {fact}. {remedy}")


@dataclass(frozen=True)
class Source:
    """A chapter's source, read."""

    chapter: Chapter
    cells: tuple[SourceCell, ...]


def tagged(tags, name: str) -> str | None:
    """Returns what stands behind ``name:`` in the tags.

    Example:
        >>> tagged(["setup", "answer:01.3"], "answer")
        '01.3'
    """
    return next((tag[len(name) + 1 :] for tag in tags if tag.startswith(f"{name}:")), None)


def is_marker(line: str, name: str) -> bool:
    """Returns whether a line is the marker, alone behind comment signs."""
    return re.fullmatch(rf"\s*(#+\s*|<!--\s*)?{name}(\s*-->)?\s*", line) is not None


def regions(cell: SourceCell, name: str) -> list[tuple[int, int]]:
    """Returns the (first, last) line numbers, from 0, of the regions, their marker lines included.

    Args:
        cell: Where to look.
        name: ``"SOLUTION"`` or ``"HIDDEN TESTS"``.

    Raises:
        UsageError: If a region is nested, empty, not closed, or closed without being open.
    """
    found, start = [], None
    for number, line in enumerate(cell.text.split("\n")):
        if is_marker(line, f"BEGIN {name}"):
            if start is not None:
                raise cell.fail(f"BEGIN {name} must not nest", "one is open already", "Close it.")
            start = number
        elif is_marker(line, f"END {name}"):
            if start is None:
                raise cell.fail(f"END {name} must close a region", "none is open", "Open it.")
            if number == start + 1:
                raise cell.fail(f"a {name} region must hold something", "it is empty", "Fill it.")
            found.append((start, number))
            start = None
    if start is not None:
        raise cell.fail(f"BEGIN {name} must be closed", "it is not", f"Add # END {name}.")
    return found


def read_source(chapter: Chapter) -> Source:
    """Reads a chapter's source and checks what the build relies on.

    Raises:
        UsageError: If the source breaks the rules of this module.
        MissingExtraError: If jupytext was not installed.
    """
    needs("jupytext", by="build")
    import jupytext

    path = chapter.source
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name}: the source must be readable, but {error}.") from None
    notebook = jupytext.reads(text, fmt="py:percent")
    cells = []
    for number, cell in enumerate(notebook.cells):
        tags = tuple(cell.metadata.get("tags") or ())
        label = f" ({tags[0]})" if tags else ""
        where = f"{path.name}: cell {number}{label}"
        facts = {key: cell.metadata[key] for key in FACTS if key in cell.metadata}
        if not cell.source.strip():
            raise UsageError(f"{where}: a cell must say something, but it is empty. Remove it.")
        cells.append(SourceCell(cell.cell_type, cell.source, tags, facts, where))
    if not cells:
        raise UsageError(f"{path.name}: a source must have cells, but it has none.")
    source = Source(chapter, tuple(_filled(chapter, cell, cells) for cell in cells))
    _check(source)
    return source


def _filled(chapter: Chapter, cell: SourceCell, cells: Sequence[SourceCell]) -> SourceCell:
    """Returns the cell with what stands in the registry of exercises alone: choices, solutions."""
    from ..exercises.checks import get_exercise  # which needs torch
    from ..exercises.questions import written_choices, written_solution

    stated, answered = cell.role("exercise"), cell.role("answer")
    if "predict" in cell.tags:
        asked = room(chapter.name).load("exercises").PREDICTION
        return replace(cell, text=f"{cell.text}\n\n{written_choices(asked)}")
    if stated and not {"kind", "difficulty"} <= cell.facts.keys():
        choices = written_choices(get_exercise(stated))
        return replace(cell, text=f"{cell.text}\n\n{choices}") if choices else cell
    lines = cell.text.split("\n")
    places = [(n, found) for n, line in enumerate(lines) if (found := _PLACE.fullmatch(line))]
    if not answered or not places:
        return cell
    if len(places) > 1:
        raise cell.fail("SOLUTION must stand once", f"it stands {len(places)} times", "Keep one.")
    ((place, found),) = places
    indent, name = found["indent"], found["name"]
    exercise = get_exercise(answered)
    if indent:
        _same_parameters(cell, exercise.reference)
    elif cell.kind == "code" and name is None:
        raise cell.fail("a value must be named", "it is not", "Write: name = ...  # SOLUTION")
    sign = "# " if cell.kind == "code" else ""
    solution = textwrap.indent(written_solution(exercise, name), indent)
    region = [f"{indent}{sign}BEGIN SOLUTION", solution, f"{indent}{sign}END SOLUTION"]
    return replace(cell, text="\n".join([*lines[:place], *region, *lines[place + 1 :]]))


def _same_parameters(cell: SourceCell, reference: Callable) -> None:
    tree = ast.parse(cell.text.replace("# SOLUTION", "pass"))
    (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    shown = [argument.arg for argument in function.args.args]
    if shown != list(inspect.signature(reference).parameters):
        raise cell.fail(
            f"{function.name} must take what its solution takes",
            f"that is {', '.join(inspect.signature(reference).parameters)}",
            "Use the same names.",
        )


def _check(source: Source) -> None:
    stated: set[str] = set()
    for cell in source.cells:
        roles = {name: cell.role(name) for name in ("exercise", "answer", "check")}
        for name, exercise in roles.items():
            if exercise is not None and not re.fullmatch(r"\d{2}\.[1-9]\d*", exercise):
                raise cell.fail("an exercise's id must be NN.k", f"it is {exercise!r}", "Mend it.")
            if name != "exercise" and exercise is not None and exercise not in stated:
                raise cell.fail(
                    f"{name}:{exercise} must follow its exercise", "none states it", "Add it."
                )
        if roles["exercise"]:
            stated.add(roles["exercise"])
        if regions(cell, "SOLUTION") and not roles["answer"]:
            raise cell.fail(
                "a solution must stand in an answer", "this cell is none", 'Tag it "answer:NN.k".'
            )
        if roles["answer"] and not regions(cell, "SOLUTION"):
            raise cell.fail("an answer must hold a solution", "it has none", "Mark its region.")
        if regions(cell, "HIDDEN TESTS") and not roles["check"]:
            raise cell.fail(
                "hidden tests must stand in a check", "this cell is none", 'Tag it "check:NN.k".'
            )
        if cell.kind == "code":
            try:
                ast.parse(cell.text)
            except SyntaxError as error:
                raise cell.fail(
                    "code must be plain Python", f"line {error.lineno}: {error.msg}", "Mend it."
                ) from None


def solution_lines(source: Source) -> list[str]:
    """Returns the telling lines of solutions and hidden tests: long ones found nowhere else.

    Whoever searches a released file for them finds what must not be there.
    """
    secret, visible = [], []
    for cell in source.cells:
        lines = cell.text.split("\n")
        inside: set[int] = set()
        for name in ("SOLUTION", "HIDDEN TESTS"):
            for first, last in regions(cell, name):
                inside |= set(range(first, last + 1))
                secret += [line.strip() for line in lines[first + 1 : last]]
        visible += [line for number, line in enumerate(lines) if number not in inside]
    text = "\n".join(visible)
    return [line for line in secret if len(line) >= _TELLING and line not in text]
