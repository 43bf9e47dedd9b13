"""Exercises of chapter 9: what a layer of a deep linear network sees, and where it is blind."""

from .corridors import CORRIDOR, GRADIENT
from .questions import COVERED, PROVE, SMALL_STARTS, THRESHOLD

__all__ = ["EXERCISES"]

EXERCISES = (THRESHOLD, COVERED, GRADIENT, CORRIDOR, SMALL_STARTS, PROVE)
