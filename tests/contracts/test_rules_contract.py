"""What every rule promises, and what every order of composition promises: one list over all."""

import inspect

import pytest
import torch

from bsgd_edu import rules
from bsgd_edu.errors import DomainError
from bsgd_edu.maps import AffineMap, apply_in_order, backward_orbit, forward_orbit

F64 = torch.float64
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}
DIM = 4

# name -> (rule(grad, lr, **options), start(position), the rule's own options)
RULES = {
    "sgd": (rules.sgd_map, lambda theta: theta, {}),
    "momentum": (rules.momentum_map, rules.momentum_state, {"momentum": 0.8}),
    "adam": (rules.adam_map, rules.adam_state, {"eps": 1e-3}),
    "end to end": (rules.end_to_end_map, lambda theta: theta, {"depth": 2, "shape": (2, 2)}),
    "end to end, vector": (
        rules.end_to_end_map,
        lambda theta: theta,
        {"depth": 2, "shape": (1, DIM)},
    ),
}
every_rule = pytest.mark.parametrize("name", RULES)
LEADS = [(), (3,), (2, 3)]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def gradients(count):
    """Gradients of double wells with moving centres: nonlinear, coordinates mixed."""
    return [lambda x, a=a: 0.2 * (x - a) ** 3 - x + 0.3 * x.roll(1, -1) for a in normal(count, DIM)]


def built(name, count=6, lr=0.1, **options):
    rule, start, own = RULES[name]
    return [rule(g, lr, **own, **options) for g in gradients(count)], start


def test_every_rule_of_the_package_is_in_the_list():
    # A rule is a function that takes a gradient; a new one must join the contract.
    public = {
        getattr(rules, name)
        for name in rules.__all__
        if inspect.isfunction(getattr(rules, name))
        and next(iter(inspect.signature(getattr(rules, name)).parameters), "") == "grad"
    }
    assert public == {rule for rule, _, _ in RULES.values()}


@every_rule
@pytest.mark.parametrize("lead", LEADS, ids=str)
def test_a_map_keeps_shape_dtype_and_its_argument(name, lead):
    (step, *_), start = built(name)
    for dtype in (torch.float32, F64):
        point = start(normal(*lead, DIM, seed=1).to(dtype))
        if dtype == torch.float32:
            rule, _, own = RULES[name]
            step = rule(torch.tanh, 0.1, **own)
        kept = point.clone()
        image = step(point)
        assert (image.shape, image.dtype) == (point.shape, dtype)
        assert torch.equal(point, kept)
        assert image.data_ptr() != point.data_ptr()


@every_rule
def test_replaying_gives_the_same_bits(name):
    maps, start = built(name)
    point = start(normal(2, DIM, seed=1))
    first = apply_in_order(maps, point)
    backward_orbit(maps, point)
    assert torch.equal(apply_in_order(maps, point), first)


@every_rule
def test_replicas_are_independent(name):
    maps, start = built(name)
    theta = normal(2, 3, DIM, seed=1)
    whole = forward_orbit(maps, start(theta))
    alone = forward_orbit(maps, start(theta[1, 2]))
    torch.testing.assert_close(whole[:, 1, 2], alone, **TOLERANCE)
    torch.testing.assert_close(
        backward_orbit(maps, start(theta))[:, 1, 2],
        backward_orbit(maps, start(theta[1, 2])),
        **TOLERANCE,
    )


@every_rule
@pytest.mark.parametrize("lead", LEADS, ids=str)
def test_backward_is_forward_through_the_reversed_list(name, lead):
    maps, start = built(name)
    point = start(normal(*lead, DIM, seed=1))
    for n in range(len(maps) + 1):
        expected = apply_in_order(maps[:n][::-1], point)
        found = backward_orbit(maps, point, at=[n])[0]
        torch.testing.assert_close(found, expected, **TOLERANCE)


@every_rule
def test_no_rate_moves_nothing(name):
    maps, start = built(name, lr=0.0)
    theta = normal(3, DIM, seed=1)
    orbit = forward_orbit(maps, start(theta))
    assert torch.equal(rules.position(orbit, DIM), theta.expand(7, 3, DIM))


@every_rule
def test_a_critical_point_at_rest_stays(name):
    rule, start, own = RULES[name]
    point = start(torch.ones(DIM, dtype=F64))
    image = rule(lambda x: x - 1.0, 0.3, **own)(point)
    assert torch.equal(rules.position(image, DIM), torch.ones(DIM, dtype=F64))


@every_rule
def test_the_first_step_goes_downhill(name):
    maps, start = built(name, lr=1e-3)
    theta = normal(20, DIM, seed=1)
    moves = rules.position(maps[0](start(theta)), DIM) - theta
    assert ((moves * gradients(6)[0](theta)).sum(-1) < 0).all()


@every_rule
def test_decay_is_a_gradient_of_its_own(name):
    rule, start, own = RULES[name]
    if rule is rules.end_to_end_map:
        pytest.skip("its decay acts on the factors and is not preconditioned: test_deep_linear.py")
    theta = normal(3, DIM, seed=1)
    decayed = rule(torch.tanh, 0.2, weight_decay=0.4, **own)
    written = rule(lambda x: torch.tanh(x) + 0.4 * x, 0.2, **own)
    torch.testing.assert_close(
        forward_orbit([decayed] * 4, start(theta)),
        forward_orbit([written] * 4, start(theta)),
        **TOLERANCE,
    )


