"""Exercises of chapter 4: drifts by hand and by machine, and what a mean square hides."""

from .distances import DISTANCES
from .questions import COIN, DIGITS, KEPT, PROVE
from .terms import TERMS

__all__ = ["EXERCISES"]

EXERCISES = (COIN, KEPT, DISTANCES, TERMS, DIGITS, PROVE)
