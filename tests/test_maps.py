"""Orbits against a literal double loop: every layout, every option, every refusal.

All comparisons are in float64. Where fast and literal orbit do the same arithmetic on every point
they must be equal; where sums are taken in another order (stacked products, scans) 1e-12 is some
5000 roundings of numbers of order one.
"""

import functools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bsgd_edu import nets, rules
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.maps import AffineMap, apply_in_order, backward_orbit, forward_orbit, windowed_orbit

F64 = torch.float64
STEPS = 13
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=stream(seed), dtype=F64)


def literal_forward(maps, x0):
    points = [x0]
    for t in maps:
        points.append(t(points[-1]))
    return torch.stack(points)


def literal_windowed(maps, x0, window):
    """The definition, word for word: T_1 … T_w after T_n … T_{w+1}."""
    points = []
    for n in range(len(maps) + 1):
        x = x0
        for k in range(window + 1, n + 1):
            x = maps[k - 1](x)
        for k in range(min(n, window), 0, -1):
            x = maps[k - 1](x)
        points.append(x)
    return torch.stack(points)


def literal_backward(maps, x0):
    return literal_windowed(maps, x0, len(maps))


# Families of maps: name -> (maps, x0). Every one is a list of pure callables.


def opaque(*lead):
    weights, shifts = normal(STEPS, 3, 3, seed=1), normal(STEPS, 3, seed=2)
    maps = [lambda x, a=a, b=b: torch.tanh(x @ a + b) for a, b in zip(weights, shifts, strict=True)]
    return maps, normal(*lead, 3, seed=3)


def mean_field(*lead):
    """Coordinates mix, replicas do not, and images alias nothing of the argument."""
    scales = torch.linspace(0.3, 0.9, STEPS, dtype=F64)
    return [lambda x, s=s: s * x.roll(1, -1) + x.sin() for s in scales], normal(*lead, 4, seed=4)


def network(net, *lead, lr=0.3, own_batches=False, size=5, decay=0.0):
    """Maps of SGD on one net; the data are drawn so that the orbits stay of order one."""
    n = 40
    inputs = normal(n, getattr(net, "widths", [net.dim])[0], seed=5)
    if isinstance(net, nets.SmallCNN):
        inputs = normal(n, net.widths[0] * net.side**2, seed=5)
    outputs = net.logits(net.init(stream(9)).to(F64), inputs).shape[-1]
    if net.loss_kind == "cross_entropy":
        targets = torch.randint(outputs, (n,), generator=stream(6))
    elif net.loss_kind == "mse" and outputs > 1:
        targets = normal(n, outputs, seed=6)
    else:
        targets = normal(n, seed=6)
    shape = (STEPS, *lead, size) if own_batches else (STEPS, size)
    batches = torch.randint(n, shape, generator=stream(7))
    rates = [lr * (1 - 0.03 * i) for i in range(STEPS)]
    maps = rules.sgd_maps(net, inputs, targets, batches, rates, weight_decay=decay)
    return maps, net.init(stream(8), lead).to(F64)


def with_rates_of_their_own(lead, shape):
    """One learning rate a replica: `lr` a tensor that broadcasts against the replicas."""
    maps, x0 = network(nets.MLP([4, 5, 3], weight_decay=0.05), *lead)
    rates = torch.linspace(0.05, 0.6, torch.Size(shape).numel(), dtype=F64).reshape(shape)
    return [rules.sgd_map(t.grad, rates * (1 - 0.02 * i)) for i, t in enumerate(maps)], x0


def stateful(make, start):
    net = nets.MLP([4, 3, 2], "tanh")
    maps, x0 = network(net, 2)
    return [make(t.grad) for t in maps], start(x0)


