"""DeepCNN against plain torch, its memory against its plan, its signals against mean field.

The oracle is conv2d with torch's own padding and autograd, one point at a time, in float64; 1e-12
is some 5000 roundings of numbers of order one.
"""

import itertools
import math
import weakref

import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from bsgd_edu import datasets, rules
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.maps import forward_orbit
from bsgd_edu.nets import DeepCNN
from bsgd_edu.nets.convolution import Taps
from bsgd_edu.nets.segments import num_states, states_downward

F64 = torch.float64
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=stream(seed), dtype=F64)


def padded(x, size, padding):
    """conv2d's ``same``: one pixel fewer before than after for even kernels."""
    before, after = (size - 1) // 2, size // 2
    mode = {"mode": "circular"} if padding == "circular" else {}
    return functional.pad(x, (before, after, before, after), **mode)


def plain_outputs(net, theta, inputs):
    """The net as its docstring says, with conv2d; parameters are split here, not by the net."""
    size, c, k = net.patch, net.channels, net.shapes[2][-1]
    shapes = [(c, net.in_channels, size, size), (c,), (net.depth, c, c, k, k), (net.depth, c)]
    shapes += [(net.num_classes, c), (net.num_classes,)]
    flat = theta.split([math.prod(shape) for shape in shapes])
    stem, a, kernels, biases, head, v = (p.view(s) for p, s in zip(flat, shapes, strict=True))
    images = inputs.view(-1, net.in_channels, net.side, net.side)
    h = functional.conv2d(images, stem, a, stride=size)
    for kernel, bias in zip(kernels, biases, strict=True):
        h = functional.conv2d(padded(h.tanh(), k, net.padding), kernel, bias)
    return functional.linear(h.tanh().mean((2, 3)), head, v)


def plain_loss(net, theta, inputs, targets):
    outputs = plain_outputs(net, theta, inputs)
    kinds = {"cross_entropy": functional.cross_entropy, "mse": functional.mse_loss}
    loss = kinds[net.loss_kind](outputs, targets)
    return loss + 0.5 * net.weight_decay * theta.square().sum()


def plain_grad(net, theta, inputs, targets):
    point = theta.detach().requires_grad_()
    return torch.autograd.grad(plain_loss(net, point, inputs, targets), point)[0]


def bound(net, segment, examples, batch, replicas=1):
    """A `max_bytes` under which float64 gradients take this segment and these blocks."""
    net.max_bytes = 8 * replicas * net._numbers(net.depth, segment, examples)
    plan = net.plan(batch, replicas, F64)
    assert (plan.segment, plan.examples) == (segment, examples), plan
    return net


def cloud(net, *lead):
    """Points at which no tap and no bias is zero."""
    return net.init(stream(1), lead).double() + 0.1 * normal(*lead, net.dim, seed=2)


# The function and its gradient

CASES = {
    "circular": {"side": 8, "patch": 2},
    "zeros": {"side": 8, "patch": 2, "padding": "zeros"},
    "circular, even kernel": {"side": 5, "kernel_size": 4},
    "zeros, even kernel": {"side": 5, "kernel_size": 2, "padding": "zeros"},
    "1×1 kernel": {"side": 4, "kernel_size": 1},
    "kernel as wide as the map, colours": {"side": 6, "patch": 2, "in_channels": 3},
    "regression with decay": {"side": 8, "patch": 2, "loss": "mse", "weight_decay": 0.3},
}


def case(name, depth=7):
    net = DeepCNN(channels=4, depth=depth, num_classes=3, **CASES[name])
    inputs = normal(5, net.in_channels * net.side**2, seed=3)
    targets = torch.tensor([0, 2, 1, 1, 0])
    return net, inputs, normal(5, 3, seed=4) if net.loss_kind == "mse" else targets


every_case = pytest.mark.parametrize("name", CASES)


