"""Stieltjes transforms against random matrices and each other; what the laws refuse."""

import math

import pytest
import torch

from bsgd_edu import rmt
from bsgd_edu.errors import DomainError
from bsgd_edu.seeding import generator

F64, C128 = torch.float64, torch.complex128
Z = torch.tensor([-0.5 + 0.1j, 1.0 + 0.5j, 3 - 0.2j], dtype=C128)


def noise(rows, columns, label):
    return torch.randn(rows, columns, generator=generator(0, label), dtype=F64)


def test_transform_is_the_normalised_trace_of_the_resolvent():
    x = noise(6, 4, "resolvent")
    s = (x.T @ x / 6).to(C128)
    eye = torch.eye(4, dtype=C128)
    expected = torch.stack([torch.linalg.inv(s - z * eye).trace() / 4 for z in Z])
    found = rmt.stieltjes_transform(torch.linalg.eigvalsh(s), Z)
    assert torch.allclose(found, expected, rtol=1e-12)


def test_transform_keeps_leading_dimensions():
    spectra = noise(2, 5, "spectra").reshape(2, 1, 5)
    found = rmt.stieltjes_transform(spectra, Z)
    assert found.shape == (2, 1, 3)
    assert torch.equal(found[1, 0], rmt.stieltjes_transform(spectra[1, 0], Z))


@pytest.mark.parametrize("law", [rmt.MarchenkoPastur(0.5, 2.0), rmt.MarchenkoPastur(2.0)])
def test_a_sampled_transform_is_the_laws(law):
    # Fluctuations of (1/p)·trace are of order 1/(p·Im z): 1/(600·0.1) = 0.017.
    values = law.sample(600, generator=generator(0, "concentration"))
    assert (rmt.stieltjes_transform(values, Z) - law.stieltjes(Z)).abs().max() < 0.017


def test_the_largest_sampled_eigenvalue_is_the_spike():
    # Ten samples, within three standard errors of their mean; ‖μ‖ = 2 and not ρ = 4 moves the data.
    law = rmt.SpikedMarchenkoPastur(0.5, 2.0)
    stream = generator(0, "top")
    tops = torch.stack([law.sample(300, generator=stream)[-1] for _ in range(10)])
    assert float(tops.mean()) == pytest.approx(5.625, abs=3 * float(tops.std()) / 10**0.5)
    assert float(tops.std()) < 0.4


def test_companion_is_the_transform_of_the_other_product():
    x = noise(3, 7, "companion")
    wide, tall = torch.linalg.eigvalsh(x @ x.T / 7), torch.linalg.eigvalsh(x.T @ x / 7)
    m = rmt.stieltjes_transform(wide, Z)
    expected = rmt.stieltjes_transform(tall, Z)
    assert torch.allclose(rmt.companion(m, Z, 3 / 7), expected, rtol=1e-9)


def test_companion_of_marchenko_pastur_solves_silversteins_equation():
    # z = −1/m̲ + c/(1 + m̲) for unit population covariance.
    for ratio in (0.3, 1.0, 3.0):
        m = rmt.companion(rmt.MarchenkoPastur(ratio).stieltjes(Z), Z, ratio)
        assert torch.allclose(-1 / m + ratio / (1 + m), Z, rtol=1e-12)


def test_inversion_finds_the_density():
    # Im m(x + iη)/π − density = O(η) inside the bulk.
    law = rmt.MarchenkoPastur(0.5)
    x = torch.tensor([0.3, 1.0, 2.0], dtype=F64)
    gaps = [
        float((rmt.density_from_stieltjes(law.stieltjes, x, eta) - law.density(x)).abs().max())
        for eta in (1e-3, 1e-5)
    ]
    assert gaps[0] < 1e-2
    assert gaps[1] == pytest.approx(gaps[0] / 100, rel=0.05)


def test_inversion_of_a_finite_spectrum_is_a_sum_of_cauchy_peaks():
    values, eta = torch.tensor([0.0, 2.0], dtype=F64), 0.25
    x = torch.linspace(-1, 3, 9, dtype=F64)
    found = rmt.density_from_stieltjes(lambda z: rmt.stieltjes_transform(values, z), x, eta)
    expected = (eta / math.pi / ((x[:, None] - values) ** 2 + eta**2)).mean(1)
    assert torch.allclose(found, expected, rtol=1e-12)


