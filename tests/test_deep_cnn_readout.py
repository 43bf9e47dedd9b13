"""DeepCNN's two readouts: the mean over positions, or all of them."""

import pytest
import torch

from bsgd_edu.nets import DeepCNN
from bsgd_edu.seeding import generator


@pytest.mark.parametrize("max_bytes", [None, 60_000])
@pytest.mark.parametrize("pool", [True, False])
def test_gradient_is_that_of_autograd(pool, max_bytes):
    net = DeepCNN(8, 3, 12, num_classes=4, patch=2, pool=pool, max_bytes=max_bytes)
    stream = generator(0, "readout")
    theta = net.init(stream, replicas=(2,)).double()
    inputs = torch.randn(5, 64, generator=stream, dtype=torch.float64)
    targets = torch.arange(5) % 4
    point = theta.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(net.loss(point, inputs, targets).sum(), point)
    # Two routes in float64: rounding only.
    torch.testing.assert_close(net.grad(theta, inputs, targets), wanted, rtol=1e-10, atol=1e-13)


def test_equal_weights_at_all_positions_are_the_mean():
    whole, pooled = (DeepCNN(8, 3, 4, num_classes=2, patch=2, pool=p) for p in (False, True))
    theta = pooled.init(generator(0, "readout"))
    head = theta[-(2 * 3 + 2) : -2].view(2, 3)
    spread = (head / 16).repeat_interleave(16, -1)  # channel outermost, then 16 positions
    same = torch.cat([theta[: -(2 * 3 + 2)], spread.flatten(), theta[-2:]])
    inputs = torch.randn(4, 64, generator=generator(0, "inputs"))
    torch.testing.assert_close(whole.logits(same, inputs), pooled.logits(theta, inputs))


def test_readout_of_all_positions_starts_with_variance_one_over_its_fan_in():
    net = DeepCNN(8, 16, 1, num_classes=10, patch=2, pool=False)
    head = net.init(generator(0, "readout"))[-(10 * 256 + 10) : -10]
    # 2560 Gaussian draws: 4 standard errors of a variance, √(2/2560).
    assert abs(256 * head.var() - 1) < 4 * (2 / 2560) ** 0.5
