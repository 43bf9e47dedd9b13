"""What an exercise is, and how an answer is checked; whoever writes one imports from here."""

from .exercise import (
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
    "Exercise",
    "Misconception",
    "Step",
    "Wrong",
    "as_number",
    "choice_step",
    "close",
    "number_step",
    "tensor_problem",
]
