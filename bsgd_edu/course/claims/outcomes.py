"""What came of the claims: gathered from executed notebooks, stored, and shown as tables."""

import html
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import DataError, UsageError
from ...files import write_json
from ..nearest import nearest
from .registry import read_registry

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "GROUPS",
    "MIME",
    "VERDICTS",
    "Outcome",
    "gather",
    "list_claims",
    "load_outcomes",
    "number",
    "render_html",
    "save_outcomes",
    "shown",
    "summary",
    "tally",
    "whose",
]

MIME = "application/vnd.bsgd.claim+json"  # under which an output's metadata holds outcomes
VERDICTS = ("reproduced", "reproduced at smaller scale", "not reproduced", "failed")
GROUPS = {
    "paper": "the papers' claims",
    "ours": "ours",
    "classic": "classics",
    "sanity": "sanity checks",
}
_MARKS = {"reproduced": "✓", "reproduced at smaller scale": "✓", "not reproduced": "○"}


@dataclass(frozen=True)
class Outcome:
    """A claim with what a run made of it.

    ``measured``, ``stderr`` and ``gap`` belong to the entry that was furthest off when ``count``
    numbers were compared; ``gap`` counts standard errors where ``gap_unit`` says so. Of a
    ``bound``, ``gap`` is the margin: how far inside the bound the entry lies, negative outside.
    ``against`` is a wrong prediction that the same tolerance refuses, ``against_gap`` its gap.
    ``parameters`` are those of the run that were not the chapter's own.
    """

    id: str
    chapter: str
    paper: str
    where: str
    source: str
    statement: str
    kind: str
    predicted: str
    verdict: str
    measured: float | None = None
    expected: float | None = None
    stderr: float | None = None
    gap: float | None = None
    gap_unit: str = ""
    tolerance: str = ""
    count: int = 0
    why: str = ""
    profile: str = ""
    bound: bool = False
    against: float | None = None
    against_gap: float | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


_FIELDS = {one.name for one in fields(Outcome)}


def gather(notebooks: Iterable[Any]) -> list[Outcome]:
    """Reads the outcomes of claims out of executed notebooks.

    Args:
        notebooks: Paths of notebooks, or notebooks that nbformat has read.

    Returns:
        Outcomes in the order of the cells; where a notebook states a claim twice, its last.

    Raises:
        DataError: If a path holds no notebook.
    """
    found: dict[tuple[int, str], Outcome] = {}
    for index, notebook in enumerate(notebooks):
        content = _read(notebook)
        run = content.get("metadata", {}).get("bsgd", {})
        for payload in _payloads(content):
            outcome = replace(_outcome(payload), parameters=run.get("parameters", {}))
            found[index, outcome.id] = outcome
    return list(found.values())


def _payloads(content: Mapping) -> Iterator[Mapping]:
    """What the claims of a notebook left behind, cell by cell."""
    for cell in content.get("cells", []):
        for output in cell.get("outputs", []):
            kept = output.get("metadata", {}).get(MIME)
            claims = kept.get("claims", []) if isinstance(kept, Mapping) else []
            yield from (one for one in claims if isinstance(one, Mapping) and "id" in one)


def _read(notebook: Any) -> Mapping:
    if isinstance(notebook, Mapping):
        return notebook
    try:
        content = json.loads(Path(notebook).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"gather: notebooks must be readable .ipynb files, but {notebook} is not ({error}). "
            "Run the chapter again."
        ) from None
    return content if isinstance(content, Mapping) else {}


def _outcome(payload: Mapping[str, Any]) -> Outcome:
    known = {key: value for key, value in payload.items() if key in _FIELDS}
    texts = {name: "" for name in _FIELDS if Outcome.__dataclass_fields__[name].type is str}
    return Outcome(**{**texts, **known})


def save_outcomes(outcomes: Iterable[Outcome], path: str | Path) -> None:
    """Writes outcomes as JSON; an interrupted write leaves the old file whole.

    Args:
        outcomes: What `gather` returned.
        path: The file; its folder must exist.
    """
    write_json(path, [asdict(outcome) for outcome in outcomes])


def load_outcomes(path: str | Path) -> list[Outcome]:
    """Reads what `save_outcomes` wrote; a missing file holds no outcomes.

    Args:
        path: The file.

    Returns:
        Outcomes.

    Raises:
        DataError: If the file is damaged.
    """
    if not Path(path).exists():
        return []
    try:
        return [_outcome(item) for item in json.loads(Path(path).read_text(encoding="utf-8"))]
    except (ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"load_outcomes: path must be a file of outcomes, but {path} is damaged ({error}). "
            "Delete it and run the chapters again."
        ) from None


def summary(outcomes: Iterable[Outcome]) -> str:
    """Returns one line that counts verdicts.

    Args:
        outcomes: What `gather` returned.

    Returns:
        For example ``"3 claims: 2 reproduced, 1 not reproduced"``.

    Example:
        >>> summary([])
        '0 claims'
    """
    counts = Counter(outcome.verdict for outcome in outcomes)
    total = sum(counts.values())
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    head = f"{total} claim{'' if total == 1 else 's'}"
    return f"{head}: {', '.join(parts)}" if parts else head


def number(value: float | None, digits: int = 4) -> str:
    """Returns a number for a table, "–" where there is none.

    Example:
        >>> number(0.123456), number(None)
        ('0.1235', '–')
    """
    return "–" if value is None else f"{value:.{digits}g}".replace("-", "−")


