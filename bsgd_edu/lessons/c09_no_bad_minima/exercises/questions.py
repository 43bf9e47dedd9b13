"""Exercises 09.1, 09.2, 09.5 and 09.6: two to recall, one to measure, one to prove."""

import torch

from ....course.exercises import Exercise, Misconception, Wrong, choice_step, number_step

__all__ = ["COVERED", "PROVE", "SMALL_STARTS", "THRESHOLD"]


THRESHOLD = Exercise(
    id="09.1",
    title="The threshold",
    kind="recall",
    difficulty=1,
    minutes=3,
    teaches="to read off the folded bowl when a corner of it becomes a minimum",
    signature="a number: above which K diag(0, s) is a local minimum. Example: s = 1/2 gives 2.",
    hints=(
        "On the diagonal (a, d) the best loss is a bowl plus a fold. Where does a step in a go?",
        "d/da [(a − 1)² + (d − s)² + 2K a d] at a = 0, d = s",
        "−2 + 2Ks > 0",
    ),
    reference=4.0,
    why=(
        "At (0, s) a step towards the global minimum changes the loss at the rate −2 + 2Ks: the "
        "bowl gains 2, the fold charges 2Ks. It turns uphill at K = 1/s = 4. In the factors the "
        "same numbers are the eigenvalue 2Ks − 2 of the Hessian."
    ),
    steps=(number_step(4.0, says="solve −2 + 2Ks = 0 for K"),),
    misconceptions=(
        Misconception("same", "2 is the threshold for s = 1/2: it depends on s", 2.0),
        Misconception("inverse", "0.25 is s itself: K s must exceed 1", 0.25),
        Misconception("square", "16 would be 1/s²: the fold's slope at d = s is 2Ks", 16.0),
        Misconception(
            "bowl", "8 forgets that the bowl's slope at a = 0 is 2, as the fold's is 2Ks", 8.0
        ),
    ),
    wrong=(
        Wrong(2, "depends on s"),
        Wrong(0.25, "s itself"),
        Wrong(16.0, "1/s²"),
        Wrong(8, "bowl"),
        Wrong(5.0, "solve"),
        Wrong("four", "expected a number"),
    ),
    right=(4, torch.tensor(4.0), 4.0001),
)


COVERED = Exercise(
    id="09.2",
    title="Which one is not covered?",
    kind="recall",
    difficulty=2,
    minutes=4,
    teaches="the two hypotheses, and that neither the depth nor the kind of smooth loss is one",
    signature='a letter, for example "a"',
    hints=(
        "There are two conditions: one on the widths, one on the loss.",
        "min over hidden d_k ≥ min(d_0, d_N), and f convex and differentiable",
        "Go through the widths first: which network has a hidden layer narrower than both ends?",
    ),
    reference="c",
    choices={
        "a": "widths 8–8–3–3, cross-entropy",
        "b": "widths 3–3–7–8, mean fourth power",
        "c": "widths 5–5–5–5, mean absolute error",
        "d": "widths 2–9–9–9–1, logistic loss",
        "e": "widths 6–4–4, squares with unequal weights",
    },
    why=(
        "All five have wide enough hidden layers. The absolute error is convex and Lipschitz, but "
        "it has corners: there the theorem is silent, and the trap of this chapter shows that it "
        "can fail. That does not say that every such network has a trap."
    ),
    steps=(
        choice_step(
            "c",
            {
                "a": "both hidden layers are at least as wide as the output; the loss is smooth",
                "b": "both hidden layers are at least as wide as the input; the loss is smooth",
                "d": "depth is no condition, and hidden layers may be wider than both ends",
                "e": "the hidden layer is as wide as the output; weights matter behind bottlenecks",
            },
        ),
    ),
    wrong=(
        Wrong("a", "as the output"),
        Wrong("b", "as the input"),
        Wrong("d", "depth"),
        Wrong("e", "behind bottlenecks"),
        Wrong("x", "one of the letters"),
        Wrong(3, "one of the letters"),
    ),
    right=("c", " C", "(c)"),
)


