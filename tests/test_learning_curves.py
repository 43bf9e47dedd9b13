"""Learning curves against quadrature, a contour, literal descent; edges, limits and refusals."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import integrate
from scipy.stats import norm

from bsgd_edu import rmt
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.seeding import generator

F64 = torch.float64


def tensor(*values):
    return torch.tensor(values, dtype=F64)


def flow_filter(t, ridge):
    """f and g of gradient flow at flow time t, for a real or complex number x ≠ −ridge."""

    def f(x):
        return np.exp(-t * (x + ridge))

    return f, lambda x: -np.expm1(-t * (x + ridge)) / (x + ridge) if x + ridge else t


def by_quadrature(f, g, ratio, rho, init_var):
    """The real form in κ and m_μ, each integral adaptive with the edges' powers taken out."""
    root = math.sqrt(ratio)
    low, high = (1 - root) ** 2, (1 + root) ** 2
    spike = ratio + 1 + rho + ratio / rho
    threshold = math.isclose(rho, root)

    def arc(h, powers):
        options = {"epsabs": 1e-14, "epsrel": 1e-13, "limit": 500}
        return integrate.quad(h, low, high, weight="alg", wvar=powers, **options)[0]

    def over_noise(h):
        if ratio == 1:
            bulk = arc(lambda x: h(x) / (2 * math.pi), (-0.5, 0.5))
        else:
            bulk = arc(lambda x: h(x) / (2 * math.pi * ratio * x), (0.5, 0.5))
        return bulk + max(1 - 1 / ratio, 0) * h(0.0)

    def over_targets(h):
        if threshold:
            return arc(lambda x: h(x) / (2 * math.pi), (0.5, -0.5))
        bulk = arc(lambda x: h(x) / (2 * math.pi * (spike - x)), (0.5, 0.5))
        return bulk + ((rho**2 - ratio) / rho * h(spike) if rho**2 > ratio else 0)

    kappa = (rho + ratio) / rho
    e = over_targets(g)
    v = kappa * over_targets(lambda x: g(x) ** 2) + init_var * over_noise(lambda x: f(x) ** 2)
    v_train = (
        kappa * over_targets(lambda x: x * g(x) ** 2)
        + init_var * over_noise(lambda x: x * f(x) ** 2)
        - (kappa * e) ** 2
    )
    return norm.cdf(e / math.sqrt(v)), norm.cdf(kappa * e / math.sqrt(v_train))


def by_contour(f, g, t, ratio, rho, init_var, count=4000):
    """The paper's contour integrals around 0, bulk and spike: an ellipse, trapezoid rule."""
    root = math.sqrt(ratio)
    right = max((1 + root) ** 2, ratio + 1 + rho + ratio / rho) + 0.5
    left = -min(0.5, 1 / t)  # |f|² grows without bound on the left
    angle = 2 * math.pi * (np.arange(count) + 0.5) / count
    z = (left + right) / 2 + (right - left) / 2 * np.cos(angle) + 1j * np.sin(angle) * 0.6
    dz = (-(right - left) / 2 * np.sin(angle) + 1j * np.cos(angle) * 0.6) * 2 * math.pi / count
    b = -(1 - ratio - z)
    root_of = np.sqrt(b**2 - 4 * ratio * z)
    both = np.stack([(-b + root_of) / (2 * ratio * z), (-b - root_of) / (2 * ratio * z)])
    m = np.where(both[0].imag * z.imag > 0, both[0], both[1])  # m maps each half-plane to itself
    d = (rho + ratio) * m + 1
    f, g = f(z), np.array([g(x) for x in z])

    def over(h):
        return (h * dz).sum() / (2j * math.pi)

    e, e_train = -over(g * rho * m / d), over(g / d)
    v = over(g**2 / d - init_var * f**2 * m)
    v_train = over(z * g**2 / d - init_var * z * f**2 * m) - e_train**2
    return norm.cdf(e.real / math.sqrt(v.real)), norm.cdf(e_train.real / math.sqrt(v_train.real))


