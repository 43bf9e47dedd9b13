"""Four kinds of questions, each made of its right answer and of the mistakes that are likely.

The right answer is written once. From it, and from what each mistake would answer, follow the
steps of the check, the answers that it must refuse and pass, and what the build writes into the
notebook: the choices below a statement, and the solution of the solved notebook.
"""

import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...errors import UsageError
from .exercise import (
    STAGES,
    Exercise,
    Misconception,
    Step,
    Wrong,
    as_number,
    choice_step,
    close,
    number_step,
    tensor_problem,
)

__all__ = [
    "Prediction",
    "build_question",
    "choice_question",
    "number_question",
    "prediction",
    "proof_question",
    "written_choices",
    "written_solution",
]

_FRESH = 10  # fresh cases on which an answer must agree with the reference


@dataclass(frozen=True)
class Prediction:
    """A question before the experiment, to be answered by a picture.

    Attributes:
        choices: Letter → text.
        told: Letter → what is right in it, and what it overlooks.
        right: The letter that the picture shows.
    """

    choices: Mapping[str, str]
    told: Mapping[str, str]
    right: str


def prediction(choices: Mapping[str, str], *, right: str) -> Prediction:
    """Returns a lesson's question before the experiment.

    Args:
        choices: Text of a choice → one sentence on what is right in it and what it overlooks.
            Letters follow the order: a, b, c, …
        right: The letter of the right one.

    Raises:
        UsageError: If there are fewer than three choices, or right is none of the letters.

    Example:
        >>> choices = {"rain": "It fell.", "snow": "It was too warm.", "sun": "At noon only."}
        >>> weather = prediction(choices, right="a")
        >>> weather.choices["b"], weather.told["b"]
        ('snow', 'It was too warm.')
    """
    letters = dict(zip("abcdefgh", choices, strict=False))
    if len(choices) < 3 or right not in letters:
        raise UsageError(
            f"prediction: right must be one of three letters or more, but there are "
            f"{len(choices)} choices and right is {right!r}. Correct the lesson."
        )
    return Prediction(letters, {letter: choices[text] for letter, text in letters.items()}, right)


def number_question(
    id: str,
    title: str,
    *,
    answer: float,
    mistakes: Mapping[str, float],
    kind: str = "recall",
    rtol: float = 1e-3,
    atol: float = 1e-9,
    says: str = "the number is off; hints lead to it step by step",
    **about: Any,
) -> Exercise:
    """Returns a question whose answer is one number.

    Args:
        id: ``CC.k``.
        title: A few words.
        answer: The number.
        mistakes: What to tell → the number that somebody with this idea would give; at least three.
        kind: ``"recall"``, or ``"investigate"`` if it is to be measured.
        rtol: What rounding may do, or how far a measurement strays.
        atol: The same, absolute.
        says: What to tell anybody else who is off.
        **about: ``difficulty``, ``minutes``, ``teaches``, ``signature``, ``hints`` and ``why`` of
            `Exercise`.
    """
    inside = answer * (1 + 0.3 * rtol) + 0.3 * atol
    wrong = [Wrong(value, sentence) for sentence, value in mistakes.items()]
    wrong.append(Wrong(_far_from(answer, mistakes.values()), says))
    wrong += [Wrong(value, "expected a number") for value in ("many", True, float("nan"))]
    return Exercise(
        id=id,
        title=title,
        kind=kind,
        reference=answer,
        steps=(number_step(answer, rtol=rtol, atol=atol, says=says),),
        misconceptions=_misconceptions(mistakes),
        wrong=tuple(wrong),
        right=(answer, torch.tensor(float(answer), dtype=torch.float64), inside),
        **about,
    )


def choice_question(
    id: str, title: str, *, choices: Mapping[str, str | None], kind: str = "recall", **about: Any
) -> Exercise:
    """Returns a question that is answered by a letter.

    Args:
        id: ``CC.k``.
        title: A few words.
        choices: Text of a choice → what is wrong with it, None for the right one. Letters follow
            the order: a, b, c, …
        kind: ``"recall"``, mostly.
        **about: As for `number_question`; the signature may be left out.

    Raises:
        UsageError: If not exactly one choice is right.
    """
    letters = dict(zip("abcdefgh", choices, strict=False))
    right = [letter for letter, text in letters.items() if choices[text] is None]
    if len(right) != 1 or len(choices) < 4:
        raise UsageError(
            f"Exercise {id}: choices must be four or more, one of them right (None), but there "
            f"are {len(choices)}, right are {right}. Correct the exercise."
        )
    told = {letter: choices[text] for letter, text in letters.items() if letter != right[0]}
    about.setdefault("signature", f"a letter, a to {max(letters)}")
    return Exercise(
        id=id,
        title=title,
        kind=kind,
        reference=right[0],
        choices=letters,
        steps=(choice_step(right[0], told),),
        wrong=(
            *(Wrong(letter, says) for letter, says in told.items()),
            Wrong("z", "one of the letters"),
            Wrong(2, "one of the letters"),
        ),
        right=(right[0], right[0].upper(), f" {right[0]}) "),
        **about,
    )


