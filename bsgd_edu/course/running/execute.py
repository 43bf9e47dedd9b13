"""One notebook through papermill: what came out, how long each cell took, what went wrong."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_event_loop

from ..writing.notebooks import WIDGET_VIEW, assign_ids
from .kernels import KernelPool, Stopped

__all__ = ["CellError", "Execution", "cell_seconds", "execute"]

_IOPUB_SECONDS = 60  # nbclient waits 4 s for late output, too few on a busy machine


@dataclass(frozen=True)
class CellError:
    """A cell that did not come to its end."""

    index: int
    source: str
    name: str
    message: str
    traceback: str = ""


@dataclass(frozen=True)
class Execution:
    """What came of a notebook.

    ``status`` is ``"ok"``, ``"failed"`` (a cell raised), ``"died"`` (the kernel ended),
    ``"timed out"`` or ``"stopped"`` (by the user).
    """

    status: str
    notebook: Any
    seconds: float
    error: CellError | None = None


def execute(
    notebook,
    *,
    pool: KernelPool,
    cwd: Path,
    parameters: dict[str, Any] | None = None,
    timeout: float | None = None,
    watch: Callable[[int], None] = lambda index: None,
) -> Execution:
    """Executes a notebook in a fresh kernel.

    Args:
        notebook: The notebook; it is left as it is.
        pool: Where kernels live and die.
        cwd: The folder its code runs in.
        parameters: What papermill injects behind the cell tagged ``parameters``.
        timeout: Seconds a cell may take, None for no limit.
        watch: Called with the index of each code cell when it starts.

    Returns:
        The executed notebook, as far as it got, with papermill's times on its cells.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # it reports what we report
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    manager = pool.manager(cwd)
    output = manager.log_file.with_suffix(".ipynb")  # in the pool's folder: nobody sees half of it
    at = 0

    def on_cell_execute(cell, cell_index: int) -> None:
        nonlocal at
        if cell.cell_type == "code":
            at = cell_index
            watch(cell_index)

    started, status, error = time.monotonic(), "ok", None
    try:
        papermill.execute_notebook(
            notebook,
            str(output),
            parameters=parameters or None,
            kernel_name="python3",  # a notebook may come without one; pool.manager decides anyway
            language="python",
            progress_bar=False,
            execution_timeout=timeout,
            iopub_timeout=_IOPUB_SECONDS,
            kernel_manager_class=manager,
            record_timing=False,
            coalesce_streams=True,
            on_cell_execute=on_cell_execute,
        )
    except papermill.PapermillExecutionError as raised:
        status = "failed"
        traceback = "\n".join(raised.traceback)
        error = CellError(at, raised.source, raised.ename, raised.evalue, traceback)
    except Stopped:
        status = "stopped"
    except CellTimeoutError:
        status, words = "timed out", f"the cell took longer than {timeout:g} s"
        error = CellError(at, "", "TimeoutError", words)
    except (DeadKernelError, RuntimeError):
        # nbclient says RuntimeError for a kernel that dies while it starts.
        status = "stopped" if pool.stopped else "died"
        words = pool.last_words(manager) or "it said nothing; often memory ran out"
        error = CellError(at, "", "DeadKernelError", f"the kernel died ({words})")
    finally:
        _close_loop()
    seconds = time.monotonic() - started
    executed = _read(output, notebook)
    if error and not error.source and at < len(executed.cells):
        source = executed.cells[at].source
        error = CellError(at, source, error.name, error.message, error.traceback)
    return Execution(status, executed, seconds, error)


def _close_loop() -> None:
    """Ends the event loop that jupyter_core opened for this thread and would leave open."""
    loop = ensure_event_loop()
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()


def _read(path: Path, fallback):
    import nbformat
    from papermill.execute import ERROR_MARKER_TAG

    if not path.is_file():  # not even the first cell was reached
        return fallback
    notebook = nbformat.read(path, as_version=4)
    path.unlink()
    notebook.metadata.pop("widgets", None)
    # papermill's own record names temporary files, and nothing here reads it.
    notebook.metadata.pop("papermill", None)
    notebook.cells = [
        cell for cell in notebook.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", ())
    ]
    for cell in notebook.cells:
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]  # papermill stamps empty ones
        if cell.cell_type != "code":
            cell.metadata.pop("papermill", None)  # the time it took to do nothing
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data.pop(WIDGET_VIEW, None)
    injected = [c for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", ())]
    assign_ids(injected)  # papermill draws it at random
    return notebook


def cell_seconds(cell) -> float:
    """Returns how long an executed cell took, 0 if that is not known."""
    return cell.metadata.get("papermill", {}).get("duration") or 0.0