MLP = nets.MLP
FAMILIES = {
    "opaque": lambda: opaque(),
    "opaque, 2 replicas": lambda: opaque(2),
    "opaque, 2×3 replicas": lambda: opaque(2, 3),
    "elementwise": lambda: mean_field(2),
    "softmax regression": lambda: network(nets.LogisticRegression(4, 3, weight_decay=0.1)),
    "softmax regression, 3 replicas": lambda: network(nets.LogisticRegression(4, 3), 3),
    "MLP relu": lambda: network(MLP([4, 6, 3])),
    "MLP relu, decay of the net": lambda: network(MLP([4, 6, 3], weight_decay=0.2), 2),
    "MLP relu, decay of the rule": lambda: network(MLP([4, 6, 3]), 2, decay=0.2),
    "MLP, both decays": lambda: network(MLP([4, 6, 3], weight_decay=0.1), decay=0.2),
    "MLP tanh, depth 3": lambda: network(MLP([4, 6, 5, 3], "tanh"), 2),
    "MLP tanh, depth 4": lambda: network(MLP([4, 3, 5, 4, 2], "tanh", weight_decay=0.1)),
    "MLP relu, depth 4": lambda: network(MLP([4, 7, 5, 6, 3]), 2),
    "MLP mse": lambda: network(MLP([4, 6, 2], loss="mse"), 2, lr=0.1),
    "MLP mse, one output": lambda: network(MLP([4, 6, 1], "tanh", loss="mse"), 2, lr=0.1),
    "MLP, 2×3 replicas": lambda: network(MLP([4, 5, 3]), 2, 3),
    "MLP, batches of their own": lambda: network(MLP([4, 5, 3]), 3, own_batches=True),
    "MLP, 2×3 batches of their own": lambda: network(MLP([4, 5, 3]), 2, 3, own_batches=True),
    "MLP mse, batches of their own": lambda: network(
        MLP([4, 5, 1], loss="mse"), 3, own_batches=True, lr=0.1
    ),
    "MLP mse, single examples of their own": lambda: network(
        MLP([4, 5, 1], loss="mse"), 3, own_batches=True, size=1, lr=0.05
    ),
    "MLP, as many replicas as examples": lambda: network(
        MLP([4, 5, 3]), 3, own_batches=True, size=3
    ),
    "MLP, rates of their own": lambda: with_rates_of_their_own((4,), (4,)),
    "MLP, rates by one of two axes": lambda: with_rates_of_their_own((3, 2), (3, 1)),
    "MLP, one rate as a tensor": lambda: with_rates_of_their_own((2,), ()),
    "CNN, one block": lambda: network(nets.SmallCNN(4, [3], 2)),
    "CNN, one block, decay, colour": lambda: network(
        nets.SmallCNN(4, [2], 3, in_channels=2, weight_decay=0.1), 2, decay=0.05
    ),
    "CNN, one block, own batches": lambda: network(nets.SmallCNN(4, [2], 2), 2, own_batches=True),
    "CNN, two blocks": lambda: network(nets.SmallCNN(4, [2, 3], 2), 2),
    "linear regression": lambda: network(nets.LinearRegression(4, weight_decay=0.1), 2, lr=0.1),
    "momentum": lambda: stateful(
        lambda g: rules.momentum_map(g, 0.1, momentum=0.8), rules.momentum_state
    ),
    "adam": lambda: stateful(lambda g: rules.adam_map(g, 0.05), rules.adam_state),
}
EXACT = ("opaque", "elementwise")  # one point a time or many: the same roundings, row by row


@functools.cache
def family(name):
    """(maps, x0, forward orbit, backward orbit), the orbits literally; shared, never mutated."""
    maps, x0 = FAMILIES[name]()
    # Literal orbits go point by point through the pure gradient, never in place.
    return maps, x0, literal_forward(maps, x0), literal_backward(maps, x0)


def agree(name, found, expected):
    if name == "elementwise":
        assert torch.equal(found, expected)
    torch.testing.assert_close(found, expected, **TOLERANCE)


every_family = pytest.mark.parametrize("name", FAMILIES)


@every_family
def test_forward_orbit_is_the_literal_loop(name):
    maps, x0, forward, _ = family(name)
    agree(name, forward_orbit(maps, x0), forward)


@every_family
def test_backward_orbit_is_the_literal_double_loop(name):
    maps, x0, _, backward = family(name)
    agree(name, backward_orbit(maps, x0), backward)


@every_family
@pytest.mark.parametrize("window", [1, 4, STEPS - 1])
def test_windowed_orbit_is_its_definition(name, window):
    maps, x0, _, _ = family(name)
    found = windowed_orbit(maps, x0, window=window)
    agree(name, found, literal_windowed(maps, x0, window))


@every_family
def test_windows_of_no_and_of_all_maps_are_the_two_orbits(name):
    maps, x0, forward, backward = family(name)
    agree(name, windowed_orbit(maps, x0, window=0), forward)
    agree(name, windowed_orbit(maps, x0, window=STEPS), backward)
    agree(name, windowed_orbit(maps, x0, window=STEPS + 7), backward)


@every_family
@pytest.mark.parametrize("block", [1, 4, STEPS, STEPS + 3])
def test_block_backward_orbit_is_its_definition(name, block):
    maps, x0, forward, backward = family(name)
    expected, anchor = [x0], x0
    for start in range(0, STEPS, block):
        inside = literal_backward(maps[start : start + block], anchor)[1:]
        expected, anchor = [*expected, *inside], inside[-1]
    found = rules.block_backward_orbit(maps, x0, block=block)
    agree(name, found, torch.stack(expected))
    if block == 1:
        agree(name, found, forward)
    if block >= STEPS:
        agree(name, found, backward)


@every_family
def test_backward_is_forward_through_the_reversed_list(name):
    maps, x0, _, backward = family(name)
    for n in (1, 5, STEPS):
        agree(name, forward_orbit(maps[:n][::-1], x0)[-1], backward[n])


@every_family
def test_the_first_steps_agree_and_the_rest_do_not(name):
    # y_1 = x_1, and maps that do not commute separate afterwards: the orders are really two.
    _, _, forward, backward = family(name)
    torch.testing.assert_close(forward[:2], backward[:2], rtol=0, atol=0)
    assert (forward[2:] - backward[2:]).abs().amax(-1).min() > 1e-9


@every_family
def test_chosen_steps_are_rows_of_the_whole_orbit(name):
    maps, x0, forward, backward = family(name)
    at = [7, 0, STEPS, 7, 2]
    agree(name, forward_orbit(maps, x0, at=at), forward[at])
    agree(name, backward_orbit(maps, x0, at=at), backward[at])
    windowed = literal_windowed(maps, x0, 3)
    agree(name, windowed_orbit(maps, x0, window=3, at=at), windowed[at])
    blocks = rules.block_backward_orbit(maps, x0, block=4)
    agree(name, rules.block_backward_orbit(maps, x0, block=4, at=at), blocks[at])