# ratio, ρ, init_var, ridge, flow time: both sides of c = 1 and ρ = √c, and on them.
SETTINGS = [
    (0.5, 1.0, 0.1, 0.0, 0.1),
    (0.5, 1.0, 0.1, 0.0, 3.0),
    (0.5, 4.0, 1.0, 0.0, 30.0),
    (0.5, 0.5, 0.1, 0.0, 3.0),
    (0.25, 0.5, 0.1, 0.0, 10.0),  # at the threshold
    (0.25, 0.501, 0.1, 0.0, 10.0),
    (0.25, 0.499, 0.1, 0.0, 10.0),
    (1.0, 1.0, 0.1, 0.0, 5.0),  # c = 1 and at the threshold
    (1.0, 2.0, 0.1, 0.0, 5.0),
    (0.999, 2.0, 0.1, 0.0, 5.0),
    (1.001, 2.0, 0.1, 0.0, 5.0),
    (2.0, 1.0, 0.1, 0.0, 5.0),
    (4.0, 0.7, 0.0, 0.0, 1.0),
    (0.5, 1.0, 0.1, 0.3, 3.0),
    (2.0, 3.0, 0.5, 0.1, 20.0),
]
each_setting = pytest.mark.parametrize(("ratio", "rho", "init_var", "ridge", "t"), SETTINGS)


def ours(t, ratio, rho, init_var, ridge, lr=1.0, discrete=False):
    curve = rmt.learning_curve(
        tensor(t), ratio=ratio, signal=math.sqrt(rho), init_var=init_var, lr=lr, ridge=ridge,
        discrete=discrete,
    )  # fmt: skip
    return [float(x) for x in curve]


@each_setting
def test_flow_agrees_with_adaptive_quadrature(ratio, rho, init_var, ridge, t):
    expected = by_quadrature(*flow_filter(t, ridge), ratio, rho, init_var)
    assert ours(t, ratio, rho, init_var, ridge) == pytest.approx(expected, abs=1e-10)


@each_setting
def test_flow_agrees_with_the_contour_integral(ratio, rho, init_var, ridge, t):
    # A formula of its own: no measure, no atom, no edge. e^(2t·0.6i) and |f| ≤ e cost it no digits.
    expected = by_contour(*flow_filter(t, ridge), t, ratio, rho, init_var)
    assert ours(t, ratio, rho, init_var, ridge) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("ratio", [0.5, 0.9, 0.99, 1.0, 1.01, 2.0])
def test_long_times_agree_with_adaptive_quadrature(ratio):
    # lr·t = 1000: the filter falls within 1e-3 of 0, where the law is singular at ratio 1.
    f, g = flow_filter(1000.0, 0.0)
    law, targets = rmt.MarchenkoPastur(ratio), rmt.SpikedMarchenkoPastur(ratio, 1.0)

    def integral(law, h):
        low, high = law.edges
        radius = (high - low) / 2

        def integrand(a):  # the angle from the lower edge: x stays accurate there
            x = low + 2 * radius * math.sin(a / 2) ** 2
            return float(law.density(tensor(x))) * h(x) * radius * math.sin(a)

        breaks = [0, 0.01, 0.03, 0.1, 0.3, 1, math.pi]
        pieces = itertools.pairwise(breaks)
        return sum(
            integrate.quad(integrand, a, b, epsabs=1e-14, epsrel=1e-12)[0] for a, b in pieces
        )

    atom = law.atom
    spike, mass = (targets.spike or 0.0), targets.overlap_with_targets
    e = integral(targets, g) + mass * g(spike)
    power = integral(targets, lambda x: g(x) ** 2) + mass * g(spike) ** 2
    left = integral(law, lambda x: f(x) ** 2) + atom
    expected = norm.cdf(e / math.sqrt((1 + ratio) * power + 0.1 * left))
    assert ours(1000.0, ratio, 1.0, 0.1, 0.0)[0] == pytest.approx(expected, abs=1e-10)


def step_filter(steps, lr, ridge):
    def f(x):
        return (1 - lr * (x + ridge)) ** steps

    return f, lambda x: (1 - f(x)) / (x + ridge) if x + ridge else lr * steps


@pytest.mark.parametrize(
    ("steps", "lr"), [(0, 0.1), (1, 0.3), (2, 0.3), (7, 0.52), (8, 0.52), (40, 0.52), (301, 0.1)]
)
@pytest.mark.parametrize("ridge", [0.0, 0.2])
@pytest.mark.parametrize(("ratio", "rho"), [(0.5, 1.0), (0.5, 0.3), (0.8, 0.2)])
def test_discrete_steps_agree_with_adaptive_quadrature(steps, lr, ridge, ratio, rho):
    # Odd and even steps beyond lr·x = 1, where 1 − lr·x is negative.
    expected = by_quadrature(*step_filter(steps, lr, ridge), ratio, rho, 0.1)
    found = ours(steps, ratio, rho, 0.1, ridge, lr, discrete=True)
    assert found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("steps", [1000, 10001])
