"""What the notebook's shell knows: which cell runs, which one failed, and when one ends."""

import ast
import re
from collections.abc import Callable
from typing import Any

__all__ = ["after_each_cell", "failed_answers"]

_BINDS = re.compile(r"^(?:def\s+(\w+)|(\w+)\s*=[^=])", re.MULTILINE)


def _shell() -> Any:
    """The shell that runs this process's cells, None outside a notebook."""
    from IPython.core.interactiveshell import InteractiveShell

    return InteractiveShell.instance() if InteractiveShell.initialized() else None


def after_each_cell(call: Callable[[], None]) -> bool:
    """Has a function called at the end of every cell; returns False where there are no cells."""
    shell = _shell()
    if shell is None:
        return False
    shell.events.register("post_run_cell", lambda *_: call())
    return True


class _Failures:
    """Remembers, of each name, the error of the cell that should have given it its last value."""

    def __init__(self, shell: Any):
        self._errors: dict[str, str] = {}
        self._source = ""
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def _begin(self, info: Any) -> None:
        self._source = info.raw_cell

    def _end(self, result: Any) -> None:
        error = result.error_before_exec or result.error_in_exec
        for name in _bound(result.info.raw_cell):
            if error is None:
                self._errors.pop(name, None)
            else:
                self._errors[name] = f"{type(error).__name__}: {error}"

    def of(self, number: int) -> tuple[str, str] | None:
        """The name that the running cell hands to ``check`` or ``use``, and its error."""
        found = re.search(rf"\.(?:check|use)\(\s*{number}\s*,\s*(\w+)", self._source)
        error = self._errors.get(found[1]) if found else None
        return (found[1], error) if error else None


def failed_answers() -> Callable[[int], tuple[str, str] | None]:
    """Begins to watch cells; returns a function from an exercise's number to what failed.

    That is the name of the answer and the error of the cell that should have made it, or None if
    the last such cell came to its end.
    """
    shell = _shell()
    return (lambda number: None) if shell is None else _Failures(shell).of


def _bound(source: str) -> set[str]:
    """The names that a cell gives a value at top level; of broken code, those that begin a line."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {name for pair in _BINDS.findall(source) for name in pair if name}
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        else:
            names |= {
                inner.id
                for inner in ast.walk(node)
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
            }
    return names
