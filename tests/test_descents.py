"""Runs of chapter 9: descent, the certificates of its ends, and searches, against other routes."""

import math
from types import SimpleNamespace

import pytest
import torch

from bsgd_edu import nets
from bsgd_edu.curvature import certify
from bsgd_edu.errors import DomainError
from bsgd_edu.estimates import Estimate
from bsgd_edu.lessons.c09_no_bad_minima import runs as descents
from bsgd_edu.lessons.c09_no_bad_minima import traps
from bsgd_edu.seeding import generator

REAL = {"dtype": torch.float64}


@pytest.mark.parametrize("radius", [0.3, 0.5, 0.6, 0.75])
def test_search_finds_the_formula_and_never_less(radius):
    ends = descents.search_box(radius, 24, generator=generator(0, "box", int(100 * radius)))
    assert ends.min().item() == pytest.approx(traps.kink_trap_value(radius), abs=1e-9)
    assert ends.shape == (24,)


def test_search_refuses_a_box_without_inside():
    with pytest.raises(DomainError, match="radius must be > 0, but it is 0"):
        descents.search_box(0.0, 2, generator=generator(0, "box"))


def test_share_of_stuck_runs_is_none_below_the_threshold_and_some_above():
    none, _ = descents.stuck_share(1.0, 1.0, 200, seed=0)
    some, error = descents.stuck_share(4.0, 1.0, 200, seed=0)
    assert none == 0
    # Earlier runs of 200 starts gave .31; both shares have this standard error.
    assert abs(some - 0.31) < 4 * math.sqrt(2) * error


def test_descent_is_gradient_descent_and_the_heavy_ball():
    net, point = traps.kink_trap(0.5)
    start = point + 0.1 * torch.randn(3, 8, generator=generator(0, "kick"), **REAL)
    theta, moving, velocity = start, start, torch.zeros_like(start)
    for _ in range(5):
        theta = theta - 0.01 * net.grad(theta)
        velocity = 0.9 * velocity + net.grad(moving)
        moving = moving - 0.01 * velocity
    plain = descents.descend(net, start, 0.01, [0, 5])
    torch.testing.assert_close(plain, torch.stack([start, theta]), rtol=0, atol=1e-14)
    heavy = descents.descend(net, start, 0.01, [0, 5], 0.9)
    torch.testing.assert_close(heavy, torch.stack([start, moving]), rtol=0, atol=1e-14)


def test_losses_are_convex_and_their_gradients_are_those_by_machine():
    a, b = torch.randn(2, 50, 3, 4, generator=generator(0, "matrices"), **REAL)
    for loss, _, _ in descents.convex_losses(generator(0, "data")).values():
        assert loss(a).shape == (50,)
        assert (loss((a + b) / 2) <= (loss(a) + loss(b)) / 2).all()
        point = a.clone().requires_grad_()
        (slope,) = torch.autograd.grad(loss(point).sum(), point)
        torch.testing.assert_close(loss.gradient(a), slope, rtol=1e-10, atol=1e-12)


def test_wide_layers_reach_the_convex_optimum_and_narrow_ones_do_not():
    loss, lr, last = descents.convex_losses(generator(0, "data"))["logistic and ridge"]
    ends = {}
    for widths in ([4, 3], [4, 3, 3], [4, 2, 3]):
        net = nets.DeepLinear(widths, loss)
        starts = net.init(generator(0, "starts", *widths), (10,), std=0.3)
        points = descents.descend(net, starts, lr, [0, last], 0.9)
        ends[len(widths), widths[1]] = net.loss(points)
        assert certify(net.loss, points[-1]).second_order.all()
    optimum = ends[2, 3][1]
    # Linear convergence: the rest is round-off of a loss below 1.
    assert optimum.max() - optimum.min() < 1e-12
    assert (ends[3, 3][1] - optimum).abs().max() < 1e-12
    assert (ends[3, 3][0] - optimum).min() > 0.01
    assert (ends[3, 2][1] - optimum).min() > 1e-3


