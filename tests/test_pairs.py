"""Two classes of a data set: whitening gives what the theory of chapter 7 assumes."""

import pytest
import torch

from bsgd_edu import datasets
from bsgd_edu.errors import DomainError, ShapeError


def noisy_digits():
    inputs, targets = datasets.class_pair("digits", 1, 7)
    noise = torch.randn(inputs.shape, generator=torch.Generator().manual_seed(0)).double()
    return inputs + 0.1 * noise, targets


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


def test_whitened_classes_have_opposite_means_and_unit_covariance():
    inputs, targets = noisy_digits()
    white, mean = datasets.whiten_classes(inputs, targets)
    for sign in (1, -1):
        # Sums of 180 numbers of order 1 in float64.
        torch.testing.assert_close(white[targets == sign].mean(0), sign * mean, rtol=0, atol=1e-10)
    within = white - targets[:, None] * mean
    torch.testing.assert_close(
        within.T @ within / len(white), torch.eye(64).double(), rtol=0, atol=1e-9
    )


def test_whitening_does_not_see_the_units_of_the_features():
    inputs, targets = noisy_digits()
    scaled = inputs * torch.linspace(0.5, 3, 64).double() + 7
    (_, a), (_, b) = (datasets.whiten_classes(x, targets) for x in (inputs, scaled))
    # ‖μ‖² is Mahalanobis' distance of the means over 4, which no linear map changes.
    torch.testing.assert_close(a @ a, b @ b, rtol=1e-9, atol=0)


def test_scaling_alone_keeps_the_shape_of_the_covariance():
    inputs, targets = noisy_digits()
    (white, _), (scaled, mean) = (
        datasets.whiten_classes(inputs, targets, scale_only=one) for one in (False, True)
    )
    within = scaled - targets[:, None] * mean
    # Mean variance 1, and one number between any two distances before and after.
    torch.testing.assert_close(within.square().mean().item(), 1.0, rtol=1e-12, atol=0)
    ratios = torch.pdist(scaled[:20]) / torch.pdist(inputs[:20])
    torch.testing.assert_close(ratios, ratios[:1].expand_as(ratios), rtol=1e-12, atol=0)
    assert not torch.allclose(scaled, white, atol=0.1)
    with pytest.raises(DomainError, match="all of the 2 samples"):
        datasets.whiten_classes(torch.eye(2), torch.tensor([1.0, -1.0]), scale_only=True)


def test_what_cannot_be_whitened_is_refused_with_numbers():
    inputs, targets = datasets.class_pair("digits", 1, 7)
    with pytest.raises(DomainError, match=r"361 samples of 64 features.*add noise"):
        datasets.whiten_classes(inputs, targets)
    with pytest.raises(DomainError, match=r"182 are 1, 0 are −1, of 182"):
        datasets.whiten_classes(inputs[targets == 1], targets[targets == 1])
    with pytest.raises(DomainError, match=r"182 are 1, 0 are −1, of 361"):
        datasets.whiten_classes(inputs, targets.clamp_min(0))
    with pytest.raises(ShapeError, match=r"\(361, 64\) and \(361, 1\)"):
        datasets.whiten_classes(inputs, targets[:, None])
    with pytest.raises(DomainError, match=r"1 with 182 samples and 1 with 182"):
        datasets.class_pair("digits", 1, 1)
    with pytest.raises(DomainError, match=r"12 with 0.*0 … 9"):
        datasets.class_pair("digits", 1, 12)
