"""Exercises 07.1, 07.2, 07.5 and 07.6: two to recall, one to measure, one to prove."""

from ....course.exercises import number_question, proof_question

__all__ = ["BEST_TIME", "BOUND", "LIMIT", "VISIBLE"]

LIMIT = number_question(
    "07.1",
    "After very long training",
    difficulty=1,
    minutes=3,
    teaches="what least squares ends at when there are more samples than features",
    signature="a number; c = 3/4, ρ = 13/4. Worked value: c = 1/2, ρ = 1 give .577.",
    hints=(
        "With c < 1 the initial weights are forgotten, and w ends at the least-squares solution.",
        "Φ(ρ √(1 − c)/√(ρ + c))",
        "ρ + c = 4 and 1 − c = 1/4",
    ),
    answer=0.8125,
    why="3.25 · ½ / 2 = .8125, an accuracy of .79. Without the factor √(1 − c) it would be the "
    "bound that no time exceeds, Φ(1.625) = .95: that is what training to the end costs here.",
    says="put c and ρ into the limit for c < 1",
    mistakes={
        "1.625 is the upper bound: √(1 − c) is missing": 1.625,
        "a root is missing: √(1 − c) over √(ρ + c)": 0.40625,
        "ρ is ‖μ‖² already: no further root": 3.25**0.5 / 4,
        "this is the accuracy Φ(z); its argument z is asked for": 0.7917,
        "divide by √(ρ + c), not by √ρ": 3.25**0.5 / 2,
    },
)

VISIBLE = number_question(
    "07.2",
    "A visible signal",
    difficulty=2,
    minutes=3,
    teaches="when the strongest direction of the data is the signal's",
    signature="a number, ‖μ‖ at c = 1/16. Worked value: at c = 16 it is 2.",
    hints=("The threshold is one for ρ = ‖μ‖².", "‖μ‖² = √c", "√(1/16) = 1/4, and ‖μ‖ is its root"),
    answer=0.5,
    why="ρ = √c = ¼, ‖μ‖ = ½. Sixteen samples a feature, and yet a signal of half a noise "
    "deviation is needed before any eigenvalue tells that there are two classes.",
    says="the spike leaves the bulk at ρ = √c",
    mistakes={
        "¼ is ρ = ‖μ‖²: take its root": 0.25,
        "this is c itself: the threshold is its root": 1 / 16,
        "turned round: few samples need a strong signal": 2.0,
        "this is an eigenvalue, the edge of the bulk: not a signal": 25 / 16,
    },
)

BEST_TIME = number_question(
    "07.5",
    "When to stop",
    kind="investigate",
    difficulty=3,
    minutes=12,
    teaches="that smaller initial weights ask for shorter training and give more",
    signature="a number, αt* at c = 1, ρ = 2, σ² = .01, within 3 %. Worked value: σ² = .1 gives "
    ".800.",
    hints=(
        "Compute the curve on a fine grid of times and look for its top.",
        "α t* = argmax of Φ(E/√V); with lr=1 a time is αt itself",
        "t = torch.linspace(.01, 3, 3000, dtype=torch.float64); curve = rmt.learning_curve(t, "
        "ratio=1, signal=2**.5, init_var=.01, lr=1); t[curve.test_accuracy.argmax()]",
    ),
    answer=0.3812,
    rtol=0.03,
    why="αt* = .381 with an accuracy of .866, against .800 and .841 at σ² = .1: the start is noise "
    "that training has to fade out, and the less there is of it the sooner one may stop. Near "
    "its top the curve is flat: half or twice the time costs less than a point.",
    says="off by more than 3 %: is the grid fine enough?",
    mistakes={
        "this is the best accuracy; the time is asked for": 0.8664,
        "a number of steps at α = .01: multiply by α": 38.12,
        "this is αt* at σ² = .1: it depends on the start": 0.800,
        "signal is ‖μ‖, the root of 2": 0.3333,
        "init_var is σ², not squared again": 0.1107,
    },
)

BOUND = proof_question(
    "07.6",
    "Nothing beats the mean",
    difficulty=3,
    minutes=20,
    teaches="why training costs accuracy in this model, and what it is good for elsewhere",
    hints=(
        "E is an integral of g, V one of g² and more: which inequality joins them?",
        "(∫g dm)² ≤ ∫g² dm, as m has mass 1; and V ≥ (ρ + c)∫g² dm.",
        "E²/V ≤ ρ²/(ρ + c). Equality: g constant on the spectrum, σ = 0. When is g constant?",
    ),
    answer=r"""
    The law $m$ has mass 1, so $E^2=\rho^2(\int g\,dm)^2\le\rho^2\int g^2dm$ by Cauchy and Schwarz,
    and $V\ge(\rho+c)\int g^2dm$, as $\sigma^2\int f^2d\nu\ge0$. Hence $E^2/V\le\rho^2/(\rho+c)$,
    and $\Phi$ increases. Equality needs $\sigma=0$ and $g$ constant on the spectrum: as $t\to0$,
    where $g\approx\alpha t$, or as the ridge $\gamma\to\infty$, where $g\approx1/\gamma$. Both are
    $w\propto b=Xy/n$, the difference of the class means: the noise here is the same in all
    directions, and dividing by the sample covariance only adds its error. Noise that is stronger in
    some directions should be weighted down there, and $b$ does not do it: then training gains.
    """,
    ticks=(
        "uses Cauchy and Schwarz with the mass 1 of m",
        "drops the initial weights' part of V because it is not negative",
        "finds both limits in which g is constant: t → 0 without initial weights, γ → ∞",
        "names the classifier, the difference of class means, and where it would not be best",
    ),
)
