"""The facts of semi-invariant metrics: which layer expands which distance, and by how much.

Each layer of the table has its factor measured on random and on worst-case pairs, and a
counter-example just outside its condition that must expand. Factors are held to round-off.
"""

import math

import pytest
import torch

from bsgd_edu.metrics import (
    affine_invariant_distance,
    birkhoff_coefficient,
    contraction_ratio,
    empirical_law,
    funk_weak_distance,
    hilbert_distance,
    hyperboloid_distance,
    log_dilatation_distance,
    log_euclidean_distance,
    lp_distance,
    matrix_to_hyperboloid,
    oscillation_distance,
    poincare_distance,
    projective_diameter,
    push_forward,
    spd_hilbert_distance,
    spd_thompson_distance,
    strip_distance,
    sup_distance,
    thompson_distance,
    total_variation_distance,
    wasserstein_distance,
)
from bsgd_edu.seeding import generator

DOUBLE = torch.float64
ONE = 1 + 1e-12  # a factor of 1, with room for round-off


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=generator(seed, "facts"), dtype=DOUBLE)


def uniform(*shape, seed=0):
    return torch.rand(*shape, generator=generator(seed, "facts"), dtype=DOUBLE)


def real(values):
    return torch.tensor(values, dtype=DOUBLE)


def worst(distance, t, x, y):
    return contraction_ratio(distance, t, x, y).max().item()


def cone_pairs(count=500, dim=4, spread=2.0):
    return (spread * normal(2, count, dim, seed=7)).exp()


def covariances(count=100, dim=3, seed=0):
    a = normal(2, count, dim, dim, seed=seed)
    return a @ a.mT + 0.01 * torch.eye(dim, dtype=DOUBLE)


# --- vectors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("p", "order"), [(1, 1), (2, 2), (math.inf, math.inf)])
def test_layers_of_induced_norm_one_do_not_expand(p, order):
    w = normal(5, 5)
    w = w / torch.linalg.matrix_norm(w, order)
    x, y = normal(2, 500, 5, seed=1)

    def layer(v):
        return (v @ w.mT + 0.3).relu()

    assert worst(lambda a, b: lp_distance(a, b, p), layer, x, y) <= ONE


def test_orthogonal_layers_are_isometries():
    q = torch.linalg.qr(normal(5, 5)).Q
    x, y = normal(2, 200, 5, seed=1)
    ratio = contraction_ratio(lp_distance, lambda v: v @ q, x, y)
    assert torch.allclose(ratio, torch.ones_like(ratio), rtol=1e-13)


def test_convolutions_expand_by_their_largest_fourier_modulus():
    kernel = torch.nn.functional.pad(normal(5), (0, 11))
    response = torch.fft.fft(kernel)

    def convolve(x):
        return torch.fft.ifft(torch.fft.fft(x) * response).real

    modulus = response.abs()
    wave = torch.cos(2 * math.pi * modulus.argmax() * torch.arange(16, dtype=DOUBLE) / 16)
    x, y = normal(2, 300, 16, seed=1)
    assert worst(lp_distance, convolve, x, y) <= modulus.max() * ONE
    reached = contraction_ratio(lp_distance, convolve, wave, torch.zeros_like(wave)).item()
    assert reached == pytest.approx(modulus.max().item(), rel=1e-12)


def gradient_layer(strength):
    """x − τWᵀφ(Wx + b) with τ‖W‖² = strength and φ = ReLU, and the top singular vector of W."""
    w = normal(4, 4)
    tau = strength / torch.linalg.matrix_norm(w, 2) ** 2
    top = torch.linalg.svd(w).Vh[0]
    return lambda x: x - tau * (x @ w.mT + 0.5).relu() @ w, top


def test_gradient_layers_do_not_expand_up_to_two():
    layer, _ = gradient_layer(2.0)
    x, y = 3 * normal(2, 2000, 4, seed=1)
    assert worst(lp_distance, layer, x, y) <= ONE


