"""One torch optimizer over a grid of learning rates is as many of them apart."""

import math

import pytest
import torch

from bsgd_edu import optim
from bsgd_edu.errors import DomainError

F64 = torch.float64
OPTIMIZERS = {
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "adagrad": (torch.optim.Adagrad, {}),
    "adadelta": (torch.optim.Adadelta, {"rho": 0.8}),
    "adam": (torch.optim.Adam, {}),
}
LRS = [0.01, 0.1, 0.3]


def grad(x):
    return (x - 1).sinh() / 2 + 0.3 * x.roll(1, -1)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_grid_is_a_loop_over_rates(name):
    kind, options = OPTIMIZERS[name]
    start = torch.randn(2, 3, generator=torch.Generator().manual_seed(0), dtype=F64)
    orbit = optim.grid_orbit(kind, grad, start, LRS, num_steps=8, **options)
    assert orbit.shape == (9, 3, 2, 3)
    for row, lr in enumerate(LRS):
        theta = torch.nn.Parameter(start.clone())
        alone = kind([theta], lr=lr, **options)
        for step in range(9):
            torch.testing.assert_close(orbit[step, row], theta.detach(), rtol=1e-12, atol=1e-12)
            theta.grad = grad(theta.detach())
            alone.step()


def test_chosen_steps_come_in_the_order_asked_for_and_the_start_stays():
    start = torch.tensor([8.0])
    orbit = optim.grid_orbit(torch.optim.SGD, lambda x: x, start, [0.5], num_steps=3, at=[2, 0])
    assert orbit.ravel().tolist() == [2.0, 8.0]
    assert start.item() == 8
    assert not orbit.requires_grad
    none = optim.grid_orbit(torch.optim.SGD, lambda x: x, start, [0.5], num_steps=3, at=[])
    assert none.shape == (0, 1, 1)


def test_a_rate_that_diverges_leaves_the_others_alone():
    start = torch.tensor([2.0], dtype=F64)
    orbit = optim.grid_orbit(
        torch.optim.SGD, lambda x: x**3, start, [0.01, 9.0], num_steps=20, at=[20]
    )
    assert not orbit[0, 1].isfinite().any()
    alone = optim.grid_orbit(torch.optim.SGD, lambda x: x**3, start, [0.01], num_steps=20, at=[20])
    assert torch.equal(orbit[0, 0], alone[0, 0])


def test_rates_and_steps_out_of_range_are_refused():
    def call(lrs, **options):
        optim.grid_orbit(torch.optim.SGD, grad, torch.zeros(2), lrs, **options)

    for lr in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(DomainError, match=rf"but 1 of 2 are not: \[{lr}\]"):
            call([0.1, lr], num_steps=1)
    with pytest.raises(DomainError, match=r"but 0 of 0 are not: \[\]"):
        call([], num_steps=1)
    with pytest.raises(DomainError, match=r"within 0\.\.5, but it spans 0\.\.6"):
        call([0.1], num_steps=5, at=[0, 6])
    with pytest.raises(DomainError, match=r"num_steps must be an integer ≥ 0"):
        call([0.1], num_steps=-1)
