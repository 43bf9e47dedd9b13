"""Exercises 04.1, 04.2, 04.5 and 04.6: two to recall, one to measure, one to prove."""

import math

import torch

from ....course.exercises import Exercise, Misconception, Wrong, choice_step, number_step

__all__ = ["COIN", "DIGITS", "KEPT", "PROVE"]

COIN = Exercise(
    id="04.1",
    title="A biased coin",
    kind="recall",
    difficulty=1,
    minutes=4,
    teaches="that a drift counts steps with their sign",
    signature="a number; with diag(2, 1) always, it would be log 2 = 0.693",
    hints=(
        "These matrices commute: the product is diag(2^heads, 2^tails).",
        "d(o, diag(a, b)·o) = |log a/b|, so the distance is log 2 times |heads − tails|.",
        "(heads − tails)/n → 3/4 − 1/4",
    ),
    reference=0.5 * math.log(2),
    why="The base point walks on a line, by ±log 2, and heads − tails grows like n/2: the drift is "
    "½ log 2. With a fair coin it is 0, and the walk returns for ever: no direction either.",
    steps=(number_step(0.5 * math.log(2), rtol=5e-3),),
    misconceptions=(
        Misconception("length", "this adds lengths of steps: tails undo heads", math.log(2)),
        Misconception("heads", "this counts heads only: tails lead back", 0.75 * math.log(2)),
        Misconception(
            "log-of-mean", "this is the log of a mean; a drift is a mean of logs", math.log(1.625)
        ),
        Misconception("fair", "0 belongs to the fair coin", 0.0),
    ),
    wrong=(
        Wrong(0.6931, "tails undo"),
        Wrong(0.52, "heads only"),
        Wrong(0.4855, "log of a mean"),
        Wrong(0, "fair coin"),
        Wrong("half", "expected a number"),
    ),
    right=(0.3466, 0.5 * math.log(2), torch.tensor(0.3460)),
)


KEPT = Exercise(
    id="04.2",
    title="What He's rule keeps",
    kind="recall",
    difficulty=2,
    minutes=4,
    teaches="to tell a mean over networks from the network one gets",
    signature='a letter, for example "a"',
    hints=(
        "E‖x_L‖² is a mean over draws of the whole network.",
        "log‖x_L‖ is a sum of L independent terms of mean λ < 0.",
        "exp of a sum with a wide spread: its mean is far above its typical value.",
    ),
    reference="c",
    choices={
        "a": "Every such network keeps the norm of its input.",
        "b": "The typical network keeps it, up to fluctuations that do not grow with depth.",
        "c": "The typical network shrinks it exponentially in depth over width; rare networks "
        "make up for it in the mean.",
        "d": "The mean of the norm is kept as well, as it is the root of the mean square.",
        "e": "The statement contradicts λ < 0, so one of the two must be wrong.",
    },
    why="log‖x_L‖ is nearly Gaussian with mean λL and variance vL, and λ + v ≈ 0: e^{2(λ + v)L} is "
    "the mean square, kept, and e^{λL} the typical norm, lost. Both are true of one law.",
    steps=(
        choice_step(
            "c",
            {
                "a": "the norm is random: only its mean square over networks is kept",
                "b": "log‖x_L‖ is a sum of L random terms: its spread grows with depth",
                "d": "the root of a mean is not the mean of a root: E‖x‖ falls",
                "e": "a mean of logs may fall while the mean itself stays: no contradiction",
            },
        ),
    ),
    wrong=(
        Wrong("a", "only its mean square"),
        Wrong("b", "grows with depth"),
        Wrong("d", "root of a mean"),
        Wrong("e", "no contradiction"),
        Wrong(2, "one of the letters"),
    ),
    right=("c", " C", "c "),
)


_LEVY = math.pi**2 / (6 * math.log(2))

