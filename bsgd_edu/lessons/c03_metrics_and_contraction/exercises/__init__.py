"""Exercises of chapter 3: metrics that layers contract."""

from .coefficient import IMPLEMENT_COEFFICIENT
from .questions import ATTENTION, BY_HAND, PROVE, WHICH_LAYER
from .widths import IMPLEMENT_WIDTHS

__all__ = ["EXERCISES"]

EXERCISES = (
    BY_HAND,
    WHICH_LAYER,
    IMPLEMENT_COEFFICIENT,
    IMPLEMENT_WIDTHS,
    ATTENTION,
    PROVE,
)
