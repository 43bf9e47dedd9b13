"""From one source three notebooks: what each holds, and that they are the same at every build."""

import io
import json
import os
import subprocess
import sys

import pytest
from rich.console import Console
from sample_chapters import SOURCE, write_source

from bsgd_edu.course.commands.build import build_chapters, check_chapters
from bsgd_edu.course.writing.build import differences
from bsgd_edu.course.writing.notebooks import (
    WIDGET_VIEW,
    Chapter,
    read_notebook,
    strip_notebook,
    write_notebook,
)
from bsgd_edu.course.writing.source import read_source, solution_lines
from bsgd_edu.course.writing.variants import make_notebook
from bsgd_edu.errors import MissingExtraError, UsageError


@pytest.fixture
def chapters(tmp_path):
    (tmp_path / "chapters").mkdir()
    return tmp_path / "chapters"


def silent():
    return Console(file=io.StringIO(), width=200)


def said(console):
    return console.file.getvalue()


def build(chapters, *wanted, console=None, **options):
    """Builds without looking at the package: what these chapters depend on is their own code."""
    options.setdefault("depends_on", ())
    console = console or silent()
    return build_chapters(wanted, chapters, chapters.parent / "build", console=console, **options)


def cell_of(notebook, tag):
    return next(cell for cell in notebook.cells if tag in cell.metadata.get("tags", ()))


def run_cells(notebook):
    """Executes the code cells in this process; a stub that raised would raise here."""
    scope = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, scope)
    return scope


# The learner's notebook


def test_a_stub_returns_and_never_raises(chapters, capsys):
    notebook = make_notebook(read_source(write_source(chapters)), "learner")
    scope = run_cells(notebook)
    assert scope["halve"](1.0) is ...
    assert scope["limit"] is ...
    assert "1 not attempted\n2 not attempted" in capsys.readouterr().out


def test_a_stub_keeps_signature_docstring_and_indentation(chapters):
    notebook = make_notebook(read_source(write_source(chapters)), "learner")
    assert cell_of(notebook, "answer:01.1").source == (
        "def halve(x: float) -> float:\n"
        '    """Returns half of x."""\n'
        "    # YOUR CODE HERE\n"
        "    return ..."
    )
    # The names on the way to the answer are part of the solution, and are not told.
    assert cell_of(notebook, "answer:01.2").source == "limit = ...\n# YOUR CODE HERE"
    assert cell_of(notebook, "answer:01.3").source == "*Your answer here.*"


def test_what_surrounds_a_region_stays(chapters):
    text = SOURCE.replace(
        "    # BEGIN SOLUTION\n    halved", "    given = 2\n    # BEGIN SOLUTION\n    halved"
    )
    notebook = make_notebook(read_source(write_source(chapters, text)), "learner")
    assert cell_of(notebook, "answer:01.1").source.splitlines()[2:] == [
        "    given = 2",
        "    # YOUR CODE HERE",
        "    return ...",
    ]


def test_names_inside_a_function_of_a_solution_are_no_answers(chapters):
    """Only what a region binds for other cells becomes `name = ...`: here `limit`, not `steps`."""
    text = SOURCE.replace(
        "the_way_to_the_limit = [", "def way():\n    steps = 1\n\n\nthe_way_to_the_limit = ["
    )
    notebook = make_notebook(read_source(write_source(chapters, text)), "learner")
    assert cell_of(notebook, "answer:01.2").source == "limit = ...\n# YOUR CODE HERE"


def test_a_value_that_only_its_author_uses_is_still_to_be_given(chapters):
    text = SOURCE.replace("lesson.check(2, limit)", "lesson.check(2, 0.0)")
    notebook = make_notebook(read_source(write_source(chapters, text)), "learner")
    assert cell_of(notebook, "answer:01.2").source.splitlines() == [
        "the_way_to_the_limit = ...",
        "limit = ...",
        "# YOUR CODE HERE",
    ]


def test_the_exercise_says_its_kind_difficulty_and_minutes(chapters):
    notebook = make_notebook(read_source(write_source(chapters)), "learner")
    lines = cell_of(notebook, "exercise:01.1").source.splitlines()
    assert lines[0] == "### Exercise 01.1 · One halving"
    assert lines[2] == "*implement · difficulty 2 of 5 · about 5 minutes · teaches a map*"


