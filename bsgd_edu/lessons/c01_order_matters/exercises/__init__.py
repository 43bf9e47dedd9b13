"""Exercises of chapter 1: order matters."""

from .draw import DRAW
from .orbit import ORBIT
from .questions import BY_HAND, EQUAL_LAWS, MEASURE_BATCHES, PROVE

__all__ = ["EXERCISES"]

EXERCISES = (BY_HAND, EQUAL_LAWS, ORBIT, DRAW, MEASURE_BATCHES, PROVE)