def _distance(outcome: Outcome) -> str:
    """The gap between two numbers, or the margin that a bound leaves."""
    if outcome.gap is None:
        return "–"
    size = f"{outcome.gap:.2g} {outcome.gap_unit}".strip().replace("-", "−")
    return f"margin {size}" if outcome.bound else f"gap {size}"


def _excluded(outcome: Outcome) -> str:
    if outcome.against is None:
        return ""
    return f"; {number(outcome.against)} would be {number(outcome.against_gap, 2)} tolerances off"


def render_html(outcomes: Iterable[Outcome]) -> str:
    """Returns the outcomes as one HTML table.

    Args:
        outcomes: What `gather` returned.

    Returns:
        A fragment that needs no style sheet.
    """
    head = ("Claim", "Predicted", "Measured", "Gap or margin", "Verdict")
    rows = []
    for outcome in outcomes:
        said = shown(outcome)
        rows.append(
            f'<tr id="claim-{html.escape(outcome.id.replace("/", "-"))}">'
            f'<th scope="row" style="text-align:left;font-weight:normal">'
            f"<code>{html.escape(outcome.id)}</code><br>{html.escape(outcome.statement)}<br>"
            f"<small>{html.escape(said.pop('source'))}</small></th>"
            + "".join(
                f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in said.values()
            )
            + "</tr>"
        )
    top = "".join(f'<th scope="col" style="text-align:left">{name}</th>' for name in head)
    return (
        '<div style="overflow-x:auto"><table class="claims">'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def shown(outcome: Outcome) -> dict[str, str]:
    """Returns what a table says of an outcome: its source, then the cells in their order."""
    source = {
        "paper": outcome.paper,
        "ours": f"ours, on {outcome.paper}",
        "sanity": f"a sanity check, on {outcome.paper}",
    }.get(outcome.source, f"classic: {outcome.paper}")
    spread = f" ± {number(outcome.stderr, 2)}" if outcome.stderr else ""
    against = "" if outcome.expected is None else f" against {number(outcome.expected)}"
    many = f" (worst of {outcome.count})" if outcome.count > 1 else ""
    verdict = f"{_MARKS.get(outcome.verdict, '✗')} {outcome.verdict}"
    return {
        "source": source,
        "predicted": outcome.predicted,
        "measured": f"{number(outcome.measured)}{spread}{against}{many}",
        "distance": _distance(outcome) + _excluded(outcome),
        "verdict": f"{verdict}: {outcome.why}" if outcome.why else verdict,
    }


def whose(outcome: Outcome) -> str:
    """Returns which count a claim belongs to: a key of `GROUPS`.

    What holds for every input is a sanity check, unless it is the paper that says it.
    """
    if outcome.source == "paper":
        return "paper"
    if outcome.kind == "identity" or outcome.source == "sanity":
        return "sanity"
    return "ours" if outcome.source == "ours" else "classic"


def tally(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Returns what came of the claims, counted apart, the papers' first.

    Returns:
        By keys of `GROUPS`, for example ``{"paper": "25 of 32 reproduced, 7 not"}``.
    """
    counts: dict[str, Counter] = {group: Counter() for group in GROUPS}
    for outcome in outcomes:
        counts[whose(outcome)][outcome.verdict] += 1
    parts = {}
    for group, count in counts.items():
        if total := sum(count.values()):
            verb = "reproduced" if group in ("paper", "classic") else "held"
            words = [f"{count['reproduced']} of {total} {verb}"]
            endings = zip(VERDICTS[1:], ("at smaller scale", "not", "failed"), strict=True)
            words += [f"{count[verdict]} {end}" for verdict, end in endings if count[verdict]]
            parts[group] = ", ".join(words)
    return parts


def list_claims(chapter: str | None = None, outcomes: Iterable[Outcome] = ()) -> "Table":
    """Returns the register as a table for the terminal, with the last outcome of each claim.

    Args:
        chapter: A chapter's slug or its two-digit number; None for all.
        outcomes: Outcomes to show beside the claims.

    Returns:
        A rich table.

    Raises:
        UsageError: If no chapter of that name has claims.
    """
    from rich.markup import escape
    from rich.table import Table

    entries = list(read_registry().values())
    chapters = {entry.chapter for entry in entries}
    if chapter is not None:
        entries = [e for e in entries if chapter in (e.chapter, e.chapter[:2])]
        if not entries:
            raise UsageError(
                f"claims: chapter must be one that has claims, but {chapter!r} has none. "
                f"{nearest(chapter, chapters)}"
            )
    last = {outcome.id: outcome for outcome in outcomes}
    table = Table("claim", "predicted", "measured", "verdict", title="Claims", show_lines=True)
    for item in entries:
        outcome = last.get(item.id)
        measured = number(outcome.measured) if outcome else "–"
        verdict = outcome.verdict if outcome else "not run yet"
        # The id stands on a line of its own: it stays whole in a narrow terminal.
        stated = f"[bold]{escape(item.id)}[/bold]\n{escape(item.statement)}"
        table.add_row(stated, *map(escape, (item.predicted, measured, verdict)))
    return table


def finite(value: float | None) -> float | None:
    """Returns the number if JSON can hold it, else None."""
    return value if value is None or math.isfinite(value) else None
