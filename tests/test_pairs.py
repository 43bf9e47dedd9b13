"""Two classes of a data set: whitening gives what the theory of chapter 7 assumes."""

import pytest
import torch

from bsgd_edu import datasets
from bsgd_edu.errors import DomainError, ShapeError


def test_a_pair_holds_both_splits_and_only_the_two_classes():
    inputs, targets = datasets.class_pair("digits", 7, 1)
    splits = [datasets.load("digits", split=split) for split in ("train", "test")]
    for label, sign in ((7, 1), (1, -1)):
        expected = torch.cat([s.inputs[s.targets == label] for s in splits]).double()
        found = inputs[targets == sign]
        assert found.shape == expected.shape
        # The order within a class stays: rows are compared one by one.
        assert torch.equal(found, expected)
    assert inputs.dtype == targets.dtype == torch.float64


def prepared(inputs, targets):
    """‖μ‖², the cases, and the noisy inputs that were whitened: the first draw is theirs."""
    norm2, cases = datasets.pair_cases(inputs, targets, generator=torch.Generator().manual_seed(1))
    noise = torch.randn(
        inputs.shape, generator=torch.Generator().manual_seed(1), dtype=inputs.dtype
    )
    return norm2, cases, inputs + inputs.var(0).mean().sqrt() * noise


def within(inputs, targets):
    """Deviations from the mean of the own class."""
    means = {sign: inputs[targets == sign].mean(0) for sign in (1, -1)}
    return inputs - torch.where((targets == 1)[:, None], means[1], means[-1])


@pytest.mark.parametrize("name", ["whitened", "alike"])
def test_whitened_classes_have_opposite_means_and_unit_covariance(name):
    inputs, targets = datasets.class_pair("digits", 1, 7)
    norm2, cases, _ = prepared(inputs, targets)
    white = cases[name]
    mean = white[targets == 1].mean(0)
    # Sums of 180 numbers of order 1 in float64.
    torch.testing.assert_close(white[targets == -1].mean(0), -mean, rtol=0, atol=1e-10)
    torch.testing.assert_close(mean, cases["whitened"][targets == 1].mean(0), rtol=0, atol=1e-10)
    assert float(mean @ mean) == pytest.approx(norm2, rel=1e-9)
    inside = within(white, targets)
    torch.testing.assert_close(
        inside.T @ inside / len(white), torch.eye(64).double(), rtol=0, atol=1e-9
    )


def test_whitened_means_are_mahalanobis_distance_apart_which_sees_no_units():
    inputs, targets = datasets.class_pair("digits", 1, 7)
    norm2, _, noisy = prepared(inputs, targets)
    gap = noisy[targets == 1].mean(0) - noisy[targets == -1].mean(0)
    inside = within(noisy, targets)
    squared = gap @ torch.linalg.solve(inside.T @ inside / len(noisy), gap)
    # ‖2μ‖², which no linear map of the noisy features changes.
    assert 4 * norm2 == pytest.approx(float(squared), rel=1e-9)


def test_scaling_alone_keeps_the_shape_of_the_covariance():
    inputs, targets = datasets.class_pair("digits", 1, 7)
    _, cases, _ = prepared(inputs, targets)
    scaled = cases["raw"]
    # Mean variance 1, the middle of the means at 0, and one number between any two distances
    # before and after.
    inside = within(scaled, targets)
    torch.testing.assert_close(inside.square().mean().item(), 1.0, rtol=1e-12, atol=0)
    means = [scaled[targets == sign].mean(0) for sign in (1, -1)]
    torch.testing.assert_close(means[0], -means[1], rtol=0, atol=1e-12)
    ratios = torch.pdist(scaled[:20]) / torch.pdist(inputs[:20])
    torch.testing.assert_close(ratios, ratios[:1].expand_as(ratios), rtol=1e-12, atol=0)
    assert not torch.allclose(scaled, cases["whitened"], atol=0.1)


def test_what_cannot_be_whitened_is_refused_with_numbers():
    inputs, targets = datasets.class_pair("digits", 1, 7)

    def refused(inputs, targets):
        datasets.pair_cases(inputs, targets, generator=torch.Generator().manual_seed(0))

    with pytest.raises(DomainError, match=r"60 samples of 64 features.*more samples"):
        refused(inputs[150:210], targets[150:210])
    with pytest.raises(DomainError, match="all of the 4 samples"):
        refused(torch.tensor([[1.0], [1.0], [-1.0], [-1.0]]), torch.tensor([1.0, 1.0, -1.0, -1.0]))
    with pytest.raises(DomainError, match=r"182 are 1, 0 are −1, of 182"):
        refused(inputs[targets == 1], targets[targets == 1])
    with pytest.raises(DomainError, match=r"182 are 1, 0 are −1, of 361"):
        refused(inputs, targets.clamp_min(0))
    with pytest.raises(ShapeError, match=r"\(361, 64\) and \(361, 1\)"):
        refused(inputs, targets[:, None])
    with pytest.raises(DomainError, match=r"1 with 182 samples and 1 with 182"):
        datasets.class_pair("digits", 1, 1)
    with pytest.raises(DomainError, match=r"12 with 0.*0 … 9"):
        datasets.class_pair("digits", 1, 12)
