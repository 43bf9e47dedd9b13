"""`check`, `use`, `hint`, `reveal`: what a reader calls beside an exercise."""

import inspect
import textwrap
from dataclasses import dataclass
from typing import Any

from ...errors import BsgdError, UsageError
from ...plot.display import publish
from ..nearest import nearest
from ..rooms import room, rooms
from .exercise import Exercise, close
from .guard import (
    Guarded,
    LearnerError,
    MutatedInput,
    NotAttempted,
    TimeUp,
    contained,
    fresh_generator,
)

__all__ = [
    "STATUSES",
    "CheckFailed",
    "CheckResult",
    "check",
    "get_exercise",
    "hint",
    "list_exercises",
    "refuse_older",
    "reveal",
    "use",
]

STATUSES = ("not attempted", "passed", "failed", "error", "to assess")
_CASES = 10  # fresh cases on which an answer is compared with a mistake
_HINTS = ("idea", "equation", "pseudocode")
_STAGES = {
    "shape": "type and shape",
    "value": "a known value",
    "invariant": "what must always hold",
    "limit": "a rate or limit",
}


class CheckFailed(BsgdError, AssertionError):
    """A strict check that did not pass."""


@dataclass(frozen=True)
class CheckResult:
    """What a check found: ``status`` is one of `STATUSES`, ``message`` the printed line."""

    id: str
    status: str
    message: str

    def _ipython_display_(self) -> None:
        """Shows nothing more: `check` has printed the line."""


def list_exercises(chapter: str | None = None) -> list[Exercise]:
    """Returns the exercises of a chapter, or all.

    Args:
        chapter: A slug, or its two digits; None for all chapters.

    Returns:
        Exercises by id.

    Raises:
        UsageError: If there is no such chapter, or it has no exercises.
    """
    chosen = list(rooms().values()) if chapter is None else [room(chapter)]
    found = []
    for one in chosen:
        if "exercises" in one.parts():
            found += one.load("exercises").EXERCISES
        elif chapter is not None:
            raise UsageError(
                f"exercises: chapter must be one that has exercises, but {one.chapter} has none. "
                f"They belong to lessons/{one.folder.name}/exercises."
            )
    return sorted(found, key=lambda exercise: tuple(map(int, exercise.id.split("."))))


def get_exercise(exercise_id: str) -> Exercise:
    """Returns one exercise.

    Args:
        exercise_id: For example ``"01.2"``.

    Returns:
        The exercise.

    Raises:
        UsageError: If there is none; the message names the nearest.
    """
    number = exercise_id.partition(".")[0]
    here = [one for one in rooms().values() if one.number == number]
    known = list_exercises(here[0].chapter if here else None)
    for exercise in known:
        if exercise.id == exercise_id:
            return exercise
    raise UsageError(
        f"check: id must be that of an exercise, but {exercise_id!r} is not. "
        f"{nearest(exercise_id, [exercise.id for exercise in known])}"
    )


def check(exercise_id: str, answer: Any, strict: bool = False) -> CheckResult:
    """Checks an answer, prints one line, and never raises unless told to.

    Args:
        exercise_id: For example ``"01.2"``.
        answer: The learner's function or value; ``...`` means not attempted.
        strict: Whether anything but a pass raises, as a grader wants it.

    Returns:
        The result.

    Raises:
        CheckFailed: If strict, and the check did not pass.
    """
    result = _examine(exercise_id, answer)
    if strict and result.status != "passed":
        raise CheckFailed(result.message)
    print(result.message)
    return result


def refuse_older(exercise_id: str, name: str, error: str, strict: bool = False) -> CheckResult:
    """Says that the cell which should have made an answer failed, and judges no older answer.

    Args:
        exercise_id: For example ``"01.2"``.
        name: What the answer is called.
        error: What the cell raised.
        strict: Whether to raise.

    Returns:
        The result, with status ``"error"``.

    Raises:
        CheckFailed: If strict.
    """
    text = (
        f"✗ {exercise_id} error: your last cell for {name} failed ({error}). What {name} holds is "
        "older: mend that cell, run it, and check again."
    )
    if strict:
        raise CheckFailed(text)
    print(text)
    return CheckResult(exercise_id, "error", text)


def use(exercise_id: str, answer: Any) -> Any:
    """Returns the learner's answer if it passes, else the reference, and says which.

    Args:
        exercise_id: For example ``"01.2"``.
        answer: The learner's function or value.

    Returns:
        One of the two.
    """
    exercise = get_exercise(exercise_id)
    result = _examine(exercise_id, answer)
    if result.status == "passed":
        print(f"{exercise_id} · the cells below use your answer.")
        return answer
    print(f"{exercise_id} · {result.status}: the cells below use the course's answer.")
    return exercise.reference