def test_many_steps_close_to_instability_agree_with_adaptive_quadrature(steps):
    # lr·λ₊ = 1.9998: f_t is as sharp at the upper edge as slow directions make it at the lower one.
    lr = 0.9999 * 2 / 2.25
    expected = by_quadrature(*step_filter(steps, lr, 0.0), 0.25, 0.3, 50.0)
    found = ours(steps, 0.25, 0.3, 50.0, 0.0, lr, discrete=True)
    assert found == pytest.approx(expected, abs=1e-10)


def test_many_small_steps_are_the_flow():
    # (1 − lr·x)^t and exp(−lr·t·x) differ by lr·(lr·t)x²/2, relatively.
    flow = ours(3e8, 0.5, 1.0, 0.1, 0.0, 1e-8)
    assert ours(3e8, 0.5, 1.0, 0.1, 0.0, 1e-8, discrete=True) == pytest.approx(flow, abs=3e-8)
    gaps = [
        ours(3 / lr, 0.5, 1.0, 0.1, 0.0, lr, discrete=True)[0] - flow[0] for lr in (0.01, 0.005)
    ]
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize("discrete", [False, True])
def test_times_at_the_end_of_stability(discrete):
    # lr·λ₊ = 2 exactly at the bulk's edge, spike hidden: bounded, odd and even times alike.
    ratio, lr = 0.25, 2 / 2.25
    times = torch.arange(0, 2001, 100, dtype=F64)
    curve = rmt.learning_curve(
        times, ratio=ratio, signal=0.5, init_var=0.1, lr=lr, discrete=discrete
    )
    limit = rmt.limit_accuracy(ratio=ratio, signal=0.5, init_var=0.1)
    assert curve.test_accuracy.isfinite().all()
    assert float(curve.test_accuracy[-1]) == pytest.approx(float(limit[0]), abs=1e-3)


@pytest.mark.parametrize("ratio", [0.3, 0.5, 0.95, 1.05, 2.0, 6.0])
@pytest.mark.parametrize("ridge", [0.0, 0.05])
@pytest.mark.parametrize("init_var", [0.0, 0.7])
def test_late_accuracies_are_the_limit(ratio, ridge, init_var):
    late = ours(1e9, ratio, 1.7, init_var, ridge)
    limit = rmt.limit_accuracy(ratio=ratio, signal=math.sqrt(1.7), init_var=init_var, ridge=ridge)
    assert late == pytest.approx([float(x) for x in limit], abs=1e-12)


def test_ridge_limit_agrees_with_the_resolvent():
    # f = 0, g = 1/(x + γ): ∫g = m(−γ), ∫g² = m′(−γ), by the law's Stieltjes transform.
    ratio, rho, ridge = 1.0, 2.0, 0.1
    law = rmt.SpikedMarchenkoPastur(ratio, math.sqrt(rho))
    z = torch.tensor(-ridge + 0j, dtype=torch.complex128)
    step = 1e-4
    m = law.stieltjes(z).real
    slope = (law.stieltjes(z + step) - law.stieltjes(z - step)).real / (2 * step)
    curvature = (law.stieltjes(z + 2 * step) - law.stieltjes(z - 2 * step)).real / (4 * step)
    slope = (4 * slope - curvature) / 3  # errors of order step⁴
    mean = (rho + ratio) * m
    train = mean / ((rho + ratio) * (m - ridge * slope) - mean**2).sqrt()
    limit = rmt.limit_accuracy(ratio=ratio, signal=math.sqrt(rho), init_var=0.3, ridge=ridge)
    expected = torch.special.ndtr(torch.stack([rho * m / ((rho + ratio) * slope).sqrt(), train]))
    assert torch.allclose(torch.stack(limit), expected, atol=1e-9)