def build_question(
    id: str,
    title: str,
    *,
    answer: Callable,
    worked: tuple[tuple, Any],
    cases: Callable[[torch.Generator], tuple],
    mistakes: Mapping[str, Callable],
    right: Sequence[Callable],
    worked_says: str = "the worked value comes out differently",
    cases_say: str = "on fresh random cases the answer differs",
    steps: Sequence[Step] = (),
    wrong: Mapping[str, Any] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    **about: Any,
) -> Exercise:
    """Returns a question whose answer is a function.

    The check asks for the type and shape of what the reference returns, for the worked value, for
    agreement on fresh cases, and what ``steps`` ask.

    Args:
        id: ``CC.k``.
        title: A few words.
        answer: The reference; its body is the solution that the notebook shows.
        worked: (arguments, value) that the statement tells.
        cases: generator → arguments of one fresh random case; some must show every mistake.
        mistakes: What to tell → a function that makes the mistake on purpose; at least three.
        right: Two answers or more that are written differently.
        worked_says: What to tell whose worked value is off.
        cases_say: What to tell who is off on fresh cases.
        steps: More questions, mostly of stages ``invariant`` and ``limit``; each comes after those
            of its stage.
        wrong: Part of the sentence → another answer that must fail, beside the mistakes.
        rtol: How near an answer must come to the reference, relative.
        atol: The same, absolute.
        **about: As for `number_question`.
    """
    arguments, value = worked

    def shape(candidate: Any, generator: torch.Generator) -> bool | str:
        case = cases(generator)
        return _problem(candidate(*case), answer(*case)) or True

    def known(candidate: Any, generator: torch.Generator) -> bool:
        return close(candidate(*arguments), value, rtol, atol)

    def fresh(candidate: Any, generator: torch.Generator) -> bool:
        drawn = (cases(generator) for _ in range(_FRESH))
        return all(close(candidate(*case), answer(*case), rtol, atol) for case in drawn)

    asked = (
        Step("shape", "the type or shape is off", shape),
        Step("value", worked_says, known),
        Step("invariant", cases_say, fresh),
        *steps,
    )
    return Exercise(
        id=id,
        title=title,
        kind="implement",
        reference=answer,
        steps=tuple(sorted(asked, key=lambda step: (*STAGES, step.stage).index(step.stage))),
        misconceptions=_misconceptions(mistakes),
        cases=cases,
        wrong=(
            *(Wrong(function, says) for says, function in mistakes.items()),
            Wrong(lambda *args: None, "None: does it end with a return"),
            *(Wrong(function, says) for says, function in (wrong or {}).items()),
        ),
        right=tuple(right),
        **about,
    )


def proof_question(
    id: str, title: str, *, answer: str, ticks: Sequence[str], kind: str = "proof", **about: Any
) -> Exercise:
    """Returns a question that is answered by a text, which its writer assesses.

    Args:
        id: ``CC.k``.
        title: A few words.
        answer: A text that would do, in markdown.
        ticks: What a good text says, one point each.
        kind: ``"proof"`` or ``"essay"``.
        **about: As for `number_question`; signature and why may be left out.
    """
    about.setdefault("signature", "a text of about ten lines")
    about.setdefault("why", "Tick what your text says:")
    text = textwrap.dedent(answer).strip()
    return Exercise(id=id, title=title, kind=kind, reference=text, rubric=tuple(ticks), **about)


def written_choices(exercise: Exercise | Prediction) -> str:
    """Returns the choices as the notebook lists them, "" if there are none."""
    return "\n".join(f"- {letter}) {text}" for letter, text in exercise.choices.items())


def written_solution(exercise: Exercise, name: str | None = None) -> str:
    """Returns the right answer as the solved notebook writes it, not indented.

    Args:
        exercise: Of a function the body counts, without its docstring.
        name: What a number or a letter is assigned to; None for a text.
    """
    answer = exercise.reference
    if callable(answer):
        return _body(answer)
    return str(answer) if name is None else f"{name} = {_literal(answer)}"


def _body(function: Callable) -> str:
    """The lines of a function below its signature and its docstring."""
    import ast

    text = textwrap.dedent(inspect.getsource(function))
    node = ast.parse(text).body[0]
    first = node.body[0].lineno
    if ast.get_docstring(node) is not None:
        first = node.body[0].end_lineno + 1
    return textwrap.dedent("\n".join(text.split("\n")[first - 1 : node.end_lineno]))


def _literal(answer: Any) -> str:
    return f'"{answer}"' if isinstance(answer, str) else repr(answer)


def _misconceptions(mistakes: Mapping[str, Any]) -> tuple[Misconception, ...]:
    return tuple(Misconception(says[:24], says, imitation) for says, imitation in mistakes.items())


def _far_from(answer: float, mistakes: Any) -> float:
    """A number that is neither right nor one of the mistakes."""
    taken = [answer, *mistakes]
    scale = abs(answer) or 1.0
    tries = (answer + scale * (0.37 + 0.11 * k) for k in range(100))
    return next(x for x in tries if not any(close(x, other, rtol=0.05) for other in taken))


def _problem(got: Any, want: Any) -> str | None:
    """Says what is wrong with the type or shape of an answer, None if nothing is."""
    if isinstance(want, Tensor):
        return tensor_problem(got, want.shape) if want.is_floating_point() else _type(got, Tensor)
    if isinstance(want, tuple | list):
        if not isinstance(got, tuple | list) or len(got) != len(want):
            what = f"{len(got)} values" if isinstance(got, tuple | list) else _name(got)
            return f"expected {len(want)} values, but the answer is {what}"
        return next(filter(None, map(_problem, got, want)), None)
    if isinstance(want, int | float) and not isinstance(want, bool):
        number, whole = as_number(got), isinstance(want, int)
        if number is None or (whole and number % 1):
            return f"expected a {'whole ' if whole else ''}number, but it is {_name(got)}"
        return None
    return _type(got, type(want))


def _type(got: Any, wanted: type) -> str | None:
    if isinstance(got, wanted):
        return None
    return f"expected a {wanted.__name__}, but the answer is {_name(got)}"


def _name(got: Any) -> str:
    return "None: does it end with a return?" if got is None else f"a {type(got).__name__}"
