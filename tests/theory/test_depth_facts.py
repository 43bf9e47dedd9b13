"""The facts of depth: products of random matrices, random ReLU networks, cut-offs.

Each number is checked twice where it can be: by its closed form to the digits quoted, and by a
simulation within SIGMAS standard errors.
"""

import math

import pytest
import torch

from bsgd_edu import dynamics, metrics
from bsgd_edu.estimates import mean_and_stderr, variance_and_stderr
from bsgd_edu.seeding import generator

DOUBLE = torch.float64
# Wrong by chance about once in 16,000 comparisons of a Gaussian estimate.
SIGMAS = 4


def normal(*shape, label="matrices"):
    return torch.randn(*shape, generator=generator(0, label), dtype=DOUBLE)


def agrees(samples, expected, bias=0.0):
    """Whether means over independent samples (first axis) are within SIGMAS standard errors."""
    stderr = samples.std(0) / len(samples) ** 0.5
    return bool(((samples.mean(0) - expected).abs() <= SIGMAS * stderr + bias).all())


def agree_per_step(growth, steps, rate, variance):
    """Whether log-norms over replicas have mean and variance of n steps, within SIGMAS errors."""
    pairs = ((mean_and_stderr(growth), rate), (variance_and_stderr(growth), variance))
    return all(
        abs(found / steps - expected) < SIGMAS * stderr / steps
        for (found, stderr), expected in pairs
    )


# --- products of Gaussian matrices -------------------------------------------------------------


@pytest.fixture(scope="module")
def plane():
    """1000 products of 200 Gaussian 2×2 matrices."""
    return normal(200, 1000, 2, 2)


def test_top_exponent_in_the_plane(plane):
    spectrum = dynamics.lyapunov.gaussian_spectrum(2, 1.0)
    assert round(spectrum[0].item(), 5) == 0.05797
    # The law of |diag R| is that of every step: no transient, no bias.
    assert agrees(dynamics.lyapunov.spectrum(plane), spectrum)


@pytest.mark.parametrize(("dim", "std"), [(1, 2.0), (3, 0.5), (8, 1.0)])
def test_gaussian_spectrum(dim, std):
    matrices = std * normal(60, 300, dim, dim)
    assert agrees(
        dynamics.lyapunov.spectrum(matrices), dynamics.lyapunov.gaussian_spectrum(dim, std)
    )


def test_exponents_do_not_depend_on_the_order(plane):
    few = plane[:, :50]
    ahead, back = (dynamics.lyapunov.spectrum(m) for m in (few, few.flip(0)))
    assert agrees(ahead - back, 0.0)


def test_gaussian_log_norm_is_a_random_walk_with_known_variance(plane):
    x = torch.tensor([1.0, 0.0], dtype=DOUBLE).expand(1000, 2).unsqueeze(-1)
    growth = 0
    for step in plane:
        x = step @ x
        growth = growth + x.norm(dim=(1, 2)).log()
        x = x / x.norm(dim=(1, 2), keepdim=True)
    rate = dynamics.lyapunov.gaussian_spectrum(2, 1.0)[0]
    assert agree_per_step(growth, 200, rate, dynamics.lyapunov.gaussian_log_norm_variance(2))


def log_ratio(products, log_det):
    """log(s_1/s_2) of 2×2 matrices of norm e^a and determinant e^b: arcosh(e^{2a−b}/2)."""
    doubled = 2 * products - log_det
    # arcosh(e^t/2) = t + log((1 + √(1 − 4e^{−2t}))/2), good at any t.
    return doubled + ((1 + (1 - 4 * (-2 * doubled).exp()).clamp(min=0).sqrt()) / 2).log()


@pytest.fixture(scope="module")
def plane_walk(plane):
    """log‖P_n‖, log|det P_n| and P_n/‖P_n‖ of P_n = A_1 ⋯ A_n, n = 1..200."""
    product = torch.eye(2, dtype=DOUBLE)
    log_norm, log_det, rows = 0.0, 0.0, []
    for step in plane:
        product = product @ step
        size = product.norm(dim=(1, 2), keepdim=True)
        product = product / size
        log_norm = log_norm + size.flatten().log()
        log_det = log_det + torch.linalg.det(step).abs().log()
        rows.append((log_norm, log_det, product))
    return [torch.stack(part) for part in zip(*rows, strict=True)]