DIGITS = Exercise(
    id="04.5",
    title="The drift of a random number",
    kind="investigate",
    difficulty=4,
    minutes=20,
    teaches="that a drift needs stationary layers, not independent ones",
    signature="a number: the drift of the matrices [[a, 1], [1, 0]] of the digits of random "
    "numbers, measured within 2 %. Worked value: the golden ratio, all digits 1, has 0.9624.",
    hints=(
        "Floats have some 30 digits. Python's integers have no end: expand a random fraction "
        "of 2000 bits by Euclid's division.",
        "d(o, u(n)o) ≈ 2 log p_n, and p_k = a_k p_{k−1} + p_{k−2}; the drift is 2 log(p_n)/n",
        "x, y = random bits, 2**2000; while y and n < 900: a, (x, y) = x // y, (y, x % y); "
        "p, old = a*p + old, p; skip the first a if it is 0; average over some twenty numbers",
    ),
    reference=_LEVY,
    why="Khinchin, Lévy (1935–36): log q_n / n → π²/(12 log 2) for almost every number, so the "
    "drift is twice that, 2.373. The digits are dependent, and their own mean is infinite; only "
    "the mean of log a has to be finite, as Kingman's theorem asks.",
    steps=(number_step(_LEVY, rtol=0.02, says="off by more than 2 %: more digits, more numbers?"),),
    misconceptions=(
        Misconception("half", "this is log q_n / n: the distance is twice the log", _LEVY / 2),
        Misconception("golden", "this is the golden ratio's, of digits that are all 1", 0.962424),
        Misconception(
            "digits", "this adds up 2 log a: matrices do not multiply like numbers", 1.9757
        ),
        Misconception(
            "bits", "digits of a float's 53 bits, and then digits of round-off: too short", 0.0
        ),
    ),
    wrong=(
        Wrong(1.1866, "twice the log"),
        Wrong(0.9624, "golden"),
        Wrong(1.9757, "like numbers"),
        Wrong(2.6, "2 %"),
        Wrong("infinite", "expected a number"),
    ),
    right=(2.373, 2.35, torch.tensor(2.40)),
)


PROVE = Exercise(
    id="04.6",
    title="Why a drift exists, and why inside",
    kind="proof",
    difficulty=4,
    minutes=25,
    teaches="where nonexpansiveness enters, and where the order of layers does",
    signature="a text of about ten lines",
    hints=(
        "Write u(n + m) as u(n) followed, inside, by the product of the m later layers.",
        "d(o, u(n + m)o) ≤ d(o, u(n)o) + d(u(n)o, u(n)u′(m)o), and u(n) does not expand.",
        "Fekete: a_{n+m} ≤ a_n + a_m gives a_n/n → inf a_n/n: divide n by k with remainder.",
    ),
    reference=(
        "u(n + m) = u(n)u′(m), where u′(m) is the product of layers n + 1 … n + m. The triangle "
        "inequality and the nonexpansive u(n) give d(o, u(n + m)o) ≤ d(o, u(n)o) + d(o, u′(m)o). "
        "By stationarity the means a_n satisfy a_{n+m} ≤ a_n + a_m, all finite since a_1 is. For "
        "fixed k write n = qk + r: a_n ≤ q a_k + a_r, so limsup a_n/n ≤ a_k/k for each k, hence "
        "a_n/n → inf a_k/k. The mean of a distance does not see the order: reversed independent "
        "layers have the same law. A functional h that follows u(n)o has to be one h for all n: "
        "inside, the first layers stay outermost and u(n)o settles in a direction; outside, each "
        "new layer turns everything."
    ),
    why="Tick what your text says:",
    rubric=(
        "splits u(n + m) with the later layers inside",
        "says where nonexpansiveness is used, and where the finite mean",
        "uses stationarity to compare the later block with the first m layers",
        "proves, not only quotes, that a_n/n converges to the infimum",
        "says that the limit of means does not depend on the order, and that the direction does",
    ),
)
