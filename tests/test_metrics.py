"""Accuracy near the boundary, horofunctions as limits, peers, and refusals with their numbers."""

import dataclasses
import math

import mpmath
import pytest
import torch

from bsgd_edu import metrics
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.metrics import points
from bsgd_edu.seeding import generator

DOUBLE = torch.float64
INF = math.inf


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed, "metrics"), dtype=DOUBLE)


def uniform(*shape, seed=0):
    return torch.rand(*shape, generator=generator(seed, "metrics"), dtype=DOUBLE)


def real(values):
    return torch.tensor(values, dtype=DOUBLE)


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def error(got, expected):
    return abs(float((mpmath.mpf(got.item()) - expected) / expected))


def numbers(x):
    return [mpmath.mpf(v) for v in x.tolist()]


def dot(a, b):
    return sum(s * t for s, t in zip(a, b, strict=True))


# --- accuracy against 60 digits and more ------------------------------------------------------


def test_poincare_is_accurate_to_the_last_float_before_the_rim():
    with mpmath.workdps(60):
        for k in range(60):
            x, y = unit(normal(2, 3, seed=k)) * (1 - 10 ** (-15.5 * uniform(2, 1, seed=k)))
            if k % 2:
                y = x + 1e-3 * (1 - x.norm()) * y
            if torch.equal(x, y):
                assert metrics.poincare_distance(x, y) == 0
                continue
            a, b = numbers(x), numbers(y)
            gap = [x - y for x, y in zip(a, b, strict=True)]
            below = (1 - dot(a, a)) * (1 - dot(b, b))
            exact = 2 * mpmath.asinh(mpmath.sqrt(dot(gap, gap) / below))
            assert error(metrics.poincare_distance(x, y), exact) < 2e-15


@pytest.mark.parametrize("reach", [1, 8, 30, 140])
def test_hyperboloid_is_accurate_at_any_reach(reach):
    with mpmath.workdps(640):
        for k in range(30):
            a, b = unit(normal(2, 3, seed=k)) * 10 ** (reach * (2 * uniform(2, 1, seed=k) - 1))
            if k % 3 == 1:  # nearly the same direction and radius
                b = a + 1e-6 * unit(b)
            if k % 3 == 2:  # on one ray
                b = a * (1 + 1e-3 * uniform(1, seed=k))
            x, y = (torch.cat([(1 + v.square().sum(-1, keepdim=True)).sqrt(), v]) for v in (a, b))
            if torch.equal(a, b):
                assert metrics.hyperboloid_distance(x, y) == 0
                continue
            s, t = numbers(a), numbers(b)
            rise = mpmath.sqrt((1 + dot(s, s)) * (1 + dot(t, t))) - dot(s, t)
            # Twice the half-angle formula, as arccosh of 1 + tiny costs mpmath half its digits.
            exact = 2 * mpmath.asinh(mpmath.sqrt((rise - 1) / 2))
            assert error(metrics.hyperboloid_distance(x, y), exact) < 4e-15


def test_strip_is_accurate_at_the_rim_and_far_along():
    with mpmath.workdps(60):
        rim = mpmath.mpf(math.pi / 4)
        for gap in (1e-3, 1e-9, 1e-15):
            z = torch.complex(real([0.2]), real([math.pi / 4 - gap]))
            w = torch.complex(real([0.3]), real([-math.pi / 4 + 3 * gap]))
            q = [mpmath.pi * mpmath.mpf(v.imag.item()) / (2 * rim) for v in (z, w)]
            p = [mpmath.pi * mpmath.mpf(v.real.item()) / (2 * rim) for v in (z, w)]
            above = mpmath.sinh((p[0] - p[1]) / 2) ** 2 + mpmath.sin((q[0] - q[1]) / 2) ** 2
            exact = 2 * mpmath.asinh(mpmath.sqrt(above / mpmath.cos(q[0]) / mpmath.cos(q[1])))
            assert error(metrics.strip_distance(z, w), exact) < 2e-15
    across = metrics.strip_distance(real([0.0, 1.0, 2.0]), real([0.5, 3.0, 1.0]), half_width=0.5)
    assert across.item() == pytest.approx(2 * math.pi)  # π/(2·½) times the sup norm
    far = metrics.strip_distance(real([-3000.0]), real([3000.0]))
    assert far.item() == pytest.approx(12000, rel=1e-13)


