"""The register of claims: what every paper says that the course puts to the test."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from ...errors import DataError
from ..rooms import Room, rooms

__all__ = ["KINDS", "SOURCES", "Entry", "read_claims", "read_registry"]

KINDS = ("identity", "quantitative", "qualitative")
SOURCES = ("paper", "ours", "classic", "sanity")
SCALES = ("paper", "smaller")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Entry:
    """One claim as a lesson's `claims.toml` states it; its chapter is the folder's.

    Attributes:
        id: ``topic/name``.
        chapter: Slug of the chapter that asserts it.
        source: Who states it: the ``paper``, ``ours`` (derived for this course), a
            ``classic``, or a ``sanity`` check, which a theorem guarantees.
        paper: Authors, year, title or number of the work it belongs to.
        where: Place in that work, or what is known of it.
        statement: One sentence in our own words, without measured numbers.
        kind: ``identity``, ``quantitative`` or ``qualitative``.
        predicted: The value or inequality, as a reader would write it.
        tolerance: How the tolerance was reasoned.
        scale: ``smaller`` if the paper shows it at a scale that this course does not reach.
        sigmas: How many standard errors a Monte-Carlo gap may have.
    """

    id: str
    chapter: str
    source: str
    paper: str
    where: str
    statement: str
    kind: str
    predicted: str
    tolerance: str
    scale: str = "paper"
    sigmas: float = 4.0


# The chapter is the folder's: a table does not repeat it.
_KEYS = tuple(field.name for field in fields(Entry) if field.name != "chapter")
_REQUIRED = _KEYS[: _KEYS.index("scale")]


def read_registry(folder: Path | None = None) -> dict[str, Entry]:
    """Reads the claims of all lessons.

    Args:
        folder: The folder of the lessons; None for the package's own.

    Returns:
        Claims by id, chapter by chapter in the order of their files.

    Raises:
        DataError: If a file is no TOML, or a claim lacks a key, has an unknown one, a value
            that is none of those allowed, or an id that is taken.
    """
    entries: dict[str, Entry] = {}
    for room in rooms(folder).values():
        for found in read_claims(room).values():
            if found.id in entries:
                raise DataError(
                    f"read_registry: ids must be unique, but {found.id!r} appears twice, in "
                    f"{entries[found.id].chapter} and {found.chapter}. Rename one."
                )
            entries[found.id] = found
    return entries


def read_claims(room: Room) -> dict[str, Entry]:
    """Reads the claims of one lesson; a lesson without a file has none.

    Args:
        room: The lesson.

    Returns:
        Claims by id, in the order of the file.

    Raises:
        DataError: As `read_registry`.
    """
    file = room.claims_file
    if not file.is_file():
        return {}
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("claim", [])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"read_claims: a lesson's claims must be TOML of [[claim]] tables, but {file} is not "
            f"({error}). Correct that line."
        ) from None
    entries: dict[str, Entry] = {}
    for number, table in enumerate(tables, 1):
        name = f"claim {number} ({table.get('id', 'no id')}) of {room.chapter}"
        found = _parse(table, room.chapter, name)
        if found.id in entries:
            raise DataError(
                f"read_claims: ids must be unique, but {found.id!r} appears twice in "
                f"{room.chapter}. Rename one."
            )
        entries[found.id] = found
    return entries


def _parse(table: dict, chapter: str, name: str) -> Entry:
    unknown, missing = sorted(set(table) - set(_KEYS)), sorted(set(_REQUIRED) - set(table))
    if unknown or missing:
        raise DataError(
            f"read_registry: {name} must have the keys {', '.join(_REQUIRED)} and may have scale, "
            f"sigmas, but missing are {missing} and unknown are {unknown}. Correct the table."
        )
    for key, allowed in (("kind", KINDS), ("source", SOURCES), ("scale", SCALES)):
        if key in table and table[key] not in allowed:
            raise DataError(
                f"read_registry: {key} of {name} must be one of {', '.join(allowed)}, but it is "
                f"{table[key]!r}. Choose one of them."
            )
    if not _ID.fullmatch(str(table["id"])):
        raise DataError(
            f"read_registry: id of {name} must look like topic/short-name, but it is "
            f"{table['id']!r}. Use lower case, digits and the separators shown."
        )
    empty = [key for key in _REQUIRED if not str(table[key]).strip()]
    sigmas = table.get("sigmas", 4.0)
    if empty or not isinstance(sigmas, int | float) or not 2 <= sigmas <= 6:
        raise DataError(
            f"read_registry: {name} must have texts that say something and 2 ≤ sigmas ≤ 6, but "
            f"empty are {empty} and sigmas is {sigmas!r}. Correct the table."
        )
    return Entry(**table, chapter=chapter)
