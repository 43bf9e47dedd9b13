"""Nets against plain torch modules, written out here: outputs, losses, gradients, laws, refusals.

The oracle is torch.nn with torch.nn.functional's losses and autograd, one point at a time, in
float64; 1e-12 is some 5000 roundings of numbers of order one.
"""

import functools
import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from bsgd_edu import nets, rules
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.maps import AffineMap, backward_orbit, forward_orbit
from bsgd_edu.nets import MLP, LinearRegression, LogisticRegression, ModuleNet, SmallCNN

F64 = torch.float64
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=stream(seed), dtype=F64)


def dense(widths, activation):
    layers = []
    for i, o in itertools.pairwise(widths):
        layers += [nn.Linear(i, o), activation()]
    return nn.Sequential(*layers[:-1])


class Convolutions(nn.Module):
    """What SmallCNN says it is, written out."""

    def __init__(self, side, channels, classes, colours=1):
        super().__init__()
        self.shape = (colours, side, side)
        widths = [colours, *channels]
        self.kernels = nn.ModuleList(
            nn.Conv2d(i, o, 3, padding=1) for i, o in zip(widths, channels, strict=False)
        )
        self.last = nn.Linear(widths[-1] * (side >> len(channels)) ** 2, classes)

    def forward(self, x):
        x = x.reshape(-1, *self.shape)
        for kernel in self.kernels:
            x = functional.avg_pool2d(functional.relu(kernel(x)), 2)
        return self.last(x.flatten(1))


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(4, 6), nn.LayerNorm(6), nn.Linear(6, 3)

    def forward(self, x):
        return self.last(functional.gelu(self.norm(self.first(x))))


# name -> (net, the same as a plain torch module, features of an input)
CASES = {
    "softmax regression": lambda: (
        LogisticRegression(4, 3, weight_decay=0.3),
        nn.Linear(4, 3),
        (4,),
    ),
    "relu": lambda: (MLP([4, 6, 3]), dense([4, 6, 3], nn.ReLU), (4,)),
    "relu, decay": lambda: (MLP([4, 6, 3], weight_decay=0.3), dense([4, 6, 3], nn.ReLU), (4,)),
    "tanh": lambda: (MLP([4, 6, 3], "tanh"), dense([4, 6, 3], nn.Tanh), (4,)),
    "relu, depth 4": lambda: (MLP([4, 6, 5, 7, 3]), dense([4, 6, 5, 7, 3], nn.ReLU), (4,)),
    "tanh, depth 3, decay": lambda: (
        MLP([4, 6, 5, 3], "tanh", weight_decay=0.1),
        dense([4, 6, 5, 3], nn.Tanh),
        (4,),
    ),
    "relu, mse": lambda: (MLP([4, 6, 3], loss="mse"), dense([4, 6, 3], nn.ReLU), (4,)),
    "tanh, mse, decay, one output": lambda: (
        MLP([4, 6, 1], "tanh", loss="mse", weight_decay=0.2),
        dense([4, 6, 1], nn.Tanh),
        (4,),
    ),
    "linear, mse": lambda: (MLP([4, 2], loss="mse"), nn.Linear(4, 2), (4,)),
    "widths of one": lambda: (MLP([1, 1, 2], "tanh"), dense([1, 1, 2], nn.Tanh), (1,)),
    "CNN": lambda: (SmallCNN(4, [3], 2), Convolutions(4, [3], 2), (16,)),
    "CNN, colour, decay": lambda: (
        SmallCNN(4, [2], 3, in_channels=2, weight_decay=0.2),
        Convolutions(4, [2], 3, 2),
        (32,),
    ),
    "CNN, two blocks": lambda: (SmallCNN(8, [2, 3], 2), Convolutions(8, [2, 3], 2), (64,)),
    "CNN, mse": lambda: (SmallCNN(4, [2], 2, loss="mse"), Convolutions(4, [2], 2), (16,)),
    "a linear module": lambda: (ModuleNet(nn.Linear(4, 3)), nn.Linear(4, 3), (4,)),
    "a module with a norm, decay": lambda: (ModuleNet(Normed(), weight_decay=0.3), Normed(), (4,)),
    "a module of images": lambda: (
        ModuleNet(nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3)), 3),
        nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3)),
        (2, 4, 4),
    ),
    "a module, mse, one output": lambda: (
        ModuleNet(nn.Linear(4, 1), loss="mse"),
        nn.Linear(4, 1),
        (4,),
    ),
    "images, mse, one output": lambda: (
        ModuleNet(nn.Sequential(nn.Flatten(), nn.Linear(4, 1)), 3, loss="mse"),
        nn.Sequential(nn.Flatten(), nn.Linear(4, 1)),
        (1, 2, 2),
    ),
}
every_case = pytest.mark.parametrize("name", CASES)
LEADS = pytest.mark.parametrize("lead", [(), (3,), (2, 3)], ids=["point", "3", "2×3"])


