"""What every optimizer promises, whoever writes the training loop: one list over all."""

import copy
import inspect

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from bsgd_edu import optim, rules
from bsgd_edu.maps import backward_orbit, windowed_orbit

F64 = torch.float64
STEPS = 7

# name -> (build(params, lr, **options), the orbit that it must equal)
OPTIMIZERS = {
    "BackwardSGD": (optim.BackwardSGD, backward_orbit),
    "WindowedBackwardSGD(0)": (
        lambda params, lr, **options: optim.WindowedBackwardSGD(params, lr, 0, **options),
        lambda maps, x0: windowed_orbit(maps, x0, window=0),
    ),
    "WindowedBackwardSGD(2)": (
        lambda params, lr, **options: optim.WindowedBackwardSGD(params, lr, 2, **options),
        lambda maps, x0: windowed_orbit(maps, x0, window=2),
    ),
}
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)
TARGETS = torch.randn(STEPS, 3, generator=torch.Generator().manual_seed(0), dtype=F64)


def problem(name, lr=0.3, **options):
    """Quartic wells ½|θ|⁴/4 + ½|θ − a|²: (parameter, optimizer, closure, gradient of target)."""
    theta = nn.Parameter(torch.tensor([1.0, -0.5, 0.25], dtype=F64))
    optimizer = OPTIMIZERS[name][0]([theta], lr, **options)

    def closure(a):
        optimizer.zero_grad()
        loss = 0.125 * theta.square().sum().square() + 0.5 * (theta - a).square().sum()
        loss.backward()
        return loss

    def gradient(a):
        return lambda x: 0.5 * x.square().sum(-1, keepdim=True) * x + (x - a)

    return theta, optimizer, closure, gradient


def test_every_optimizer_of_the_package_is_in_the_list():
    public = {name for name in optim.__all__ if inspect.isclass(getattr(optim, name))}
    assert public == {name.partition("(")[0] for name in OPTIMIZERS}


@every_optimizer
def test_it_is_a_torch_optimizer(name):
    theta, optimizer, _, _ = problem(name)
    assert isinstance(optimizer, torch.optim.Optimizer)
    assert optimizer.param_groups[0]["params"] == [theta]
    assert {"lr", "momentum", "weight_decay"} <= set(optimizer.param_groups[0])


@every_optimizer
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.1}])
def test_it_equals_its_rule(name, options):
    # float64, the same arithmetic in another place: 1e-12.
    theta, optimizer, closure, gradient = problem(name, **options)
    start = theta.detach().clone()
    maps = [rules.sgd_map(gradient(a), 0.3, **options) for a in TARGETS]
    expected = OPTIMIZERS[name][1](maps, start)
    for n, a in enumerate(TARGETS, 1):
        optimizer.step(closure, a)
        torch.testing.assert_close(theta.detach(), expected[n], rtol=1e-12, atol=1e-12)


@every_optimizer
def test_its_first_step_is_that_of_torch_sgd(name):
    theta, optimizer, closure, _ = problem(name)
    other, _, _, gradient = problem(name)
    sgd = torch.optim.SGD([other], 0.3)
    optimizer.step(closure, TARGETS[0])
    other.grad = gradient(TARGETS[0])(other.detach())
    sgd.step()
    torch.testing.assert_close(theta.detach(), other.detach(), rtol=0, atol=1e-15)


@every_optimizer
def test_no_rate_moves_nothing(name):
    theta, optimizer, closure, _ = problem(name, lr=0.0, momentum=0.5)
    start = theta.detach().clone()
    for a in TARGETS:
        optimizer.step(closure, a)
    assert torch.equal(theta.detach(), start)


@every_optimizer
def test_it_does_the_same_again(name):
    ends = []
    for _ in range(2):
        theta, optimizer, closure, _ = problem(name, momentum=0.5)
        for a in TARGETS:
            optimizer.step(closure, a)
        ends.append(theta.detach().clone())
    assert torch.equal(*ends)


@every_optimizer
def test_the_parameter_object_stays_the_same(name):
    theta, optimizer, closure, _ = problem(name)
    memory = theta.data_ptr()
    for a in TARGETS:
        optimizer.step(closure, a)
    assert theta.data_ptr() == memory
    assert theta.requires_grad
    assert theta.is_leaf


@every_optimizer
def test_its_state_has_no_graph(name):
    _, optimizer, closure, _ = problem(name, momentum=0.5)
    for a in TARGETS:
        optimizer.step(closure, a)
    for state in optimizer.state.values():
        for value in state.values():
            assert not value.requires_grad


@every_optimizer
def test_state_passes_through_a_fresh_optimizer(name):
    theta, optimizer, closure, _ = problem(name, momentum=0.5)
    for a in TARGETS[:4]:
        optimizer.step(closure, a)
    state, middle = copy.deepcopy(optimizer.state_dict()), theta.detach().clone()
    for a in TARGETS[4:]:
        optimizer.step(closure, a)
    again, fresh, its_closure, _ = problem(name, lr=0.01)
    with torch.no_grad():
        again.copy_(middle)
    fresh.load_state_dict(state)
    for a in TARGETS[4:]:
        fresh.step(its_closure, a)
    assert torch.equal(again.detach(), theta.detach())


@every_optimizer
def test_schedulers_of_both_kinds_drive_it_without_a_warning(name):
    _, optimizer, closure, _ = problem(name)  # warnings are errors here
    steps, plateau = StepLR(optimizer, 2, 0.5), ReduceLROnPlateau(optimizer, patience=0)
    for a in TARGETS:
        loss = optimizer.step(closure, a)
        steps.step()
        plateau.step(loss.item())
    assert 0 < optimizer.param_groups[0]["lr"] < 0.3


@every_optimizer
def test_zero_grad_and_hooks_are_torchs(name):
    theta, optimizer, closure, _ = problem(name)
    optimizer.step(closure, TARGETS[0])
    assert theta.grad is not None
    optimizer.zero_grad()
    assert theta.grad is None


@every_optimizer
def test_no_parameters_are_refused_as_torch_does(name):
    with pytest.raises(ValueError, match="empty parameter list"):
        OPTIMIZERS[name][0]([], 0.1)


@every_optimizer
def test_float32_stays_float32(name):
    theta = nn.Parameter(torch.ones(2))
    optimizer = OPTIMIZERS[name][0]([theta], 0.1, momentum=0.5, weight_decay=0.1)

    def closure(a):
        optimizer.zero_grad()
        loss = (theta - a).square().sum()
        loss.backward()
        return loss

    for a in range(4):
        optimizer.step(closure, float(a))
    assert theta.dtype == torch.float32
    assert {v.dtype for s in optimizer.state.values() for v in s.values()} == {torch.float32}
