"""The facts of iteration order: forward against backward composition of the same random maps.

Each test names one fact. Identities are held to float64 round-off, limits to a stated rate,
laws to standard errors of the simulation that checks them.
"""

import itertools
import math

import pytest
import torch

from bsgd_edu import datasets, dynamics, maps, nets, rules
from bsgd_edu.maps import AffineMap, backward_orbit, forward_orbit, windowed_orbit
from bsgd_edu.seeding import generator

DOUBLE = torch.float64
# Wrong by chance about once in 16,000 comparisons of a Gaussian estimate.
SIGMAS = 4


def scalar_maps(factor, targets):
    """T_i(x) = ρx + (1 − ρ)a_i for targets (n, *runs), as one batch of affine maps."""
    matrix = torch.full((len(targets), *[1] * (targets.dim() - 1), 1, 1), factor, dtype=DOUBLE)
    return AffineMap(matrix, (1 - factor) * targets.unsqueeze(-1))


def near(samples, expected, scale=1.0):
    """Whether the mean of independent samples is within SIGMAS standard errors of a number."""
    stderr = samples.std() / len(samples) ** 0.5
    return abs(samples.mean().item() - expected) <= SIGMAS * stderr.item() * scale


def variance_near(samples, expected):
    """The same for the variance, through (x − mean)²."""
    return near((samples - samples.mean()) ** 2, expected)


# --- one parabola -----------------------------------------------------------------------------


def test_hand_case():
    targets = torch.tensor([1.0, 0.0, -1.0, 2.0], dtype=DOUBLE)
    steps, x0 = scalar_maps(0.5, targets), torch.tensor([8.0], dtype=DOUBLE)
    assert forward_orbit(steps, x0)[1:, 0].tolist() == [4.5, 2.25, 0.625, 1.3125]
    assert backward_orbit(steps, x0)[1:, 0].tolist() == [4.5, 2.5, 1.375, 1.0]


def test_both_orders_have_their_closed_forms():
    rho, a = 0.7, torch.randn(30, generator=generator(0), dtype=DOUBLE)
    powers = rho ** torch.arange(30, dtype=DOUBLE)
    end_x = rho**30 * 5 + (1 - rho) * (powers.flip(0) * a).sum()
    end_y = rho**30 * 5 + (1 - rho) * (powers * a).sum()
    x0 = torch.tensor([5.0], dtype=DOUBLE)
    assert forward_orbit(scalar_maps(rho, a), x0)[-1, 0].item() == pytest.approx(end_x.item())
    assert backward_orbit(scalar_maps(rho, a), x0)[-1, 0].item() == pytest.approx(end_y.item())


def test_backward_is_forward_on_the_reversed_list_exactly():
    net = nets.MLP([2, 5, 1], activation="tanh", loss="mse")
    x, y = datasets.wave_regression(40, noise_std=0.1, generator=generator(0, "data"))
    batches = datasets.draw_batches(40, 12, 4, generator=generator(0, "batches"))
    theta = net.init(generator(0, "init")).double()
    steps = rules.sgd_maps(net, x.double(), y.double(), batches, 0.2)
    for n in (1, 5, 12):
        backward = backward_orbit(steps, theta, at=[n])[0]
        reversed_forward = forward_orbit(steps[:n][::-1], theta, at=[n])[0]
        # The two are summed in different groups of rows: round-off only.
        assert torch.allclose(backward, reversed_forward, rtol=1e-12, atol=1e-13)


def test_backward_increments_are_geometric():
    rho, x0 = 0.8, 3.0
    a = torch.randn(20, generator=generator(0), dtype=DOUBLE)
    y = backward_orbit(scalar_maps(rho, a), torch.tensor([x0], dtype=DOUBLE))[:, 0]
    predicted = rho ** torch.arange(20, dtype=DOUBLE) * (1 - rho) * (a - x0)
    assert torch.allclose(y.diff(), predicted, atol=1e-14)


