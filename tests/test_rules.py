"""Rules against torch.optim, orders against their expansions. float64 throughout."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from bsgd_edu import rules
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.maps import AffineMap, apply_in_order, backward_orbit, forward_orbit, windowed_orbit
from bsgd_edu.nets import MLP

F64 = torch.float64
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}
STEPS = 20


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=stream(seed), dtype=F64)


NET = MLP([4, 5, 3], "tanh")
INPUTS, TARGETS = normal(40, 4, seed=1), torch.randint(3, (40,), generator=stream(2))
BATCHES = torch.randint(40, (STEPS, 6), generator=stream(3))
THETA = NET.init(stream(4)).to(F64)
GRADIENTS = [NET.batch_grad(INPUTS[rows], TARGETS[rows]) for rows in BATCHES]


# Against torch.optim

SGD, ADAM = torch.optim.SGD, torch.optim.Adam
AGAINST_TORCH = {
    "sgd": (rules.sgd_map, SGD, {}),
    "sgd, decay": (rules.sgd_map, SGD, {"weight_decay": 0.1}),
    "momentum": (rules.momentum_map, SGD, {"momentum": 0.9}),
    "momentum, small": (rules.momentum_map, SGD, {"momentum": 0.3}),
    "momentum, none": (rules.momentum_map, SGD, {"momentum": 0.0}),
    "momentum, decay": (rules.momentum_map, SGD, {"momentum": 0.9, "weight_decay": 0.1}),
    "adam": (rules.adam_map, ADAM, {}),
    "adam, betas": (rules.adam_map, ADAM, {"betas": (0.5, 0.7)}),
    "adam, large eps": (rules.adam_map, ADAM, {"eps": 0.1}),
    "adam, decay": (rules.adam_map, ADAM, {"weight_decay": 0.1}),
    "adam, no memory": (rules.adam_map, ADAM, {"betas": (0.0, 0.0)}),
}
STARTS = {
    rules.sgd_map: lambda theta: theta,
    rules.momentum_map: rules.momentum_state,
    rules.adam_map: rules.adam_state,
}


@pytest.mark.parametrize("name", AGAINST_TORCH)
@pytest.mark.parametrize("scheduled", [False, True], ids=["constant", "scheduled"])
def test_rules_are_torchs_optimizers(name, scheduled):
    rule, optimizer, options = AGAINST_TORCH[name]
    rates = [0.1 / (1 + scheduled * n) for n in range(STEPS)]
    maps = [rule(g, lr, **options) for g, lr in zip(GRADIENTS, rates, strict=True)]
    points = forward_orbit(maps, STARTS[rule](THETA))

    module = NET.to_module(THETA)
    theirs = optimizer(module.parameters(), lr=rates[0], **options)
    for n, (rows, lr) in enumerate(zip(BATCHES, rates, strict=True), 1):
        theirs.param_groups[0]["lr"] = lr
        theirs.zero_grad()
        functional.cross_entropy(module(INPUTS[rows]), TARGETS[rows]).backward()
        theirs.step()
        expected = nn.utils.parameters_to_vector(module.parameters()).detach()
        torch.testing.assert_close(rules.position(points[n], NET.dim), expected, **TOLERANCE)


@pytest.mark.parametrize("name", ["momentum, decay", "adam, betas"])
def test_state_in_the_point_is_torchs_state(name):
    rule, optimizer, options = AGAINST_TORCH[name]
    maps = [rule(g, 0.1, **options) for g in GRADIENTS]
    point = forward_orbit(maps, STARTS[rule](THETA), at=[STEPS])[0]
    module = NET.to_module(THETA)
    theirs = optimizer(module.parameters(), lr=0.1, **options)
    for rows in BATCHES:
        theirs.zero_grad()
        functional.cross_entropy(module(INPUTS[rows]), TARGETS[rows]).backward()
        theirs.step()
    keys = ("momentum_buffer",) if rule is rules.momentum_map else ("exp_avg", "exp_avg_sq")
    for i, key in enumerate(keys, 1):
        buffer = torch.cat([theirs.state[p][key].flatten() for p in module.parameters()])
        torch.testing.assert_close(point[i * NET.dim : (i + 1) * NET.dim], buffer, **TOLERANCE)
    if rule is rules.adam_map:
        assert point[-1] == STEPS


# The maps themselves


def test_sgd_is_its_formula_exactly():
    step = rules.sgd_map(lambda theta: 2.0 * theta, 0.25, weight_decay=0.5)
    assert step(torch.tensor([8.0, -4.0])).tolist() == [3.0, -1.5]  # θ − ¼(2θ + ½θ)


def test_rates_of_their_own_act_on_their_replicas():
    lr = torch.tensor([[0.0], [0.5]])
    step = rules.sgd_map(lambda theta: theta, lr)
    moved = step(torch.ones(2, 3, 4))
    assert torch.equal(moved[0], torch.ones(3, 4))
    assert torch.equal(moved[1], torch.full((3, 4), 0.5))


def test_momentum_of_none_is_sgd():
    heavy = rules.momentum_map(GRADIENTS[0], 0.3, momentum=0.0, weight_decay=0.1)
    plain = rules.sgd_map(GRADIENTS[0], 0.3, weight_decay=0.1)
    found = heavy(rules.momentum_state(THETA))[: NET.dim]
    torch.testing.assert_close(found, plain(THETA), **TOLERANCE)


@pytest.mark.parametrize(("beta", "lr"), [(0.9, 1.0), (0.5, 1.0), (0.81, 0.5)])
def test_heavy_ball_turns_at_the_root_of_beta_although_its_norm_exceeds_one(beta, lr):
    # h = 1: trace 1 + β − ηh, determinant β; complex when 4β > trace².
    step = rules.momentum_map(lambda theta: theta, lr, momentum=beta)
    matrix = torch.func.jacrev(step)(torch.zeros(2, dtype=F64))
    assert 4 * beta > (1 + beta - lr) ** 2
    moduli = torch.linalg.eigvals(matrix).abs()
    torch.testing.assert_close(moduli, torch.full((2,), math.sqrt(beta), dtype=F64), **TOLERANCE)
    assert torch.linalg.matrix_norm(matrix, 2) > 1


def test_adams_first_step_is_a_sign():
    # m/(1 − β₁) = g and s/(1 − β₂) = g²: the step is lr g/(|g| + ε).
    gradient = torch.tensor([3.0, -0.02], dtype=F64)
    step = rules.adam_map(lambda theta: gradient, 0.5, eps=1e-12)
    moved = rules.position(step(rules.adam_state(torch.zeros(2, dtype=F64))), 2)
    torch.testing.assert_close(moved, torch.tensor([-0.5, 0.5], dtype=F64), rtol=0, atol=1e-10)


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_states_start_at_rest(lead):
    theta = normal(*lead, 4)
    for state, size in ((rules.momentum_state, 8), (rules.adam_state, 13)):
        point = state(theta)
        assert point.shape == (*lead, size)
        assert torch.equal(rules.position(point, 4), theta)
        assert not point[..., 4:].any()


# sgd_maps


def test_one_map_a_batch_each_with_its_rate():
    rates = torch.linspace(0.5, 0.1, STEPS, dtype=F64)
    for lr in (rates.tolist(), rates, tuple(rates.tolist())):
        maps = rules.sgd_maps(NET, INPUTS, TARGETS, BATCHES, lr, weight_decay=0.1)
        assert len(maps) == STEPS
        for t, rows, rate in zip(maps, BATCHES, rates.tolist(), strict=True):
            gradient = NET.grad(THETA, INPUTS[rows], TARGETS[rows]) + 0.1 * THETA
            torch.testing.assert_close(t(THETA), THETA - rate * gradient, **TOLERANCE)


@pytest.mark.parametrize("lr", [0.3, 1, torch.tensor(0.3, dtype=F64)], ids=["float", "int", "0-d"])
def test_one_rate_serves_all_maps(lr):
    maps = rules.sgd_maps(NET, INPUTS, TARGETS, BATCHES, lr)
    expected = [rules.sgd_map(g, float(lr)) for g in GRADIENTS]
    torch.testing.assert_close(
        backward_orbit(maps, THETA), backward_orbit(expected, THETA), **TOLERANCE
    )


def test_no_batches_make_no_maps():
    assert rules.sgd_maps(NET, INPUTS, TARGETS, torch.zeros(0, 6, dtype=torch.long), 0.1) == []


def test_a_wrong_number_of_rates_is_refused_with_both():
    with pytest.raises(ShapeError, match=r"lr .* each of the 20 batches, but there are 3"):
        rules.sgd_maps(NET, INPUTS, TARGETS, BATCHES, [0.1] * 3)


@pytest.mark.parametrize(("low", "high"), [(-1, 5), (0, 40)])
def test_batches_outside_the_data_are_refused_with_their_span(low, high):
    batches = torch.tensor([[low, 3], [high, 2]])
    with pytest.raises(DomainError, match=rf"indices in 0\.\.39, but they span {low}\.\.{high}"):
        rules.sgd_maps(NET, INPUTS, TARGETS, batches, 0.1)


# Orders: expansions in the size of the steps

FEW = GRADIENTS[:5]
RATES = [0.4 * 2.0**-i for i in range(6)]


def slope(errors):
    """Least-squares slope of log error against log rate, last four rates."""
    x, y = (torch.tensor(v[-4:], dtype=F64).log() for v in (RATES, errors))
    x, y = x - x.mean(), y - y.mean()
    return float((x * y).sum() / x.square().sum())


def errors_of(function):
    """Norms of function(maps) as the rate of five SGD maps halves."""
    return [float(function([rules.sgd_map(g, lr) for g in FEW]).norm()) for lr in RATES]


def ends(maps, x0):
    at = [len(maps)]
    return forward_orbit(maps, x0, at=at)[0], backward_orbit(maps, x0, at=at)[0]


def test_the_orders_differ_at_second_order():
    def difference(maps):
        x, y = ends(maps, THETA)
        return x - y

    assert slope(errors_of(difference)) == pytest.approx(2, abs=0.1)


def test_the_bracket_is_that_difference_up_to_third_order():
    def remainder(maps):
        x, y = ends(maps, THETA)
        return x - y - rules.lie_bracket(maps, THETA)

    assert slope(errors_of(remainder)) == pytest.approx(3, abs=0.1)


def test_the_correction_ends_at_the_backward_point_up_to_third_order():
    def remainder(maps):
        return rules.lie_bracket_correction(maps, THETA) - ends(maps, THETA)[1]

    assert slope(errors_of(remainder)) == pytest.approx(3, abs=0.1)


def test_the_palindromic_average_forgets_the_order_up_to_third_order():
    shuffled = [2, 0, 4, 3, 1]

    def average(maps):
        first = rules.palindromic_average(maps, THETA)
        return first - rules.palindromic_average([maps[i] for i in shuffled], THETA)

    def one_way(maps):
        return ends(maps, THETA)[0] - ends([maps[i] for i in shuffled], THETA)[0]

    assert slope(errors_of(average)) == pytest.approx(3, abs=0.15)
    assert slope(errors_of(one_way)) == pytest.approx(2, abs=0.1)


def test_the_bracket_of_quadratics_is_its_formula():
    # η² Σ_{i<j} (H_j g_i − H_i g_j) at x_0: exact, since symmetric differences are.
    hessians, x0, lr = normal(6, 3, 3, seed=5), normal(2, 3, seed=6), 0.3
    hessians = hessians + hessians.mT
    centres = normal(6, 3, seed=7)
    maps = [
        rules.sgd_map(lambda x, h=h, a=a: (x - a) @ h, lr)
        for h, a in zip(hessians, centres, strict=True)
    ]
    gradients = [(x0 - a) @ h for h, a in zip(hessians, centres, strict=True)]
    expected = torch.zeros_like(x0)
    for j in range(6):
        for i in range(j):
            expected += gradients[i] @ hessians[j] - gradients[j] @ hessians[i]
    torch.testing.assert_close(rules.lie_bracket(maps, x0), lr**2 * expected, **TOLERANCE)
    # The bracket changes sign with the order.
    torch.testing.assert_close(rules.lie_bracket(maps[::-1], x0), -(lr**2) * expected, **TOLERANCE)


def test_maps_that_commute_have_no_bracket():
    maps = [lambda x, b=b: x + b for b in normal(5, 3)]
    x0 = normal(3, seed=1)
    torch.testing.assert_close(rules.lie_bracket(maps, x0), torch.zeros(3, dtype=F64), **TOLERANCE)
    torch.testing.assert_close(rules.palindromic_average(maps, x0), ends(maps, x0)[0], **TOLERANCE)


def test_nothing_composed_has_no_bracket_and_does_not_move():
    x0 = normal(2, 3)
    assert torch.equal(rules.lie_bracket([], x0), torch.zeros_like(x0))
    assert torch.equal(rules.lie_bracket_correction([], x0), x0)
    assert torch.equal(rules.palindromic_average([], x0), x0)
    assert torch.equal(rules.head_polish([], x0), x0)
    assert torch.equal(rules.append_linearisation([], x0, []), x0.unsqueeze(0))


def test_the_bracket_costs_three_evaluations_a_map():
    points = []
    maps = [lambda x: (points.append(x.numel() // 3), 0.9 * x)[1]] * 7
    rules.lie_bracket(maps, normal(3))
    assert sum(points) == 3 * 7


# Appending


def random_affine(count, dim, seed):
    return AffineMap(0.5 * normal(count, dim, dim, seed=seed), normal(count, dim, seed=seed + 1))


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_appending_is_exact_for_affine_maps(lead):
    maps, x0 = random_affine(9, 3, 11), normal(*lead, 3, seed=13)
    whole = backward_orbit(maps.unbind(), x0)[5:]
    found = rules.append_linearisation(maps.unbind()[:5], x0, maps.unbind()[5:])
    torch.testing.assert_close(found, whole, rtol=1e-12, atol=1e-11)


def test_appending_errs_at_second_order_in_the_appended_step():
    # J_n − the symmetric difference is of third order, the curvature left out of second.
    old = [rules.sgd_map(g, 0.5) for g in GRADIENTS[:5]]

    def error(new):
        whole = backward_orbit(old + new, THETA, at=[5 + len(new)])[0]
        return rules.append_linearisation(old, THETA, new)[-1] - whole

    assert slope(errors_of(error)) == pytest.approx(2, abs=0.15)


def test_appending_starts_from_the_backward_point_exactly():
    old = [rules.sgd_map(g, 0.5) for g in GRADIENTS[:5]]
    new = [rules.sgd_map(g, 0.5) for g in GRADIENTS[5:7]]
    found = rules.append_linearisation(old, THETA, new)
    assert found.shape == (3, NET.dim)
    torch.testing.assert_close(found[0], backward_orbit(old, THETA, at=[5])[0], **TOLERANCE)
    assert rules.append_linearisation(old, THETA, []).shape == (1, NET.dim)


# Head polish and blocks


@pytest.mark.parametrize("window", [0, 1, 5, 20])
def test_polishing_contracts_by_the_head(window):
    # Maps x ↦ c R x + b with R orthogonal: distances shrink by c^w exactly.
    rotation = torch.linalg.qr(normal(3, 3)).Q
    head = [lambda x, b=b: 0.7 * x @ rotation + b for b in normal(window, 3, seed=1)]
    x, y = normal(2, 3, seed=2)
    found = rules.head_polish(head, x) - rules.head_polish(head, y)
    torch.testing.assert_close(found.norm(), 0.7**window * (x - y).norm(), **TOLERANCE)


def test_a_windowed_orbit_is_a_polished_forward_orbit():
    maps = [rules.sgd_map(g, 0.4) for g in GRADIENTS]
    windowed = windowed_orbit(maps, THETA, window=6)
    forward = forward_orbit(maps[6:], THETA)
    torch.testing.assert_close(windowed[6:], rules.head_polish(maps[:6], forward), **TOLERANCE)


def test_jitter_of_a_windowed_orbit_is_that_of_the_forward_one_times_the_contraction():
    maps = [lambda x, b=b: 0.8 * x + b for b in normal(60, 1)]
    x0 = torch.zeros(1, dtype=F64)
    increments = windowed_orbit(maps, x0, window=10)[11:].diff(dim=0)
    forward = forward_orbit(maps[10:], x0)[1:].diff(dim=0)
    torch.testing.assert_close(increments, 0.8**10 * forward, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("block", "cost"), [(1, 12), (3, 4 * 6), (5, 15 + 15 + 3), (12, 78)])
def test_blocks_cost_what_they_say(block, cost):
    points = []
    maps = [lambda x: (points.append(x.numel()), 0.9 * x)[1]] * 12
    rules.block_backward_orbit(maps, torch.ones(1), block=block)
    assert sum(points) == cost


@pytest.mark.parametrize("block", [0, -2, 1.5, True])
def test_blocks_that_are_no_count_are_refused(block):
    with pytest.raises(DomainError, match=rf"block must be an integer ≥ 1, but it is {block}"):
        rules.block_backward_orbit([torch.tanh], torch.zeros(1), block=block)


# Averages


def test_polyak_is_the_mean_of_the_orbit():
    maps = [rules.sgd_map(g, 0.4) for g in GRADIENTS]
    forward = forward_orbit(maps, THETA)
    for burn_in in (0, 4, STEPS):
        found = rules.polyak_orbit(maps, THETA, burn_in=burn_in)
        for n in range(STEPS + 1):
            expected = forward[n] if n <= burn_in else forward[burn_in + 1 : n + 1].mean(0)
            torch.testing.assert_close(found[n], expected, **TOLERANCE)


def test_ema_is_the_geometric_mean_of_the_orbit():
    maps = [rules.sgd_map(g, 0.4) for g in GRADIENTS]
    forward = forward_orbit(maps, THETA)
    found = rules.ema_orbit(maps, THETA, decay=0.8)
    for n in range(STEPS + 1):
        weights = torch.tensor([0.8**n] + [0.2 * 0.8 ** (n - k) for k in range(1, n + 1)])
        assert weights.sum() == pytest.approx(1, abs=1e-6)
        expected = 0.8**n * forward[0]
        for k in range(1, n + 1):
            expected = expected + 0.2 * 0.8 ** (n - k) * forward[k]
        torch.testing.assert_close(found[n], expected, **TOLERANCE)
    torch.testing.assert_close(rules.ema_orbit(maps, THETA, decay=0.0), forward, **TOLERANCE)


@pytest.mark.parametrize("decay", [-0.1, 1.0, math.nan])
def test_averages_outside_their_range_are_refused(decay):
    with pytest.raises(DomainError, match=rf"decay must lie in \[0, 1\), but it is {decay}"):
        rules.ema_orbit([torch.tanh], torch.zeros(1), decay=decay)
    with pytest.raises(DomainError, match=r"burn_in must be an integer ≥ 0, but it is -3"):
        rules.polyak_orbit([torch.tanh], torch.zeros(1), burn_in=-3)


def test_averages_take_chosen_steps_and_affine_maps():
    maps, x0 = random_affine(12, 1, 3), normal(2, 1)
    at = [7, 0, 7, 12]
    for average in (
        lambda maps, **kw: rules.polyak_orbit(maps, x0, burn_in=2, **kw),
        lambda maps, **kw: rules.ema_orbit(maps, x0, decay=0.5, **kw),
    ):
        whole = average(maps.unbind())
        torch.testing.assert_close(average(maps), whole, **TOLERANCE)
        torch.testing.assert_close(average(maps, at=at), whole[at], **TOLERANCE)
        assert average(maps, at=[]).shape == (0, 2, 1)
        with pytest.raises(DomainError, match=r"0\.\.12 .* holds 13"):
            average(maps, at=[13])


# One AffineMap stands for a sequence everywhere


ORDERS = {
    "apply_in_order": lambda maps, x0: apply_in_order(maps, x0),
    "head_polish": lambda maps, x0: rules.head_polish(maps, x0),
    "blocks": lambda maps, x0: rules.block_backward_orbit(maps, x0, block=4),
    "lie_bracket": lambda maps, x0: rules.lie_bracket(maps, x0),
    "correction": lambda maps, x0: rules.lie_bracket_correction(maps, x0),
    "palindrome": lambda maps, x0: rules.palindromic_average(maps, x0),
    "appended": lambda maps, x0: rules.append_linearisation(maps, x0, maps),
    "polyak": lambda maps, x0: rules.polyak_orbit(maps, x0),
    "ema": lambda maps, x0: rules.ema_orbit(maps, x0, decay=0.5),
}


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("dim", [1, 3])
def test_an_affine_map_with_a_leading_axis_is_a_sequence(name, dim):
    maps, x0 = random_affine(11, dim, 3), normal(2, dim)
    expected = ORDERS[name](maps.unbind(), x0)
    torch.testing.assert_close(ORDERS[name](maps, x0), expected, rtol=1e-12, atol=1e-10)


# Refusals


@pytest.mark.parametrize("rule", [rules.sgd_map, rules.momentum_map, rules.adam_map])
@pytest.mark.parametrize("number", [-0.1, math.inf, math.nan])
def test_numbers_outside_their_range_are_refused(rule, number):
    name = rule.__name__
    with pytest.raises(DomainError, match=rf"{name}: lr must be .* it is {number}"):
        rule(torch.tanh, number)
    with pytest.raises(DomainError, match=rf"{name}: weight_decay must be .* it is {number}"):
        rule(torch.tanh, 0.1, weight_decay=number)


def test_a_tensor_of_rates_is_checked_too():
    with pytest.raises(DomainError, match=r"lr must be ≥ 0 and finite"):
        rules.sgd_map(torch.tanh, torch.tensor([0.1, -0.1]))
    with pytest.raises(DomainError, match=r"lr must be ≥ 0 and finite"):
        rules.sgd_map(torch.tanh, torch.tensor([0.1, math.nan]))


@pytest.mark.parametrize("momentum", [-0.1, 1.0, math.nan])
def test_momentum_outside_its_range_is_refused(momentum):
    with pytest.raises(DomainError, match=rf"momentum must lie in \[0, 1\), but it is {momentum}"):
        rules.momentum_map(torch.tanh, 0.1, momentum=momentum)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"betas": (0.9, 1.0)}, r"each of betas must lie in \[0, 1\), but it is 1\.0"),
        ({"betas": (-0.1, 0.9)}, r"each of betas must lie in \[0, 1\), but it is -0\.1"),
        ({"eps": 0.0}, r"eps must be positive and finite, but it is 0\.0"),
    ],
)
def test_adam_outside_its_range_is_refused(options, rule):
    with pytest.raises(DomainError, match=rf"adam_map: {rule}\."):
        rules.adam_map(torch.tanh, 0.1, **options)


def test_points_that_hold_no_state_are_refused_with_their_size():
    with pytest.raises(
        ShapeError, match=r"momentum_map: .* 2 vectors .* 5 numbers.*momentum_state"
    ):
        rules.momentum_map(torch.tanh, 0.1)(torch.zeros(5))
    with pytest.raises(ShapeError, match=r"adam_map: .* 3 vectors .* 6 numbers.*adam_state"):
        rules.adam_map(torch.tanh, 0.1)(torch.zeros(6))
