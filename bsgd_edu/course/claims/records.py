"""Results that were recorded once: full runs of chapters, and the numbers of single experiments.

Each stands in ``data/recorded`` with what it was measured on, and when.
"""

import datetime
import html
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...errors import DataError, UsageError
from ...files import write_json
from ...paths import data_file
from ...plot.display import publish
from .outcomes import Outcome, number, summary

__all__ = ["load_record", "load_result", "save_record", "save_result", "show_record"]

_KEYS = ("chapter", "command", "profile", "device", "date", "seconds", "claims")


def load_result(name: str) -> dict[str, Any]:
    """Reads what was recorded under a name.

    Args:
        name: File name in ``data/recorded``, without ``.json``.

    Returns:
        The numbers, and where, when and with what they were taken.

    Raises:
        DataError: If there is none of that name, or it is damaged.
    """
    path = data_file(f"recorded/{name}.json")
    try:
        return dict(json.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise DataError(
            f"load_result: {path.name} must be a JSON object, but it cannot be read ({error}). "
            "Restore it, or record it again."
        ) from None


def save_result(
    path: str | Path, numbers: Mapping[str, Any], *, device: str, seconds: float
) -> Path:
    """Writes an experiment with its circumstances; the file is whole or absent.

    Args:
        path: Where to, for example ``data/recorded/backward_mnist.json``.
        numbers: Numbers, texts, lists and mappings of them.
        device: Torch's device type; for "cpu" the number of threads is added.
        seconds: Wall-clock time of the measurement.

    Returns:
        The file written.
    """
    import torch

    if device == "cpu":
        threads = torch.get_num_threads()
        device = f"a CPU ({platform.machine()}, {threads} thread{'s' if threads > 1 else ''})"
    elif device == "cuda":
        device = torch.cuda.get_device_name()
    record = {
        "device": device,
        "date": _today(),
        "seconds": round(seconds, 1),
        "torch": torch.__version__.split("+")[0],
        **numbers,
    }
    write_json(path, record)
    return Path(path)


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
        "date": _today(),
        "seconds": round(seconds, 1),
        "claims": [asdict(outcome) for outcome in kept],
    }
    target = Path(folder) / f"{chapter}.json"
    write_json(target, record)
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
    record = load_result(chapter)
    missing = [key for key in _KEYS if key not in record]
    if missing:
        raise DataError(
            f"load_record: {chapter}.json must have the keys {', '.join(_KEYS)}, but {missing} "
            "are missing. Record it again."
        )
    return record


def show_record(chapter: str) -> None:
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


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()