def hint(exercise_id: str, level: int = 1) -> None:
    """Prints a hint: 1 the idea, 2 the equation, 3 pseudocode.

    Args:
        exercise_id: For example ``"01.2"``.
        level: 1, 2 or 3.

    Raises:
        UsageError: If there is no such exercise or hint.
    """
    exercise = get_exercise(exercise_id)
    if level not in (1, 2, 3):
        raise UsageError(
            f"hint: level must be 1, 2 or 3, but it is {level!r}. Start with hint('{exercise_id}')."
        )
    print(f"{exercise_id} · hint {level} of 3, {_HINTS[level - 1]}:")
    print(textwrap.indent(textwrap.dedent(exercise.hints[level - 1]).strip(), "  "))


def reveal(exercise_id: str) -> None:
    """Shows the reference solution and why it is right.

    Args:
        exercise_id: For example ``"01.2"``.

    Raises:
        UsageError: If there is no such exercise.
    """
    exercise = get_exercise(exercise_id)
    parts = [f"**{exercise.id} · {exercise.title}**"]
    if callable(exercise.reference):
        source = textwrap.dedent(inspect.getsource(exercise.reference)).strip()
        parts.append(f"```python\n{source}\n```")
    elif exercise.choices:
        letter = exercise.reference
        parts.append(f"({letter}) {exercise.choices[letter]}")
    else:
        parts.append(str(exercise.reference))
    parts.append(textwrap.dedent(exercise.why).strip())
    if exercise.rubric:
        parts.append("\n".join(f"- {line}" for line in exercise.rubric))
    text = "\n\n".join(parts)
    publish({"text/markdown": text, "text/plain": text}, {})


def _examine(exercise_id: str, answer: Any) -> CheckResult:
    try:
        exercise = get_exercise(exercise_id)
    except UsageError as error:
        return CheckResult(exercise_id, "error", str(error))
    status, text = _status(exercise, answer)
    mark = {"passed": "✓", "failed": "✗", "error": "✗"}.get(status, "·")
    return CheckResult(exercise.id, status, f"{mark} {exercise.id} {status}{text}")


def _status(exercise: Exercise, answer: Any) -> tuple[str, str]:
    later = f". Start with hint('{exercise.id}', 1) if you like."
    if answer is Ellipsis or (isinstance(answer, str) and not answer.strip()):
        return "not attempted", later
    if exercise.by_hand:
        points = "".join(f"\n  [ ] {line}" for line in exercise.rubric)
        return "to assess", f": read your text again and tick what it says.{points}"
    if callable(exercise.reference) != callable(answer):
        wanted = "a function" if callable(exercise.reference) else "a value, not a function"
        return "failed", f": expected {wanted}, but the answer is a {type(answer).__name__}."
    guarded = Guarded(answer) if callable(answer) else answer
    try:
        with contained(exercise.seconds):
            problem = _first_problem(exercise, guarded)
    except NotAttempted:
        return "not attempted", later
    except MutatedInput:
        return "failed", (
            ": the function changes a tensor it was given (an operation in place). A map must be "
            "pure: replaying it has to give the same answer."
        )
    except LearnerError as error:
        return "error", f": your function raised {str(error).splitlines()[0]}"
    except TimeUp:
        return "failed", (
            f": no answer within {exercise.seconds:g} seconds. Look for a loop that does not end."
        )
    except Exception as error:  # a check that breaks is our mistake, and must not stop the reader
        return "error", f": the check itself broke ({type(error).__name__}: {error})."
    return ("passed", ".") if problem is None else ("failed", f", {problem}")


def _first_problem(exercise: Exercise, answer: Any) -> str | None:
    for step in exercise.steps:
        verdict = _ask(step.test, answer)
        if verdict is True:
            continue
        told = verdict or step.says
        if step.stage != "shape":
            told = _recognise(exercise, answer) or told
        return f"{_STAGES[step.stage]}: {told.rstrip('.')}."
    return None


def _ask(test: Any, answer: Any) -> bool | str:
    try:
        verdict = test(answer, fresh_generator())
    except (NotAttempted, LearnerError, MutatedInput):
        raise
    except (TypeError, ValueError, RuntimeError, AttributeError, IndexError, KeyError):
        # The answer returned something that the test could not even compare.
        return False
    return verdict if isinstance(verdict, str) else bool(verdict)


def _recognise(exercise: Exercise, answer: Any) -> str | None:
    """Returns the sentence of the first misconception that the answer behaves like."""
    for idea in exercise.misconceptions:
        if not callable(idea.imitation):
            same = close(answer, idea.imitation, rtol=1e-2)
        else:
            same = _imitates(exercise, idea.imitation, answer)
        if same:
            return idea.says
    return None


def _imitates(exercise: Exercise, imitation: Any, answer: Any) -> bool:
    """Says whether the answer agrees with a mistake, on cases some of which show the mistake."""
    if exercise.cases is None:
        return False
    shown = 0
    for _ in range(_CASES):
        case = exercise.cases(fresh_generator())
        try:
            mistaken = imitation(*case)
            if not close(answer(*case), mistaken):
                return False
        except (NotAttempted, MutatedInput, LearnerError):
            raise
        except (ArithmeticError, TypeError, ValueError, RuntimeError, IndexError):
            return False
        shown += not close(mistaken, exercise.reference(*case))
    return shown > 0
