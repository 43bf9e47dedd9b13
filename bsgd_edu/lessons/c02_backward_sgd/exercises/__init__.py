"""Exercises of chapter 2: what backward curves cost, what they can show, and what corrects them."""

from .brackets import ORDER
from .judgement import COST, EVIDENCE, FRONTIER, REFEREE
from .windows import WINDOW

__all__ = ["EXERCISES"]

EXERCISES = (COST, EVIDENCE, WINDOW, ORDER, FRONTIER, REFEREE)