@every_family
@pytest.mark.parametrize("rows", [1, 3, 100])
def test_memory_bounds_change_nothing(name, rows):
    maps, x0, _, backward = family(name)
    room = 2 * rows * x0.numel() * x0.element_size()
    agree(name, backward_orbit(maps, x0, max_bytes=room), backward)
    agree(name, backward_orbit(maps, x0, at=[9, 3, 12, 0], max_bytes=room), backward[[9, 3, 12, 0]])


@every_family
def test_nothing_mutates_what_it_is_given(name):
    maps, x0 = FAMILIES[name]()
    kept = x0.clone()
    data = [getattr(t, "grad", None) for t in maps]
    held = [(g, g.inputs.clone(), g.targets.clone()) for g in data if isinstance(g, nets.BatchGrad)]
    first = backward_orbit(maps, x0)
    forward_orbit(maps, x0)
    windowed_orbit(maps, x0, window=3)
    rules.block_backward_orbit(maps, x0, block=3)
    assert torch.equal(x0, kept)
    for gradient, inputs, targets in held:
        assert torch.equal(gradient.inputs, inputs)
        assert torch.equal(gradient.targets, targets)
    # Replaying gives the same bits: nothing is left behind in a map.
    assert torch.equal(backward_orbit(maps, x0), first)


@every_family
def test_results_share_no_memory_with_the_start(name):
    maps, x0 = FAMILIES[name]()
    kept = x0.clone()
    for orbit in (
        forward_orbit(maps, x0),
        backward_orbit(maps, x0),
        windowed_orbit(maps, x0, window=2),
        forward_orbit(maps, x0, at=[0]),
        backward_orbit(maps, x0, at=[0]),
    ):
        orbit.zero_()
        assert torch.equal(x0, kept)


@every_family
def test_results_are_detached(name):
    maps, x0 = FAMILIES[name]()
    start = x0.clone().requires_grad_()
    for orbit in (
        forward_orbit(maps, start),
        backward_orbit(maps, start),
        windowed_orbit(maps, start, window=2),
    ):
        assert not orbit.requires_grad
        assert orbit.grad_fn is None
    assert start.grad is None


def test_a_map_with_parameters_that_require_gradients_leaves_no_graph():
    layer = torch.nn.Linear(3, 3)
    for orbit in (forward_orbit, backward_orbit, functools.partial(windowed_orbit, window=1)):
        assert not orbit([layer] * 3, torch.zeros(2, 3)).requires_grad


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", ["opaque", "net", "affine scan", "affine loop"])
def test_dtype_and_device_follow_the_start(dtype, kind):
    if kind == "opaque":
        maps, x0 = [torch.tanh] * 5, torch.ones(2, 3, dtype=dtype)
    elif kind == "net":
        maps, x0 = network(MLP([4, 3, 2]))
        x0 = x0.to(dtype)
        maps = [
            rules.sgd_map(t.grad.net.batch_grad(t.grad.inputs.to(dtype), t.grad.targets), 0.1)
            for t in maps
        ]
    else:
        steps, dim = (40, 1) if kind == "affine scan" else (5, 3)
        maps = AffineMap(0.1 * normal(steps, dim, dim).to(dtype), normal(steps, dim).to(dtype))
        x0 = torch.ones(dim, dtype=dtype)
    for orbit in (forward_orbit, backward_orbit, functools.partial(windowed_orbit, window=2)):
        points = orbit(maps, x0)
        assert (points.dtype, points.device) == (dtype, x0.device)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", ["opaque, 2 replicas", "MLP relu", "CNN, one block"])
def test_orbits_on_a_gpu_are_those_on_the_cpu(name):
    def moved(t):
        g = t.grad
        return rules.sgd_map(g.net.batch_grad(g.inputs.cuda(), g.targets.cuda()), t.lr)

    maps, x0, forward, backward = family(name)
    if name.startswith("opaque"):
        maps = [torch.tanh] * STEPS
        forward, backward = literal_forward(maps, x0), literal_backward(maps, x0)
    else:
        maps = [moved(t) for t in maps]
    for orbit, expected in ((forward_orbit, forward), (backward_orbit, backward)):
        found = orbit(maps, x0.cuda(), at=[5, 0, 5])
        assert found.device.type == "cuda"
        torch.testing.assert_close(found.cpu(), expected[[5, 0, 5]], **TOLERANCE)


# at=


@pytest.mark.parametrize(
    "orbit",
    [
        forward_orbit,
        backward_orbit,
        functools.partial(windowed_orbit, window=2),
        functools.partial(rules.block_backward_orbit, block=2),
    ],
    ids=["forward", "backward", "windowed", "block"],
)
class TestAt:
    maps = tuple(lambda x, b=b: 0.5 * x.roll(1, -1) + b for b in range(6))
    x0 = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=F64)

    def test_none_is_every_step(self, orbit):
        assert torch.equal(orbit(self.maps, self.x0), orbit(self.maps, self.x0, at=range(7)))

    def test_may_be_a_tensor(self, orbit):
        at = torch.tensor([4, 1, 1])
        assert torch.equal(orbit(self.maps, self.x0, at=at), orbit(self.maps, self.x0)[[4, 1, 1]])

    def test_of_nothing_is_an_empty_orbit_of_the_right_shape(self, orbit):
        found = orbit(self.maps, self.x0, at=[])
        assert found.shape == (0, 2, 2)
        assert found.dtype == F64

    def test_of_zero_is_the_start(self, orbit):
        assert torch.equal(orbit(self.maps, self.x0, at=[0, 0]), self.x0.expand(2, 2, 2))

    def test_no_maps_leave_the_start(self, orbit):
        assert torch.equal(orbit((), self.x0), self.x0.unsqueeze(0))

    @pytest.mark.parametrize("step", [-1, 7])
    def test_outside_is_refused_with_its_number(self, orbit, step):
        with pytest.raises(DomainError, match=rf"at must hold integers in 0\.\.6.* holds {step}\b"):
            orbit(self.maps, self.x0, at=[2, step])

    def test_between_integers_is_refused_with_its_number(self, orbit):
        with pytest.raises(DomainError, match=r"at must .*integers.*2\.5"):
            orbit(self.maps, self.x0, at=[1, 2.5])


