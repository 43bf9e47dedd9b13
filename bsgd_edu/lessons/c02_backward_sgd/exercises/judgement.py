"""Exercises 02.1, 02.2, 02.5 and 02.6: prices, evidence, a frontier, and a referee report."""

import math

import torch

from ....course.exercises import Exercise, Step, Wrong, as_number, choice_step

__all__ = ["COST", "EVIDENCE", "FRONTIER", "REFEREE"]

_COSTS = {
    300: "that is the cost of the forward curve, or of y_300 alone: each y_n starts from x_0",
    90_000: "that charges N gradients for every y_n; y_n replays only n batches",
    44_850: "that sums 0 + 1 + … + 299; y_300 is one of the iterates asked for",
    600: "that is two passes; a new innermost map changes everything outside it",
}


def _cost(answer, generator):
    number = as_number(answer)
    if number is None:
        return f"expected a number, but the answer is a {type(answer).__name__}"
    if not math.isfinite(number):
        return f"expected a finite number, but the answer is {number}"
    return number == 45_150 or _COSTS.get(round(number), "add up what y_1, y_2, … y_300 cost")


COST = Exercise(
    id="02.1",
    title="The price of a curve",
    kind="recall",
    difficulty=1,
    minutes=3,
    teaches="what a backward learning curve costs, and what one backward iterate costs",
    signature="a number: gradients for y_1 … y_300; for y_1 … y_3 it is 6",
    hints=(
        "How many batches does y_n replay from x_0? Nothing of y_{n−1} can be kept.",
        "1 + 2 + … + N = N(N + 1)/2.",
        "sum(range(1, 301))",
    ),
    reference=45_150,
    why="1 + 2 + … + 300 = 45 150. A single y_300 costs 300, as much as x_300: it is x_300 on the "
    "reversed list. The curve is what is dear, and the price of watching grows with its square.",
    steps=(Step("value", "add up what y_1, y_2, … cost", _cost),),
    wrong=(
        Wrong(300, "forward curve"),
        Wrong(90_000, "replays only n"),
        Wrong(44_850, "0 + 1"),
        Wrong(600, "two passes"),
        Wrong("many", "expected a number"),
    ),
    right=(45_150, 45_150.0, torch.tensor(45_150)),
)


_LETTERS = {
    "a": "with a shared list the starts are all the luck that is averaged; the list's own accident "
    "stays, whatever the number of starts",
    "c": "smaller jitter along one run is no statement about the mean over runs; the laws of x_n "
    "and y_n are equal at each n",
    "d": "more steps do not help: both orders keep the accident of the one list",
}

EVIDENCE = Exercise(
    id="02.2",
    title="What would be evidence?",
    kind="recall",
    difficulty=2,
    minutes=4,
    teaches="to tell a property of a method from an accident of a list",
    signature="a letter, a to d",
    hints=(
        "Which source of randomness does each experiment average over?",
        "law(x_n) = law(y_n) speaks about a list drawn at random.",
        "Look for the one that draws a new list for every run.",
    ),
    reference="b",
    why="Only fresh lists average over what the statement is about. Such an experiment finds no "
    "gap for constant steps, because there is none.",
    steps=(choice_step("b", _LETTERS),),
    choices={
        "a": "one list of batches, 1000 starts, paired losses",
        "b": "a fresh list for each of 100 runs, losses at one n",
        "c": "one run of each order; backward's curve is smoother",
        "d": "one list, ten times as many steps",
    },
    wrong=(
        Wrong("a", "accident stays"),
        Wrong("c", "along one run"),
        Wrong("d", "more steps"),
        Wrong("e", "one of the letters"),
        Wrong(2, "letters"),
    ),
    right=("b", " B "),
)


# The zero of dynamics.tails.regression_lyapunov_exponent(·, dim=2, batch=1).
_LIMIT = 0.9371
_LIMITS = {
    0.5: "that is where the variance ends, 2B/(d + 1 + B); paths converge beyond it",
    2.0: "that is 2/L for the full batch; the noise of single samples lowers it",
    2.42: "that is the limit for d = 1; in two dimensions a sample leaves a direction untouched",
    0.667: "that is the mean-square limit for d = 1",
    0.0: "E log Lip < 0 fails at every η, and yet paths converge: the hypothesis is sufficient, "
    "not necessary",
}


def _limit(answer, generator):
    number = as_number(answer)
    if number is None:
        return f"expected a number, but the answer is a {type(answer).__name__}"
    if not 0 <= number < math.inf:
        return f"a learning rate is a positive number, but the answer is {number:.3g}"
    if abs(number - _LIMIT) <= 0.05 * _LIMIT:
        return True
    for value, told in _LIMITS.items():
        if abs(number - value) <= 0.01:
            return told
    return f"at η = {number:.3g} the paths {'still converge' if number < _LIMIT else 'diverge'}"


FRONTIER = Exercise(
    id="02.5",
    title="Where do paths stop converging?",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that contraction on average, not in mean square, decides about paths",
    signature="a number, within 5 %",
    hints=(
        "Which of the three boundaries in the stability map separates paths that settle from paths "
        "that explode?",
        "γ(η) = E log‖(I − η x xᵀ)u‖ = 0.",
        "bisect on dynamics.tails.regression_lyapunov_exponent(lr, dim=2, batch=1)",
    ),
    reference=_LIMIT,
    why="The exponent changes sign at η = 0.937, although the variance is lost at 0.5 and Lip ≥ 1 "
    "always, since one sample in two dimensions leaves a direction untouched.",
    steps=(Step("value", "simulate on both sides of your number", _limit),),
    wrong=(
        Wrong(0.5, "variance ends"),
        Wrong(2.0, "full batch"),
        Wrong(2.42, "d = 1"),
        Wrong(0.0, "not necessary"),
        Wrong(1.2, "diverge"),
        Wrong("nowhere", "expected a number"),
    ),
    right=(0.937, 0.95, torch.tensor(0.91)),
)


REFEREE = Exercise(
    id="02.6",
    title="Referee report",
    kind="essay",
    difficulty=4,
    minutes=20,
    teaches="to judge a comparison of training orders",
    signature="about fifteen lines",
    hints=(
        "Go through what was shared and what was drawn afresh.",
        "Which of their quantities is a functional of the law at one n, and which of a path?",
        "Randomness averaged? · loss or jitter? · at equal compute? · against averaging?",
    ),
    reference=None,
    why="Sharing one list leaves the list's accident in every pair, so the p-value measures the "
    "wrong luck: the laws at one n are equal, the true mean gap is zero. Smoothness along a run "
    "is real, and is bought with N(N + 1)/2 gradients, for which larger batches or an average "
    "also lower the loss.",
    rubric=(
        "one shared list: the gap is the list's, not the method's; ask for fresh lists",
        "law(x_n) = law(y_n): no mean gap exists at constant steps and equal batches",
        "jitter must be reported within runs and apart from mean loss; a smooth curve is no "
        "better model",
        "compute: a backward curve costs N(N + 1)/2 gradients",
        "baselines: averaging, decay or larger batches at the same cost",
    ),
)
