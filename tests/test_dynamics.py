"""Closed forms of `dynamics`, each evaluated a second way; what is out of range is refused."""

import math

import numpy as np
import pytest
import torch
from scipy.special import digamma

from bsgd_edu import dynamics, errors
from bsgd_edu.seeding import generator

DOUBLE = torch.float64


# --- contraction ------------------------------------------------------------------------------


@pytest.mark.parametrize("lr", [0.1, 0.3, 0.45, 0.7])
def test_gradient_step_factor_is_the_norm_of_the_worst_quadratic_step(lr):
    hessian = torch.diag(torch.tensor([0.5, 2.0, 4.0], dtype=DOUBLE))
    step = torch.eye(3, dtype=DOUBLE) - lr * hessian
    norm = torch.linalg.matrix_norm(step, 2).item()
    assert dynamics.contraction.gradient_step_factor(lr, 0.5, 4.0) == pytest.approx(norm, abs=1e-14)


@pytest.mark.parametrize(("lr", "below_one"), [(0.01, True), (0.49, True), (0.51, False)])
def test_factor_is_below_one_exactly_for_lr_below_two_over_the_largest_curvature(lr, below_one):
    assert (dynamics.contraction.gradient_step_factor(lr, 0.1, 4.0) < 1) is below_one
    assert (
        dynamics.contraction.gradient_step_factor(lr, 0.0, 4.0) >= 1
    )  # m = 0: never a contraction


def test_heavy_ball_matrix_is_the_derivative_of_the_momentum_map():
    from bsgd_edu import rules

    step = rules.momentum_map(lambda theta: 3.0 * theta, lr=0.2, momentum=0.7)
    jacobian = torch.autograd.functional.jacobian(step, torch.zeros(2, dtype=DOUBLE))
    assert torch.allclose(
        dynamics.contraction.heavy_ball_matrix(3.0, 0.2, 0.7), jacobian, atol=1e-14
    )


def test_softmax_hessians_lie_in_the_stated_range():
    from bsgd_edu import nets

    stream, net = generator(0, "softmax"), nets.LogisticRegression(3, 4, weight_decay=0.1)
    x = torch.randn(5, 3, generator=stream, dtype=DOUBLE)
    y = torch.randint(4, (5,), generator=stream)
    low, high = dynamics.contraction.softmax_hessian_range(x, 0.1)
    for scale in (0.0, 1.0, 5.0):
        theta = scale * torch.randn(net.dim, generator=stream, dtype=DOUBLE)
        hessian = torch.autograd.functional.hessian(lambda t: net.loss(t, x, y), theta)
        eigenvalues = torch.linalg.eigvalsh(hessian)
        assert low - 1e-12 <= eigenvalues.min()
        assert eigenvalues.max() <= high + 1e-12
    # At p = (½, ½) in two classes the bound is reached: the Hessian is ½ x̃ᵀx̃ on (1, −1)/√2.
    two = nets.LogisticRegression(3, 2)
    hessian = torch.autograd.functional.hessian(
        lambda t: two.loss(t, x, y % 2), torch.zeros(two.dim, dtype=DOUBLE)
    )
    low, high = dynamics.contraction.softmax_hessian_range(x, 0.0)
    assert torch.linalg.eigvalsh(hessian).max().item() == pytest.approx(high)


@pytest.mark.parametrize("curvature", [0.5, 1.0, 2.5])
def test_heavy_ball_contracts_at_root_beta_whatever_the_curvature_though_its_norm_exceeds_one(
    curvature,
):
    matrix = dynamics.contraction.heavy_ball_matrix(curvature, 0.5, 0.9)
    assert torch.linalg.matrix_norm(matrix, 2) > 1
    eigenvalues = torch.linalg.eigvals(matrix).abs()
    # A complex pair of modulus √β, to the round-off of a 2×2 eigenproblem.
    assert eigenvalues.tolist() == pytest.approx([math.sqrt(0.9)] * 2, abs=1e-12)
    power = torch.linalg.matrix_power(matrix, 400)
    # Gelfand: ‖Mⁿ‖^{1/n} → √β; the prefactor of a complex pair is bounded, so 2 % at n = 400.
    assert torch.linalg.matrix_norm(power, 2).item() ** (1 / 400) == pytest.approx(0.9**0.5, 0.02)