def test_only_maps_that_are_needed_are_called():
    calls = []
    maps = [lambda x, k=k: (calls.append(k), x)[1] for k in range(1, 9)]
    x0 = torch.zeros(1)
    forward_orbit(maps, x0, at=[3])
    assert calls == [1, 2, 3]
    calls.clear()
    backward_orbit(maps, x0, at=[2, 5])
    assert calls == [5, 4, 3, 2, 1]
    calls.clear()
    windowed_orbit(maps, x0, window=2, at=[6])
    assert calls == [3, 4, 5, 6, 2, 1]


def test_each_map_sees_only_the_iterates_that_need_it():
    # y_n needs T_1 … T_n: map k moves the N − k + 1 rows n ≥ k, N(N+1)/2 in all.
    rows = []
    maps = [lambda x: (rows.append(len(x)), x)[1]] * 5
    backward_orbit(maps, torch.zeros(1))
    assert rows == [1, 2, 3, 4, 5]


def test_points_too_large_for_the_cache_move_in_chunks():
    net = MLP([700, 300, 4])
    maps, x0 = network(net, lr=0.05)
    assert 1 <= net.storage.rows < STEPS  # more than one chunk
    found = backward_orbit(maps, x0)
    for n in (0, 3, 4, 5, STEPS - 1, STEPS):
        # 700 products of order one a sum: 1e-11.
        expected = literal_forward(maps[:n][::-1], x0)[-1]
        torch.testing.assert_close(found[n], expected, rtol=0, atol=1e-11)


def test_starts_that_are_views_are_fine():
    maps, _ = network(MLP([4, 5, 3]), 2)
    wide = normal(43, 3, seed=12)
    x0 = wide.T[:2]  # strided
    assert maps[0](x0).shape == x0.shape
    assert not x0.is_contiguous()
    for orbit in (forward_orbit, backward_orbit):
        torch.testing.assert_close(orbit(maps, x0), orbit(maps, x0.contiguous()), **TOLERANCE)
    same = wide[:, 0].expand(2, -1)  # one memory for both replicas
    for orbit in (forward_orbit, backward_orbit):
        torch.testing.assert_close(orbit(maps, same), orbit(maps, same.clone()), **TOLERANCE)


def test_replicas_do_not_see_one_another():
    maps, x0, forward, backward = family("MLP, 2×3 replicas")
    for i, j in ((0, 0), (1, 2)):
        torch.testing.assert_close(forward_orbit(maps, x0[i, j]), forward[:, i, j], **TOLERANCE)
        torch.testing.assert_close(backward_orbit(maps, x0[i, j]), backward[:, i, j], **TOLERANCE)


@pytest.mark.parametrize(
    ("lead", "own"), [((3,), (1,)), ((2, 3), (3,)), ((2, 3), (1,)), ((2, 3), (2, 1))], ids=str
)
@pytest.mark.parametrize(
    "net",
    [MLP([4, 5, 3]), nets.SmallCNN(2, [2], 3), nets.SmallCNN(2, [2], 3, loss="mse")],
    ids=["MLP", "CNN", "CNN mse"],
)
def test_batches_broadcast_against_replicas(net, lead, own):
    inputs, targets = normal(5, *own, 6, 4), torch.randint(3, (5, *own, 6), generator=stream(1))
    if net.loss_kind == "mse":
        targets = normal(5, *own, 6, 3, seed=1)
    maps = [rules.sgd_map(net.batch_grad(x, y), 0.2) for x, y in zip(inputs, targets, strict=True)]
    x0 = net.init(stream(2), lead).to(F64)
    torch.testing.assert_close(backward_orbit(maps, x0), literal_backward(maps, x0), **TOLERANCE)
    torch.testing.assert_close(forward_orbit(maps, x0), literal_forward(maps, x0), **TOLERANCE)


def test_maps_of_different_kinds_compose():
    # No common storage: everything falls back to whole points, and nothing is lost.
    maps, x0 = network(MLP([4, 5, 3]), 2)
    others = nets.MLP([4, 5, 3], "tanh")
    mixed = [
        maps[0],
        lambda x: 0.9 * x,
        rules.sgd_map(others.batch_grad(maps[1].grad.inputs, maps[1].grad.targets), 0.2),
        maps[2],
    ]
    torch.testing.assert_close(backward_orbit(mixed, x0), literal_backward(mixed, x0), **TOLERANCE)
    torch.testing.assert_close(forward_orbit(mixed, x0), literal_forward(mixed, x0), **TOLERANCE)


