"""Certificates say what two derivatives prove, and no more."""

import math

import pytest
import torch

from bsgd_edu import curvature, nets
from bsgd_edu.errors import DomainError, ShapeError

F64 = torch.float64
MATRIX = torch.tensor([[2.0, 1.0, 0.0], [1.0, -3.0, 0.5], [0.0, 0.5, 1.0]], dtype=F64)


def quadratic(matrix):
    return lambda x: 0.5 * ((x @ matrix) * x).sum(-1)


def test_a_quadratic_is_certified_by_its_matrix():
    points = torch.eye(3, dtype=F64).reshape(3, 1, 3)
    found = curvature.certify(quadratic(MATRIX), points)
    assert found.loss.shape == found.gradient_norm.shape == found.smallest_eigenvalue.shape
    assert found.loss.shape == (3, 1)
    torch.testing.assert_close(found.loss[:, 0], MATRIX.diagonal() / 2)
    torch.testing.assert_close(found.gradient_norm[:, 0], MATRIX.norm(dim=1))
    lowest = torch.linalg.eigvalsh(MATRIX)[0].expand(3, 1)
    torch.testing.assert_close(found.smallest_eigenvalue, lowest)
    assert found.verdict == [["not critical"]] * 3


@pytest.mark.parametrize(
    ("diagonal", "symmetries", "verdict"),
    [
        ((2.0, 0.1), 0, "minimum"),
        ((2.0, -0.1), 0, "saddle"),
        ((2.0, 0.0), 0, "flat"),
        ((2.0, 1e-7), 0, "flat"),
        ((2.0, -1e-7), 0, "flat"),
        ((2.0, 0.0), 1, "minimum"),
        ((-2.0, 0.0), 1, "saddle"),
        ((2.0, 0.1), 1, "minimum"),  # a symmetry that is none is not left out
        ((2.0, -0.1), 1, "saddle"),
    ],
)
def test_verdicts(diagonal, symmetries, verdict):
    loss = quadratic(torch.diag(torch.tensor(diagonal, dtype=F64)))
    found = curvature.certify(loss, torch.zeros(2, dtype=F64), symmetries=symmetries)
    assert found.verdict == verdict
    assert bool(found.second_order) == (verdict != "saddle")
    assert str(found).startswith(f"{verdict}: |gradient| 0, smallest Hessian eigenvalue ")
    assert str(found).endswith("(tolerances 1e-08 and 1e-06)")


def test_tolerances_are_the_callers():
    loss, point = quadratic(torch.eye(2, dtype=F64)), torch.tensor([1e-3, 0.0], dtype=F64)
    assert curvature.certify(loss, point).verdict == "not critical"
    assert curvature.certify(loss, point, gradient_tolerance=1e-2).verdict == "minimum"
    assert curvature.certify(
        loss, 0 * point, eigenvalue_tolerance=2.0
    ).verdict == "flat"  # fmt: skip


def test_a_cloud_is_counted_by_kind():
    # cos x: minima at odd multiples of π, saddles (maxima) at even ones.
    points = math.pi * torch.tensor([[0.0], [1.0], [2.0], [0.5]], dtype=F64)
    found = curvature.certify(lambda x: x.cos().sum(-1), points, gradient_tolerance=1e-12)
    assert found.verdict == ["saddle", "minimum", "saddle", "not critical"]
    assert str(found) == "1 not critical, 2 saddle, 1 minimum (tolerances 1e-12 and 1e-06)"


def test_the_hessian_is_that_of_autograd_and_the_points_are_left_alone():
    net = nets.DeepLinear([2, 3, 2], nets.squared_loss(torch.eye(2, dtype=F64)))
    points = net.init(torch.Generator().manual_seed(0), (4,))
    found = curvature.certify(net.loss, points)
    for row, point in enumerate(points):
        hessian = torch.autograd.functional.hessian(net.loss, point)
        torch.testing.assert_close(
            found.smallest_eigenvalue[row], torch.linalg.eigvalsh(hessian)[0]
        )
    assert not points.requires_grad
    assert not found.loss.requires_grad


def test_a_linear_or_constant_loss_has_no_curvature():
    found = curvature.certify(lambda x: 2 * x.sum(-1), torch.zeros(3, 2))
    assert found.smallest_eigenvalue.tolist() == [0, 0, 0]
    assert found.verdict == ["not critical"] * 3
    assert curvature.certify(lambda x: torch.ones(x.shape[:-1]), torch.zeros(2)).verdict == "flat"


def test_what_is_not_finite_is_refused():
    points = torch.tensor([[1.0], [math.inf], [math.nan]])
    with pytest.raises(DomainError, match=r"loss must be finite, but entry \(1,\) is inf \(2 of 3"):
        curvature.certify(lambda x: x.square().sum(-1), points)
    with pytest.raises(DomainError, match=r"gradient must be finite, .* \(1 of 2"):
        curvature.certify(lambda x: x.abs().sqrt().sum(-1), torch.tensor([[1.0], [0.0]]))
    with pytest.raises(DomainError, match=r"Hessian must be finite, .* \(1 of 1"):
        curvature.certify(lambda x: x.clamp(min=0).pow(1.5).sum(-1), torch.tensor([0.0]))


def test_arguments_out_of_range_are_refused():
    loss, point = quadratic(torch.eye(2)), torch.zeros(2)
    with pytest.raises(
        DomainError, match=r"gradient_tolerance must be ≥ 0 and finite, but it is -1"
    ):
        curvature.certify(loss, point, gradient_tolerance=-1)
    for symmetries in (-1, 2):
        with pytest.raises(
            DomainError, match=rf"integer in 0\.\.1, but it is {symmetries}\. .* 2 coordinates"
        ):
            curvature.certify(loss, point, symmetries=symmetries)
    with pytest.raises(ShapeError, match=r"one number a point, \(3,\), but it gives \(\)"):
        curvature.certify(lambda x: x.sum(), torch.zeros(3, 2))