# --- tails ------------------------------------------------------------------------------------


def test_scalar_exponent_tends_to_the_full_gaussian_logarithm_at_large_lr():
    # |1 − ηx²| → ηx²: E log = log η + E log x² = log η + ψ(½) + log 2, to first order in 1/√η.
    lr = 1e6
    limit = math.log(lr) + digamma(0.5) + math.log(2)
    assert dynamics.tails.scalar_lyapunov_exponent(lr) == pytest.approx(limit, abs=5e-3)


def test_scalar_exponent_is_minus_lr_to_first_order():
    # E log(1 − ηx²) = −η − 3η²/2 − …
    assert dynamics.tails.scalar_lyapunov_exponent(1e-3) == pytest.approx(-1e-3 - 1.5e-6, abs=1e-8)


@pytest.mark.parametrize(("lr", "dim", "batch"), [(0.5, 1, 2), (0.3, 5, 3), (0.2, 12, 1)])
def test_regression_exponent_is_the_growth_of_a_product_of_random_matrices(lr, dim, batch):
    stream, runs, steps = generator(0, "product", dim, batch), 400, 200
    vector = torch.randn(runs, dim, generator=stream, dtype=DOUBLE)
    growth = torch.zeros(runs, dtype=DOUBLE)
    for _ in range(steps):
        x = torch.randn(runs, batch, dim, generator=stream, dtype=DOUBLE)
        vector = vector / vector.norm(dim=1, keepdim=True)
        vector = vector - lr / batch * torch.einsum("rbd,rbe,re->rd", x, x, vector)
        growth += vector.norm(dim=1).log()
    rate = growth / steps
    stderr = (rate.std() / runs**0.5).item()
    gap = abs(rate.mean().item() - dynamics.tails.regression_lyapunov_exponent(lr, dim, batch))
    assert gap < 4 * stderr + 1e-4  # 1e-4: the quadrature's stated accuracy


def test_mean_log_lipschitz_bounds_the_exponent_and_fails_for_rank_deficient_batches():
    lrs = torch.tensor([0.05, 0.2, 0.4])
    for dim, batch in [(3, 9), (3, 2)]:
        value = dynamics.tails.regression_mean_log_lipschitz(
            lrs, dim, batch, generator=generator(0, dim, batch)
        )
        for lr, mean_log in zip(lrs.tolist(), value.tolist(), strict=True):
            assert mean_log >= dynamics.tails.regression_lyapunov_exponent(lr, dim, batch) - 0.02
        assert bool((value >= 0).all()) is (batch < dim)


def test_kesten_index_solves_its_equation_by_monte_carlo():
    # α = 3 needs 2α = 6 more moments to have a variance: fine for Gaussian x.
    lr = 0.45
    alpha = dynamics.tails.kesten_index(lr)
    x = torch.randn(2_000_000, generator=generator(0, "kesten"), dtype=DOUBLE)
    moment = (1 - lr * x**2).abs() ** alpha
    assert abs(moment.mean() - 1) < 4 * moment.std() / len(x) ** 0.5


def test_kesten_index_is_four_where_the_fourth_moment_condition_says():
    # E(1 − ηx²)⁴ = 1 − 4η + 18η² − 60η³ + 105η⁴ from the even moments 1, 3, 15, 105.
    roots = np.roots([105, -60, 18, -4])
    lr = float(roots[np.isreal(roots)].real[0])
    assert dynamics.tails.kesten_index(lr) == pytest.approx(4, abs=1e-8)


def test_hill_index_of_a_pareto_law_is_its_index_whatever_the_sign_and_scale():
    # P(s > t) = t^−α for t ≥ 1: above any threshold exactly a power law, so there is no bias.
    uniform = torch.rand(100_000, generator=generator(0, "pareto"), dtype=DOUBLE)
    samples = uniform**-0.8  # α = 1.25
    found = float(dynamics.tails.hill_index(samples, largest=10_000))
    assert abs(found - 1.25) < 4 * 1.25 / 100  # four of its standard errors α/√k
    other = float(dynamics.tails.hill_index(-7 * samples, largest=10_000))
    assert other == pytest.approx(found, rel=1e-12)


