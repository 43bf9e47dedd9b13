"""The table of layers: no row expands its metric, and each counter-example expands something."""

import math

import pytest
import torch

from bsgd_edu.metrics import birkhoff_coefficient, contraction_ratio, hilbert_distance
from bsgd_edu.metrics.layers import TABLE, worst_pair
from bsgd_edu.seeding import generator

ROWS = pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.layer} {row.metric}")


@ROWS
def test_layer_does_not_expand_its_metric_within_the_condition(row):
    ratios = row.ratios(5000, generator(5, row.layer))
    # Pairs are at least 1e-4 apart: rounding moves a ratio by 1e-11 or so.
    assert float(ratios.max()) <= row.factor + 1e-8
    assert float(ratios.max()) >= 0.85 * row.factor  # the constant is not just a bound


@ROWS
def test_layer_just_outside_expands_some_pair(row):
    ratios = row.ratios(5000, generator(6, row.layer), outside=True)
    assert float(ratios.max()) > 1.2
    if row.outside_factor is not None:
        assert row.outside_factor * 0.95 <= float(ratios.max()) <= row.outside_factor + 1e-8


@ROWS
def test_pairs_follow_their_stream(row):
    first, second = (row.pairs(10, generator(1, "pairs")) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(first[0], row.pairs(10, generator(2, "pairs"))[0])


@pytest.mark.parametrize("dim", [2, 3, 6])
def test_worst_pair_attains_birkhoffs_coefficient(dim):
    matrices = torch.randn(50, dim, dim, generator=generator(0, "w", dim)).double().exp()
    x, y = worst_pair(matrices)
    assert x.shape == y.shape == (50, dim)
    ratio = contraction_ratio(hilbert_distance, lambda v: (matrices @ v[..., None])[..., 0], x, y)
    # The error is of the order of the gap squared, 1e-8, times constants of order one.
    assert torch.allclose(ratio, birkhoff_coefficient(matrices), rtol=1e-6)


def test_worst_pair_keeps_leading_dims():
    assert worst_pair(torch.rand(3, 4, 2, 2).double() + 0.1)[0].shape == (3, 4, 2)


def test_strip_attains_its_constant_only_towards_the_rim():
    # At height y = π/4 − δ the derivative is (π/4) cos(2y) / (cos²y · cos((π/2) tan y)), that is
    # (1 − 2δ)/(1 − δ) = 1 − δ up to δ². Random pairs rarely land there, so this pair is directed.
    row = next(row for row in TABLE if row.metric == "Kobayashi, strip")
    for delta in (1e-2, 1e-3):
        z = torch.full((1, 2), 1j * (math.pi / 4 - delta), dtype=torch.complex128)
        ratio = contraction_ratio(row.distance, row.inside, z, z + 1e-3 * delta)
        assert float(ratio) == pytest.approx(1 - delta, abs=3 * delta**2 + 1e-5)