def test_half_at_ratio_one_without_end():
    assert float(rmt.limit_accuracy(ratio=1.0, signal=3.0, init_var=0.0)[0]) == 0.5
    late = [ours(t, 1.0, 2.0, 0.1, 0.0)[0] for t in (1e4, 1e6, 1e8)]
    # Φ(E/√V) with V ∝ √t: the excess over ½ falls as t^−¼.
    assert (late[0] - 0.5) / (late[1] - 0.5) == pytest.approx(10**0.5, rel=0.02)
    assert (late[1] - 0.5) / (late[2] - 0.5) == pytest.approx(10**0.5, rel=0.005)


@pytest.mark.parametrize("discrete", [False, True])
def test_without_a_start_the_curve_begins_at_the_bound(discrete):
    times = tensor(0.0, 1.0)
    curve = rmt.learning_curve(
        times, ratio=0.5, signal=1.0, init_var=0.0, lr=1e-9, discrete=discrete
    )
    bound = float(rmt.accuracy_bound(0.5, 1.0))
    assert curve.test_accuracy.tolist() == pytest.approx([bound, bound], abs=1e-8)
    start = rmt.learning_curve(times, ratio=0.5, signal=1.0, init_var=1e-3, lr=0.1)
    assert start.test_accuracy[0] == start.train_accuracy[0] == 0.5


def test_without_signal_nothing_is_learned_but_the_samples():
    curve = rmt.learning_curve(tensor(3.0, 1e4), ratio=0.5, signal=0.0, init_var=0.1, lr=1.0)
    assert curve.test_accuracy.tolist() == [0.5, 0.5]
    # Φ(√((ρ + c)/(1 − c))) = Φ(1): noise fits noise.
    assert float(curve.train_accuracy[1]) == pytest.approx(norm.cdf(1), abs=1e-9)


def test_times_keep_their_shape_and_do_not_see_each_other():
    times = torch.logspace(-2, 6, 600, dtype=F64)[torch.randperm(600, generator=generator(0, "p"))]
    options = {"ratio": 1.0, "signal": 1.0, "init_var": 0.1, "lr": 0.5}
    curve = rmt.learning_curve(times.reshape(20, 30), **options)
    assert curve.test_accuracy.shape == curve.train_accuracy.shape == (20, 30)
    alone = [rmt.learning_curve(t, **options) for t in times[:5]]
    assert alone[0].test_accuracy.shape == ()
    for k in range(2):
        assert torch.allclose(
            curve[k].flatten()[:5], torch.stack([a[k] for a in alone]), atol=1e-12
        )


def test_filter_has_its_limits():
    times, x = tensor(0.0, 3.0), tensor(0.0, 1e-9, 1.0, 2.0, 4.0)
    kept, learned = rmt.spectral_filter(times, x, lr=0.5, discrete=True)
    expected = (1 - 0.5 * x) ** tensor(0.0, 3.0)[:, None]
    assert torch.allclose(kept, expected, atol=1e-15)
    assert learned[1].tolist() == pytest.approx([1.5, 1.5, 0.875, 0.5, 0.5], abs=1e-8)
    kept, learned = rmt.spectral_filter(times, x, lr=0.5, ridge=1.0)
    assert torch.allclose(kept, torch.exp(-0.5 * times[:, None] * (x + 1)), rtol=1e-14)
    assert torch.allclose(learned, (1 - kept) / (x + 1), rtol=1e-14)


# Stopping


@pytest.mark.parametrize(
    ("ratio", "rho", "init_var", "ridge"),
    [
        (0.5, 1, 0.1, 0),
        (0.5, 1, 100.0, 0),
        (1.0, 2, 1e-6, 0),
        (0.9, 0.3, 0.1, 0.05),
        (0.05, 1, 1, 0),
    ],
)
def test_nothing_beats_the_best_time(ratio, rho, init_var, ridge):
    setting = {"ratio": ratio, "signal": math.sqrt(rho), "init_var": init_var, "ridge": ridge}
    stop = rmt.optimal_stopping(**setting)
    scan = rmt.learning_curve(torch.logspace(-6, 5, 4000, dtype=F64), lr=1.0, **setting)
    assert float(scan.test_accuracy.max()) <= float(stop.test_accuracy) + 1e-14
    assert stop.test_accuracy < rmt.accuracy_bound(ratio, math.sqrt(rho))
    # The accuracy falls alike on both sides: by h², with a difference of order h³ only.
    around = stop.time * tensor(1 - 1e-3, 1 + 1e-3)
    fall = stop.test_accuracy - rmt.learning_curve(around, lr=1.0, **setting).test_accuracy
    assert (fall > 0).all()
    assert float(fall[0] / fall[1]) == pytest.approx(1, abs=0.02)