def test_gradient_layers_expand_at_three():
    w = torch.diag(real([1.0, 0.5]))

    def layer(x):
        return x - 3 * (x @ w.mT).relu() @ w

    # On the top direction the layer is 1 − 3 = −2 times the identity.
    assert contraction_ratio(lp_distance, layer, real([1.0, 0.0]), real([2.0, 0.0])).item() == 2


@pytest.mark.parametrize("biased", [0.0, 2.0])
def test_max_plus_and_averaging_layers_do_not_expand_the_sup_norm(biased):
    weights = normal(5, 5)
    rows = normal(5, 5).softmax(-1)
    x, y = normal(2, 500, 5, seed=1)

    def max_plus(v):
        return (v[..., None, :] + weights).amax(-1)

    assert worst(sup_distance, max_plus, x, y) <= ONE
    assert worst(oscillation_distance, max_plus, x, y) <= ONE
    assert worst(sup_distance, lambda v: (v @ rows.mT + biased).relu(), x, y) <= ONE
    # Row sums of 1.5 expand, here along the constants.
    ones = torch.ones(5, dtype=DOUBLE)
    assert worst(sup_distance, lambda v: (v @ (1.5 * rows).mT).relu(), ones, 2 * ones) > 1.49


def test_max_plus_drift_is_the_cycle_time():
    # The cycle 0 → 1 → 0 has mean (3 + 1)/2 = 2, above the loops 1 and 0.
    weights = real([[1.0, 3.0], [1.0, 0.0]])
    x = torch.zeros(2, dtype=DOUBLE)
    for _ in range(100):
        x = (x + weights).amax(-1)
    assert sup_distance(x, torch.zeros_like(x)).item() / 100 == pytest.approx(2, abs=0.02)


# --- the cone ---------------------------------------------------------------------------------


def test_hilbert_factor_of_the_classical_matrix_is_one_third():
    w = real([[2.0, 1.0], [1.0, 2.0]])
    assert projective_diameter(w).item() == pytest.approx(math.log(4), rel=1e-15)
    assert birkhoff_coefficient(w).item() == pytest.approx(1 / 3, rel=1e-15)
    # Reached in the limit of close points around (1, 1), and never passed.
    x, y = real([1 + 1e-6, 1.0]), real([1.0, 1 + 1e-6])
    close = contraction_ratio(hilbert_distance, lambda v: v @ w, x, y).item()
    assert close == pytest.approx(1 / 3, rel=1e-9)
    x, y = cone_pairs(2000, 2)
    assert worst(hilbert_distance, lambda v: v @ w, x, y) <= 1 / 3 * ONE


def test_a_quarter_tanh_delta_is_no_bound():
    w = real([[2.0, 1.0], [1.0, 2.0]])
    copied = 0.25 * math.tanh(math.log(4))  # .2206
    x, y = real([1.1, 1.0]), real([1.0, 1.1])
    assert worst(hilbert_distance, lambda v: v @ w, x, y) > copied + 0.1


@pytest.mark.parametrize("shape", [(2, 2), (3, 5), (5, 3), (6, 6)])
def test_birkhoff_coefficient_is_the_supremum(shape):
    w = (normal(*shape) * 1.5).exp()
    coefficient = birkhoff_coefficient(w)
    x, y = cone_pairs(2000, shape[1])
    assert worst(hilbert_distance, lambda v: v @ w.mT, x, y) <= coefficient.item() * ONE
    # The worst pair mixes two columns k, l with weights 1 and √(W_ik W_jk/(W_il W_jl))-balanced.
    reached = 0.0
    for k in range(shape[1]):
        for m in range(k):
            ratio = w[:, k] / w[:, m]
            for i in range(shape[0]):
                for j in range(i):
                    base = torch.full((shape[1],), 1e-14, dtype=DOUBLE)
                    base[m], base[k] = 1.0, (ratio[i] * ratio[j]) ** -0.5
                    moved = base.clone()
                    moved[k] *= 1 + 1e-5
                    pair = contraction_ratio(hilbert_distance, lambda v: v @ w.mT, base, moved)
                    reached = max(reached, pair.item())
    assert reached == pytest.approx(coefficient.item(), rel=1e-5)


