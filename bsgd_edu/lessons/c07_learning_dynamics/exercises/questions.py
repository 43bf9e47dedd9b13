"""Exercises 07.1, 07.4, 07.5 and 07.6: by hand, backwards, by search, and a proof."""

from ....course.exercises import number_question, proof_question

__all__ = ["BOUND", "RIDGE", "SIGNAL", "WHERE_IT_ENDS"]

WHERE_IT_ENDS = number_question(
    "07.1",
    "Where it ends",
    difficulty=1,
    minutes=5,
    teaches="that training to the end divides each coordinate of b by its eigenvalue",
    signature="a number: the cosine between the limit of w_t and μ. Worked value: after one step "
    "it is 8/√65 = .992.",
    hints=(
        "In the limit a step changes nothing: b − S w = 0, one coordinate at a time.",
        "w = (1/2, (1/8)/(1/8)); cos = μ·w/‖w‖ with μ = (1, 0)",
        "w = (1/2, 1); its length is √(1/4 + 1)",
    ),
    answer=0.2**0.5,
    why="w ends at (1/2, 1): the weak coordinate of b, 1/8, was divided by its eigenvalue 1/8. The "
    "cosine is (1/2)/√(5/4) = 1/√5 = .447, after .992 at the first step.",
    says="solve S w = b for each coordinate, then divide the first by the length of w",
    mistakes={
        "this is the cosine after the first step, and also that of b": 8 / 65**0.5,
        "this is the first coordinate of w: divide by the length of w": 0.5,
        "this is the sine: the angle is to the first axis": 2 / 5**0.5,
        "the squared cosine: take its root": 0.2,
    },
)

SIGNAL = number_question(
    "07.4",
    "A signal read off a spectrum",
    difficulty=2,
    minutes=8,
    teaches="to read the strength of a signal off one eigenvalue, without a label",
    signature="a number, ρ. Worked value: at c = 1/2 a top eigenvalue of 15/4 tells ρ = 2.",
    hints=(
        "Solve λ = (ρ + 1)(ρ + c)/ρ for ρ: it is a quadratic equation.",
        "ρ² − (λ − 1 − c) ρ + c = 0",
        "ρ² − 5/4 ρ + 1/4 = 0 has two roots: which of them lies above √c = 1/2?",
    ),
    answer=1.0,
    why="The roots are 1 and 1/4. A signal of 1/4 is below the threshold 1/2, and would leave no "
    "eigenvalue outside: it must be 1. No label was needed.",
    says="solve the quadratic equation that the place of the spike gives",
    mistakes={
        "a root of the equation, but below the threshold √c: it would show no spike": 0.25,
        "this is the threshold √c: the eigenvalue lies well beyond the edge": 0.5,
        "the truth's largest eigenvalue is 1 + ρ, the sample's is not: c adds to it": 1.5,
        "this is the edge of the bulk (1 + √c)²": 2.25,
        "this is the place of the spike for ρ = 2.5: solve the other way round": 3.85,
    },
)

RIDGE = number_question(
    "07.5",
    "The ridge that does what stopping does",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that a ridge and a stopping time are two ways to keep the filter bounded",
    signature="a number, γ at c = 1/2, ρ = 1, σ² = 1/10, within 1 %. Worked value: at σ² = 1 the "
    "best stop reaches .7409, and γ = .089 does too.",
    hints=(
        "Two numbers must agree: the best accuracy without a ridge, and the last one with it.",
        "rmt.optimal_stopping(ratio=.5, signal=1., init_var=.1) and rmt.limit_accuracy(…, ridge=γ)",
        "bisect: the last accuracy rises with γ; try γ = .1 and 1, and halve the interval",
    ),
    answer=0.4937,
    rtol=0.01,
    why="γ ≈ .494 reaches .771 without stopping. A larger ridge does better still, up to the bound "
    "at γ → ∞: in this model, where noise is white, every bit of fitting costs.",
    says="off by more than 1 %: compare the last accuracy with the best stopped one",
    mistakes={
        "½ is the ridge of the sweep above, near the answer but not it: search for it": 0.5,
        "this is the best stopping time: a ridge is an eigenvalue, near its inverse": 1.0741,
        "near, but 1/time is a guess of the scale: search for the equal accuracy": 0.931,
        "this is the accuracy that both reach; γ is asked for": 0.7711,
        "this is γ for σ² = 1": 0.0890,
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
    and $\Phi$ increases. Equality needs $\sigma=0$ and $g$ constant on the spectrum: after one
    step, where $g=\alpha$, or as the ridge $\gamma\to\infty$, where $g\approx1/\gamma$. Both are
    $w\propto b=Xy/n$, half the difference of the class means: the noise here is the same in all
    directions, and dividing by the sample covariance only adds its error. Noise that is stronger in
    some directions should be weighted down there, and $b$ does not do it: then training gains.
    """,
    ticks=(
        "uses Cauchy and Schwarz with the mass 1 of m",
        "drops the initial weights' part of V because it is not negative",
        "finds both limits in which g is constant: one step without initial weights, γ → ∞",
        "names the classifier, the difference of class means, and where it would not be best",
    ),
)
