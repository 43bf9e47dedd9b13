"""What `bsgd run` does: from the chapters' names to the last line."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..running.workers import default_workers
from ..writing.notebooks import chapters_in, read_notebook, select

if TYPE_CHECKING:
    from rich.console import Console

    from ..reporting.report import Report
    from ..running.run import Result

__all__ = ["run_chapters"]


def run_chapters(
    wanted: Sequence[str],
    chapters: Path,
    build: Path,
    *,
    console: "Console",
    profile: str = "quick",
    assignments: Sequence[str] = (),
    jobs: int | None = None,
    force: bool = False,
    solved: bool = False,
    timeout: float | None = None,
    depends_on: Sequence[Path] | None = None,
) -> int:
    """Runs chapters and writes the page of what held.

    Args:
        wanted: Names, numbers or paths of chapters; none for all.
        chapters: The folder they lie in.
        build: The folder of everything generated.
        console: Where to show it.
        profile: ``"quick"`` or ``"full"``.
        assignments: ``NAME=VALUE`` texts.
        jobs: How many run at once; by default as many as there are cores in the quick profile,
            one in the full profile, whose chapters may need a GPU for themselves.
        force: Whether to run what is up to date.
        solved: Whether to run the solved notebooks, made from the sources.
        timeout: Seconds a cell may take.
        depends_on: See `run.plan`.

    Returns:
        The exit code: 0 if every cell of every chapter came to its end and no claim failed, else 1.

    Raises:
        UsageError: If something asked for does not exist.
        Interrupted: On ctrl-C.
    """
    from ..running.plan import plan, variant
    from ..running.run import run_jobs

    started = time.monotonic()
    if jobs is not None and jobs < 1:
        raise UsageError(f"run: --jobs must be at least 1, but it is {jobs}.")
    known = chapters_in(chapters, sources=solved)
    chosen = select(known, wanted)
    if solved:
        from ..writing.build import solved_notebook

        notebooks = {chapter: solved_notebook(chapter, build) for chapter in chosen}
    else:
        notebooks = {chapter: read_notebook(chapter.notebook) for chapter in chosen}
    planned = plan(
        notebooks,
        build,
        profile=profile,
        assignments=assignments,
        solved=solved,
        depends_on=depends_on,
    )
    workers = jobs or (default_workers() if profile == "quick" else 1)
    if not planned:
        console.print(f"No chapters in {chapters}: nothing to run.", highlight=False)
    from .progress import RichWatcher, show_failure

    width = max((len(chapter.name) for chapter in notebooks), default=0)
    with RichWatcher(console, width) as watcher:
        results = run_jobs(planned, watcher=watcher, workers=workers, force=force, timeout=timeout)
    for result in results:
        if result.error:
            show_failure(console, result)
    from ..reporting.report import write_report

    apart = max((variant(job.parameters) for job in planned), default="")
    report = write_report(known, build, profile=profile, solved=solved, apart=apart)
    names = {result.job.name for result in results}
    failed = [o.id for o in report.outcomes if o.verdict == "failed" and o.chapter in names]
    _last_words(console, results, report, failed, time.monotonic() - started)
    return 0 if all(result.good for result in results) and not failed else 1


def _last_words(
    console: "Console",
    results: Sequence["Result"],
    report: "Report",
    failed: list[str],
    seconds: float,
) -> None:
    for result in results:
        if result.noisy:
            where = ", ".join(map(str, result.noisy))
            console.print(
                f"[yellow]![/] {result.job.name} wrote to stderr (cell {where})", highlight=False
            )
    bad = [result for result in results if not result.good]
    console.print()
    if results:
        fresh = sum(result.status != "up to date" for result in results)
        count = f"{len(results)} chapter{'s' * (len(results) != 1)}"
        state = f"{len(bad)} did not come to the end" if bad else "all came to the end"
        console.print(f"{count}, {state} ({fresh} run now, {seconds:.1f} s).", highlight=False)
    console.print(f"What held: {report.summary}.", highlight=False, soft_wrap=True)
    if failed:
        console.print(f"[red]Failed[/]:    {', '.join(failed)}", highlight=False, soft_wrap=True)
    console.print(f"The page:  {_short(report.page)}", highlight=False, soft_wrap=True)
    if bad:
        names = " ".join(result.job.chapter.number for result in bad)
        console.print(f"Next:      mend the cell, then [bold]bsgd run {names}[/]", highlight=False)
    elif results:
        console.print("Next:      [bold]make lab[/] opens the first chapter", highlight=False)


def _short(path: Path) -> str:
    """A path as one would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