def test_hyperbolic_drift_is_log_2_from_the_distance(plane_walk):
    log_norm, log_det, _ = plane_walk
    # d(o, g·o) = log(s_1(g)/s_2(g)) at curvature −1: the drift is λ_1 − λ_2.
    top, bottom = dynamics.lyapunov.gaussian_spectrum(2, 1.0).tolist()
    assert top - bottom == pytest.approx(math.log(2), abs=1e-14)
    distance = log_ratio(log_norm, log_det)
    # From step 20 on the distance to the origin grows by a stationary amount.
    assert agrees((distance[-1] - distance[19]) / 180, math.log(2), bias=1e-4)
    # With the whole orbit Kingman's mean lies above its limit, by O(1/n).
    assert 0 < distance[-1].mean() / 200 - math.log(2) < 0.02


def test_hyperbolic_drift_is_log_2_from_a_busemann_functional(plane_walk):
    log_norm, log_det, product = plane_walk
    # The orbit P_n·o tends to the boundary point ξ(ω) = the top left direction u. There
    # −h_ξ(P_n·o) = log|det P_n| − 2 log|P_nᵀ u⊥|, the logarithm of the Poisson kernel.
    u = torch.linalg.svd(product[-1])[0][..., 1]  # u⊥
    late = 19
    away = (product[late].mT @ u.unsqueeze(-1)).norm(dim=(1, 2)).log() + log_norm[late]
    busemann = log_det[late] - 2 * away
    # Along the orbit −h ≤ d, and both grow at the same rate: compare at n = 20, where P_nᵀu⊥ is
    # not yet lost in round-off.
    distance = log_ratio(log_norm, log_det)[late]
    assert (busemann <= distance + 1e-9).all()
    assert agrees((distance - busemann), 0.0, bias=2.0)  # bounded, so nothing per step
    # A fixed boundary point sees the drift with the opposite sign, exactly at every n, because
    # the law of each matrix is rotation invariant: E h_ξ(A·o) = 2λ_1 − λ_1 − λ_2.
    e = torch.tensor([1.0, 0.0], dtype=DOUBLE).unsqueeze(-1)
    fixed = 2 * ((product.mT @ e).norm(dim=(2, 3)).log() + log_norm) - log_det
    for n in (1, 10, 200):
        assert agrees(fixed[n - 1] / n, math.log(2))


def test_spd_drift_is_twice_the_norm_of_the_spectrum():
    matrices = normal(100, 400, 3, 3)
    spectrum = dynamics.lyapunov.gaussian_spectrum(3, 1.0)
    expected = 2 * (spectrum**2).sum() ** 0.5
    assert dynamics.drift.spd_drift(spectrum).item() == pytest.approx(expected.item())
    # P = ggᵀ has twice the condition number of g in decades, so that the walk is held as g.
    product, orbit = torch.eye(3, dtype=DOUBLE).expand(400, 3, 3), []
    for step in matrices[:13]:
        orbit.append(product)
        product = product @ step

    def through_factors(g, h):
        return 2 * torch.linalg.svdvals(torch.linalg.solve(g, h)).log().norm(dim=-1)

    p, q = (g @ g.mT for g in (orbit[2], orbit[3]))
    well = torch.linalg.cond(p) < 1e6
    torch.testing.assert_close(
        metrics.affine_invariant_distance(p, q)[well],
        through_factors(orbit[2], orbit[3])[well],
        rtol=1e-6,
        atol=0,
    )
    value, stderr = dynamics.drift.drift(torch.stack(orbit), through_factors, start=4)
    assert abs(value - expected) < SIGMAS * stderr + 0.05  # still O(1/n) from the limit
    # Along 100 steps through the spectrum of each replica: a norm is convex, and E|λ̂| > |λ|.
    assert agrees(
        dynamics.drift.spd_drift(dynamics.lyapunov.spectrum(matrices)), expected, bias=0.02
    )


