"""Exercises 03.1, 03.2, 03.5 and 03.6: two to recall, one to measure, one to prove."""

import math

import torch

from ....course.exercises import Exercise, Misconception, Wrong, choice_step, number_step

__all__ = ["ATTENTION", "BY_HAND", "PROVE", "WHICH_LAYER"]


BY_HAND = Exercise(
    id="03.1",
    title="A factor by hand",
    kind="recall",
    difficulty=1,
    minutes=3,
    teaches="to compute a contraction factor on the back of an envelope",
    signature="a number: Birkhoff's coefficient of [[9, 1], [1, 1]]. [[2, 1], [1, 2]] has 1/3.",
    hints=(
        "In a 2×2 matrix the only cross-ratio is main diagonal over the other diagonal.",
        "tanh(¼ log q) = (√q − 1)/(√q + 1), q = W_11 W_22 / (W_12 W_21)",
        "q = 9·1 / (1·1); r = √q; (r − 1)/(r + 1)",
    ),
    reference=0.5,
    why=(
        "q = 9, so the factor is (3 − 1)/(3 + 1). [[3, 1], [1, 3]] has the same q: it is this "
        "matrix with its first row and column divided, and its second ones multiplied, by √3, up "
        "to a number. Rows and columns may be scaled freely."
    ),
    steps=(number_step(0.5, rtol=0.005, says="find q = W_11 W_22/(W_12 W_21) first"),),
    misconceptions=(
        Misconception("copied", "this is ¼ tanh Δ: the quarter stands inside tanh", 20 / 82),
        Misconception("half", "this is tanh(Δ/2): divide the logarithm by 4", 0.8),
        Misconception("plain", "this is tanh Δ: divide the logarithm by 4", 80 / 82),
        Misconception(
            "eigenvalues",
            "this is λ₂/λ₁, the rate in the end; a single step can do worse",
            (5 - math.sqrt(17)) / (5 + math.sqrt(17)),
        ),
        Misconception("diameter", "this is Δ itself: take tanh(Δ/4)", math.log(9)),
    ),
    wrong=(
        Wrong(0.2439, "quarter stands inside"),
        Wrong(0.8, "tanh(Δ/2)"),
        Wrong(0.9756, "tanh Δ"),
        Wrong(0.0961, "rate in the end"),
        Wrong(2.1972, "Δ itself"),
        Wrong("half", "expected a number"),
    ),
    right=(1 / 2, 0.4999, torch.tensor(0.5)),
)


WHICH_LAYER = Exercise(
    id="03.2",
    title="Which layer?",
    kind="recall",
    difficulty=2,
    minutes=4,
    teaches="to match a layer with a metric that it does not expand",
    signature='a letter, for example "a"',
    hints=(
        "Thompson's metric looks at log(x/y): which layer makes ratios more extreme?",
        "On one number the factor is x·T′(x)/T(x).",
        "Compute x·T′/T for each of the five, and ask whether it is at most 1 for every x.",
    ),
    reference="d",
    choices={
        "a": "x ↦ x², entry by entry",
        "b": "x ↦ exp(x)",
        "c": "x ↦ 3x − 1, on x ≥ 1",
        "d": "x ↦ 3x + 1",
        "e": "x ↦ x + x³",
    },
    why=(
        "x·T′/T is 3x/(3x + 1) < 1. The layer triples every Euclidean distance, and still brings "
        "ratios nearer to 1: which metric is right depends on the layer."
    ),
    steps=(
        choice_step(
            "d",
            {
                "a": "log x² = 2 log x: every Thompson distance doubles",
                "b": "x·T′/T = x, which is above 1 for x > 1: exp is not concave",
                "c": "a negative bias: 3x/(3x − 1) > 1, most at x = 1",
                "e": "x·T′/T = (1 + 3x²)/(1 + x²) > 1: the cubic part triples ratios' logarithms",
            },
        ),
    ),
    wrong=(
        Wrong("a", "doubles"),
        Wrong("b", "not concave"),
        Wrong("c", "negative bias"),
        Wrong("e", "cubic"),
        Wrong("f", "one of the letters"),
        Wrong(4, "one of the letters"),
    ),
    right=("d", "D ", " d"),
)