@pytest.fixture(scope="module")
def long_runs():
    """20,000 runs of 60 steps at ρ = .8 with Gaussian targets, σ = 2: (x, y), each (61, runs)."""
    rho, sigma = 0.8, 2.0
    a = sigma * torch.randn(60, 20_000, generator=generator(0, "targets"), dtype=DOUBLE)
    x0 = torch.zeros(20_000, 1, dtype=DOUBLE)
    steps = scalar_maps(rho, a)
    return rho, sigma, a, forward_orbit(steps, x0)[..., 0], backward_orbit(steps, x0)[..., 0]


def test_stationary_variance(long_runs):
    rho, sigma, _, x, y = long_runs
    predicted = dynamics.stationary.ar1_variance(1 - rho, 1.0, sigma**2)
    assert predicted == pytest.approx(sigma**2 * 0.2 / 1.8)
    assert variance_near(x[-1], predicted)
    assert variance_near(y[-1], predicted)


def test_correlation_along_the_path_at_step_40(long_runs):
    rho, _, _, x, y = long_runs
    forward = torch.corrcoef(x[40:42])[0, 1].item()
    backward = torch.corrcoef(y[40:42])[0, 1].item()
    # The standard error of a correlation r is (1 − r²)/√n.
    assert (
        abs(forward - dynamics.stationary.ar1_forward_correlation(rho, 40))
        < SIGMAS * 0.36 / 20_000**0.5
    )
    assert round(forward, 1) == 0.8
    assert abs(backward - dynamics.stationary.ar1_backward_correlation(rho, 40)) < 1e-8
    assert round(backward, 6) == 1.0


def test_forward_keeps_jumping_and_backward_does_not(long_runs):
    rho, sigma, _, x, y = long_runs
    assert near((x[60] - x[59]) ** 2, dynamics.stationary.ar1_forward_jump(rho, sigma) ** 2)
    assert (y[60] - y[59]).square().mean().sqrt() < 2 * rho**59 * sigma


def test_law_is_the_same_at_every_step(long_runs):
    _, _, _, x, y = long_runs
    for n in (1, 3, 10, 40):
        # Two-sample Kolmogorov–Smirnov, 0.1 % point 1.95 √(2/n); x and y share their targets,
        # which does not matter for two marginals that agree exactly at n = 1.
        grid = torch.cat([x[n], y[n]]).sort().values
        gap = torch.searchsorted(x[n].sort().values, grid) - torch.searchsorted(
            y[n].sort().values, grid
        )
        assert gap.abs().max() / 20_000 < 1.95 * math.sqrt(2 / 20_000)


def test_variance_of_the_limit_given_its_first_batches(long_runs):
    rho, sigma, a, _, y = long_runs
    for known in (0, 1, 4):
        decided = (1 - rho) * (rho ** torch.arange(known, dtype=DOUBLE) @ a[:known])
        rest = y[-1] - decided if known else y[-1]
        # Var(y_∞ | a_1 … a_k): what ρ^{2k} leaves of the stationary variance.
        assert variance_near(rest, rho ** (2 * known) * sigma**2 * (1 - rho) / (1 + rho))


def test_limit_averages_a_finite_number_of_batches(long_runs):
    rho, sigma, _, _, y = long_runs
    assert (1 + rho) / (1 - rho) == pytest.approx(9)  # σ²/Var(y_∞), whatever the length of the run
    assert variance_near(y[-1], sigma**2 / 9)


def test_polyak_mean_reaches_the_variance_of_the_mean_of_the_targets(long_runs):
    rho, sigma, _, x, y = long_runs

    def variance_of_mean(steps):  # of x_1 … x_n, for σ = 1: Σ_{j≤n} (1 − ρʲ)²/n²
        weights = 1 - rho ** torch.arange(1, steps + 1, dtype=DOUBLE)
        return weights.square().sum().item() / steps**2

    assert variance_near(x[1:].mean(0), sigma**2 * variance_of_mean(60))
    for steps in (10**3, 10**5):
        scaled = steps * variance_of_mean(steps)
        assert scaled == pytest.approx(1, abs=10 / steps)  # 1 − (2ρ/(1−ρ) − …)/n
    # Averaging the backward path gains nothing: its points agree already.
    assert y[1:].mean(0).var() > 5 * x[1:].mean(0).var()