@every_case
def test_outputs_and_losses_are_those_of_conv2d(name):
    net, inputs, targets = case(name)
    theta = cloud(net, 2, 3)
    outputs, losses = net.logits(theta, inputs), net.loss(theta, inputs, targets)
    assert (outputs.shape, losses.shape) == ((2, 3, 5, 3), (2, 3))
    for i, j in itertools.product(range(2), range(3)):
        torch.testing.assert_close(
            outputs[i, j], plain_outputs(net, theta[i, j], inputs), **TOLERANCE
        )
        expected = plain_loss(net, theta[i, j], inputs, targets)
        torch.testing.assert_close(losses[i, j], expected, **TOLERANCE)
    assert net.logits(theta[0, 0], inputs).shape == (5, 3)


@every_case
@pytest.mark.parametrize("examples", [5, 2])
@pytest.mark.parametrize("segment", [7, 6, 3, 1])
def test_gradients_are_autograds_whatever_is_kept(name, segment, examples):
    net, inputs, targets = case(name)
    theta = cloud(net)
    plan = net.plan(5, 1, F64)
    assert (plan.segment, plan.examples) == (7, 5)
    expected = plain_grad(net, theta, inputs, targets)
    torch.testing.assert_close(net.grad(theta, inputs, targets), expected, **TOLERANCE)
    net.plan = lambda *_: plan._replace(segment=segment, examples=examples)
    gradient = net.grad(theta, inputs, targets)
    torch.testing.assert_close(gradient, expected, **TOLERANCE)
    assert not gradient.requires_grad
    torch.testing.assert_close(net.logits(theta, inputs), plain_outputs(net, theta, inputs))


@pytest.mark.parametrize("padding", ["circular", "zeros"])
def test_deep_gradients_agree_too(padding):
    net = DeepCNN(8, 4, 100, patch=2, padding=padding)
    inputs, targets = normal(6, 64), torch.arange(6)
    theta = net.init(stream()).double()
    expected = plain_grad(net, theta, inputs, targets)
    for max_bytes in (None, 8 * net._numbers(100, 10, 6)):
        net.max_bytes = max_bytes
        torch.testing.assert_close(net.grad(theta, inputs, targets), expected, **TOLERANCE)


def test_clouds_may_have_batches_of_their_own():
    net, _, _ = case("circular")
    theta, inputs = cloud(net, 2, 3), normal(2, 3, 5, 64)
    targets = torch.randint(3, (2, 3, 5), generator=stream())
    gradient, losses = net.grad(theta, inputs, targets), net.loss(theta, inputs, targets)
    shared = net.grad(theta[0, 0], inputs, targets)  # one point, six batches
    for i, j in itertools.product(range(2), range(3)):
        data = inputs[i, j], targets[i, j]
        torch.testing.assert_close(gradient[i, j], plain_grad(net, theta[i, j], *data), **TOLERANCE)
        torch.testing.assert_close(losses[i, j], plain_loss(net, theta[i, j], *data), **TOLERANCE)
        expected = plain_grad(net, theta[0, 0], *data)
        torch.testing.assert_close(shared[i, j], expected, **TOLERANCE)


def test_autograd_through_the_loss_is_the_same_gradient():
    net, inputs, targets = case("zeros")
    theta = cloud(net, 2).requires_grad_()
    (expected,) = torch.autograd.grad(net.loss(theta, inputs, targets).sum(), theta)
    torch.testing.assert_close(net.grad(theta, inputs, targets), expected, **TOLERANCE)


def test_steps_of_rules_move_a_cloud():
    net, inputs, targets = case("circular")
    theta = cloud(net, 2)
    step = rules.sgd_map(net.batch_grad(inputs, targets), 0.1)
    expected = theta - 0.1 * net.grad(theta, inputs, targets)
    torch.testing.assert_close(forward_orbit([step], theta)[1], expected, **TOLERANCE)


def test_a_layers_transpose_is_its_adjoint():
    # <T x, y> = <x, Tᵀ y>, and ∂<T x, y>/∂W against autograd.
    for size, circular in itertools.product((1, 2, 3, 4), (True, False)):
        taps = Taps(5, size, circular)
        kernel, x, y = normal(2, 4, 4, size, size), normal(2, 4, 25, 3, seed=1), normal(2, 4, 25, 3)
        kernel.requires_grad_()
        product = (taps.apply(kernel, torch.zeros(2, 4, dtype=F64), x) * y).sum()
        behind, to_x = taps.behind(y), torch.empty_like(x)
        taps.to_input(kernel.detach(), behind, out=to_x)
        torch.testing.assert_close((to_x * x).sum(), product.detach(), **TOLERANCE)
        (expected,) = torch.autograd.grad(product, kernel)
        to_kernel = taps.to_kernel(behind, x).reshape(kernel.shape)
        torch.testing.assert_close(to_kernel, expected, **TOLERANCE)