def test_hill_index_by_hand():
    # log(4/1) and log(2/1) above the third largest; the fourth plays no part.
    samples = torch.tensor([2.0, -0.5, 1.0, -4.0], dtype=DOUBLE)
    assert float(dynamics.tails.hill_index(samples, largest=3)) == pytest.approx(
        2 / (3 * np.log(2))
    )


# --- Bernoulli convolutions -------------------------------------------------------------------


def test_cdf_at_one_half_is_uniform_and_at_one_third_is_cantors():
    x = torch.linspace(-1, 1, 201, dtype=DOUBLE)
    assert torch.allclose(dynamics.bernoulli.cdf(0.5, x), (x + 1) / 2, atol=1e-14)
    # The Cantor function at a ternary fraction without the digit 1 halves its digits.
    digits = [2, 0, 2, 2]
    point = 2 * sum(d / 3 ** (i + 1) for i, d in enumerate(digits)) - 1 + 1e-12
    value = sum(d / 2 / 2 ** (i + 1) for i, d in enumerate(digits))
    cdf = dynamics.bernoulli.cdf(1 / 3, torch.tensor([point], dtype=DOUBLE))
    assert cdf.item() == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("ratio", [0.3, 0.5, 0.62, 0.8])
def test_samples_follow_the_cdf(ratio):
    draws = dynamics.bernoulli.convolution(ratio, 20_000, generator=generator(0, "bernoulli"))
    ordered = draws.sort().values
    empirical = torch.arange(1, len(draws) + 1) / len(draws)
    distance = (dynamics.bernoulli.cdf(ratio, ordered) - empirical).abs().max()
    assert distance < 1.95 / math.sqrt(20_000)  # Kolmogorov's 0.1 % point


def test_cdf_agrees_with_the_characteristic_function():
    # E e^{itY} = Π cos((1 − ρ)ρᵏt), against ∫ e^{itx} dF on a grid; grid error 2/4096 · t.
    ratio, t = 0.7, 3.0
    product = math.prod(math.cos((1 - ratio) * ratio**k * t) for k in range(100))
    x = torch.linspace(-1, 1, 4097, dtype=DOUBLE)
    mass = dynamics.bernoulli.cdf(ratio, x).diff()
    integral = (mass * (t * (x[1:] + x[:-1]) / 2).cos()).sum().item()
    assert integral == pytest.approx(product, abs=1e-4)


def test_question_mark_turns_continued_fractions_into_binary_digits():
    # ?([0; a_1, a_2, …]) = 2 Σ_k (−1)^{k+1} 2^{−(a_1 + … + a_k)}, another route to the same number.
    for partial in ([2], [3], [2, 2], [1, 3, 2], [4, 1, 1, 5], [1] * 40, [2] * 20):
        point, value, places = 0.0, 0.0, np.cumsum(partial)
        for a in reversed(partial):
            point = 1 / (a + point)
        for k, place in enumerate(places):
            value += 2 * (-1) ** k * 0.5 ** int(place)
        found = dynamics.bernoulli.question_mark(torch.tensor(point, dtype=DOUBLE)).item()
        # 45 digits are 3e-14; the function is Hölder of exponent 0.72, so that t ± 1e-16 is 3e-12.
        assert found == pytest.approx(value, abs=1e-11)


def test_question_mark_is_symmetric_increasing_and_keeps_the_ends():
    t = torch.linspace(0, 1, 1001, dtype=DOUBLE)
    value = dynamics.bernoulli.question_mark(t)
    assert value[0] == 0
    assert value[-1] == pytest.approx(1, abs=1e-13)
    assert value.diff().min() >= 0
    assert torch.allclose(value, 1 - dynamics.bernoulli.question_mark(1 - t), atol=1e-11)
    assert dynamics.bernoulli.question_mark(t.float()).dtype is DOUBLE


