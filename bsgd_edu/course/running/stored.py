"""Runs on disk: one is taken over if its key still holds, and a new one is written whole."""

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..writing.notebooks import read_notebook, write_notebook
from .plan import Job

if TYPE_CHECKING:
    from .execute import Execution

__all__ = ["store_run", "stored_run"]


def stored_run(job: Job):
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
    adopted = _adopt(job.notebook, stored)
    write_notebook(adopted, job.output)  # the prose may have changed
    return adopted


def store_run(job: Job, run: "Execution") -> None:
    """Writes a run with the record that says what it was a run of."""
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


def _adopt(notebook, stored):
    """Returns the stored run with the notebook's present text around the same code.

    Args:
        notebook: The chapter as it is now.
        stored: A run of it under the same key, perhaps with other prose.
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
