"""Exercises of chapter 4: drifts by hand and by machine, and what a mean square hides."""

import math

import torch
from torch import Tensor

from ..exercise import (
    Exercise,
    Misconception,
    Step,
    Wrong,
    choice_step,
    close,
    number_step,
    tensor_problem,
)

__all__ = ["EXERCISES"]

# --- 04.1 -------------------------------------------------------------------------------------

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

# --- 04.2 -------------------------------------------------------------------------------------

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

# --- 04.3 -------------------------------------------------------------------------------------


def distances(matrices: Tensor) -> Tensor:
    """Returns d(o, A_1 ⋯ A_k o) = log s_1/s_2 for k = 0 … n."""
    product = torch.eye(2, dtype=matrices.dtype)
    log_size, log_det, rows = 0.0, 0.0, [torch.zeros((), dtype=matrices.dtype)]
    for layer in matrices:
        product = product @ layer  # the new layer is inside
        size = product.norm()
        product, log_size = product / size, log_size + size.log()
        # s_2 of a long product is round-off; s_1 and the determinant are not.
        log_det = log_det + torch.linalg.det(layer).abs().log()
        top = log_size + torch.linalg.svdvals(product)[0].log()
        rows.append((2 * top - log_det).clamp(min=0))
    return torch.stack(rows)


def _by_frobenius(matrices):
    g, log_g, rows = torch.eye(2, dtype=matrices.dtype), 0.0, [0.0]
    for a in matrices:
        g = g @ a / torch.linalg.det(a).abs().sqrt()  # |det| stays 1
        scale = g.abs().max()
        g, log_g = g / scale, log_g + math.log(scale)
        log_cosh = 2 * log_g + math.log(float(g.square().sum()) / 2)  # cosh d = ‖g‖²/2
        if log_cosh > 15:
            rows.append(log_cosh + math.log(2))
        else:
            rows.append(math.acosh(max(1.0, math.exp(log_cosh))))
    return torch.tensor(rows, dtype=matrices.dtype)


def _by_logs(matrices):
    product, logs, tops = torch.eye(2, dtype=matrices.dtype), [0.0], [0.0]
    for a in matrices:
        product = product @ a
        logs.append(logs[-1] + float(product.abs().max().log()))
        product = product / product.abs().max()
        tops.append(logs[-1] + float(torch.linalg.matrix_norm(product, 2).log()))
    dets = torch.linalg.slogdet(matrices).logabsdet.cumsum(0)
    tops = torch.tensor(tops, dtype=matrices.dtype)
    return (2 * tops - torch.cat([dets.new_zeros(1), dets])).clamp(min=0)


def _outside(matrices):
    return torch.stack([distances(matrices[:k].flip(0))[-1] for k in range(len(matrices) + 1)])


def _half(matrices):
    return distances(matrices) / 2


def _without_det(matrices):
    logs = torch.linalg.det(matrices).abs().log().cumsum(0)
    return distances(matrices) + torch.cat([logs.new_zeros(1), logs])


def _added_steps(matrices):
    ones = torch.stack([distances(a[None])[-1] for a in matrices])
    return torch.cat([ones.new_zeros(1), ones.cumsum(0)])


def _naive(matrices):
    product, rows = torch.eye(2, dtype=matrices.dtype), [torch.zeros((), dtype=matrices.dtype)]
    for a in matrices:
        product = product @ a
        s = torch.linalg.svdvals(product)
        rows.append((s[0] / s[1].clamp(min=1e-300)).log())
    return torch.stack(rows)


def _layers(generator: torch.Generator) -> tuple[Tensor]:
    return (torch.randn(6, 2, 2, generator=generator, dtype=torch.float64),)


def _distances_shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_layers(generator)), (7,)) or True


def _distances_value(answer, generator) -> bool:
    layers = torch.tensor([[[2.0, 1.0], [1.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]]]).double()
    want = torch.tensor([1.0, 3.0, 7.5], dtype=torch.float64).acosh()  # cosh d = ‖g‖²/2|det g|
    return close(answer(layers), want, atol=1e-6)


def _distances_random(answer, generator) -> bool:
    return all(
        close(answer(*case), distances(*case), atol=1e-6)
        for case in (_layers(generator) for _ in range(5))
    )


def _distances_long(answer, generator) -> bool:
    layers = torch.randn(600, 2, 2, generator=generator, dtype=torch.float64)
    got = answer(layers)
    return bool(got.isfinite().all()) and close(got, distances(layers), rtol=1e-6, atol=1e-4)


