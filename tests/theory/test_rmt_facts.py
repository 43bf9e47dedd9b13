"""Numbers of Liao and Couillet's model: curves, limits, best times, spikes, and simulations."""

import math

import pytest
import torch
from scipy import optimize
from scipy.stats import norm

from bsgd_edu import estimates, rmt
from bsgd_edu.seeding import generator

F64 = torch.float64
DIGITS = 5.1e-5  # four printed digits


def tensor(*values):
    return torch.tensor(values, dtype=F64)


def curve(times, ratio, rho, init_var, lr, **options):
    return rmt.learning_curve(
        torch.as_tensor(times, dtype=F64),
        ratio=ratio, signal=math.sqrt(rho), init_var=init_var, lr=lr, **options,
    )  # fmt: skip


TIMES = (10, 50, 100, 300, 1000, 3000, 1e6)
# (ratio, init_var, ρ, lr) -> test and train accuracies at TIMES
TABLE = {
    (0.5, 0.1, 1, 0.01): (
        (0.6134, 0.7560, 0.7710, 0.7560, 0.7294, 0.7190, 0.7181),
        (0.6747, 0.8864, 0.9220, 0.9493, 0.9576, 0.9584, 0.9584),
    ),
    (0.5, 0.1, 4, 0.01): (
        (0.8241, 0.9462, 0.9516, 0.9411, 0.9196, 0.9096, 0.9088),
        (0.8631, 0.9834, 0.9932, 0.9978, 0.9986, 0.9986, 0.9987),
    ),
    (0.5, 0.01, 1, 0.01): (
        (0.7342, 0.7858, 0.7816, 0.7576, 0.7295, 0.7190, 0.7181),
        (0.8344, 0.9111, 0.9287, 0.9501, 0.9577, 0.9584, 0.9584),
    ),
    (0.5, 1, 1, 0.01): (
        (0.5385, 0.6481, 0.7054, 0.7408, 0.7285, 0.7190, 0.7181),
        (0.5606, 0.7584, 0.8658, 0.9416, 0.9573, 0.9584, 0.9584),
    ),
    (1, 0.1, 2, 0.1): (
        (0.8394, 0.7935, 0.7643, 0.7164, 0.6682, 0.6312, 0.5318),
        (0.9932, 1, 1, 1, 1, 1, 1),
    ),
    (1, 0.1, 1, 0.01): (
        (0.6087, 0.7237, 0.7312, 0.7099, 0.6721, 0.6378, 0.5346),
        (0.7273, 0.9439, 0.9767, 0.9972, 0.9999, 1, 1),
    ),
    (2, 0.1, 1, 0.01): (
        (0.6005, 0.6819, 0.6835, 0.6683, 0.6552, 0.6531, 0.6531),
        (0.8192, 0.9939, 0.9999, 1, 1, 1, 1),
    ),
}


@pytest.mark.parametrize(("setting", "expected"), TABLE.items(), ids=str)
def test_table_of_accuracies(setting, expected):
    ratio, init_var, rho, lr = setting
    found = curve(TIMES, ratio, rho, init_var, lr)
    for k in range(2):
        assert found[k].tolist() == pytest.approx(expected[k], abs=DIGITS)


@pytest.mark.parametrize(
    ("lr", "steps", "expected"),
    [
        (0.1, (1, 2, 5, 10, 50, 100), (0.6262, 0.6979, 0.7606, 0.7719, 0.7435, 0.7293)),
        (0.3, (1, 2, 5, 10), (0.7552, 0.7721, 0.7682, 0.7546)),
    ],
)
def test_discrete_steps(lr, steps, expected):
    found = curve(steps, 0.5, 1, 0.1, lr, discrete=True).test_accuracy
    assert found.tolist() == pytest.approx(expected, abs=DIGITS)


# The laws


