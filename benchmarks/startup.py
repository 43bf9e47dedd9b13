"""How long does one wait before anything happens? Imports, notebooks, explorers.

    python benchmarks/startup.py [--repeats 7]

Imports are timed in fresh processes, in turn with a bare ``import torch``; the time a notebook
takes beyond its own code is that of four nearly empty ones, two kernels at a time.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODULES = ("bsgd_edu", "bsgd_edu.maps", "bsgd_edu.rules", "bsgd_edu.nets", "bsgd_edu.optim")


def seconds_of(code: str) -> float:
    """Seconds that a fresh Python takes to run a line of code."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def imports(repeats: int) -> list[tuple]:
    """Import times as ratios to ``import torch``."""
    times: dict[str, list[float]] = {name: [] for name in ("torch", *MODULES)}
    for name in times:
        seconds_of(f"import {name}")  # warm the file cache
    for _ in range(repeats):
        for name, values in times.items():
            values.append(seconds_of(f"import {name}"))
    base = statistics.median(times["torch"])
    rows = []
    for name in MODULES:
        ratio = statistics.median(times[name]) / base
        rows.append((f"import {name}", f"{ratio:.2f} × import torch", "≤ 1.1", ratio <= 1.1))
    return rows


def notebooks() -> list[tuple]:
    """What each of four notebooks costs beyond its content."""
    import nbformat

    from bsgd_edu.course.running.plan import plan
    from bsgd_edu.course.running.run import run_jobs
    from bsgd_edu.course.writing.notebooks import chapters_in

    class Quiet:
        def start(self, job): ...
        def cell(self, job, done, label): ...
        def finish(self, result): ...

    with tempfile.TemporaryDirectory() as folder:
        chapters, build = Path(folder) / "chapters", Path(folder) / "build"
        chapters.mkdir()
        for number in range(1, 5):
            notebook = nbformat.v4.new_notebook(
                cells=[
                    nbformat.v4.new_code_cell(
                        'profile = "quick"\nseed = 0\ndevice = "auto"',
                        metadata={"tags": ["parameters"]},
                    ),
                    nbformat.v4.new_code_cell("1 + 1"),
                ]
            )
            nbformat.write(notebook, chapters / f"{number:02}_empty.ipynb")
        found = {c: nbformat.read(c.notebook, 4) for c in chapters_in(chapters)}
        start = time.perf_counter()
        run_jobs(plan(found, build), watcher=Quiet(), workers=2)
        each = (time.perf_counter() - start) / 4
    return [("a notebook beyond its content, 4 of them, 2 at a time", f"{each:.2f} s", "≤ 1.75 s",
             each <= 1.75)]  # fmt: skip


def explorer_answers() -> list[tuple]:
    """Median answer of every explorer over moves of its controls (the worst is shown too)."""
    import inspect

    import matplotlib

    matplotlib.use("agg")
    from bsgd_edu import explorers
    from bsgd_edu.plot.explorer import Explorer

    rows = []
    parts = (getattr(explorers, name) for name in explorers.__all__)
    for module in filter(inspect.ismodule, parts):
        for name in module.__all__:
            make = getattr(module, name)
            if getattr(make, "__annotations__", {}).get("return") is not Explorer:
                continue
            if inspect.signature(make).parameters:
                continue
            explorer, times = make(), []
            for control, widget in explorer.controls.items():
                for value in stops_of(widget):
                    start = time.perf_counter()
                    explorer.move(**{control: value})
                    times.append(1e3 * (time.perf_counter() - start))
            middle = statistics.median(times)
            label = f"explorer {module.__name__.rpartition('.')[2]}.{name}"
            measured = f"{middle:.0f} ms, worst {max(times):.0f}"
            rows.append((label, measured, "median ≤ 100 ms", middle <= 100))
    return rows


def stops_of(widget) -> list:
    """Values at which a control is tried: both ends and the middle, or every option."""
    if hasattr(widget, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in widget.options]
    if hasattr(widget, "min"):
        middle = widget.min + (widget.max - widget.min) / 2
        return [widget.min, widget.max, type(widget.value)(middle)]
    return [1]  # a button is pressed once


def main() -> None:
    """Prints one table."""
    from rich.console import Console
    from rich.table import Table

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    table = Table("what", "measured", "must be", "")
    for row in (*imports(repeats), *notebooks(), *explorer_answers()):
        table.add_row(*row[:3], "[green]reached[/]" if row[3] else "[red]short[/]")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