DISTANCES = Exercise(
    id="04.3",
    title="How far a product carries",
    kind="implement",
    difficulty=3,
    minutes=15,
    teaches="to follow a product of matrices past the range and the precision of floats",
    signature=(
        "distances(matrices: Tensor (n, 2, 2)) -> Tensor (n + 1,), the numbers log s_1/s_2 of "
        "A_1 ⋯ A_k, k = 0 … n. Worked value: [[2, 1], [1, 0]] and [[1, 1], [1, 0]] give "
        "arccosh of 1, 3, 7.5, that is 0, 1.7627, 2.7036."
    ),
    hints=(
        "s_1 of a product is accurate, s_2 is not; but s_1 s_2 = |det|, and determinants multiply.",
        "log s_1/s_2 = 2 log s_1 − Σ log|det A_i|; pull the size out of the product at each step",
        "g = g @ A; c = ‖g‖; g = g/c; L += log c; D += log|det A|; d = 2(L + log s_1(g)) − D",
    ),
    reference=distances,
    why="Two numbers survive where entries overflow and s_2 drowns: the log of the size and the "
    "log of the determinant. Every Lyapunov exponent is computed by some version of this.",
    steps=(
        Step("shape", "expected the distances for k = 0 … n", _distances_shape),
        Step("value", "the two matrices worked by hand come out differently", _distances_value),
        Step("invariant", "on random matrices the distances differ", _distances_random),
        Step(
            "limit",
            "600 layers: s_2 drowns in round-off, or entries overflow. Keep logs of the size and "
            "of the determinants",
            _distances_long,
        ),
    ),
    misconceptions=(
        Misconception(
            "outside",
            "this puts the new matrix outside, A_k ⋯ A_1: here it goes inside, product @ A",
            _outside,
        ),
        Misconception("half", "half of the distance: it is log s_1/s_2, not ½ log s_1/s_2", _half),
        Misconception(
            "det",
            "the determinant is missing: log s_1/s_2 = 2 log s_1 − log|det|",
            _without_det,
        ),
        Misconception(
            "added",
            "adds the lengths of single steps: an upper bound (subadditivity), not the distance",
            _added_steps,
        ),
    ),
    cases=_layers,
    wrong=(
        Wrong(_outside, "new matrix outside"),
        Wrong(_half, "half of the distance"),
        Wrong(_without_det, "determinant is missing"),
        Wrong(_added_steps, "upper bound"),
        Wrong(_naive, "drowns"),
        Wrong(lambda matrices: distances(matrices)[-1], "its shape is ()"),
    ),
    right=(_by_frobenius, _by_logs),
)

# --- 04.4 -------------------------------------------------------------------------------------


def functional_terms(matrices: Tensor, vector: Tensor) -> Tensor:
    """Returns 2 log‖A_k v_k‖ − log|det A_k| for k = 1 … n; v_n = v, v_{k−1} ∝ A_k v_k."""
    terms, v = [], vector / vector.norm()
    for layer in reversed(matrices):  # the innermost layer meets v first
        v = layer @ v
        size = v.norm()
        terms.append(2 * size.log() - torch.linalg.det(layer).abs().log())
        v = v / size
    return torch.stack(terms[::-1])


def _terms_by_inverse(matrices, vector):
    # ‖A v‖ for unit v is 1/‖A⁻¹ w‖ for the unit vector w along A v.
    w, terms = vector, []
    for a in matrices.flip(0).unbind():
        w = a @ w / (a @ w).norm()
        back = torch.linalg.solve(a, w).norm()
        terms.insert(0, -2 * back.log() - torch.linalg.slogdet(a).logabsdet)
    return torch.stack(terms)


def _terms_by_orbit(matrices, vector):
    vs = [vector / vector.norm()]
    for a in matrices.flip(0):
        image = a @ vs[-1]
        vs.append(image / image.norm())
    moved = torch.einsum("kij,kj->ki", matrices, torch.stack(vs[:-1]).flip(0))
    return moved.square().sum(-1).log() - torch.linalg.slogdet(matrices).logabsdet


def _terms_from_near(matrices, vector):
    return functional_terms(matrices.flip(0), vector).flip(0)


def _terms_unnormalised(matrices, vector):
    terms, v = [], vector / vector.norm()
    for a in reversed(matrices):
        v = a @ v
        terms.append(2 * v.norm().log() - torch.linalg.det(a).abs().log())
    return torch.stack(terms[::-1])


def _terms_without_det(matrices, vector):
    return functional_terms(matrices, vector) + torch.linalg.det(matrices).abs().log()


def _terms_as_visited(matrices, vector):
    return functional_terms(matrices, vector).flip(0)


def _terms_summed(matrices, vector):
    return functional_terms(matrices, vector).cumsum(0)