# --- coupling ---------------------------------------------------------------------------------


def test_past_sampling_agrees_with_the_eigenvector_of_a_random_chain():
    stream = generator(0, "chain")
    matrix = torch.rand(4, 4, generator=stream, dtype=DOUBLE) + 0.1
    matrix /= matrix.sum(1, keepdim=True)
    law = torch.linalg.matrix_power(matrix, 200)[0]

    def draw(g, count):  # every state jumps on its own
        return torch.stack(
            [torch.multinomial(row, count, replacement=True, generator=g) for row in matrix], dim=1
        )

    states, steps = dynamics.coupling.from_the_past(draw, 20_000, generator=stream)
    chi_square = ((states.bincount(minlength=4) - 20_000 * law) ** 2 / (20_000 * law)).sum()
    assert chi_square < 16.3  # the 0.1 % point of chi-square with 3 degrees of freedom
    assert steps.min() >= 1


def test_lindley_forward_is_the_relu_recursion_from_any_start():
    increments = torch.randn(50, 3, generator=generator(0), dtype=DOUBLE)
    for start in (0.0, 2.5):
        w, path = torch.full((3,), start, dtype=DOUBLE), []
        for x in increments:
            w = torch.relu(w + x)
            path.append(w)
        assert torch.allclose(
            dynamics.coupling.lindley_forward(increments, start)[1:], torch.stack(path), atol=1e-12
        )


# --- jitter -----------------------------------------------------------------------------------


def test_jitter_of_white_noise_on_a_line_is_its_standard_deviation():
    runs, times = 400, 50
    noise = torch.randn(times, runs, generator=generator(0), dtype=DOUBLE)
    values = 0.3 * noise + torch.linspace(0, 5, times, dtype=DOUBLE)[:, None]
    square = dynamics.jitter.sequential_jitter(values, degree=1) ** 2
    assert abs(square.mean() - 0.09) < 4 * square.std() / runs**0.5
    assert (dynamics.jitter.sequential_jitter(values, degree=0) > 1).all()


def test_jitter_ignores_where_the_curve_lies_and_scales_with_it():
    values = torch.randn(30, generator=generator(0), dtype=DOUBLE)
    base = dynamics.jitter.sequential_jitter(values)
    assert torch.allclose(base, values.std())
    assert torch.allclose(dynamics.jitter.sequential_jitter(3 * values + 100), 3 * base)


# --- what is refused --------------------------------------------------------------------------

