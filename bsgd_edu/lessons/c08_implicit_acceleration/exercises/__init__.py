"""Exercises of chapter 8: implicit acceleration by overparameterization."""

from .questions import LARGEST_RATE, QUADRATIC, WHICH_DEPTHS, WHY_NO_POTENTIAL
from .steps import CIRCULATION, DIRECTION

__all__ = ["EXERCISES"]

EXERCISES = (LARGEST_RATE, WHICH_DEPTHS, DIRECTION, CIRCULATION, QUADRATIC, WHY_NO_POTENTIAL)