@functools.cache
def case(name):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return CASES[name]()


def outputs_of(net, features):
    theta = net.init(stream(1)).to(F64)
    return net.logits(theta, torch.zeros(1, *features, dtype=F64)).shape[-1]


def data(net, features, *lead, size=5, seed=2):
    """Inputs (*lead, size, *features) and targets of the form that the net's loss takes."""
    inputs = normal(*lead, size, *features, seed=seed)
    classes = outputs_of(net, features)
    if net.loss_kind == "cross_entropy":
        targets = torch.randint(classes, (*lead, size), generator=stream(seed + 1))
    else:
        targets = normal(*lead, size, classes, seed=seed + 1)
    return inputs, targets


def cloud(net, *lead, seed=4):
    theta = net.init(stream(seed), lead).to(F64)
    # Biases and norms away from their start too, and no unit exactly at its kink.
    return theta + 0.1 * normal(*lead, net.dim, seed=seed + 1)


def plain(net, module, theta, inputs, targets):
    """(outputs, loss, gradient) of one point through torch.nn and autograd."""
    module = module.to(F64)
    nn.utils.vector_to_parameters(theta.clone(), module.parameters())
    module.zero_grad()
    outputs = module(inputs)
    if net.loss_kind == "cross_entropy":
        loss = functional.cross_entropy(outputs, targets)
    else:
        loss = functional.mse_loss(outputs, targets)
    loss = loss + 0.5 * net.weight_decay * sum(p.square().sum() for p in module.parameters())
    loss.backward()
    gradient = torch.cat([p.grad.flatten() for p in module.parameters()])
    return outputs.detach(), loss.detach(), gradient


@every_case
@LEADS
@pytest.mark.parametrize("own", [False, True], ids=["shared batch", "own batches"])
def test_outputs_loss_and_gradient_are_those_of_plain_torch(name, lead, own):
    net, module, features = case(name)
    theta = cloud(net, *lead)
    inputs, targets = data(net, features, *(lead if own else ()))
    logits, loss = net.logits(theta, inputs), net.loss(theta, inputs, targets)
    gradient = net.grad(theta, inputs, targets)
    assert gradient.shape == theta.shape
    assert loss.shape == lead
    for i in itertools.product(*map(range, lead)):
        x, y = (inputs[i], targets[i]) if own else (inputs, targets)
        wanted = plain(net, module, theta[i], x, y)
        for found, expected in zip((logits[i], loss[i], gradient[i]), wanted, strict=True):
            torch.testing.assert_close(found, expected, **TOLERANCE)


@every_case
def test_hand_gradients_are_those_of_autograd(name):
    net, _, features = case(name)
    inputs, targets = data(net, features)
    theta = cloud(net, 3).requires_grad_()
    (expected,) = torch.autograd.grad(net.loss(theta, inputs, targets).sum(), theta)
    torch.testing.assert_close(net.grad(theta, inputs, targets), expected, **TOLERANCE)
    assert not net.grad(theta, inputs, targets).requires_grad
    with torch.no_grad():
        torch.testing.assert_close(net.grad(theta, inputs, targets), expected, **TOLERANCE)