@pytest.mark.parametrize("variant", ["learner", "solved", "nbgrader"])
def test_cells_have_the_same_ids_in_every_notebook_and_at_every_build(chapters, variant):
    source = read_source(write_source(chapters))
    ids = [cell.id for cell in make_notebook(source, "learner").cells]
    assert [cell.id for cell in make_notebook(source, variant).cells] == ids
    assert len(set(ids)) == len(ids), "equal cells are told apart by a counter"
    assert sum(identity.endswith("-2") for identity in ids) == 1


def test_an_edited_cell_changes_its_own_id_only(chapters):
    before = make_notebook(read_source(write_source(chapters)), "learner")
    text = SOURCE.replace("Where does it go?", "Where does it end?")
    after = make_notebook(read_source(write_source(chapters, text)), "learner")
    changed = [
        place
        for place, (old, new) in enumerate(zip(before.cells, after.cells, strict=True))
        if old.id != new.id
    ]
    assert len(changed) == 1


# The solved notebook


def test_the_solved_notebook_passes_its_checks_strictly(chapters, capsys):
    notebook = make_notebook(read_source(write_source(chapters)), "solved")
    run_cells(notebook)
    assert "1 passed\n2 passed" in capsys.readouterr().out
    assert "lesson.check(1, halve, strict=True)" in cell_of(notebook, "check:01.1").source
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "SOLUTION" not in text
    assert "HIDDEN" not in text


def test_a_wrong_solution_does_not_pass_unseen(chapters):
    text = SOURCE.replace("x / 2", "x / 3")
    with pytest.raises(AssertionError, match="failed"):
        run_cells(make_notebook(read_source(write_source(chapters, text)), "solved"))


# nbgrader


def test_nbgrader_releases_exactly_the_learners_notebook(chapters):
    """nbgrader's own command, in the folder that the build wrote, with its configuration."""
    chapter = write_source(chapters)
    build(chapters, execute=False)
    folder = chapters.parent / "build" / "nbgrader"
    (folder / "source" / chapter.name / "solutions.py").write_text("a leak")
    programs = os.path.dirname(sys.executable)  # nbgrader calls others by their bare names
    path = os.pathsep.join([programs, os.environ["PATH"]])
    done = subprocess.run(
        [os.path.join(programs, "nbgrader"), "generate_assignment", chapter.name],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    released = folder / "release" / chapter.name
    assert [path.name for path in released.iterdir()] == [chapter.notebook.name]
    student = read_notebook(released / chapter.notebook.name)
    learner = read_notebook(chapter.notebook)
    assert [cell.source for cell in student.cells] == [cell.source for cell in learner.cells]
    points = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.get("points")
        for cell in student.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert points == {"check-01-1": 4, "check-01-2": 1, "answer-01-3": 3}


def test_hidden_tests_ask_for_more_than_the_learner_sees(chapters):
    notebook = make_notebook(read_source(write_source(chapters)), "nbgrader")
    assert cell_of(notebook, "check:01.1").source.splitlines() == [
        "lesson.check(1, halve)",
        "### BEGIN HIDDEN TESTS",
        "lesson.check(1, halve, strict=True)",
        'assert halve(1.0) == 0.5, "a secret number is told here"',
        "### END HIDDEN TESTS",
    ]


# The build as a whole


def test_two_builds_write_the_same_bytes(chapters):
    chapter = write_source(chapters)
    assert build(chapters) == 0
    first = chapter.notebook.read_bytes()
    assert build(chapters, force=True) == 0
    assert chapter.notebook.read_bytes() == first
    notebook = json.loads(first)
    assert notebook["metadata"].keys() == {"kernelspec", "language_info"}
    assert {key for cell in notebook["cells"] for key in cell["metadata"]} == {"tags"}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert "".join(code[1]["outputs"][0]["text"]) == "Running on auto\n"


def test_no_solution_text_reaches_the_learner(chapters):
    chapter = write_source(chapters)
    build(chapters, execute=False)
    secret = solution_lines(read_source(chapter))
    assert len(secret) == 6  # two of 01.1, two of 01.2, the essay, the hidden test
    text = chapter.notebook.read_text(encoding="utf-8")
    assert [line for line in secret if json.dumps(line, ensure_ascii=False)[1:-1] in text] == []


def test_edited_prose_runs_nothing_again(chapters):
    chapter = write_source(chapters)
    build(chapters)
    write_source(chapters, SOURCE.replace("Where does it go?", "Where does it end?"))
    console = silent()
    build(chapters, console=console)
    assert "up to date" in said(console)
    notebook = read_notebook(chapter.notebook)
    assert "Where does it end?" in notebook.cells[3].source
    assert notebook.cells[4].outputs[0].text == "Write down your guess.\n"


def test_a_failing_cell_leaves_the_old_notebook(chapters):
    chapter = write_source(chapters)
    build(chapters)
    before = chapter.notebook.read_bytes()
    write_source(chapters, SOURCE.replace('print("Write down your guess.")', "print(1 / 0)"))
    console = silent()
    assert build(chapters, console=console) == 1
    assert "ZeroDivisionError: division by zero" in said(console)
    assert "01_halving, cell 4 (Predict)" in said(console)
    assert chapter.notebook.read_bytes() == before


def test_a_folder_without_sources_is_no_failure(chapters):
    console = silent()
    assert build(chapters, console=console) == 0
    assert "nothing to build" in said(console)


def test_stored_widgets_give_way_to_their_picture():
    from nbformat import v4

    data = {WIDGET_VIEW: {"model_id": "x"}, "image/png": "iVBORw0K"}
    shown = v4.new_output("display_data", data)
    bare = v4.new_output("display_data", {WIDGET_VIEW: {"model_id": "y"}})
    notebook = v4.new_notebook(cells=[v4.new_code_cell("x", outputs=[shown, bare])])
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {}}
    strip_notebook(notebook)
    assert "widgets" not in notebook.metadata
    assert list(shown.data) == ["image/png"]
    assert list(bare.data) == [WIDGET_VIEW]