SMALL_STARTS = Exercise(
    id="09.5",
    title="Smaller starts",
    kind="investigate",
    difficulty=3,
    minutes=15,
    teaches="that a bad minimum and where descent ends are two questions, linked by the start",
    signature=(
        "a number: the share of starts N(0, 0.1²) that end at loss 1, up to .02. Worked value: for "
        "starts N(0, 1) it is about .31."
    ),
    hints=(
        "A few thousand starts are one tensor; descent is one list of maps.",
        "share = (number of runs with |loss − 1| < .01)/(number of runs), after lr·steps = 20",
        "net, _ = traps.bottleneck_trap(4.0); "
        "start = net.init(generator(1, 'x'), (5000,), std=0.1); "
        "((net.loss(descend(net, start, 0.015, [1500])[0]) - 1).abs() < 0.01).double().mean()",
    ),
    reference=0.081,
    why=(
        "About 8 %, with a standard error of .4 % from 5,000 starts. Near the origin the flow is "
        "linear: the weights behind A_11 grow like e^{2t}, those behind A_22 like e^{2st}. When "
        "the latter have grown from σ to order 1, the former have been multiplied by σ^{−1/s}: "
        "they stay small only if they began below about σ^{1/s}, a share of σ^{1/s − 1} of the "
        "starts: proportional to σ for s = 1/2, to σ² for s = 1/3. At "
        "σ = 1 nothing is linear, so that a tenth of .31 is no estimate."
    ),
    steps=(
        number_step(
            0.081, rtol=1e-9, atol=0.02, says="off by more than .02: more starts, or more steps"
        ),
    ),
    misconceptions=(
        Misconception("unit", "this is the share for starts N(0, 1): pass std=0.1", 0.31),
        Misconception(
            "tenth", "a tenth of .31: the law holds for small starts only; measure", 0.031
        ),
        Misconception("other", "this is the share that reaches the global minimum", 0.919),
        Misconception(
            "variance", "this is the share for variance 0.1: the deviation is 0.1", 0.193
        ),
        Misconception("smaller", "this is the share for a deviation of 0.01", 0.0088),
    ),
    wrong=(
        Wrong(0.31, "N(0, 1)"),
        Wrong(0.031, "measure"),
        Wrong(0.919, "global"),
        Wrong(0.193, "variance"),
        Wrong(0.0088, "0.01"),
        Wrong(0.12, "more steps"),
        Wrong("little", "expected a number"),
    ),
    right=(0.081, 0.075, torch.tensor(0.09)),
)


PROVE = Exercise(
    id="09.6",
    title="The width of the trap",
    kind="proof",
    difficulty=4,
    minutes=20,
    teaches="how a corner in the loss charges for the detour that every escape needs",
    signature="a text of about ten lines",
    hints=(
        "What does the corner A_22 cost in the other three entries? Eliminate two letters.",
        "A_22 = p A_21 + q A_12 − p q A_11 with p = b/(1+α), q = e/(1+β)",
        "|p|, |q| ≤ ρ = r/(1−r); loss = S + |1 − A_22|; use |A_22| ≤ S or ρ²S, and A_22 ≤ 2r²",
    ),
    reference=(
        "A_11 = a(1+α) + (1+β)c, A_12 = ab + (1+β)d, A_21 = g(1+α) + ec, A_22 = gb + ed. Solving "
        "the middle two for d and g, and using the first for a(1+α) + c(1+β): A_22 = p A_21 + "
        "q A_12 − p q A_11 with p = b/(1+α), q = e/(1+β). Both are at most ρ = r/(1−r). Let S = "
        "|A_11| + |A_12| + |A_21|; the loss is S + |1 − A_22| ≥ S + 1 − A_22. For r ≤ 1/2, ρ ≤ 1 "
        "and A_22 ≤ S: at least 1. For 1/2 ≤ r ≤ √(1/2), ρ ≥ 1 and A_22 ≤ ρ²S, while A_22 ≤ 2r² "
        "≤ 1: at least 1 − A_22(1 − ρ⁻²) ≥ 1 − 2r² + 2(1−r)² = 3 − 4r (and if A_22 ≤ 0, at least "
        "1 anyway)."
    ),
    why="Tick what your text says:",
    rubric=(
        "expresses A_22 by the three other entries, with the factors b/(1+α) and e/(1+β)",
        "bounds both factors by r/(1 − r), and sees that this is at most 1 up to r = 1/2",
        "concludes that the loss is at least S + 1 − A_22 ≥ 1 there",
        "for larger r uses both A_22 ≤ ρ²S and A_22 ≤ 2r² to get 3 − 4r",
    ),
)