def test_stieltjes_is_accurate_next_to_the_atom_and_far_away():
    # c > 1 has a pole −(1 − 1/c)/z at 0; far away m = −1/z − 1/z² − (1 + c)/z³.
    law = rmt.MarchenkoPastur(4.0)
    z = torch.tensor([3e-12 + 1e-12j], dtype=C128)
    assert (law.stieltjes(z) * z).item() == pytest.approx(-0.75, abs=1e-10)
    far = torch.tensor([-1e5 + 0j], dtype=C128)
    rest = (-law.stieltjes(far) * far - 1) * far
    assert rest.item() == pytest.approx(1 + 5 / -1e5, abs=1e-8)
    assert rmt.SpikedMarchenkoPastur(4.0, 1.0).stieltjes(0 * z).item() == pytest.approx(0.2)


def test_variance_stretches_the_law():
    law, unit = rmt.MarchenkoPastur(0.4, 3.0), rmt.MarchenkoPastur(0.4)
    x = torch.tensor([0.5, 1.0, 2.0], dtype=F64)
    assert torch.allclose(law.density(3 * x), unit.density(x) / 3, rtol=1e-13)
    assert torch.allclose(law.stieltjes(3 * Z), unit.stieltjes(Z) / 3, rtol=1e-13)
    assert torch.allclose(law.nodes(9)[0], 3 * unit.nodes(9)[0], rtol=1e-13)


def test_weight_of_the_atom_and_the_rules_error_are_one_formula():
    # (1 − 1/c)/(1 + c^−N) tends to the mass (1 − 1/c)₊; it is left out where it is roundoff.
    points, weights = rmt.MarchenkoPastur(1.02).nodes(40)
    assert (points[-1], weights[-1]) == (0, pytest.approx((1 - 1 / 1.02) / (1 + 1.02**-40)))
    points, weights = rmt.SpikedMarchenkoPastur(0.25, 0.49**0.5).nodes(40)
    assert points[-1] == pytest.approx(1.49 * 0.74 / 0.49)
    assert weights[-1] == pytest.approx((1 - 0.25 / 0.49**2) / (1 + (0.25 / 0.49**2) ** 40))
    assert len(rmt.MarchenkoPastur(0.5).nodes(64)[0]) == 64
    assert len(rmt.MarchenkoPastur(2.0).nodes(64)[0]) == 65


REFUSED = [
    (lambda: rmt.MarchenkoPastur(0.0), r"ratio must be positive and finite, but it is 0\.0\. Pass"),
    (lambda: rmt.MarchenkoPastur(-2.0), r"MarchenkoPastur: ratio .* is -2\.0"),
    (lambda: rmt.MarchenkoPastur(math.nan), r"ratio must be positive and finite, but it is nan"),
    (
        lambda: rmt.MarchenkoPastur(0.5, -1.0),
        r"variance must be positive and finite, but it is -1\.0",
    ),
    (lambda: rmt.SpikedMarchenkoPastur(0.0, 1.0), r"SpikedMarchenkoPastur: ratio .* is 0\.0"),
    (lambda: rmt.SpikedMarchenkoPastur(0.5, -1.0), r"signal must be ≥ 0 and finite, .* is -1\.0"),
    (
        lambda: rmt.Semicircle(0.0),
        r"Semicircle: variance must be positive and finite, but it is 0\.0",
    ),
    (
        lambda: rmt.companion(Z, Z, 0.0),
        r"companion: ratio must be positive and finite, but it is 0\.0",
    ),
    (
        lambda: rmt.density_from_stieltjes(lambda z: z, torch.zeros(1), 0.0),
        r"eta must be positive and finite, but it is 0\.0",
    ),
    (
        lambda: rmt.stieltjes_transform(torch.zeros(2, 0), Z),
        r"at least 1 along the last dimension, but their shape is \(2, 0\)",
    ),
    (
        lambda: rmt.MarchenkoPastur(9.0).sample(4, generator=generator(0, "few")),
        r"dim must be ≥ 5, but it is 4\. At least half the ratio leaves a sample",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_bad_input_is_refused_with_its_numbers(call, message):
    with pytest.raises(DomainError, match=message):
        call()
