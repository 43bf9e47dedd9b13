"""Checks: every exercise passes what is right and says what is off in what is wrong."""

import contextlib
import io
import random
import time

import numpy as np
import pytest
import torch

from bsgd_edu.course.exercises import checks, exercise, guard
from bsgd_edu.course.exercises.checks import (
    CheckFailed,
    check,
    get_exercise,
    hint,
    list_exercises,
    reveal,
    use,
)
from bsgd_edu.course.exercises.exercise import Exercise, Misconception, Step, Wrong, close
from bsgd_edu.errors import UsageError

ALL = list_exercises()
CODED = [e for e in ALL if not e.by_hand]


def _named(exercises):
    return pytest.mark.parametrize("found", exercises, ids=[e.id for e in exercises])


# ---- what holds for every exercise of every chapter


@_named(ALL)
def test_exercise_is_complete(found):
    assert found.title
    assert found.teaches
    assert found.signature
    assert found.why
    assert 1 <= found.minutes <= 60
    if not found.by_hand:
        assert len(found.wrong) >= 4
        assert len(found.right) >= 2


@_named(CODED)
def test_reference_and_right_variants_pass(found):
    for answer in (found.reference, *found.right):
        result = check(found.id, answer)
        assert result.status == "passed", result.message


@_named(CODED)
def test_wrong_answers_get_their_diagnosis(found):
    for wrong in found.wrong:
        result = check(found.id, wrong.answer)
        assert result.status == "failed", (wrong, result)
        assert wrong.expects in result.message, wrong


@_named(CODED)
def test_each_misconception_is_recognised_and_is_wrong(found):
    for idea in found.misconceptions:
        result = check(found.id, idea.imitation)
        assert result.status == "failed"
        assert idea.says.rstrip(".") in result.message


@_named([e for e in CODED if e.cases])
def test_fresh_cases_tell_mistakes_apart(found):
    """A check draws ten: what agrees on three of ten of them is confused 6 times in a million."""

    def outcomes(answer):
        kept = []
        for case in cases:
            try:
                kept.append(answer(*case))
            except Exception as error:
                kept.append(type(error).__name__)
        return kept

    cases = [found.cases(torch.Generator().manual_seed(seed)) for seed in range(60)]
    answers = [w.answer for w in found.wrong if callable(w.answer)]
    others = [outcomes(answer) for answer in answers]
    right = outcomes(found.reference)
    for idea in found.misconceptions:
        mistaken = outcomes(idea.imitation)
        assert np.mean([close(m, r) for m, r in zip(mistaken, right, strict=True)]) <= 0.3
        for answer, other in zip(answers, others, strict=True):
            alike = np.mean([close(m, o) for m, o in zip(mistaken, other, strict=True)])
            assert alike <= 0.3 or alike == 1, (idea.name, answer, alike)


@_named(ALL)
def test_stub_is_not_attempted(found):
    stub = (lambda *args, **kwargs: ...) if callable(found.reference) else ...
    for answer in (..., stub):
        result = check(found.id, answer)
        assert result.status == "not attempted"
        with pytest.raises(CheckFailed, match="not attempted"):
            check(found.id, answer, strict=True)


@_named(ALL)
def test_hostile_answers_never_raise(found):
    def raises(*args):
        raise RuntimeError("mine")

    answers = [None, raises, lambda *a: None, lambda *a: "x", [], {}, object(), int, torch.ones(3)]
    for answer in answers:
        assert check(found.id, answer).status in ("failed", "error", "to assess")


@_named(ALL)
def test_hints_and_reveal_speak(found, capsys):
    for level in (1, 2, 3):
        hint(found.id, level)
    reveal(found.id)
    out = capsys.readouterr().out
    assert f"{found.id} · hint 3 of 3, pseudocode" in out
    assert found.title in out
    assert ("def " in out) or not callable(found.reference)


