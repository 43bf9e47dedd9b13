"""Each limit of a chapter: a chapter that keeps them all, and for each rule one that breaks it."""

import pytest
from nbformat import v4

from bsgd_edu.course.linting.lint import lint_chapters
from bsgd_edu.course.writing.notebooks import Chapter, assign_ids, strip_notebook, write_notebook

REGISTER = """
[[claim]]
id = "order/one"
source = "ours"
paper = "nobody 2024"
where = "nowhere"
statement = "One is one."
kind = "identity"
predicted = "1"
tolerance = "exact"
"""
OTHER = """
[[claim]]
id = "order/other"
source = "ours"
paper = "nobody 2024"
where = "nowhere"
statement = "Two is two."
kind = "identity"
predicted = "2"
tolerance = "exact"
"""
SETUP = """\
from bsgd_edu.course import begin

lesson = begin("01_sample", profile=profile, seed=seed, device=device)"""
KINDS = ("recall", "recall", "implement", "implement", "investigate", "essay")


def picture(alt="A line that falls."):
    metadata = {"image/png": {"alt": alt}} if alt else {}
    return v4.new_output("display_data", {"image/png": "iVBORw0K"}, metadata=metadata)


def code(source, *outputs, tags=()):
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def good_cells():
    """A chapter that keeps every rule."""
    text = v4.new_markdown_cell
    cells = [
        text("# 1 · Sample\n\nOne is one.\n\nSource: nobody."),
        code('profile = "quick"\nseed = 0\ndevice = "auto"\nlr = 0.5', tags=["parameters"]),
        code(SETUP, tags=["setup"]),
        text("## Predict\nWhat?"),
        code("print('guess')"),
        text("## Smallest case\nBy hand."),
        code("1 + 1"),
        text("## Theory\nBecause."),
        text("## Experiment\nLook for one."),
        code("draw()", picture()),
        text("One it is."),
        code('lesson.claim("order/one").holds(1, above=0)'),
        text("## Explore\nMove it."),
        code("explorer.show()", picture()),
        text("## Break an assumption\nWithout it:"),
        code("x = 1"),
        code("y = 1"),
        text("## Your turn"),
    ]
    for number, kind in enumerate(KINDS, 1):
        identity = f"01.{number}"
        statement = f"### Exercise {identity} · Name\n\n*{kind} · difficulty 2 of 5*\n\nDo it."
        cells.append(text(statement, metadata={"tags": [f"exercise:{identity}"]}))
        if kind == "essay":
            cells.append(text("*Your answer here.*", metadata={"tags": [f"answer:{identity}"]}))
        else:
            cells.append(code(f"a{number} = ...", tags=[f"answer:{identity}"]))
            cells.append(code(f"lesson.check({number}, a{number})", tags=[f"check:{identity}"]))
    cells += [
        text("## At full scale"),
        code("lesson.full_scale()"),
        text("## Claims of this chapter"),
        code("lesson.claims_table()"),
        text("## Five lines to remember\nOne."),
    ]
    for count, cell in enumerate((c for c in cells if c.cell_type == "code"), 1):
        cell.execution_count = count
    return cells


def exercise_cells(number, kind):
    """The cells of one exercise: what it asks, where it is answered, its check."""
    identity, text = f"01.{number}", v4.new_markdown_cell
    statement = f"### Exercise {identity} · Name\n\n*{kind} · difficulty 2 of 5*\n\nDo it."
    cells = [text(statement, metadata={"tags": [f"exercise:{identity}"]})]
    if kind == "essay":
        return [*cells, text("*Your answer here.*", metadata={"tags": [f"answer:{identity}"]})]
    cells.append(code(f"a{number} = ...", tags=[f"answer:{identity}"]))
    return [*cells, code(f"lesson.check({number}, a{number})", tags=[f"check:{identity}"])]


