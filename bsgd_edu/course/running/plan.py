"""What is to be run: a job a chapter, with the key under which its run is stored."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ..writing.notebooks import Chapter
from . import parameters as chapter_parameters
from .runkey import dependencies, hash_files, run_key

__all__ = ["PROFILES", "Job", "plan", "runs_folder", "variant"]

PROFILES = ("quick", "full")


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


def variant(values: Mapping[str, Any]) -> str:
    """Returns what tells a run with parameters of its own from its profile's: "" for none.

    Args:
        values: Name → value, in place of the chapter's own; the profile does not count.

    Example:
        >>> variant({"seed": 3, "lr": 0.1, "profile": "full"})
        '+lr=0.1+seed=3'
    """
    told = "".join(f"+{name}={values[name]}" for name in sorted(values) if name != "profile")
    plain = re.sub(r"[^\w+=.-]", "_", told)[:80]
    return plain if plain == told else f"{plain}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def runs_folder(build: Path, profile: str, *, solved: bool = False, apart: str = "") -> Path:
    """Returns where the runs of a profile are stored; those of a `variant` lie apart."""
    return build / "runs" / f"{profile}{'-solved' * solved}{apart}"


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
        folder = runs_folder(build, profile, solved=solved, apart=variant(values))
        jobs.append(Job(chapter, notebook, folder / f"{chapter.name}.ipynb", key, profile, values))
    return jobs
