"""DeepCNN against plain torch, its memory against its plan, its signals against mean field.

The oracle is conv2d with torch's own padding and autograd, one point at a time, in float64; 1e-12
is some 5000 roundings of numbers of order one.
"""

import itertools
import math
import resource
import subprocess
import sys
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
from bsgd_edu.nets.segments import states_downward

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
    size, c, k = net.patch, net.channels, math.isqrt(net._taps.count)
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
        to_kernel, to_x = taps.transposed(kernel.detach(), x, y)
        torch.testing.assert_close((to_x * x).sum(), product.detach(), **TOLERANCE)
        (expected,) = torch.autograd.grad(product, kernel)
        torch.testing.assert_close(to_kernel, expected, **TOLERANCE)


# Memory


@pytest.mark.parametrize(("depth", "segment"), [(1, 1), (7, 3), (9, 3), (10, 10), (12, 5)])
def test_states_come_down_in_order_and_few_are_held(depth, segment):
    alive, most, calls = set(), 0, 0

    def layer(level, x):
        nonlocal most, calls
        y = x + level
        alive.add(id(y))
        weakref.finalize(y, alive.discard, id(y))
        most, calls = max(most, len(alive)), calls + 1
        return y

    seen = []
    for level, above, below in states_downward(torch.zeros(()), depth, segment, layer):
        seen.append((level, int(above), int(below)))
        del above, below
    assert seen == [(n, n * (n + 1) // 2, n * (n - 1) // 2) for n in range(depth, 0, -1)]
    assert calls == depth + max(0, depth - segment)
    assert most <= math.ceil(depth / segment) + segment - 1  # x_0 is not counted


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


@pytest.mark.parametrize("padding", ["circular", "zeros"])
@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("segment", [400, 100, 20])
def test_a_gradient_takes_what_its_plan_says(padding, replicas, segment):
    # The formula bounds all that is alive, and most of it is: the states dominate.
    net = DeepCNN(8, 4, 400, patch=2, padding=padding)
    net.max_bytes = 4 * replicas * net._numbers(400, segment, 32)
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
