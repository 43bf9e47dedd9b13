"""Exercises 08.1, 08.2, 08.5 and 08.6: two to recall, one to measure, one to prove."""

from ....course.exercises import choice_question, number_question, proof_question

__all__ = ["LARGEST_RATE", "QUADRATIC", "WHICH_DEPTHS", "WHY_NO_POTENTIAL"]

LARGEST_RATE = number_question(
    "08.1",
    "The largest learning rate",
    difficulty=1,
    minutes=3,
    teaches="that the largest residual alone sets the learning rate of plain descent",
    signature="a number: goals 5 and 1, start at 0, p = 4. Goals 10 and 1 have 0.02.",
    hints=(
        "Each coordinate goes its own way. Which one breaks first?",
        "r ← r (1 − η r²) shrinks if |1 − η r²| < 1",
        "η r² < 2 with the largest residual, r = 5",
    ),
    answer=0.08,
    rtol=0.005,
    why="2/5² = 0.08. It is four times the rate for a goal of 10: the first residual counts with "
    "its square, although it is gone after a few steps. The second coordinate would bear 2.",
    says="solve η r² = 2 for the largest residual",
    mistakes={
        "2/(3r²) is the rule of a quadratic: r is multiplied by 1 − ηr²": 2 / 75,
        "1/r² is the rate that lands in one step; up to 2/r² it converges": 0.04,
        "2/r forgets the square": 0.4,
        "this is the limit of the other coordinate": 2.0,
        "coordinates are independent: 25 + 1 does not enter": 2 / 26,
    },
)

WHICH_DEPTHS = choice_question(
    "08.2",
    "Which depths have a potential?",
    difficulty=2,
    minutes=3,
    teaches="that depth two is the exception, and for linear losses only",
    hints=(
        "Look at the factor in front of the curl.",
        "curl F = ((N − 1)(N − 2)/N) |w|^{1−2/N} sin θ |g|",
        "Where is (N − 1)(N − 2) zero, among the whole numbers?",
    ),
    choices={
        "Only $N=1$.": "there is one more root of (N − 1)(N − 2)",
        "$N=1$ and $N=2$.": None,
        "Every even $N$.": "at N = 4 the factor is 3·2/4, which is not zero",
        "All: descent on the factors descends a loss, so $F$ is that loss's gradient.": "that loss "
        "is a function of the factors; F moves their product, elsewhere",
        "None of them, not even $N=1$.": "at N = 1 F is the gradient itself",
    },
    why="(N − 1)(N − 2) = 0. For N = 2 the potential is |w| (w·g). It is special to a constant "
    "gradient: with a quadratic loss the circulation of depth 2 is not zero in general.",
)

_EXACT = 13**1.5 - 10**1.5 - 5**1.5 + 2**1.5

QUADRATIC = number_question(
    "08.5",
    "Depth two is caught",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that even depth 2 is no descent of a regularised loss once the curvature differs",
    signature="a number, within 1 %: depth 2, loss ½(4w₁² + w₂²), counter-clockwise around "
    "[1, 3] × [1, 2]. With ½(2w₁² + w₂²) in its place it is about 2.30.",
    hints=(
        "The meter needs a field on points (..., 2) and the four corners.",
        "F = operators.end_to_end_direction(w[..., None, :], g[..., None, :], 2)[..., 0, :]",
        "g = w * torch.tensor([4., 1.]); dynamics.loops.circulation(field, corners)",
    ),
    answer=_EXACT,
    rtol=0.01,
    why="The curl is 3 w₁w₂/|w|, three being the difference of the curvatures, and its integral "
    "is 13^{3/2} − 10^{3/2} − 5^{3/2} + 2^{3/2} = 6.897. With equal curvatures it vanishes.",
    says="off by more than 1 %: is the loop closed?",
    mistakes={
        "zero is right for a constant gradient; this one is not": 0.0,
        "the sign: go round the other way, or give the 4 to w₁²": -_EXACT,
        "this is the mean curl: the area is 2": _EXACT / 2,
        "this is the example with 2 in place of 4": _EXACT / 3,
    },
)

WHY_NO_POTENTIAL = proof_question(
    "08.6",
    "No regulariser does it",
    difficulty=4,
    minutes=25,
    teaches="why a preconditioner that turns with w is not the gradient of anything",
    hints=(
        "Write F in polar coordinates, with g = (1, 0): a radial and an angular part.",
        "F_r = N r^{2−2/N} cos θ, F_θ = −r^{2−2/N} sin θ; curl F = (∂_r(r F_θ) − ∂_θ F_r)/r",
        "The powers agree: collect the coefficient of r^{1−2/N} sin θ.",
    ),
    answer=r"""
    Let $g=(1,0)$, $a=2-2/N$. Along $w$ the component of $g$ is $\cos\theta$, across it
    $-\sin\theta$, so $F_r=Nr^a\cos\theta$, $F_\theta=-r^a\sin\theta$, and
    $\operatorname{curl}F=(\partial_r(rF_\theta)-\partial_\theta F_r)/r=(N-1-a)\,r^{a-1}\sin\theta$
    with $N-1-a=N-3+2/N=(N-1)(N-2)/N$. For $N\ge3$ it is positive in the upper half-plane, so loops
    there have positive circulation; a gradient's is zero. If descent on $L+R$ moved $w$ along $F$,
    then $F=\nabla(L+R)$: impossible. For $N=2$ it vanishes: $F=\nabla(|w|\,w\cdot g)$. For a loss
    with curvature the constant part of $g$ wins near the origin: $F$ scales like $r^a$ there, the
    rest like $r^{a+1}$, so small half-rings keep their positive circulation if $g(0)\ne0$.
    """,
    ticks=(
        "splits g into its parts along and across w, with gains N and 1",
        "computes the curl and finds the factor (N − 1)(N − 2)/N",
        "concludes by a loop with non-zero circulation, against zero for every gradient",
        "says what L + R, a loss plus any regulariser, has to do with it",
        "treats N = 2 separately, with its potential |w| w·g",
    ),
)
