"""Exercises 02.1, 02.4, 02.5 and 02.6: by hand, a referee report, a price, a frontier."""

from dataclasses import replace

from ....course.exercises import (
    Step,
    Wrong,
    as_number,
    close,
    number_question,
    proof_question,
)

__all__ = ["BY_HAND", "FRONTIER", "PRICE", "REFEREE"]

BY_HAND = number_question(
    "02.1",
    "Four halving maps",
    difficulty=1,
    minutes=4,
    teaches="which map meets the start, and what the newest one changes",
    signature="a number, y_4",
    hints=(
        "In T_1(T_2(T_3(T_4(8)))) the innermost bracket comes first.",
        "T_4(8) = (8 + 2)/2 = 5, then T_3.",
        "from 8: add 2 and halve, add −1 and halve, add 0 and halve, add 1 and halve",
    ),
    answer=1.0,
    why="8 → 5 → 2 → 1 → 1. The last thing that happened is T_1, as it was for y_3.",
    says="go from the innermost bracket outwards, halving once for each map",
    mistakes={
        "that is x_4: there T_1 acts first, and T_4 last": 1.3125,
        "that is T_4(y_3): the newest map belongs inside, next to the start": 1.6875,
        "that is y_3: T_4 is missing": 1.375,
    },
)

PRICE = number_question(
    "02.5",
    "The price of looking",
    difficulty=2,
    minutes=4,
    teaches="what a window costs when a run is looked at now and then",
    signature="a number of gradients",
    hints=(
        "Two parts: one forward run, and the head at each look.",
        "The first w batches are not in the forward run.",
        "(N − w) + 10 w",
    ),
    answer=1450,
    rtol=0.0,
    why="950 steps of the forward run, and ten times the head of 50.",
    says="add the forward run over the batches after the window, and ten replays of the head",
    mistakes={
        "1500 runs the head's batches forward as well; they only act inside the window": 1500,
        "48 450 or so is the price of a head at every step; only ten points are looked at": 48_450,
        "5500 is backward's price for these ten points: 100 + 200 + … + 1000": 5500,
        "1000 is forward's price: the head is replayed at every look": 1000,
    },
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
    "02.6",
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
    "02.4",
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
