"""Where lessons are found: a lesson is a folder ``cNN_slug`` in `lessons`, and no list names them.

This is the one place that knows. A chapter ``NN_slug`` has its room in ``lessons/cNN_slug``:
claims, exercises, figures, pages, explorers and runs, as far as it needs them.
"""

import ast
import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ..errors import UsageError
from ..paths import package_folder
from .nearest import nearest

__all__ = ["Room", "room", "rooms"]

_NAME = re.compile(r"c(\d\d_[a-z0-9]+(_[a-z0-9]+)*)")


@dataclass(frozen=True, order=True)
class Room:
    """One lesson's folder.

    Attributes:
        chapter: The chapter's slug, ``NN_slug``.
        folder: Where it lies.
    """

    chapter: str
    folder: Path

    @property
    def number(self) -> str:
        """The chapter's two digits."""
        return self.chapter[:2]

    @property
    def claims_file(self) -> Path:
        """Where the lesson states its claims."""
        return self.folder / "claims.toml"

    @property
    def question(self) -> str:
        """What the chapter asks: the docstring of the room, read without importing it."""
        text = (self.folder / "__init__.py").read_text(encoding="utf-8")
        return " ".join((ast.get_docstring(ast.parse(text)) or "").split())

    def parts(self) -> list[str]:
        """Returns the names of the room's modules and packages, sorted."""
        modules = {path.stem for path in self.folder.glob("*.py")} - {"__init__"}
        return sorted(modules | {path.parent.name for path in self.folder.glob("*/__init__.py")})

    def load(self, part: str) -> ModuleType:
        """Returns a module of the room, imported.

        Args:
            part: For example ``"pages"``.

        Raises:
            UsageError: If the room has none of that name.
        """
        if part not in self.parts():
            raise UsageError(
                f"lesson: part must be one of {', '.join(self.parts()) or 'none yet'}, but "
                f"{part!r} is none of {self.folder.name}. {nearest(part, self.parts())}"
            )
        package = __name__.rpartition(".course.")[0]
        return importlib.import_module(f"{package}.lessons.{self.folder.name}.{part}")


def rooms(folder: Path | None = None) -> dict[str, Room]:
    """Returns the rooms there are, by their chapters' slugs, in order.

    Args:
        folder: Where to look; None for the package's own lessons.
    """
    lessons = package_folder() / "lessons" if folder is None else folder
    found = {}
    for path in sorted(lessons.glob("c*/__init__.py")):
        if name := _NAME.fullmatch(path.parent.name):
            found[name[1]] = Room(name[1], path.parent)
    return found


def room(chapter: str) -> Room:
    """Returns the room of a chapter.

    Args:
        chapter: Its slug or its two digits.

    Raises:
        UsageError: If there is no such lesson; the message names the nearest.
    """
    known = rooms()
    found = [one for slug, one in known.items() if chapter in (slug, one.number)]
    if len(found) != 1:
        raise UsageError(
            f"lesson: chapter must be one of the {len(known)} in lessons/, but {chapter!r} is "
            f"not. {nearest(chapter, known)}"
        )
    return found[0]
