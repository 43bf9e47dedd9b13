"""What an exercise is: a task, its hints, how an answer is checked, and which answers are wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import UsageError

__all__ = [
    "KINDS",
    "STAGES",
    "Exercise",
    "Misconception",
    "Step",
    "Test",
    "Wrong",
    "as_number",
    "choice_step",
    "close",
    "number_step",
    "tensor_problem",
]

KINDS = ("recall", "implement", "investigate", "proof", "essay")
STAGES = ("shape", "value", "invariant", "limit")

# (the learner's answer, a fresh random stream) -> True, False (the step's sentence is told), or
# the sentence to tell.
Test = Callable[[Any, torch.Generator], bool | str]


@dataclass(frozen=True)
class Step:
    """One question a check asks of an answer.

    Attributes:
        stage: ``shape``, ``value``, ``invariant`` or ``limit``; they come in that order.
        says: What idea is off if the answer fails here.
        test: The question.
    """

    stage: str
    says: str
    test: Test


@dataclass(frozen=True)
class Misconception:
    """A wrong idea that can be recognised by what it computes.

    Attributes:
        name: Short name.
        says: What is told to a learner who has it.
        imitation: A function (or value) that makes the mistake on purpose. An answer that agrees
            with it on fresh cases, where it differs from the reference, has the misconception.
    """

    name: str
    says: str
    imitation: Any


@dataclass(frozen=True)
class Wrong:
    """An answer that must fail, and a part of the sentence it must get."""

    answer: Any
    expects: str


@dataclass(frozen=True)
class Exercise:
    """A task for the reader.

    Attributes:
        id: ``CC.k``: chapter and number.
        title: A few words.
        kind: ``recall``, ``implement``, ``investigate``, ``proof`` or ``essay``.
        difficulty: 1 (read again) to 5 (an evening).
        minutes: For somebody who has read the chapter.
        teaches: What can be done afterwards.
        signature: Call with shapes, and one worked value.
        hints: Idea, equation, pseudocode.
        reference: A function, or the value asked for.
        why: Why the reference is right, and what to see in it.
        steps: What the check asks.
        cases: generator → arguments of one fresh random case.
        misconceptions: Wrong ideas that are recognised.
        wrong: At least four answers that must fail.
        right: At least two answers, written differently, that must pass.
        choices: Letter → text, for a choice.
        rubric: What a good text says, for a proof or essay without steps; the reader assesses it.
        seconds: How long a check may take.
    """

    id: str
    title: str
    kind: str
    difficulty: int
    minutes: int
    teaches: str
    signature: str
    hints: tuple[str, str, str]
    reference: Any
    why: str
    steps: tuple[Step, ...] = ()
    cases: Callable[[torch.Generator], tuple] | None = None
    misconceptions: tuple[Misconception, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    right: tuple[Any, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    rubric: tuple[str, ...] = ()
    seconds: float = 10.0

    def __post_init__(self):
        """Refuses an exercise that the course could not use."""
        order = [STAGES.index(step.stage) if step.stage in STAGES else -1 for step in self.steps]
        rules = (
            ("id", "look like 03.2", bool(re.fullmatch(r"\d\d\.\d+", self.id))),
            ("kind", f"be one of {', '.join(KINDS)}", self.kind in KINDS),
            ("difficulty", "be 1 to 5", self.difficulty in range(1, 6)),
            ("hints", "be idea, equation, pseudocode", len(self.hints) == 3 and all(self.hints)),
            ("steps", f"follow {', '.join(STAGES)}", order == sorted(order) and -1 not in order),
            ("steps", "exist unless there is a rubric", bool(self.steps) != bool(self.rubric)),
            ("kind", "be proof or essay with a rubric", self.by_hand <= (self.kind in KINDS[-2:])),
            (
                "cases",
                "exist where imitations are functions",
                self.cases is not None
                or not any(callable(one.imitation) for one in self.misconceptions),
            ),
        )
        for name, rule, holds in rules:
            if not holds:
                raise UsageError(
                    f"Exercise {self.id}: {name} must {rule}, but it is "
                    f"{getattr(self, name)!r:.120}. Correct the exercise."
                )

    @property
    def by_hand(self) -> bool:
        """Whether a person, not a function, judges the answer."""
        return bool(self.rubric)

    @property
    def chapter(self) -> str:
        """Two digits."""
        return self.id[:2]


def as_number(value: Any) -> float | None:
    """Returns a real number as a float, or None for what is none (a truth value, a text, NaN).

    Example:
        >>> as_number(torch.tensor(0.5)), as_number("half"), as_number(True)
        (0.5, None, None)
    """
    if isinstance(value, Tensor | np.ndarray) and int(np.prod(value.shape)) == 1:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    number = float(value)
    return None if number != number else number


def close(a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Says whether two answers agree: numbers, texts, tensors, or tuples and lists of them.

    Args:
        a: An answer.
        b: Another.
        rtol: Relative tolerance.
        atol: Absolute tolerance.

    Returns:
        False also where types or shapes differ.

    Example:
        >>> close((1.0, torch.ones(2)), (1.0, torch.ones(2))), close(1.0, "one")
        (True, False)
    """
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(close(x, y, rtol, atol) for x, y in zip(a, b, strict=True))
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if a.shape != b.shape or a.is_complex() != b.is_complex():
            return False
        wide = torch.complex128 if a.is_complex() else torch.float64
        return torch.allclose(a.detach().cpu().to(wide), b.detach().cpu().to(wide), rtol, atol)
    if isinstance(a, str) and isinstance(b, str):
        return a.strip().lower() == b.strip().lower()
    if (isinstance(a, Tensor) and a.ndim) or (isinstance(b, Tensor) and b.ndim):
        return False
    x, y = as_number(a), as_number(b)
    return x is not None and y is not None and (x == y or abs(x - y) <= atol + rtol * abs(y))


