"""Exercises of chapter 2: what backward curves cost, what they can show, and what corrects them."""

from .judgement import COST, EVIDENCE, FRONTIER, REFEREE
from .orders import ORDER, WINDOW

__all__ = ["EXERCISES"]

EXERCISES = (COST, EVIDENCE, WINDOW, ORDER, FRONTIER, REFEREE)