# --check


def test_check_finds_what_was_edited_by_hand(chapters):
    chapter = write_source(chapters)
    assert differences(chapter) == ["01_halving.ipynb: is missing"]
    build(chapters)
    assert differences(chapter) == []
    notebook = read_notebook(chapter.notebook)
    notebook.cells[1].source += "\nextra = 1"
    notebook.cells[4].execution_count = None
    notebook.cells.pop()
    write_notebook(notebook, chapter.notebook)
    assert differences(chapter) == [
        "01_halving.ipynb: 15 cells, but the source makes 16",
        "01_halving.ipynb:1: another source than the source makes",
        "01_halving.ipynb:4: was not executed",
    ]
    console = silent()
    assert check_chapters([], chapters, console=console) == 1
    assert "Run bsgd build" in said(console)


def test_check_finds_a_notebook_without_a_source(chapters):
    chapter = write_source(chapters)
    build(chapters)
    chapter.notebook.rename(chapters / "07_orphan.ipynb")
    console = silent()
    assert check_chapters([], chapters, console=console) == 1
    assert "07_orphan.ipynb: has no source" in said(console)


# What is refused


BAD = {
    "END SOLUTION.*none is open": ("# BEGIN SOLUTION\nthe_way", "the_way"),
    "must be closed": ("# END SOLUTION\n\n# %% tags=[\"check:01.2\"]", '# %% tags=["check:01.2"]'),
    "must not nest": ("the_way_to_the_limit = [", "# BEGIN SOLUTION\nthe_way_to_the_limit = ["),
    "must hold its return": ("    return halved_by_the_one_solution\n    # END SOLUTION",
                             "    # END SOLUTION\n    return halved_by_the_one_solution"),
    "solution must stand in an answer": ('tags=["answer:01.2"]', 'tags=["note"]'),
    "answer must hold a solution": ("# BEGIN SOLUTION\n# Each step contracts distances by a half, "
                                    "says the solution.\n# END SOLUTION", "# Each"),
    "must be the one call": ('lesson.check(2, limit)', 'lesson.check(9, limit)'),
    "none states it": ('tags=["exercise:01.2"]', 'tags=["text"]'),
    "id must be NN.k": ('tags=["exercise:01.2"]', 'tags=["exercise:1.2"]'),
    "code must be plain Python": ('print("the same")', "print("),
    "hidden tests must stand in a check": ('print("the same")', "# BEGIN HIDDEN TESTS\nx = 1\n"
                                           "# END HIDDEN TESTS"),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_a_source_that_breaks_a_rule_is_refused_by_name(chapters, message):
    old, new = BAD[message]
    assert old in SOURCE
    write_source(chapters, SOURCE.replace(old, new, 1))
    with pytest.raises(UsageError, match=rf"01_halving\.py: cell \d+.*{message}"):
        build(chapters, execute=False)
    assert not (chapters.parent / "build").exists(), "nothing is written before all was read"


def test_a_missing_jupytext_is_said_in_one_line(chapters, monkeypatch):
    write_source(chapters)
    monkeypatch.setitem(sys.modules, "jupytext", None)
    with pytest.raises(MissingExtraError, match=r"jupytext must be installed.*bsgd-edu\[course\]"):
        build(chapters)


def test_a_chapter_that_is_not_there_is_named_with_the_nearest(chapters):
    write_source(chapters)
    with pytest.raises(UsageError, match=r"'halvng' is not.*Did you mean 01_halving"):
        build(chapters, "halvng")


def test_chapters_order_by_name():
    from pathlib import Path

    assert Chapter("02_b", Path()) > Chapter("01_a", Path())


# What stands in the registry of exercises alone

HEAD = """# %% [markdown]
# # 1 · Order
#
# A claim.

"""
REGISTERED = {
    "number": ("# Set `second`.", "second = ...  # SOLUTION", "second = 4.0"),
    "choice": ("# Which?", "letter = ...  # SOLUTION", 'letter = "c"'),
}


def registered(folder, exercise, statement, answer, kind=""):
    """A chapter with one exercise of the course's own, whose answer cell is the given one."""
    text = (
        f'{HEAD}# %% [markdown] tags=["exercise:{exercise}"]\n'
        f"# ### Exercise {exercise} · Name\n#\n{statement}\n\n"
        f'# %% {kind}tags=["answer:{exercise}"]\n{answer}\n'
    )
    return read_source(write_source(folder, text, name="01_order"))


@pytest.mark.parametrize(("exercise", "name"), [("01.1", "number"), ("01.2", "choice")])
def test_a_right_answer_is_written_from_the_registry(tmp_path, exercise, name):
    statement, answer, wanted = REGISTERED[name]
    source = registered(tmp_path, exercise, statement, answer)
    solved = cell_of(make_notebook(source, "solved"), f"answer:{exercise}").source
    learner = cell_of(make_notebook(source, "learner"), f"answer:{exercise}").source
    assert solved == wanted
    assert learner.splitlines() == [f"{wanted.split(' ')[0]} = ...", "# YOUR CODE HERE"]


def test_choices_are_written_below_the_statement(tmp_path):
    statement, answer, _ = REGISTERED["choice"]
    source = registered(tmp_path, "01.2", statement, answer)
    text = cell_of(make_notebook(source, "learner"), "exercise:01.2").source
    assert text.endswith("is as smooth forward as backward.")
    assert [line[:5] for line in text.splitlines()[-5:]] == [f"- {x}) " for x in "abcde"]


def test_the_body_of_a_reference_is_the_solution_of_a_function(tmp_path):
    answer = 'def backward_iterates(maps, x0):\n    """Mine."""\n    # SOLUTION'
    source = registered(tmp_path, "01.3", "# Do it.", answer)
    solved = cell_of(make_notebook(source, "solved"), "answer:01.3").source
    assert '"""Mine."""\n    rows = [x0]\n' in solved
    assert solved.endswith("    return torch.stack(rows)")
    values = {"torch": __import__("torch")}
    exec(solved, values)
    assert values["backward_iterates"]([abs], values["torch"].ones(1)).tolist() == [[1.0], [1.0]]
    assert any("for step in reversed" in line for line in solution_lines(source))


def test_a_text_is_answered_from_the_registry(tmp_path):
    source = registered(tmp_path, "01.6", "# Prove.", "# SOLUTION", kind="[markdown] ")
    solved = cell_of(make_notebook(source, "solved"), "answer:01.6").source
    assert solved.startswith("The maps are independent with one law")


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("01.1", "# SOLUTION", "a value must be named"),
        ("01.3", "def f(maps):\n    # SOLUTION", "f must take what its solution takes"),
        ("01.1", "a = ...  # SOLUTION\nb = ...  # SOLUTION", "SOLUTION must stand once"),
        ("01.77", "a = ...  # SOLUTION", "must be that of an exercise"),
    ],
)
def test_what_cannot_be_filled_in_is_refused(tmp_path, exercise, answer, words):
    with pytest.raises(UsageError, match=words):
        registered(tmp_path, exercise, "# Do it.", answer)
