"""Results of full-profile runs, recorded once with device, date and seconds."""

import datetime
import html
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import DataError, UsageError
from ..paths import data_file
from ..plot.display import publish
from .outcomes import Outcome, number, summary

__all__ = ["full_scale", "load_record", "save_record"]

_KEYS = ("chapter", "command", "profile", "device", "date", "seconds", "claims")


def save_record(
    chapter: str,
    outcomes: Iterable[Outcome],
    *,
    command: str,
    device: str,
    seconds: float,
    folder: str | Path,
) -> Path:
    """Writes what a full run gave, for the section "At full scale".

    Args:
        chapter: Slug.
        outcomes: What `gather` read out of the executed notebook; all of one profile.
        command: The command that repeats it.
        device: The machine's processor or GPU, in words.
        seconds: Wall time of the run.
        folder: Where records lie.

    Returns:
        The file written.

    Raises:
        UsageError: If there are no outcomes of this chapter, or they mix profiles.
    """
    kept = [outcome for outcome in outcomes if outcome.chapter == chapter]
    profiles = {outcome.profile for outcome in kept}
    if len(profiles) != 1:
        raise UsageError(
            f"save_record: outcomes must come from one profile of {chapter}, but there are "
            f"{len(kept)} from profiles {sorted(profiles)}. Pass those of one executed notebook."
        )
    record = {
        "chapter": chapter,
        "command": command,
        "profile": profiles.pop(),
        "device": device,
        "date": datetime.date.today().isoformat(),
        "seconds": round(seconds, 1),
        "claims": [asdict(outcome) for outcome in kept],
    }
    target = Path(folder) / f"{chapter}.json"
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    partial.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    partial.replace(target)
    return target


def load_record(chapter: str) -> dict[str, Any]:
    """Returns the record of a chapter.

    Args:
        chapter: Slug.

    Returns:
        The record: chapter, command, profile, device, date, seconds, claims.

    Raises:
        DataError: If there is none, or it lacks a key.
    """
    path = data_file(f"recorded/{chapter}.json")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in _KEYS if key not in record]
    except (ValueError, TypeError) as error:
        raise DataError(
            f"load_record: {path.name} must be JSON, but it is not ({error}). Record it again."
        ) from None
    if missing:
        raise DataError(
            f"load_record: {path.name} must have the keys {', '.join(_KEYS)}, but {missing} are "
            "missing. Record it again."
        )
    return record


def full_scale(chapter: str) -> None:
    """Displays what the recorded run of a chapter gave, and on which machine.

    Args:
        chapter: Slug.
    """
    record = load_record(chapter)
    known = Outcome.__dataclass_fields__
    outcomes = [Outcome(**{k: v for k, v in c.items() if k in known}) for c in record["claims"]]
    head = (
        f"Recorded on {record['date']}, {record['device']}, {record['seconds']:.0f} s: "
        f"{record['command']} (profile {record['profile']}). {summary(outcomes)}."
    )
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left">{html.escape(outcome.id)}</th>'
        f"<td>{number(outcome.expected)}</td><td>{number(outcome.measured)}</td>"
        f"<td>{number(outcome.stderr, 2)}</td><td>{html.escape(outcome.verdict)}</td></tr>"
        for outcome in outcomes
    )
    names = ("claim", "predicted", "measured", "standard error", "verdict")
    top = "".join(f'<th scope="col">{name}</th>' for name in names)
    table = (
        f"<p>{html.escape(head)}</p><details><summary>All recorded numbers</summary>"
        f'<div style="overflow-x:auto"><table><thead><tr>{top}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></details>"
    )
    publish({"text/html": table, "text/plain": head}, {})