@pytest.mark.parametrize("ratio", [1 / 3, 0.5])
def test_coin_flip_targets_give_bernoulli_convolutions(ratio):
    signs = torch.randint(0, 2, (60, 20_000), generator=generator(0, "coins")).to(DOUBLE) * 2 - 1
    y = backward_orbit(scalar_maps(ratio, signs), torch.zeros(20_000, 1, dtype=DOUBLE), at=[60])
    ordered = y[0, :, 0].sort().values
    empirical = torch.arange(1, 20_001) / 20_000
    cdf = (ordered + 1) / 2 if ratio == 0.5 else dynamics.bernoulli.cdf(ratio, ordered)
    assert (cdf - empirical).abs().max() < 1.95 / 20_000**0.5  # Kolmogorov's 0.1 % point
    if ratio < 0.5:  # nothing falls in the middle third
        assert (y.abs() >= 1 / 3 - 1e-12).all()


def test_cyclic_targets_end_forward_in_a_cycle_and_backward_in_a_point():
    rho, period = 0.6, 5
    angle = 2 * math.pi * (torch.arange(200, dtype=DOUBLE) % period) / period
    targets = torch.stack([angle.cos(), angle.sin()], dim=1)  # around the circle for ever
    steps = AffineMap(
        rho * torch.eye(2, dtype=DOUBLE).expand(200, 2, 2),
        (1 - rho) * targets,
    )
    x0 = torch.tensor([4.0, -2.0], dtype=DOUBLE)
    x, y = forward_orbit(steps, x0), backward_orbit(steps, x0)
    assert torch.allclose(x[195], x[200], atol=1e-12)
    assert torch.linalg.vector_norm(x[199] - x[200]) > 0.1
    assert torch.linalg.vector_norm(y[199] - y[200]) < 1e-12
    assert torch.linalg.vector_norm(y[199] - y[150]) < 1e-12


# --- contraction ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quadratics():
    """60 gradient steps on quadratics in R⁴ whose Hessians have eigenvalues in [½, 4]."""
    stream = generator(0, "quadratics")
    q, _ = torch.linalg.qr(torch.randn(60, 4, 4, generator=stream, dtype=DOUBLE))
    eigenvalues = 0.5 + 3.5 * torch.rand(60, 4, generator=stream, dtype=DOUBLE)
    hessian = q @ torch.diag_embed(eigenvalues) @ q.mT
    centre = torch.randn(60, 4, generator=stream, dtype=DOUBLE)
    lr = 0.3
    steps = AffineMap(
        torch.eye(4, dtype=DOUBLE) - lr * hessian, lr * (hessian @ centre[..., None])[..., 0]
    )
    return steps, dynamics.contraction.gradient_step_factor(lr, 0.5, 4.0)


def test_backward_iterates_obey_the_error_bound_without_any_probability(quadratics):
    steps, factor = quadratics
    assert factor == pytest.approx(0.85)
    x0 = torch.zeros(4, dtype=DOUBLE)
    y = backward_orbit(steps, x0)
    moves = torch.stack([t(x0) - x0 for t in steps.unbind()]).norm(dim=1)
    increments = y.diff(dim=0).norm(dim=1)
    powers = factor ** torch.arange(60, dtype=DOUBLE)
    assert (increments <= powers * moves + 1e-14).all()
    steps_n = torch.arange(30)
    bound = dynamics.contraction.backward_error_bound(factor, moves.max().item(), steps_n)
    assert ((y[:30] - y[-1]).norm(dim=1) <= bound).all()


def test_limit_does_not_depend_on_the_start_and_forward_only_forgets_it(quadratics):
    steps, factor = quadratics
    starts = torch.tensor([[0.0] * 4, [50.0, -20.0, 3.0, 7.0]], dtype=DOUBLE)
    gap = (starts[0] - starts[1]).norm()
    y = backward_orbit(steps, starts)
    x = forward_orbit(steps, starts)
    assert (y[-1, 0] - y[-1, 1]).norm() <= factor**60 * gap
    assert (x[-1, 0] - x[-1, 1]).norm() <= factor**60 * gap
    assert (x[-1, 0] - x[-2, 0]).norm() > 0.05  # it forgets, and goes on moving


