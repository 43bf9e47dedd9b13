"""Chapters on disk: which there are, how one is chosen, how a notebook is read and written.

A chapter is ``NN_slug``: its source ``source/NN_slug.py`` and its notebook ``NN_slug.ipynb`` lie
in one folder. Everything here takes that folder as an argument.
"""

import copy
import difflib
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import UsageError
from ...files import write_text
from ...paths import project_root

__all__ = [
    "Chapter",
    "assign_ids",
    "chapters_folder",
    "chapters_in",
    "heading_of",
    "headings",
    "read_notebook",
    "select",
    "stderr_cells",
    "strip_notebook",
    "with_new_prose",
    "write_notebook",
]

CHAPTER_NAME = re.compile(r"\d{2}_[a-z0-9]+(?:_[a-z0-9]+)*")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True, order=True)
class Chapter:
    """A chapter's name and the folder it lies in."""

    name: str
    folder: Path

    @property
    def number(self) -> str:
        """The two digits that its exercises' ids begin with."""
        return self.name[:2]

    @property
    def notebook(self) -> Path:
        """What a learner opens."""
        return self.folder / f"{self.name}.ipynb"

    @property
    def source(self) -> Path:
        """What an author edits."""
        return self.folder / "source" / f"{self.name}.py"


def chapters_folder(given: Path | None = None) -> Path:
    """Returns the folder of the chapters: the given one, the checkout's, or ``./chapters``.

    Raises:
        UsageError: If there is none.
    """
    root = project_root()
    folder = given or (root / "chapters" if root else Path("chapters"))
    if not folder.is_dir():
        raise UsageError(
            f"chapters: the folder must exist, but {folder} does not. "
            "Run bsgd inside a checkout of the course, or pass --chapters FOLDER."
        )
    return folder.resolve()


def chapters_in(folder: Path, *, sources: bool = False) -> list[Chapter]:
    """Returns the chapters that have a notebook there (or a source), by number."""
    pattern = "source/*.py" if sources else "*.ipynb"
    names = {path.stem for path in folder.glob(pattern)}
    return sorted(Chapter(name, folder) for name in names if CHAPTER_NAME.fullmatch(name))


def select(chapters: Sequence[Chapter], wanted: Iterable[str]) -> list[Chapter]:
    """Returns the chapters that were asked for, all of them if none was.

    Args:
        chapters: Those there are.
        wanted: Numbers (``"1"``, ``"01"``), names, slugs, or paths of a source or a notebook.

    Raises:
        UsageError: If one is not there; the message names those that are, and the nearest.

    Example:
        >>> here = [Chapter("01_order_matters", Path()), Chapter("02_backward_sgd", Path())]
        >>> [c.name for c in select(here, ["2", "order_matters"])]
        ['01_order_matters', '02_backward_sgd']
    """
    names: dict[str, Chapter] = {}
    for chapter in chapters:
        number = chapter.number
        names |= dict.fromkeys((chapter.name, chapter.name[3:], number, str(int(number))), chapter)
    chosen = set()
    for name in wanted:
        key = Path(name).stem if name.endswith((".py", ".ipynb")) else name
        if key not in names:
            known = ", ".join(chapter.name for chapter in chapters) or "none"
            near = difflib.get_close_matches(key, names, n=1)
            hint = f" Did you mean {names[near[0]].name}?" if near else ""
            raise UsageError(
                f"chapter: must be one of those that are there, but {name!r} is not "
                f"(there: {known}).{hint}"
            )
        chosen.add(names[key])
    return sorted(chosen) or list(chapters)


def read_notebook(path: Path):
    """Returns a notebook as nbformat reads it.

    Raises:
        UsageError: If the file is not a notebook.
    """
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat has no one error for "this is no notebook"
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UsageError(
            f"{path.name}: must be a notebook, but it cannot be read ({reason[:120]}). "
            "Restore it, or make it again with `bsgd build`."
        ) from None


def write_notebook(notebook, path: Path) -> bool:
    """Writes a notebook whole or not at all; returns whether the file changed."""
    import nbformat

    return write_text(path, nbformat.writes(notebook).rstrip("\n") + "\n")


def stderr_cells(notebook) -> list[int]:
    """Returns the indices of the cells that wrote to stderr."""
    return [
        index
        for index, cell in enumerate(notebook.cells)
        if any(output.get("name") == "stderr" for output in cell.get("outputs", ()))
    ]


def assign_ids(cells: Iterable) -> None:
    """Gives each cell an id that is a hash of what it says, and a counter for equal cells."""
    seen: dict[str, int] = {}
    for cell in cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        count = seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = digest if count == 1 else f"{digest}-{count}"


def strip_notebook(notebook) -> None:
    """Takes out, in place, what a run leaves behind beside its outputs.

    Times, machine facts and widget state go. A bundle that holds a picture loses its widget view:
    without a kernel the view would hide the picture behind "model not found".
    """
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        # What JupyterLab writes for any Python 3, but for the version; without the extension
        # nbconvert would call a script .txt.
        "language_info": {
            "codemirror_mode": {"name": "ipython", "version": 3},
            "file_extension": ".py",
            "mimetype": "text/x-python",
            "name": "python",
            "nbconvert_exporter": "python",
            "pygments_lexer": "ipython3",
        },
    }
    for cell in notebook.cells:
        tags = cell.metadata.get("tags") or []
        folded = {"jupyter": cell.metadata["jupyter"]} if "jupyter" in cell.metadata else {}
        cell.metadata = {**({"tags": list(tags)} if tags else {}), **folded}
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data.pop(WIDGET_VIEW, None)


def with_new_prose(stored, notebook):
    """Returns the stored run with the notebook's present text around the same code.

    Args:
        stored: A run of the chapter, perhaps with other prose.
        notebook: The chapter as it is now, with the same code.
    """
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    result = copy.deepcopy(stored)
    cells = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            cells.append(copy.deepcopy(cell))
            continue
        cells.append(code.pop(0))
        # What papermill injected stands behind the parameters, in the run only.
        if code and "injected-parameters" in code[0].metadata.get("tags", ()):
            cells.append(code.pop(0))
    result.cells = cells
    return result


def headings(markdown: str) -> list[tuple[int, str]]:
    r"""Returns (level, text) of the headings, those inside code fences left out.

    Example:
        >>> headings("# A\n```\n# no\n```\n## B: c")
        [(1, 'A'), (2, 'B: c')]
    """
    text = re.sub(r"^```.*?(^```|\Z)", "", markdown, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"^(#{1,6})\s+(.+?)\s*$", text, flags=re.MULTILINE)
    return [(len(signs), title) for signs, title in found]


def heading_of(cells: Sequence, index: int) -> str:
    """Returns the last heading at or above a cell; ``""`` if there is none."""
    for cell in reversed(cells[: index + 1]):
        found = headings(cell.source) if cell.cell_type == "markdown" else []
        if found:
            return found[-1][1]
    return ""