@every_case
@LEADS
@pytest.mark.parametrize("rate", ["number", "tensor"])
def test_a_step_in_place_is_the_pure_step(name, lead, rate):
    net, _, features = case(name)
    theta = cloud(net, *lead)
    for own in {(), lead}:
        lr = 0.2 if rate == "number" else torch.rand(lead, generator=stream(3), dtype=F64)
        step = rules.sgd_map(net.batch_grad(*data(net, features, *own)), lr, weight_decay=0.05)
        pure = theta - (lr.unsqueeze(-1) if rate == "tensor" else lr) * (
            step.grad(theta) + 0.05 * theta
        )
        torch.testing.assert_close(step(theta), pure, **TOLERANCE)
        for orbit in (forward_orbit, backward_orbit):
            torch.testing.assert_close(orbit([step], theta, at=[1])[0], pure, **TOLERANCE)


@every_case
def test_a_batch_of_one_is_no_special_case(name):
    net, module, features = case(name)
    theta = cloud(net, 3)
    inputs, targets = data(net, features, 3, size=1)
    for i in range(3):
        _, loss, gradient = plain(net, module, theta[i], inputs[i], targets[i])
        torch.testing.assert_close(net.loss(theta, inputs, targets)[i], loss, **TOLERANCE)
        torch.testing.assert_close(net.grad(theta, inputs, targets)[i], gradient, **TOLERANCE)


@every_case
def test_module_round_trips_are_exact(name):
    net, module, features = case(name)
    theta = cloud(net)
    built = net.to_module(theta)
    assert [tuple(p.shape) for p in built.parameters()] == [
        tuple(p.shape) for p in module.parameters()
    ]
    assert torch.equal(net.from_module(built), theta)
    inputs, _ = data(net, features)
    torch.testing.assert_close(built(inputs), net.logits(theta, inputs), **TOLERANCE)
    # An independent copy: training the module moves no point, and the reverse.
    with torch.no_grad():
        for p in built.parameters():
            assert p.requires_grad
            p.add_(1.0)
    torch.testing.assert_close(net.from_module(built), theta + 1.0, rtol=0, atol=1e-15)
    assert not net.from_module(built).requires_grad
    assert {p.dtype for p in net.to_module(theta.float()).parameters()} == {torch.float32}


@every_case
def test_accuracy_counts(name):
    net, _, features = case(name)
    if net.loss_kind != "cross_entropy":
        pytest.skip("no classes")
    theta = cloud(net, 3)
    inputs, targets = data(net, features, size=40)
    found = net.accuracy(theta, inputs, targets)
    for i in range(3):
        hits = (net.logits(theta[i], inputs).argmax(-1) == targets).sum().item()
        assert found[i].item() == pytest.approx(hits / 40, abs=1e-7)  # a float32 ratio
    assert not found.requires_grad


@every_case
def test_losses_follow_dtype(name):
    net, _, features = case(name)
    inputs, targets = data(net, features)
    if net.loss_kind != "cross_entropy":
        targets = targets.float()
    theta = cloud(net, 2).float()
    for value in (
        net.logits(theta, inputs.float()),
        net.loss(theta, inputs.float(), targets),
        net.grad(theta, inputs.float(), targets),
    ):
        assert value.dtype == torch.float32


def test_losses_stay_finite_where_a_softmax_saturates():
    net = LogisticRegression(1, 2)
    theta = torch.tensor([0.0, 2000.0, 0.0, 0.0], dtype=F64)  # logits (0, 2000)
    x, wrong = torch.ones(1, 1, dtype=F64), torch.tensor([0])
    assert net.loss(theta, x, wrong) == 2000.0
    assert net.grad(theta, x, wrong).tolist() == [-1.0, 1.0, -1.0, 1.0]


def test_mse_of_one_output_takes_targets_without_their_axis():
    net = MLP([4, 5, 1], loss="mse")
    for lead, own in (((), ()), ((3,), ()), ((3,), (3,)), ((2, 3), (2, 3))):
        for size in (1, 3, 5):
            theta = cloud(net, *lead)
            inputs, targets = data(net, (4,), *own, size=size)
            flat = targets.squeeze(-1)
            for function in (net.loss, net.grad):
                assert torch.equal(function(theta, inputs, flat), function(theta, inputs, targets))
            step = [rules.sgd_map(net.batch_grad(inputs, flat), 0.1)]
            for orbit in (forward_orbit, backward_orbit):
                torch.testing.assert_close(orbit(step, theta)[1], step[0](theta), **TOLERANCE)


