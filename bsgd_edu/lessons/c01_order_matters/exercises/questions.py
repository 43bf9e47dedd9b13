"""Exercises 01.1, 01.2, 01.5 and 01.6: two to recall, one to measure, one to prove."""

from ....course.exercises import choice_question, number_question, proof_question

__all__ = ["BY_HAND", "EQUAL_LAWS", "MEASURE_BATCHES", "PROVE"]

BY_HAND = number_question(
    "01.1",
    "Two maps by hand",
    difficulty=1,
    minutes=3,
    teaches="which map acts first in a backward iterate",
    signature="a number; T_1(x) = (x + 4)/2, T_2(x) = (x + 8)/2, x_0 = 0. Example: y_1 = 2.",
    hints=(
        "The new map goes inside, so it meets the start first.",
        "y_2 = T_1(T_2(0))",
        "inner = T_2(0); y_2 = T_1(inner)",
    ),
    answer=4.0,
    why="T_2(0) = 4, and T_1(4) = 4. Forward, the same two maps give T_2(T_1(0)) = T_2(2) = 5: "
    "the last map that acts has the most weight, and backward that is always T_1.",
    says="y_2 is T_1 applied to T_2(0)",
    mistakes={
        "5 is x_2: there the new map T_2 acts last, outside": 5.0,
        "2 is y_1 = T_1(0): the second map is not in it yet": 2.0,
        "backward does not undo a step: no inverse map appears": 0.0,
        "maps are composed, their values are not added": 6.0,
    },
)

EQUAL_LAWS = choice_question(
    "01.2",
    "What equal laws mean",
    difficulty=2,
    minutes=3,
    teaches="to keep a statement about a law apart from one about a path",
    hints=(
        "A law says how often values occur over many lists of batches, at one n.",
        "E f(x_n) = E f(y_n) for every function f of the point, the test loss for example.",
        "Go through the letters: does it speak of one n over many lists, or of one list?",
    ),
    choices={
        "For each list of batches, $x_n=y_n$.": "x_n and y_n use one list in opposite orders: they "
        "differ on almost every one",
        "Backward runs have a lower mean test loss than forward runs.": "the mean loss is a mean "
        "over the law, and the laws are equal: no gain at all",
        "The mean test loss over fresh lists of batches is the same at each $n$.": None,
        "The forward path converges, since the backward path does.": "equal laws at each n say "
        "nothing of how one path moves from n to n + 1",
        r"The curve $n\mapsto$ loss is as smooth forward as backward.": "smoothness compares "
        "neighbouring n on one path; the law at each n does not",
    },
    why="law(x_n) = law(y_n) compares one n at a time, over fresh lists of batches. Whatever "
    "depends on a single point then has the same mean; whatever depends on several n at once "
    "(smoothness, convergence) may differ, and does.",
)

MEASURE_BATCHES = number_question(
    "01.5",
    "How many batches does the limit average?",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that a backward limit is no average over the whole run",
    signature="a number: σ²/Var(y_∞) at ρ = 0.95, measured within 10 %. Worked value: at ρ = 0.8 "
    "it is about 9.",
    hints=(
        "Draw many lists of targets with variance 1, compose backward, take the variance of y_n.",
        "Var(y_∞) = (1 − ρ)²(1 + ρ² + ρ⁴ + …) σ²",
        "targets = randn(400, 4000); y = backward_orbit(steps(targets, 0.95), 0)[-1]; 1 / y.var()",
    ),
    answer=39.0,
    rtol=0.1,
    why="(1 + ρ)/(1 − ρ) = 39: the limit averages about as many batches however long the run is, "
    "mostly from the start of the list. A run twice as long does not make it twice as good; a "
    "learning rate half as large does.",
    says="off by more than 10 %: more runs, or longer ones?",
    mistakes={
        "1/(1 − ρ) is how long the maps remember, not what they average": 20,
        "this is Var(y_∞)/σ²: turn it round": 1 / 39,
        "this uses the standard deviation: square it": 39**0.5,
        "this is the value at ρ = 0.8": 9,
    },
)

PROVE = proof_question(
    "01.6",
    "Equal laws, and a limit",
    difficulty=4,
    minutes=25,
    teaches="the two-line argument on which the chapter rests",
    hints=(
        "What happens to the joint law of independent, equally distributed maps if you renumber "
        "them?",
        "(T_1, …, T_n) and (T_n, …, T_1) have one law; y_n = G(T_1, …, T_n), x_n = G(T_n, …, T_1).",
        "For the limit: d(y_n, y_{n+1}) ≤ cⁿ d(x0, T_{n+1} x0); sum a geometric series.",
    ),
    answer=r"""
    The maps are independent with one law, so the reversed list has the law of the list; $x_n$ is
    the same function of the reversed list as $y_n$ is of the list. Under $T_1\circ\dots\circ T_n$
    the points $x_0$ and $T_{n+1}x_0$ become $y_n$ and $y_{n+1}$, so $d(y_n,y_{n+1})\le c^nM$, a
    geometric series: a Cauchy sequence, with $d(y_n,y_\infty)\le c^nM/(1-c)$. For $x_n$ the new
    map acts on a moved point, and no factor $c^n$ stands before its step.
    """,
    ticks=(
        "uses that the maps are independent AND equally distributed",
        "writes x_n as the same function of the reversed list, at a fixed n",
        "does not claim x_n = y_n on one list, nor equality of the joint law over several n",
        "shows d(y_n, y_{n+1}) ≤ cⁿM, and sums the series",
        "says where the argument fails for x_n",
    ),
)
