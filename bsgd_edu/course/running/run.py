"""Runs chapters: in parallel, each in a kernel of its own, and only those that need it.

A run is stored in ``build/runs/<profile>/NN_slug.ipynb`` under a key of everything it depends
on: the notebook's code, its parameters, its room, the library and the constraints. A chapter
whose stored run has the same key is up to date.
"""

import signal
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ...errors import UsageError
from ..writing.notebooks import Chapter, heading_of, read_notebook, write_notebook
from . import parameters as chapter_parameters
from .runkey import adopt, dependencies, hash_files, run_key

__all__ = ["PROFILES", "Interrupted", "Job", "Result", "Watcher", "plan", "run_jobs", "runs_folder"]

PROFILES = ("quick", "full")
CELL_SECONDS = {"quick": 300.0, "full": 6 * 3600.0}


class Interrupted(Exception):
    """The user stopped a run; ``results`` holds what was finished before, of ``total``.

    No KeyboardInterrupt, of which the command line's library makes an exit of its own.
    """

    def __init__(self, results: Sequence["Result"], total: int):
        super().__init__()
        self.results, self.total = list(results), total


@dataclass(frozen=True)
class Job:
    """A chapter, what to run of it, and where the run is stored."""

    chapter: Chapter
    notebook: Any
    output: Path
    key: str
    profile: str = "quick"
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The chapter's name."""
        return self.chapter.name


@dataclass(frozen=True)
class Result:
    """What came of a job: `execute.Execution`'s status, or ``"up to date"``."""

    job: Job
    status: str
    notebook: Any
    seconds: float = 0.0
    error: Any = None

    @property
    def good(self) -> bool:
        """Whether every cell came to its end."""
        return self.status in ("ok", "up to date")


class Watcher(Protocol):
    """Who is told how a run goes; calls come from several threads."""

    def start(self, job: Job) -> None:
        """A chapter's kernel is about to start."""

    def cell(self, job: Job, done: int, label: str) -> None:
        """A cell starts; ``done`` code cells are behind it, ``label`` is its heading."""

    def finish(self, result: Result) -> None:
        """A chapter is through, or was up to date."""


def runs_folder(build: Path, profile: str, *, solved: bool = False) -> Path:
    """Returns where the runs of a profile are stored."""
    return build / "runs" / (f"{profile}-solved" if solved else profile)


def plan(
    notebooks: Mapping[Chapter, Any],
    build: Path,
    *,
    profile: str = "quick",
    assignments: Sequence[str] = (),
    solved: bool = False,
    depends_on: Sequence[Path] | None = None,
    env: Mapping[str, str] | None = None,
) -> list[Job]:
    """Returns the jobs that run the given notebooks.

    Args:
        notebooks: What to run of each chapter.
        build: The folder of everything generated.
        profile: ``"quick"`` or ``"full"``.
        assignments: ``NAME=VALUE`` texts, for parameters that every one of the chapters declares.
        solved: Whether these are the solved notebooks; their runs are stored apart.
        depends_on: Files and folders that every key covers; by default `runkey.dependencies`.
        env: What `run_jobs` will be given.

    Raises:
        UsageError: If the profile, a parameter's name, or a value's type is wrong.
    """
    if profile not in PROFILES:
        raise UsageError(f"run: --profile must be quick or full, but it is {profile!r}.")
    jobs = []
    for chapter, notebook in notebooks.items():
        known = chapter_parameters.declared(notebook)
        values = chapter_parameters.parse(assignments, known, profile=profile, chapter=chapter.name)
        paths = dependencies(chapter.name) if depends_on is None else depends_on
        key = run_key(notebook, values, hash_files(paths), env)
        output = runs_folder(build, profile, solved=solved) / f"{chapter.name}.ipynb"
        jobs.append(Job(chapter, notebook, output, key, profile, values))
    return jobs


