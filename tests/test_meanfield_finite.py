"""Finite random networks agree with the mean field maps, and with what their docstrings say."""

import math

import pytest
import torch

from bsgd_edu import dynamics, estimates, meanfield
from bsgd_edu.errors import DomainError
from bsgd_edu.seeding import generator

REAL = {"dtype": torch.float64}


@pytest.mark.parametrize(("weight_var", "c"), [(1.5, 0.6), (2.5, 0.9)])
def test_correlations_follow_the_correlation_map(weight_var, c):
    q = float(meanfield.fixed_point(weight_var, 0.05).q)
    orbit = meanfield.correlation_orbit(
        c, q, weight_var, 0.05, 8, width=4000, networks=40, generator=generator(0, "correlation")
    )
    theory = [torch.tensor(c, **REAL)]
    for _ in range(8):
        theory.append(meanfield.correlation_map(theory[-1], q, weight_var, 0.05))
    mean, stderr = estimates.mean_and_stderr(orbit)
    # 4 standard errors, and order 1/N a layer over 8 layers.
    assert ((mean - torch.stack(theory)).abs() < 4 * stderr + 8 / 4000).all()


def test_drawing_layers_from_their_covariance_is_the_law_of_a_network():
    # One layer of width 3 with weights drawn one by one against correlation_orbit's shortcut:
    # second moments of the cosine, over many networks, within 4 standard errors.
    stream, networks = generator(0, "law"), 40_000
    shortcut = meanfield.correlation_orbit(
        0.5, 1.0, 1.5, 0.2, 2, width=3, networks=networks, generator=stream
    )[-1]
    cholesky = torch.linalg.cholesky(torch.tensor([[1.0, 0.5], [0.5, 1.0]], **REAL))
    h = torch.randn(networks, 3, 2, generator=stream, **REAL) @ cholesky.T
    for _ in range(2):
        weight = math.sqrt(1.5 / 3) * torch.randn(networks, 3, 3, generator=stream, **REAL)
        bias = math.sqrt(0.2) * torch.randn(networks, 3, 1, generator=stream, **REAL)
        h = weight @ h.tanh() + bias
    cosine = torch.cosine_similarity(h[..., 0], h[..., 1])
    for power in (1, 2):
        gap, stderr = estimates.gap_and_stderr(shortcut**power, cosine**power)
        assert abs(gap) < 4 * stderr


@pytest.mark.parametrize("delta", [True, False])
def test_pixel_variances_follow_the_covariance_map(delta):
    weight_var, bias_var = 1.3, 0.02
    start = torch.tensor([0.05, 0.1, 0.4, 0.1, 0.05, 0.05])
    orbit = meanfield.variance_orbit(
        start, weight_var, bias_var, 3, delta=delta, channels=128, networks=60,
        generator=generator(0, "variances"),
    )  # fmt: skip
    covariance = torch.diag(start.double())
    taps = torch.eye(3)[1] if delta else torch.ones(3) / 3
    for _ in range(3):
        covariance = meanfield.covariance_map(covariance, weight_var, bias_var, taps=taps)
    mean, stderr = estimates.mean_and_stderr(orbit[-1], 0)
    # 4 standard errors; the curvature of the length map adds order q/C, 1 %.
    assert ((mean - covariance.diagonal()).abs() < 4 * stderr + 0.01 * mean).all()
    assert orbit.shape == (4, 60, 6)
    assert orbit.dtype == torch.float64


def test_a_single_bright_pixel_moves_one_place_a_layer_at_most():
    start = torch.zeros(7)
    start[3] = 1.0
    orbit = meanfield.variance_orbit(
        start, 1.0, 0.0, 1, delta=False, channels=8, networks=3, generator=generator(0, "pixel")
    )
    assert (orbit[1] > 0).all(0).tolist() == [False, False, True, True, True, False, False]


