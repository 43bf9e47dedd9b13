"""Exercises of chapter 8: implicit acceleration by overparameterization."""

from .questions import LARGEST_RATE, QUADRATIC, WHICH_DEPTHS, WHY_NO_POTENTIAL
from .steps import IMPLEMENT_CIRCULATION, IMPLEMENT_DIRECTION

__all__ = ["EXERCISES"]

EXERCISES = (
    LARGEST_RATE,
    WHICH_DEPTHS,
    IMPLEMENT_DIRECTION,
    IMPLEMENT_CIRCULATION,
    QUADRATIC,
    WHY_NO_POTENTIAL,
)
