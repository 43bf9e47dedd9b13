"""Exercises of chapter 7: learning dynamics by random matrices."""

from .dynamics import IMPLEMENT_ACCURACY, IMPLEMENT_ALL_TIMES
from .questions import BEST_TIME, BOUND, LIMIT, VISIBLE

__all__ = ["EXERCISES"]

EXERCISES = (LIMIT, VISIBLE, IMPLEMENT_ALL_TIMES, IMPLEMENT_ACCURACY, BEST_TIME, BOUND)