def teaching_cells():
    """A chapter in the form that teaches, which keeps every rule."""
    text = v4.new_markdown_cell
    kinds = ("recall", "implement", "implement", "recall", "investigate", "essay")
    one, two, three, *rest = (exercise_cells(k, kind) for k, kind in enumerate(kinds, 1))
    cells = [
        text("# 1 · Sample\n\nOne is one.\n\nPaper · minutes."),
        code('profile = "quick"\nseed = 0\ndevice = "auto"', tags=["parameters"]),
        code(SETUP, tags=["setup"]),
        code("hook()", picture()),
        text("## Predict\nWhat?"),
        code('lesson.guess("")'),
        text("## By hand\nA small case."),
        *one,
        text("## Build\nThe experiment."),
        *two,
        *three,
        text("## Theory: one\nBecause. " + "word " * 60),
        text("## Test\nLook for one."),
        code("draw()", picture()),
        text("## Theory: two\nAnd because."),
        text("## Test: again\nSo."),
        code('lesson.claim("order/one").holds(1, above=0)'),
        text("## Explore\nMove it."),
        code("explorer.show()", picture()),
        text("## Break\nWithout it:"),
        code("x = 1"),
        text("## Your turn"),
        *(cell for cells in rest for cell in cells),
        text("## In your own training\nTen lines."),
        text("## At full scale"),
        code("lesson.full_scale()"),
        text("## Checks of this chapter"),
        code("lesson.claims_table()"),
        text("## Five lines to remember\nOne."),
        text("## About the source\nRead."),
    ]
    for count, cell in enumerate((c for c in cells if c.cell_type == "code"), 1):
        cell.execution_count = count
    return cells


def at(cells, start):
    """The index of the first cell that starts so."""
    return next(index for index, cell in enumerate(cells) if cell.source.startswith(start))


class Course:
    def __init__(self, folder):
        self.chapters, self.build = folder / "chapters", folder / "build"
        self.chapters.mkdir()
        for name, text in (("c01_sample", REGISTER), ("c02_other", OTHER)):
            room = folder / "bsgd_edu" / "lessons" / name
            room.mkdir(parents=True)
            (room / "__init__.py").write_text('"""What is one?"""', encoding="utf-8")
            (room / "claims.toml").write_text(text, encoding="utf-8")

    def write(self, cells, path=None, metadata=None):
        notebook = v4.new_notebook(cells=cells)
        assign_ids(cells)
        durations = [cell.metadata.get("papermill") for cell in cells]
        strip_notebook(notebook)
        for cell, duration in zip(cells, durations, strict=True):
            if duration:
                cell.metadata["papermill"] = duration
        notebook.metadata.update(metadata or {})
        write_notebook(notebook, path or self.chapters / "01_sample.ipynb")

    def lint(self):
        findings, count = lint_chapters([], self.chapters, self.build)
        assert count == 1
        return [str(finding) for finding in findings]


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


def test_a_chapter_that_keeps_every_rule_has_no_findings(course):
    course.write(good_cells())
    assert course.lint() == []


def test_a_line_may_fill_the_page(course):
    cells = good_cells()
    cells[9].source += "\ny = " + "1" * 84  # 88 columns
    course.write(cells)
    assert course.lint() == []


def test_no_chapters_have_no_findings(tmp_path):
    assert lint_chapters([], tmp_path) == ([], 0)


def breaks(*found):
    """Marks a function that breaks a chapter with what lint must then say, and nothing else."""

    def mark(function):
        BROKEN[function.__name__] = (function, found)
        return function

    return mark


BROKEN = {}


@breaks("01_sample.ipynb: words: 2,6")
def too_many_words(cells):
    cells[7].source += "\n" + "word " * 2500


@breaks("01_sample.ipynb: cells: 30 code cells (28 at most)")
def too_many_cells(cells):
    for _ in range(9):
        cells.insert(12, code("z = 1"))
        cells[12].execution_count = 99


@breaks("01_sample.ipynb:9: lines: 26 (25 at most)")
def too_many_lines(cells):
    cells[9].source = "\n".join(["draw()", *["x = 1", ""] * 25])


