"""Exercises 06.1, 06.2, 06.5 and 06.6: two to recall, one to measure, one to prove."""

import torch

from ....course.exercises import Exercise, Misconception, Wrong, choice_step, number_step

__all__ = ["GAIN", "MODE", "PROVE", "WIDTH"]


MODE = Exercise(
    id="06.1",
    title="What fifty layers leave of a mode",
    kind="recall",
    difficulty=1,
    minutes=4,
    teaches="that equal taps blur, at a rate that depends on the spatial frequency only",
    signature="a number between 0 and 1, within 1 %. Example: mode 2 keeps .033.",
    hints=(
        "At criticality χ = 1: only the averaging over taps is left.",
        "λ_f = (1 + 2 cos(2πf/n))/3, once for each layer",
        "((1 + 2·cos(2π/28))/3)^50",
    ),
    reference=0.430,
    why=(
        "λ_1 = .98329, and its 50th power is .43: mode 1 outlives 50 layers, mode 2 keeps 3 %, "
        "mode 3 less than a thousandth. Delta taps keep every mode, λ_f = 1."
    ),
    steps=(number_step(0.4303, rtol=0.01, says="take λ_1 for n = 28, to the power 50"),),
    misconceptions=(
        Misconception("one-layer", "this is one layer: take the power 50", 0.98329),
        Misconception("delta", "1 is what delta taps keep: these taps are equal", 1.0),
        Misconception("mode-2", "this is mode 2", 0.0330),
        Misconception("half", "three taps of a third: (1 + 2cos)/3, not (1 + cos)/2", 0.5322),
        Misconception("square", "a layer multiplies a mode by λ_f, not by its square", 0.1851),
    ),
    wrong=(
        Wrong(0.983, "power 50"),
        Wrong(1, "delta taps"),
        Wrong(0.033, "mode 2"),
        Wrong(0.532, "three taps"),
        Wrong(0.185, "its square"),
        Wrong("much", "expected a number"),
    ),
    right=(0.43, torch.tensor(0.4303), 0.4281),
)


GAIN = Exercise(
    id="06.2",
    title="A variance in place of a deviation",
    kind="recall",
    difficulty=2,
    minutes=4,
    teaches="that gain multiplies weights, and that orthogonal is not yet critical",
    signature='a letter, for example "a"',
    hints=(
        "By what does the kernel stretch a vector now? By what should it?",
        "χ_1 = gain² E φ′(√q z)², and gain should be σ_w",
        "gain = σ_w² > σ_w > 1: is χ_1 above or below 1?",
    ),
    reference="b",
    choices={
        "a": "Nothing: the first steps of training rescale the weights.",
        "b": "The network is chaotic: gradients grow by a constant factor a layer.",
        "c": "The network is ordered: gradients shrink by a constant factor a layer.",
        "d": "Nothing: the kernels are still multiples of orthogonal ones, hence isometries.",
        "e": "Only pixels at a zero-padded border change.",
    },
    why=(
        "The kernel now stretches by σ_w², so that the effective weight variance is σ_w⁴ > σ_w²: "
        "right of the critical line. At q* = ¼ that is 1.94 in place of 1.39. Isometry is a "
        "statement about D·W, slopes and weights together."
    ),
    steps=(
        choice_step(
            "b",
            {
                "a": "a factor a layer is a power of the depth: gradients overflow before a step",
                "c": "σ_w > 1 on tanh's critical line, so that its square is larger, not smaller",
                "d": "orthogonal up to a factor, which has to undo what tanh's slopes take away",
                "e": "a delta kernel does not look at neighbours: the border is like any pixel",
            },
        ),
    ),
    wrong=(
        Wrong("a", "power of the depth"),
        Wrong("c", "larger"),
        Wrong("d", "slopes"),
        Wrong("e", "border"),
        Wrong("x", "one of the letters"),
        Wrong(2, "one of the letters"),
    ),
    right=("b", " B", "b "),
)


WIDTH = Exercise(
    id="06.5",
    title="How wide for a thousand Gaussian layers?",
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
    reference=217.5,
    why=(
        "½ log(C/2) − ½ψ(C/2) = log(10)/1000 at C = 217.5; in short, C ≈ L/(2 log 10). It is the "
        "top exponent of chapter 4. Orthogonal matrices lose nothing at any width."
    ),
    steps=(number_step(217.5, rtol=0.05, says="off by more than 5 %: more draws, a larger C?"),),
    misconceptions=(
        Misconception(
            "complex", "this holds for a mode that varies in space: the constant one is real", 108.7
        ),
        Misconception(
            "square", "this is where the squared length keeps a tenth: take the length", 434.8
        ),
        Misconception("e", "this keeps 1/e: a tenth needs log 10", 500.0),
        Misconception("decades", "nats and decades: a tenth is log 10 = 2.30 nats, not 1", 1000.0),
    ),
    wrong=(
        Wrong(108.7, "varies in space"),
        Wrong(435, "squared length"),
        Wrong(500, "1/e"),
        Wrong(1000, "nats"),
        Wrong(190, "5 %"),
        Wrong("wide", "expected a number"),
    ),
    right=(217.5, 220, torch.tensor(210.0)),
)


PROVE = Exercise(
    id="06.6",
    title="How small is the bias?",
    kind="proof",
    difficulty=3,
    minutes=20,
    teaches="why 10,000 layers need float64 for one number: σ_b² is a cube of q*",
    signature="a text of about ten lines",
    hints=(
        "Expand tanh to fifth order, and take means of powers of a Gaussian.",
        "E z² = 1, E z⁴ = 3, E z⁶ = 15; tanh x = x − x³/3 + 2x⁵/15",
        "E φ² = q − 2q² + 17q³/3, E φ′² = 1 − 2q + 7q²; then σ_w² = 1/Eφ′², σ_b² = q − σ_w² Eφ²",
    ),
    reference=(
        "tanh² x = x² − 2x⁴/3 + 17x⁶/45 + O(x⁸); with x = √q z, E φ² = q − 2q² + 17q³/3 + O(q⁴). "
        "φ′ = 1 − tanh², φ′² = 1 − 2x² + 7x⁴/3 + O(x⁶), so E φ′² = 1 − 2q + 7q² + O(q³) and "
        "σ_w² = 1 + 2q + (4 − 7)q² = 1 + 2q − 3q² + O(q³). Then σ_b² = q − (1 + 2q − 3q²)"
        "(q − 2q² + 17q³/3) = q − q − (17/3 − 4 − 3)q³ = (4/3)q³ + O(q⁴); at q = 1e-3, "
        "1.333e-9 against 1.3254e-9. At q = 1e-4 it is 1.3e-12 beside q: float32 keeps 7 digits of "
        "q, and the difference is lost in the eighth."
    ),
    why="Tick what your text says:",
    rubric=(
        "expands φ² to sixth order and φ′² to fourth, with the Gaussian moments 1, 3, 15",
        "finds σ_w² = 1 + 2q − 3q²",
        "shows that the terms in q and q² cancel in σ_b² and that 4/3 is left",
        "says what the cancellation means for float32 at q = 1/10,000",
    ),
)