@pytest.mark.parametrize("ratio", [0.25, 0.5, 0.999, 1.0, 2.0])
@pytest.mark.parametrize("rho", [0.3, 0.5, 1.0, 4.0])
def test_moments_and_the_mass_of_bulk_and_spike(ratio, rho):
    points, weights = rmt.MarchenkoPastur(ratio).nodes(64)
    moments = [float(weights @ points**k) for k in range(3)]
    assert moments == pytest.approx([1, 1, 1 + ratio], abs=1e-13)
    law = rmt.SpikedMarchenkoPastur(ratio, math.sqrt(rho))
    assert rho * float(law.nodes(64)[1].sum()) == pytest.approx(rho, abs=1e-13)
    # The bulk alone: its mass is ρ less the spike's (ρ² − c)₊/ρ.
    weights = law.nodes(200_000)[1][:200_000]
    assert rho * float(weights.sum()) == pytest.approx(
        rho - max(rho**2 - ratio, 0) / rho, abs=1e-11
    )


def test_error_of_few_nodes_falls_geometrically():
    # c = 0.5, lr·t = 3: the midpoint rule is at roundoff long before 64 points.
    def score(count):
        points, weights = rmt.SpikedMarchenkoPastur(0.5, 1.0).nodes(count)
        kept, learned = rmt.spectral_filter(tensor(300.0), points, lr=0.01)
        mean, power = learned @ weights, learned**2 @ weights
        points, weights = rmt.MarchenkoPastur(0.5).nodes(count)
        kept = rmt.spectral_filter(tensor(300.0), points, lr=0.01).kept
        return float(mean / (1.5 * power + 0.1 * (kept**2 @ weights)).sqrt())

    exact = score(512)
    # The plain rule needs 32 points for 6e-11; with its error at the poles added 16 do better.
    for count, bound in ((8, 1e-3), (16, 6e-11), (64, 1e-14)):
        assert abs(score(count) - exact) < bound
    accuracy = float(curve([300.0], 0.5, 1, 0.1, 0.01).test_accuracy)
    assert norm.cdf(exact) == pytest.approx(accuracy, abs=1e-15)


def test_only_the_product_of_rate_and_time_counts():
    slow, fast = curve([700.0], 0.7, 2, 0.3, 0.01), curve([7.0], 0.7, 2, 0.3, 1.0)
    assert float(slow[0]) == pytest.approx(float(fast[0]), abs=1e-14)
    assert float(slow[1]) == pytest.approx(float(fast[1]), abs=1e-14)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_it_begins_with_a_coin(ratio):
    assert [float(x) for x in curve(0.0, ratio, 1, 0.1, 0.1)] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("ratio", "rho", "init_var", "expected"),
    [
        (0.5, 1, 0.1, 0.718149),
        (0.5, 1, 7.0, 0.718149),
        (0.5, 4, 0.1, 0.908789),
        (2, 1, 0.1, 0.653117),
        (2, 1, 0, 0.658454),
    ],
)
def test_limits(ratio, rho, init_var, expected):
    limit = rmt.limit_accuracy(ratio=ratio, signal=math.sqrt(rho), init_var=init_var)
    assert float(limit.test_accuracy) == pytest.approx(expected, abs=5.1e-7)
    late = curve(1e8, ratio, rho, init_var, 1.0)
    assert float(late.test_accuracy) == pytest.approx(expected, abs=5.1e-7)


@pytest.mark.parametrize(("rho", "expected"), [(1, 0.792892), (4, 0.970327)])
def test_upper_bound_is_reached_without_a_start_and_by_strong_ridge(rho, expected):
    signal = math.sqrt(rho)
    assert float(rmt.accuracy_bound(0.5, signal)) == pytest.approx(expected, abs=5.1e-7)
    assert float(curve(1e-7, 0.5, rho, 0, 1.0).test_accuracy) == pytest.approx(expected, abs=6e-7)
    ridge = rmt.limit_accuracy(ratio=0.5, signal=signal, init_var=0.1, ridge=1e8)
    assert float(ridge.test_accuracy) == pytest.approx(expected, abs=6e-7)
    every = curve(torch.logspace(-3, 4, 50), 0.5, rho, 0.1, 1.0, ridge=0.3).test_accuracy
    assert (every < rmt.accuracy_bound(0.5, signal)).all()