def test_logistic_regression_is_convex_by_its_decay():
    # Hessian ⪰ λ: the smallest eigenvalue is λ exactly along a shift of all logits.
    net = LogisticRegression(4, 3, weight_decay=0.25)
    inputs, targets = data(net, (4,), size=20)
    hessian = torch.autograd.functional.hessian(
        lambda theta: net.loss(theta, inputs, targets), cloud(net)
    )
    assert torch.linalg.eigvalsh(hessian)[0].item() == pytest.approx(0.25, abs=1e-12)


# Linear regression


def test_linear_regression_is_half_the_mean_squared_residual():
    net = LinearRegression(3, weight_decay=0.2)
    theta, x, y = normal(4, 3), normal(6, 3, seed=1), normal(6, seed=2)
    for i in range(4):
        expected = 0.5 * functional.mse_loss(x @ theta[i], y) + 0.1 * theta[i].square().sum()
        torch.testing.assert_close(net.loss(theta, x, y)[i], expected, **TOLERANCE)
        gradient = x.T @ (x @ theta[i] - y) / 6 + 0.2 * theta[i]
        torch.testing.assert_close(net.grad(theta, x, y)[i], gradient, **TOLERANCE)
    assert net.logits(theta, x).shape == (4, 6, 1)
    point = theta.clone().requires_grad_()
    (expected,) = torch.autograd.grad(net.loss(point, x, y).sum(), point)
    torch.testing.assert_close(net.grad(theta, x, y), expected, **TOLERANCE)


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("lead", [(), (4,), (4, 2)], ids=["one", "steps", "steps×replicas"])
def test_its_affine_map_is_its_sgd_map(decay, lead):
    net = LinearRegression(3, weight_decay=decay)
    x, y = normal(*lead, 5, 3, seed=1), normal(*lead, 5, seed=2)
    theta = normal(*lead, 3, seed=3)
    affine = net.sgd_affine(x, y, 0.3)
    assert isinstance(affine, AffineMap)
    assert (affine.matrix.shape, affine.offset.shape) == ((*lead, 3, 3), (*lead, 3))
    step = rules.sgd_map(net.batch_grad(x, y), 0.3)
    torch.testing.assert_close(affine(theta), step(theta), **TOLERANCE)
    assert torch.equal(affine.matrix, net.sgd_affine(x, y.unsqueeze(-1), 0.3).matrix)


def test_its_orbits_agree_whether_affine_or_not():
    net = LinearRegression(2)
    x, y = normal(60, 4, 2, seed=1), normal(60, 4, seed=2)
    affine = net.sgd_affine(x, y, 0.2)
    steps = [rules.sgd_map(net.batch_grad(a, b), 0.2) for a, b in zip(x, y, strict=True)]
    for orbit in (forward_orbit, backward_orbit):
        torch.testing.assert_close(
            orbit(affine, normal(2)), orbit(steps, normal(2)), rtol=1e-12, atol=1e-12
        )


def test_accuracy_of_numbers_is_refused():
    with pytest.raises(DomainError, match=r"accuracy must count classes"):
        LinearRegression(2).accuracy(torch.zeros(2), torch.zeros(1, 2), torch.zeros(1))


# The law of init


LAWS = {
    "MLP": (MLP([16, 25, 9]), [(400, 16), (25, 16), (225, 25), (9, 25)]),
    "softmax regression": (LogisticRegression(64, 3), [(192, 64), (3, 64)]),
    "linear regression": (LinearRegression(25), [(25, 25)]),
    "CNN": (
        SmallCNN(4, [3, 4], 2, in_channels=2),
        [(54, 18), (3, 18), (108, 27), (4, 27), (8, 4), (2, 4)],
    ),
    "module": (
        ModuleNet(nn.Sequential(nn.Linear(9, 4), nn.Linear(4, 2, bias=False))),
        [(36, 9), (4, 9), (8, 4)],
    ),
}