@breaks("01_sample.ipynb:0: calls: the text calls hint(), which is lesson.hint()")
def a_call_that_does_not_work(cells):
    cells[0].source += " Call `hint(1)` or `lesson.reveal(1)`."


@breaks('01_sample.ipynb: beginning: the setup must say once: lesson = begin("01_sample", ')
def a_beginning_under_another_name(cells):
    cells[2].source = cells[2].source.replace("01_sample", "02_other")


@breaks("01_sample.ipynb: beginning: the setup must say once: lesson = begin(")
def a_beginning_without_the_seed(cells):
    cells[2].source = cells[2].source.replace(", seed=seed", "")


@breaks("01_sample.ipynb:9: columns: 89 (88 at most)")
def too_wide(cells):
    cells[9].source += "\nx = " + "1" * 85 + "\ny = " + "1" * 84


@breaks("01_sample.ipynb: lines: 4 cells have more than 15 (3 may: ")
def too_many_long_cells(cells):
    for start in ("1 + 1", "draw()", "x = 1", "y = 1"):
        cells[at(cells, start)].source += "\nz = 1" * 15


@breaks("01_sample.ipynb: definitions: 3 outside exercises, 2 at most (f, g, h)")
def too_many_definitions(cells):
    cells[9].source += "\ndef f(): pass\ndef g():\n    def h(): pass"
    cells[at(cells, "a3")].source += "\ndef answered(): pass"


@breaks("01_sample.ipynb: figures: 9 (8 at most)")
def too_many_figures(cells):
    cells[9].outputs = [picture() for _ in range(9)]


@breaks("01_sample.ipynb: bytes: ")
def too_big(cells):
    cells[9].outputs[0].data["image/png"] = "A" * 900_000


@breaks("01_sample.ipynb:9: alt: a picture has no alternative text")
def no_alternative_text(cells):
    cells[9].outputs = [picture(alt="")]


@breaks("01_sample.ipynb:7: alt: a picture has no alternative text")
def no_alternative_text_in_prose(cells):
    cells[7].source += "\n![](picture.png)"


@breaks("01_sample.ipynb:7: links: a picture or script comes from elsewhere")
def a_picture_from_elsewhere(cells):
    cells[7].source += "\n![A badge](https://example.org/badge.svg)"


@breaks("01_sample.ipynb:9: prose: text must stand before and after a figure")
def figures_without_prose_between(cells):
    cells[11].outputs = [picture()]
    del cells[10]


@breaks("01_sample.ipynb: sections: '## Theory' is missing")
def a_missing_section(cells):
    del cells[7]


@breaks(
    "01_sample.ipynb:7: sections: is none of the sections, use '###' inside one: 'Thoughts'",
    "01_sample.ipynb: sections: '## Theory' is missing",
)
def a_section_of_another_name(cells):
    cells[7].source = "## Thoughts"


@breaks("01_sample.ipynb:15: sections: 'Explore' stands after 'Break an assumption', or twice")
def a_section_too_late(cells):
    explore = cells[12:14]
    del cells[12:14]
    cells[15:15] = explore


@breaks("01_sample.ipynb:14: sections: 'Break an assumption' has 1 code cells (2 to 6 wanted)")
def too_little_code_in_a_section(cells):
    del cells[16]


@breaks("01_sample.ipynb:1: parameters: must be 'name = literal', derive in a later cell: "
        "'steps = int(10 * lr)'")  # fmt: skip
def a_derived_parameter(cells):
    cells[1].source += "\nsteps = int(10 * lr)"


@breaks("01_sample.ipynb:1: parameters: profile must be 'quick' ('full')",
        "01_sample.ipynb:1: parameters: seed must be 0 (missing)")  # fmt: skip
def other_defaults(cells):
    cells[1].source = 'profile = "full"\ndevice = "auto"'


