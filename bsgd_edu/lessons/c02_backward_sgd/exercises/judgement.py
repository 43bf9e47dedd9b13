"""Exercises 02.1, 02.2, 02.5 and 02.6: prices, evidence, a frontier, and a referee report."""

from dataclasses import replace

from ....course.exercises import (
    Step,
    Wrong,
    as_number,
    choice_question,
    close,
    number_question,
    proof_question,
)

__all__ = ["COST", "EVIDENCE", "FRONTIER", "REFEREE"]

COST = number_question(
    "02.1",
    "The price of a curve",
    difficulty=1,
    minutes=3,
    teaches="what a backward learning curve costs, and what one backward iterate costs",
    signature="a number: gradients for y_1 … y_300; for y_1 … y_3 it is 6",
    hints=(
        "How many batches does y_n replay from x_0? Nothing of y_{n−1} can be kept.",
        "1 + 2 + … + N = N(N + 1)/2.",
        "sum(range(1, 301))",
    ),
    answer=45_150,
    rtol=0.0,
    why="1 + 2 + … + 300 = 45 150. A single y_300 costs 300, as much as x_300: it is x_300 on the "
    "reversed list. The curve is what is dear, and the price of watching grows with its square.",
    says="add up what y_1, y_2, … y_300 cost",
    mistakes={
        "300 is the cost of the forward curve, or of y_300 alone: each y_n starts from x_0": 300,
        "90 000 charges N gradients for every y_n; y_n replays only n batches": 90_000,
        "44 850 sums 0 + 1 + … + 299; y_300 is one of the iterates asked for": 44_850,
        "600 is two passes; a new innermost map changes everything outside it": 600,
    },
)

EVIDENCE = choice_question(
    "02.2",
    "What would be evidence?",
    difficulty=2,
    minutes=4,
    teaches="to tell a property of a method from an accident of a list",
    hints=(
        "Which source of randomness does each experiment average over?",
        "law(x_n) = law(y_n) speaks about a list drawn at random.",
        "Look for the one that draws a new list for every run.",
    ),
    choices={
        "One list of batches, 1000 random starts, losses compared in pairs.": "with a shared list "
        "the starts are all the luck that is averaged; the list's own accident stays, whatever "
        "the number of starts",
        "A fresh list for each of 100 runs, losses at $n=1000$.": None,
        "One run of each order; backward's curve is smoother.": "smaller jitter along one run is "
        "no statement about the mean over runs; the laws of x_n and y_n are equal at each n",
        "One list, ten times as many steps.": "more steps do not help: both orders keep the "
        "accident of the one list",
    },
    why="Only fresh lists average over what the statement is about. Such an experiment finds no "
    "gap for constant steps, because there is none.",
)

# The zero of dynamics.tails.regression_lyapunov_exponent(·, dim=2, batch=1).
_LIMIT = 0.9371


def _side(answer, generator) -> bool | str:
    number = as_number(answer)
    if number is None or close(number, _LIMIT, rtol=0.05):
        return True  # the question's own step goes on
    side = "still converge" if 0 <= number < _LIMIT else "diverge"
    return f"at η = {number:.3g} the paths {side}: simulate on both sides of your number"


_FRONTIER = number_question(
    "02.5",
    "Where do paths stop converging?",
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
    answer=_LIMIT,
    rtol=0.05,
    why="The exponent changes sign at η = 0.937, although the variance is lost at 0.5 and Lip ≥ 1 "
    "always, since one sample in two dimensions leaves a direction untouched.",
    says="simulate on both sides of your number",
    mistakes={
        "0.5 is where the variance ends, 2B/(d + 1 + B); paths converge beyond it": 0.5,
        "2 is 2/L for the full batch; the noise of single samples lowers it": 2.0,
        "that is the limit for d = 1; in two dimensions a sample leaves a direction "
        "untouched": 2.42,
        "that is the mean-square limit for d = 1": 0.667,
        "E log Lip < 0 fails at every η, and yet paths converge: the hypothesis is sufficient, "
        "not necessary": 0.0,
    },
)
FRONTIER = replace(
    _FRONTIER,
    steps=(Step("value", "", _side), *_FRONTIER.steps),
    wrong=(*_FRONTIER.wrong, Wrong(0.8, "still converge"), Wrong(1.2, "diverge")),
)

REFEREE = proof_question(
    "02.6",
    "Referee report",
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
    answer="""
    Sharing one list leaves its accident in every pair: the p-value measures the wrong luck, for it
    tests two lists against each other. With fresh lists the laws of $x_n$ and $y_n$ agree at every
    $n$, so no mean gap can exist at constant steps. The smooth curve is a property of paths: real,
    reported as within-run jitter, and no evidence about the model at its end. A backward curve
    costs $N(N+1)/2$ gradients; compare with averaging, decay and larger batches at that cost, which
    lower jitter *and* loss.
    """,
    ticks=(
        "one shared list: the gap is the list's, not the method's; ask for fresh lists",
        "law(x_n) = law(y_n): no mean gap exists at constant steps and equal batches",
        "jitter must be reported within runs and apart from mean loss; a smooth curve is no "
        "better model",
        "compute: a backward curve costs N(N + 1)/2 gradients",
        "baselines: averaging, decay or larger batches at the same cost",
    ),
)
