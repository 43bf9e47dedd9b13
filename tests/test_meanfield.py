"""Mean field theory: averages by other routes, closed forms, limits, and what is refused."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from bsgd_edu import meanfield
from bsgd_edu.errors import ConvergenceError, DomainError, ShapeError
from bsgd_edu.meanfield.gaussian import activation_named
from bsgd_edu.seeding import generator

DOUBLE = torch.float64
Q = torch.tensor([1e-6, 1e-4, 1 / 64, 0.25, 1.0, 2.2], dtype=DOUBLE)
C = torch.tensor([-1.0, -0.9, -0.3, 0.0, 0.2, 0.7, 0.99, 1.0], dtype=DOUBLE)
SMOOTH = {"tanh": torch.tanh, "erf": torch.erf}
NAMES = ["tanh", "erf", "relu", "identity"]
PHI = {**SMOOTH, "relu": torch.relu, "identity": lambda x: x}
SLOPE = {
    "tanh": lambda x: 1 / torch.cosh(x) ** 2,
    "erf": lambda x: 2 / math.sqrt(math.pi) * torch.exp(-x * x),
    "relu": lambda x: (x > 0).to(x),
    "identity": torch.ones_like,
}


def close(found, expected, rtol=1e-12, atol=0.0):
    expected = torch.as_tensor(expected, dtype=DOUBLE)
    torch.testing.assert_close(found, expected, rtol=rtol, atol=atol)


def adaptive(f, *, relative=1e-13):
    """E f(z), by adaptive quadrature on either side of 0, where ReLU has its kink."""

    def integrand(z):
        value = f(torch.tensor(z, dtype=DOUBLE)).item()
        return value * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    options = {"epsabs": 0, "epsrel": relative, "limit": 200}
    with np.errstate(all="ignore"):
        return sum(quad(integrand, a, b, **options)[0] for a, b in ((-12, 0), (0, 12)))


def hermite_rule(count):
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return torch.tensor(nodes), torch.tensor(weights / weights.sum())


def two_dimensional(f, q, c, count=120):
    """E f(u)f(v) by a product of Gauss–Hermite rules: exact enough for smooth f and q ≤ 1."""
    z, w = hermite_rule(count)
    u = q**0.5 * z[:, None]
    v = q**0.5 * (c * z[:, None] + (1 - c * c) ** 0.5 * z)
    return (w @ (f(u) * f(v)) @ w).item()


# --- one Gaussian number ------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("q", [1e-4, 1.0, 20.0])
def test_averages_are_those_of_adaptive_quadrature(name, q):
    phi, slope = PHI[name], SLOPE[name]
    close(meanfield.length_map(q, 1.7, 0.3, name) - 0.3, 1.7 * adaptive(
        lambda z: phi(q**0.5 * z) ** 2), rtol=1e-11)  # fmt: skip
    close(meanfield.chi_1(q, 1.7, name), 1.7 * adaptive(lambda z: slope(q**0.5 * z) ** 2), 1e-11)
    close(
        meanfield.jacobian_moments(q, 1, activation=name, orthogonal=False).variance,
        adaptive(lambda z: slope(q**0.5 * z) ** 4)
        / adaptive(lambda z: slope(q**0.5 * z) ** 2) ** 2,
        rtol=1e-11,
    )


def test_201_gauss_hermite_nodes_give_the_same_until_q_is_large():
    z, w = hermite_rule(201)
    for q in Q.tolist():
        # Gauss–Hermite's error is of order e^{−4d√(N/2)/√2}, d = π/(2√q): 1e-13 times the size of
        # the residue at q = 2.2, below rounding up to 1.
        expected = w @ (q**0.5 * z).tanh().square()
        close(meanfield.length_map(q, 1, 0), expected, rtol=1e-14 if q <= 1 else 1e-10)
    miss = w @ (20**0.5 * z).tanh().square() - meanfield.length_map(20.0, 1, 0)
    assert 1e-4 < miss.abs() < 1e-3  # why another rule is used


@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_chi_q_is_the_slope_of_the_length_map_and_its_textbook_formula(name):
    h = 1e-5 * Q[2:]
    up, down = (meanfield.length_map(q, 1.5, 0.1, name) for q in (Q[2:] + h, Q[2:] - h))
    # Central differences: h² truncation 1e-10, rounding 1e-16/1e-5.
    close(meanfield.chi_q(Q[2:], 1.5, name), (up - down) / (2 * h), rtol=1e-8)
    z, w = hermite_rule(201)
    for q in Q[:5].tolist():
        x = (q**0.5 * z).requires_grad_()
        phi = PHI[name](x)
        (first,) = torch.autograd.grad(phi.sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x)
        close(meanfield.chi_q(q, 1.5, name), 1.5 * (w @ (first**2 + phi * second).detach()))


def test_erf_is_the_arcsine_kernel():
    close(
        meanfield.length_map(Q, 2.0, 0.0, "erf"),
        2 * 2 / math.pi * (2 * Q / (1 + 2 * Q)).asin(),
        rtol=1e-12,
    )
    q, c = Q[:, None], C
    expected = 2 / math.pi * (2 * q * c / (1 + 2 * q)).asin()
    length = 2 / math.pi * (2 * q / (1 + 2 * q)).asin()
    close(meanfield.correlation_map(c, q, 1.0, 0.0, "erf"), expected / length, 1e-12, 1e-14)
    slopes = 4 / math.pi / ((1 + 2 * q) ** 2 - (2 * q * c) ** 2).sqrt()
    close(meanfield.chi_c(c, q, 1.0, "erf"), slopes, rtol=1e-12)


def test_relu_is_the_arc_cosine_kernel_and_agrees_with_samples():
    theta = C.acos()
    kernel = (theta.sin() + (math.pi - theta) * C) / math.pi
    close(meanfield.correlation_map(C, 3.0, 2.0, 0.0, "relu"), kernel, rtol=1e-12, atol=1e-15)
    close(meanfield.chi_c(C, 3.0, 2.0, "relu"), (math.pi - theta) / math.pi, atol=1e-15)
    z = torch.randn(2, 400_000, generator=generator(0, "pairs"), dtype=DOUBLE)
    u, v = 3**0.5 * z[0], 3**0.5 * (0.7 * z[0] + 0.51**0.5 * z[1])
    products = u.relu() * v.relu()
    stderr = products.std() / len(products) ** 0.5
    found = meanfield.correlation_map(0.7, 3.0, 2.0, 0.0, "relu") * 1.5
    assert (products.mean() - found).abs() < 4 * stderr


LARGE = torch.tensor([20.0, 100.0, 1e3, 1e4, 1e6], dtype=DOUBLE)


def test_averages_hold_where_the_activation_is_a_step():
    close(
        meanfield.length_map(LARGE, 1.0, 0.0, "erf"),
        2 / math.pi * torch.atan2(2 * LARGE, (1 + 4 * LARGE).sqrt()),  # the arcsine, near 1
    )
    close(meanfield.chi_1(LARGE, 1.0, "erf"), 4 / math.pi / (1 + 4 * LARGE).sqrt())
    for q in LARGE.tolist():  # over x = √q z, where tanh does not change with q
        expected = quad(
            lambda x, q=q: math.exp(-x * x / (2 * q)) / math.cosh(x) ** 4, -40, 40, epsrel=1e-13
        )[0] / math.sqrt(2 * math.pi * q)
        close(meanfield.chi_1(q, 1.0), expected)
    # The kink of an own function, at any scale: E φ² = (1 + 1/4) q/2.
    own = meanfield.length_map(LARGE, 1.0, 0.0, lambda x: torch.nn.functional.leaky_relu(x, 0.5))
    close(own, 0.625 * LARGE)


def test_pairs_hold_where_the_activation_is_a_step():
    def found_and_expected(c, q):
        length = (2 * q / (1 + 2 * q)).asin()
        found = meanfield.correlation_map(c, q, 1.0, 0.0, "erf")
        slopes = meanfield.chi_c(c, q, 1.0, "erf")
        expected = (2 * q * c / (1 + 2 * q)).asin() / length
        return found, expected, slopes * ((1 + 2 * q) ** 2 - (2 * q * c) ** 2).sqrt()

    few = torch.tensor([-1.0, -0.9, -0.5, 0.0, 0.7, 0.9, 1.0], dtype=DOUBLE)[:, None]
    found, expected, slopes = found_and_expected(few, LARGE)
    close(found, expected, atol=1e-12)  # .9^256 is 2e-12, of little
    close(slopes, torch.full_like(slopes, 4 / math.pi), rtol=1e-8)
    # Beside ±1 what the docstrings say, and no less than a tenth of it.
    near = torch.tensor([-0.999, -0.99, 0.97, 0.99, 0.999], dtype=DOUBLE)[:, None]
    found, expected, slopes = found_and_expected(near, LARGE[:2])
    off = (found - expected).abs().amax(0)
    assert 1e-8 < off[0] < 1e-6
    assert 2e-5 < off[1] < 2e-4
    off = (slopes * math.pi / 4 - 1).abs().amax(0)
    assert 1e-6 < off[0] < 1.1e-5
    assert 2e-3 < off[1] < 2e-2


@pytest.mark.parametrize("name", ["tanh", torch.relu])
def test_pixels_that_are_equal_stay_equal(name):
    q = torch.tensor([1.0, 100.0], dtype=DOUBLE)
    scale = q.sqrt()
    found = meanfield.covariance_map(scale.outer(scale), 1.0, 0.0, name)
    phi = PHI.get(name, name)
    close(found[0, 1], adaptive(lambda z: phi(z) * phi(10 * z)), rtol=1e-11)
    close(found.diagonal(), meanfield.length_map(q, 1.0, 0.0, name))
    ones = torch.full((2, 2), 100.0, dtype=DOUBLE)
    close(meanfield.covariance_map(ones, 1.0, 0.0, name), found[1, 1].expand(2, 2))
    mirrored = torch.tensor([[100.0, -100.0], [-100.0, 100.0]], dtype=DOUBLE)
    image = meanfield.covariance_map(mirrored, 1.0, 0.0, name)
    close(image[0, 1], -image[0, 0] if name == "tanh" else 0.0, atol=1e-12)


def test_a_slope_at_0_is_the_mean_of_those_beside_it():
    close(meanfield.chi_1(0.0, 1.9, torch.relu), 0.95)
    close(meanfield.chi_c(0.0, 0.0, 1.9, torch.relu), 0.475)
    point = meanfield.fixed_point(1.9, 0.0, torch.relu)
    assert point.q == 0
    close(torch.stack(point[2:5]), [0.95, 0.95, 0.95])


def test_identity_mixes_linearly():
    q = Q[:, None]
    close(
        meanfield.correlation_map(C, q, 0.5, 0.2, "identity"), (0.5 * q * C + 0.2) / (0.5 * q + 0.2)
    )
    close(meanfield.chi_q(Q, 0.5, "identity"), torch.full_like(Q, 0.5))


@pytest.mark.parametrize("name", ["tanh", "erf", "sin"])
@pytest.mark.parametrize("c", [-1.0, -0.4, 0.0, 0.6, 0.999, 1.0])
def test_pairs_are_those_of_a_double_rule(name, c):
    phi = PHI.get(name, torch.sin)
    for q in (1e-4, 0.25, 1.0):
        length = two_dimensional(phi, q, 1.0)
        found = meanfield.correlation_map(c, q, 1.3, 0.0, phi if name == "sin" else name)
        close(found, two_dimensional(phi, q, c) / length, rtol=1e-11, atol=1e-14)


def test_own_functions_are_treated_as_named_ones():
    for name, phi in SMOOTH.items():
        ours, named = meanfield.critical_line(Q, phi), meanfield.critical_line(Q, name)
        close(ours.weight_var, named.weight_var, rtol=1e-13)
        close(ours.bias_var, named.bias_var, rtol=1e-9)  # 1e-16/q of it is lost
        close(meanfield.chi_q(Q, 1.5, phi), meanfield.chi_q(Q, 1.5, name), rtol=1e-13)
        close(meanfield.chi_c(0.3, Q, 1.5, phi), meanfield.chi_c(0.3, Q, 1.5, name), rtol=1e-13)


def test_a_kink_and_an_offset_of_the_own_function():
    def leaky(x):
        return torch.nn.functional.leaky_relu(x, 0.5)

    point = meanfield.critical_line(2.0, leaky)
    close(point.weight_var, 1.6, rtol=1e-14)  # 2/(1 + 1/4)
    assert point.bias_var == 0
    close(meanfield.chi_q(2.0, 1.6, leaky), 1.0)

    def shifted(x):
        return x.tanh() + 0.1

    # E(φ + a)² = E φ² + a² for odd φ.
    plain, moved = meanfield.critical_line(1.0), meanfield.critical_line(1.0, shifted)
    close(moved.bias_var, plain.bias_var - 0.01 * plain.weight_var)


def test_the_critical_bias_of_a_function_without_symmetry_is_its_definition():
    def phi(x):
        return (x + 0.1).tanh()

    point = meanfield.critical_line(1.0, phi)
    close(point.bias_var, 1 - meanfield.length_map(1.0, point.weight_var, 0.0, phi))


def test_excesses_join_without_a_step():
    for name in SMOOTH:
        excess = activation_named("test", name).excess
        x = torch.tensor([1 - 1e-12, 1 + 1e-12], dtype=DOUBLE)
        value, slope = excess(x)
        assert (value[0] - value[1]).abs() < 1e-11
        small = torch.tensor([1e-5], dtype=DOUBLE)
        cubic = {"tanh": -1 / 3, "erf": -2 / (3 * math.pi**0.5)}[name]
        close(excess(small)[0], [cubic * 1e-15], rtol=1e-9)
        close(excess(small)[1], [3 * cubic * 1e-10], rtol=1e-9)
        close(slope, SLOPE[name](x) - SLOPE[name](torch.zeros_like(x)))


# --- fixed points -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["tanh", "erf", torch.sin])
def test_the_critical_line_is_where_fixed_points_have_chi_1(name):
    q = torch.tensor([1e-4, 0.01, 0.3], dtype=DOUBLE)
    line = meanfield.critical_line(q, name)
    point = meanfield.fixed_point(*line, name)
    # q* is a nearly double root: what σ_w² rounds to, 1e-16, moves it by 1e-16/(1 − χ_q) ≈ 1e-12.
    close(point.q, q, rtol=1e-11)
    close(point.chi_1, torch.ones(3), rtol=1e-14)
    assert (point.xi_c > 1e12).all()


def test_critical_bias_is_right_far_below_rounding():
    q = torch.tensor([1e-12, 1e-8, 1e-5], dtype=DOUBLE)
    series = 4 / 3 * q**3 * (1 - 6 * q)  # next term below 40 q² of it
    close(meanfield.critical_line(q).bias_var, series, rtol=1e-8)


@pytest.mark.parametrize("name", ["tanh", "erf"])
def test_fixed_points_are_fixed_and_reached(name):
    weight_var = torch.tensor([0.5, 1.0, 1.7, 2.5, 4.0], dtype=DOUBLE)[:, None]
    bias_var = torch.tensor([1e-3, 0.05, 0.5], dtype=DOUBLE)
    point = meanfield.fixed_point(weight_var, bias_var, name)
    q, c = torch.full((5, 3), 3.0, dtype=DOUBLE), torch.full((5, 3), 0.3, dtype=DOUBLE)
    for _ in range(4000):
        c = meanfield.correlation_map(c, q, weight_var, bias_var, name) if _ > 3900 else c
        q = meanfield.length_map(q, weight_var, bias_var, name)
    close(point.q, q, rtol=1e-12)
    close(meanfield.correlation_map(point.c, point.q, weight_var, bias_var, name), point.c)
    close(point.chi_1, meanfield.chi_1(q, weight_var, name))
    close(point.chi_q, meanfield.chi_q(q, weight_var, name))
    close(point.chi_c, meanfield.chi_c(point.c, q, weight_var, name))
    # 99 layers leave χ_c^99 of the way: compare where that is small.
    settled = point.chi_c < 0.8
    assert settled.sum() > 3
    close(c[settled], point.c[settled], rtol=1e-8)
    assert ((point.c < 1) == (point.chi_1 > 1)).all()
    assert (point.chi_c < 1).all()


def test_silence_is_a_fixed_point_without_biases():
    point = meanfield.fixed_point(torch.tensor([0.5, 1.0]), 0.0)
    assert point.q.tolist() == [0, 0]
    assert point.c.tolist() == [1, 1]
    for chi in (point.chi_1, point.chi_q, point.chi_c):
        close(chi, [0.5, 1.0], rtol=1e-15)
    close(meanfield.fixed_point(1.5, 0.0).c, 0.0, atol=1e-12)  # chaos forgets everything


def test_homogeneous_activations():
    point = meanfield.fixed_point(1.5, 0.25, "relu")
    assert [x.item() for x in point[:5]] == [1.0, 1.0, 0.75, 0.75, 0.75]
    point = meanfield.fixed_point(0.5, 0.25, "identity")
    assert [x.item() for x in point[:5]] == [0.5, 1.0, 0.5, 0.5, 0.5]
    assert [x.item() for x in meanfield.critical_line(7.0, "identity")] == [1.0, 0.0]


def test_a_grid_is_its_points():
    weight_var = torch.linspace(0.5, 4, 9)[:, None]
    bias_var = torch.linspace(0, 0.3, 7)
    grid = meanfield.fixed_point(weight_var, bias_var)
    for i, j in ((0, 0), (4, 3), (8, 6), (2, 0)):
        one = meanfield.fixed_point(weight_var[i, 0].item(), bias_var[j].item())
        close(torch.stack([x[i, j] for x in grid]), torch.stack(list(one)), rtol=1e-8, atol=1e-12)


def test_depth_scale():
    scale = meanfield.depth_scale(torch.tensor([math.exp(-0.5), -math.exp(-0.5), 0, 1, math.e]))
    torch.testing.assert_close(
        scale, torch.tensor([2, 2, 0, math.inf, -1], dtype=DOUBLE), rtol=1e-6, atol=0
    )


# --- rings --------------------------------------------------------------------------------------


def ring_covariance(size):
    x = torch.randn(200, size, generator=generator(0, "ring"), dtype=DOUBLE)
    return (
        x.T
        @ x
        / 200
        * torch.linspace(0.5, 1, size, dtype=DOUBLE).outer(
            torch.linspace(0.5, 1, size, dtype=DOUBLE)
        )
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_ring_averages_along_diagonals(name):
    s, v = ring_covariance(6), torch.tensor([0.1, 0.2, 0.3, 0.25, 0.15], dtype=DOUBLE)
    found = meanfield.covariance_map(s, 1.4, 0.2, name, taps=v)
    expected = torch.zeros_like(s)
    image = meanfield.covariance_map(s, 1.0, 0.0, name)
    for a in range(6):
        for other in range(6):
            for tap in range(5):
                b = tap - 2
                expected[a, other] += v[tap] * image[(a + b) % 6, (other + b) % 6]
    close(found, 1.4 * expected + 0.2)


def test_the_ring_without_mixing_is_pairs():
    s = ring_covariance(4)
    phi = torch.tanh
    z, w = hermite_rule(100)
    found = meanfield.covariance_map(s, 1.0, 0.0)
    factor = torch.linalg.cholesky(s[:2, :2])
    u = factor[0, 0] * z[:, None]
    v = factor[1, 0] * z[:, None] + factor[1, 1] * z
    close(found[0, 1], w @ (phi(u) * phi(v)) @ w, rtol=1e-11)
    for i in range(4):
        close(found[i, i], meanfield.length_map(s[i, i], 1.0, 0.0))
    both = meanfield.covariance_map(torch.stack([s, 2 * s]), torch.tensor([1.0, 2.0]), 0.1)
    close(both[0], found + 0.1)
    close(both[1], meanfield.covariance_map(2 * s, 2.0, 0.1))


def test_the_ring_of_relus_is_the_arc_cosine_kernel():
    s = ring_covariance(5) * torch.linspace(1, 3, 5, dtype=DOUBLE).outer(
        torch.linspace(1, 3, 5, dtype=DOUBLE)
    )
    q = s.diagonal()
    c = (s / q.outer(q).sqrt()).clamp(-1, 1)
    kernel = ((1 - c**2).sqrt() + c * (math.pi - c.acos())) / (2 * math.pi)
    close(meanfield.covariance_map(s, 1.5, 0.1, "relu"), 1.5 * q.outer(q).sqrt() * kernel + 0.1)


@pytest.mark.parametrize("size", [1e-10, 1.0, 1e10])
def test_a_covariance_is_judged_in_its_own_units(size):
    s = size * torch.tensor([[1.0, 1.0], [1.0, 1.0]], dtype=DOUBLE)
    rounded = s + size * torch.tensor([[0.0, 1e-9], [1e-9, 0.0]], dtype=DOUBLE)
    close(meanfield.covariance_map(rounded, 1.0, 0.0), meanfield.covariance_map(s, 1.0, 0.0))
    with pytest.raises(DomainError, match="symmetric with"):
        meanfield.covariance_map(s + 1e-3 * size * (1 - torch.eye(2)), 1.0, 0.0)


def test_a_silent_pixel_stays_uncorrelated():
    s = torch.diag(torch.tensor([1.0, 0.0], dtype=DOUBLE))
    found = meanfield.covariance_map(s, 1.0, 0.0)
    assert found[1].tolist() == found[:, 1].tolist() == [0, 0]


def test_mode_factors_are_the_fourier_transform_of_the_taps():
    taps = torch.tensor([0.05, 0.2, 0.5, 0.2, 0.05], dtype=DOUBLE)
    for size in (5, 7, 8):
        ring = torch.zeros(size, dtype=DOUBLE)
        ring[:5] = taps
        expected = torch.fft.rfft(ring.roll(-2)).real
        close(meanfield.mode_factors(size, taps), expected, atol=1e-15)
    assert meanfield.mode_factors(28, torch.tensor([0.0, 1.0, 0.0])).tolist() == [1.0] * 15


def test_mode_amplitudes_are_cosine_sums_relative_to_the_mean_start():
    n, stream = 9, torch.Generator().manual_seed(0)
    orbit = 1 + torch.rand(4, 3, n, generator=stream, dtype=DOUBLE)  # depth, networks, pixels
    pixel = torch.arange(n, dtype=DOUBLE)
    found = meanfield.mode_amplitudes(orbit, 4)
    assert found.shape == (4, 3, 4)
    for f in range(1, 5):
        amplitude = (orbit * torch.cos(2 * torch.pi * f * pixel / n)).sum(-1)
        close(found[..., f - 1], amplitude / amplitude[0].mean())
    single = meanfield.mode_amplitudes(orbit[:, 0], 4)  # one network is relative to its own start
    close(single[0], torch.ones(4, dtype=DOUBLE))


# --- types, and what is refused -----------------------------------------------------------------


def test_results_are_float64_and_broadcast():
    q = torch.ones(3, 1)
    assert meanfield.length_map(q, torch.ones(2), 0.1).shape == (3, 2)
    assert meanfield.length_map(q, 1, 0).dtype == DOUBLE
    assert meanfield.correlation_map(torch.zeros(2), q, 1.0, 0.1).shape == (3, 2)
    assert meanfield.critical_line(0.1).weight_var.shape == ()
    assert meanfield.covariance_map(torch.eye(3), 1.0, 0.0).dtype == DOUBLE


REFUSED = {
    "negative variance": (
        lambda: meanfield.length_map(1.0, -2.0, 0.0),
        DomainError,
        r"^length_map: weight_var must be ≥ 0 and finite, but it is -2 \(1 of 1 fail\)\. .*σ²",
    ),
    "negative bias variance": (
        lambda: meanfield.fixed_point(1.0, torch.tensor([0.1, -0.5])),
        DomainError,
        r"fixed_point: bias_var must be ≥ 0 and finite, but entry \(1,\) is -0\.5 \(1 of 2 fail\)",
    ),
    "NaN": (
        lambda: meanfield.chi_1(math.nan, 1.0),
        DomainError,
        r"chi_1: q must be ≥ 0 and finite, but it is nan",
    ),
    "no length": (
        lambda: meanfield.critical_line(0.0),
        DomainError,
        r"critical_line: q must be positive and finite, but it is 0 ",
    ),
    "no negative bias variance": (
        lambda: meanfield.critical_line(0.01, torch.sigmoid),
        DomainError,
        r"E φ² ≤ q E φ′².*at q = 0\.01 they are 0\.25062.* and 0\.00062.*Subtract φ\(0\)",
    ),
    "relu grows": (
        lambda: meanfield.fixed_point(2.0, 0.1, "relu"),
        DomainError,
        r"weight_var = 2, bias_var = 0\.1 lengths grow.* \(1 of 1 fail\).*< 2 for 'relu'",
    ),
    "identity keeps everything": (
        lambda: meanfield.fixed_point(torch.tensor([0.5, 1.0]), 0.0, "identity"),
        DomainError,
        r"weight_var = 1, bias_var = 0 lengths grow, or all stay \(1 of 2 fail\)",
    ),
    "own function keeps everything": (
        lambda: meanfield.fixed_point(torch.tensor([1.0, 2.0]), 0.0, torch.relu),
        DomainError,
        r"weight_var = 2, bias_var = 0 lengths grow, or all stay \(1 of 2 fail\)",
    ),
    "shape of a correlation": (
        lambda: meanfield.correlation_map(torch.zeros(3), torch.ones(2), 1.0, 0.0),
        ShapeError,
        r"c \(3,\) and q \(2,\) and weight_var \(\) and bias_var \(\)",
    ),
    "shape of variances": (
        lambda: meanfield.covariance_map(torch.eye(3).expand(2, 3, 3), torch.ones(4), 0.0),
        ShapeError,
        r"weight_var \(4, 1, 1\) and bias_var \(4, 1, 1\) and covariance \(2, ",
    ),
    "a correlation rounded": (
        lambda: meanfield.chi_c(torch.tensor(1.0).nextafter(torch.tensor(2.0)), 1.0, 1.0),
        DomainError,
        r"c must lie in \[−1, 1\], but it is 1\.0000001192\d* \(1 of 1.*clamp",
    ),
    "part of a layer": (
        lambda: meanfield.jacobian_moments(1.0, 1.5, orthogonal=True),
        DomainError,
        r"depth must be an integer ≥ 1, but it is 1\.5",
    ),
    "part of a pixel": (
        lambda: meanfield.mode_factors(8.5, torch.ones(1)),
        DomainError,
        r"size must be an integer ≥ 1, but it is 8\.5",
    ),
    "own function grows": (
        lambda: meanfield.fixed_point(2.5, 0.1, torch.nn.functional.softplus),
        DomainError,
        r"weight_var = 2\.5, bias_var = 0\.1 lengths grow",
    ),
    "an activation that is NaN": (
        lambda: meanfield.fixed_point(torch.tensor([2.0, 3.0]), 0.05, torch.log),
        ConvergenceError,
        r"settle within 200 steps, but at weight_var = 2, bias_var = 0\.05 it moves q from nan to",
    ),
    "no such activation": (
        lambda: meanfield.length_map(1.0, 1.0, 0.0, "gelu"),
        DomainError,
        r"must be one of 'tanh', 'relu', 'erf', 'identity' or a function.*but it is 'gelu'",
    ),
    "correlation": (
        lambda: meanfield.correlation_map(1.5, 1.0, 1.0, 0.0),
        DomainError,
        r"c must lie in \[−1, 1\], but it is 1\.5",
    ),
    "nothing left": (
        lambda: meanfield.correlation_map(0.5, 1.0, 0.0, 0.0),
        DomainError,
        r"next variance must be positive.*Pass weight_var > 0 or bias_var > 0",
    ),
    "shapes": (
        lambda: meanfield.length_map(torch.ones(3), torch.ones(2), 0.0),
        ShapeError,
        r"q \(3,\) and weight_var \(2,\) and bias_var \(\)\. Use x\[:, None\]",
    ),
    "not square": (
        lambda: meanfield.covariance_map(torch.ones(2, 3), 1.0, 0.0),
        ShapeError,
        r"shape \(\.\.\., n, n\), but its shape is \(2, 3\)",
    ),
    "not a covariance": (
        lambda: meanfield.covariance_map(torch.tensor([[1.0, 2.0], [2.0, 1.0]]), 1.0, 0.0),
        DomainError,
        r"\|S_ab\| ≤ √\(S_aa S_bb\), but it is off by 0 and 1\. ",
    ),
    "not symmetric": (
        lambda: meanfield.covariance_map(torch.tensor([[1.0, 0.5], [0.0, 1.0]]), 1.0, 0.0),
        DomainError,
        r"symmetric.* off by 0\.5 and 0\.",
    ),
    "even taps": (
        lambda: meanfield.mode_factors(8, torch.ones(4) / 4),
        ShapeError,
        r"odd number of entries, but their shape is \(4,\)",
    ),
    "taps of sum 3": (
        lambda: meanfield.mode_factors(8, torch.ones(3)),
        DomainError,
        r"sum 1, but the least is 1 and the sum 3\. Divide",
    ),
    "skew taps": (
        lambda: meanfield.mode_factors(8, torch.tensor([0.0, 0.5, 0.5])),
        DomainError,
        r"symmetric, but they are \[0\.0, 0\.5, 0\.5\].*covariance_map",
    ),
    "modes beyond half the ring": (
        lambda: meanfield.mode_amplitudes(torch.ones(2, 7), 4),
        DomainError,
        r"highest must be an integer in 1\.\.3, but it is 4\. There are 7 pixels",
    ),
    "no wave at the start": (
        lambda: meanfield.mode_amplitudes(
            2 + torch.cos(torch.pi / 4 * torch.arange(8)).expand(3, 8), 3
        ),
        DomainError,
        r"hold every mode, but mode 2 is missing \(2 of 3\)",
    ),
    "no ring": (
        lambda: meanfield.mode_factors(0, torch.ones(1)),
        DomainError,
        r"size must be an integer ≥ 1, but it is 0",
    ),
    "no depth": (
        lambda: meanfield.jacobian_moments(1.0, 0, orthogonal=True),
        DomainError,
        r"depth must be an integer ≥ 1, but it is 0",
    ),
    "no factor": (
        lambda: meanfield.depth_scale(math.inf),
        DomainError,
        r"chi must be finite, but it is inf",
    ),
}


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
