"""Exercises of chapter 6: ten thousand layers."""

from .critical import IMPLEMENT_CRITICAL
from .kernel import IMPLEMENT_KERNEL
from .questions import GAIN, MODE, PROVE, WIDTH

__all__ = ["EXERCISES"]

EXERCISES = (MODE, GAIN, IMPLEMENT_KERNEL, IMPLEMENT_CRITICAL, WIDTH, PROVE)