def test_ids_are_consecutive_in_each_chapter():
    for chapter in {e.chapter for e in ALL}:
        kinds = [e.kind for e in list_exercises(chapter)]
        ids = [e.id for e in list_exercises(chapter)]
        assert ids == [f"{chapter}.{k}" for k in range(1, len(ids) + 1)]
        assert sorted(kinds)[:2] != []
        assert kinds.count("recall") == 2
        assert kinds.count("implement") == 2
        assert kinds.count("investigate") == 1
        assert sum(kind in ("proof", "essay") for kind in kinds) == 1


# ---- how a check treats what it is given

TOY = Exercise(
    id="99.1",
    title="Double",
    kind="implement",
    difficulty=1,
    minutes=1,
    teaches="nothing",
    signature="double(x) -> 2x",
    hints=("a", "b", "c"),
    reference=lambda x: 2 * x,
    why="because",
    steps=(
        Step(
            "shape",
            "a tensor",
            lambda f, g: exercise.tensor_problem(f(torch.ones(2)), (2,)) or True,
        ),
        Step("value", "not doubled", lambda f, g: close(f(torch.ones(2)), 2 * torch.ones(2))),
    ),
    misconceptions=(Misconception("square", "squared it", lambda x: x**2),),
    cases=lambda g: (3 + torch.rand(2, generator=g),),
    wrong=(Wrong(lambda x: x, "not doubled"),) * 4,
    right=(lambda x: x + x,) * 2,
    seconds=0.3,
)


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setattr(checks, "list_exercises", lambda chapter=None: [*ALL, TOY])


@pytest.mark.usefixtures("toy")
class TestOneCheck:
    def test_line_is_the_same_each_time(self, capsys):
        for _ in range(2):
            check("99.1", lambda x: 2 * x)
            check("99.1", lambda x: x**2)
        first, second, *rest = capsys.readouterr().out.splitlines()
        assert first == "✓ 99.1 passed."
        assert second == "✗ 99.1 failed, a known value: squared it."
        assert rest == [first, second]

    def test_mutating_the_input_is_diagnosed(self):
        result = check("99.1", lambda x: x.mul_(2))
        assert result.status == "failed"
        assert "changes a tensor it was given" in result.message

    def test_exception_is_reported_by_its_name(self):
        result = check("99.1", lambda x: 1 / 0)
        assert result.status == "error"
        assert "ZeroDivisionError: division by zero" in result.message

    def test_system_exit_does_not_leave_the_check(self):
        assert check("99.1", lambda x: exit(3)).status == "error"

    def test_wrong_number_of_arguments_is_an_error_not_a_crash(self):
        assert "TypeError" in check("99.1", lambda: 1).message

    def test_endless_loop_is_stopped(self):
        def endless(x):
            while True:
                with contextlib.suppress(Exception):
                    x = x + 0

        start = time.monotonic()
        result = check("99.1", endless)
        assert result.status == "failed"
        assert "no answer within 0.3 seconds" in result.message
        assert time.monotonic() - start < 5

    def test_what_the_answer_prints_is_swallowed(self, capsys):
        def chatty(x):
            print("secret")
            return 2 * x

        check("99.1", chatty)
        assert "secret" not in capsys.readouterr().out

    def test_random_states_and_defaults_are_restored(self):
        def seeds(x):
            torch.manual_seed(1)
            np.random.seed(1)  # noqa: NPY002
            random.seed(1)
            torch.set_default_dtype(torch.float64)
            torch.set_grad_enabled(False)
            return 2 * x

        def draws():
            return torch.rand(1).item(), np.random.rand(), random.random()  # noqa: NPY002

        def restart():
            torch.manual_seed(7)
            np.random.seed(7)  # noqa: NPY002
            random.seed(7)

        restart()
        wanted = draws()
        restart()
        assert check("99.1", seeds).status == "passed"
        assert draws() == wanted
        assert torch.get_default_dtype() == torch.float32
        assert torch.is_grad_enabled()

    def test_cases_are_fresh(self):
        seen = []

        def spy(x):
            seen.append(x.tolist())
            return x

        check("99.1", spy)
        check("99.1", spy)
        random_cases = [tuple(x) for x in seen if x != [1.0, 1.0]]
        assert len(random_cases) == len(set(random_cases)) >= 2

    def test_use_returns_the_answer_that_passes_and_else_the_reference(self, capsys):
        def mine(x):
            return x + x

        assert use("99.1", mine) is mine
        assert use("99.1", lambda x: x) is TOY.reference
        assert use("99.1", ...) is TOY.reference
        lines = capsys.readouterr().out.splitlines()
        assert "your answer" in lines[0]
        assert "failed: the cells below use the course's answer" in lines[1]
        assert "not attempted" in lines[2]

    def test_a_value_for_a_function_is_refused(self):
        assert "expected a function, but the answer is a float" in check("99.1", 2.0).message

    def test_strict_passes_silently_through_and_raises_otherwise(self):
        assert check("99.1", lambda x: 2 * x, strict=True).status == "passed"
        with pytest.raises(CheckFailed, match="not doubled"):
            check("99.1", lambda x: x, strict=True)


