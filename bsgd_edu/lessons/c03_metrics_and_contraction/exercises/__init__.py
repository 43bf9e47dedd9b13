"""Exercises of chapter 3: metrics that layers contract."""

from .cones import COEFFICIENT, WIDTHS
from .questions import ATTENTION, BY_HAND, PROVE, WHICH_LAYER

__all__ = ["EXERCISES"]

EXERCISES = (BY_HAND, WHICH_LAYER, COEFFICIENT, WIDTHS, ATTENTION, PROVE)
