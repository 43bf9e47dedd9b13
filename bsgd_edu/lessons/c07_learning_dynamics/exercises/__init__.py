"""Exercises of chapter 7: learning dynamics by random matrices."""

from .dynamics import ACCURACY, ALL_TIMES
from .questions import BEST_TIME, BOUND, LIMIT, VISIBLE

__all__ = ["EXERCISES"]

EXERCISES = (LIMIT, VISIBLE, ALL_TIMES, ACCURACY, BEST_TIME, BOUND)
