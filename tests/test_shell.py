"""In a notebook: an answer whose last cell failed is not judged; a guess is kept and answered."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from bsgd_edu.course import begin, shell
from bsgd_edu.course.exercises.questions import prediction
from bsgd_edu.errors import UsageError


@pytest.fixture
def notebook(monkeypatch, capsys):
    """Runs cells in a shell of this process, and returns what each printed."""
    cells = InteractiveShell()
    monkeypatch.setattr(shell, "_shell", lambda: cells)

    def run(source):
        cells.run_cell(source)
        return capsys.readouterr().out

    run(
        "from bsgd_edu.course import begin\n"
        "lesson = begin('01_order_matters', profile='quick', seed=0, device='cpu')"
    )
    return run


def test_an_answer_whose_last_cell_failed_is_not_judged(notebook):
    notebook("second = 4.0")
    assert notebook("lesson.check(1, second);").startswith("✓ 01.1 passed.\n")
    notebook("second = 4.0 + nothing")
    said = notebook("lesson.check(1, second)")
    assert said.startswith("✗ 01.1 error: your last cell for second failed (NameError: ")
    assert "mend that cell" in said
    notebook("second = = 4")
    assert "SyntaxError" in notebook("lesson.check(1, second)")
    notebook("other = undefined")
    assert "SyntaxError" in notebook("lesson.check(1, second)"), "another cell's failure is its own"
    notebook("second = 4.0")
    assert notebook("lesson.check(1, second);").startswith("✓ 01.1 passed.\n")


def test_a_function_that_could_not_be_defined_is_not_judged(notebook):
    notebook("def halve(x):\n    return x / 2")
    notebook("def halve(x)\n    return x / 3")
    assert "your last cell for halve failed (SyntaxError" in notebook("lesson.check(3, halve)")


def test_an_older_answer_feeds_no_experiment(notebook):
    notebook("second = 4.0")
    assert "the cells below use your answer" in notebook("kept = lesson.use(1, second)")
    notebook("second = 4.0 + nothing")
    said = notebook("kept = lesson.use(1, second)")
    assert "your last cell for second failed (NameError" in said
    assert "the cells below use the course's answer" in said


def test_strict_checks_raise_for_it(notebook):
    notebook("second = 4.0")
    notebook("second = nothing")
    assert "CheckFailed" in notebook("lesson.check(1, second, strict=True)")


WEATHER = prediction(
    {"rain": "It did fall.", "snow": "It was too warm.", "sun": "At noon only."}, right="a"
)


@pytest.fixture
def lesson(monkeypatch):
    found = begin("01_order_matters", profile="quick", seed=0, device="cpu")
    monkeypatch.setattr(type(found), "_prediction", WEATHER)
    return found


def test_a_guess_is_kept_and_answered(lesson, capsys):
    lesson.guess(" (B) ")
    lesson.answer_guess()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Your guess (b) is kept. A picture below answers it."
    assert lines[1] == "You guessed (b). It was too warm."
    assert lines[2] == "What happens is: (a). It did fall."
    lesson.guess("a")
    lesson.answer_guess()
    assert (
        capsys.readouterr().out.splitlines()[1] == "Your guess is what happens: (a). It did fall."
    )


def test_without_a_guess_the_answer_is_told_all_the_same(lesson, capsys):
    lesson.guess()
    lesson.answer_guess()
    assert capsys.readouterr().out.splitlines() == [
        'Guess first, a to c: lesson.guess("a"), for example.',
        "What happens is: (a). It did fall.",
    ]


def test_what_is_no_letter_of_the_question_is_refused(lesson):
    for guess in ("d", "rain", 1):
        with pytest.raises(UsageError, match="letter must be one of a to c"):
            lesson.guess(guess)


def test_a_prediction_has_three_choices_and_a_right_one():
    with pytest.raises(UsageError, match="right is 'd'"):
        prediction({"a": "x", "b": "y", "c": "z"}, right="d")
