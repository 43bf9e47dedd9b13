"""Holds chapters to the limits of the course: one line a finding.

The rules are functions from a chapter's `view.View` to findings; `structure` has those about
sections, parameters and exercises, `content` those about words, code, figures, claims and times.
"""

from collections.abc import Sequence
from pathlib import Path

from ..claims.registry import read_registry
from ..running.plan import runs_folder
from ..writing.notebooks import chapters_in, select
from .view import Finding, view_of

__all__ = ["Finding", "lint_chapters"]


def lint_chapters(
    wanted: Sequence[str], chapters: Path, build: Path | None = None, *, lessons: Path | None = None
) -> tuple[list[Finding], int]:
    """Reads the chapters' notebooks, as they are committed, against every rule.

    Args:
        wanted: Names, numbers or paths of chapters; none for all.
        chapters: The folder they lie in.
        build: The folder that holds their runs; without it times are not looked at.
        lessons: The folder of the lessons, whose claims are looked up; by default the one beside
            the folder of the chapters, or the package's own.

    Returns:
        The findings, by chapter and cell, and how many chapters were read.

    Raises:
        UsageError: If a chapter is not there or cannot be read.
    """
    from .content import RULES as OF_CONTENT
    from .structure import RULES as OF_STRUCTURE

    chosen = select(chapters_in(chapters), wanted)
    beside = chapters.parent / "bsgd_edu" / "lessons"
    if lessons is None and beside.is_dir():
        lessons = beside
    register = read_registry(lessons) if chosen else {}
    findings: list[Finding] = []
    for chapter in chosen:
        run = runs_folder(build, "quick") / chapter.notebook.name if build else None
        view = view_of(chapter, register, source=_source(chapter), run=run)
        found = [f for rule in (*OF_STRUCTURE, *OF_CONTENT) for f in rule(view)]
        findings += sorted(found, key=lambda f: (-1 if f.cell is None else f.cell, f.rule))
    return findings, len(chosen)


def _source(chapter):
    """The chapter's source; None for a chapter without one, or where jupytext is missing."""
    from importlib.util import find_spec

    from ..writing.source import read_source

    readable = chapter.source.is_file() and find_spec("jupytext") is not None
    return read_source(chapter) if readable else None
