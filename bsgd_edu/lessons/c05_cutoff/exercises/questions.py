"""Exercises 05.1, 05.2, 05.5 and 05.6: two to recall, one to measure, one to prove."""

from ....course.exercises import choice_question, number_question, proof_question

__all__ = ["CRITICAL", "FLAT_END", "LOCATION", "PROVE"]

LOCATION = number_question(
    "05.1",
    "Location by hand",
    difficulty=1,
    minutes=2,
    teaches="that a location grows with the logarithm of the distance over the tolerance",
    signature="a number of layers; |Δ_L| = e^{2 − L/2}, τ = e^−5. Example: τ = e^1 would give 2.",
    hints=(
        "Where does the distance equal the tolerance?",
        "L* = log(d_0/τ)/|λ|",
        "log(e²/e^−5) = 7, and λ = −1/2",
    ),
    answer=14.0,
    why="Seven factors e have to go, half of one at each layer: 14 layers. A tolerance e times "
    "smaller costs two layers more, and so does a start e times as far away.",
    says="solve d_0 e^{λL} = τ for L",
    mistakes={
        "10 forgets that the start is e² and not 1": 10.0,
        "4 is where the distance is 1, not where it is τ": 4.0,
        "3.5 multiplies by the rate: divide by it": 3.5,
        "6 subtracts: log(d_0/τ) is 2 − (−5)": 6.0,
        "7 is log(d_0/τ): a layer takes only half of a factor e": 7.0,
    },
)

FLAT_END = choice_question(
    "05.2",
    "A flat end",
    difficulty=2,
    minutes=3,
    teaches="to tell a floor of the arithmetic from a property of the network",
    hints=(
        "How large is half a unit in the last place of float32?",
        "2^−24 ≈ 6e-8, relative to the size of the numbers",
        "Would the curve end at the same level in float64?",
    ),
    choices={
        "The network has a cut-off at depth 23.": "in float64 the flat end starts at twice that "
        "depth: it is the machine's",
        "Below depth 23 information about the input survives, at a low level.": "what survives is "
        "rounding, which does not depend on which input it was",
        "Two passes differ by rounding; of the true distance we learn that it is not larger.": None,
        "The layers stop contracting at depth 23.": "the layers contract on; each adds new "
        "rounding of the same size",
        "More seeds would lower the floor.": "a mean of positive rounding errors does not fall "
        "with more seeds",
    },
    why="Each layer rounds both passes by up to half a unit in the last place, and contraction "
    "forgets older roundings: the difference stays at 6e-8 of the norm, whatever the network does. "
    "In float64 the same line goes on to 1e-16; carried along exactly, for ever.",
)

CRITICAL = number_question(
    "05.5",
    "Weights that neither kill nor explode",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that the mean square and the typical network ask for different initialisations",
    signature="a number: n times the variance of a weight at n = 16, within 4 %. Worked value: at "
    "n = 4 it is about 4.1.",
    hints=(
        "Scaling all weights by a factor scales the norm by its power L: one run is enough.",
        "E log(‖x_L‖/‖x_0‖)/L = λ(2) + ½ log(s/2), which is to be 0: s = 2e^{−2λ(2)}",
        "norm = random_pair(x, y, 60, init=2.0, bias=False, generator=g).norm; "
        "2·exp(−2·mean(log(norm[60]/norm[0]))/60), over networks with norm[60] > 0",
    ),
    answer=2.386,
    rtol=0.04,
    why="s = 2 exp(−2λ) with He's λ = −.0882 at n = 16: 2.386. Then half of the networks grow and "
    "half shrink, while the mean square explodes like (s/2)^L, carried by few networks. As n grows "
    "the two choices meet: 2.020 at n = 256.",
    says="off by more than 4 %: more networks or layers?",
    mistakes={
        "2 keeps the mean square: the typical norm dies with it": 2.0,
        "this is the variance of one weight: multiply by n": 2.386 / 16,
        "a norm scales with the root of s: the exponent is −2λ": 2.184,
        "turned round: smaller weights shrink even faster": 1.677,
        "this is the root of s": 1.545,
    },
)

PROVE = proof_question(
    "05.6",
    "Contraction cuts off",
    difficulty=4,
    minutes=20,
    teaches="what makes a cut-off: a saturating observer, and a spread small against the rate",
    hints=(
        "Write the distance over τ as a power of d_0/τ.",
        "At L = (1 ∓ ε)L*: |Δ_L|/τ = (d_0/τ)^{±ε}. And S = q where |Δ_L| = r_q τ.",
        "L(q) = L* − log r_q/log(1/ρ); subtract; divide by L*. Then look at √(vL*)/|λ|.",
    ),
    answer=r"""
    At $L=(1\mp\varepsilon)L^*$ the ratio $|\Delta_L|/\tau=(d_0/\tau)^{\pm\varepsilon}$ tends to
    infinity, or to 0, and $S=2\Phi(\cdot/2)-1$ to 1, or to 0. With $r_q=2\Phi^{-1}((1+q)/2)$, $S=q$
    where $d_0\rho^L=r_q\tau$, so $L(q)=L^*-\log r_q/\log(1/\rho)$, and
    $L(.1)-L(.9)=\log(r_{.9}/r_{.1})/\log(1/\rho)\approx2.57/\log(1/\rho)$ is free of $\tau$, with
    $r_{.9}\approx3.29$ and $r_{.1}\approx.25$. Relative to $L^*$ it is $2.57/\log(d_0/\tau)$
    whatever $\rho$: a slow rate stretches both alike. What destroys the sharpness of He's networks
    is not $|\lambda|\sim1/n$, but that they differ from one another: the spread
    $\sqrt{vL^*}/|\lambda|$ relative to $L^*$ is $\sqrt{v/|\lambda|}/\sqrt{\log(d_0/\tau)}$, with
    $v\approx|\lambda|$, and falls only like the root.
    """,
    ticks=(
        "writes |Δ_L|/τ at (1 ∓ ε)L* as a power ±ε of d_0/τ, and takes the limit of S",
        "finds L(q) and that the difference of two is free of τ",
        "sees that a slow rate stretches location and window alike",
        "names the spread between networks, v against |λ|, as what makes He's fall slow",
    ),
)