@pytest.mark.parametrize("name", LAWS)
def test_init_is_uniform_within_the_root_of_the_fan_in(name):
    net, parts = LAWS[name]
    draws = net.init(stream(11), (2000,))
    assert draws.shape == (2000, net.dim)
    assert draws.dtype == torch.float32
    assert sum(size for size, _ in parts) == net.dim
    for values, (_, fan_in) in zip(
        draws.double().split([size for size, _ in parts], -1), parts, strict=True
    ):
        bound, count = fan_in**-0.5, values.numel()
        assert values.abs().max() <= bound * (1 + 1e-6)
        # The extremes reach the bound: P(none above 0.99) = 0.99^count.
        assert values.max() > 0.99 * bound
        assert values.min() < -0.99 * bound
        # Uniform: mean 0 ± b/√(3 count), mean square b²/3 ± b² √(4/45 count); five of them.
        assert abs(values.mean()) < 5 * bound / math.sqrt(3 * count)
        error = bound**2 * math.sqrt(4 / 45 / count)
        assert abs(values.square().mean() - bound**2 / 3) < 5 * error
        # Replicas and neighbouring parameters are uncorrelated, ± b²/3 √(1/count).
        if values.shape[1] > 1:
            products = values[:, 1:] * values[:, :-1]
            assert abs(products.mean()) < 5 * bound**2 / 3 / math.sqrt(products.numel())
        assert abs((values[1:] * values[:-1]).mean()) < 5 * bound**2 / 3 / math.sqrt(count)


@pytest.mark.parametrize("layer", [nn.Linear(37, 29), nn.Conv2d(5, 7, 3)], ids=["linear", "conv"])
def test_init_has_the_law_of_torchs_own_layers(layer):
    # Two samples, Kolmogorov–Smirnov at level 1e-6: c = √(−½ log(½·1e-6)) = 2.69.
    net = ModuleNet(layer, feature_dims=1 if isinstance(layer, nn.Linear) else 3)
    ours, theirs = net.init(stream(1), (20,)), []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        for _ in range(20):
            layer.reset_parameters()
            theirs.append(net.from_module(layer))
    weights = layer.weight.numel()
    for part in (slice(0, weights), slice(weights, None)):
        a = ours[:, part].flatten().sort().values
        b = torch.stack(theirs)[:, part].flatten().sort().values
        both = torch.cat([a, b]).sort().values
        below = [torch.searchsorted(x, both, right=True) / len(x) for x in (a, b)]
        assert (below[0] - below[1]).abs().max() < 2.69 * math.sqrt(2 / len(a))


def test_norms_start_as_the_module_has_them():
    net = ModuleNet(Normed())
    draws = net.init(stream(), (3,))
    module = net.to_module(draws[1])
    assert torch.equal(module.norm.weight, torch.ones(6))
    assert torch.equal(module.norm.bias, torch.zeros(6))


@every_case
def test_init_is_a_function_of_its_stream_alone(name):
    net, _, _ = case(name)
    before = torch.get_rng_state()
    assert torch.equal(net.init(stream(3), (2,)), net.init(stream(3), (2,)))
    assert not torch.equal(net.init(stream(3)), net.init(stream(4)))
    assert net.init(stream(3)).shape == (net.dim,)
    assert net.init(stream(3), (2, 3)).shape == (2, 3, net.dim)
    assert torch.equal(torch.get_rng_state(), before)


def test_nothing_here_draws_from_the_global_generator():
    before = torch.get_rng_state()
    SmallCNN(8, [2, 2], 3)
    net = MLP([4, 3, 2])
    net.to_module(cloud(net))
    cnn = SmallCNN(4, [2], 2)
    cnn.to_module(cloud(cnn))
    assert torch.equal(torch.get_rng_state(), before)


