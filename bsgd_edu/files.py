"""The one writer of files: whole or not at all, the same bytes on every system."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["write_json", "write_text"]


def write_text(path: str | Path, text: str) -> bool:
    """Writes a file whole or not at all, and leaves an equal one alone.

    Args:
        path: Where to; folders on the way are made.
        text: What; it is written in UTF-8, with the same line ends on every system.

    Returns:
        Whether it wrote.
    """
    path, content = Path(path), text.encode("utf-8")
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)  # mkstemp's 0600 is for secrets; these are for readers
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def write_json(path: str | Path, value: Any) -> bool:
    """Writes a value as JSON that a person can read and git can compare.

    Args:
        path: Where to.
        value: Numbers, texts, lists and mappings of them.

    Returns:
        Whether it wrote.
    """
    return write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")
