"""Exercises 07.1, 07.2, 07.5 and 07.6: two to recall, one to measure, one to prove."""

import torch

from ....course.exercises import Exercise, Misconception, Wrong, number_step

__all__ = ["BEST_TIME", "BOUND", "LIMIT", "VISIBLE"]


LIMIT = Exercise(
    id="07.1",
    title="After very long training",
    kind="recall",
    difficulty=1,
    minutes=3,
    teaches="what least squares ends at when there are more samples than features",
    signature="a number; c = 3/4, ρ = 13/4. Worked value: c = 1/2, ρ = 1 give .577.",
    hints=(
        "With c < 1 the initial weights are forgotten, and w ends at the least-squares solution.",
        "Φ(ρ √(1 − c)/√(ρ + c))",
        "ρ + c = 4 and 1 − c = 1/4",
    ),
    reference=0.8125,
    why=(
        "3.25 · ½ / 2 = .8125, an accuracy of .79. Without the factor √(1 − c) it would be the "
        "bound that no time exceeds, Φ(1.625) = .95: that is what training to the end costs here."
    ),
    steps=(number_step(0.8125, says="put c and ρ into the limit for c < 1"),),
    misconceptions=(
        Misconception("bound", "1.625 is the upper bound: √(1 − c) is missing", 1.625),
        Misconception("no-root", "a root is missing: √(1 − c) over √(ρ + c)", 0.40625),
        Misconception("norm", "ρ is ‖μ‖² already: no further root", 3.25**0.5 / 4),
        Misconception("accuracy", "this is the accuracy Φ(z); its argument z is asked for", 0.7917),
        Misconception("no-noise", "divide by √(ρ + c), not by √ρ", 3.25**0.5 / 2),
    ),
    wrong=(
        Wrong(1.625, "upper bound"),
        Wrong(3.25**0.5 / 4, "already"),
        Wrong(0.792, "argument"),
        Wrong(0.9014, "not by √ρ"),
        Wrong("0.8", "expected a number"),
        Wrong(2.0, "limit for c < 1"),
        Wrong(0.40625, "root is missing"),
    ),
    right=(0.8125, 13 / 16, torch.tensor(0.8125)),
)


VISIBLE = Exercise(
    id="07.2",
    title="A visible signal",
    kind="recall",
    difficulty=2,
    minutes=3,
    teaches="when the strongest direction of the data is the signal's",
    signature="a number, ‖μ‖ at c = 1/16. Worked value: at c = 16 it is 2.",
    hints=(
        "The threshold is one for ρ = ‖μ‖².",
        "‖μ‖² = √c",
        "√(1/16) = 1/4, and ‖μ‖ is its root",
    ),
    reference=0.5,
    why=(
        "ρ = √c = ¼, ‖μ‖ = ½. Sixteen samples a feature, and yet a signal of half a noise "
        "deviation is needed before any eigenvalue tells that there are two classes."
    ),
    steps=(number_step(0.5, says="the spike leaves the bulk at ρ = √c"),),
    misconceptions=(
        Misconception("square", "¼ is ρ = ‖μ‖²: take its root", 0.25),
        Misconception("ratio", "this is c itself: the threshold is its root", 1 / 16),
        Misconception("inverse", "turned round: few samples need a strong signal", 2.0),
        Misconception("edge", "this is an eigenvalue, the edge of the bulk: not a signal", 25 / 16),
    ),
    wrong=(
        Wrong(0.25, "take its root"),
        Wrong(0.0625, "c itself"),
        Wrong(2.0, "turned round"),
        Wrong(1.5625, "edge"),
        Wrong(None, "expected a number"),
        Wrong(0.7, "ρ = √c"),
    ),
    right=(0.5, 1 / 2, torch.tensor(0.5)),
)


BEST_TIME = Exercise(
    id="07.5",
    title="When to stop",
    kind="investigate",
    difficulty=3,
    minutes=12,
    teaches="that smaller initial weights ask for shorter training and give more",
    signature=(
        "a number, αt* at c = 1, ρ = 2, σ² = .01, within 3 %. Worked value: σ² = .1 gives .800."
    ),
    hints=(
        "Compute the curve on a fine grid of times and look for its top.",
        "α t* = argmax of Φ(E/√V); with lr=1 a time is αt itself",
        "t = torch.linspace(.01, 3, 3000, dtype=torch.float64); curve = rmt.learning_curve(t, "
        "ratio=1, signal=2**.5, init_var=.01, lr=1); t[curve.test_accuracy.argmax()]",
    ),
    reference=0.3812,
    why=(
        "αt* = .381 with an accuracy of .866, against .800 and .841 at σ² = .1: the start is noise "
        "that training has to fade out, and the less there is of it the sooner one may stop. Near "
        "its top the curve is flat: half or twice the time costs less than a point."
    ),
    steps=(number_step(0.3812, rtol=0.03, says="off by more than 3 %: is the grid fine enough?"),),
    misconceptions=(
        Misconception("accuracy", "this is the best accuracy; the time is asked for", 0.8664),
        Misconception("steps", "a number of steps at α = .01: multiply by α", 38.12),
        Misconception("same", "this is αt* at σ² = .1: it depends on the start", 0.800),
        Misconception("norm", "signal is ‖μ‖, the root of 2", 0.3333),
        Misconception("deviation", "init_var is σ², not squared again", 0.1107),
    ),
    wrong=(
        Wrong(0.866, "best accuracy"),
        Wrong(38.1, "multiply by α"),
        Wrong(0.8, "depends on the start"),
        Wrong(0.3333, "root of 2"),
        Wrong(0.1107, "squared again"),
        Wrong(0.42, "3 %"),
        Wrong("soon", "expected a number"),
    ),
    right=(0.3812, 0.378, torch.tensor(0.39)),
)


BOUND = Exercise(
    id="07.6",
    title="Nothing beats the mean",
    kind="proof",
    difficulty=3,
    minutes=20,
    teaches="why training costs accuracy in this model, and what it is good for elsewhere",
    signature="a text of about ten lines",
    hints=(
        "E is an integral of g, V one of g² and more: which inequality joins them?",
        "(∫g dm)² ≤ ∫g² dm, as m has mass 1; and V ≥ (ρ + c)∫g² dm.",
        "E²/V ≤ ρ²/(ρ + c). Equality: g constant on the spectrum, σ = 0. When is g constant?",
    ),
    reference=(
        "m is a positive measure of mass 1, so by Cauchy and Schwarz E² = ρ²(∫g dm)² ≤ ρ²∫g² dm. "
        "As σ²∫f² dν ≥ 0, V ≥ (ρ + c)∫g² dm. Hence E²/V ≤ ρ²/(ρ + c) and, Φ being increasing, the "
        "accuracy is at most Φ(ρ/√(ρ + c)). Equality needs σ = 0 and g constant on the spectrum: "
        "g → αt as t → 0 (relative to αt), and with a ridge g → 1/γ as γ → ∞. Both are w ∝ Xy/n, "
        "the difference of the class means: the noise here is the same in all directions, and "
        "dividing by the sample covariance only adds its error. If the noise were stronger in some "
        "directions, g constant would no longer be best, and training would gain."
    ),
    why="Tick what your text says:",
    rubric=(
        "uses Cauchy and Schwarz with the mass 1 of m",
        "drops the initial weights' part of V because it is not negative",
        "finds both limits in which g is constant: t → 0 without initial weights, γ → ∞",
        "names the classifier, the difference of class means, and where it would not be best",
    ),
)