# What is refused, with its numbers


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MLP([3]), r"MLP: widths must be at least two.* \[3\]"),
        (lambda: MLP([3, 0, 2]), r"MLP: widths .* \[3, 0, 2\]"),
        (lambda: MLP([3, 2.0]), r"MLP: widths .* \[3, 2\.0\]"),
        (lambda: MLP([3, 2], "gelu"), r"activation must be 'relu' or 'tanh', but it is 'gelu'"),
        (lambda: MLP([3, 2], loss="l1"), r"loss must be .* but it is 'l1'"),
        (
            lambda: MLP([3, 2], weight_decay=-0.1),
            r"weight_decay must be ≥ 0 and finite, but it is -0\.1",
        ),
        (
            lambda: MLP([3, 2], weight_decay=math.nan),
            r"weight_decay must be ≥ 0 and finite, but it is nan",
        ),
        (lambda: LinearRegression(0), r"num_features must be an integer ≥ 1, but it is 0"),
        (lambda: LinearRegression(2.5), r"num_features .* 2\.5"),
        (lambda: LinearRegression(2, weight_decay=-1), r"weight_decay .* -1"),
        (lambda: SmallCNN(4, []), r"channels must hold one number or more, but there are 0"),
        (lambda: SmallCNN(6, [2, 2]), r"side must be a multiple of 4 for 2 .* it is 6"),
        (lambda: SmallCNN(0, [2]), r"side must be a multiple of 2 for 1 .* it is 0"),
        (lambda: SmallCNN(4, [2], loss="hinge"), r"'hinge'"),
        (lambda: ModuleNet(nn.Linear(2, 2), loss="l2"), r"'l2'"),
        (lambda: ModuleNet(nn.BatchNorm1d(3)), r"pure function .* BatchNorm1d"),
        (
            lambda: ModuleNet(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))),
            r"pure function .* 1 is Dropout\(p=0\.5",
        ),
    ],
)
def test_models_that_cannot_be_are_refused(build, message):
    with pytest.raises(DomainError, match=message):
        build()


def test_dropout_that_drops_nothing_and_fixed_norms_are_fine():
    ModuleNet(nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0), nn.GroupNorm(1, 2)))
    ModuleNet(nn.BatchNorm1d(3, track_running_stats=False))


@every_case
def test_points_of_another_net_are_refused_with_both_sizes(name):
    net, _, features = case(name)
    inputs, targets = data(net, features)
    wrong = torch.zeros(2, net.dim + 1, dtype=F64)
    match = rf"theta must have shape \(\.\.\., {net.dim}\), but its shape is \(.*{net.dim + 1}\)"
    for call in (
        lambda: net.logits(wrong, inputs),
        lambda: net.loss(wrong, inputs, targets),
        lambda: net.grad(wrong, inputs, targets),
        lambda: forward_orbit([rules.sgd_map(net.batch_grad(inputs, targets), 0.1)], wrong),
        lambda: backward_orbit([rules.sgd_map(net.batch_grad(inputs, targets), 0.1)], wrong),
    ):
        with pytest.raises(ShapeError, match=match):
            call()


@every_case
def test_a_cloud_is_no_module(name):
    net, _, _ = case(name)
    match = rf"theta must have shape \({net.dim},\), but its shape is \(2, {net.dim}\).*theta\[0\]"
    with pytest.raises(ShapeError, match=match):
        net.to_module(cloud(net, 2))
    with pytest.raises(ShapeError, match=r"to_module|theta must"):
        net.to_module(torch.zeros(net.dim + 1))


@every_case
def test_another_module_is_no_point(name):
    net, _, _ = case(name)
    with pytest.raises(ShapeError, match=r"from_module: .* but it has \[\(7, 11\), \(7,\)\]"):
        net.from_module(nn.Linear(11, 7))


@pytest.mark.parametrize(
    ("net", "wrong", "match"),
    [
        (MLP([4, 3, 2]), (5, 3), r"MLP: inputs .*\(\.\.\., B, 4\).* \(5, 3\)"),
        (MLP([4, 3, 2]), (4,), r"MLP: inputs .*\(\.\.\., B, 4\).* \(4,\)"),
        (SmallCNN(4, [2], 2), (5, 4, 4), r"SmallCNN: inputs .*\(\.\.\., B, 16\).* \(5, 4, 4\)"),
        (LinearRegression(4), (5, 3), r"LinearRegression: inputs .*B, 4\).* \(5, 3\)"),
    ],
    ids=["MLP", "MLP, one input", "CNN", "linear regression"],
)
def test_inputs_of_another_width_are_refused(net, wrong, match):
    inputs, targets = torch.zeros(wrong, dtype=F64), torch.zeros(wrong[0], dtype=torch.long)
    theta = cloud(net)
    with pytest.raises(ShapeError, match=match):
        net.loss(theta, inputs, targets)
    with pytest.raises(ShapeError, match=match):
        net.grad(theta, inputs, targets)
    step = rules.sgd_map(net.batch_grad(inputs, targets), 0.1)
    with pytest.raises(ShapeError, match=match):
        forward_orbit([step], theta)


