"""What an exercise is, and how an answer is checked; whoever writes one imports from here."""

from .exercise import (
    Exercise,
    Misconception,
    Step,
    Wrong,
    as_number,
    close,
    tensor_problem,
)
from .questions import (
    build_question,
    choice_question,
    number_question,
    prediction,
    proof_question,
)

__all__ = [
    "Exercise",
    "Misconception",
    "Step",
    "Wrong",
    "as_number",
    "build_question",
    "choice_question",
    "close",
    "number_question",
    "prediction",
    "proof_question",
    "tensor_problem",
]
