"""A chapter's parameters: what its cell declares, and what a run puts in their place."""

import ast
import difflib
from collections.abc import Sequence
from typing import Any

from ...errors import UsageError

__all__ = ["declared", "parse", "parse_value"]


def declared(notebook) -> dict[str, Any]:
    """Returns the names and default values of the cell tagged ``parameters``.

    Only ``name = literal`` lines count; what else stands there is `lint`'s to find.
    """
    found: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code" or "parameters" not in cell.metadata.get("tags", ()):
            continue
        for statement in _statements(cell.source):
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            if isinstance(statement, ast.AnnAssign) and statement.value is not None:
                targets = [statement.target]
            if len(targets) == 1 and isinstance(targets[0], ast.Name):
                try:
                    found[targets[0].id] = ast.literal_eval(statement.value)
                except ValueError:
                    continue
    return found


def _statements(code: str) -> list[ast.stmt]:
    try:
        return ast.parse(code).body
    except SyntaxError:
        return []


def parse(
    assignments: Sequence[str], known: dict[str, Any], *, profile: str, chapter: str
) -> dict[str, Any]:
    """Turns ``NAME=VALUE`` texts into the parameters of a run.

    Args:
        assignments: What was asked for.
        known: The chapter's parameters with their defaults.
        profile: ``"quick"`` or ``"full"``.
        chapter: The chapter's name, for messages.

    Returns:
        The parameters that differ from the defaults, each of its default's type.

    Raises:
        UsageError: If a text has no ``=``, a name is unknown, or a value is of another type.
    """
    values: dict[str, Any] = {}
    if profile != known.get("profile", "quick"):
        values["profile"] = _require(chapter, "profile", known) and profile
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(
                f"run: -p must be NAME=VALUE, but it is {assignment!r}. Write as in -p seed=1."
            )
        if name == "profile":
            raise UsageError(f"run: the profile has its own option. Write --profile {text}.")
        values[name] = parse_value(name, text.strip(), _require(chapter, name, known)[0])
    return {name: value for name, value in values.items() if not _same(value, known[name])}


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and value == default


def _require(chapter: str, name: str, known: dict[str, Any]) -> tuple[Any]:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        names = ", ".join(known) or "none"
        raise UsageError(
            f"run: a parameter must be one that the chapter declares, but {chapter} has no "
            f"{name!r} (it has: {names}).{hint}"
        )
    return (known[name],)


def parse_value(name: str, text: str, default: Any) -> Any:
    """Reads a value as the type of the parameter's default.

    Raises:
        UsageError: If it is not of that type.

    Example:
        >>> parse_value("lr", "1", 0.5), parse_value("seeds", "(1, 2)", (0,))
        (1.0, (1, 2))
    """
    if isinstance(default, str):
        quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
        return text[1:-1] if quoted else text
    if isinstance(default, bool):
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if text.lower() in words:
            return words[text.lower()]
    else:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = text
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        if default is None or type(value) is type(default):
            return value
    raise UsageError(
        f"run: {name} must be of type {type(default).__name__}, as its default {default!r} is, "
        f"but {text!r} is not. Give one of that type."
    )
