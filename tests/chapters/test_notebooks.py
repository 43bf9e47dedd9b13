"""Every chapter as it is committed: built from its source, solvable, silent, the same each time.

The solved notebooks are executed once, with the network closed, and all tests look at that run;
it is stored under build/tests by the runner's key, so an unchanged chapter is not run again. The
learner's notebooks are executed by nbval, in a run of pytest of its own (see the Makefile).
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bsgd_edu.course.claims.outcomes import gather
from bsgd_edu.course.claims.registry import read_registry
from bsgd_edu.course.commands.run import default_workers
from bsgd_edu.course.linting.lint import lint_chapters
from bsgd_edu.course.running.plan import plan
from bsgd_edu.course.running.run import run_jobs
from bsgd_edu.course.writing.build import differences, solved_notebook, write_unexecuted
from bsgd_edu.course.writing.notebooks import chapters_in, read_notebook, stderr_cells
from bsgd_edu.course.writing.source import read_source, solution_lines

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "chapters"
BUILD = ROOT / "build" / "tests"
CLOSED = {"PYTHONPATH": str(Path(__file__).parent / "closed_network")}
SECONDS = 240  # a cell; several times what is allowed, for a machine that does other things

CHAPTERS = chapters_in(FOLDER, sources=True)
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)


class Silent:
    """A watcher that says nothing."""

    def start(self, job):
        pass

    def cell(self, job, done, label):
        pass

    def finish(self, result):
        pass


@pytest.fixture(scope="session")
def solved():
    """Results of the solved notebooks by chapter, executed with the network closed."""
    notebooks = {chapter: solved_notebook(chapter, BUILD) for chapter in CHAPTERS}
    jobs = plan(notebooks, BUILD, solved=True, env=CLOSED)
    workers = 1 if "PYTEST_XDIST_WORKER" in os.environ else default_workers()
    results = run_jobs(jobs, watcher=Silent(), workers=workers, timeout=SECONDS, env=CLOSED)
    return {result.job.chapter: result for result in results}


def test_there_are_chapters():
    assert CHAPTERS
    assert chapters_in(FOLDER) == CHAPTERS, "each notebook has a source, and each source a notebook"


@every_chapter
def test_the_committed_notebook_is_what_its_source_makes(chapter):
    assert differences(chapter) == [], "run `bsgd build`"


@every_chapter
def test_the_chapter_keeps_its_limits(chapter):
    findings, _ = lint_chapters([chapter.name], FOLDER)
    assert [str(finding) for finding in findings] == []


@every_chapter
def test_the_solutions_run_and_pass_every_check_without_a_network(chapter, solved):
    result = solved[chapter]
    error = result.error
    assert result.good, f"cell {error.index}: {error.name}: {error.message}\n{error.source}"


@every_chapter
def test_nothing_is_written_to_stderr(chapter, solved):
    assert solved[chapter].noisy == []
    assert stderr_cells(read_notebook(chapter.notebook)) == []


@every_chapter
def test_every_claim_of_the_chapter_has_an_outcome_that_did_not_fail(chapter, solved):
    outcomes = {outcome.id: outcome.verdict for outcome in gather([solved[chapter].notebook])}
    registered = {e.id for e in read_registry().values() if e.chapter == chapter.name}
    assert outcomes.keys() == registered
    assert [claim for claim, verdict in outcomes.items() if verdict == "failed"] == []


def promised(notebook):
    """What the cells tagged nbval-check-output said, by their id."""
    return {
        cell.id: [
            output.get("text") or output.get("data", {}).get("text/plain")
            for output in cell.outputs
        ]
        for cell in notebook.cells
        if "nbval-check-output" in cell.metadata.get("tags", ())
    }


@every_chapter
def test_what_a_cell_promises_to_print_it_prints_each_time(chapter, solved):
    """The committed run against the solved one; nbval compares a third run with the committed."""
    committed = promised(read_notebook(chapter.notebook))
    assert committed, "a chapter promises something, or nbval has nothing to hold it to"
    assert promised(solved[chapter].notebook) == committed


@every_chapter
def test_no_solution_is_in_what_a_learner_opens(chapter):
    secret = solution_lines(read_source(chapter))
    assert secret, "no solution is long enough to be searched for"
    text = chapter.notebook.read_text(encoding="utf-8")
    assert [line for line in secret if as_json(line) in text] == []


def as_json(line):
    return json.dumps(line, ensure_ascii=False)[1:-1]


@pytest.fixture(scope="session")
def released(tmp_path_factory):
    """nbgrader's release of every chapter, by its own command and the configuration built."""
    pytest.importorskip("nbgrader")
    folder = tmp_path_factory.mktemp("nbgrader")
    write_unexecuted([read_source(chapter) for chapter in CHAPTERS], folder)
    programs = os.path.dirname(sys.executable)
    environment = {**os.environ, "PATH": os.pathsep.join([programs, os.environ["PATH"]])}
    for chapter in CHAPTERS:
        done = subprocess.run(
            [os.path.join(programs, "nbgrader"), "generate_assignment", chapter.name],
            cwd=folder / "nbgrader",
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    return folder / "nbgrader" / "release"


@every_chapter
def test_nbgrader_releases_the_learners_cells_and_no_solution(chapter, released):
    files = list((released / chapter.name).iterdir())
    assert [file.name for file in files] == [chapter.notebook.name], "nothing beside it leaks"
    text = files[0].read_text(encoding="utf-8")
    assert [line for line in solution_lines(read_source(chapter)) if as_json(line) in text] == []
    student, learner = read_notebook(files[0]), read_notebook(chapter.notebook)
    assert [cell.source for cell in student.cells] == [cell.source for cell in learner.cells]


def test_the_network_is_really_closed():
    code = (
        "import socket, urllib.request\n"
        "for attempt in (lambda: socket.create_connection(('127.0.0.1', 9), 1),\n"
        "                lambda: socket.socket().connect(('127.0.0.1', 9)),\n"
        "                lambda: urllib.request.urlopen('http://example.org')):\n"
        "    try:\n        attempt()\n    except OSError as error:\n        print(error)"
    )
    environment = {**os.environ, **CLOSED}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.stdout.count("the network is closed") == 3, done.stderr
