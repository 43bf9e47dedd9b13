"""What `bsgd build` does: from the chapters' names to the last line."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..writing.build import differences, write_unexecuted
from ..writing.contents import contents_differ, write_contents
from ..writing.notebooks import chapters_in, select, strip_notebook, write_notebook
from ..writing.source import read_source
from ..writing.variants import make_notebook

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["build_chapters", "check_chapters"]


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
    if write_contents(chapters.parent / "README.md", chapters_in(chapters, sources=True)):
        console.print("  README.md: the table of chapters is written anew", highlight=False)
    count = f"{len(notebooks)} of {len(chosen)} chapter{'s' * (len(chosen) != 1)}"
    console.print(
        f"\n{count} built ({time.monotonic() - started:.1f} s); "
        f"solved and nbgrader notebooks are in {build.name}/.",
        highlight=False,
    )
    return code


def _execute(notebooks, build: Path, console: "Console", *, force, jobs, depends_on):
    from ..commands.progress import RichWatcher, show_failure
    from ..commands.run import default_workers
    from ..running.plan import plan
    from ..running.run import run_jobs

    planned = plan(notebooks, build, depends_on=depends_on)
    width = max((len(chapter.name) for chapter in notebooks), default=0)
    with RichWatcher(console, width) as watcher:
        results = run_jobs(planned, watcher=watcher, workers=jobs or default_workers(), force=force)
    for result in results:
        if result.error:
            show_failure(console, result)
    done = {result.job.chapter: result.notebook for result in results if result.good}
    return done, 0 if len(done) == len(results) else 1


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
    if contents_differ(chapters.parent / "README.md", with_source):
        found.append("README.md: its table of chapters is not what the chapters say")
    for line in found:
        console.print(line, highlight=False, soft_wrap=True)
    if found:
        console.print("\nRun bsgd build to make them again.", highlight=False)
        return 1
    many = len(chosen) != 1
    words = f"{len(chosen)} chapters, as their sources make them." if many else ""
    console.print(words or "1 chapter, as its source makes it.", highlight=False)
    return 0