def test_birkhoff_of_matrices_with_zeros():
    upper = real([[1.0, 1.0], [0.0, 1.0]])
    padded = 10 * real([[2.0, 0.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 2.0]])
    assert birkhoff_coefficient(upper).item() == 1
    assert birkhoff_coefficient(torch.eye(3, dtype=DOUBLE)[[2, 0, 1]]).item() == 1
    assert birkhoff_coefficient(padded).item() == pytest.approx(1 / 3)
    stack = torch.stack([torch.ones(2, 2, dtype=DOUBLE), upper])
    assert birkhoff_coefficient(stack).tolist() == [0, 1]
    # The limit: the coefficient of positive matrices that tend to `upper` tends to 1.
    rest = [1 - birkhoff_coefficient(upper + 10.0**-k).item() for k in (2, 6, 10)]
    assert rest == sorted(rest, reverse=True)
    assert rest[-1] < 1e-4


def test_birkhoff_survives_extreme_entries():
    w = real([[2e300, 1e-300], [1e300, 2e-300]])
    assert birkhoff_coefficient(w).item() == pytest.approx(1 / 3, rel=1e-12)


@pytest.mark.parametrize("p", [0.5, -1.0, 2.0, -3.0])
@pytest.mark.parametrize("distance", [hilbert_distance, thompson_distance])
def test_powers_scale_cone_metrics_by_their_size(p, distance):
    x, y = cone_pairs()
    ratio = contraction_ratio(distance, lambda v: v**p, x, y)
    assert torch.allclose(ratio, torch.full_like(ratio, abs(p)), rtol=1e-12)


CONCAVE = {"sqrt": torch.sqrt, "log1p": torch.log1p, "tanh": torch.tanh, "relu": torch.relu}


@pytest.mark.parametrize("name", CONCAVE)
def test_concave_positive_layers_do_not_expand_thompson(name):
    w, b = uniform(4, 4), uniform(4, seed=1)
    x, y = cone_pairs()
    assert worst(thompson_distance, lambda v: CONCAVE[name](v @ w.mT + b), x, y) <= ONE


def test_squares_and_negative_biases_expand_thompson():
    x, y = real([1.0, 2.0]), real([2.0, 4.0])
    squared = contraction_ratio(thompson_distance, lambda v: v**2, x, y)
    assert squared.item() == pytest.approx(2)
    shifted = contraction_ratio(thompson_distance, lambda v: v - 0.5, x, y)
    assert shifted.item() == pytest.approx(math.log(3) / math.log(2))


def test_monotone_homogeneous_maps_do_not_expand_funk():
    w = uniform(4, 4)
    x, y = cone_pairs()

    def layer(v):
        return torch.maximum(v @ w.mT, (v * v.roll(1, -1)).sqrt())

    # F may be negative: compare, do not divide.
    assert (funk_weak_distance(layer(x), layer(y)) <= funk_weak_distance(x, y) + 1e-12).all()
    squared = funk_weak_distance(x**2, y**2) > funk_weak_distance(x, y)
    assert squared.any()  # monotone, but not homogeneous of degree 1


def test_funk_drift_is_the_growth_rate():
    w = real([[2.0, 1.0], [1.0, 1.0]])
    x = start = torch.ones(2, dtype=DOUBLE)
    for _ in range(200):
        x = w @ x
    # The Perron root is ((1 + √5)/2)²; the constant in front costs O(1/n).
    growth = funk_weak_distance(x, start).item() / 200
    assert growth == pytest.approx(2 * math.log((1 + 5**0.5) / 2), abs=2e-3)


