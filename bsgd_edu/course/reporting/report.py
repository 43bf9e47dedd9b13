"""What a run leaves to read: the page of results, the chapters as HTML, JUnit's file."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...files import write_text
from ..claims.outcomes import gather, render_html, save_outcomes, summary
from ..running.plan import runs_folder
from ..writing.notebooks import Chapter, read_notebook, stderr_cells
from .export import export_html, style_sheet
from .junit import junit

__all__ = ["Report", "write_report"]


@dataclass(frozen=True)
class Report:
    """Where the page lies, and every outcome on it."""

    page: Path
    outcomes: list
    summary: str


@dataclass(frozen=True)
class _Row:
    """A chapter on the page: its present notebook and its stored run, if any."""

    chapter: Chapter
    title: str
    claim: str
    run: Path | None
    notebook: Any
    outcomes: list

    @property
    def record(self) -> dict:
        return self.notebook.metadata.get("bsgd", {}) if self.run else {}

    @property
    def status(self) -> str:
        return self.record.get("status", "not run yet")


def write_report(
    chapters: Sequence[Chapter],
    build: Path,
    *,
    profile: str,
    solved: bool = False,
    apart: str = "",
) -> Report:
    """Writes the page, the chapters' HTML, the claims and JUnit's file from the stored runs.

    Args:
        chapters: All chapters of the course; those never run are listed as such.
        build: The folder of everything generated.
        profile: Whose runs to show.
        solved: Whether to show the runs of the solved notebooks; their page is another file.
        apart: The `variant` of the runs to show; its pages are other files, too.

    Returns:
        The report.
    """
    suffix = ("-solved" if solved else "") + apart
    folder = runs_folder(build, profile, solved=solved, apart=apart)
    rows = [_row(chapter, folder) for chapter in chapters]
    outcomes = [outcome for row in rows for outcome in row.outcomes]
    page = build / f"index{suffix}.html"
    build.mkdir(parents=True, exist_ok=True)
    write_text(page, _render(rows, page, profile, outcomes))
    save_outcomes(outcomes, build / f"claims{suffix}.json")
    runs = [(row.chapter.name, row.notebook) for row in rows if row.run]
    write_text(build / f"junit{suffix}.xml", junit(runs))
    return Report(page, outcomes, summary(outcomes))


def _row(chapter: Chapter, folder: Path) -> _Row:
    run = folder / f"{chapter.name}.ipynb"
    path = run if run.is_file() else None
    notebook = read_notebook(path or chapter.notebook)
    first = notebook.cells[0].source if notebook.cells else ""
    found = re.match(r"#\s+(.+)", first)
    title = found[1].strip() if found else chapter.name
    paragraphs = [part for part in re.split(r"\n\s*\n", first) if not part.startswith("#")]
    claim = " ".join(paragraphs[0].split()) if paragraphs else ""
    outcomes = gather([notebook]) if path else []
    return _Row(chapter, _plain(title), _plain(claim), path, notebook, outcomes)


def _plain(markdown: str) -> str:
    """Markdown without its signs, for places that show text only."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    return re.sub(r"^>\s*|\*\*|__|`|<[^>]+>|(?<!\w)[*_]|[*_](?!\w)", "", text).strip()


def _render(rows: list[_Row], page: Path, profile: str, outcomes: list) -> str:
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    cards, groups = [], []
    for row in rows:
        cards.append(_card(row, page))
        if row.outcomes:
            groups.append({"title": row.title, "table": Markup(render_html(row.outcomes))})
    ran = [row for row in rows if row.run]
    seconds = sum(row.record.get("seconds", 0.0) for row in ran)
    times = [row.record["finished"] for row in ran if "finished" in row.record]
    last = f" · last run {max(times)[:16].replace('T', ' ')} UTC" if times else ""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
    )
    from ... import __version__

    return environment.get_template("index.html.j2").render(
        css=style_sheet(),
        lead=_lead(rows, outcomes),
        meta=f"Profile {profile} · {len(ran)} of {len(rows)} chapters run · "
        f"{seconds:.0f} s of computing{last}",
        next_steps=_next_steps(rows, page),
        chapters=cards,
        claims=groups,
        missed=[o for o in outcomes if not o.verdict.startswith("reproduced")],
        footer=f"bsgd_edu {__version__}. Made by bsgd run; this page needs no network.",
    )


def _lead(rows: list[_Row], outcomes: list) -> str:
    if not rows:
        return "There is no chapter yet."
    words = summary(outcomes) if outcomes else "No claim has been measured yet"
    stopped = sum(row.status not in ("ok", "not run yet") for row in rows)
    if stopped:
        words += f"; {stopped} chapter{'s' * (stopped > 1)} did not come to the end"
    return words + "."


def _next_steps(rows: list[_Row], page: Path) -> list[str]:
    steps = []
    for row in rows:
        if row.status not in ("ok", "not run yet"):
            link = f'<a href="{_link(row, page)}">{html.escape(row.title)}</a>'
            steps.append(f"See what stopped {link}.")
    readable = [row for row in rows if row.run and row.status == "ok"]
    if readable:
        first = readable[0]
        title = html.escape(first.title)
        steps.append(
            f'Read <a href="{_link(first, page)}">{title}</a> here, or change it and answer its '
            "exercises in JupyterLab: <code>make lab</code>."
        )
    waiting = [row.chapter.number for row in rows if not row.run]
    if waiting:
        steps.append(f"Run the rest: <code>bsgd run {' '.join(waiting)}</code>.")
    return steps


def _link(row: _Row, page: Path) -> str:
    return row.run.with_suffix(".html").relative_to(page.parent).as_posix()


def _card(row: _Row, page: Path) -> dict:
    from ... import __version__

    facts = []
    if row.run:
        export_html(
            row.run,
            title=row.title,
            index_link=Path(*[".."] * len(row.run.parent.relative_to(page.parent).parts)).as_posix()
            + f"/{page.name}",
            footer=f"bsgd_edu {__version__}, {row.chapter.name}, profile {row.record['profile']}"
            if row.record
            else f"bsgd_edu {__version__}, {row.chapter.name}",
        )
        facts.append(f"{row.record.get('seconds', 0.0):.1f} s")
        held = sum(o.verdict.startswith("reproduced") for o in row.outcomes)
        facts.append(f"{held} of {len(row.outcomes)} claims held" if row.outcomes else "no claims")
        facts += [f"{name} = {value}" for name, value in row.record.get("parameters", {}).items()]
        if stderr_cells(row.notebook):
            facts.append("wrote to stderr")
    kind, mark = {"ok": ("good", "✓"), "not run yet": ("quiet", "○")}.get(row.status, ("bad", "✗"))
    return {
        "title": row.title,
        "claim": row.claim,
        "page": _link(row, page) if row.run else "",
        "status": "ran" if row.status == "ok" else row.status,
        "kind": kind,
        "mark": mark,
        "facts": facts,
        "error": row.record.get("error", ""),
    }