def test_windowed_head_shrinks_jitter_by_its_contraction(quadratics):
    steps, factor = quadratics
    x0 = torch.zeros(4, dtype=DOUBLE)
    spread = {}
    for window in (0, 4, 8, 60):
        u = windowed_orbit(steps, x0, window=window)
        spread[window] = u[30:].diff(dim=0).norm(dim=1).max()
    assert spread[4] <= factor**4 * 2 * spread[0]
    assert spread[8] <= factor**8 * 2 * spread[0]
    # Full window and block of one: the two ends of the family.
    y, x = backward_orbit(steps, x0), forward_orbit(steps, x0)
    assert torch.allclose(windowed_orbit(steps, x0, window=60), y, atol=1e-12)
    assert torch.allclose(windowed_orbit(steps, x0, window=0), x, atol=1e-12)
    assert torch.allclose(rules.block_backward_orbit(steps.unbind(), x0, block=1), x, atol=1e-12)
    assert torch.allclose(rules.block_backward_orbit(steps.unbind(), x0, block=60), y, atol=1e-12)


def test_append_linearisation_is_exact_for_affine_maps(quadratics):
    steps, _ = quadratics
    x0 = torch.ones(4, dtype=DOUBLE)
    old, new = steps.unbind()[:6], steps.unbind()[6:9]
    guess = rules.append_linearisation(old, x0, new)
    assert torch.allclose(guess, backward_orbit(steps, x0, at=[6, 7, 8, 9]), atol=1e-12)


def test_coupled_runs_meet_after_log_distance_over_exponent():
    stream = generator(0, "coupling")
    a = torch.randn(400, generator=stream, dtype=DOUBLE)
    x = torch.randn(400, 500, generator=stream, dtype=DOUBLE)
    lr, tolerance, start = 0.5, 1e-6, 100.0
    # Scalar regression: a random factor each step, exponent E log|1 − ηx²|.
    steps = AffineMap((1 - lr * x**2)[..., None, None], (a[:, None] * x)[..., None])
    ones = torch.ones(500, 1, dtype=DOUBLE)
    distance = dynamics.coupling.synchronous(steps, 0 * ones, start * ones)
    met = (distance > tolerance).sum(0).double()  # first step within the tolerance, roughly
    predicted = dynamics.coupling.meeting_time(
        dynamics.tails.scalar_lyapunov_exponent(lr), start, tolerance
    )
    # First passage of a random walk overshoots by a bounded number of steps.
    assert met.mean().item() == pytest.approx(predicted, abs=3)


# --- order of two steps -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_net():
    """Three batch gradients of a tanh network with an autograd-free, differentiable formula."""
    stream = generator(0, "net")
    inputs = torch.randn(6, 5, 3, generator=stream, dtype=DOUBLE)
    targets = torch.randn(6, 5, generator=stream, dtype=DOUBLE)
    theta = torch.randn(16, generator=stream, dtype=DOUBLE)

    def summed_loss(theta, x, y):  # over the rows of theta, which share no parameter
        hidden = torch.tanh(x @ theta[..., :12].unflatten(-1, (4, 3)).mT)
        residual = (hidden @ theta[..., 12:, None])[..., 0] - y
        return 0.5 * residual.square().mean(-1).sum()

    def gradient(i):
        return lambda theta: torch.func.grad(summed_loss)(theta, inputs[i], targets[i])

    return [gradient(i) for i in range(6)], theta


def residuals(small_net, measure):
    gradients, theta = small_net
    out = []
    for lr in (0.005, 0.0025, 0.00125):
        steps = [rules.sgd_map(g, lr) for g in gradients]
        out.append(measure(steps, theta, lr, gradients).norm().item())
    return [math.log2(a / b) for a, b in itertools.pairwise(out)]


def test_difference_of_the_orders_is_second_order_in_lr(small_net):
    def measure(steps, theta, lr, gradients):
        n = [len(steps)]
        return forward_orbit(steps, theta, at=n)[0] - backward_orbit(steps, theta, at=n)[0]

    assert all(order == pytest.approx(2, abs=0.06) for order in residuals(small_net, measure))


