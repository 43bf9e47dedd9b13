"""The key of a run: a hash of all that its outcome depends on."""

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...paths import package_folder, project_root

__all__ = ["dependencies", "hash_files", "run_key"]

_FORMAT = 2  # raise it when what a run stores changes
_APART = {"__pycache__", "lessons", "_data"}  # each chapter has its own, or they are named below


def dependencies(chapter: str) -> tuple[Path, ...]:
    """Returns the files and folders that a chapter's outcome depends on beside its notebook.

    The library, the course and the constraints, which all chapters share, and of the lessons and
    the recorded results only the chapter's own: an edit in one room makes no other chapter stale.

    Args:
        chapter: Its slug.
    """
    package = package_folder()
    shared = [path for path in sorted(package.iterdir()) if path.name not in _APART]
    own = [package / "lessons" / f"c{chapter}"]
    root = project_root()
    data = root / "data" if root else package / "_data"
    shared += [path for path in sorted(data.iterdir()) if path.name != "recorded"]
    own += sorted((data / "recorded").glob(f"{chapter}*.json"))
    if root:
        shared.append(root / "constraints.txt")
    return tuple(path for path in (*shared, *own) if path.exists())


def hash_files(paths: Sequence[Path]) -> str:
    """Returns one hash of the contents and relative names of all files under the paths."""
    total = hashlib.sha256()
    for top in paths:
        files = [top] if top.is_file() else sorted(p for p in top.rglob("*") if p.is_file())
        for file in files:
            if "__pycache__" in file.parts:
                continue
            total.update(str(file.relative_to(top.parent)).encode() + b"\0")
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def run_key(
    notebook, parameters: Mapping[str, Any], depends_on: str, env: Mapping[str, str] | None = None
) -> str:
    """Returns the key under which a run of the notebook would be stored.

    Args:
        notebook: Its code cells count, its text and outputs do not.
        parameters: What the run puts in place of the defaults.
        depends_on: `hash_files` of its `dependencies`.
        env: Variables that the kernel gets beside its own.
    """
    parts = {
        "format": _FORMAT,
        "code": [cell.source for cell in notebook.cells if cell.cell_type == "code"],
        "parameters": {name: repr(value) for name, value in sorted(parameters.items())},
        "depends_on": depends_on,
        "env": dict(sorted((env or {}).items())),
        "data": os.environ.get("BSGD_EDU_DATA", ""),
        "python": sys.version,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]