def test_cone_metrics_reach_from_1e_minus_300_to_1e300():
    x, y = real([1e300, 1e-300, 1.0]), real([1e-300, 1e300, 1.0])
    decades = 600 * math.log(10)
    assert metrics.thompson_distance(x, y).item() == pytest.approx(decades, rel=1e-15)
    assert metrics.hilbert_distance(x, y).item() == pytest.approx(2 * decades, rel=1e-15)
    assert metrics.funk_weak_distance(y, x).item() == pytest.approx(decades, rel=1e-15)


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300])
def test_cone_metrics_keep_the_digits_of_small_distances(size):
    x = size * real([1.0, 1.0])
    y = x.clone()
    y[0] *= 1 + 2.0**-46  # an eighth of a rounding of log 1e300
    with mpmath.workdps(40):
        expected = float(mpmath.log(mpmath.mpf(y[0].item()) / mpmath.mpf(x[0].item())))
    assert metrics.thompson_distance(x, y).item() == pytest.approx(expected, rel=1e-12, abs=0)
    assert metrics.hilbert_distance(x, y).item() == pytest.approx(expected, rel=1e-12, abs=0)


def covariance(condition, seed, dim=4):
    turn = torch.linalg.qr(normal(dim, dim, seed=seed)).Q
    p = (turn * torch.logspace(0, -math.log10(condition), dim, dtype=DOUBLE)) @ turn.mT
    return (p + p.mT) / 2


def mp_matrix(p):
    return mpmath.matrix([[mpmath.mpf(v) for v in row] for row in p.tolist()])


@pytest.mark.parametrize("condition", [1e1, 1e4, 1e8, 1e12])
def test_spd_is_accurate_up_to_a_condition_of_1e12(condition):
    # A backward stable Cholesky moves log λ_min by about nεκ, out of distances of 2 and more.
    bound = 4 * 2.2e-16 * condition + 1e-14
    with mpmath.workdps(50):
        for seed in range(3):
            p, q = covariance(condition, 2 * seed), covariance(condition, 2 * seed + 1)
            a, b = mp_matrix(p), mp_matrix(q)
            inverse = mpmath.cholesky(a) ** -1
            values = mpmath.eigsy(inverse * b * inverse.T, eigvals_only=True)
            logs = [mpmath.log(v) for v in values]
            exact = mpmath.sqrt(sum(v**2 for v in logs))
            assert error(metrics.affine_invariant_distance(p, q), exact) < bound
            assert error(metrics.spd_thompson_distance(p, q), max(map(abs, logs))) < bound
            assert error(metrics.spd_hilbert_distance(p, q), max(logs) - min(logs)) < bound

            def log(m):
                e, u = mpmath.eigsy(m)
                return u * mpmath.diag([mpmath.log(v) for v in e]) * u.T

            exact = mpmath.mnorm(log(a) - log(b), "f")
            assert error(metrics.log_euclidean_distance(p, q), exact) < 10 * bound


def test_graded_covariances_keep_every_digit():
    p = torch.diag(real([1e12, 1.0, 1e-12]))
    q = torch.diag(real([1e-12, 1.0, 1e12]))
    expected = 24 * math.log(10) * 2**0.5
    assert metrics.affine_invariant_distance(p, q).item() == pytest.approx(expected, rel=1e-15)


