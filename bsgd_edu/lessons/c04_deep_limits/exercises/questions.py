"""Exercises 04.1, 04.2, 04.5 and 04.6: two to recall, one to measure, one to prove."""

import math

from ....course.exercises import choice_question, number_question, proof_question

__all__ = ["COIN", "DIGITS", "KEPT", "PROVE"]

COIN = number_question(
    "04.1",
    "A biased coin",
    difficulty=1,
    minutes=4,
    teaches="that a drift counts steps with their sign",
    signature="a number; with diag(2, 1) always, it would be log 2 = 0.693",
    hints=(
        "These matrices commute: the product is diag(2^heads, 2^tails).",
        "d(o, diag(a, b)·o) = |log a/b|, so the distance is log 2 times |heads − tails|.",
        "(heads − tails)/n → 3/4 − 1/4",
    ),
    answer=0.5 * math.log(2),
    rtol=5e-3,
    why="The base point walks on a line, by ±log 2, and heads − tails grows like n/2: the drift is "
    "½ log 2. With a fair coin it is 0, and the walk returns for ever: no direction either.",
    mistakes={
        "this adds lengths of steps: tails undo heads": math.log(2),
        "this counts heads only: tails lead back": 0.75 * math.log(2),
        "this is the log of a mean; a drift is a mean of logs": math.log(1.625),
        "0 belongs to the fair coin": 0.0,
    },
)

KEPT = choice_question(
    "04.2",
    "What He's rule keeps",
    difficulty=2,
    minutes=4,
    teaches="to tell a mean over networks from the network one gets",
    hints=(
        "E‖x_L‖² is a mean over draws of the whole network.",
        "log‖x_L‖ is a sum of L independent terms of mean λ < 0.",
        "exp of a sum with a wide spread: its mean is far above its typical value.",
    ),
    choices={
        "Every such network keeps the norm of its input.": "the norm is random: only its mean "
        "square over networks is kept",
        "The typical network keeps it, up to fluctuations that do not grow with depth.": "log‖x_L‖ "
        "is a sum of L random terms: its spread grows with depth",
        "The typical network shrinks it exponentially in depth over width; rare networks make up "
        "for it in the mean.": None,
        "The mean of the norm is kept as well, as it is the root of the mean square.": "the root "
        "of a mean is not the mean of a root: E‖x‖ falls",
        r"It contradicts $\lambda<0$: one of the two must be wrong.": "a mean of logs may fall "
        "while the mean itself stays: no contradiction",
    },
    why="log‖x_L‖ is nearly Gaussian with mean λL and variance vL, and λ + v ≈ 0: e^{2(λ + v)L} is "
    "the mean square, kept, and e^{λL} the typical norm, lost. Both are true of one law.",
)

_LEVY = math.pi**2 / (6 * math.log(2))

DIGITS = number_question(
    "04.5",
    "The drift of a random number",
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
    answer=_LEVY,
    rtol=0.02,
    why="Khinchin, Lévy (1935–36): log q_n / n → π²/(12 log 2) for almost every number, so the "
    "drift is twice that, 2.373. The digits are dependent, and their own mean is infinite; only "
    "the mean of log a has to be finite, as Kingman's theorem asks.",
    says="off by more than 2 %: more digits, more numbers?",
    mistakes={
        "this is log q_n / n: the distance is twice the log": _LEVY / 2,
        "this is the golden ratio's, of digits that are all 1": 0.962424,
        "this adds up 2 log a: matrices do not multiply like numbers": 1.9757,
        "digits of a float's 53 bits, and then digits of round-off: too short": 0.0,
    },
)

PROVE = proof_question(
    "04.6",
    "Why a drift exists, and why inside",
    difficulty=4,
    minutes=25,
    teaches="where nonexpansiveness enters, and where the order of layers does",
    hints=(
        "Write u(n + m) as u(n) followed, inside, by the product of the m later layers.",
        "d(o, u(n + m)o) ≤ d(o, u(n)o) + d(u(n)o, u(n)u′(m)o), and u(n) does not expand.",
        "Fekete: a_{n+m} ≤ a_n + a_m gives a_n/n → inf a_n/n: divide n by k with remainder.",
    ),
    answer=r"""
    $u(n+m)=u(n)u'(m)$, where $u'(m)$ is the product of layers $n+1,\dots,n+m$. The triangle
    inequality and the nonexpansive $u(n)$ give $d(o,u(n+m)o)\le d(o,u(n)o)+d(o,u'(m)o)$. By
    stationarity the means satisfy $a_{n+m}\le a_n+a_m$, all finite since $a_1$ is. For fixed $k$
    and $n=qk+r$, $a_n\le qa_k+a_r$, hence $\limsup a_n/n\le a_k/k$ for every $k$, and
    $a_n/n\to\inf a_k/k$. Reversed independent layers have the same law, so the means do not see the
    order. A functional is one function for all $n$: inside, the first layers stay outermost and the
    direction of $u(n)o$ settles; outside, every new layer turns it.
    """,
    ticks=(
        "splits u(n + m) with the later layers inside",
        "says where nonexpansiveness is used, and where the finite mean",
        "uses stationarity to compare the later block with the first m layers",
        "proves, not only quotes, that a_n/n converges to the infimum",
        "says that the limit of means does not depend on the order, and that the direction does",
    ),
)