def test_unknown_ids_name_the_nearest():
    assert "Did you mean '01.3'" in check("01.33", 1).message
    assert check("01.33", 1).status == "error"
    for call in (lambda: hint("1.3"), lambda: reveal("01.33"), lambda: use("01.33", 1)):
        with pytest.raises(UsageError, match="must be that of an exercise"):
            call()
    with pytest.raises(UsageError, match="level must be 1, 2 or 3, but it is 4"):
        hint("01.1", 4)
    with pytest.raises(UsageError, match="'77' is not"):
        list_exercises("77")


def test_exercise_refuses_what_the_course_could_not_use():
    fields = {name: getattr(TOY, name) for name in Exercise.__dataclass_fields__}
    for change, words in (
        ({"id": "1.2"}, "id must look like"),
        ({"kind": "quiz"}, "kind must be one of"),
        ({"difficulty": 6}, "difficulty must be 1 to 5"),
        ({"hints": ("a", "b", "")}, "hints must be idea"),
        ({"steps": TOY.steps[::-1]}, "steps must follow"),
        ({"steps": ()}, "steps must exist"),
        ({"steps": (), "rubric": ("a",)}, "kind must be proof or essay"),
        ({"cases": None}, "cases must exist"),
    ):
        with pytest.raises(UsageError, match=words):
            Exercise(**{**fields, **change})


def test_result_adds_nothing_to_the_printed_line():
    from IPython.core.formatters import DisplayFormatter

    data, _ = DisplayFormatter().format(checks.CheckResult("01.1", "passed", "line"))
    assert data == {}


def test_time_limit_gives_another_alarm_back():
    import signal

    rung = []
    old = signal.signal(signal.SIGALRM, lambda *a: rung.append(1))
    before = signal.setitimer(signal.ITIMER_REAL, 30)
    try:
        with guard.contained(5):
            pass
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 25 < left <= 30
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)
        signal.signal(signal.SIGALRM, old)
    assert not rung


def test_close_compares_values_shapes_and_kinds():
    one = torch.ones(2)
    assert close(one, one.double())
    assert close([1, (2.0, "B ")], [1.0, (2, "b")])
    for a, b in (
        (one, 1.0),
        (one, torch.ones(2, 1)),
        (1.0, 1.1),
        ((1,), (1, 2)),
        (None, 1),
        (True, 1),
    ):
        assert not close(a, b)


def test_list_exercises_takes_slugs_and_numbers():
    assert [e.id for e in list_exercises("01_order_matters")] == [
        e.id for e in list_exercises("01")
    ]
    assert get_exercise("01.3").chapter == "01"


def test_swallowed_output_is_not_lost_for_others():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        check("01.1", 4)
    assert "passed" in out.getvalue()