# Memory


@pytest.mark.parametrize(("depth", "segment"), [(1, 1), (7, 3), (9, 3), (10, 10), (12, 5), (5, 1)])
def test_states_come_down_in_order_and_none_is_made_more_than_twice(depth, segment):
    calls = []

    def layer(level, x, out):
        calls.append(level)
        torch.add(x, level, out=out)

    # As many as promised: a slot more would be an IndexError. NaN where nothing was written.
    states = torch.full((math.ceil(depth / segment) + segment,), math.nan)
    states[0] = 0
    assert len(states) == num_states(depth, segment)
    seen = [
        (level, int(above), int(below))
        for level, above, below in states_downward(states, depth, segment, layer)
    ]
    assert seen == [(n, n * (n + 1) // 2, n * (n - 1) // 2) for n in range(depth, 0, -1)]
    assert len(calls) == depth + max(0, depth - segment)
    assert states[0] == 0


class Bytes(TorchDispatchMode):
    """Counts the bytes of live tensors that operations make."""

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self.known = set()

    def freed(self, pointer, size):
        self.known.discard(pointer)
        self.now -= size

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        mine = {id(x.untyped_storage()) for x in tree_leaves(args) if isinstance(x, torch.Tensor)}
        for x in tree_leaves(result):
            if not isinstance(x, torch.Tensor):
                continue
            storage = x.untyped_storage()
            pointer = storage.data_ptr()
            if not pointer or pointer in self.known or id(storage) in mine:
                continue
            self.known.add(pointer)
            self.now += storage.nbytes()
            weakref.finalize(storage, self.freed, pointer, storage.nbytes())
        self.peak = max(self.peak, self.now)
        return result


@pytest.mark.parametrize(("padding", "replicas"), [("circular", 1), ("zeros", 3)])
@pytest.mark.parametrize("segment", [120, 40, 11])
def test_a_gradient_takes_what_its_plan_says(padding, replicas, segment):
    # The formula bounds all that is alive, and most of it is: the states dominate.
    net = DeepCNN(8, 4, 120, patch=2, padding=padding)
    net.max_bytes = 4 * replicas * net._numbers(120, segment, 32)
    inputs, targets = torch.randn(32, 64, generator=stream()), torch.arange(32) % 10
    theta = net.init(stream(), (replicas,))
    plan = net.plan(32, replicas)
    assert plan.segment >= segment
    assert plan.examples == 32
    with Bytes() as counted:
        net.grad(theta, inputs, targets)
    needed = counted.peak + theta.nbytes
    assert 0.85 * plan.num_bytes <= needed <= plan.num_bytes <= net.max_bytes
    with Bytes() as counted:
        net.norms(theta, inputs, generator=stream())
    assert counted.peak + theta.nbytes <= plan.num_bytes


def test_the_plan_takes_the_longest_segment_that_fits():
    net = DeepCNN(7, 16, 1000)
    whole = net.plan(30)
    assert (whole.segment, whole.examples) == (1000, 30)
    state = 4 * 16 * 49 * 30
    # θ and gradient, 1000 states and their start, nine neighbours, the signal; the images twice, a
    # kernel's gradient and its transpose.
    expected = 2 * 4 * net.dim + (1 + 1000 + 9 + 1) * state + 4 * 2 * 49 * 30 + 4 * 2 * 9 * 16**2
    assert whole.num_bytes == expected
    for missing in (1, 300 * state, 800 * state):
        net.max_bytes = whole.num_bytes - missing
        plan = net.plan(30)
        longer = 4 * net._numbers(1000, plan.segment + 1, 30)
        assert plan.num_bytes <= net.max_bytes < longer
    least = 4 * net._numbers(1000, 32, 30)
    net.max_bytes = least - 4
    assert net.plan(30).examples == 15
    assert DeepCNN(7, 16, 1000, max_bytes=whole.num_bytes).plan(30, replicas=4).examples < 30


def test_what_cannot_fit_is_refused_with_its_numbers_and_a_depth_that_fits():
    net = DeepCNN(28, 32, 10_000)
    least = 4 * net._numbers(10_000, 100, 1)
    with pytest.raises(DomainError) as caught:
        DeepCNN(28, 32, 10_000, max_bytes=500_000_000)
    message = str(caught.value)
    assert f"1 × {net.dim:,} parameters" in message
    assert f"{least:,} bytes in all, but it is 500,000,000. Raise it" in message
    depth = int(message.split("at most ")[1].split(" of these")[0].replace(",", ""))
    DeepCNN(28, 32, depth, max_bytes=500_000_000)
    with pytest.raises(DomainError, match="max_bytes"):
        DeepCNN(28, 32, depth + 1, max_bytes=500_000_000)
    DeepCNN(28, 32, 10_000, max_bytes=least)
    with pytest.raises(DomainError, match=r"but it is 10\. Raise it, or take fewer than 32 chan"):
        DeepCNN(28, 32, 3, max_bytes=10)  # not even one layer fits: no depth to advise
    small = DeepCNN(4, 4, 50, max_bytes=300_000)
    theta = small.init(stream(), (40,))
    with pytest.raises(DomainError, match=rf"40 × {small.dim:,} .*fewer replicas"):
        small.grad(theta, torch.zeros(1, 16), torch.zeros(1).long())


# The law of init, and what it does to signals


def white(net, replicas, batch, seed=0):
    """Replicas whose h_0 is the input itself, and inputs whose mean square is q* exactly."""
    theta = net.init(stream(seed), (replicas,))
    channels = net.channels
    theta[..., : channels**2] = torch.eye(channels).flatten()
    x = torch.randn(replicas, batch, channels * net.positions, generator=stream(seed + 1))
    return theta, x * (net.q / x.square().mean((1, 2), keepdim=True)).sqrt()


def growth(norms):
    """log₁₀ |∂L/∂h_0| / |∂L/∂h_L| of each replica."""
    return 0.5 * (norms.backward[..., 0] / norms.backward[..., -1]).log10()


@pytest.mark.parametrize("examples", [5, 2])
def test_norms_are_mean_squares_of_signals_and_of_their_gradients(examples):
    net, inputs, _ = case("zeros", depth=3)
    theta = cloud(net, 2)
    plan = net.plan(5, 2, F64)
    net.plan = lambda *_: plan._replace(segment=examples // 2 + 1, examples=examples)
    found = net.norms(theta, inputs, generator=stream(9))
    assert found.forward.shape == found.backward.shape == (2, 4)
    source = stream(9)
    blocks = [len(block) for block in inputs.split(examples)]
    noise = [torch.empty(2, 4, 16, n, dtype=F64).normal_(generator=source) for n in blocks]
    noise = torch.cat(noise, -1)
    for i in range(2):
        parts = net._layout.views(theta[i])
        images = inputs.view(5, 1, 8, 8)
        signals = [functional.conv2d(images, parts[0].view(4, 1, 2, 2), parts[1], stride=2)]
        signals[0].requires_grad_()
        for kernel, bias in zip(parts[2], parts[3], strict=True):
            signals.append(functional.conv2d(signals[-1].tanh(), kernel, bias, padding=1))
        top = signals[-1].tanh().flatten(2).permute(1, 2, 0)  # (C, P, B)
        gradients = torch.autograd.grad((top * noise[i]).sum(), signals)
        for level in range(4):
            expected = signals[level].square().mean(), gradients[level].square().mean()
            torch.testing.assert_close(found.forward[i, level], expected[0].detach(), **TOLERANCE)
            torch.testing.assert_close(found.backward[i, level], expected[1], **TOLERANCE)


@pytest.mark.parametrize("padding", ["circular", "zeros"])
@pytest.mark.parametrize(
    ("depth", "replicas"),
    [(64, 16), (1024, 2), pytest.param(10_000, 2, marks=pytest.mark.slow)],
)
def test_delta_orthogonal_layers_carry_signals_through_any_depth(padding, depth, replicas):
    # Spec: h_L²/q* = 1.08–1.10 and log₁₀ ratio +.01–+.03, to their last printed digit.
    net = DeepCNN(7, 16, depth, in_channels=16, padding=padding)
    theta, inputs = white(net, replicas, 2)
    found = net.norms(theta, inputs, generator=stream(5))
    length = found.forward[:, -1].mean() / net.q
    assert 1.075 <= length <= 1.105
    assert 0.005 <= growth(found).mean() <= 0.035
    if depth >= 1024:
        # Width 16, q* → 0: pixel by pixel r = h²/q* obeys r' = 2r(1 − r C/(C+2)) over depth 1,
        # because E Σu⁴ = 3 C/(C+2) on a sphere; its start is χ²_16/16. O(1/L) and layers add 1 %.
        r = torch.randn(100_000, 16, generator=stream(8), dtype=F64).square().mean(1)
        limit = 18 / 16
        expected = (limit / (1 + (limit / r - 1) * math.exp(-2))).mean()
        assert abs(length / expected - 1) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("depth", "expected"), [(256, -0.8), (1024, -4.4), (4096, -22.0)])
def test_gaussian_layers_of_width_16_lose_the_gradient(depth, expected):
    net = DeepCNN(7, 16, depth, in_channels=16, init="gaussian")
    # Spec 1.5.8, middle of the ranges seen; the logarithm walks at random from net to net.
    theta, inputs = white(net, 8, 1)
    # float64: the square of 1e-22 is below float32
    lost = growth(net.norms(theta.double(), inputs.double(), generator=stream(5)))
    assert abs(lost.mean() - expected) < 4 * lost.std() / 8**0.5
    assert lost.mean() < 0


@pytest.mark.parametrize("init", ["gaussian", "delta_orthogonal"])
def test_gradients_grow_by_chi_1_a_layer(init):
    # Spec 1.5.4, at 1 %. Delta-orthogonal layers of width C exceed χ_1 by .27/C (+1.7 % at C = 16,
    # +.4 % at 64), here .1 %; a net strays by a few tenths of a percent.
    for weight_var, expected in ((1.5, 0.9386), (1.760955, 1.0), (2.5, 1.1335)):
        net = DeepCNN(4, 256, 10, in_channels=256, init=init, weight_var=weight_var, bias_var=0.05)
        assert float(net.q) == pytest.approx(
            {1.5: 0.418037, 2.5: 1.063958}.get(weight_var, 0.570048), abs=1e-5
        )
        theta, inputs = white(net, 1, 8)
        backward = net.norms(theta, inputs, generator=stream(5)).backward[0]
        rate = (backward[0] / backward[-1]) ** (1 / net.depth)
        assert abs(rate / expected - 1) < 0.01


def test_zero_padding_breaks_isometries_that_are_not_delta():
    # Eight layers of nearly linear tanh: an isometry keeps h², a cut one loses at the border.
    lengths = {}
    for init, padding in itertools.product(
        ("orthogonal", "delta_orthogonal"), ("circular", "zeros")
    ):
        net = DeepCNN(
            7, 8, 8, in_channels=8, init=init, padding=padding, weight_var=1.0, bias_var=0.0
        )
        theta, inputs = white(net, 4, 4)
        found = net.norms(theta, 1e-2 * inputs, generator=stream()).forward
        lengths[init, padding] = float((found[:, -1] / found[:, 0]).mean())
    assert lengths.pop(("orthogonal", "zeros")) < 0.7
    assert list(lengths.values()) == pytest.approx([1, 1, 1], abs=2e-3)


def test_init_has_the_law_it_says():
    weight_var, bias_var = 1.5, 0.05
    for init in ("gaussian", "orthogonal", "delta_orthogonal"):
        net = DeepCNN(16, 16, 50, patch=4, init=init, weight_var=weight_var, bias_var=bias_var)
        theta = net.init(stream(), (4,))
        single = net._layout.views(net.init(stream()))[2].double()
        assert abs(single.square().sum((-1, -2, -3)).mean() / weight_var - 1) < 4 * math.sqrt(
            2 / single.numel()
        )
        assert theta.dtype == torch.float32
        assert torch.equal(theta, net.init(stream(), (4,)))
        stem, a, kernels, biases, head, v = net._layout.views(theta.double())
        # Mean squares of Gaussians: relative s.e. √(2/n), four of them.
        for values, variance in ((stem, net.q / 16), (biases, bias_var), (head, 1 / 16)):
            error = 4 * math.sqrt(2 / values.numel())
            assert abs(values.square().mean() / variance - 1) < error
        assert not a.any()
        assert not v.any()
        total = kernels.square().sum((-1, -2, -3))  # of one output: σ_w²
        assert abs(total.mean() / weight_var - 1) < (4 * math.sqrt(2 / kernels.numel()))
        if init == "delta_orthogonal":
            centre = kernels[..., 1, 1]
            eye = weight_var * torch.eye(16, dtype=F64).expand(4, 50, 16, 16)
            torch.testing.assert_close(centre @ centre.mT, eye, rtol=0, atol=1e-5)  # float32
            assert kernels.count_nonzero() == centre.count_nonzero()


def test_variances_default_to_the_critical_point_of_the_depth():
    net = DeepCNN(4, 4, 64)
    assert net.q == 1 / 64
    assert net.weight_var == pytest.approx(1.03055751, abs=1e-8)
    assert net.bias_var == pytest.approx(4.651333e-06, rel=1e-6)
    assert DeepCNN(4, 4, 64, weight_var=0.9, bias_var=0.0).q == 1 / 64  # nothing survives: q* = 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"depth": 0}, r"depth must be an integer ≥ 1, but it is 0"),
        ({"channels": 2.5}, r"channels must be an integer ≥ 1, but it is 2\.5"),
        ({"patch": True}, r"patch must be .* True"),
        ({"patch": 3}, r"side must be a multiple of patch, but they are 8 and 3"),
        ({"patch": 4}, r"kernel_size must be .* it is 3 and the map has side 8/4 = 2"),
        ({"padding": "reflect"}, r"padding must be 'circular' or 'zeros', but it is 'reflect'"),
        ({"init": "he"}, r"init must be one of 'delta_orthogonal', .* but it is 'he'"),
        ({"weight_var": 1.5}, r"given together, but they are 1\.5 and None"),
        ({"weight_var": -1.0, "bias_var": 0.0}, r"weight_var must be .*-1"),
        ({"loss": "l1"}, r"loss .* 'l1'"),
    ],
)
def test_nets_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(DomainError, match=message):
        DeepCNN(**({"side": 8, "channels": 4, "depth": 3} | arguments))