def test_direction_converges_backward_and_not_forward(plane):
    few = plane[:60, :300]
    back = dynamics.drift.limiting_directions(few)
    ahead = dynamics.drift.limiting_directions(few, backward=False)
    step = dynamics.drift.projective_angle(back[1:], back[:-1])
    assert step[40:].median() < 1e-10
    # The rate is λ_1 − λ_2 = log 2 per step.
    assert agrees((step[20] / step[5]).log() / 15, -math.log(2))
    jumps = dynamics.drift.projective_angle(ahead[1:], ahead[:-1])
    assert jumps[40:].median() > 0.3
    # Both have the same law at every n: uniform on lines, so that cos² has mean ½.
    for found in (back, ahead):
        assert agrees(found[30, :, 0] ** 2, 0.5)


# --- random ReLU layers ------------------------------------------------------------------------


def test_he_exponents():
    assert round(dynamics.relu.lyapunov_exponent(4), 4) == -0.3583
    assert round(dynamics.relu.lyapunov_exponent(64), 5) == -0.02005
    assert 2**14 * dynamics.relu.lyapunov_exponent(2**14) == pytest.approx(-1.25, abs=3e-4)
    assert 2**14 * dynamics.relu.log_norm_variance(2**14) == pytest.approx(1.25, abs=4e-4)


def test_one_neuron_and_two_by_hand():
    # Given that it is active, log|w| has mean −(γ + log 2)/2; two neurons: (2/3, 1/3) of N = 1, 2.
    euler = 0.5772156649015329
    one = -(euler + math.log(2)) / 2
    assert dynamics.relu.lyapunov_exponent(1, 1.0) == pytest.approx(one)
    two = 2 / 3 * one + 1 / 3 * (math.log(2) - euler) / 2
    assert dynamics.relu.lyapunov_exponent(2, 1.0) == pytest.approx(two)
    assert dynamics.relu.lyapunov_exponent(2, 9.0) == pytest.approx(two + math.log(3))
    assert dynamics.relu.angle_exponent(2) == pytest.approx(-math.log(2))


def test_critical_variance():
    assert round(4 * dynamics.relu.critical_variance(4), 3) == 4.095
    assert round(256 * dynamics.relu.critical_variance(256), 3) == 2.020
    for width in (1, 7, 100):
        critical = dynamics.relu.critical_variance(width)
        assert dynamics.relu.lyapunov_exponent(width, critical) == pytest.approx(0, abs=1e-12)


def test_angle_exponents():
    # Only given N ≥ 2: with N = 1 the angle closes at once.
    assert round(dynamics.relu.angle_exponent(8), 3) == -0.250
    assert 2**14 * dynamics.relu.angle_exponent(2**14) == pytest.approx(-1, abs=1e-3)


@pytest.mark.parametrize("width", [4, 64])
def test_he_exponent_and_variance_in_simulation(width):
    # One layer, many draws, from weights in full; the state forgets its direction at once.
    count = 40_000 if width == 4 else 2000
    weights = (2 / width) ** 0.5 * normal(count, width, width)
    norms = weights[..., 0].relu().norm(dim=-1)
    logs = norms[norms > 0].log()
    assert agrees(logs, dynamics.relu.lyapunov_exponent(width))
    assert agrees(norms**2, 1.0)  # the mean square is kept, dead layers included
    square = (logs - logs.mean()) ** 2
    assert agrees(square, dynamics.relu.log_norm_variance(width))


def test_the_mean_square_is_kept_while_the_typical_network_dies():
    x = normal(2000, 64)
    orbit = dynamics.random_layers.random_pair(
        x, x.flip(0), 60, init="he", bias=False, generator=generator(0, "he")
    )
    growth = (orbit.norm[60] / orbit.norm[0]).log()
    rate, variance = dynamics.relu.lyapunov_exponent(64), dynamics.relu.log_norm_variance(64)
    assert agree_per_step(growth, 60, rate, variance)
    # e^{−1.2} = .30 typically, while the mean square stays 1: a heavy tail carries it.
    assert growth.exp().median() < 0.35
    assert agrees((2 * growth).exp(), 1.0)