def test_both_ends_of_a_wide_spectrum_are_accurate():
    # Scaled covariances DAD have accurate Cholesky factors; the middle eigenvalues, 12 decades
    # from either end, lose six digits of 16, where one singular value problem would lose 12.
    scale = torch.diag(real([1e6, 1.0, 1e-6]))
    a = normal(3, 3)
    p, q = scale @ (a @ a.mT + torch.eye(3, dtype=DOUBLE)) @ scale, torch.eye(3, dtype=DOUBLE)
    with mpmath.workdps(80):
        logs = [mpmath.log(v) for v in mpmath.eigsy(mp_matrix((p + p.mT) / 2), eigvals_only=True)]
        exact = mpmath.sqrt(sum(v**2 for v in logs))
        assert error(metrics.affine_invariant_distance(p, q), exact) < 1e-10
        assert error(metrics.spd_hilbert_distance(p, q), max(logs) - min(logs)) < 1e-14


# --- norms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, 10, INF])
def test_lp_agrees_with_torch_and_never_overflows(p):
    x, y = normal(2, 20, 5)
    expected = torch.linalg.vector_norm(x - y, p, dim=-1)
    assert torch.allclose(metrics.lp_distance(x, y, p), expected, rtol=1e-14)
    for size in (1e-300, 1e300):
        scaled = metrics.lp_distance(size * x, size * y, p)
        assert torch.allclose(scaled, size * expected, rtol=1e-13, atol=0)
    same = x[0].clone().requires_grad_()
    grad = torch.autograd.grad(metrics.lp_distance(same, x[0], p), same)[0]
    assert grad.eq(0).all()
    near = y[:2].clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda v: metrics.lp_distance(x[:2], v, p), near)


def test_lp_satisfies_the_triangle_inequality_only_from_one_on():
    with pytest.raises(DomainError, match=r"lp_distance: p must lie in \[1, ∞\], but it is 0.5"):
        metrics.lp_distance(real([0.0]), real([1.0]), 0.5)
    with pytest.raises(DomainError, match="nan"):
        metrics.lp_distance(real([0.0]), real([1.0]), math.nan)


# --- conversions ------------------------------------------------------------------------------


def test_models_of_hyperbolic_space_agree():
    x, y = unit(normal(2, 100, 3)) * (1 - 10 ** (-7 * uniform(2, 100, 1)))
    up = [metrics.to_hyperboloid(v) for v in (x, y)]
    flat = metrics.poincare_distance(x, y)
    # to_hyperboloid rounds coordinates of size 1e7, moving points by up to 1e-9.
    assert torch.allclose(flat, metrics.hyperboloid_distance(*up), rtol=1e-9, atol=1e-8)
    assert torch.allclose(metrics.to_poincare(up[0]), x, rtol=1e-14)


def test_moebius_addition_is_a_group_like_isometry():
    x, y, z = 0.9 * unit(normal(3, 50, 3)) * uniform(3, 50, 1)
    there = metrics.mobius_add(x, y)
    assert torch.allclose(metrics.mobius_add(-x, there), y, atol=1e-13)
    assert torch.allclose(metrics.mobius_add(torch.zeros_like(y), y), y)
    moved = metrics.poincare_distance(there, metrics.mobius_add(x, z))
    assert torch.allclose(moved, metrics.poincare_distance(y, z), rtol=1e-10)
    from_origin = metrics.poincare_distance(torch.zeros_like(y), metrics.mobius_add(-x, y))
    assert torch.allclose(from_origin, metrics.poincare_distance(x, y), rtol=1e-10)


def test_products_on_the_left_are_isometries_of_the_plane():
    g, h, k = normal(3, 40, 2, 2)
    before = metrics.hyperboloid_distance(*map(metrics.matrix_to_hyperboloid, (g, h)))
    after = metrics.hyperboloid_distance(*map(metrics.matrix_to_hyperboloid, (k @ g, k @ h)))
    assert torch.allclose(before, after, rtol=1e-8, atol=1e-8)
    # A long product: its determinant underflows into round-off, the sum of logs does not.
    factors = normal(60, 2, 2, seed=3)
    product = torch.linalg.multi_dot(list(factors))
    logs = torch.linalg.det(factors).abs().log().sum()
    point = metrics.matrix_to_hyperboloid(product, log_abs_det=logs)
    top = torch.linalg.matrix_norm(product, 2).log()
    expected = 2 * top - logs  # log σ₁/σ₂ with σ₁σ₂ = |det|
    apex = real([1.0, 0.0, 0.0])
    assert metrics.hyperboloid_distance(apex, point).item() == pytest.approx(expected.item())