@every_rule
def test_a_map_is_differentiable_where_its_gradient_is(name):
    # Lyapunov exponents and J_n need D T: the map must carry the graph, not cut it.
    rule, start, own = RULES[name]
    step = rule(torch.sin, 0.3, **own)
    point = start(torch.tensor([0.3, -0.7, 1.1, 0.5], dtype=F64))
    point = step(point)  # moments away from their root's kink at zero
    assert torch.autograd.gradcheck(step, point.requires_grad_())


@every_rule
def test_numbers_that_are_no_rate_are_refused(name):
    rule, _, own = RULES[name]
    for lr in (-1.0, float("nan"), float("inf")):
        with pytest.raises(DomainError, match=rf"{rule.__name__}: lr must be .* it is {lr}"):
            rule(torch.tanh, lr, **own)


@every_rule
def test_a_contracting_list_converges_backward_and_forgets_its_start(name):
    # Gradients x − a, curvature one: SGD contracts by 0.7, momentum by √0.8 in the end. Adam's
    # steps never contract (they are signs): it only stays bounded.
    rule, start, own = RULES[name]
    if rule is rules.end_to_end_map:
        pytest.skip("its gain grows with the point: no rate contracts everywhere")
    maps = [rule(lambda x, a=a: x - a, 0.3, **own) for a in normal(150, DIM)]
    points = torch.stack([start(torch.full((DIM,), s, dtype=F64)) for s in (-1.0, 2.0)])
    ends = rules.position(backward_orbit(maps, points, at=[148, 149, 150]), DIM)
    assert ends.isfinite().all()
    if name != "adam":
        assert (ends[:, 0] - ends[:, 1]).abs().max() < 1e-5  # √0.8^148 = 7e-8, times a constant
        assert (ends[1:] - ends[:-1]).abs().max() < 1e-5


# Orders of composition: (maps, x0) -> the end of the order

ORDERS = {
    "forward": lambda maps, x0: forward_orbit(maps, x0)[-1],
    "backward": lambda maps, x0: backward_orbit(maps, x0)[-1],
    "blocks of 2": lambda maps, x0: rules.block_backward_orbit(maps, x0, block=2)[-1],
    "head polish": rules.head_polish,
    "palindrome": rules.palindromic_average,
    "correction": rules.lie_bracket_correction,
    "appended": lambda maps, x0: rules.append_linearisation(maps[:-1], x0, maps[-1:])[-1],
}
every_order = pytest.mark.parametrize("name", ORDERS)


@every_order
@pytest.mark.parametrize("lead", LEADS, ids=str)
def test_maps_that_commute_give_one_end_in_every_order(name, lead):
    maps, x0 = [lambda x, b=b: x + b for b in normal(6, DIM)], normal(*lead, DIM, seed=1)
    torch.testing.assert_close(ORDERS[name](maps, x0), apply_in_order(maps, x0), **TOLERANCE)


@every_order
@pytest.mark.parametrize("lead", LEADS, ids=str)
def test_a_single_affine_map_has_one_order(name, lead):
    maps = [AffineMap(0.5 * normal(DIM, DIM), normal(DIM, seed=2))]
    x0 = normal(*lead, DIM, seed=1)
    torch.testing.assert_close(ORDERS[name](maps, x0), maps[0](x0), **TOLERANCE)


@every_order
def test_an_order_treats_replicas_apart(name):
    maps = [lambda x, b=b: x - 0.1 * torch.tanh(x.roll(1, -1) + b) for b in normal(6, DIM)]
    x0 = normal(2, 3, DIM, seed=1)
    torch.testing.assert_close(
        ORDERS[name](maps, x0)[1, 2], ORDERS[name](maps, x0[1, 2]), **TOLERANCE
    )


@every_order
def test_an_order_does_not_change_its_start(name):
    maps, x0 = [lambda x, b=b: 0.5 * x + b for b in normal(6, DIM)], normal(2, DIM, seed=1)
    kept = x0.clone()
    ORDERS[name](maps, x0)
    assert torch.equal(x0, kept)


@pytest.mark.parametrize("name", ["backward", "palindrome", "correction", "appended"])
def test_orders_agree_with_backward_as_well_as_they_say(name):
    # Steps of size ε: exact; ½ the difference of the orders, ε²; ε³; and, for one small map
    # appended, second order in its displacement.
    bounds = {"backward": 0.0, "palindrome": 0.2, "correction": 0.02, "appended": 0.02}
    size = 0.1
    maps = [lambda x, b=b: x - size * torch.tanh(x.roll(1, -1) + b) for b in normal(6, DIM)]
    x0 = normal(DIM, seed=1)
    error = (ORDERS[name](maps, x0) - ORDERS["backward"](maps, x0)).norm()
    assert error <= bounds[name]
    assert (ORDERS["forward"](maps, x0) - ORDERS["backward"](maps, x0)).norm() > 0.02
