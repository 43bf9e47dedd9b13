"""The facts of mean field theory at initialisation: every number by formula, the law by samples.

Tables are checked to the digits quoted: half a unit of the last one.
"""

import math

import pytest
import torch

from bsgd_edu import meanfield
from bsgd_edu.seeding import generator

DOUBLE = torch.float64
SIGMAS = 4  # wrong by chance about once in 16,000 comparisons of a Gaussian estimate


def normal(*shape, label):
    return torch.randn(*shape, generator=generator(0, label), dtype=DOUBLE)


def digits(found, quoted):
    """Whether a number is the quoted one (a string), rounded."""
    mantissa, _, exponent = quoted.partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(float(found) - float(quoted)) <= 0.5000001 * unit


CRITICAL = [
    (1e-4, "1.00019997", "1.00009998", "1.332534e-12", ".99980006", "5001.00"),
    (1 / 1024, "1.00195027", "1.00097466", "1.234531e-09", ".99805257", "512.998"),
    (1 / 64, "1.03055751", "1.01516379", "4.651333e-06", ".97012568", "32.9710"),
    (1 / 16, "1.11538062", "1.05611582", "2.368768e-04", ".89376500", "8.9037"),
    (0.25, "1.39396163", "1.18066152", "8.125154e-03", ".69582644", "2.7574"),
    (1.0, "2.15330265", "1.46741359", "1.509646e-01", ".39146544", "1.0663"),
]


@pytest.mark.parametrize(("q", "weight_var", "gain", "bias_var", "slope", "scale"), CRITICAL)
def test_critical_line_of_tanh(q, weight_var, gain, bias_var, slope, scale):
    point = meanfield.critical_line(q)
    assert digits(point.weight_var, weight_var)
    assert digits(point.weight_var.sqrt(), gain)
    assert digits(point.bias_var, bias_var)
    chi_q = meanfield.chi_q(q, point.weight_var)
    assert digits(chi_q, slope)
    assert digits(meanfield.depth_scale(chi_q), scale)
    reached = meanfield.fixed_point(*point)
    assert abs(reached.chi_1 - 1) < 1e-12
    assert digits(reached.xi_q, scale)


@pytest.mark.parametrize(
    ("bias_var", "weight_var", "q"),
    [
        (1e-6, "1.018253", ".009250"),
        (1e-4, "1.086026", None),
        (2e-5, "1.049912", None),
        (0.01, "1.424205", None),
        (0.05, "1.760955", ".570048"),
        (0.1, "1.986073", None),
        (0.25, "2.401489", None),
    ],
)
def test_critical_weights_of_a_bias(bias_var, weight_var, q):
    low, high = 1e-6, 10.0
    for _ in range(80):  # σ_b² increases along the line
        middle = math.sqrt(low * high)
        if meanfield.critical_line(middle).bias_var < bias_var:
            low = middle
        else:
            high = middle
    assert digits(meanfield.critical_line(low).weight_var, weight_var)
    assert q is None or digits(low, q)


@pytest.mark.parametrize(
    ("weight_var", "bias_var", "quoted"),
    [
        (1.5, 0.05, ".418037 .938636 1 .938636 15.7910 1.6828"),
        (2.0, 0.05, ".721762 1.047666 .744082 .961115 25.2134 1.3880"),
        (2.5, 0.05, "1.063958 1.133516 .446804 .918717 11.7956 1.1799"),
        (4.0, 0.05, "2.195494 1.342402 .165065 .866528 6.9803 .8733"),
    ],
)
def test_fixed_points_off_the_line(weight_var, bias_var, quoted):
    point = meanfield.fixed_point(weight_var, bias_var)
    found = (point.q, point.chi_1, point.c, point.chi_c, point.xi_c, point.xi_q)
    for value, text in zip(found, quoted.split(), strict=True):
        assert digits(value, text)


def test_depth_scales_of_a_small_bias():
    quoted = {1: "158.65", 1.2: "208.86", 1.5: "52.16", 2: "21.707", 3: "10.929", 4: "7.979"}
    for weight_var, scale in quoted.items():
        assert digits(meanfield.fixed_point(weight_var, 2e-5).xi_c, scale)
    assert digits(meanfield.fixed_point(1.2, 2e-5).chi_1, "1.009207")


def uniform(k=1):
    return torch.ones(2 * k + 1, dtype=DOUBLE) / (2 * k + 1)


def test_mode_factors_of_equal_taps():
    factors = meanfield.mode_factors(28, uniform())
    for value, text in zip(
        factors, ["1", ".983285", ".933979", ".854554", ".748993"], strict=False
    ):
        assert digits(value, text)
    scales = meanfield.depth_scale(factors[1:5])
    for value, text in zip(scales, ["59.326", "14.641", "6.362", "3.460"], strict=True):
        assert digits(value, text)
    first = meanfield.mode_factors(32, uniform())[1]
    assert digits(first, ".987190")
    assert digits(meanfield.depth_scale(first), "77.564")
    quoted = ["1", ".804738", ".333333", "-.138071", "-.333333"]
    for value, text in zip(meanfield.mode_factors(8, uniform()), quoted, strict=True):
        assert digits(value, text)


