"""The register of claims: what every paper says that the course puts to the test."""

import re
import tomllib
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from ..errors import DataError, UsageError
from ..paths import data_file

__all__ = ["KINDS", "SOURCES", "Entry", "entry", "nearest", "read_registry"]

KINDS = ("identity", "quantitative", "qualitative")
SOURCES = ("paper", "ours", "classic")
SCALES = ("paper", "smaller")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*")
_CHAPTER = re.compile(r"\d\d_[a-z0-9_]+")


@dataclass(frozen=True)
class Entry:
    """One claim as `data/claims.toml` states it.

    Attributes:
        id: ``topic/name``.
        chapter: Slug of the chapter that asserts it.
        source: Who states it: the ``paper``, ``ours`` (derived for this course), or a ``classic``.
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


_KEYS = tuple(field.name for field in fields(Entry))
_REQUIRED = _KEYS[: _KEYS.index("scale")]


def read_registry(path: str | Path | None = None) -> dict[str, Entry]:
    """Reads the register of claims.

    Args:
        path: A TOML file of ``[[claim]]`` tables; None for the project's own.

    Returns:
        Claims by id, in the order of the file.

    Raises:
        DataError: If the file is no TOML, or a claim lacks a key, has an unknown one, a value
            that is none of those allowed, or an id that is taken.
    """
    file = data_file("claims.toml") if path is None else Path(path)
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("claim", [])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"read_registry: path must be a TOML file of [[claim]] tables, but {file} is not "
            f"({error}). Correct that line."
        ) from None
    entries: dict[str, Entry] = {}
    for number, table in enumerate(tables, 1):
        found = _parse(table, f"claim {number} ({table.get('id', 'no id')}) of {file.name}")
        if found.id in entries:
            raise DataError(
                f"read_registry: ids must be unique, but {found.id!r} appears twice in "
                f"{file.name}. Rename one."
            )
        entries[found.id] = found
    return entries


def _parse(table: dict, name: str) -> Entry:
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
    for key, pattern in (("id", _ID), ("chapter", _CHAPTER)):
        if not pattern.fullmatch(str(table[key])):
            raise DataError(
                f"read_registry: {key} of {name} must look like "
                f"{'topic/short-name' if key == 'id' else '01_order_matters'}, but it is "
                f"{table[key]!r}. Use lower case, digits and the separators shown."
            )
    empty = [key for key in _REQUIRED if not str(table[key]).strip()]
    sigmas = table.get("sigmas", 4.0)
    if empty or not isinstance(sigmas, int | float) or not 2 <= sigmas <= 6:
        raise DataError(
            f"read_registry: {name} must have texts that say something and 2 ≤ sigmas ≤ 6, but "
            f"empty are {empty} and sigmas is {sigmas!r}. Correct the table."
        )
    return Entry(**table)


@cache
def _registry() -> dict[str, Entry]:
    return read_registry()


def entry(claim_id: str) -> Entry:
    """Returns the claim of that id from the project's register.

    Args:
        claim_id: For example ``"order/fixed-point"``.

    Returns:
        The entry.

    Raises:
        UsageError: If there is none; the message names the nearest id.
    """
    entries = _registry()
    if claim_id not in entries:
        raise UsageError(
            f"claim: id must be one of the {len(entries)} of data/claims.toml, but {claim_id!r} "
            f"is not. {nearest(claim_id, entries)}"
        )
    return entries[claim_id]


def nearest(word: str, known: object) -> str:
    """Returns the remedy for a misspelt word: the nearest known one.

    Args:
        word: What was written.
        known: What exists, an iterable of words.

    Returns:
        A sentence.

    Example:
        >>> nearest("oder/cycle", ["order/cycle", "queue/mean"])
        "Did you mean 'order/cycle'?"
        >>> nearest("zzz", ["b", "a"])
        'Known: a, b.'
    """
    words = sorted(known)
    close = get_close_matches(str(word), words, n=1, cutoff=0.5)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known: {', '.join(words[:8])}{', …' if len(words) > 8 else ''}."