def test_best_time_counts_steps():
    setting = {"ratio": 0.5, "signal": 1.0, "init_var": 0.1}
    flow = rmt.optimal_stopping(**setting)
    for lr in (0.01, 1e-9, 1e9):
        time = float(rmt.optimal_stopping(lr=lr, **setting).time)
        assert lr * time == pytest.approx(float(flow.time), rel=1e-9)
    for lr in (0.01, 0.1, 0.5):
        stop = rmt.optimal_stopping(lr=lr, discrete=True, **setting)
        steps = torch.arange(0, 400, dtype=F64)
        every = rmt.learning_curve(steps, lr=lr, discrete=True, **setting).test_accuracy
        assert (float(stop.time), float(stop.test_accuracy)) == (
            float(every.argmax()), pytest.approx(float(every.max()), abs=1e-14),
        )  # fmt: skip


def test_best_time_at_the_ends():
    stop = rmt.optimal_stopping(ratio=0.5, signal=1.0, init_var=0.0)
    assert (float(stop.time), stop.test_accuracy) == (0.0, rmt.accuracy_bound(0.5, 1.0))
    # Where the start is what hurts and ridge forgets it, going on is best.
    setting = {"ratio": 3.0, "signal": 0.3**0.5, "init_var": 0.1, "ridge": 0.05}
    stop = rmt.optimal_stopping(**setting)
    limit = rmt.limit_accuracy(**setting)[0]
    assert (float(stop.time), stop.test_accuracy) == (math.inf, limit)
    scan = rmt.learning_curve(torch.logspace(-6, 5, 2000, dtype=F64), lr=1.0, **setting)
    assert (scan.test_accuracy <= limit + 1e-14).all()


# The finite run


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("shape", [(9, 4), (4, 9)])
def test_path_is_literal_descent(shape, discrete):
    # Discrete: the loop itself. Flow: a loop of steps 1000 times smaller, whose error is O(lr).
    stream = generator(0, "path")
    inputs = torch.randn(*shape, generator=stream, dtype=F64)
    targets = torch.randn(shape[0], generator=stream, dtype=F64)
    start = torch.randn(shape[1], generator=stream, dtype=F64)
    lr, ridge, fine = 0.05, 0.1, 1 if discrete else 1000
    times = tensor(0, 1, 2, 31)
    found = rmt.learning_path(
        times, inputs=inputs, targets=targets, start=start, lr=lr, ridge=ridge, discrete=discrete
    )
    assert found.shape == (4, shape[1])
    w, path = start, {}
    for step in range(31 * fine + 1):
        if step % fine == 0:
            path[step // fine] = w
        gradient = inputs.T @ (inputs @ w - targets) / len(inputs) + ridge * w
        w = w - lr / fine * gradient
    expected = torch.stack([path[int(t)] for t in times])
    assert torch.allclose(found, expected, atol=1e-12 if discrete else 2e-4)


def test_null_space_keeps_the_start_for_ever():
    inputs = torch.tensor([[1.0, 0.0]], dtype=F64)
    found = rmt.learning_path(
        tensor(1e12), inputs=inputs, targets=tensor(2.0), start=tensor(0.0, 3.0), lr=1.0
    )
    assert found.flatten().tolist() == pytest.approx([2, 3], abs=1e-12)


def simulated(replicas=3, label="run", **changed):
    setting = {"num_features": 12, "num_samples": 20, "signal": 1.0, "init_var": 0.1, "lr": 0.1}
    return rmt.simulate_learning(
        tensor(0.0, 5.0, 50.0),
        replicas=replicas,
        generator=generator(0, label),
        **setting | changed,
    )


def test_run_is_reproducible_and_replicas_differ():
    first, again = simulated(), simulated()
    assert torch.equal(first.test_accuracy, again.test_accuracy)
    assert first.test_accuracy.shape == first.train_accuracy.shape == (3, 3)
    assert len(first.test_accuracy[:, 2].unique()) == 3
    assert not torch.equal(first.test_accuracy, simulated(label="other").test_accuracy)


def test_test_accuracy_is_that_of_fresh_samples():
    # One replica's Φ(μᵀw/‖w‖) against 400,000 fresh samples drawn for its own weights.
    stream = generator(0, "fresh")
    w = tensor(0.5, -1.0, 0.3)
    signal = 0.8
    x = torch.randn(400_000, 3, generator=stream, dtype=F64)
    x[:, 0] += signal
    share = float(((x @ w) > 0).double().mean())
    exact = norm.cdf(signal * 0.5 / float(w.norm()))
    assert share == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 400_000))