def test_what_is_left_of_modes_after_fifty_critical_layers():
    left = meanfield.mode_factors(28, uniform())[:4] ** 50
    for value, text in zip(left, ["1", ".43", ".033", "3.9e-4"], strict=True):
        assert digits(value, text)


def test_small_lengths_on_the_critical_line():
    point = meanfield.critical_line(1e-3)
    residual = point.weight_var - (1 + 2e-3 - 3e-6)
    assert digits(residual, "1.1e-8")
    assert digits(point.bias_var / (4 / 3 * 1e-9), ".99404")
    assert digits(point.bias_var, "1.3254e-9")
    ratio = meanfield.critical_line(0.01).bias_var / (4 / 3 * 1e-6)
    assert digits(ratio, ".9435")


def test_the_pair_of_the_ten_thousand_layer_paper_is_critical():
    point = meanfield.fixed_point(1.05, 2.01e-5)
    assert digits(point.chi_1, "1.0000002")
    assert digits(point.q, ".025921")


# --- covariances on a ring ----------------------------------------------------------------------


def one_layer_ratios(weight_var, bias_var, diagonal):
    """How one convolution multiplies small Fourier modes about the fixed point, 8 pixels."""
    size, epsilon = 8, 1e-6
    point = meanfield.fixed_point(weight_var, bias_var)
    eye = torch.eye(size, dtype=DOUBLE)
    # The diagonal moves on its own; at c* = 1 only smaller correlations leave it room to.
    rest = point.q * (eye + (0.5 if diagonal else point.c) * (1 - eye))
    position = torch.arange(size, dtype=DOUBLE)
    ratios = []
    for mode in range(size // 2 + 1):
        wave = epsilon * (2 * math.pi * mode * position / size).cos()
        change = torch.diag(wave)
        if not diagonal:  # constant along no diagonal: S_{a,a+2} moves with the mode
            shifted = torch.diag(wave).roll(2, 1)
            change = shifted + shifted.T
        image = meanfield.covariance_map(rest + change, weight_var, bias_var, taps=uniform())
        moved = (image - rest)[change.abs() > 0]
        ratios.append((moved @ change[change.abs() > 0]) / change.square().sum())
    return torch.stack(ratios)


def test_modes_of_the_diagonal_decay_as_chi_q_times_their_factor():
    quoted = [".551983", ".444202", ".183994", "-.076213", "-.183994"]
    for value, text in zip(one_layer_ratios(1.5, 0.05, True), quoted, strict=True):
        # Second order in ε = 1e-6 adds up to 1e-6 of the ratio.
        assert abs(value - float(text)) < 1.5e-6
    point = meanfield.fixed_point(1.5, 0.05)
    expected = point.chi_q * meanfield.mode_factors(8, uniform())
    for value, text in zip(expected, quoted, strict=True):
        assert digits(value, text)


def test_modes_off_the_diagonal_decay_as_chi_c_times_their_factor():
    quoted = [".918717", ".739326", ".306239", "-.126848"]
    found = one_layer_ratios(2.5, 0.05, False)
    for value, text in zip(found, quoted, strict=False):
        assert abs(value - float(text)) < 1.5e-6
    expected = meanfield.fixed_point(2.5, 0.05).chi_c * meanfield.mode_factors(8, uniform())
    for value, text in zip(expected, quoted, strict=False):
        assert digits(value, text)


# --- Jacobians ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("depth", "q", "quoted"), [(16, 1 / 16, ".3070"), (64, 1 / 64, ".1081"), (64, 0.25, "8.77")]
)
def test_jacobian_variance_of_orthogonal_layers(depth, q, quoted):
    moments = meanfield.jacobian_moments(q, depth, orthogonal=True)
    assert moments.mean == 1
    assert digits(moments.variance, quoted)
    gaussian = meanfield.jacobian_moments(q, depth, orthogonal=False).variance
    assert abs(gaussian - moments.variance - depth) < 1e-9


def test_dynamical_isometry_on_the_line_q_is_one_over_depth():
    depth = 10_000
    variance = meanfield.jacobian_moments(1 / depth, depth, orthogonal=True).variance
    assert abs(variance * depth / 8 - 1) < 2e-3  # 8 L q² (1 + O(q)) with q = 1e-4


@pytest.mark.parametrize("orthogonal", [True, False])
def test_jacobian_moments_off_the_line_are_those_of_wide_layers(orthogonal):
    width, depth, weight_var, q = 300, 3, 1.7, 0.4
    means, variances = [], []
    for run in range(12):
        jacobian = torch.eye(width, dtype=DOUBLE)
        for layer in range(depth):
            stream = generator(0, "jacobian", run, layer)
            w = torch.randn(width, width, generator=stream, dtype=DOUBLE) / width**0.5
            if orthogonal:
                meanfield.orthogonal_(w, generator=stream)
            h = q**0.5 * torch.randn(width, 1, generator=stream, dtype=DOUBLE)
            jacobian = (1 - h.tanh().square()) * (weight_var**0.5 * w @ jacobian)
        values = torch.linalg.svdvals(jacobian).square()
        means.append(values.mean())
        variances.append(values.var(correction=0))
    expected = meanfield.jacobian_moments(q, depth, orthogonal=orthogonal, weight_var=weight_var)
    for samples, value in zip((means, variances), expected, strict=True):
        samples = torch.stack(samples)
        # Finite width shifts moments by O(1/width), here below 1 %.
        assert (samples.mean() - value).abs() < SIGMAS * samples.std() / 12**0.5 + 0.01 * value