def test_spd_log_inverts_the_exponential_and_has_its_derivative():
    s = normal(5, 3, 3)
    s = s + s.mT
    assert torch.allclose(metrics.spd_log(torch.matrix_exp(s)), s, atol=1e-10)
    start = normal(3, 3).requires_grad_()
    eye = torch.eye(3, dtype=DOUBLE)
    assert torch.autograd.gradcheck(lambda a: metrics.spd_log(a @ a.mT + eye), start)
    # At the identity all eigenvalues coincide and the derivative is the identity.
    p = eye.clone().requires_grad_()
    weight = torch.diag(real([1.0, 2.0, 3.0]))
    assert torch.allclose(torch.autograd.grad((metrics.spd_log(p) * weight).sum(), p)[0], weight)


# --- horofunctions are limits -----------------------------------------------------------------


def limit(distance, x, path, base):
    """d(x, y) − d(base, y) for y far along a path."""
    return metrics.metric_functional(distance, path, base)(x)


def test_metric_functionals_are_one_lipschitz_and_vanish_at_the_base():
    x, z = normal(2, 100, 4)
    h = metrics.metric_functional(metrics.lp_distance, 5 * normal(4), normal(4, seed=2))
    assert h(normal(4, seed=2)) == 0
    assert (h(x) - h(z)).abs().le(metrics.lp_distance(x, z) + 1e-12).all()


def test_poincare_busemann_is_a_limit():
    x, xi = unit(normal(40, 3)) * uniform(40, 1), unit(normal(3, seed=1))
    far = limit(metrics.poincare_distance, x, (1 - 1e-10) * xi, torch.zeros(3, dtype=DOUBLE))
    assert torch.allclose(metrics.poincare_busemann(x, xi), far, atol=1e-7)
    ray = metrics.poincare_busemann(real([[0.0, 0.0], [math.tanh(1.0), 0.0]]), real([1.0, 0.0]))
    assert torch.allclose(ray, real([0.0, -2.0]))  # it falls at speed 1


def test_hyperboloid_busemann_is_the_same_function():
    x, xi = unit(normal(40, 3)) * uniform(40, 1), unit(normal(3, seed=1))
    up = metrics.hyperboloid_busemann(metrics.to_hyperboloid(x), xi)
    assert torch.allclose(up, metrics.poincare_busemann(x, xi), atol=1e-12)
    far = real([math.cosh(30.0), 0.6 * math.sinh(30.0), 0.8 * math.sinh(30.0)])
    towards = metrics.hyperboloid_busemann(far, real([0.6, 0.8]))
    # The direction (0.6, 0.8) is rounded by 1e-17, which sinh 30 turns into 1e-4 at most.
    assert towards.item() == pytest.approx(-30, abs=1e-3)


@pytest.mark.parametrize("p", [1, 1.5, 2, 4, INF])
def test_lp_busemann_is_a_limit(p):
    x, start = normal(30, 4), normal(4, seed=1)
    v = real([2.0, -2.0, 0.0, 1.0])
    origin = torch.zeros(4, dtype=DOUBLE)
    far = limit(lambda a, b: metrics.lp_distance(a, b, p), x, start + 1e7 * v, origin)
    got = metrics.lp_busemann(x, v, p, start)
    # The rest is of order (size/1e7)^{p−1} for p < 2 where v has a zero, else 1e-7.
    assert torch.allclose(got, far, atol=5e-3 if p == 1.5 else 1e-5)
    assert metrics.lp_busemann(origin, v, p, start).item() == pytest.approx(0, abs=1e-15)
    assert torch.allclose(got, metrics.lp_busemann(x, 7 * v, p, start))


