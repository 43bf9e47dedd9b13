"""Exercises of chapter 4: drifts by hand and by machine, and what a mean square hides."""

from .products import DISTANCES, TERMS
from .questions import COIN, DIGITS, KEPT, PROVE

__all__ = ["EXERCISES"]

EXERCISES = (COIN, KEPT, DISTANCES, TERMS, DIGITS, PROVE)
