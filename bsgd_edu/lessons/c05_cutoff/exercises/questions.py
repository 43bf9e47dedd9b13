"""Exercises 05.1, 05.2, 05.5 and 05.6: two to recall, one to measure, one to prove."""

import torch

from ....course.exercises import Exercise, Misconception, Wrong, choice_step, number_step

__all__ = ["CRITICAL", "FLAT_END", "LOCATION", "PROVE"]


LOCATION = Exercise(
    id="05.1",
    title="Location by hand",
    kind="recall",
    difficulty=1,
    minutes=2,
    teaches="that a location grows with the logarithm of the distance over the tolerance",
    signature="a number of layers; |Δ_L| = e^{2 − L/2}, τ = e^−5. Example: τ = e^1 would give 2.",
    hints=(
        "Where does the distance equal the tolerance?",
        "L* = log(d_0/τ)/|λ|",
        "log(e²/e^−5) = 7, and λ = −1/2",
    ),
    reference=14.0,
    why=(
        "Seven factors e have to go, half of one at each layer: 14 layers. A tolerance e times "
        "smaller costs two layers more, and so does a start e times as far away."
    ),
    steps=(number_step(14.0, says="solve d_0 e^{λL} = τ for L"),),
    misconceptions=(
        Misconception("start", "10 forgets that the start is e² and not 1", 10.0),
        Misconception("tolerance", "4 is where the distance is 1, not where it is τ", 4.0),
        Misconception("rate", "3.5 multiplies by the rate: divide by it", 3.5),
        Misconception("sign", "6 subtracts: log(d_0/τ) is 2 − (−5)", 6.0),
        Misconception("one-layer", "7 is log(d_0/τ): a layer takes only half of a factor e", 7.0),
    ),
    wrong=(
        Wrong(10, "start"),
        Wrong(4.0, "distance is 1"),
        Wrong(3.5, "divide"),
        Wrong(6.0, "subtracts"),
        Wrong(7, "half of a factor"),
        Wrong("fourteen", "expected a number"),
    ),
    right=(14, torch.tensor(14.0), 14.0001),
)


FLAT_END = Exercise(
    id="05.2",
    title="A flat end",
    kind="recall",
    difficulty=2,
    minutes=3,
    teaches="to tell a floor of the arithmetic from a property of the network",
    signature='a letter, for example "a"',
    hints=(
        "How large is half a unit in the last place of float32?",
        "2^−24 ≈ 6e-8, relative to the size of the numbers",
        "Would the curve end at the same level in float64?",
    ),
    reference="c",
    choices={
        "a": "The network has a cut-off at depth 23.",
        "b": "Below depth 23 information about the input survives, at a low level.",
        "c": "Two passes differ by rounding; the true distance is not larger than that.",
        "d": "The layers stop contracting at depth 23.",
        "e": "More seeds would lower the floor.",
    },
    why=(
        "Each layer rounds both passes by up to half a unit in the last place, and contraction "
        "forgets older roundings: the difference stays at 6e-8 of the norm, whatever the network "
        "does. In float64 the same line goes on to 1e-16; carried along exactly, for ever."
    ),
    steps=(
        choice_step(
            "c",
            {
                "a": "in float64 the flat end starts at twice that depth: it is the machine's",
                "b": "what survives is rounding, which does not depend on which input it was",
                "d": "the layers contract on; each adds new rounding of the same size",
                "e": "a mean of positive rounding errors does not fall with more seeds",
            },
        ),
    ),
    wrong=(
        Wrong("a", "machine"),
        Wrong("b", "rounding"),
        Wrong("d", "contract on"),
        Wrong("e", "more seeds"),
        Wrong("x", "one of the letters"),
        Wrong(2, "one of the letters"),
    ),
    right=("c", " C", "c "),
)


CRITICAL = Exercise(
    id="05.5",
    title="Weights that neither kill nor explode",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that the mean square and the typical network ask for different initialisations",
    signature=(
        "a number: n times the variance of a weight at n = 16, within 4 %. Worked value: at n = 4 "
        "it is about 4.1."
    ),
    hints=(
        "Scaling all weights by a factor scales the norm by its power L: one run is enough.",
        "E log(‖x_L‖/‖x_0‖)/L = λ(2) + ½ log(s/2), which is to be 0: s = 2e^{−2λ(2)}",
        "norm = random_pair(x, y, 60, init=2.0, bias=False, generator=g).norm; "
        "2·exp(−2·mean(log(norm[60]/norm[0]))/60), over networks with norm[60] > 0",
    ),
    reference=2.386,
    why=(
        "s = 2 exp(−2λ) with He's λ = −.0882 at n = 16: 2.386. Then half of the networks grow and "
        "half shrink, while the mean square explodes like (s/2)^L, carried by few networks. As n "
        "grows the two choices meet: 2.020 at n = 256."
    ),
    steps=(number_step(2.386, rtol=0.04, says="off by more than 4 %: more networks or layers?"),),
    misconceptions=(
        Misconception("he", "2 keeps the mean square: the typical norm dies with it", 2.0),
        Misconception("entry", "this is the variance of one weight: multiply by n", 2.386 / 16),
        Misconception("root", "a norm scales with the root of s: the exponent is −2λ", 2.184),
        Misconception("sign", "turned round: smaller weights shrink even faster", 1.677),
        Misconception("deviation", "this is the root of s", 1.545),
    ),
    wrong=(
        Wrong(2.0, "mean square"),
        Wrong(0.149, "multiply by n"),
        Wrong(2.184, "root of s"),
        Wrong(1.677, "turned round"),
        Wrong(1.5446, "the root"),
        Wrong(2.6, "4 %"),
        Wrong("about two", "expected a number"),
    ),
    right=(2.386, 2.35, torch.tensor(2.43)),
)


PROVE = Exercise(
    id="05.6",
    title="Contraction cuts off",
    kind="proof",
    difficulty=4,
    minutes=20,
    teaches="what makes a cut-off: a saturating observer, and a spread small against the rate",
    signature="a text of about ten lines",
    hints=(
        "Write the distance over τ as a power of d_0/τ.",
        "At L = (1 ∓ ε)L*: |Δ_L|/τ = (d_0/τ)^{±ε}. And S = q where |Δ_L| = r_q τ.",
        "L(q) = L* − log r_q/log(1/ρ); subtract; divide by L*. Then look at √(vL*)/|λ|.",
    ),
    reference=(
        "At L = (1 ∓ ε)L* the ratio |Δ_L|/τ = (d_0/τ)^{±ε} tends to infinity, or to 0, so that "
        "S = 2Φ(·/2) − 1 tends to 1, or to 0. With r_q = 2Φ⁻¹((1 + q)/2), S = q where "
        "d_0 ρ^L = r_q τ: L(q) = L* − log r_q/log(1/ρ) and L(.1) − L(.9) = log(3.29/.25)/log(1/ρ) "
        "= 2.57/log(1/ρ), free of τ. Relative to L* it is 2.57/log(d_0/τ), whatever ρ: a slow rate "
        "stretches both alike. He's networks differ from one another: the spread √(vL*)/|λ| "
        "relative to L* is √(v/|λ|)/√log(d_0/τ), with v ≈ |λ|, and falls only like the root."
    ),
    why="Tick what your text says:",
    rubric=(
        "writes |Δ_L|/τ at (1 ∓ ε)L* as a power ±ε of d_0/τ, and takes the limit of S",
        "finds L(q) and that the difference of two is free of τ",
        "sees that a slow rate stretches location and window alike",
        "names the spread between networks, v against |λ|, as what makes He's fall slow",
    ),
)