# Options of the backward orbit


def contracting(steps=60, *lead):
    net = nets.LogisticRegression(4, 3, weight_decay=0.5)
    inputs, targets = normal(50, 4, seed=1), torch.randint(3, (50,), generator=stream(2))
    batches = torch.randint(50, (steps, 4), generator=stream(3))
    return rules.sgd_maps(net, inputs, targets, batches, 0.4), net.init(stream(4), lead).to(F64)


@pytest.mark.parametrize("close", [0.0, 1e-10, 1e-6, 1e-3])
@pytest.mark.parametrize("lead", [(), (3,)])
def test_coalescing_errs_by_the_order_of_its_tolerance(close, lead):
    # Rows merged at distance ≤ close stay that close (the maps contract, by ≤ 1 − 0.4·0.5 a
    # step); every later merge adds at most close, contracted: Σ close·0.8^{8k} < 1.3 close.
    maps, x0 = contracting(60, *lead)
    exact = literal_backward(maps, x0)
    found = backward_orbit(maps, x0, coalesce=close)
    assert (found - exact).abs().max() <= 1.3 * close + 1e-12


def test_coalescing_saves_the_work_it_promises():
    rows = []
    maps = [lambda x, b=b: (rows.append(len(x)), 0.5 * x + b)[1] for b in normal(400, 1)]
    exact = backward_orbit(maps, torch.zeros(1, dtype=F64))
    assert sum(rows) == 400 * 401 // 2
    rows.clear()
    found = backward_orbit(maps, torch.zeros(1, dtype=F64), coalesce=1e-9)
    assert sum(rows) < 400 * 64  # τ = log2(1e9) = 30 steps, and merges come 8 rows a time
    assert (found - exact).abs().max() < 2e-9


@pytest.mark.parametrize("drift", [1.0, -1.0])
def test_coalescing_keeps_apart_what_does_not_come_close(drift):
    maps = [lambda x: x + drift] * 40
    found = backward_orbit(maps, torch.zeros(2, dtype=F64), coalesce=0.5)
    assert torch.equal(found[:, 0], drift * torch.arange(41, dtype=F64))


def test_coalescing_keeps_apart_what_comes_close_in_one_layer_only():
    # No inputs: the weights never move, equal in every row, while the biases drift.
    net = nets.LogisticRegression(2, 3)
    step = rules.sgd_map(net.batch_grad(torch.zeros(4, 2, dtype=F64), torch.tensor([0] * 4)), 0.1)
    x0 = normal(net.dim)
    exact = literal_backward([step] * 40, x0)
    found = backward_orbit([step] * 40, x0, coalesce=1e-6)
    torch.testing.assert_close(found, exact, **TOLERANCE)


@pytest.mark.parametrize("gone", range(1, 27))
def test_coalescing_stops_at_the_last_row_that_came_close(gone):
    # The last maps send all to 0, the rest move nothing: rows are 0 or 1, whatever merges.
    maps = [lambda x: x] * 20 + [lambda x: 0 * x] * gone
    found = backward_orbit(maps, torch.ones(1, dtype=F64), coalesce=1e-3)
    assert found.ravel().tolist() == [1.0] * 21 + [0.0] * gone


def test_one_replica_that_is_far_keeps_all_rows_apart():
    shrink = torch.tensor([[0.1], [1.0]], dtype=F64)
    maps = [lambda x: shrink * x + 1.0] * 40
    found = backward_orbit(maps, torch.zeros(2, 1, dtype=F64), coalesce=1e-3)
    assert torch.equal(found[:, 1, 0], torch.arange(41, dtype=F64))


def test_coalescing_works_in_chunks_and_at_chosen_steps():
    maps, x0 = contracting(60)
    exact = literal_backward(maps, x0)
    at = [60, 3, 41, 40, 39, 0, 60, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27]
    room = 2 * 11 * x0.numel() * 8
    found = backward_orbit(maps, x0, at=at, max_bytes=room, coalesce=1e-8)
    assert (found - exact[at]).abs().max() < 2e-8


def test_numbers_that_are_not_finite_are_never_merged_nor_hidden():
    maps = [lambda x: x * x + 1.0] * 40  # doubly exponential growth
    found = backward_orbit(maps, torch.ones(1, dtype=F64), coalesce=1e-3)
    assert found[0, 0] == 1
    assert found[3, 0] == 26  # 1, 2, 5, 26
    assert found[-1, 0] == torch.inf


@pytest.mark.parametrize("close", [-1e-9, float("nan")])
def test_a_negative_distance_is_refused(close):
    with pytest.raises(DomainError, match=rf"coalesce must be ≥ 0 and finite, but it is {close}"):
        backward_orbit([torch.tanh], torch.zeros(1), coalesce=close)


def test_memory_that_holds_no_point_is_refused_with_both_numbers():
    # Two replicas of three float64: 48 bytes, and their image as many.
    with pytest.raises(DomainError, match=r"max_bytes .* is 95 .* take 96 bytes"):
        backward_orbit([torch.tanh], torch.zeros(2, 3, dtype=F64), max_bytes=95)
    backward_orbit([torch.tanh], torch.zeros(2, 3, dtype=F64), max_bytes=96)