def test_critical_variance_keeps_the_typical_norm_in_simulation():
    x = normal(2000, 16)
    variance = 16 * dynamics.relu.critical_variance(16)
    orbit = dynamics.random_layers.random_pair(
        x, x.flip(0), 40, init=variance, bias=False, generator=generator(0, "critical")
    )
    growth = (orbit.norm[40] / orbit.norm[0]).log()
    assert agrees(growth[growth.isfinite()] / 40, 0.0)


def test_small_angles_close_at_the_angle_exponent():
    width = 32
    x = normal(3000, width)
    y = x + 1e-6 * normal(3000, width, label="across")
    orbit = dynamics.random_layers.random_pair(
        x, y, 30, init="he", bias=False, generator=generator(0, "angle")
    )
    rate = (orbit.angle[30] / orbit.angle[0]).log() / 30
    assert agrees(rate, dynamics.relu.angle_exponent(width))


def test_cosine_map_against_a_wide_layer_and_its_angle_form():
    cosine = torch.tensor([-0.9, -0.3, 0.0, 0.5, 0.99], dtype=DOUBLE)
    z, w = normal(2, 200_000, label="neurons")
    for c in cosine:
        product = 2 * z.relu() * (c * z + (1 - c**2).sqrt() * w).relu()
        assert agrees(product, dynamics.relu.cosine_map(c))
    image = dynamics.relu.angle_map(cosine.arccos()).cos()
    torch.testing.assert_close(image, dynamics.relu.cosine_map(cosine), rtol=0, atol=1e-14)
    small = torch.tensor(1e-6, dtype=DOUBLE)
    shrink = 1 - dynamics.relu.angle_map(small) / small
    assert shrink.item() == pytest.approx(1e-6 / (3 * math.pi), rel=1e-6)


def test_angles_fall_as_3_pi_over_depth_until_depth_is_the_width():
    angle = torch.tensor(1.5, dtype=DOUBLE)
    for _ in range(20_000):
        angle = dynamics.relu.angle_map(angle)
    # The correction is of order log(L)/L.
    assert angle.item() * 20_000 / (3 * math.pi) == pytest.approx(1, abs=0.01)
    x, y = normal(2, 100, 512)
    orbit = dynamics.random_layers.random_pair(
        x, y, 40, init="he", bias=False, generator=generator(0, "wide")
    )
    theory = [torch.tensor(math.pi / 2, dtype=DOUBLE)]
    for _ in range(40):
        theory.append(dynamics.relu.angle_map(theory[-1]))
    # Width 512 at depth 40: finite-width corrections of order L/n = .08.
    torch.testing.assert_close(orbit.angle.mean(1), torch.stack(theory), rtol=0.1, atol=0)
    x, y = normal(2, 400, 8)
    narrow = dynamics.random_layers.random_pair(
        x, y, 60, init="he", bias=False, generator=generator(0, "narrow")
    )
    alive = (narrow.angle[20:61] > 1e-12).all(0) & narrow.angle[60].isfinite()
    rate = (narrow.angle[60] / narrow.angle[20]).log()[alive] / 40
    # Keeping the pairs that stay apart costs the few with N = 1.
    assert rate.mean().item() == pytest.approx(dynamics.relu.angle_exponent(8), abs=0.03)


# --- the cut-off in depth ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def default_networks():
    """400 pairs of Gaussian inputs through PyTorch's default networks of width 128, with bias."""
    x, y = normal(2, 400, 128, label="inputs")
    return dynamics.random_layers.random_pair(x, y, 60, generator=generator(0, "weights"))


