"""Exercises of chapter 6: ten thousand layers."""

from .builds import CRITICAL, KERNEL
from .questions import GAIN, MODE, PROVE, WIDTH

__all__ = ["EXERCISES"]

EXERCISES = (MODE, GAIN, KERNEL, CRITICAL, WIDTH, PROVE)
