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
from dataclasses import dataclass
from typing import Any, Protocol

from ..writing.notebooks import heading_of, stderr_cells
from .plan import Job
from .stored import store_run, stored_run

__all__ = ["Interrupted", "Result", "Watcher", "run_jobs"]

CELL_SECONDS = {"quick": 300.0, "full": 6 * 3600.0}


class Interrupted(Exception):
    """The user stopped a run; ``results`` holds what was finished before, of ``total``.

    No KeyboardInterrupt, of which the command line's library makes an exit of its own.
    """

    def __init__(self, results: Sequence["Result"], total: int):
        super().__init__()
        self.results, self.total = list(results), total


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

    @property
    def noisy(self) -> list[int]:
        """The cells that wrote to stderr."""
        return stderr_cells(self.notebook)


class Watcher(Protocol):
    """Who is told how a run goes; calls come from several threads."""

    def start(self, job: Job) -> None:
        """A chapter's kernel is about to start."""

    def cell(self, job: Job, done: int, label: str) -> None:
        """A cell starts; ``done`` code cells are behind it, ``label`` is its heading."""

    def finish(self, result: Result) -> None:
        """A chapter is through, or was up to date."""


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
        stored = None if force else stored_run(job)
        if stored is None:
            waiting.append(job)
            continue
        results[job.name] = Result(job, "up to date", stored, stored.metadata["bsgd"]["seconds"])
        watcher.finish(results[job.name])
    if waiting:
        _run(waiting, results, watcher, min(workers, len(waiting)), timeout, env)
    return [results[job.name] for job in jobs]


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
        store_run(job, run)
    result = Result(job, run.status, run.notebook, run.seconds, run.error)
    watcher.finish(result)
    return result
