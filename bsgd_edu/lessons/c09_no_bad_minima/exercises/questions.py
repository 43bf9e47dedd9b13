"""Exercises 09.1, 09.2, 09.5 and 09.6: two to recall, one to measure, one to prove."""

from ....course.exercises import choice_question, number_question, proof_question

__all__ = ["COVERED", "PROVE", "SMALL_STARTS", "THRESHOLD"]

THRESHOLD = number_question(
    "09.1",
    "The threshold",
    difficulty=1,
    minutes=3,
    teaches="to read off the folded bowl when a corner of it becomes a minimum",
    signature="a number: above which K diag(0, s) is a local minimum. Example: s = 1/2 gives 2.",
    hints=(
        "On the diagonal (a, d) the best loss is a bowl plus a fold. Where does a step in a go?",
        "d/da [(a − 1)² + (d − s)² + 2K a d] at a = 0, d = s",
        "−2 + 2Ks > 0",
    ),
    answer=4.0,
    why="At (0, s) a step towards the global minimum changes the loss at the rate −2 + 2Ks: the "
    "bowl gains 2, the fold charges 2Ks. It turns uphill at K = 1/s = 4. In the factors the "
    "same numbers are the eigenvalue 2Ks − 2 of the Hessian.",
    says="solve −2 + 2Ks = 0 for K",
    mistakes={
        "2 is the threshold for s = 1/2: it depends on s": 2.0,
        "0.25 is s itself: K s must exceed 1": 0.25,
        "16 would be 1/s²: the fold's slope at d = s is 2Ks": 16.0,
        "8 forgets that the bowl's slope at a = 0 is 2, as the fold's is 2Ks": 8.0,
    },
)

COVERED = choice_question(
    "09.2",
    "Which one is not covered?",
    difficulty=2,
    minutes=4,
    teaches="the two hypotheses, and that neither the depth nor the kind of smooth loss is one",
    hints=(
        "There are two conditions: one on the widths, one on the loss.",
        "min over hidden d_k ≥ min(d_0, d_N), and f convex and differentiable",
        "Go through the widths first: which network has a hidden layer narrower than both ends?",
    ),
    choices={
        "widths 8–8–3–3, cross-entropy": "both hidden layers are at least as wide as the output; "
        "the loss is smooth",
        "widths 3–3–7–8, mean fourth power": "both hidden layers are at least as wide as the "
        "input; the loss is smooth",
        "widths 5–5–5–5, mean absolute error": None,
        "widths 2–9–9–9–1, logistic loss": "depth is no condition, and hidden layers may be wider "
        "than both ends",
        "widths 6–4–4, squares with unequal weights": "the hidden layer is as wide as the output; "
        "weights matter behind bottlenecks",
    },
    why="All five have wide enough hidden layers. The absolute error is convex and Lipschitz, but "
    "it has corners: there the theorem is silent, and the trap of this chapter shows that it "
    "can fail. That does not say that every such network has a trap.",
)

SMALL_STARTS = number_question(
    "09.5",
    "Smaller starts",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that a bad minimum and where descent ends are two questions, linked by the start",
    signature="a number: the share of starts N(0, 0.1²) that end at loss 1, up to .02. Worked "
    "value: for starts N(0, 1) it is about .31.",
    hints=(
        "A few thousand starts are one tensor; descent is one list of maps.",
        "share = (number of runs with |loss − 1| < .01)/(number of runs), after lr·steps = 20",
        "net, _ = traps.bottleneck_trap(4.0); "
        "start = net.init(generator(1, 'x'), (5000,), std=0.1); "
        "((net.loss(descend(net, start, 0.015, [1500])[0]) - 1).abs() < 0.01).double().mean()",
    ),
    answer=0.081,
    rtol=1e-9,
    atol=0.02,
    why="About 8 %, with a standard error of .4 % from 5,000 starts. Near the origin the flow is "
    "linear: the weights behind A_11 grow like e^{2t}, those behind A_22 like e^{2st}. When "
    "the latter have grown from σ to order 1, the former have been multiplied by σ^{−1/s}: "
    "they stay small only if they began below about σ^{1/s}, a share of σ^{1/s − 1} of the "
    "starts: proportional to σ for s = 1/2, to σ² for s = 1/3. At σ = 1 nothing is linear, so "
    "that a tenth of .31 is no estimate.",
    says="off by more than .02: more starts, or more steps",
    mistakes={
        "this is the share for starts N(0, 1): pass std=0.1": 0.31,
        "a tenth of .31: the law holds for small starts only; measure": 0.031,
        "this is the share that reaches the global minimum": 0.919,
        "this is the share for variance 0.1: the deviation is 0.1": 0.193,
        "this is the share for a deviation of 0.01": 0.0088,
    },
)

PROVE = proof_question(
    "09.6",
    "The width of the trap",
    difficulty=4,
    minutes=20,
    teaches="how a corner in the loss charges for the detour that every escape needs",
    hints=(
        "What does the corner A_22 cost in the other three entries? Eliminate two letters.",
        "A_22 = p A_21 + q A_12 − p q A_11 with p = b/(1+α), q = e/(1+β)",
        "|p|, |q| ≤ ρ = r/(1−r); loss = S + |1 − A_22|; use |A_22| ≤ S or ρ²S, and A_22 ≤ 2r²",
    ),
    answer=r"""
    $A_{11}=a(1+\alpha)+(1+\beta)c$, $A_{12}=ab+(1+\beta)d$, $A_{21}=g(1+\alpha)+ec$,
    $A_{22}=gb+ed$. Solve the middle two for $g$ and $d$, insert, and use the first for
    $a(1+\alpha)+c(1+\beta)$: with $p=\tfrac b{1+\alpha}$ and $q=\tfrac e{1+\beta}$,
    $A_{22}=pA_{21}+qA_{12}-pqA_{11}$. Here $|p|,|q|\le\rho=r/(1-r)$. Let
    $S=|A_{11}|+|A_{12}|+|A_{21}|$; the loss is $S+|1-A_{22}|\ge S+1-A_{22}$. If $r\le\tfrac12$,
    $\rho\le1$, $|A_{22}|\le S$ and the loss is at least $S+1-S=1$; so it is if $A_{22}\le0$. Else,
    for $\tfrac12\le r\le\sqrt{1/2}$, $\rho\ge1$, $A_{22}\le\rho^2S$ and $A_{22}\le2r^2\le1$, so the
    loss is at least $1-A_{22}(1-\rho^{-2})\ge1-2r^2+2(1-r)^2=3-4r$.
    """,
    ticks=(
        "expresses A_22 by the three other entries, with the factors b/(1+α) and e/(1+β)",
        "bounds both factors by r/(1 − r), and sees that this is at most 1 up to r = 1/2",
        "concludes that the loss is at least S + 1 − A_22 ≥ 1 there",
        "for larger r uses both A_22 ≤ ρ²S and A_22 ≤ 2r² to get 3 − 4r",
    ),
)
