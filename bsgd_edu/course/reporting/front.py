"""The course's first page and the page of its claims."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...paths import data_file
from ..claims.outcomes import GROUPS, VERDICTS, shown, tally, whose
from ..writing.notebooks import Chapter, stderr_cells
from .export import POLICY, style_sheet
from .pictures import data_uri, first_picture, thumbnail

__all__ = ["Row", "claims_page", "first_page"]


@dataclass(frozen=True)
class Row:
    """A chapter on the page: its present notebook and its stored run, if any."""

    chapter: Chapter
    title: str
    question: str
    run: Path | None
    notebook: Any
    outcomes: list

    @property
    def record(self) -> dict:
        """What the run says of itself."""
        return self.notebook.metadata.get("bsgd", {}) if self.run else {}

    @property
    def status(self) -> str:
        """What became of the run."""
        return self.record.get("status", "not run yet")

    @property
    def name(self) -> str:
        """The chapter's number and title."""
        return f"{int(self.chapter.number)} · {self.title}"

    def link(self, build: Path) -> str:
        """Where its page lies; ``""`` if it was never run."""
        if self.run is None:
            return ""
        return self.run.with_suffix(".html").relative_to(build).as_posix()


@cache
def _environment():
    from jinja2 import Environment, FileSystemLoader

    from ... import __version__

    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True)
    environment.globals |= {
        "css": style_sheet(),
        "policy": POLICY,
        "groups": GROUPS,
        "footer": f"bsgd_edu {__version__}. Made by bsgd run; this page needs no network.",
    }
    return environment


def first_page(rows: Sequence[Row], build: Path, *, claims: str, meta: str) -> str:
    """Returns the course's first page.

    Args:
        rows: All chapters.
        build: The folder that the page will lie in.
        claims: The name of the page of claims.
        meta: Which runs these are, in words.
    """
    ran = [row for row in rows if row.run]
    times = [row.record["finished"] for row in ran if "finished" in row.record]
    facts = [
        meta,
        f"{len(ran)} of {len(rows)} chapters run",
        f"{sum(row.record.get('seconds', 0.0) for row in ran):.0f} s of computing",
    ]
    if times:
        facts.append(f"last run {max(times)[:16].replace('T', ' ')} UTC")
    own = any(row.record.get("parameters") for row in rows)  # whose rest nobody waits for
    cards = [_card(row, build) for row in rows]
    return _environment().get_template("index.html.j2").render(
        picture=_picture(),
        cards=cards,
        stopped=[card for card in cards if card["kind"] == "bad"],
        waiting=[row.chapter.number for row in rows if not row.run and not own],
        held=tally(outcome for row in rows for outcome in row.outcomes),
        claims=claims,
        meta=" · ".join(facts),
    )  # fmt: skip


def claims_page(rows: Sequence[Row], *, index: str, meta: str) -> str:
    """Returns the page of all claims, with filters for those who have JavaScript.

    Args:
        rows: All chapters.
        index: The name of the first page.
        meta: Which runs these are, in words.
    """
    outcomes = [outcome for row in rows for outcome in row.outcomes]
    found = {outcome.verdict for outcome in outcomes}
    sections = [
        {
            "chapter": row.chapter.name,
            "title": row.name,
            "claims": [
                {"id": o.id, "statement": o.statement, "whose": whose(o), "verdict": o.verdict,
                 "cells": shown(o)}
                for o in row.outcomes
            ],
        }
        for row in rows
        if row.outcomes
    ]  # fmt: skip
    return _environment().get_template("claims.html.j2").render(
        sections=sections,
        missed=[o for o in outcomes if not o.verdict.startswith("reproduced")],
        verdicts=[verdict for verdict in VERDICTS if verdict in found],
        held=tally(outcomes),
        index=index,
        meta=meta,
    )  # fmt: skip


def _card(row: Row, build: Path) -> dict:
    facts = []
    if row.run:
        facts.append(f"{row.record.get('seconds', 0.0):.1f} s")
        facts += [f"{name} = {value}" for name, value in row.record.get("parameters", {}).items()]
        if stderr_cells(row.notebook):
            facts.append("wrote to stderr")
    held = sum(outcome.verdict.startswith("reproduced") for outcome in row.outcomes)
    kind, mark = {"ok": ("good", "✓"), "not run yet": ("quiet", "○")}.get(row.status, ("bad", "✗"))
    picture, alt = first_picture(row.notebook) if row.run else ("", "")
    return {
        "chapter": row.chapter.name,
        "name": row.name,
        "question": row.question,
        "page": row.link(build),
        "picture": thumbnail(picture),
        "alt": alt or f"The first picture of chapter {row.name}",
        "status": "ran" if row.status == "ok" else row.status,
        "kind": kind,
        "mark": mark,
        "claims": f"{held} of {len(row.outcomes)} claims held" if row.outcomes else "",
        "facts": facts,
        "error": row.record.get("error", ""),
    }


def _picture() -> str:
    try:
        return data_uri(data_file("pictures/two_orders.png").read_bytes())
    except DataError:  # a page without its picture is better than none
        return ""