def test_bracket_explains_the_difference_up_to_third_order(small_net):
    def measure(steps, theta, lr, gradients):
        n = [len(steps)]
        gap = forward_orbit(steps, theta, at=n)[0] - backward_orbit(steps, theta, at=n)[0]
        return gap - dynamics.contraction.order_difference(gradients, theta, lr)

    assert all(order == pytest.approx(3, abs=0.06) for order in residuals(small_net, measure))


def test_bracket_by_derivatives_equals_bracket_by_differences(small_net):
    gradients, theta = small_net
    lr = 1e-3
    steps = [rules.sgd_map(g, lr) for g in gradients]
    exact = dynamics.contraction.order_difference(gradients, theta, lr)
    # The symmetric difference has relative error of order (lr·|g|)².
    assert torch.allclose(rules.lie_bracket(steps, theta), exact, rtol=1e-3, atol=1e-9)


def test_corrected_forward_end_is_third_order_from_the_backward_end(small_net):
    def measure(steps, theta, lr, gradients):
        corrected = rules.lie_bracket_correction(steps, theta)
        return corrected - backward_orbit(steps, theta, at=[len(steps)])[0]

    assert all(order == pytest.approx(3, abs=0.06) for order in residuals(small_net, measure))


def test_palindromic_average_is_free_of_the_order_up_to_third_order(small_net):
    def measure(steps, theta, lr, gradients):
        # Any other order of the same batches has the same average, up to O(η³).
        shuffled = [steps[i] for i in (2, 0, 5, 1, 4, 3)]
        return rules.palindromic_average(steps, theta) - rules.palindromic_average(shuffled, theta)

    assert all(order == pytest.approx(3, abs=0.06) for order in residuals(small_net, measure))


# --- multiplicative noise ---------------------------------------------------------------------


def test_lyapunov_exponent_and_its_zero():
    assert dynamics.tails.scalar_lyapunov_exponent(0.5) == pytest.approx(-0.48463, abs=5e-6)
    # Up to 2.42125, to half its last digit, there is a limit law: there the sign changes.
    below, above = (dynamics.tails.scalar_lyapunov_exponent(2.42125 + e) for e in (-5e-6, 5e-6))
    assert below < 0 < above
    assert dynamics.stationary.regression_sgd_limit(1, 1) == pytest.approx(2 / 3)


def test_tail_index_is_two_where_the_variance_ends():
    assert dynamics.tails.kesten_index(2 / 3) == pytest.approx(2, abs=1e-9)
    assert dynamics.tails.kesten_index(1.0) == pytest.approx(1.091, abs=5e-4)


def regression_steps(lr, num_steps, runs, sigma, label):
    stream = generator(0, "regression", label)
    x = torch.randn(num_steps, runs, generator=stream, dtype=DOUBLE)
    noise = sigma * torch.randn(num_steps, runs, generator=stream, dtype=DOUBLE)
    return AffineMap((1 - lr * x**2)[..., None, None], (lr * x * noise)[..., None])


def test_backward_converges_at_lr_one_although_no_variance_exists():
    steps = regression_steps(1.0, 400, 200, 1.0, "heavy")
    ones = torch.ones(200, 1, dtype=DOUBLE)
    y = backward_orbit(steps, ones)[..., 0]
    assert (y[-1] - y[-50]).abs().max() < 1e-6
    x = forward_orbit(steps, ones)[..., 0]
    # Heavy tails: single forward excursions far beyond any Gaussian's range.
    assert x.abs().max() > 50
    assert (x[-1] - x[-2]).abs().median() > 0.1


def test_tail_of_the_limit_has_kestens_index():
    steps = regression_steps(1.0, 150, 20_000, 1.0, "tail")
    y = forward_orbit(steps, torch.zeros(20_000, 1, dtype=DOUBLE), at=[150])[0, :, 0].abs()
    top = y.sort(descending=True).values[:400]
    hill = 1 / (top[:-1] / top[-1]).log().mean().item()
    # Hill's estimator on k points has relative standard error 1/√k; its bias is below that here.
    assert hill == pytest.approx(dynamics.tails.kesten_index(1.0), rel=SIGMAS / 400**0.5)


