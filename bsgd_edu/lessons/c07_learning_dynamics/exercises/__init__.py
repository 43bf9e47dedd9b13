"""Exercises of chapter 7, and the question it asks before the experiment."""

from ....course.exercises import prediction
from .building import DESCEND, SAMPLE
from .questions import BOUND, RIDGE, SIGNAL, WHERE_IT_ENDS

__all__ = ["EXERCISES", "PREDICTION"]

EXERCISES = (WHERE_IT_ENDS, SAMPLE, DESCEND, SIGNAL, RIDGE, BOUND)

PREDICTION = prediction(
    {
        "later, and better": "Better is right. But the start is noise that training must fade out "
        "before it may stop, and there is less of it now: the moment comes earlier.",
        "later, and no better": "The weights have a longer way to grow, but their length does not "
        "classify: only their direction does, and a small start spoils it less.",
        "earlier, and better": "A small start is soon outgrown by what the data say, and there is "
        "less time to learn the noise of the weak directions.",
        "earlier, and no better": "Earlier is right. But what is left of the start at the best "
        "moment costs accuracy, and a tenth of it costs less.",
    },
    right="c",
)
