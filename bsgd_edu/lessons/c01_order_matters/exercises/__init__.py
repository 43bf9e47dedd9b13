"""Exercises of chapter 1: order matters."""

from .draw import IMPLEMENT_DRAW
from .orbit import IMPLEMENT_ORBIT
from .questions import BY_HAND, EQUAL_LAWS, MEASURE_BATCHES, PROVE

__all__ = ["EXERCISES"]

EXERCISES = (BY_HAND, EQUAL_LAWS, IMPLEMENT_ORBIT, IMPLEMENT_DRAW, MEASURE_BATCHES, PROVE)
