"""Standard errors are what they say: the spread of the estimate over repeated experiments."""

import pytest
import torch

from bsgd_edu import estimates
from bsgd_edu.errors import DomainError
from bsgd_edu.seeding import generator

# 2000 experiments of 400 samples: the spread of an estimate is then known to 1/√4000 = 1.6 %,
# and the mean of its stated errors much better; 8 % is five times that.
EXPERIMENTS, SAMPLES, SLACK = 2000, 400, 0.08


def _gauss(name):
    stream = generator(0, "estimates", name)
    return torch.randn(EXPERIMENTS, SAMPLES, generator=stream, dtype=torch.float64)


def _calibrated(estimate, stderr):
    assert estimate.shape == stderr.shape == (EXPERIMENTS,)
    assert abs(float(stderr.mean() / estimate.std()) - 1) < SLACK


@pytest.mark.parametrize("power", [1, 3])  # a Gaussian, and a law with heavy shoulders
def test_mean(power):
    _calibrated(*estimates.mean_and_stderr(_gauss("mean") ** power))


def test_variance_of_gaussian_and_of_coin_flips():
    _calibrated(*estimates.variance_and_stderr(_gauss("variance")))
    uniform = torch.rand(EXPERIMENTS, SAMPLES, generator=generator(0, "u")).double()
    variance, stderr = estimates.variance_and_stderr(uniform)
    _calibrated(variance, stderr)
    # (m4 − s⁴)/n = (1/80 − 1/144)/n for the uniform law: far from the Gaussian 2s⁴/n.
    assert float(stderr.mean()) == pytest.approx(((1 / 80 - 1 / 144) / SAMPLES) ** 0.5, rel=0.02)


def test_root_mean_square():
    _calibrated(*estimates.rms_and_stderr(1 + _gauss("rms")))


@pytest.mark.parametrize("link", [0.0, 0.9])
def test_correlation(link):
    a, noise = _gauss("a"), _gauss("noise")
    r, stderr = estimates.correlation_and_stderr(a, link * a + (1 - link**2) ** 0.5 * noise)
    assert float(r.mean()) == pytest.approx(link, abs=0.01)
    _calibrated(r, stderr)


@pytest.mark.parametrize("level", [0.0, 1.5])
def test_share(level):
    _calibrated(*estimates.share_and_stderr(_gauss("share") > level))


def test_share_of_what_never_happened_has_an_error():
    share, stderr = estimates.share_and_stderr(torch.zeros(98, dtype=torch.bool))
    assert float(share) == 0.0
    assert float(stderr) == pytest.approx((0.01 * 0.99 / 98) ** 0.5)


def test_gap_of_independent_samples():
    a, b = _gauss("gap a"), 2 * _gauss("gap b")
    _calibrated(*estimates.gap_and_stderr(a, b))
    gap, stderr = estimates.gap_and_stderr(a > 1, b > 1)
    _calibrated(gap, stderr)
    assert float(gap.mean()) == pytest.approx(0.1587 - 0.3085, abs=0.003)


def test_dimension_of_the_samples_is_chosen():
    x = _gauss("dim")[:6, :5]
    for function in (
        estimates.mean_and_stderr,
        estimates.variance_and_stderr,
        estimates.rms_and_stderr,
    ):
        for got, want in zip(function(x, dim=0), function(x.T), strict=True):
            assert torch.equal(got, want) or torch.allclose(got, want)
    assert estimates.gap_and_stderr(x, x, dim=0)[0].shape == (5,)


def test_estimates_are_stacked_with_their_errors_along_the_dimension_asked_for():
    x = _gauss("stack")[:6, :5]
    rows = [estimates.mean_and_stderr(x), estimates.mean_and_stderr(2 * x)]
    for dim in (0, 1):
        mean, stderr = estimates.Estimate.stack(rows, dim)
        assert torch.equal(mean, torch.stack([x.mean(1), 2 * x.mean(1)], dim))
        assert torch.allclose(stderr.select(dim, 1), 2 * stderr.select(dim, 0))


def test_a_single_sample_has_no_spread():
    with pytest.raises(DomainError, match="at least 2 along dim -1, but there are 1"):
        estimates.mean_and_stderr(torch.ones(3, 1))