def test_power_between_two_sizes_and_its_error_are_those_of_resampled_estimates():
    shares = {
        0.01: Estimate(torch.tensor(0.003, **REAL), torch.tensor(0.0002, **REAL)),
        0.04: Estimate(torch.tensor(0.024, **REAL), torch.tensor(0.0006, **REAL)),
        1.0: Estimate(torch.tensor(0.5, **REAL), torch.tensor(0.1, **REAL)),
    }
    slope, stderr = descents.power_between(shares, 0.01, 0.04)
    assert float(slope) == pytest.approx(1.5)  # eight times as much at four times the size
    noise = torch.randn(2, 100_000, generator=generator(0, "noise"), **REAL)
    low, high = (m + s * z for (m, s), z in zip(list(shares.values())[:2], noise, strict=True))
    # The error is linearised: relative errors of 7 % leave about 1 % of it.
    assert float(stderr) == pytest.approx(float((high / low).log().std() / math.log(4)), rel=0.02)


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.1), (0.1, 0.01), (0.0, 0.1), (0.1, 1.0)])
def test_power_between_refuses_what_has_no_logarithm(low, high):
    error, zero = torch.tensor(0.01), torch.tensor(0.0)
    shares = {x: Estimate(torch.tensor(0.2), error) for x in (0.0, 0.01, 0.1)}
    shares[1.0] = Estimate(zero, error)
    with pytest.raises(DomainError, match=rf"but they are {low:g} and {high:g} with 0\.2 and 0"):
        descents.power_between(shares, low, high)


@pytest.mark.parametrize("smoothing", [0.5, 0.05])
def test_curvature_of_the_smoothed_trap_is_that_of_its_hessian(smoothing):
    net, point = traps.kink_trap(smoothing)
    found = certify(net.loss, point).smallest_eigenvalue.item()
    assert -descents.smoothed_curvature(smoothing) == pytest.approx(found, rel=1e-9)


def test_runs_leave_the_smoothed_trap_at_the_rate_of_its_saddle():
    # Before the fall the loss sinks below the trap's by an amount that grows like μ²ⁿ, with
    # μ² − (1 + β + lr|λ|) μ + β = 0 for the heavy ball: 4 % slower than the flow's e^{lr|λ|/(1−β)}.
    kicks = 1e-6 * torch.randn(5, 8, generator=generator(0, "kicks"), **REAL)
    fall = descents.leave_trap(0.2, kicks, [1200, 1600])
    middle = (1.9 + 5e-4) / 2
    growth = 2 * 400 * math.log(middle + math.sqrt(middle**2 - 0.9))
    gained = (0.9 - fall.losses).log().diff(dim=0)[0]
    # The other directions have died out to 1e-3 of what grows.
    torch.testing.assert_close(gained, torch.full_like(gained, growth), rtol=1e-3, atol=0)
    assert float(fall.time.diff()) == pytest.approx(2.0)
    assert growth == pytest.approx(4.0, rel=0.05)


def test_quasi_newton_gives_up_where_the_corner_is_sharp():
    kicks = 1e-4 * torch.randn(5, 8, generator=generator(0, "kicks"), **REAL)
    ends = descents.quasi_newton(0.01, kicks)
    assert ends.shape == (5,)
    assert (ends - 0.995).abs().max() < 1e-6
    assert descents.quasi_newton(0.5, 1e3 * kicks).max() < 0.1


def test_bad_minima_behind_a_layer_of_width_one():
    loss, lr, last = descents.convex_losses(generator(0, "data"))["fourth power"]
    net = nets.DeepLinear([4, 1, 3], loss)
    starts = net.init(generator(0, "starts", 4, 1, 3), (100,), std=0.3)
    ends = descents.descend(net, starts, lr, [last], 0.9)[0]
    # Strict minima but for the rescaling of the two factors, at two different losses.
    assert certify(net.loss, ends, symmetries=1).minimum.all()
    levels = torch.unique((net.loss(ends) * 1e6).round())
    assert len(levels) == 2
    assert levels.diff() > 1e6


def test_quasi_newton_counts_only_what_the_routine_calls_a_success(monkeypatch):
    ended = iter([SimpleNamespace(fun=0.5, success=True), SimpleNamespace(fun=0.5, success=False)])
    monkeypatch.setattr("scipy.optimize.minimize", lambda *args, **more: next(ended))
    ends = descents.quasi_newton(0.5, torch.zeros(2, 8, **REAL))
    assert ends[0] == 0.5
    assert ends[1].isnan()