def test_cone_metrics_are_made_of_funk():
    x, y = cone_pairs()
    forth, back = funk_weak_distance(x, y), funk_weak_distance(y, x)
    assert torch.allclose(hilbert_distance(x, y), forth + back, rtol=1e-13)
    assert torch.equal(thompson_distance(x, y), torch.maximum(forth, back))
    assert torch.allclose(hilbert_distance(x, y), oscillation_distance(x.log(), y.log()))
    assert torch.allclose(thompson_distance(x, y), sup_distance(x.log(), y.log()))


# --- covariances ------------------------------------------------------------------------------


@pytest.mark.parametrize("distance", [affine_invariant_distance, spd_thompson_distance])
def test_added_noise_does_not_expand(distance):
    p, q = covariances()
    noise = torch.diag(real([1.0, 0.0, 0.3]))
    assert worst(distance, lambda v: v + noise, p, q) <= ONE
    eye = torch.eye(3, dtype=DOUBLE)  # taking noise away expands
    assert worst(distance, lambda v: v - 0.5 * eye, eye, 2 * eye) > 1.5


def test_positive_maps_do_not_expand_hilbert_on_covariances():
    a = normal(4, 3, 3, seed=5)
    p, q = covariances()

    def kraus(v):
        return (a @ v[..., None, :, :] @ a.mT).sum(-3)

    assert worst(spd_hilbert_distance, kraus, p, q) <= ONE


def test_matrix_powers_scale_log_euclidean():
    p, q = covariances()
    squared = contraction_ratio(log_euclidean_distance, lambda v: v @ v, p, q)
    assert torch.allclose(squared, torch.full_like(squared, 2), rtol=1e-8)


def test_log_euclidean_is_at_most_affine_invariant():
    p, q = covariances()
    flat, curved = log_euclidean_distance(p, q), affine_invariant_distance(p, q)
    assert (flat <= curved * ONE).all()
    assert (flat < 0.99 * curved).any()


def test_two_by_two_covariances_are_the_hyperbolic_plane():
    g, h = normal(2, 200, 2, 2)
    x, y = matrix_to_hyperboloid(g), matrix_to_hyperboloid(h)
    p, q = ((m @ m.mT) / torch.linalg.det(m).abs()[:, None, None] for m in (g, h))
    # det loses digits with the condition of g, up to about 1e3 here.
    distance = hyperboloid_distance(x, y)
    assert torch.allclose(affine_invariant_distance(p, q), 2**0.5 * distance, rtol=1e-9)
    sigma = torch.linalg.svdvals(g)
    apex = real([1.0, 0.0, 0.0])
    expected = (sigma[:, 0] / sigma[:, 1]).log()
    assert torch.allclose(hyperboloid_distance(apex, x), expected, rtol=1e-9)


# --- holomorphic layers -----------------------------------------------------------------------


def test_tanh_layers_obey_schwarz_pick():
    w = normal(3, 3)
    w = w / w.abs().sum(-1, keepdim=True)
    across = math.pi / 4 * (2 * uniform(2, 1000, 3) - 1)
    z, v = torch.complex(normal(2, 1000, 3, seed=1), across)

    def layer(u):
        return math.pi / 4 * torch.tanh(u @ w.mT.to(u.dtype))

    assert worst(strip_distance, layer, z, v) <= ONE
    # Without π/4 the unit disc is not inside the strip, and near 0 nothing contracts less than 1;
    # with a gain of 2 close points around 0 part by 2·π/4.
    x, y = real([0.0]), real([1e-6])
    near = contraction_ratio(strip_distance, lambda u: math.pi / 4 * torch.tanh(2 * u), x, y)
    assert near.item() == pytest.approx(math.pi / 2, rel=1e-9)


