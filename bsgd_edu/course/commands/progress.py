"""What a run shows while it goes on, and how it shows a cell that failed."""

import re

from rich.console import Console, Group
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.syntax import Syntax
from rich.text import Text

from ..running.execute import CellError
from ..running.plan import Job
from ..running.run import Result
from ..writing.notebooks import heading_of

__all__ = ["RichWatcher", "show_failure"]

_TRACEBACK_LINES = 24
_MARKS = {"ok": "[green]✓[/]", "up to date": "[green]·[/]"}


class RichWatcher:
    """Shows a bar a chapter with the heading it has reached; without a terminal, plain lines.

    Args:
        console: Where to show it.
        width: Room for the longest of the chapters' names.
    """

    def __init__(self, console: Console, width: int):
        self._console, self._width = console, width
        self._live = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[label]}[/]"),
            console=console,
            transient=True,
        )
        self._tasks = {}

    def __enter__(self):
        if self._live:
            self._progress.start()
        return self

    def __exit__(self, *_):
        if self._live:
            self._progress.stop()

    def start(self, job: Job) -> None:
        """Shows a chapter's bar."""
        if not self._live:
            self._console.print(f"  {job.name} …", highlight=False)
            return
        cells = sum(cell.cell_type == "code" for cell in job.notebook.cells)
        cells += bool(job.parameters)
        self._tasks[job.name] = self._progress.add_task(
            job.name.ljust(self._width), total=cells, label="starting a kernel"
        )

    def cell(self, job: Job, done: int, label: str) -> None:
        """Moves the bar and names the section."""
        if self._live:
            short = label if len(label) <= 34 else label[:33] + "…"
            self._progress.update(self._tasks[job.name], completed=done, label=escape(short))

    def finish(self, result: Result) -> None:
        """Replaces the bar by one line."""
        if result.job.name in self._tasks:
            self._progress.remove_task(self._tasks.pop(result.job.name))
        if result.status == "stopped":
            return
        mark = _MARKS.get(result.status, "[red]✗[/]")
        fresh = "" if result.status == "up to date" else f"{result.seconds:6.1f} s  "
        status = "" if result.status == "ok" else result.status
        name = result.job.name.ljust(self._width)
        self._console.print(f"{mark} {name}  {fresh}{status}".rstrip(), highlight=False)


def show_failure(console: Console, result: Result) -> None:
    """Prints the cell that failed: where it stands, its source, and the end of its traceback."""
    error: CellError = result.error
    section = heading_of(result.notebook.cells, error.index)
    where = f"{result.job.name}, cell {error.index}" + (f" ({section})" if section else "")
    parts = [Text(f"\n{where}", style="bold red")]
    if error.source:
        parts.append(Syntax(error.source, "python", line_numbers=True, background_color="default"))
    if error.traceback:
        parts.append(Text.from_ansi(_short(error.traceback)))
    else:
        parts.append(Text(f"{error.name}: {error.message}", style="red"))
    console.print(Group(*parts))


def _short(traceback: str) -> str:
    """The end of IPython's traceback, from its last frames on, without the rule on top."""
    plain = re.compile(r"\x1b\[[0-9;]*m")
    lines = [line for line in traceback.splitlines() if set(plain.sub("", line)) != {"-"}]
    if len(lines) <= _TRACEBACK_LINES:
        return "\n".join(lines)
    return "\n".join([lines[0], "  …", *lines[-_TRACEBACK_LINES:]])