BAD_MAPS = lambda g, n: torch.tensor([[0, 5]]).expand(n, 2)  # noqa: E731


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: dynamics.contraction.gradient_step_factor(0, 1, 2), errors.DomainError, "it is 0"),
        (
            lambda: dynamics.contraction.gradient_step_factor(1, 3, 2),
            errors.DomainError,
            r"\[3, 2\]",
        ),
        (
            lambda: dynamics.contraction.backward_error_bound(1.0, 1, 2),
            errors.DomainError,
            "it is 1.0",
        ),
        (
            lambda: dynamics.contraction.backward_error_bound(0.5, -1, 2),
            errors.DomainError,
            "it is -1",
        ),
        (
            lambda: dynamics.contraction.heavy_ball_matrix(1, 1, 1.0),
            errors.DomainError,
            "it is 1.0",
        ),
        (
            lambda: dynamics.contraction.order_difference([], torch.ones(2), 0.1),
            errors.ShapeError,
            "length 0",
        ),
        (
            lambda: dynamics.contraction.order_difference(
                [lambda x: x.sum(-1)], torch.ones(2), 0.1
            ),
            errors.ShapeError,
            r"\(2,\) into \(\)",
        ),
        (
            lambda: dynamics.contraction.softmax_hessian_range(torch.ones(3), 0.1),
            errors.ShapeError,
            r"\(3,\)",
        ),
        (lambda: dynamics.stationary.ar1_variance(2, 1, 1), errors.DomainError, "it is 2"),
        (
            lambda: dynamics.stationary.ar1_forward_correlation(1.5, 3),
            errors.DomainError,
            "it is 1.5",
        ),
        (
            lambda: dynamics.stationary.regression_sgd_variance(0.7, 1, 1, 1),
            errors.DomainError,
            "0.666667",
        ),
        (
            lambda: dynamics.stationary.lyapunov_covariance(torch.eye(2), torch.eye(3), 0.1),
            errors.ShapeError,
            r"\(2, 2\) and \(3, 3\)",
        ),
        (
            lambda: dynamics.stationary.lyapunov_covariance(torch.eye(2), torch.eye(2), 2.5),
            errors.DomainError,
            "it is 1.5",
        ),
        (
            lambda: dynamics.stationary.small_lr_covariance(torch.ones(2), torch.ones(2), 0.1),
            errors.ShapeError,
            r"\(2,\)",
        ),
        (
            lambda: dynamics.bernoulli.convolution(1.0, 3, generator=generator(0)),
            errors.DomainError,
            "it is 1.0",
        ),
        (lambda: dynamics.bernoulli.cdf(0.0, torch.ones(1)), errors.DomainError, "it is 0.0"),
        (
            lambda: dynamics.bernoulli.question_mark(torch.tensor([0.5, -0.25, math.nan])),
            errors.DomainError,
            r"t must lie in \[0, 1\], but entry \(1,\) is -0.25 \(2 of 3",
        ),
        (lambda: dynamics.tails.scalar_lyapunov_exponent(-1), errors.DomainError, "it is -1"),
        (lambda: dynamics.tails.kesten_index(2.5), errors.DomainError, "2.42125, but it is 2.5"),
        (lambda: dynamics.tails.kesten_index(1e-3), errors.ConvergenceError, "lr = 0.001"),
        (
            lambda: dynamics.tails.hill_index(torch.ones(5), largest=6),
            errors.DomainError,
            "5.* is 6",
        ),
        (
            lambda: dynamics.tails.hill_index(torch.ones(5), largest=3),
            errors.DomainError,
            "3 .*1..1",
        ),
        (
            lambda: dynamics.tails.regression_lyapunov_exponent(1, 0, 1),
            errors.DomainError,
            "dim must be an integer ≥ 1, but it is 0",
        ),
        (
            lambda: dynamics.tails.regression_mean_log_lipschitz(1, 1, 0, generator=generator(0)),
            errors.DomainError,
            "batch must be an integer ≥ 1, but it is 0",
        ),
        (lambda: dynamics.coupling.meeting_time(0.1, 1, 1), errors.DomainError, "it is 0.1"),
        (
            lambda: dynamics.coupling.meeting_time(-1, 0, 1),
            errors.DomainError,
            "distance must be positive and finite, but it is 0",
        ),
        (
            lambda: dynamics.coupling.synchronous([], torch.ones(2), torch.ones(3)),
            errors.ShapeError,
            r"\(2,\) and \(3,\)",
        ),
        (
            lambda: dynamics.coupling.from_the_past(
                lambda g, n: torch.zeros(n), 2, generator=generator(0)
            ),
            errors.ShapeError,
            r"\(2,\)",
        ),
        (
            lambda: dynamics.coupling.from_the_past(BAD_MAPS, 2, generator=generator(0)),
            errors.DomainError,
            "maps must take values in 0 … 1, but entry \\(0, 1\\) is 5 \\(2 of 4",
        ),
        (
            lambda: dynamics.coupling.from_the_past(
                lambda g, n: torch.tensor([[1, 0]]).expand(n, 2),
                2,
                generator=generator(0),
                max_steps=9,
            ),
            errors.ConvergenceError,
            "2 of 2 are not after 9 maps",
        ),
        (
            lambda: dynamics.jitter.sequential_jitter(torch.ones(2), degree=1),
            errors.ShapeError,
            r"3 times, but their shape is \(2,\)",
        ),
        (
            lambda: dynamics.jitter.sequential_jitter(torch.ones(9), degree=-1),
            errors.DomainError,
            "-1",
        ),
    ],
)
def test_what_is_out_of_range_is_refused_with_its_numbers(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