def test_memory_bounds_the_rows_that_move_together():
    seen = []
    maps = [lambda x: (seen.append(x.numel() * x.element_size()), 0.5 * x)[1]] * 9
    backward_orbit(maps, torch.zeros(2, 3, dtype=F64), max_bytes=400)
    assert 2 * max(seen) <= 400


def test_progress_counts_every_map_and_changes_nothing(capsys):
    maps, x0, _, backward = family("MLP relu")
    torch.testing.assert_close(backward_orbit(maps, x0, progress=True), backward, **TOLERANCE)
    shown = capsys.readouterr().err
    assert "backward orbit" in shown
    assert f"{STEPS}/{STEPS}" in shown
    backward_orbit(maps, x0)
    assert capsys.readouterr() == ("", "")


def test_progress_of_chunks_ends_full(capsys):
    maps, x0, _, _ = family("opaque")
    backward_orbit(maps, x0, at=[2, 3, 9], max_bytes=2 * 2 * 24, progress=True)
    assert "12/12" in capsys.readouterr().err  # rows (2, 3) then row 9: 3 + 9 maps


# Refusals


def test_maps_that_change_the_width_are_refused_with_map_and_shapes():
    maps = [torch.tanh, torch.tanh, lambda x: x[..., :1], torch.tanh]
    x0 = torch.zeros(3, 2)
    with pytest.raises(ShapeError, match=r"forward_orbit: .* map 3 took .*2\) to .*1\)"):
        forward_orbit(maps, x0)
    with pytest.raises(ShapeError, match=r"backward_orbit: .* map 3 took .*2\) to .*1\)"):
        backward_orbit(maps, x0)
    with pytest.raises(ShapeError, match=r"apply_in_order: .* map 3 took \(3, 2\) to \(3, 1\)"):
        apply_in_order(maps, x0)


@pytest.mark.parametrize("window", [0, 1, 2, 3, 4])
def test_windowed_orbit_names_itself_and_the_map_that_failed(window):
    maps = [torch.tanh, torch.tanh, lambda x: x[..., :1], torch.tanh]
    with pytest.raises(ShapeError, match=r"windowed_orbit: .* map 3 took"):
        windowed_orbit(maps, torch.zeros(3, 2), window=window)


@pytest.mark.parametrize("orbit", [forward_orbit, backward_orbit])
def test_a_map_that_broadcasts_the_point_away_is_refused(orbit):
    # (2,) + (4, 2) is a legal sum in torch and no map of a point.
    with pytest.raises(ShapeError, match=r"map 1 took .* to .*4, 2\)"):
        orbit([lambda x: x + torch.zeros(4, 2)], torch.zeros(2))


@pytest.mark.parametrize(
    "orbit",
    [
        forward_orbit,
        backward_orbit,
        functools.partial(windowed_orbit, window=1),
        functools.partial(rules.block_backward_orbit, block=1),
    ],
    ids=["forward", "backward", "windowed", "block"],
)
def test_whole_numbers_are_refused_since_images_would_be_cut_off(orbit):
    # torch.tensor([1]) is an integer tensor: x/2 would come back as 0.
    with pytest.raises(DomainError, match=r"x0 must .*torch\.int64 and map 1 returns .*float32"):
        orbit([lambda x: x / 2], torch.tensor([1]))
    chain = orbit([lambda x: x + 1], torch.tensor([1]))  # a chain on integers is fine
    assert chain.tolist() == [[1], [2]]


@pytest.mark.parametrize("window", [-1, 1.5, True, None])
def test_windows_that_are_no_count_are_refused(window):
    with pytest.raises(DomainError, match=rf"window must be an integer ≥ 0, but it is {window}"):
        windowed_orbit([torch.tanh], torch.zeros(1), window=window)


def test_apply_in_order_is_differentiable():
    x = torch.tensor([0.3], dtype=F64, requires_grad=True)
    torch.autograd.gradcheck(lambda x: apply_in_order([torch.sin, torch.exp, torch.tanh], x), x)
    assert apply_in_order([], x) is x


# Affine maps

SCANNED = {"d = 1": (50, 1), "d = 3": (40, 3), "d = 10": (160, 10)}
LOOPED = {"d = 3, few": (10, 3), "d = 10, few": (20, 10), "d = 10, one": (1, 10)}