@pytest.mark.parametrize(("tolerance", "first_layers"), [(1e-1, (4, 7)), (1e-4, (12, 15))])
def test_cutoff_locations(default_networks, tolerance, first_layers):
    curve = dynamics.cutoff.separation(default_networks.distance, tolerance)
    late, early = dynamics.cutoff.depths(curve, [0.1, 0.9]).tolist()
    # The first whole layers at which the separation is below .9 and below .1.
    assert (math.ceil(early), math.ceil(late)) == first_layers
    # The prediction from λ, v and d_0 alone is at most a window (1/|λ| = 1.1 layers) too deep: a
    # large distance closes faster than the linear rate in the first layers.
    exponent = -0.5 * math.log(6) + dynamics.relu.lyapunov_exponent(128)
    variance = dynamics.relu.log_norm_variance(128)
    predicted = dynamics.cutoff.predicted_depths(exponent, variance, 16.0, tolerance, (0.9, 0.1))
    for found, theory in zip((early, late), predicted.tolist(), strict=True):
        assert 0 < theory - found < dynamics.cutoff.window(exponent, 0.0, 1.0)


def test_window_keeps_its_length_while_the_location_grows(default_networks):
    depths = [
        dynamics.cutoff.depths(dynamics.cutoff.separation(default_networks.distance, tolerance))
        for tolerance in (1e-1, 1e-4, 1e-12)
    ]
    widths = [(d[2] - d[0]).item() for d in depths]
    assert max(widths) - min(widths) < 0.4
    ratios = [(d[2] / d[0]).item() for d in depths]
    assert ratios[0] > 1.8 > 1.35 > ratios[1] > 1.15 > ratios[2] > 1


@pytest.mark.parametrize(("width", "quoted"), [(128, -0.906), (256, -0.902)])
def test_slope_of_log_distance_at_default_initialisation(width, quoted):
    x, y = normal(2, 150, width, label=f"inputs {width}")
    orbit = dynamics.random_layers.random_pair(x, y, 40, generator=generator(0, "slope", width))
    slopes = (orbit.distance[40] / orbit.distance[5]).log() / 35
    # −½ log 6 = −.8959 for infinite width; the finite one adds −5/(4n). Weights that are uniform
    # and a bias that keeps ‖x‖ change neither to this accuracy.
    exponent = -0.5 * math.log(6) + dynamics.relu.lyapunov_exponent(width)
    stderr = slopes.std() / len(slopes) ** 0.5
    assert abs(slopes.mean() - exponent) < SIGMAS * stderr
    assert abs(slopes.mean() - quoted) < SIGMAS * stderr
    assert exponent == pytest.approx(-0.5 * math.log(6) - 1.25 / width, abs=2e-4)


def test_bias_decides_the_story_of_angles(default_networks):
    x, y = normal(2, 400, 128, label="inputs")
    bare = dynamics.random_layers.random_pair(
        x, y, 60, bias=False, generator=generator(0, "weights")
    )

    def slope(angle, first, last):
        depth = torch.arange(first, last + 1, dtype=DOUBLE)
        curve = angle[first : last + 1].log().mean(1)
        depth = depth - depth.mean()
        return ((depth * curve).sum() / (depth**2).sum()).item()

    assert slope(default_networks.angle, 5, 60) == pytest.approx(-0.906, abs=0.004)
    # Without bias the angle falls like 3π/L: the slope depends on where it is read, .029 or so.
    assert -0.035 < slope(bare.angle, 5, 60) < slope(bare.angle, 20, 60) < -0.024
    # Distances fall alike with and without: bare networks shrink, biased ones come together.
    assert (bare.distance[60] / bare.norm[60]).mean() > 0.1
    assert (default_networks.distance[60] / default_networks.norm[60]).max() < 1e-20


def test_he_has_a_slow_cutoff_at_depth_proportional_to_width():
    locations = []
    for width in (16, 64):
        x, y = normal(2, 100, width, label=f"he {width}")
        orbit = dynamics.random_layers.random_pair(
            x, y, 50 * width, init="he", bias=False, generator=generator(0, "slow", width)
        )
        curve = dynamics.cutoff.separation(orbit.distance / orbit.norm[0], 1e-3)
        locations.append(dynamics.cutoff.depths(curve))
    early, late = (found / width for found, width in zip(locations, (16, 64), strict=True))
    torch.testing.assert_close(early[1], late[1], rtol=0.25, atol=0)
    # A wide window: L(.1)/L(.9) is far from 1.
    assert all(found[2] / found[0] > 1.7 for found in locations)


