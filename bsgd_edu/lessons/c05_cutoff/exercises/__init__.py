"""Exercises of chapter 5: the cut-off in depth."""

from .curves import PASSAGE, SEPARATION
from .questions import CRITICAL, FLAT_END, LOCATION, PROVE

__all__ = ["EXERCISES"]

EXERCISES = (LOCATION, FLAT_END, SEPARATION, PASSAGE, CRITICAL, PROVE)