@breaks("01_sample.ipynb: parameters: one code cell must be tagged 'setup' (0 are)")
def no_setup(cells):
    cells[2].metadata = {}


@breaks("01_sample.ipynb:2: names: _orbit is not public",
        "01_sample.ipynb:9: names: _axes is not public")  # fmt: skip
def private_names(cells):
    cells[2].source += "\nfrom bsgd_edu.maps import _orbit"
    cells[9].source += "\nfigure._axes, figure.__class__"


@breaks("01_sample.ipynb:11: claims: 'order/two' is not in the register",
        "01_sample.ipynb: claims: 'order/one' is in the register, asserted nowhere")  # fmt: skip
def an_unknown_claim(cells):
    cells[11].source = 'lesson.claim("order/two").holds(1, above=0)'


@breaks("01_sample.ipynb:11: claims: 'order/other' belongs to 02_other")
def a_claim_of_another_chapter(cells):
    cells[11].source += '\nlesson.claim("order/other").holds(2, above=0)'


@breaks("01_sample.ipynb:11: claims: lesson.claim() must get its id as a literal",
        "01_sample.ipynb: claims: 'order/one' is in the register, asserted nowhere")  # fmt: skip
def a_claim_that_cannot_be_read(cells):
    cells[11].source = "lesson.claim(name).holds(1, above=0)"


@breaks("01_sample.ipynb: exercises: ids must be 01.1, 01.2, 01.3, 01.4, 01.5, 01.6 ")
def exercises_out_of_order(cells):
    one, two = at(cells, "### Exercise 01.1"), at(cells, "### Exercise 01.2")
    cells[one : one + 6] = cells[two : two + 3] + cells[one : one + 3]


@breaks("01_sample.ipynb: exercises: 0 of kind investigate (1 wanted)")
def another_mixture(cells):
    index = at(cells, "### Exercise 01.5")
    cells[index].source = cells[index].source.replace("investigate", "recall")


@breaks(":18: exercises: 01.1 must have one check (0 there)")
def no_check(cells):
    del cells[at(cells, "lesson.check(1,")]


@breaks(":18: exercises: 01.1 has no cell to answer in")
def no_answer(cells):
    del cells[19]


@breaks(":18: exercises: must begin with '### Exercise 01.1 · Title'")
def another_heading(cells):
    cells[18].source = cells[18].source.replace("Exercise 01.1", "Exercise one")


@breaks(":20: exercises: reveal() gives the solution away")
def a_revealed_solution(cells):
    cells[20].source += "\nlesson.reveal(1)"


@breaks(":19: solutions: a marker is left")
def a_marker(cells):
    cells[19].source += "\n# BEGIN SOLUTION"


@breaks("01_sample.ipynb: outputs: 1 code cells were not executed (4)")
def an_idle_cell(cells):
    cells[4].execution_count = None


@breaks("01_sample.ipynb:4: outputs: the cell wrote to stderr: 'UserWarning: oh'")
def a_warning(cells):
    cells[4].outputs = [v4.new_output("stream", name="stderr", text="UserWarning: oh\n")]


@breaks("01_sample.ipynb:4: outputs: the cell raised ValueError")
def an_error(cells):
    cells[4].outputs = [v4.new_output("error", ename="ValueError", evalue="", traceback=[])]


@breaks("01_sample.ipynb:0: title: must begin with the chapter's number 1: '2 · Sample'")
def another_number(cells):
    cells[0].source = cells[0].source.replace("# 1", "# 2")


@breaks("01_sample.ipynb:0: title: the claim and its source must follow, as paragraphs")
def a_bare_title(cells):
    cells[0].source = "# 1 · Sample"


@breaks("01_sample.ipynb:7: title: only the first cell may have a '# ' heading")
def a_second_title(cells):
    cells[7].source += "\n# Again"


@pytest.mark.parametrize("name", BROKEN)
def test_each_rule_finds_the_chapter_that_breaks_it(course, name):
    change, found = BROKEN[name]
    cells = good_cells()
    change(cells)
    course.write(cells)
    lines = course.lint()
    assert len(lines) == len(found), lines
    for wanted in found:
        assert any(wanted in line for line in lines), (wanted, lines)