def _terms_case(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    layers = torch.randn(6, 2, 2, generator=generator, dtype=torch.float64)
    return layers, torch.randn(2, generator=generator, dtype=torch.float64)


def _terms_shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_terms_case(generator)), (6,)) or True


def _terms_value(answer, generator) -> bool:
    layers = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64).diag_embed()
    want = math.log(2) * torch.tensor([1.0, -1.0], dtype=torch.float64)
    return close(answer(layers, torch.tensor([3.0, 0.0], dtype=torch.float64)), want)


def _terms_telescope(answer, generator) -> bool:
    layers, vector = _terms_case(generator)
    v = vector / vector.norm()
    whole = torch.linalg.multi_dot([*layers, v])
    want = 2 * whole.norm().log() - torch.linalg.det(layers).abs().log().sum()
    return close(answer(layers, vector).sum(), want)


def _terms_random(answer, generator) -> bool:
    case = _terms_case(generator)
    return close(answer(*case), functional_terms(*case))


def _terms_mean(answer, generator) -> bool:
    layers = torch.randn(3000, 2, 2, generator=generator, dtype=torch.float64)
    got = answer(layers, torch.ones(2, dtype=torch.float64)).mean()
    # Variance π²/6 a term, independent terms; five standard errors miss once in a million.
    return bool((got - math.log(2)).abs() < 5 * math.pi / 6**0.5 / 3000**0.5)


TERMS = Exercise(
    id="04.4",
    title="The functional, term by term",
    kind="implement",
    difficulty=3,
    minutes=15,
    teaches="how a metric functional turns a distance into a sum",
    signature=(
        "functional_terms(matrices: Tensor (n, 2, 2), vector: Tensor (2,)) -> Tensor (n,): the "
        "terms 2 log‖A_k v_k‖ − log|det A_k|, k = 1 … n, with v_n = v/‖v‖ and v_{k−1} = "
        "A_k v_k/‖A_k v_k‖. Worked value: diag(2, 1), diag(1, 2), v = (3, 0) give (log 2, −log 2)."
    ),
    hints=(
        "Walk from the far end: v_n is known, and A_n meets it first.",
        "t_k = 2 log‖A_k v_k‖ − log|det A_k|, then v_{k−1} = A_k v_k/‖A_k v_k‖",
        "for A in reversed(matrices): w = A @ v; t = 2 log‖w‖ − log|det A|; v = w/‖w‖; turn the "
        "list of terms round at the end",
    ),
    reference=functional_terms,
    why="The sum of the first k terms is −h(u(k)o) for the limit direction v_0. For Gaussian "
    "layers v_k does not depend on A_k, so the terms are independent with mean exactly log 2.",
    steps=(
        Step("shape", "expected one term a layer", _terms_shape),
        Step("value", "the two diagonal matrices come out differently", _terms_value),
        Step(
            "invariant", "the terms must add up to 2 log‖A_1 ⋯ A_n v‖ − log|det|", _terms_telescope
        ),
        Step("invariant", "on random matrices single terms differ", _terms_random),
        Step("limit", "over many Gaussian layers the mean must be log 2", _terms_mean),
    ),
    misconceptions=(
        Misconception(
            "near-end",
            "walks from the first layer: v belongs to the far end, and A_n meets it first",
            _terms_from_near,
        ),
        Misconception(
            "unnormalised",
            "v is not made a unit vector after each layer: the logs then add up twice",
            _terms_unnormalised,
        ),
        Misconception("det", "log|det A_k| is missing", _terms_without_det),
        Misconception(
            "as-visited",
            "the terms are listed as visited: term 1 belongs to A_1",
            _terms_as_visited,
        ),
        Misconception("summed", "these are partial sums; the terms are asked for", _terms_summed),
    ),
    cases=_terms_case,
    wrong=(
        Wrong(_terms_from_near, "far end"),
        Wrong(_terms_unnormalised, "unit vector"),
        Wrong(_terms_without_det, "missing"),
        Wrong(_terms_as_visited, "as visited"),
        Wrong(_terms_summed, "partial sums"),
        Wrong(lambda matrices, vector: None, "does it end with a return"),
    ),
    right=(_terms_by_inverse, _terms_by_orbit),
)

# --- 04.5 -------------------------------------------------------------------------------------

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
    why="Lévy (1929): log q_n / n → π²/(12 log 2) for almost every number, so the drift is twice "
    "that, 2.373. The digits are dependent, and their own mean is infinite; only the mean of "
    "log a has to be finite, as Kingman's theorem asks.",
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

# --- 04.6 -------------------------------------------------------------------------------------

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

EXERCISES = (COIN, KEPT, DISTANCES, TERMS, DIGITS, PROVE)