def affine(steps, dim, *lead, seed=0):
    matrix = normal(steps, *lead, dim, dim, seed=seed) * (0.8 / dim**0.5)
    return AffineMap(matrix, normal(steps, *lead, dim, seed=seed + 1))


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)], ids=["one", "2", "2×3"])
@pytest.mark.parametrize("size", [*SCANNED, *LOOPED])
class TestAffineOrbits:
    """Random matrices of spectral radius about 0.8: points of order ten, sums of order N."""

    def sizes(self, size, lead):
        steps, dim = (SCANNED | LOOPED)[size]
        if lead == (2, 3) and steps > 100:
            pytest.skip("covered at fewer replicas")
        return steps, dim

    def test_shared_maps(self, size, lead):
        steps, dim = self.sizes(size, lead)
        maps, x0 = affine(steps, dim), normal(*lead, dim, seed=7)
        self.holds(maps, maps.unbind(), x0)

    def test_maps_of_their_own(self, size, lead):
        steps, dim = self.sizes(size, lead)
        maps, x0 = affine(steps, dim, *lead), normal(*lead, dim, seed=7)
        self.holds(maps, maps.unbind(), x0)

    def test_one_matrix_and_offsets_of_their_own(self, size, lead):
        # SGD on one quadratic with noise of its own in every replica.
        steps, dim = self.sizes(size, lead)
        maps = AffineMap(affine(steps, dim).matrix, affine(steps, dim, *lead).offset)
        x0 = normal(*lead, dim, seed=7)
        self.holds(maps, [AffineMap(a, b) for a, b in zip(*maps, strict=True)], x0)

    def test_matrices_of_their_own_and_one_offset(self, size, lead):
        steps, dim = self.sizes(size, lead)
        maps = AffineMap(affine(steps, dim, *lead).matrix, affine(steps, dim).offset)
        x0 = normal(*lead, dim, seed=7)
        self.holds(maps, [AffineMap(a, b) for a, b in zip(*maps, strict=True)], x0)

    def holds(self, maps, single, x0):
        forward = literal_forward(single, x0)
        steps = len(single)
        torch.testing.assert_close(forward_orbit(maps, x0), forward, rtol=1e-12, atol=1e-11)
        # The literal double loop, one literal run a chosen n.
        at = [steps, 0, steps // 2, 1, steps // 3, steps // 2, steps - 1]
        backward = torch.stack([literal_forward(single[:n][::-1], x0)[-1] for n in at])
        for found in (backward_orbit(maps, x0, at=at), backward_orbit(maps, x0)[at]):
            torch.testing.assert_close(found, backward, rtol=1e-12, atol=1e-11)
        torch.testing.assert_close(
            forward_orbit(maps, x0, at=at), forward[at], rtol=1e-12, atol=1e-11
        )
        w = min(3, steps)
        windowed = torch.stack(
            [apply_in_order([*single[w:n], *single[: min(n, w)][::-1]], x0) for n in at]
        )
        found = windowed_orbit(maps, x0, window=w, at=at)
        torch.testing.assert_close(found, windowed, rtol=1e-12, atol=1e-11)


def test_scans_and_loops_are_both_taken_above():
    from bsgd_edu.maps.affine import scan_pays

    assert all(scan_pays(affine(*size)) for size in SCANNED.values())
    assert not any(scan_pays(affine(*size)) for size in LOOPED.values())
    assert not scan_pays(affine(*SCANNED["d = 10"]).unbind())


@pytest.mark.parametrize("size", [(50, 1), (10, 3)], ids=["scan", "loop"])
@pytest.mark.parametrize("orbit", [forward_orbit, backward_orbit])
def test_one_start_serves_the_replicas_of_the_maps(size, orbit):
    # Many noises from one start: the start broadcasts, whichever algorithm runs.
    maps, x0 = affine(*size, 4), normal(size[1], seed=3)
    expected = orbit(maps, x0.expand(4, -1))
    torch.testing.assert_close(orbit(maps, x0), expected, **TOLERANCE)


@pytest.mark.parametrize("dim", [1, 3])
@pytest.mark.parametrize("orbit", [forward_orbit, backward_orbit])
def test_no_affine_maps_leave_the_start(dim, orbit):
    none = AffineMap(torch.zeros(0, dim, dim, dtype=F64), torch.zeros(0, dim, dtype=F64))
    x0 = normal(2, dim)
    assert torch.equal(orbit(none, x0), x0.unsqueeze(0))
    assert orbit(none, x0, at=[]).shape == (0, 2, dim)


@pytest.mark.parametrize("dim", [1, 2])
@pytest.mark.parametrize("orbit", [forward_orbit, backward_orbit])
def test_a_single_affine_map_is_no_sequence(dim, orbit):
    single = AffineMap(torch.eye(dim), torch.zeros(dim))
    with pytest.raises(ShapeError, match=rf"leading axis.*\({dim}, {dim}\).*\[map\]"):
        orbit(single, torch.ones(dim))
    assert orbit([single], torch.ones(dim)).shape == (2, dim)


def test_affine_maps_that_do_not_fit_the_start_are_refused():
    with pytest.raises((ShapeError, RuntimeError)):
        backward_orbit(affine(40, 3), torch.zeros(2, dtype=F64))


def test_affine_scans_respect_a_memory_bound():
    # The scan holds N matrices at once: with less room the maps must be taken apart.
    maps, x0 = affine(160, 10), normal(10, seed=2)
    found = backward_orbit(maps, x0, max_bytes=2 * 4 * x0.numel() * 8)
    torch.testing.assert_close(found, backward_orbit(maps, x0), rtol=1e-12, atol=1e-11)
    with pytest.raises(DomainError, match="max_bytes"):
        backward_orbit(maps, x0, max_bytes=1)


def test_hand_case():
    # ρ = ½, a = (1, 0, −1, 2), x_0 = 8: dyadic numbers, so exact.
    a = torch.tensor([1.0, 0.0, -1.0, 2.0], dtype=F64)
    maps = AffineMap(torch.full((4, 1, 1), 0.5, dtype=F64), (0.5 * a).unsqueeze(-1))
    x0 = torch.tensor([8.0], dtype=F64)
    plain = [lambda x, b=b: 0.5 * x + 0.5 * b for b in a]
    for sequence in (maps, plain):
        assert forward_orbit(sequence, x0).ravel().tolist() == [8, 4.5, 2.25, 0.625, 1.3125]
        assert backward_orbit(sequence, x0).ravel().tolist() == [8, 4.5, 2.5, 1.375, 1.0]


@pytest.mark.parametrize("length", [5, 17])
def test_cyclic_data_end_in_a_cycle_forward_and_in_a_point_backward(length):
    # Contraction by ½ a step: after 600 steps both are at their limits up to rounding.
    steps = 600 - 600 % length
    anchors = normal(length, seed=2)
    maps = AffineMap(
        torch.full((steps, 1, 1), 0.5, dtype=F64),
        0.5 * anchors[torch.arange(steps) % length].unsqueeze(-1),
    )
    x0 = torch.tensor([3.0], dtype=F64)
    forward, backward = forward_orbit(maps, x0), backward_orbit(maps, x0)
    torch.testing.assert_close(forward[-1], forward[-1 - length], rtol=0, atol=1e-14)
    assert (forward[-1] - forward[-2]).abs() > 1e-3
    torch.testing.assert_close(backward[-1], backward[-2], rtol=0, atol=1e-15)


def test_affine_map_is_its_formula():
    maps, x = affine(1, 3, 4), normal(4, 3, seed=5)
    matrix, offset = maps.matrix[0], maps.offset[0]
    expected = torch.stack([a @ p + b for a, p, b in zip(matrix, x, offset, strict=True)])
    torch.testing.assert_close(AffineMap(matrix, offset)(x), expected, **TOLERANCE)
    one = AffineMap(matrix[0], offset[0])
    expected = torch.stack([matrix[0] @ p + offset[0] for p in x])
    torch.testing.assert_close(one(x), expected, **TOLERANCE)
    assert one(x[0]).shape == (3,)


def test_unbind_gives_the_maps_in_order():
    maps = affine(3, 2, 5)
    assert len(maps.unbind()) == 3
    for i, t in enumerate(maps.unbind()):
        assert torch.equal(t.matrix, maps.matrix[i])
        assert torch.equal(t.offset, maps.offset[i])


whole = st.integers(-3, 3)


@st.composite
def whole_affine(draw, count, dims=(1, 2, 3), leads=((),)):
    """Maps of small integers: sums and products are exact, so equality is the tolerance."""
    dim, lead = draw(st.sampled_from(dims)), draw(st.sampled_from(leads))
    rows = torch.Size(lead).numel()

    def tensor(*shape):
        n = torch.Size(shape).numel()
        values = draw(st.lists(whole, min_size=n, max_size=n))
        return torch.tensor(values, dtype=F64).reshape(shape)

    one = [
        AffineMap(
            tensor(rows, dim, dim).reshape(*lead, dim, dim), tensor(rows, dim).reshape(*lead, dim)
        )
        for _ in range(count)
    ]
    return one, tensor(rows, dim).reshape(*lead, dim)


@settings(max_examples=40, deadline=None)
@given(whole_affine(3, leads=((), (2,))))
def test_composition_is_associative_and_composes(drawn):
    (f, g, h), x = drawn
    left, right = f.after(g).after(h), f.after(g.after(h))
    assert torch.equal(left.matrix, right.matrix)
    assert torch.equal(left.offset, right.offset)
    assert torch.equal(left(x), f(g(h(x))))


@settings(max_examples=25, deadline=None)
@given(whole_affine(7, dims=(1, 2)), st.lists(st.integers(0, 7), max_size=6), st.integers(0, 9))
def test_orbits_of_whole_affine_maps_are_exact(drawn, at, window):
    # Entries ≤ 3 in two dimensions: after 7 steps ≤ 7·6^7·3 < 2^23, every partial sum is exact.
    single, x0 = drawn
    maps = AffineMap(*(torch.stack(part) for part in zip(*single, strict=True)))
    for sequence in (single, maps):
        assert torch.equal(forward_orbit(sequence, x0, at=at), literal_forward(single, x0)[at])
        assert torch.equal(backward_orbit(sequence, x0, at=at), literal_backward(single, x0)[at])
        windowed = literal_windowed(single, x0, window)[at]
        assert torch.equal(windowed_orbit(sequence, x0, window=window, at=at), windowed)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.integers(18, 40))
