"""What a chapter's source makes, and where it goes; `source` says how a source is written.

From ``chapters/source/NN_slug.py`` come

- ``chapters/NN_slug.ipynb``: the learner's, executed, outputs kept, widget state stripped;
- ``build/solved/NN_slug.ipynb``: with the solutions, for the site and the tests;
- ``build/nbgrader/source/NN_slug/NN_slug.ipynb``: from which ``nbgrader generate_assignment``,
  called in ``build/nbgrader``, releases the student's version.
"""

from collections.abc import Sequence
from pathlib import Path

from ...files import write_text
from .notebooks import Chapter, read_notebook, write_notebook
from .source import Source, read_source
from .variants import CODE_STUB, TEXT_STUB, make_notebook

__all__ = ["differences", "solved_notebook", "write_unexecuted"]

_NBGRADER_CONFIG = f'''"""nbgrader's settings for this course; written by `bsgd build`."""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "bsgd_edu"
# nbgrader copies whatever lies beside an assignment into its release, solutions too.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints", "__pycache__", "*.py", "*.pyc", "*.md", "*.html", "*.json", "feedback",
]
# Stubs return; a stub that raised would stop the run of an unanswered notebook.
c.ClearSolutions.code_stub = {{"python": {CODE_STUB!r}}}
c.ClearSolutions.text_stub = {TEXT_STUB!r}
'''


def solved_notebook(chapter: Chapter, build: Path):
    """Returns a chapter's solved notebook, not executed, and writes it."""
    notebook = make_notebook(read_source(chapter), "solved")
    write_notebook(notebook, build / "solved" / f"{chapter.name}.ipynb")
    return notebook


def write_unexecuted(sources: Sequence[Source], build: Path) -> None:
    """Writes the solved notebooks, and a folder in which nbgrader's commands can be called.

    All notebooks are made before the first is written.
    """
    made = [(source.chapter.name, variant, make_notebook(source, variant))
            for source in sources for variant in ("solved", "nbgrader")]  # fmt: skip
    write_text(build / "nbgrader" / "nbgrader_config.py", _NBGRADER_CONFIG)
    for name, variant, notebook in made:
        place = Path("solved") if variant == "solved" else Path("nbgrader", "source", name)
        write_notebook(notebook, build / place / f"{name}.ipynb")


def differences(chapter: Chapter) -> list[str]:
    """Says where a committed notebook is not what its source makes; outputs are not compared.

    Args:
        chapter: A chapter that has a source.

    Returns:
        One line a difference; none if the notebook is up to date.
    """
    made = make_notebook(read_source(chapter), "learner")
    name = chapter.notebook.name
    if not chapter.notebook.is_file():
        return [f"{name}: is missing"]
    stored = read_notebook(chapter.notebook)
    found = []
    if len(made.cells) != len(stored.cells):
        found.append(f"{name}: {len(stored.cells)} cells, but the source makes {len(made.cells)}")
    if made.metadata != stored.metadata:
        found.append(f"{name}: its metadata is not what the build writes")
    for index, (new, old) in enumerate(zip(made.cells, stored.cells, strict=False)):
        parts = [
            part
            for part in ("cell_type", "source", "id", "metadata")
            if new.get(part) != old.get(part)
        ]
        if parts:
            found.append(f"{name}:{index}: another {' and '.join(parts)} than the source makes")
        elif old.cell_type == "code" and not old.execution_count:
            found.append(f"{name}:{index}: was not executed")
    return found