def test_modes_lose_what_gaussian_matrices_lose():
    for channels in (3, 12):
        drift = meanfield.mode_drift(
            8, channels, 80, networks=600, generator=generator(0, "drift", channels)
        )
        mean, stderr = estimates.mean_and_stderr(drift, 0)
        real, double = (
            float(dynamics.lyapunov.gaussian_spectrum(n, n**-0.5)[0])
            for n in (channels, 2 * channels)
        )
        due = torch.tensor([real, double, double, double, real], **REAL)
        # 4 standard errors; varying modes are complex Gaussian up to relative order 1/C².
        slack = due.abs() / channels**2 * torch.tensor([0, 1, 1, 1, 0])
        assert ((mean - due).abs() < 4 * stderr + slack).all()


def test_spectrum_has_the_variance_of_free_probability_for_orthogonal_weights():
    squares = meanfield.squared_singular_values(
        96, (4, 16), 1 / 16, orthogonal=True, networks=10, generator=generator(0, "spectrum")
    )
    assert squares.shape == (2, 10, 96)
    for depth, found in zip((4, 16), squares, strict=True):
        mean, stderr = estimates.mean_and_stderr(found.var(-1) / found.mean(-1) ** 2)
        due = meanfield.jacobian_moments(1 / 16, depth, orthogonal=True).variance
        assert abs(mean - due) < 4 * stderr + due * 4 / 96  # 4/C: finite width


def test_first_jacobian_of_a_gaussian_network_has_the_mean_of_criticality():
    squares = meanfield.squared_singular_values(
        32, (1,), 0.25, orthogonal=False, networks=400, generator=generator(0, "first")
    )
    # χ_1 = 1 in the mean; the layer's own variance fluctuates by order 1/C.
    mean, stderr = estimates.mean_and_stderr(squares[0].mean(-1))
    assert abs(mean - 1) < 4 * stderr + 0.01


def test_linear_orthogonal_jacobian_is_orthogonal_and_linear_gaussian_is_not():
    size = {"networks": 2, "generator": generator(0, "linear")}
    kept = meanfield.squared_singular_values(6, (30,), 0.0, orthogonal=True, **size)
    torch.testing.assert_close(kept, torch.ones_like(kept), rtol=0, atol=1e-12)
    lost = meanfield.squared_singular_values(6, (30,), 0.0, orthogonal=False, **size)
    assert (lost[0, :, -1] < 1e-6 * lost[0, :, 0]).all()


@pytest.mark.parametrize("delta", [True, False])
@pytest.mark.parametrize("padding", ["circular", "zeros"])
def test_three_of_four_combinations_keep_lengths(delta, padding):
    lengths = meanfield.length_orbit(
        6, 4, 10, delta=delta, padding=padding, networks=30, generator=generator(0, "length")
    )
    if delta or padding == "circular":
        torch.testing.assert_close(lengths, torch.ones_like(lengths), rtol=0, atol=1e-12)
        return
    square, stderr = estimates.mean_and_stderr(lengths[1] ** 2)
    assert abs(square - (1 - 1 / 12) ** 2) < 4 * stderr
    assert (lengths.diff(dim=0) < 0).all()


def test_refusals_name_the_numbers():
    stream = generator(0, "refused")
    with pytest.raises(DomainError, match=r"c must lie in \(−1, 1\), but it is 1\.0"):
        meanfield.correlation_orbit(1.0, 1, 1, 0, 2, width=5, networks=1, generator=stream)
    with pytest.raises(DomainError, match=r"width must be an integer ≥ 2, but it is 1"):
        meanfield.correlation_orbit(0.5, 1, 1, 0, 2, width=1, networks=1, generator=stream)
    with pytest.raises(DomainError, match="each depth of at must be an integer ≥ 1, but it is 0"):
        meanfield.squared_singular_values(
            4, (0, 3), 0.1, orthogonal=True, networks=1, generator=stream
        )
    with pytest.raises(DomainError, match="'same'"):
        meanfield.length_orbit(4, 2, 1, delta=True, padding="same", networks=1, generator=stream)