@pytest.mark.parametrize(("lr", "dim", "batch"), [(0.2, 3, 1), (0.3, 4, 4), (0.1, 1, 1)])
def test_regression_sgd_has_the_predicted_stationary_variance(lr, dim, batch):
    stream, runs, sigma = generator(0, "variance", dim), 6000, 0.7
    theta = torch.zeros(runs, dim, dtype=DOUBLE)
    for _ in range(150):
        x = torch.randn(runs, batch, dim, generator=stream, dtype=DOUBLE)
        noise = sigma * torch.randn(runs, batch, generator=stream, dtype=DOUBLE)
        residual = torch.einsum("rbd,rd->rb", x, theta) - noise
        theta = theta - lr / batch * torch.einsum("rb,rbd->rd", residual, x)
    predicted = dynamics.stationary.regression_sgd_variance(lr, dim, batch, sigma**2)
    assert near(theta.square().mean(1), predicted)


def test_lyapunov_equation_holds_and_its_small_step_limit_errs_by_first_order():
    stream = generator(0, "mandt")
    root = torch.randn(2, 3, 3, generator=stream, dtype=DOUBLE)
    hessian = root[0] @ root[0].T + 0.3 * torch.eye(3, dtype=DOUBLE)
    noise = root[1] @ root[1].T
    errors = []
    for lr in (0.02, 0.01, 0.005):
        exact = dynamics.stationary.lyapunov_covariance(hessian, noise, lr)
        step = torch.eye(3, dtype=DOUBLE) - lr * hessian
        assert torch.allclose(exact, step @ exact @ step.T + lr**2 * noise, atol=1e-14)
        limit = dynamics.stationary.small_lr_covariance(hessian, noise, lr)
        assert torch.allclose(hessian @ limit + limit @ hessian, lr * noise, atol=1e-14)
        errors.append(((exact - limit).norm() / limit.norm()).item())
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.05)


def test_exact_covariance_is_what_sgd_on_a_quadratic_reaches():
    hessian = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=DOUBLE)
    noise = torch.tensor([[1.0, -0.3], [-0.3, 0.5]], dtype=DOUBLE)
    lr, runs = 0.4, 20_000
    root = torch.linalg.cholesky(noise)
    stream, theta = generator(0, "covariance"), torch.zeros(20_000, 2, dtype=DOUBLE)
    for _ in range(60):
        kick = torch.randn(runs, 2, generator=stream, dtype=DOUBLE) @ root.T
        theta = theta - lr * (theta @ hessian + kick)
    exact = dynamics.stationary.lyapunov_covariance(hessian, noise, lr)
    for i, j in [(0, 0), (0, 1), (1, 1)]:
        assert near(theta[:, i] * theta[:, j], exact[i, j].item())


# --- laws without contraction -----------------------------------------------------------------


def test_laws_agree_even_where_the_maps_expand():
    """E|x_n|² by exhausting all 2⁵ lists of two maps, one of which expands: no contraction."""
    choices = AffineMap(
        torch.tensor([[[2.0]], [[0.3]]], dtype=DOUBLE), torch.tensor([[1.0], [-1.0]], dtype=DOUBLE)
    ).unbind()
    x0, forward, backward = torch.ones(1, dtype=DOUBLE), [], []
    for code in range(2**5):
        steps = [choices[(code >> i) & 1] for i in range(5)]
        forward.append(forward_orbit(steps, x0, at=[5]).item())
        backward.append(backward_orbit(steps, x0, at=[5]).item())
    assert sorted(forward) == pytest.approx(sorted(backward), abs=1e-12)
    assert forward != pytest.approx(backward, abs=1e-3)  # the same law, other numbers


