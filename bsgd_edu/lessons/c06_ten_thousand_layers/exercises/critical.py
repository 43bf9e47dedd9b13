"""Exercise 06.4: the critical line, swept in q*."""

import math

import numpy as np
import torch
from torch import Tensor

from ....course.exercises import Exercise, Misconception, Step, Wrong, as_number, close

__all__ = ["IMPLEMENT_CRITICAL", "critical"]


def critical(q: float) -> tuple[float, float]:
    """Returns (σ_w², σ_b²) with χ_1 = 1 and fixed point q, for tanh."""
    z = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    weight = torch.exp(-(z**2) / 2)
    weight = weight / weight.sum()
    phi = torch.tanh(q**0.5 * z)
    weight_var = 1 / (weight @ (1 - phi**2) ** 2)
    return float(weight_var), float(q - weight_var * (weight @ phi**2))


def _by_hermite(q):
    z, weight = np.polynomial.hermite_e.hermegauss(151)
    weight, t = weight / weight.sum(), np.tanh(np.sqrt(q) * z)
    slope = weight @ (1 - t**2) ** 2
    return torch.tensor([1 / slope, q - weight @ t**2 / slope], dtype=torch.float64)


def _by_quad(q):
    from scipy.integrate import quad

    def mean(f):
        def inside(z):
            return f(math.tanh(q**0.5 * z)) * math.exp(-z * z / 2)

        return quad(inside, -12, 12, epsabs=1e-13)[0] / math.sqrt(2 * math.pi)

    weight_var = 1 / mean(lambda t: (1 - t * t) ** 2)
    return weight_var, q - weight_var * mean(lambda t: t * t)


def _mean(f, q, scale=None):
    z = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    weight = torch.exp(-(z**2) / 2)
    return float((weight / weight.sum()) @ f(torch.tanh((q**0.5 if scale is None else scale) * z)))


def _slope(t: Tensor) -> Tensor:
    return (1 - t**2) ** 2


def _no_root(q):
    weight_var = 1 / _mean(_slope, q, q)
    return weight_var, q - weight_var * _mean(torch.square, q, q)


def _deviation(q):
    weight_var, bias_var = critical(q)
    return weight_var**0.5, bias_var**0.5


def _physicists(q):
    weight_var = 1 / _mean(_slope, q / 2)
    return weight_var, q - weight_var * _mean(torch.square, q / 2)


def _no_weight(q):
    weight_var = 1 / _mean(_slope, q)
    return weight_var, q - _mean(torch.square, q)


def _plain_slope(q):
    weight_var = 1 / _mean(lambda t: 1 - t**2, q)
    return weight_var, q - weight_var * _mean(torch.square, q)


def _squared_mean(q):
    weight_var = 1 / _mean(lambda t: 1 - t**2, q) ** 2
    return weight_var, q - weight_var * _mean(torch.square, q)


def _swapped(q):
    return critical(q)[::-1]


def _no_bias(q):
    return q / _mean(torch.square, q), 0.0


def _random_length(generator: torch.Generator) -> tuple[float]:
    return (0.2 + torch.rand((), generator=generator).item(),)


def _pair_shape(answer, generator) -> bool | str:
    got = answer(0.5)
    if got is None:
        return "expected two numbers, but the answer is None: does it end with a return?"
    numbers = [as_number(x) for x in got] if hasattr(got, "__len__") else []
    if len(numbers) != 2 or None in numbers:
        return f"expected two numbers, (σ_w², σ_b²), but got {got!r:.60}"
    return True


def _agrees(answer, q: float, rtol: float) -> bool:
    got = [float(x) for x in answer(q)]
    return close(got, list(critical(q)), rtol=rtol, atol=1e-12)


def _pair_value(answer, generator) -> bool:
    return close([float(x) for x in answer(1.0)], [2.153303, 0.150965], rtol=1e-5)


def _pair_random(answer, generator) -> bool:
    return all(_agrees(answer, *_random_length(generator), 1e-5) for _ in range(5))


def _pair_small(answer, generator) -> bool:
    # σ_b² = 1.3254e-9 at q = 1e-3: twelve digits of q are lost in the subtraction, four are left.
    return _agrees(answer, 1e-3, 1e-3)


IMPLEMENT_CRITICAL = Exercise(
    id="06.4",
    title="Sweep the critical line",
    kind="implement",
    difficulty=2,
    minutes=12,
    teaches="that the critical line needs no root finding: choose q*, and read both variances off",
    signature=(
        "critical(q: float) -> (weight_var, bias_var), for tanh. Worked value: critical(1.) is "
        "(2.153303, .150965)."
    ),
    hints=(
        "q* is the free parameter: χ_1 = 1 fixes σ_w², the length map then fixes σ_b².",
        "σ_w² = 1/E tanh′(√q z)², σ_b² = q − σ_w² E tanh(√q z)², z ~ N(0, 1)",
        "z = linspace(−10, 10, 2001); p ∝ exp(−z²/2) with sum 1; t = tanh(√q z); means p @ …",
    ),
    reference=critical,
    why=(
        "The equation χ_1(q) = 1 does not contain σ_b², so q* is the natural coordinate. Equally "
        "spaced points are spectrally accurate for smooth functions with a Gaussian weight. The "
        "subtraction costs digits at small q; `meanfield.critical_line` avoids it."
    ),
    steps=(
        Step("shape", "expected two numbers, (σ_w², σ_b²)", _pair_shape),
        Step("value", "the worked value comes out differently", _pair_value),
        Step("invariant", "for other q* the pair is not critical", _pair_random),
        Step(
            "limit",
            "at q = 1e-3 the bias variance is not (4/3)q³(1 + O(q)): finer or wider integration?",
            _pair_small,
        ),
    ),
    misconceptions=(
        Misconception("no-root", "tanh(q z) in place of tanh(√q z): q is a variance", _no_root),
        Misconception("deviation", "these are σ_w and σ_b: variances are asked for", _deviation),
        Misconception(
            "physicists",
            "the weight is e^{−z²}, with variance ½: a standard normal has e^{−z²/2}",
            _physicists,
        ),
        Misconception(
            "no-weight", "the length map has σ_w² E φ², not E φ²: σ_b² lacks the factor", _no_weight
        ),
        Misconception(
            "plain-slope",
            "χ_1 has the mean of φ′ squared: a gradient's square is multiplied by φ′²",
            _plain_slope,
        ),
        Misconception(
            "squared-mean", "the square of the mean of φ′ is not the mean of φ′²", _squared_mean
        ),
        Misconception("swapped", "the order is (σ_w², σ_b²)", _swapped),
        Misconception(
            "no-bias", "with σ_b² = 0 the length stays, but χ_1 is not 1: two equations", _no_bias
        ),
    ),
    cases=_random_length,
    wrong=(
        Wrong(_no_root, "√q z"),
        Wrong(_deviation, "σ_w and σ_b"),
        Wrong(_physicists, "variance ½"),
        Wrong(_no_weight, "lacks the factor"),
        Wrong(_plain_slope, "φ′ squared"),
        Wrong(_squared_mean, "square of the mean"),
        Wrong(_swapped, "order is"),
        Wrong(_no_bias, "two equations"),
        Wrong(lambda q: 1.0 + 2 * q, "two numbers"),
        Wrong(lambda q: (1 + 2 * q - 3 * q**2, 4 / 3 * q**3), "worked value"),
    ),
    right=(_by_hermite, _by_quad),
)