def propagated_jacobian(width, depth, q, orthogonal):
    """Squared singular values of a whole critical net's Jacobian at a random input."""
    point = meanfield.critical_line(q)
    stream = generator(0, "isometry", depth)
    h = q**0.5 * torch.randn(width, generator=stream, dtype=DOUBLE)
    jacobian = torch.eye(width, dtype=DOUBLE)
    for _ in range(depth):
        w = torch.randn(width, width, generator=stream, dtype=DOUBLE) / width**0.5
        if orthogonal:
            meanfield.orthogonal_(w, generator=stream)
        w *= point.weight_var.sqrt()
        jacobian = w @ ((1 - h.tanh().square()).unsqueeze(1) * jacobian)
        bias = torch.randn(width, generator=stream, dtype=DOUBLE)
        h = w @ h.tanh() + point.bias_var.sqrt() * bias
    return torch.linalg.svdvals(jacobian).square()


@pytest.mark.parametrize(
    ("depth", "q", "quoted"),
    [(16, 1 / 16, 0.3074), (64, 1 / 64, 0.1074), (64, 0.25, 8.97)],
)
def test_measured_jacobian_variance_of_a_net_of_width_400(depth, q, quoted):
    values = propagated_jacobian(400, depth, q, True)
    expected = meanfield.jacobian_moments(q, depth, orthogonal=True).variance
    # The length of one input's activations fluctuates by √(2/400) ≈ 7 % a draw, its q with it.
    assert abs(values.var(correction=0) / expected - 1) < 0.15
    assert abs(values.var(correction=0) / quoted - 1) < 0.15
    assert abs(values.mean() - 1) < 0.1
    isometry = q <= 1 / depth  # the conditions 14.8 and 11.0 are on record
    assert (values.max() / values.min() < 20**2) == isometry


def test_measured_jacobian_of_gaussian_layers_is_ill_conditioned():
    values = propagated_jacobian(400, 64, 1 / 64, False)
    # Of order L = 64, biased low at finite width (24 where measured before).
    assert 64 / 8 < values.var(correction=0) < 64 * 2
    assert values.max() / values.min() > 1e17


# --- gradients ----------------------------------------------------------------------------------


def gradient_growth(weight_var, bias_var, delta, channels, size=8, depth=8, runs=4):
    """Mean factor a layer of |∂L/∂h|² in a 1-D convolutional net with circular padding, k = 1."""
    point = meanfield.fixed_point(weight_var, bias_var)
    growth = []
    for run in range(runs):
        stream = generator(0, "growth", run)
        h = point.q**0.5 * torch.randn(4, channels, size, generator=stream, dtype=DOUBLE)
        kernels, states = [], []
        for _ in range(depth):
            kernel = torch.empty(channels, channels, 3, dtype=DOUBLE)
            if delta:
                meanfield.delta_orthogonal_(kernel, weight_var**0.5, generator=stream)
            else:
                kernel.normal_(0, (weight_var / (3 * channels)) ** 0.5, generator=stream)
            bias = bias_var**0.5 * torch.randn(channels, generator=stream, dtype=DOUBLE)
            states.append(h)
            kernels.append(kernel)
            padded = torch.nn.functional.pad(h.tanh(), (1, 1), mode="circular")
            h = torch.nn.functional.conv1d(padded, kernel, bias)
        g = torch.randn(h.shape, generator=stream, dtype=DOUBLE)
        before = g.square().mean()
        for kernel, state in zip(reversed(kernels), reversed(states), strict=True):
            padded = torch.nn.functional.pad(g, (1, 1), mode="circular")
            back = torch.nn.functional.conv1d(padded, kernel.transpose(0, 1).flip(-1))
            g = back * (1 - state.tanh().square())
        growth.append((g.square().mean() / before) ** (1 / depth))
    return torch.stack(growth)


@pytest.mark.parametrize("delta", [False, True])
@pytest.mark.parametrize(
    ("weight_var", "quoted"), [(1.5, ".9386"), (1.760955, "1.0000"), (2.5, "1.1335")]
)
def test_gradients_grow_by_chi_1_whatever_the_taps(weight_var, quoted, delta):
    chi = meanfield.fixed_point(weight_var, 0.05).chi_1
    assert digits(chi, quoted)
    growth = gradient_growth(weight_var, 0.05, delta, channels=768)
    assert growth.std() < 0.02 * chi  # four runs: the mean's standard error is below 1 %
    assert (growth.mean() / chi - 1).abs() < 0.01