def run_jobs(
    jobs: Sequence[Job],
    *,
    watcher: Watcher,
    workers: int = 1,
    force: bool = False,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> list[Result]:
    """Runs the jobs that are not up to date, and stores each run whole.

    Args:
        jobs: From `plan`.
        watcher: Who is told how it goes.
        workers: How many kernels run at once; with more than one, and in the quick profile, each
            has one thread.
        force: Whether to run what is up to date.
        timeout: Seconds a cell may take; by default what the profile allows.
        env: Environment variables for the kernels.

    Returns:
        The results, in the order of the jobs.

    Raises:
        Interrupted: On ctrl-C, after every kernel was ended.
    """
    results: dict[str, Result] = {}
    waiting = []
    for job in jobs:
        stored = None if force else _stored(job)
        if stored is None:
            waiting.append(job)
            continue
        write_notebook(stored, job.output)  # the prose may have changed
        results[job.name] = Result(job, "up to date", stored, stored.metadata["bsgd"]["seconds"])
        watcher.finish(results[job.name])
    if waiting:
        _run(waiting, results, watcher, min(workers, len(waiting)), timeout, env)
    return [results[job.name] for job in jobs]


def _stored(job: Job):
    """The stored run of a job, with today's prose, if it still stands."""
    if not job.output.is_file():
        return None
    try:
        stored = read_notebook(job.output)
    except UsageError:  # somebody edited a generated file; the run replaces it
        return None
    record = stored.metadata.get("bsgd", {})
    if record.get("key") != job.key or record.get("status") != "ok":
        return None
    return adopt(job.notebook, stored)


def _run(
    jobs: list[Job],
    results: dict[str, Result],
    watcher: Watcher,
    workers: int,
    timeout: float | None,
    env: Mapping[str, str] | None,
) -> None:
    from .kernels import KernelPool

    # More threads than cores make everything slower. And sums depend on the number of threads:
    # the quick profile, whose numbers are compared, has one whether or not it has company.
    one = workers > 1 or any(job.profile == "quick" for job in jobs)
    one_thread = {"OMP_NUM_THREADS": "1"} if one else {}
    pool = KernelPool({**one_thread, **(env or {})})
    executor = ThreadPoolExecutor(workers, thread_name_prefix="chapter")
    # Threads suffice: the work is in the kernels, which are processes.
    futures: dict[Future[Result], Job] = {}
    total = len(results) + len(jobs)
    try:
        for job in jobs:
            futures[executor.submit(_run_one, job, pool, watcher, timeout)] = job
        left = set(futures)
        while left:
            # A wait without a limit would keep ctrl-C from being seen on some platforms.
            done, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)
            for future in done:
                results[futures[future].name] = future.result()
    except KeyboardInterrupt:
        with _deaf_to_interrupts():
            pool.stop()
            executor.shutdown(cancel_futures=True)
            for future in futures:
                if future.done() and not future.cancelled() and future.exception() is None:
                    results[futures[future].name] = future.result()
        finished = [result for result in results.values() if result.status != "stopped"]
        raise Interrupted(finished, total) from None
    finally:
        pool.stop()  # whatever went wrong, no thread waits for a kernel that goes on
        executor.shutdown(cancel_futures=True)
        pool.close()


@contextmanager
def _deaf_to_interrupts():
    """Lets the clean-up after a first ctrl-C come to its end when a second one follows."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _run_one(job: Job, pool, watcher: Watcher, timeout: float | None) -> Result:
    from .execute import execute

    watcher.start(job)
    cells, done = job.notebook.cells, 0

    def watch(index: int) -> None:
        nonlocal done
        shift = 1 if job.parameters else 0  # the cell that papermill injects
        watcher.cell(job, done, heading_of(cells, max(index - shift, 0)))
        done += 1

    run = execute(
        job.notebook,
        pool=pool,
        cwd=job.chapter.folder,
        parameters=job.parameters,
        timeout=CELL_SECONDS[job.profile] if timeout is None else timeout,
        watch=watch,
    )
    if run.status != "stopped":
        record = {
            "key": job.key,
            "status": run.status,
            "profile": job.profile,
            "parameters": {name: repr(value) for name, value in job.parameters.items()},
            "seconds": round(run.seconds, 3),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        if run.error:
            record["error"] = f"{run.error.name}: {run.error.message}"[:500]
            record["error_cell"] = run.error.index
        run.notebook.metadata["bsgd"] = record
        write_notebook(run.notebook, job.output)
    result = Result(job, run.status, run.notebook, run.seconds, run.error)
    watcher.finish(result)
    return result