def test_float32_flattens_and_the_floor_is_recognised(default_networks):
    x, y = normal(2, 400, 128, label="inputs")
    single = dynamics.random_layers.random_pair(
        x.float(), y.float(), 60, tracked=False, generator=generator(0, "float32")
    )
    relative = (single.distance / single.norm).double().mean(1)
    # Flat at about 7e-8 from depth 23 on, six decades above the truth at 40 and beyond.
    assert ((relative[26:] > 4e-8) & (relative[26:] < 9e-8)).all()
    true = (default_networks.distance / default_networks.norm).mean(1)
    assert true[20] / relative[20] == pytest.approx(1, abs=0.25)
    assert true[40] / relative[40] < 1e-6
    assert 2 * true[24] < relative[24]
    # Told apart from a measured curve alone: the depth is where 8 ε is reached.
    for curve in (relative, true):
        found = dynamics.cutoff.roundoff_depth(curve, torch.ones(61, dtype=DOUBLE), torch.float32)
        assert 18 <= found.item() <= 20


# --- bridges -----------------------------------------------------------------------------------


def test_sgd_on_a_quadratic_has_the_gaussian_profile_exactly():
    rho, distance, std = 0.9, 1e5, 0.3
    shift = torch.linspace(-3, 6, 19, dtype=DOUBLE)
    steps = (math.log(distance / std) + shift) / math.log(1 / rho)
    found = dynamics.mixing.sgd_total_variation(steps, rho, distance, std)
    torch.testing.assert_close(found, dynamics.mixing.cutoff_profile(shift), rtol=0, atol=1e-12)
    # From a point, the variance still grows: the same profile up to (s/D)².
    point = dynamics.mixing.sgd_total_variation(steps, rho, distance, std, spread=0.0)
    torch.testing.assert_close(point, found, rtol=0, atol=1e-8)


def test_sgd_total_variation_in_simulation():
    rho, distance, std, n = 0.8, 6.0, 1.0, 7
    x = torch.full((200_000,), distance, dtype=DOUBLE)
    for step in range(n):
        noise = normal(200_000, label=f"noise {step}")
        x = rho * x + std * (1 - rho**2) ** 0.5 * noise
    # Total variation is attained on {density of x_n > density of π}, an interval (c, ∞) here up
    # to its far end: compare the probabilities of the set where they differ most.
    grid = torch.linspace(-1, 4, 501, dtype=DOUBLE)
    empirical = (torch.searchsorted(x.sort().values, grid)).double() / len(x)
    normal_cdf = 0.5 * (1 + torch.erf(grid / 2**0.5))
    found = dynamics.mixing.sgd_total_variation(n, rho, distance, std, spread=0.0).item()
    # The far end of the interval holds less than 1e-3.
    assert (normal_cdf - empirical).max().item() == pytest.approx(found, abs=6e-3)


def test_lazy_hypercube_has_the_same_profile():
    dim = 1000
    curve = dynamics.mixing.hypercube_total_variation(dim, int(0.5 * dim * math.log(dim) + 4 * dim))
    for shift in (-1.0, 0.0, 1.0, 3.0):
        step = round(0.5 * dim * math.log(dim) + shift * dim)
        expected = dynamics.mixing.cutoff_profile(torch.tensor(shift, dtype=DOUBLE)).item()
        # Corrections are of order 1/√n times the profile's.
        assert curve[step].item() == pytest.approx(expected, abs=0.01)


def test_seven_shuffles():
    found = [round(dynamics.mixing.riffle_total_variation(m), 3) for m in range(5, 11)]
    assert found == [0.924, 0.614, 0.334, 0.167, 0.085, 0.043]
    assert [round(dynamics.mixing.riffle_total_variation(m), 3) for m in (1, 4)] == [1.0, 1.0]