def test_run_without_a_start_begins_at_the_class_means():
    run = simulated(init_var=0.0)
    assert run.test_accuracy.isfinite().all()
    assert (run.test_accuracy[:, 0] > 0.5).all()


OK = {"ratio": 0.5, "signal": 1.0, "init_var": 0.1, "lr": 0.1}
PATH = {"inputs": torch.ones(3, 2), "targets": torch.ones(3), "start": torch.ones(2), "lr": 0.1}


def curve(times=(1.0,), **changed):
    return lambda: rmt.learning_curve(torch.tensor(times), **OK | changed)


REFUSED = [
    (curve(ratio=0.0), r"ratio must be positive and finite, but it is 0\.0"),
    (curve(ratio=-0.5), r"ratio must be positive and finite, but it is -0\.5"),
    (curve(signal=-1.0), r"signal must be ≥ 0 and finite, but it is -1\.0"),
    (curve(init_var=-0.1), r"learning_curve: init_var must be ≥ 0 and finite, but it is -0\.1"),
    (curve(lr=0.0), r"learning_curve: lr must be positive and finite, but it is 0\.0"),
    (curve(ridge=-1e-3), r"learning_curve: ridge must be ≥ 0 and finite, but it is -0\.001"),
    (curve(times=(1.0, -2.0)), r"times must be ≥ 0 and finite, but entry \(1,\) is -2 "),
    (curve(times=(math.inf,)),
     r"times must be ≥ 0 and finite, but entry \(0,\) is inf.*limit_accuracy"),
    (curve(times=()), r"times must hold at least 1, but their shape is \(0,\)"),
    (curve(times=(2.5,), discrete=True),
     r"whole numbers ≥ 0 for discrete steps, but entry \(0,\) is 2\.5"),
    # λ_s = 3: the largest rate is 2/3; with ridge 1 it is 2/4.
    (curve(lr=0.7, discrete=True), r"lr must be ≤ .* = 0\.6667 for discrete steps, but it is 0\.7 "
     r"\(they grow 1\.1-fold each\)"),
    (curve(lr=0.6, ridge=1.0, discrete=True), r"= 0\.5 for discrete steps, but it is 0\.6"),
    (lambda: rmt.limit_accuracy(ratio=0.5, signal=1.0, init_var=-1.0), r"init_var must be ≥ 0"),
    (lambda: rmt.limit_accuracy(ratio=0.5, signal=1.0, init_var=1.0, ridge=-1.0), r"ridge must"),
    (lambda: rmt.accuracy_bound(-0.5, 1.0), r"accuracy_bound: ratio .* is -0\.5"),
    (lambda: rmt.accuracy_bound(0.5, -1.0), r"accuracy_bound: signal .* is -1\.0"),
    (lambda: rmt.optimal_stopping(ratio=0.5, signal=0.0, init_var=1.0),
     r"signal must be positive and finite"),
    (lambda: rmt.optimal_stopping(ratio=0.5, signal=1.0, init_var=1.0, lr=-1.0),
     r"lr must be positive and finite"),
    (lambda: rmt.spectral_filter(torch.ones(1), torch.ones(1), lr=0.0), r"spectral_filter: lr"),
    (lambda: simulated(signal=-1.0), r"simulate_learning: signal must be ≥ 0"),
    (lambda: simulated(init_var=-1.0), r"simulate_learning: init_var must be ≥ 0"),
    (lambda: simulated(num_samples=0), r"num_samples must be an integer ≥ 1, but it is 0"),
    (lambda: simulated(lr=9.0, discrete=True), r"learning_path: lr must be ≤ .* but it is 9\.0"),
    (lambda: rmt.learning_path(torch.tensor([0.5]), discrete=True, **PATH),
     r"times must be whole numbers .*, but entry \(0,\) is 0\.5"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_bad_input_is_refused_with_its_numbers(call, message):
    with pytest.raises(DomainError, match=message):
        call()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"but they are \(3, 2\), \(3,\) and \(3,\)"):
        rmt.learning_path(torch.ones(1), **PATH | {"start": torch.ones(3)})
