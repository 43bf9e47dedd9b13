"""Exercises of chapter 9: what a layer of a deep linear network sees, and where it is blind."""

from .corridors import IMPLEMENT_CORRIDOR, IMPLEMENT_GRADIENT
from .questions import COVERED, PROVE, SMALL_STARTS, THRESHOLD

__all__ = ["EXERCISES"]

EXERCISES = (THRESHOLD, COVERED, IMPLEMENT_GRADIENT, IMPLEMENT_CORRIDOR, SMALL_STARTS, PROVE)