def test_scans_of_signed_permutations_are_exact(seed, steps):
    # Orthogonal integer matrices never grow: sums ≤ 40·3, exact at every length.
    g = stream(seed)
    signs = torch.randint(0, 2, (steps, 2, 1), generator=g).to(F64) * 2 - 1
    flips = torch.eye(2, dtype=F64)[
        torch.stack([torch.randperm(2, generator=g) for _ in range(steps)])
    ]
    maps = AffineMap(signs * flips, torch.randint(-3, 4, (steps, 2), generator=g).to(F64))
    x0 = torch.randint(-3, 4, (2,), generator=g).to(F64)
    assert torch.equal(forward_orbit(maps, x0), literal_forward(maps.unbind(), x0))
    assert torch.equal(backward_orbit(maps, x0), literal_backward(maps.unbind(), x0))


@pytest.mark.parametrize("orbit", [forward_orbit, backward_orbit])
def test_expanding_maps_give_the_finite_points_that_exist(orbit):
    # 2^1100 is no float64, yet from the fixed point nothing moves: no inf · 0 may appear.
    maps = AffineMap(torch.full((1100, 1, 1), 2.0, dtype=F64), torch.zeros(1100, 1, dtype=F64))
    assert torch.equal(orbit(maps, torch.zeros(1, dtype=F64)), torch.zeros(1101, 1, dtype=F64))
