"""What a run leaves to read: the first page, the claims, the chapters as HTML, JUnit's file."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...files import write_text
from ..claims.outcomes import gather, save_outcomes, summary
from ..rooms import Room, rooms
from ..running.plan import runs_folder
from ..writing.notebooks import Chapter, headings, read_notebook
from .export import Place, export_html
from .front import Row, claims_page, first_page
from .junit import junit

__all__ = ["Report", "write_report"]


@dataclass(frozen=True)
class Report:
    """Where the first page lies, and every outcome of the runs."""

    page: Path
    outcomes: list
    summary: str


def write_report(
    chapters: Sequence[Chapter],
    build: Path,
    *,
    profile: str,
    solved: bool = False,
    apart: str = "",
) -> Report:
    """Writes the pages, the claims and JUnit's file from the stored runs.

    Args:
        chapters: All chapters of the course; those never run are listed as such.
        build: The folder of everything generated.
        profile: Whose runs to show.
        solved: Whether to show the runs of the solved notebooks; their pages are other files.
        apart: The `variant` of the runs to show; its pages are other files, too.

    Returns:
        The report.
    """
    suffix = ("-solved" if solved else "") + apart
    folder = runs_folder(build, profile, solved=solved, apart=apart)
    known = rooms()
    rows = [_row(chapter, folder, known.get(chapter.name)) for chapter in chapters]
    outcomes = [outcome for row in rows for outcome in row.outcomes]
    page, claims = build / f"index{suffix}.html", build / f"claims{suffix}.html"
    meta = f"Profile {profile}{', solved' * solved}{', own parameters' * bool(apart)}"
    for row in rows:
        if row.run:
            _export(row, rows, page, claims)
    write_text(page, first_page(rows, build, claims=claims.name, meta=meta))
    write_text(claims, claims_page(rows, index=page.name, meta=meta))
    save_outcomes(outcomes, claims.with_suffix(".json"))
    runs = [(row.chapter.name, row.notebook) for row in rows if row.run]
    write_text(build / f"junit{suffix}.xml", junit(runs))
    return Report(page, outcomes, summary(outcomes))


def _row(chapter: Chapter, folder: Path, room: Room | None) -> Row:
    run = folder / f"{chapter.name}.ipynb"
    path = run if run.is_file() else None
    notebook = read_notebook(path or chapter.notebook)
    first = notebook.cells[0].source if notebook.cells else ""
    found = headings(first)
    title = re.sub(r"^\d+ · ", "", found[0][1]) if found else chapter.name
    if room:
        question = room.question
    else:
        paragraphs = [part for part in re.split(r"\n\s*\n", first) if not part.startswith("#")]
        question = _plain(" ".join(paragraphs[0].split())) if paragraphs else ""
    return Row(chapter, _plain(title), question, path, notebook, gather([notebook] if path else []))


def _plain(markdown: str) -> str:
    """Markdown without its signs, for places that show text only."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return re.sub(r"^>\s*|\*\*|__|`|<[^>]+>|(?<!\w)[*_]|[*_](?!\w)", "", text).strip()


def _export(row: Row, rows: Sequence[Row], page: Path, claims: Path) -> None:
    from ... import __version__

    here = row.run.parent
    profile = f", profile {row.record['profile']}" if row.record else ""
    export_html(
        row.run,
        title=row.name,
        index_link=_relative(page, here),
        claims_link=f"{_relative(claims, here)}?chapter={row.chapter.name}",
        contents=[
            Place(one.name, f"{one.run.stem}.html" if one.run else "", one is row) for one in rows
        ],
        footer=f"bsgd_edu {__version__}, {row.chapter.name}{profile}",
    )


def _relative(path: Path, start: Path) -> str:
    return Path(os.path.relpath(path, start)).as_posix()