def test_a_shared_batch_list_manufactures_a_gap_that_randomised_lists_do_not_show():
    rho, inits, lists = 0.7, 400, 400
    stream = generator(0, "gap")
    x0 = torch.randn(inits, 1, generator=stream, dtype=DOUBLE)
    fixed = scalar_maps(rho, torch.randn(40, generator=stream, dtype=DOUBLE))
    x, y = (orbit(fixed, x0, at=[40])[0, :, 0] for orbit in (forward_orbit, backward_orbit))
    gap, stderr = (x - y).mean().abs(), (x - y).std() / inits**0.5
    assert gap > 100 * stderr  # "significant" over inits, and an accident of one list
    free = scalar_maps(rho, torch.randn(40, lists, generator=stream, dtype=DOUBLE))
    x, y = (orbit(free, x0, at=[40])[0, :, 0] for orbit in (forward_orbit, backward_orbit))
    assert near(x - y, 0.0)


# --- classics ---------------------------------------------------------------------------------


def test_backward_lindley_is_the_running_maximum_and_composes_the_same_maps():
    x = torch.randn(30, generator=generator(0), dtype=DOUBLE) - 0.3
    steps = [lambda w, v=v: torch.relu(w + v) for v in x]  # a ReLU net of width 1
    zero = torch.zeros(1, dtype=DOUBLE)
    forward, backward = forward_orbit(steps, zero)[:, 0], backward_orbit(steps, zero)[:, 0]
    assert torch.allclose(dynamics.coupling.lindley_forward(x), forward, atol=1e-12)
    assert torch.allclose(dynamics.coupling.lindley_backward(x), backward, atol=1e-12)
    assert (backward.diff() >= 0).all()


@pytest.mark.parametrize("kind", ["M/M/1 at load 1/2", "walk with up-probability 1/3"])
def test_queue_is_empty_half_the_time_with_mean_wait_one(kind):
    stream, runs, steps = generator(0, kind), 20_000, 300
    arrivals, services = 0.5, 1.0  # rates
    load = arrivals / services
    empty, wait = 1 - load, load / (services - arrivals)  # M/M/1; the walk has the same two
    assert (empty, wait) == (0.5, 1.0)
    if kind.startswith("M/M/1"):
        service = -torch.rand(steps, runs, generator=stream, dtype=DOUBLE).log() / services
        arrival = -torch.rand(steps, runs, generator=stream, dtype=DOUBLE).log() / arrivals
        increments = service - arrival
    else:
        up = torch.rand(steps, runs, generator=stream, dtype=DOUBLE) < 1 / 3
        increments = up.to(DOUBLE) * 2 - 1
    waits = dynamics.coupling.lindley_backward(increments)[-1]
    assert near((waits == 0).to(DOUBLE), empty)
    assert near(waits, wait)
    assert near(dynamics.coupling.lindley_forward(increments)[-1], wait)  # Loynes: the same law


def test_coupling_from_the_past_is_exact_and_forward_coalescence_is_biased():
    def draw(stream, count):  # from 0 go to 0 or 1 by a coin, from 1 always to 0
        heads = torch.randint(2, (count, 1), generator=stream)
        return torch.where(heads == 1, torch.tensor([0, 0]), torch.tensor([1, 0]))

    past, _ = dynamics.coupling.from_the_past(draw, 20_000, generator=generator(0, "past"))
    assert near((past == 0).to(DOUBLE), 2 / 3)
    met, _ = dynamics.coupling.forward_coalescence(draw, 20_000, generator=generator(0, "met"))
    assert (met == 0).all()  # (1, 0) in place of (2/3, 1/3)


def test_momentum_contracts_backward_at_root_beta_although_one_step_expands():
    beta, lr = 0.81, 0.5
    targets = torch.randn(200, generator=generator(0, "momentum"), dtype=DOUBLE)
    steps = [rules.momentum_map(lambda x, a=a: x - a, lr, momentum=beta) for a in targets]
    start = rules.momentum_state(torch.tensor([3.0], dtype=DOUBLE))
    y = maps.backward_orbit(steps, start)
    assert torch.linalg.matrix_norm(dynamics.contraction.heavy_ball_matrix(1.0, lr, beta), 2) > 1
    size = y.diff(dim=0).norm(dim=1)
    # Complex eigenvalues rotate, so compare maxima over windows of 20 steps, 100 steps apart.
    rate = (size[160:180].max() / size[60:80].max()) ** (1 / 100)
    assert rate.item() == pytest.approx(beta**0.5, abs=0.015)