def tensor_problem(
    value: Any, shape: Sequence[int], dtype: torch.dtype | None = None
) -> str | None:
    """Returns what is wrong with an answer that should be a tensor of a shape, or None.

    Args:
        value: The answer.
        shape: The shape it should have.
        dtype: The type it should have; None for any floating one.

    Returns:
        A sentence, or None.

    Example:
        >>> tensor_problem(None, (3,))
        'expected a tensor of shape (3,), but the answer is None: does it end with a return?'
        >>> tensor_problem(torch.ones(4), (3,))
        'expected a tensor of shape (3,), but its shape is (4,)'
    """
    want = tuple(shape)
    if value is None:
        return (
            f"expected a tensor of shape {want}, but the answer is None: does it end with a return?"
        )
    if not isinstance(value, Tensor):
        return f"expected a tensor of shape {want}, but the answer is a {type(value).__name__}"
    if tuple(value.shape) != want:
        return f"expected a tensor of shape {want}, but its shape is {tuple(value.shape)}"
    if dtype is not None and value.dtype != dtype:
        return f"expected dtype {dtype}, but it is {value.dtype}: keep the dtype of the input"
    if not value.is_floating_point():
        return f"expected floating-point numbers, but the dtype is {value.dtype}"
    if not torch.isfinite(value).all():
        return "expected finite numbers, but some are infinite or NaN"
    return None


def number_step(right: float, *, rtol: float = 1e-3, atol: float = 1e-9, says: str = "") -> Step:
    """Returns the step of a recall or investigation that asks for one number.

    Args:
        right: The number.
        rtol: Relative tolerance: what rounding the reader may do, or how far a measurement strays.
        atol: Absolute tolerance.
        says: What to tell somebody who is off; a default sends them back to the text.

    Returns:
        A step.
    """

    def test(answer: Any, generator: torch.Generator) -> bool | str:
        number = as_number(answer)
        if number is None:
            return f"expected a number, but the answer is a {type(answer).__name__}"
        return abs(number - right) <= atol + rtol * abs(right)

    return Step("value", says or "the number is off; hints lead to it step by step", test)


def choice_step(right: str, told: Mapping[str, str]) -> Step:
    """Returns the step of a recall by choice.

    Args:
        right: The letter.
        told: Wrong letter → what is wrong with it.

    Returns:
        A step.
    """

    def test(answer: Any, generator: torch.Generator) -> bool | str:
        letters = ", ".join(sorted([right, *told]))
        if not isinstance(answer, str):
            return f"expected one of the letters {letters}, but got a {type(answer).__name__}"
        letter = answer.strip(" ().").lower()
        return letter == right or told.get(letter, f"expected one of the letters {letters}")

    return Step("value", "this is not the one", test)