@every_case
@pytest.mark.parametrize("lead", [(), (5,)], ids=["point", "5"])
def test_targets_that_would_broadcast_by_accident_are_refused(name, lead):
    # Five inputs and as many replicas: (5, 1) against (5,) is a legal sum of 25 wrong pairs.
    net, _, features = case(name)
    inputs, targets = data(net, features)
    theta = cloud(net, *lead)
    if net.loss_kind == "cross_entropy":
        wrong = [targets.unsqueeze(-1), targets[:4], targets[:1]]
    else:
        wrong = [targets[:4], targets[:1], targets.unsqueeze(-1)]
        if targets.shape[-1] > 1:
            wrong += [targets[:, 0], targets[:, :1]]
    for bad in wrong:
        step = rules.sgd_map(net.batch_grad(inputs, bad), 0.1)
        for call in (
            lambda bad=bad: net.loss(theta, inputs, bad),
            lambda bad=bad: net.grad(theta, inputs, bad),
            lambda step=step: forward_orbit([step], theta),
            lambda step=step: backward_orbit([step], theta),
        ):
            with pytest.raises(ShapeError, match=r"targets must .*\(.*5"):
                call()


@every_case
def test_empty_batches_and_classes_that_are_no_numbers_of_classes_are_refused(name):
    net, _, features = case(name)
    inputs, targets = data(net, features)
    theta = cloud(net)
    wrong = [(inputs[:0], targets[:0], ShapeError, "at least one example")]
    if net.loss_kind == "cross_entropy":
        wrong += [(inputs, targets.float(), DomainError, r"torch.float32.*targets.long")]
    for x, y, error, match in wrong:
        step = rules.sgd_map(net.batch_grad(x, y), 0.1)
        for call in (
            lambda x=x, y=y: net.loss(theta, x, y),
            lambda x=x, y=y: net.grad(theta, x, y),
            lambda step=step: forward_orbit([step], theta),
        ):
            with pytest.raises(error, match=match):
                call()


def test_a_column_of_targets_is_no_accident_in_regression():
    net, x, y = LinearRegression(3), normal(5, 3), normal(5, seed=1)
    theta = normal(2, 3, seed=2)
    assert torch.equal(net.loss(theta, x, y.unsqueeze(-1)), net.loss(theta, x, y))
    with pytest.raises(ShapeError, match=r"targets must .*5.*\(4,\)"):
        net.loss(theta, x, y[:4])


def test_what_a_net_says_of_itself():
    net = MLP([4, 3, 2], "tanh")
    assert repr(net) == "MLP([4, 3, 2], activation='tanh')"
    assert repr(LogisticRegression(4, 3)).startswith("LogisticRegression([4, 3]")
    assert repr(LinearRegression(3)) == "LinearRegression(3)"
    assert repr(SmallCNN(4, [2], 3)) == "SmallCNN(side=4, channels=[2])"
    assert repr(ModuleNet(nn.Linear(4, 3))) == "ModuleNet(Linear, 15 parameters)"
    assert repr(net.batch_grad(torch.zeros(5, 4), torch.zeros(5).long())).endswith("batch of 5)")
    own = net.batch_grad(torch.zeros(3, 5, 4), torch.zeros(3, 5).long())
    assert repr(own).endswith("batch of 5)")


def test_the_base_class_promises_and_does_not_pretend():
    net = nets.Net()
    for call in (
        lambda: net.init(stream()),
        lambda: net.logits(torch.zeros(1), torch.zeros(1, 1)),
        lambda: net.descend_((), None, 0.1, 0.0),
    ):
        with pytest.raises(NotImplementedError):
            call()