def test_wrong_shapes_are_refused_with_both():
    net = DeepCNN(8, 4, 3, patch=2)
    theta, targets = net.init(stream()), torch.zeros(5).long()
    with pytest.raises(ShapeError, match=r"\(\.\.\., B, 64\), but its shape is \(5, 8, 8\)"):
        net.logits(theta, torch.zeros(5, 8, 8))
    with pytest.raises(ShapeError, match=rf"theta must have shape \(\.\.\., {net.dim}\)"):
        net.grad(theta[:-1], torch.zeros(5, 64), targets)
    with pytest.raises(ShapeError, match=r"targets must .* 5.*\(4,\)"):
        net.grad(theta, torch.zeros(5, 64), targets[:4])


@pytest.mark.slow
@pytest.mark.skipif(not datasets.available("mnist"), reason="MNIST is not here")
def test_sixty_four_isometries_learn_mnist():
    # Spec 1.5.9: test accuracy .851 after two epochs of 6000 images at width 16.
    data, held_out = (datasets.load("mnist", split=split) for split in ("train", "test"))
    scale = data.inputs[:6000].square().mean().sqrt()
    inputs, targets = data.inputs[:6000] / scale, data.targets[:6000]
    net = DeepCNN(28, 16, 64, patch=4, pool=False, padding="zeros")
    theta = net.init(stream())
    velocity, order = torch.zeros_like(theta), stream(1)
    for _ in range(2):
        for rows in torch.randperm(6000, generator=order).split(16):
            velocity.mul_(0.9).add_(net.grad(theta, inputs[rows], targets[rows]))
            theta = theta - 0.003 * velocity
    assert net.accuracy(theta, held_out.inputs[:2000] / scale, held_out.targets[:2000]) > 0.8