ATTENTION = Exercise(
    id="03.5",
    title="How much can attention mix?",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="what bounded scores mean for a stack of attention layers",
    signature=(
        "a number: the largest Birkhoff coefficient of scores.softmax(-1) over 8×8 scores within "
        "[−1, 1], to 1 %. Worked value: for scores within [−½, ½] it is about 0.462."
    ),
    hints=(
        "Random scores do not find the worst matrix. Which scores make Δ as large as it gets?",
        "The softmax divides each row by a number: Δ = max s_ik + s_jl − s_jk − s_il.",
        "scores = random signs ±1, (1000, 8, 8); birkhoff_coefficient(scores.softmax(-1)).max()",
    ),
    reference=math.tanh(1),
    why=(
        "Four scores of size at most s give Δ ≤ 4s, so the coefficient is at most tanh(s), and "
        "signs attain it: tanh(1) = 0.762. The number of tokens does not matter. A layer that "
        "only attends, with no residual branch, brings positive token values nearer to each "
        "other by that factor in Hilbert's metric, at every depth."
    ),
    steps=(
        number_step(math.tanh(1), rtol=0.01, says="off by more than 1 %: is there a worse matrix?"),
    ),
    misconceptions=(
        Misconception("copied", "this is ¼ tanh Δ: the quarter stands inside", math.tanh(4) / 4),
        Misconception("no-quarter", "this is tanh Δ with Δ = 4: divide by 4", math.tanh(4)),
        Misconception("two-scores", "this is Δ = 2: four scores enter, not two", math.tanh(0.5)),
        Misconception("half", "this is tanh(Δ/2) with Δ = 4", math.tanh(2)),
    ),
    wrong=(
        Wrong(math.tanh(4) / 4, "quarter stands inside"),
        Wrong(math.tanh(4), "divide by 4"),
        Wrong(0.4621, "four scores"),
        Wrong(math.tanh(2), "tanh(Δ/2)"),
        Wrong(0.72, "worse matrix"),
        Wrong("tanh", "expected a number"),
    ),
    right=(math.tanh(1), 0.7616, torch.tensor(0.76)),
)


PROVE = Exercise(
    id="03.6",
    title="Birkhoff in the plane",
    kind="proof",
    difficulty=4,
    minutes=25,
    teaches="where tanh(Δ/4) comes from, and that it cannot be improved",
    signature="a text of about ten lines",
    hints=(
        "Use t = log(x_1/x_2): Hilbert's distance is |t − t′|, and W becomes a map of the line.",
        "g(t) = log((a eᵗ + b)/(c eᵗ + d)), g′(t) = (ad − bc) eᵗ/((a eᵗ + b)(c eᵗ + d))",
        "Write the denominator over eᵗ as ac eᵗ + bd e⁻ᵗ + ad + bc, and minimise it over t.",
    ),
    reference=(
        "With t = log(x_1/x_2) the distance of two rays is |t − t′|, and W = [[a, b], [c, d]] acts "
        "as g(t) = log((a eᵗ + b)/(c eᵗ + d)). So |g′| = |ad − bc|/(ac eᵗ + bd e⁻ᵗ + ad + bc). The "
        "mean of ac eᵗ and bd e⁻ᵗ is at least √(abcd), with equality at eᵗ = √(bd/(ac)): the "
        "largest |g′| is |ad − bc|/(√(ad) + √(bc))² = |√(ad) − √(bc)|/(√(ad) + √(bc)). With "
        "Δ = |log(ad/(bc))| this is (e^{Δ/2} − 1)/(e^{Δ/2} + 1) = tanh(Δ/4). By the mean value "
        "theorem it is a Lipschitz constant, and pairs near the maximiser attain it in the limit."
    ),
    why="Tick what your text says:",
    rubric=(
        "turns rays into a line on which Hilbert's distance is the usual one",
        "computes g′ and where it is largest (the arithmetic and geometric means, or g″ = 0)",
        "recognises the maximum as tanh(Δ/4), with Δ the logarithm of the cross-ratio",
        "says why a bound on |g′| bounds all pairs, and why no smaller factor would do",
        "does not use that W is symmetric, nor that ad > bc",
    ),
)
