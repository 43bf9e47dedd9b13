"""Runs on disk: one is taken over if its key still holds, and a new one is written whole."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...errors import UsageError
from ..writing.notebooks import read_notebook, with_new_prose, write_notebook
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
    adopted = with_new_prose(stored, job.notebook)
    write_notebook(adopted, job.output)
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