def write_run(course, cells, seconds, longest):
    cells[9].metadata["papermill"] = {"duration": longest}
    path = course.build / "runs" / "quick" / "01_sample.ipynb"
    course.write(cells, path, {"bsgd": {"seconds": seconds}})


def test_a_slow_quick_run_is_found_with_its_slow_cell(course):
    course.write(good_cells())
    write_run(course, good_cells(), 61.2, 30.5)
    assert course.lint() == [
        "01_sample.ipynb: time: the quick run took 61.2 s (60 at most)",
        "01_sample.ipynb:9: time: the cell took 30.5 s (30 at most)",
    ]


def test_a_run_of_other_code_says_nothing_about_times(course):
    course.write(good_cells())
    other = good_cells()
    other[9].source = "draw(again)"
    write_run(course, other, 61.2, 30.5)
    assert course.lint() == []


def test_a_solution_that_was_copied_into_the_notebook_is_found(course):
    source = course.chapters / "source" / "01_sample.py"
    source.parent.mkdir()
    source.write_text(
        "# %% [markdown] tags=['exercise:01.1']\n# ### Exercise 01.1 · A\n\n"
        "# %% tags=['answer:01.1']\n# BEGIN SOLUTION\n"
        "answer = sum(range(12)) / math.pi\n# END SOLUTION\n"
    )
    cells = good_cells()
    cells[15].source = "x = 1\nanswer = sum(range(12)) / math.pi"
    course.write(cells)
    assert course.lint() == [
        "01_sample.ipynb:15: solutions: a line of a solution is left: "
        "'answer = sum(range(12)) / math.pi'"
    ]


def test_the_chapter_of_a_finding_can_be_opened_at_its_cell(course):
    cells = good_cells()
    cells[7].source = "## Thoughts"
    course.write(cells)
    findings, _ = lint_chapters(["1"], course.chapters)
    finding = next(f for f in findings if f.cell is not None)
    chapter = Chapter(finding.file.removesuffix(".ipynb"), course.chapters)
    assert chapter.notebook.is_file()
    assert finding.rule == "sections"


# The form that teaches


def test_a_chapter_in_the_form_that_teaches_has_no_findings(course):
    course.write(teaching_cells())
    assert course.lint() == []


def test_folds_do_not_count_but_the_rest_of_the_words_do(course):
    cells = teaching_cells()
    theory = at(cells, "## Theory: one")
    cells[theory].source += "<details><summary>All</summary>" + "word " * 4000 + "</details>"
    course.write(cells)
    assert course.lint() == []
    cells[theory].source += " word" * 3500
    course.write(cells)
    assert [line.split(":")[1] for line in course.lint()] == [" words"]


@pytest.mark.parametrize(
    ("start", "words", "found"),
    [
        ("## By hand", 1000, "the first exercise comes after 1,0"),
        ("### Exercise 01.3", 900, "three exercises must stand before the middle of the words"),
    ],
)
def test_exercises_come_early(course, start, words, found):
    cells = teaching_cells()
    cells[at(cells, start) - 1 if start.startswith("###") else at(cells, start)].source += " " + (
        "word " * words if cells[at(cells, start)].cell_type == "markdown" else ""
    )
    if start.startswith("###"):
        place = at(cells, start)
        cells[place - 1] = v4.new_markdown_cell("word " * words)
    course.write(cells)
    assert any(found in line for line in course.lint()), course.lint()


def test_a_section_of_the_other_form_is_found(course):
    cells = teaching_cells()
    cells[at(cells, "## Break")].source = "## Break an assumption\nWithout it:"
    cells[at(cells, "## Test: again")].source = "## Experiment\nSo."
    course.write(cells)
    found = course.lint()
    assert any("is none of the sections" in line and "'Experiment'" in line for line in found)
