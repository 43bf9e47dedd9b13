"""Exercises of chapter 2: backward orbits by hand and by loops, what they cost, what they show."""

from ....course.exercises.questions import prediction
from .judgement import BY_HAND, FRONTIER, PRICE, REFEREE
from .orders import LOOPS, ROWS

__all__ = ["EXERCISES", "PREDICTION"]

EXERCISES = (BY_HAND, LOOPS, ROWS, REFEREE, PRICE, FRONTIER)

PREDICTION = prediction(
    {
        "Backward is lower in the mean, and shakes less within a run.": "The calm is real. A lower "
        "mean would need another law at step n, and a list is as likely as its reverse.",
        "The means agree; backward shakes less within a run.": "Shaking belongs to the path, the "
        "mean to the law at one step: a list and its reverse are equally likely.",
        "Backward is higher in the mean, since it lets the newest batches act first, and shakes "
        "less within a run.": "The newest batches do fade. But some batch acts last in either "
        "order, and over fresh lists it is as good as any other.",
        "The orders differ in neither.": "Right about the means. But neighbours on the backward "
        "curve share their last batches, neighbours on the forward curve do not.",
    },
    right="b",
)
