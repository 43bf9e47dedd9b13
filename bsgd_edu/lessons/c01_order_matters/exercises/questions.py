"""Exercises 01.1, 01.2, 01.5 and 01.6: two to recall, one to measure, one to prove."""

import torch

from ....course.exercises import Exercise, Misconception, Wrong, choice_step, number_step

__all__ = ["BY_HAND", "EQUAL_LAWS", "MEASURE_BATCHES", "PROVE"]


BY_HAND = Exercise(
    id="01.1",
    title="Two maps by hand",
    kind="recall",
    difficulty=1,
    minutes=3,
    teaches="which map acts first in a backward iterate",
    signature="a number; T_1(x) = (x + 4)/2, T_2(x) = (x + 8)/2, x_0 = 0. Example: y_1 = 2.",
    hints=(
        "The new map goes inside, so it meets the start first.",
        "y_2 = T_1(T_2(0))",
        "inner = T_2(0); y_2 = T_1(inner)",
    ),
    reference=4.0,
    why=(
        "T_2(0) = 4, and T_1(4) = 4. Forward, the same two maps give T_2(T_1(0)) = T_2(2) = 5: "
        "the last map that acts has the most weight, and backward that is always T_1."
    ),
    steps=(number_step(4.0, says="y_2 is T_1 applied to T_2(0)"),),
    misconceptions=(
        Misconception("forward", "5 is x_2: there the new map T_2 acts last, outside", 5.0),
        Misconception("one-map", "2 is y_1 = T_1(0): the second map is not in it yet", 2.0),
        Misconception("undo", "backward does not undo a step: no inverse map appears", 0.0),
        Misconception("sum", "maps are composed, their values are not added", 6.0),
    ),
    wrong=(
        Wrong(5.0, "x_2"),
        Wrong(2, "y_1"),
        Wrong(0.0, "undo"),
        Wrong(6.0, "composed"),
        Wrong("four", "expected a number"),
        Wrong(True, "expected a number"),
        Wrong(float("nan"), "expected a number"),
    ),
    right=(4, torch.tensor(4.0), 3.9999),
)


EQUAL_LAWS = Exercise(
    id="01.2",
    title="What equal laws mean",
    kind="recall",
    difficulty=2,
    minutes=3,
    teaches="to keep a statement about a law apart from one about a path",
    signature='a letter, for example "a"',
    hints=(
        "A law says how often values occur over many lists of batches, at one n.",
        "E f(x_n) = E f(y_n) for every function f of the point, the test loss for example.",
        "Go through the letters: does it speak of one n over many lists, or of one list?",
    ),
    reference="c",
    choices={
        "a": "For each list of batches, x_n = y_n.",
        "b": "Backward runs have a lower mean test loss than forward runs.",
        "c": "The mean test loss over fresh lists of batches is the same at each n.",
        "d": "The forward path converges, since the backward path does.",
        "e": "The curve n ↦ loss is as smooth forward as backward.",
    },
    why=(
        "law(x_n) = law(y_n) compares one n at a time, over fresh lists of batches. Whatever "
        "depends on a single point then has the same mean; whatever depends on several n at once "
        "(smoothness, convergence) may differ, and does."
    ),
    steps=(
        choice_step(
            "c",
            {
                "a": "x_n and y_n use one list in opposite orders: they differ on almost every one",
                "b": "the mean loss is a mean over the law, and the laws are equal: no gain at all",
                "d": "equal laws at each n say nothing of how one path moves from n to n + 1",
                "e": "smoothness compares neighbouring n on one path; the law at each n does not",
            },
        ),
    ),
    wrong=(
        Wrong("a", "opposite orders"),
        Wrong("b", "no gain"),
        Wrong("d", "one path"),
        Wrong("e", "neighbouring"),
        Wrong("f", "one of the letters"),
        Wrong(3, "one of the letters"),
    ),
    right=("c", "C ", " c"),
)


MEASURE_BATCHES = Exercise(
    id="01.5",
    title="How many batches does the limit average?",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that a backward limit is no average over the whole run",
    signature=(
        "a number: σ²/Var(y_∞) at ρ = 0.95, measured within 10 %. Worked value: at ρ = 0.8 it is "
        "about 9."
    ),
    hints=(
        "Draw many lists of targets with variance 1, compose backward, take the variance of y_n.",
        "Var(y_∞) = (1 − ρ)²(1 + ρ² + ρ⁴ + …) σ²",
        "targets = randn(400, 4000); y = backward_orbit(steps(targets, 0.95), 0)[-1]; 1 / y.var()",
    ),
    reference=39.0,
    why=(
        "(1 + ρ)/(1 − ρ) = 39: the limit averages about as many batches however long the run is, "
        "mostly from the start of the list. A run twice as long does not make it twice as good; a "
        "learning rate half as large does."
    ),
    steps=(number_step(39.0, rtol=0.1, says="off by more than 10 %: more runs, or longer ones?"),),
    misconceptions=(
        Misconception(
            "memory", "1/(1 − ρ) is how long the maps remember, not what they average", 20
        ),
        Misconception("inverse", "this is Var(y_∞)/σ²: turn it round", 0.02564),
        Misconception("root", "this uses the standard deviation: square it", 6.245),
        Misconception("other-ratio", "this is the value at ρ = 0.8", 9),
    ),
    wrong=(
        Wrong(20, "remember"),
        Wrong(1 / 39, "turn it round"),
        Wrong(6.24, "square it"),
        Wrong(9.0, "ρ = 0.8"),
        Wrong(400, "10 %"),
        Wrong("many", "expected a number"),
    ),
    right=(39, 38.2, torch.tensor(40.1)),
)


PROVE = Exercise(
    id="01.6",
    title="Equal laws, and a limit",
    kind="proof",
    difficulty=4,
    minutes=25,
    teaches="the two-line argument on which the chapter rests",
    signature="a text of about ten lines",
    hints=(
        "What happens to the joint law of independent, equally distributed maps if you renumber "
        "them?",
        "(T_1, …, T_n) and (T_n, …, T_1) have one law; y_n = G(T_1, …, T_n), x_n = G(T_n, …, T_1).",
        "For the limit: d(y_n, y_{n+1}) ≤ cⁿ d(x0, T_{n+1} x0); sum a geometric series.",
    ),
    reference=(
        "The n maps are independent with one law, so the reversed list has the law of the list. "
        "Applying one fixed function of a list to both gives law(x_n) = law(y_n). If moreover "
        "Lip(T_i) ≤ c < 1 and d(x0, T_i x0) ≤ M, then y_n and y_{n+1} are the images under "
        "T_1∘…∘T_n of x0 and T_{n+1}x0, so their distance is at most cⁿM: a Cauchy sequence, with "
        "d(y_n, y_∞) ≤ cⁿM/(1 − c). The step from x_n to x_{n+1} is not of this form: it applies "
        "the new map to a moving point, and no factor cⁿ stands before it."
    ),
    why="Tick what your text says:",
    rubric=(
        "uses that the maps are independent AND equally distributed",
        "writes x_n as the same function of the reversed list, at a fixed n",
        "does not claim x_n = y_n on one list, nor equality of the joint law over several n",
        "shows d(y_n, y_{n+1}) ≤ cⁿM, and sums the series",
        "says where the argument fails for x_n",
    ),
)