def test_cone_busemann_functions_are_limits():
    x, start = normal(50, 4).exp(), normal(4, seed=1).exp()
    end = real([1.0, 0.0, 2.0, 0.0])
    far = end + 1e-9 * (start - end)
    got = metrics.funk_busemann(x, end, start)
    assert torch.allclose(got, limit(metrics.funk_weak_distance, x, far, start), atol=1e-6)
    got = metrics.hilbert_busemann(x, end, start)
    assert torch.allclose(got, limit(metrics.hilbert_distance, x, far, start), atol=1e-6)
    assert torch.allclose(got, metrics.hilbert_busemann(5 * x, 3 * end, 2 * start))
    assert metrics.hilbert_busemann(start, end, start) == 0


@pytest.mark.parametrize(
    "function",
    [
        lambda x: metrics.poincare_busemann(x / 4, real([0.6, 0.8])),
        lambda x: metrics.hyperboloid_busemann(metrics.to_hyperboloid(x / 4), real([0.6, 0.8])),
        lambda x: metrics.lp_busemann(x, real([1.0, 2.0]), 3),
        lambda x: metrics.funk_busemann(x.exp(), real([1.0, 0.0]), real([1.0, 2.0])),
        lambda x: metrics.hilbert_busemann(x.exp(), real([1.0, 0.0]), real([1.0, 2.0])),
        lambda x: metrics.to_poincare(metrics.to_hyperboloid(x / 4)),
        lambda x: metrics.mobius_add(x / 4, real([0.2, 0.3])),
        lambda x: metrics.matrix_to_hyperboloid(torch.stack([x, x.flip(-1) + 3], -1)),
        lambda x: metrics.birkhoff_coefficient(torch.stack([x, 2 * x.flip(-1)], -1).exp()),
    ],
)
def test_gradients_of_the_rest(function):
    assert torch.autograd.gradcheck(function, unit(normal(3, 2)).requires_grad_())


# --- measures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "m"), [(7, 7), (7, 5), (6, 4), (1, 9)])
def test_wasserstein_agrees_with_scipy(n, m):
    stats = pytest.importorskip("scipy.stats")
    x, y = normal(4, n), normal(4, m, seed=1)
    expected = [stats.wasserstein_distance(a, b) for a, b in zip(x.numpy(), y.numpy(), strict=True)]
    assert metrics.wasserstein_distance(x, y).tolist() == pytest.approx(expected, abs=1e-13)


