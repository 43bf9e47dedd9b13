"""Builds a chapter's notebooks from its source; `source` says how a source is written.

From ``chapters/source/NN_slug.py`` come

- ``chapters/NN_slug.ipynb``: the learner's, executed, outputs kept, widget state stripped;
- ``build/solved/NN_slug.ipynb``: with the solutions, for the site and the tests;
- ``build/nbgrader/source/NN_slug/NN_slug.ipynb``: from which ``nbgrader generate_assignment``,
  called in ``build/nbgrader``, releases the student's version.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .notebooks import (
    Chapter,
    chapters_in,
    read_notebook,
    select,
    strip_notebook,
    write_notebook,
    write_text,
)
from .source import Source, read_source
from .variants import CODE_STUB, TEXT_STUB, make_notebook

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["build_chapters", "check_chapters", "differences", "solved_notebook", "write_unexecuted"]

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


def build_chapters(
    wanted: Sequence[str],
    chapters: Path,
    build: Path,
    *,
    console: "Console",
    execute: bool = True,
    force: bool = False,
    jobs: int | None = None,
    depends_on: Sequence[Path] | None = None,
) -> int:
    """Builds the three notebooks of each chapter.

    Every source is read before the first notebook is written, and a learner's notebook is
    replaced only by one that ran to its end.

    Args:
        wanted: Names, numbers or paths of chapters; none for all.
        chapters: The folder they lie in.
        build: The folder of everything generated that is not committed.
        console: Where to show it.
        execute: Whether to execute the learner's notebook.
        force: Whether to execute what is up to date.
        jobs: How many kernels run at once.
        depends_on: See `run.plan`.

    Returns:
        The exit code: 1 if a cell failed, else 0.

    Raises:
        UsageError: If a chapter is not there or its source breaks a rule.
    """
    started = time.monotonic()
    chosen = select(chapters_in(chapters, sources=True), wanted)
    if not chosen:
        console.print(f"No sources in {chapters / 'source'}: nothing to build.", highlight=False)
        return 0
    sources = [read_source(chapter) for chapter in chosen]
    notebooks = {source.chapter: make_notebook(source, "learner") for source in sources}
    write_unexecuted(sources, build)
    code = 0
    if execute:
        notebooks, code = _execute(
            notebooks, build, console, force=force, jobs=jobs, depends_on=depends_on
        )
    for chapter, notebook in notebooks.items():
        strip_notebook(notebook)
        changed = write_notebook(notebook, chapter.notebook)
        size = chapter.notebook.stat().st_size / 1000
        word = "written" if changed else "unchanged"
        console.print(f"  {chapter.notebook.name} {word}, {size:.0f} kB", highlight=False)
    count = f"{len(notebooks)} of {len(chosen)} chapter{'s' * (len(chosen) != 1)}"
    console.print(
        f"\n{count} built ({time.monotonic() - started:.1f} s); "
        f"solved and nbgrader notebooks are in {build.name}/.",
        highlight=False,
    )
    return code


def _execute(notebooks, build: Path, console: "Console", *, force, jobs, depends_on):
    from .commands import default_workers
    from .progress import RichWatcher, show_failure
    from .run import plan, run_jobs

    planned = plan(notebooks, build, depends_on=depends_on)
    with RichWatcher(console, planned) as watcher:
        results = run_jobs(planned, watcher=watcher, workers=jobs or default_workers(), force=force)
    for result in results:
        if result.error:
            show_failure(console, result)
    done = {result.job.chapter: result.notebook for result in results if result.good}
    return done, 0 if len(done) == len(results) else 1


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


def check_chapters(wanted: Sequence[str], chapters: Path, *, console: "Console") -> int:
    """Compares committed notebooks with what their sources make, and writes nothing.

    Returns:
        The exit code: 1 if one differs, else 0.
    """
    with_source = chapters_in(chapters, sources=True)
    chosen = select(with_source, wanted)
    found = [line for chapter in chosen for line in differences(chapter)]
    if not wanted:
        orphans = set(chapters_in(chapters)) - set(with_source)
        found += [f"{chapter.notebook.name}: has no source" for chapter in sorted(orphans)]
    for line in found:
        console.print(line, highlight=False, soft_wrap=True)
    if found:
        console.print("\nRun bsgd build to make them again.", highlight=False)
        return 1
    many = len(chosen) != 1
    words = f"{len(chosen)} chapters, as their sources make them." if many else ""
    console.print(words or "1 chapter, as its source makes it.", highlight=False)
    return 0
