"""Exercises 06.1, 06.2, 06.5 and 06.6: two to recall, one to measure, one to prove."""

from ....course.exercises import choice_question, number_question, proof_question

__all__ = ["GAIN", "MODE", "PROVE", "WIDTH"]

MODE = number_question(
    "06.1",
    "What fifty layers leave of a mode",
    difficulty=1,
    minutes=4,
    teaches="that equal taps blur, at a rate that depends on the spatial frequency only",
    signature="a number between 0 and 1, within 1 %. Example: mode 2 keeps .033.",
    hints=(
        "At criticality χ = 1: only the averaging over taps is left.",
        "λ_f = (1 + 2 cos(2πf/n))/3, once for each layer",
        "((1 + 2·cos(2π/28))/3)^50",
    ),
    answer=0.4305,
    rtol=0.01,
    why="λ_1 = .98329, and its 50th power is .43: mode 1 outlives 50 layers, mode 2 keeps 3 %, "
    "mode 3 less than a thousandth. Delta taps keep every mode, λ_f = 1.",
    says="take λ_1 for n = 28, to the power 50",
    mistakes={
        "this is one layer: take the power 50": 0.98329,
        "1 is what delta taps keep: these taps are equal": 1.0,
        "this is mode 2": 0.0330,
        "three taps of a third: (1 + 2cos)/3, not (1 + cos)/2": 0.5322,
        "a layer multiplies a mode by λ_f, not by its square": 0.1851,
    },
)

GAIN = choice_question(
    "06.2",
    "A variance in place of a deviation",
    difficulty=2,
    minutes=4,
    teaches="that gain multiplies weights, and that orthogonal is not yet critical",
    hints=(
        "By what does the kernel stretch a vector now? By what should it?",
        "χ_1 = gain² E φ′(√q z)², and gain should be σ_w",
        "gain = σ_w² > σ_w > 1: is χ_1 above or below 1?",
    ),
    choices={
        "Nothing: the first steps of training rescale the weights.": "a factor a layer is a power "
        "of the depth: gradients overflow before a step",
        "The network is chaotic: gradients grow by a constant factor a layer.": None,
        "The network is ordered: gradients shrink by a constant factor a layer.": "σ_w > 1 on "
        "tanh's critical line, so that its square is larger, not smaller",
        "Nothing: the kernels are still multiples of orthogonal ones, hence isometries.": "orthog"
        "onal up to a factor, which has to undo what tanh's slopes take away",
        "Only pixels at a zero-padded border change.": "a delta kernel does not look at "
        "neighbours: the border is like any pixel",
    },
    why="The kernel now stretches by σ_w², so that the effective weight variance is σ_w⁴ > σ_w²: "
    "right of the critical line. At q* = ¼ that is 1.94 in place of 1.39. Isometry is a "
    "statement about D·W, slopes and weights together.",
)

WIDTH = number_question(
    "06.5",
    "How wide for a thousand Gaussian layers?",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that finite Gaussian networks die at a depth proportional to their width",
    signature="a number of channels, within 5 %. Worked value: for 100 layers it is about 22.",
    hints=(
        "The loss per layer shrinks like 1/C: measure it at one width, and scale.",
        "−E log(‖Wx‖/‖x‖) ≈ 1/(2C) at large C; 1,000 of them are to make log 10",
        "w = randn(10000, C, C)/C**.5; loss = −w[..., 0].norm(dim=-1).log().mean(), as ‖x‖ = 1",
    ),
    answer=217.5,
    rtol=0.05,
    why="½ log(C/2) − ½ψ(C/2) = log(10)/1000 at C = 217.5; in short, C ≈ L/(2 log 10). It is the "
    "top exponent of chapter 4. Orthogonal matrices lose nothing at any width.",
    says="off by more than 5 %: more draws, a larger C?",
    mistakes={
        "this holds for a mode that varies in space: the constant one is real": 108.7,
        "this is where the squared length keeps a tenth: take the length": 434.8,
        "this keeps 1/e: a tenth needs log 10": 500.0,
        "nats and decades: a tenth is log 10 = 2.30 nats, not 1": 1000.0,
    },
)

PROVE = proof_question(
    "06.6",
    "How small is the bias?",
    difficulty=3,
    minutes=20,
    teaches="why 10,000 layers need float64 for one number: σ_b² is a cube of q*",
    hints=(
        "Expand tanh to fifth order, and take means of powers of a Gaussian.",
        "E z² = 1, E z⁴ = 3, E z⁶ = 15; tanh x = x − x³/3 + 2x⁵/15",
        "E φ² = q − 2q² + 17q³/3, E φ′² = 1 − 2q + 7q²; then σ_w² = 1/Eφ′², σ_b² = q − σ_w² Eφ²",
    ),
    answer=r"""
    $\tanh^2x=x^2-\tfrac23x^4+\tfrac{17}{45}x^6+\dots$; with $x=\sqrt q\,z$ and the moments 1, 3,
    15, $E\,\tanh^2=q-2q^2+\tfrac{17}3q^3+O(q^4)$. From $\tanh'^2=(1-\tanh^2)^2=1-2x^2+\tfrac73x^4$,
    $E\,\tanh'^2=1-2q+7q^2+O(q^3)$. Hence $\sigma_w^2=1+2q+(4-7)q^2+O(q^3)$, and
    $\sigma_b^2=q-(1+2q-3q^2)(q-2q^2+\tfrac{17}3q^3)=(7-\tfrac{17}3)q^3=\tfrac43q^3$ up to $O(q^4)$:
    $1.333\cdot10^{-9}$ at $q=10^{-3}$. At $q=10^{-4}$ it is $10^{-8}q$, below float32's rounding of
    $q$ ($6\cdot10^{-8}q$): seven digits of $q$ are kept, the difference is in the eighth: noise.
    """,
    ticks=(
        "expands φ² to sixth order and φ′² to fourth, with the Gaussian moments 1, 3, 15",
        "finds σ_w² = 1 + 2q − 3q²",
        "shows that the terms in q and q² cancel in σ_b² and that 4/3 is left",
        "says what the cancellation means for float32 at q = 1/10,000",
    ),
)