def test_laws_are_pushed_and_counted():
    law = metrics.push_forward(real([[0.1, 0.2, 0.7]]), torch.tensor([2, 2, 0]))
    assert torch.allclose(law, real([[0.7, 0.0, 0.3]]))
    counted = metrics.empirical_law(torch.tensor([[0, 1, 1, 1], [2, 2, 2, 2]]), 3)
    assert counted.tolist() == [[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]
    total = metrics.total_variation_distance(counted[0], counted[1])
    assert total.item() == 1  # disjoint laws are as far apart as laws can be


def test_contraction_ratio_of_points_that_meet():
    x, y = real([[1.0], [1.0], [2.0]]), real([[1.0], [1.0], [1.0]])
    same = metrics.contraction_ratio(metrics.lp_distance, lambda v: 0 * v, x, y)
    assert same.tolist() == [0, 0, 0]
    with pytest.raises(ShapeError, match=r"\(3,\) to \(\)"):
        metrics.contraction_ratio(metrics.lp_distance, lambda v: v.sum(0), x, y)


def test_catalogue_is_frozen_and_complete():
    with pytest.raises(dataclasses.FrozenInstanceError):
        metrics.CATALOGUE[0].name = "other"
    assert len({entry.name for entry in metrics.CATALOGUE}) == len(metrics.CATALOGUE)
    assert all(entry.nonexpansive and entry.invariant for entry in metrics.CATALOGUE)


# --- peers ------------------------------------------------------------------------------------


def test_agrees_with_geoopt():
    geoopt = pytest.importorskip("geoopt")
    ball, half = geoopt.PoincareBall(c=1.0).to(DOUBLE), geoopt.Lorentz().to(DOUBLE)
    x, y = 0.9 * unit(normal(2, 50, 4)) * uniform(2, 50, 1)
    assert torch.allclose(ball.dist(x, y), metrics.poincare_distance(x, y), atol=1e-10)
    assert torch.allclose(ball.mobius_add(x, y), metrics.mobius_add(x, y), atol=1e-10)
    up = [metrics.to_hyperboloid(v) for v in (x, y)]
    assert torch.allclose(half.dist(*up), metrics.hyperboloid_distance(*up), atol=1e-10)
    a = normal(2, 30, 4, 4)
    p, q = a @ a.mT + 0.1 * torch.eye(4, dtype=DOUBLE)
    for kind, ours in (
        ("AIM", metrics.affine_invariant_distance),
        ("LEM", metrics.log_euclidean_distance),
    ):
        peer = geoopt.SymmetricPositiveDefinite(kind).dist(p, q)
        assert torch.allclose(peer, ours(p, q), rtol=1e-10, atol=1e-10)


def test_agrees_with_pot():
    ot = pytest.importorskip("ot")
    x, y = normal(40), normal(33, seed=1)
    peer = ot.wasserstein_1d(x.numpy(), y.numpy())
    assert metrics.wasserstein_distance(x, y).item() == pytest.approx(peer, abs=1e-10)


# --- refusals ---------------------------------------------------------------------------------

GOOD = real([1.0, 2.0])
EYE = torch.eye(2, dtype=DOUBLE)
REFUSED = [
    (lambda: metrics.hilbert_distance(real([[1.0, 2.0], [3.0, -0.5]]), GOOD),
     r"hilbert_distance: x must be positive and finite, but entry \(1, 1\) is -0.5 "
     r"\(1 of 4 fail\).*oscillation"),
    (lambda: metrics.thompson_distance(GOOD, real([0.0, 1.0])),
     r"y must be positive and finite.*\(0,\) is 0 "),
    (lambda: metrics.funk_weak_distance(real([INF, 1.0]), GOOD), r"entry \(0,\) is inf"),
    (lambda: metrics.poincare_distance(real([0.6, 0.8]), real([0.1, 0.1])),
     r"poincare_distance: x must lie inside the unit ball.*it is -?\d.*e-17"),
    (lambda: metrics.to_hyperboloid(real([2.0])), r"it is -3 "),
    (lambda: metrics.mobius_add(real([0.5]), real([-1.0])), r"mobius_add: y must lie .* it is 0 "),
    (lambda: metrics.hyperboloid_distance(real([1.0, 1.0]), real([1.0, 0.0])),
     r"x must lie on the hyperboloid.*it is 0.7071"),
    (lambda: metrics.to_poincare(real([-1.25, 0.75])), r"it is -1 "),
    (lambda: metrics.to_poincare(real([1e200, 1e200])), r"coordinates up to 1e\+150"),
    (lambda: metrics.strip_distance(torch.tensor([1.0 + 0.8j]), GOOD[:1]),
     r"z must have \|Im\| < half_width = 0.785398, but entry \(0,\) is 0.8"),
    (lambda: metrics.strip_distance(GOOD, GOOD, half_width=-1.0),
     r"half_width must be.*it is -1.0"),
    (lambda: metrics.affine_invariant_distance(EYE, -2 * EYE),
     r"q must be positive definite.*it lie in \[-2, -2\] \(1 of 1 fail\)"),
    (lambda: metrics.log_euclidean_distance(torch.stack([EYE, EYE.flip(0)]), EYE),
     r"p must be positive definite.*matrix \(1,\) lie in \[-1, 1\] \(1 of 2 fail\)"),
    (lambda: metrics.spd_log(EYE + real([[0.0, 0.1], [0.0, 0.0]])),
     r"spd_log: p must be symmetric, but entry \(0, 1\) is 0.1"),
    (lambda: metrics.total_variation_distance(real([0.5, 0.6]), real([0.5, 0.5])),
     r"p must sum to 1.* is 1.1"),
    (lambda: metrics.total_variation_distance(real([0.5, 0.5]), real([1.5, -0.5])),
     r"q must be ≥ 0, but entry \(1,\) is -0.5"),
    (lambda: metrics.push_forward(real([0.5, 0.5]), torch.tensor([0, 2])),
     r"targets must lie from 0 to 1, but entry \(1,\) is 2"),
    (lambda: metrics.push_forward(real([0.5, 0.5]), real([0.0, 1.0])), r"integers.*float64"),
    (lambda: metrics.empirical_law(torch.tensor([0, -1]), 2), r"entry \(1,\) is -1"),
    (lambda: metrics.log_dilatation_distance(torch.zeros(2, 3), torch.zeros(2, 3)),
     r"y must keep samples apart, but entry \(0,\) is 0"),
    (lambda: metrics.birkhoff_coefficient(real([[1.0, -1.0]])),
     r"birkhoff_coefficient: matrix must be ≥ 0 and finite.*\(0, 1\) is -1"),
    (lambda: metrics.projective_diameter(torch.zeros(3, 2, 2)), r"not be zero, but 3 of 3"),
    (lambda: metrics.projective_diameter(real([[math.nan, 1.0]])), r"\(0, 0\) is nan"),
    (lambda: metrics.matrix_to_hyperboloid(torch.ones(2, 2)), r"finite, but it is -inf"),
    (lambda: metrics.poincare_busemann(real([0.1]), real([1.1])), r"xi must have length 1.*is 1.1"),
    (lambda: metrics.hyperboloid_busemann(real([1.0, 0.0]), real([0.5])), r"xi must.*it is 0.5"),
    (lambda: metrics.lp_busemann(GOOD, 0 * GOOD),
     r"direction must not be zero, but entry \(0,\) is 0"),
    (lambda: metrics.lp_busemann(GOOD, GOOD, 0.9), r"p must lie in.*0.9"),
    (lambda: metrics.hilbert_busemann(GOOD, GOOD, GOOD),
     r"end must have some.*but 0 to 0 of its 2"),
    (lambda: metrics.funk_busemann(GOOD, real([-1.0, 0.0]), GOOD), r"end must.*\(0,\) is -1"),
    (lambda: metrics.oscillation(real([1.0, math.nan])), r"values must.*is nan"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[m[:30] for _, m in REFUSED])
def test_bad_points_are_refused_with_their_numbers(call, message):
    with pytest.raises(DomainError, match=message):
        call()


MISSHAPEN = [
    (lambda: metrics.lp_distance(torch.zeros(3), torch.zeros(4)), r"x \(3,\) and y \(4,\)"),
    (lambda: metrics.lp_distance(torch.zeros(3), torch.tensor(1.0)), r"y must have.*\(\)"),
    (lambda: metrics.to_poincare(torch.ones(4, 1)), r"\(4, 1\)"),
    (lambda: metrics.spd_log(torch.ones(2, 3)), r"p must have shape \(\.\.\., n, n\).*\(2, 3\)"),
    (lambda: metrics.matrix_to_hyperboloid(torch.ones(3, 3)), r"\(3, 3\)"),
    (lambda: metrics.birkhoff_coefficient(torch.ones(3)), r"\(3,\)"),
    (lambda: metrics.push_forward(real([0.5, 0.5]), torch.tensor([0])), r"\(2,\).*\(1,\)"),
    (lambda: metrics.empirical_law(torch.tensor(0), 2), r"\(\)"),
    (lambda: metrics.log_dilatation_distance(torch.zeros(1, 3), torch.zeros(1, 3)), r"\(1, 3\)"),
    (lambda: metrics.wasserstein_distance(torch.zeros(2, 5), torch.zeros(3, 5)),
     r"\(2, 1\).*\(3, 1\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), MISSHAPEN, ids=[m for _, m in MISSHAPEN])
def test_shapes_are_refused_with_their_numbers(call, message):
    with pytest.raises(ShapeError, match=message):
        call()


def test_a_good_argument_costs_one_reduction():
    class Counting(torch.utils._python_dispatch.TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.calls = []

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.calls.append(func.__name__)
            return func(*args, **(kwargs or {}))

    with Counting() as counting:
        points.positive("f", "x", uniform(1000) + 1)
    assert sum("aminmax" in call for call in counting.calls) == 1
    assert not any("isfinite" in call or "nonzero" in call for call in counting.calls)
