"""Losses of a product keep their curvature where a residual is exactly zero."""

import pytest
import torch

from bsgd_edu import nets
from bsgd_edu.curvature import certify

REAL = {"dtype": torch.float64}


@pytest.mark.parametrize(
    ("loss", "curvature"),
    [
        (nets.huber_loss(torch.zeros(1, 1, **REAL), 0.25), 4.0),  # 1/δ
        (nets.power_loss(torch.zeros(1, 1, **REAL), 2), 1.0),
        (nets.lp_loss(torch.ones(1, 1, **REAL), torch.zeros(1, 1, **REAL), 2), 1.0),
    ],
)
def test_curvature_by_machine_is_right_at_a_residual_of_exactly_zero(loss, curvature):
    # |r|² differentiated twice by machine gives 2 sign(r)², which is 0 at r = 0.
    def value(theta):
        return loss(theta[..., None])

    assert certify(value, torch.zeros(1, **REAL)).smallest_eigenvalue.item() == curvature