@pytest.mark.parametrize(
    ("ratio", "rho", "init_var", "time", "accuracy"),
    [
        (0.5, 1, 0.1, 1.0741, 0.7711),
        (0.5, 1, 0.01, 0.5262, 0.7858),
        (0.5, 1, 0.001, 0.2820, 0.7907),
        (0.5, 1, 1, 3.2493, 0.7409),
        (0.5, 4, 0.1, 0.9691, 0.9516),
        (1, 2, 0.1, 0.8000, 0.8405),
        (2, 1, 0.1, 0.7441, 0.6847),
    ],
)
def test_best_times(ratio, rho, init_var, time, accuracy):
    setting = {"ratio": ratio, "signal": math.sqrt(rho), "init_var": init_var}
    stop = rmt.optimal_stopping(**setting)
    assert float(stop.time) == pytest.approx(time, abs=DIGITS)
    assert float(stop.test_accuracy) == pytest.approx(accuracy, abs=DIGITS)

    # Another route: Brent's method on the curve knows the time to √eps.
    def loss(t):
        return -float(rmt.learning_curve(tensor(t), lr=1.0, **setting).test_accuracy)

    options = {"xatol": 1e-9}
    brent = optimize.minimize_scalar(loss, bounds=(0.01, 10), method="bounded", options=options)
    assert brent.x == pytest.approx(float(stop.time), abs=1e-6)


@pytest.mark.parametrize("t", [0.05, 0.3, 0.6])
def test_formula_for_small_times_is_one_discrete_step(t):
    # ρ·t/√((ρ + c + cσ²)t² + σ²(t − 1)²) is the score after one step of size t.
    rho, ratio, init_var = 1, 0.5, 0.1
    score = rho * t / math.sqrt((rho + ratio + ratio * init_var) * t**2 + init_var * (t - 1) ** 2)
    step = float(curve(1.0, ratio, rho, init_var, t, discrete=True).test_accuracy)
    assert step == pytest.approx(norm.cdf(score), abs=1e-13)
    if t == 0.3:
        assert step == pytest.approx(0.7552, abs=DIGITS)
        flow = float(curve(t, ratio, rho, init_var, 1.0).test_accuracy)
        assert flow == pytest.approx(0.7238, abs=DIGITS)


@pytest.mark.parametrize(
    ("ratio", "error"),
    [
        (0.5, 0.2819), (0.9, 0.4093), (0.99, 0.4717), (1.01, 0.4720), (1.1, 0.4177), (2, 0.3469),
        (4, 0.3661),
    ],
)  # fmt: skip
def test_double_descent(ratio, error):
    limit = rmt.limit_accuracy(ratio=ratio, signal=1.0, init_var=0.1)
    assert 1 - float(limit.test_accuracy) == pytest.approx(error, abs=DIGITS)


# The spike


def test_threshold_and_places_of_the_spike():
    places = [rmt.SpikedMarchenkoPastur(0.5, math.sqrt(rho)).spike for rho in (1, 2, 4)]
    assert places == pytest.approx([3.0, 3.75, 5.625], abs=1e-12)
    # ‖μ‖ = c^¼ = 0.8409: where it leaves the bulk, at the edge and without mass.
    assert 0.5**0.25 == pytest.approx(0.8409, abs=DIGITS)
    assert rmt.SpikedMarchenkoPastur(0.5, 0.5**0.25 - 1e-6).spike is None
    law = rmt.SpikedMarchenkoPastur(0.5, 0.5**0.25 + 1e-6)
    assert law.spike == pytest.approx(law.edges[1], abs=1e-10)
    assert 0 < law.overlap < law.overlap_with_targets < 1e-5
    law = rmt.SpikedMarchenkoPastur(0.5, math.sqrt(2))
    assert (law.overlap_with_targets, law.overlap) == pytest.approx((0.875, 0.7), abs=1e-12)


def test_spike_and_overlaps_of_sampled_data():
    # p = 300, n = 600; fluctuations are of order n^−½, finite-size shifts of order 1/n ≈ 0.002 of
    # the value: 3 standard errors and 3/n.
    p, n, runs = 300, 600, 24
    for rho in (1.0, 2.0, 4.0):
        law = rmt.SpikedMarchenkoPastur(0.5, math.sqrt(rho))
        stream = generator(0, "spike", int(rho))
        rows = []
        for _ in range(runs):
            data = torch.randn(p, n, generator=stream, dtype=F64)
            data[0] += math.sqrt(rho)
            values, vectors = torch.linalg.eigh(data @ data.T / n)
            targets = data.mean(1)  # Xy/n, y = 1 after a change of signs
            with_targets = (vectors[:, -1] @ targets) ** 2 / (targets @ targets)
            rows.append([float(values[-1]), float(with_targets), float(vectors[0, -1] ** 2)])
        mean, stderr = estimates.mean_and_stderr(torch.tensor(rows, dtype=F64), 0)
        expected = tensor(law.spike, law.overlap_with_targets, law.overlap)
        slack = 3 * stderr + expected * (3 / n)
        if rho == 1.0:  # half a gap above the bulk's edge, where shifts are of order n^−⅔
            slack = slack + n ** (-2 / 3)
        assert ((mean - expected).abs() < slack).all(), (rho, mean - expected, slack)


