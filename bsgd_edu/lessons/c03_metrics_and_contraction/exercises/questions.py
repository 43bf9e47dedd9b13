"""Exercises 03.1, 03.2, 03.5 and 03.6: two to recall, one to measure, one to prove."""

import math

from ....course.exercises import choice_question, number_question, proof_question

__all__ = ["ATTENTION", "BY_HAND", "PROVE", "WHICH_LAYER"]

BY_HAND = number_question(
    "03.1",
    "A factor by hand",
    difficulty=1,
    minutes=3,
    teaches="to compute a contraction factor on the back of an envelope",
    signature="a number: Birkhoff's coefficient of [[9, 1], [1, 1]]. [[2, 1], [1, 2]] has 1/3.",
    hints=(
        "In a 2×2 matrix the only cross-ratio is main diagonal over the other diagonal.",
        "tanh(¼ log q) = (√q − 1)/(√q + 1), q = W_11 W_22 / (W_12 W_21)",
        "q = 9·1 / (1·1); r = √q; (r − 1)/(r + 1)",
    ),
    answer=0.5,
    rtol=0.005,
    why="q = 9, so the factor is (3 − 1)/(3 + 1). [[3, 1], [1, 3]] has the same q: it is this "
    "matrix with its first row and column divided, and its second ones multiplied, by √3, up to a "
    "number. Rows and columns may be scaled freely.",
    says="find q = W_11 W_22/(W_12 W_21) first",
    mistakes={
        "this is ¼ tanh Δ: the quarter stands inside tanh": 20 / 82,
        "this is tanh(Δ/2): divide the logarithm by 4": 0.8,
        "this is tanh Δ: divide the logarithm by 4": 80 / 82,
        "this is λ₂/λ₁, the rate in the end; a single step can do worse": 8 / (5 + 17**0.5) ** 2,
        "this is Δ itself: take tanh(Δ/4)": math.log(9),
    },
)

WHICH_LAYER = choice_question(
    "03.2",
    "Which layer?",
    difficulty=2,
    minutes=4,
    teaches="to match a layer with a metric that it does not expand",
    hints=(
        "Thompson's metric looks at log(x/y): which layer makes ratios more extreme?",
        "On one number the factor is x·T′(x)/T(x).",
        "Compute x·T′/T for each of the five, and ask whether it is at most 1 for every x.",
    ),
    choices={
        r"$x\mapsto x^2$": "log x² = 2 log x: every Thompson distance doubles",
        r"$x\mapsto e^x$": "x·T′/T = x, which is above 1 for x > 1: exp is not concave",
        r"$x\mapsto 3x-1$, on $x\ge1$": "a negative bias: 3x/(3x − 1) > 1, most at x = 1",
        r"$x\mapsto 3x+1$": None,
        r"$x\mapsto x+x^3$": "x·T′/T = (1 + 3x²)/(1 + x²) > 1: the cubic part triples ratios' "
        "logarithms",
    },
    why="x·T′/T is 3x/(3x + 1) < 1. The layer triples every Euclidean distance, and still brings "
    "ratios nearer to 1: which metric is right depends on the layer.",
)

ATTENTION = number_question(
    "03.5",
    "How much can attention mix?",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="what bounded scores mean for a stack of attention layers",
    signature="a number: the largest Birkhoff coefficient of scores.softmax(-1) over 8×8 scores "
    "within [−1, 1], to 1 %. Worked value: for scores within [−½, ½] it is about 0.462.",
    hints=(
        "Random scores do not find the worst matrix. Which scores make Δ as large as it gets?",
        "The softmax divides each row by a number: Δ = max s_ik + s_jl − s_jk − s_il.",
        "scores = random signs ±1, (1000, 8, 8); birkhoff_coefficient(scores.softmax(-1)).max()",
    ),
    answer=math.tanh(1),
    rtol=0.01,
    why="Four scores of size at most s give Δ ≤ 4s, so the coefficient is at most tanh(s), and "
    "signs attain it: tanh(1) = 0.762. The number of tokens does not matter. A layer that only "
    "attends, with no residual branch, brings positive token values nearer to each other by that "
    "factor in Hilbert's metric, at every depth.",
    says="off by more than 1 %: is there a worse matrix?",
    mistakes={
        "this is ¼ tanh Δ: the quarter stands inside": math.tanh(4) / 4,
        "this is tanh Δ with Δ = 4: divide by 4": math.tanh(4),
        "this is Δ = 2: four scores enter, not two": math.tanh(0.5),
        "this is tanh(Δ/2) with Δ = 4": math.tanh(2),
    },
)

PROVE = proof_question(
    "03.6",
    "Birkhoff in the plane",
    difficulty=4,
    minutes=25,
    teaches="where tanh(Δ/4) comes from, and that it cannot be improved",
    hints=(
        "Use t = log(x_1/x_2): Hilbert's distance is |t − t′|, and W becomes a map of the line.",
        "g(t) = log((a eᵗ + b)/(c eᵗ + d)), g′(t) = (ad − bc) eᵗ/((a eᵗ + b)(c eᵗ + d))",
        "Write the denominator over eᵗ as ac eᵗ + bd e⁻ᵗ + ad + bc, and minimise it over t.",
    ),
    answer=r"""
    With $t=\log(x_1/x_2)$ the distance of two rays is $|t-t'|$, and the matrix acts as
    $g(t)=\log\frac{ae^t+b}{ce^t+d}$, so that $|g'|=|ad-bc|/(ac\,e^t+bd\,e^{-t}+ad+bc)$. By the
    means inequality $ac\,e^t+bd\,e^{-t}\ge2\sqrt{abcd}$, with equality at $e^t=\sqrt{bd/(ac)}$. So
    $\max|g'|=|ad-bc|/(\sqrt{ad}+\sqrt{bc})^2=|\sqrt{ad}-\sqrt{bc}|/(\sqrt{ad}+\sqrt{bc})$, and
    with $\Delta=|\log(ad/bc)|$ this is $(e^{\Delta/2}-1)/(e^{\Delta/2}+1)=\tanh(\Delta/4)$. By
    the mean value theorem it is a factor for all pairs, and near pairs at that $t$ come up to it.
    """,
    ticks=(
        "turns rays into a line on which Hilbert's distance is the usual one",
        "computes g′ and where it is largest (the arithmetic and geometric means, or g″ = 0)",
        "recognises the maximum as tanh(Δ/4), with Δ the logarithm of the cross-ratio",
        "says why a bound on |g′| bounds all pairs, and why no smaller factor would do",
        "does not use that W is symmetric, nor that ad > bc",
    ),
)