def test_holomorphic_maps_of_the_disc_do_not_expand_poincare():
    phase, radius = 2 * math.pi * uniform(2, 1000), uniform(2, 1000, seed=1) ** 0.5
    x, y = torch.stack([radius * phase.cos(), radius * phase.sin()], -1)

    def square(p):
        z = torch.view_as_complex(p.contiguous())
        return torch.view_as_real(z * (z + 0.3) / (1 + 0.3 * z))  # a Blaschke product

    assert worst(poincare_distance, square, x, y) <= ONE
    # Smooth maps of the disc to itself that are not holomorphic may expand.
    assert worst(poincare_distance, lambda p: p * real([1.0, 0.0]), x, y) <= ONE  # a projection
    bent = contraction_ratio(
        poincare_distance, lambda p: torch.sin(1.5 * p), real([0.0, 0.0]), real([1e-6, 0.0])
    )
    assert bent.item() == pytest.approx(1.5, rel=1e-9)


def test_the_strip_is_the_disc_under_tanh():
    z, w = torch.complex(normal(2, 200, 1), 0.7 * (2 * uniform(2, 200, 1) - 1))
    x, y = (torch.view_as_real(torch.tanh(v)[..., 0]) for v in (z, w))
    assert torch.allclose(strip_distance(z, w), poincare_distance(x, y), rtol=1e-9)


# --- functions and measures -------------------------------------------------------------------


def test_composition_inside_does_not_expand_decision_functions():
    f, g = normal(2, 300, 12)
    inside = torch.tensor([0, 0, 1, 5, 5, 7, 7, 7, 8, 2, 3, 11])
    for distance in (sup_distance, oscillation_distance):
        assert worst(distance, lambda v: v[..., inside], f, g) <= ONE
    # On the outside it may: a steep output layer.
    assert worst(sup_distance, lambda v: 3 * v, f, g) == pytest.approx(3)


def test_push_forward_does_not_expand_total_variation():
    p, q = normal(2, 300, 6).softmax(-1)
    targets = torch.tensor([0, 0, 3, 3, 1, 5])
    assert worst(total_variation_distance, lambda v: push_forward(v, targets), p, q) <= ONE
    kernel = normal(6, 4).softmax(-1)
    assert worst(total_variation_distance, lambda v: v @ kernel, p, q) <= ONE
    # Conditioning on an event is no push-forward, and expands.
    x, y = real([0.1, 0.0, 0.9]), real([0.0, 0.1, 0.9])

    def condition(v):
        return v[..., :2] / v[..., :2].sum(-1, keepdim=True)

    ratio = contraction_ratio(total_variation_distance, condition, x, y)
    assert ratio.item() == pytest.approx(10)


def test_samples_of_one_law_are_a_total_variation_of_order_root_k_over_n_apart():
    k, n, runs = 50, 400, 200
    draws = torch.randint(k, (2, runs, n), generator=generator(0, "samples"))
    x, y = (empirical_law(d, k) for d in draws)
    distance = total_variation_distance(x, y)
    # Each difference is about N(0, 2p/n): ½ k E|.| = ½ √(4k/(πn)); Poisson-like counts of
    # 8 an outcome are Gaussian up to about 2 %.
    expected = 0.5 * math.sqrt(4 * k / (math.pi * n))
    stderr = distance.std().item() / runs**0.5
    assert abs(distance.mean().item() - expected) <= 4 * stderr + 0.02 * expected


def test_lipschitz_maps_do_not_expand_wasserstein():
    x, y = normal(100, 30), normal(100, 45, seed=1)
    assert worst(wasserstein_distance, torch.sin, x, y) <= ONE
    assert worst(wasserstein_distance, lambda v: 2 * v, x, y) == pytest.approx(2)


def test_log_dilatation_of_a_linear_layer_is_the_log_of_its_singular_value():
    w = real([[3.0, 0.0], [0.0, 0.5]])
    x = real([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    # Along the axes the layer scales by 3 and by ½: the dilatation is 3.
    assert log_dilatation_distance(x, x @ w).item() == pytest.approx(math.log(3))
    y = normal(2, 50, 6, 2)
    assert worst(log_dilatation_distance, lambda v: v[..., :4, :], *y) <= ONE