# Simulations


def agrees(run, theory, num_samples, errors=3):
    """Means over replicas within so many standard errors of the theory."""
    for found, expected, drawn in zip(run, theory, (math.inf, num_samples), strict=True):
        mean, stderr = estimates.mean_and_stderr(found, 0)
        # A share of 0.9999 may be 1 in every replica, without spread: the error of a share then.
        share = (expected * (1 - expected) / (drawn * len(found))).sqrt()
        stderr = torch.maximum(stderr, share)
        assert ((mean - expected).abs() <= errors * stderr).all(), (mean - expected) / stderr


@pytest.mark.parametrize(
    ("p", "n", "rho", "options", "replicas"),
    [
        (256, 512, 1.0, {"lr": 0.01}, 50),
        (256, 512, 1.0, {"lr": 0.3, "discrete": True}, 25),
        (256, 256, 2.0, {"lr": 0.1, "ridge": 0.1}, 40),
        (256, 128, 1.0, {"lr": 0.01}, 40),
    ],
    ids=["flow", "discrete", "ridge, c = 1", "c = 2"],
)
def test_simulations_within_three_standard_errors(p, n, rho, options, replicas):
    times = tensor(10, 50, 100, 300, 1000, 3000)
    run = rmt.simulate_learning(
        times, num_features=p, num_samples=n, signal=math.sqrt(rho), init_var=0.1,
        replicas=replicas, generator=generator(0, "simulation", p, n), **options,
    )  # fmt: skip
    agrees(run, curve(times, p / n, rho, 0.1, **options), n)


@pytest.mark.slow
@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_simulations_at_the_books_sizes(ridge):
    # p = n = 512, ‖μ‖² = 2, lr 0.1. At c = 1 without ridge the smallest eigenvalues, of order 1/n²,
    # are felt from lr·t = n² on; times here stay a hundred times below.
    times = tensor(10, 50, 100, 300, 1000)
    options = {"lr": 0.1, "ridge": ridge}
    run = rmt.simulate_learning(
        times, num_features=512, num_samples=512, signal=2**0.5, init_var=0.1,
        replicas=40, generator=generator(0, "book"), **options,
    )  # fmt: skip
    agrees(run, curve(times, 1.0, 2.0, 0.1, **options), 512)


@pytest.mark.slow
def test_two_hundred_simulations_give_the_tables_digits():
    times = tensor(10, 50, 100, 300, 1000, 3000)
    run = rmt.simulate_learning(
        times, num_features=256, num_samples=512, signal=1.0, init_var=0.1, lr=0.01,
        replicas=200, generator=generator(0, "two hundred"),
    )  # fmt: skip
    agrees(run, curve(times, 0.5, 1.0, 0.1, 0.01), 512)
    # Two estimates of one size: √2 of our standard error, four of them.
    expected = (
        tensor(0.6122, 0.7563, 0.7713, 0.7561, 0.7294, 0.7188),
        tensor(0.6715, 0.8863, 0.9215, 0.9501, 0.9587, 0.9590),
    )
    agrees(run, expected, 512, errors=4 * math.sqrt(2))


def test_theory_for_whitened_handwritten_digits():
    # n = p = 784, three printed digits of the accuracies and four of the estimated ‖μ‖².
    times, expected = [10, 30, 100, 1000, 3000], tensor(0.978, 0.994, 0.996, 0.985, 0.962)
    low, high = (curve(times, 1.0, rho, 0.1, 0.01).test_accuracy for rho in (14.155, 14.165))
    assert ((low - 5e-4 < expected) & (expected < high + 5e-4)).all(), (low, high)
    found = float(curve(100, 1.0, 9.85, 0.1, 0.01).test_accuracy)
    assert found == pytest.approx(0.989, abs=5.1e-4)
