"""One list of properties, run over every distance of the catalogue.

Axioms, isometries, batching, dtypes, gradients and refusals, on ordinary points and on points next
to the boundary of the domain. Identities are held to a few roundings of float64, measured in units
of 1 + the distances involved.
"""

import math

import pytest
import torch

from bsgd_edu import metrics
from bsgd_edu.errors import BsgdError, DomainError, ShapeError
from bsgd_edu.metrics import CATALOGUE
from bsgd_edu.seeding import generator

DOUBLE = torch.float64
COUNT = 40
ENTRIES = {entry.name: entry for entry in CATALOGUE}
every = pytest.mark.parametrize("name", ENTRIES)


def normal(gen, *shape):
    return torch.randn(*shape, generator=gen, dtype=DOUBLE)


def ball(gen, near):
    gap = 10 ** (-(14.0 if near else 1.0) * torch.rand(COUNT, 1, generator=gen, dtype=DOUBLE))
    x = normal(gen, COUNT, 3)
    return x / x.norm(dim=-1, keepdim=True) * (1 - gap)


def cone(gen, near):
    return (normal(gen, COUNT, 4) * (150 if near else 1)).exp()


def spd(gen, near):
    turn = torch.linalg.qr(normal(gen, COUNT, 3, 3)).Q
    size = torch.rand(COUNT, 3, generator=gen, dtype=DOUBLE)
    values = 10 ** ((8 if near else 1) * (size - 0.5))
    p = (turn * values[:, None, :]) @ turn.mT
    return (p + p.mT) / 2


def strip(gen, near):
    rim = math.pi / 4
    gap = 10 ** (-(12.0 if near else 1.0) * torch.rand(COUNT, 3, generator=gen, dtype=DOUBLE))
    return torch.complex(normal(gen, COUNT, 3), rim * (1 - gap) * normal(gen, COUNT, 3).sign())


def law(gen, near):
    return (normal(gen, COUNT, 5) * (30 if near else 1)).softmax(-1)


def vector(gen, near):
    return normal(gen, COUNT, 4) * (1e150 if near else 1)


def hyperboloid(gen, near):
    space = normal(gen, COUNT, 3) * (1e40 if near else 1)
    return torch.cat([(1 + space.square().sum(-1, keepdim=True)).sqrt(), space], -1)


SAMPLERS = {
    "ℓ^p": vector,
    "sup": vector,
    "oscillation": vector,
    "Hilbert": cone,
    "Thompson": cone,
    "Funk": cone,
    "Poincaré": ball,
    "hyperboloid": hyperboloid,
    "Kobayashi": strip,
    "affine-invariant": spd,
    "log-Euclidean": spd,
    "Thompson (SPD)": spd,
    "Hilbert (SPD)": spd,
    "total variation": law,
    "Wasserstein": vector,
    "log-dilatation": lambda gen, near: normal(gen, COUNT, 5, 2) * (1e100 if near else 1),
}


def points(name, seed, near=False):
    return SAMPLERS[name](generator(seed, name), near)


def slack(name, near):
    """Relative round-off: a few ε, and ε times the condition number (1e8) for nearly flat SPD."""
    return 1e-6 if near and SAMPLERS[name] is spd else 1e-12


def test_every_distance_is_sampled():
    assert set(SAMPLERS) == set(ENTRIES)
    public = {n for n in metrics.__all__ if n.endswith("_distance")}
    assert {entry.distance.__name__ for entry in CATALOGUE} == public


@pytest.mark.parametrize("near", [False, True])
@every
def test_axioms(name, near):
    entry = ENTRIES[name]
    x, y, z = (points(name, seed, near) for seed in range(3))
    d, size = entry.distance, slack(name, near)
    xy, yz, xz = d(x, y), d(y, z), d(x, z)
    assert xy.shape == (COUNT,)
    assert xy.isfinite().all()
    assert d(x, x).abs().max() <= size
    assert (xz <= xy + yz + size * (1 + xy.abs() + yz.abs())).all()
    if entry.symmetric:
        assert (xy >= 0).all()
        assert torch.allclose(xy, d(y, x), rtol=size, atol=size)
    else:
        assert not torch.allclose(xy, d(y, x))
    if entry.separates:
        assert (xy > 0).all()


def flip(x):
    """A cyclic shift of the coordinates."""
    return x.roll(1, -1)


def lorentz(x):
    """A boost of rapidity 0.7 followed by a shift of the space coordinates."""
    c, s = math.cosh(0.7), math.sinh(0.7)
    time, first = c * x[..., 0] + s * x[..., 1], s * x[..., 0] + c * x[..., 1]
    return torch.stack([time, x[..., 2], x[..., 3], first], -1)


def scaling(x):
    return x * torch.tensor([0.25, 3.0, 7.0, 1e-3], dtype=DOUBLE)


def turn(x):
    """A rotation by 0.6, as sine and cosine 3/5 and 4/5."""
    return x @ torch.tensor([[0.8, -0.6], [0.6, 0.8]], dtype=DOUBLE)


CHANGE = torch.tensor([[2.0, 1.0, 0.0], [0.5, 1.0, -1.0], [0.0, 3.0, 1.0]], dtype=DOUBLE)
ROTATION = torch.linalg.qr(CHANGE).Q
CENTRE = torch.tensor([0.3, -0.5, 0.2], dtype=DOUBLE)

INVARIANT = [
    ("ℓ^p", "shift", lambda x: flip(x) + 3),
    ("ℓ^p", "signs", lambda x: -x),
    ("sup", "bijection", flip),
    ("sup", "constants", lambda x: x + 5),
    ("oscillation", "bijection", flip),
    ("oscillation", "its own constant for each", lambda x: x + x[..., :1].sin()),
    ("Hilbert", "scaling", scaling),
    ("Hilbert", "projective", lambda x: x / x.sum(-1, keepdim=True)),
    ("Hilbert", "inversion", lambda x: 1 / x),
    ("Thompson", "scaling", scaling),
    ("Thompson", "inversion", lambda x: 1 / x),
    ("Funk", "scaling", scaling),
    ("Poincaré", "Möbius", lambda x: metrics.mobius_add(CENTRE, x)),
    ("Poincaré", "rotation", lambda x: x @ ROTATION),
    ("hyperboloid", "Lorentz", lorentz),
    ("Kobayashi", "translation", lambda z: z + 2.5),
    ("Kobayashi", "permutation", flip),
    ("Kobayashi", "conjugation", torch.conj),
    ("affine-invariant", "congruence", lambda p: CHANGE @ p @ CHANGE.mT),
    ("affine-invariant", "inversion", torch.linalg.inv),
    ("log-Euclidean", "rotation", lambda p: ROTATION @ p @ ROTATION.mT),
    ("log-Euclidean", "rescaling", lambda p: 7 * p),
    ("log-Euclidean", "inversion", torch.linalg.inv),
    ("Thompson (SPD)", "congruence", lambda p: CHANGE @ p @ CHANGE.mT),
    ("Thompson (SPD)", "inversion", torch.linalg.inv),
    ("Hilbert (SPD)", "congruence", lambda p: CHANGE @ p @ CHANGE.mT),
    ("Hilbert (SPD)", "its own scale for each", lambda p: p / p[..., :1, :1]),
    ("total variation", "permutation", flip),
    ("Wasserstein", "translation", lambda x: x + 4),
    ("Wasserstein", "reflection", lambda x: -x),
    ("Wasserstein", "order of a sample", flip),
    ("log-dilatation", "isometry", lambda x: turn(x) + 1),
    ("log-dilatation", "relabelling", lambda x: x.roll(1, -2)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "label", "t"), INVARIANT, ids=lambda v: v if type(v) is str else ""
)
def test_invariance(name, label, t):
    def symmetric(p):  # products of matrices round apart by ε
        return (p + p.mT) / 2 if SAMPLERS[name] is spd else p

    x, y = points(name, 3), points(name, 4)
    before, after = (
        ENTRIES[name].distance(*pair) for pair in ((x, y), (symmetric(t(x)), symmetric(t(y))))
    )
    # Conditions of CHANGE (≈ 10) and of the points (≈ 100) multiply ε.
    assert torch.allclose(before, after, rtol=1e-11, atol=1e-11)


def test_invariances_are_complete():
    assert {name for name, _, _ in INVARIANT} == set(ENTRIES)


@every
def test_leading_dims_broadcast(name):
    entry = ENTRIES[name]
    x, y = points(name, 5)[:3], points(name, 6)[:5]
    table = entry.distance(x.unsqueeze(1), y)
    assert table.shape == (3, 5)
    assert torch.allclose(table[2, 4], entry.distance(x[2], y[4]), rtol=1e-13, atol=1e-14)
    assert entry.distance(x[:0], y[0]).shape == (0,)


@every
def test_result_keeps_the_dtype(name):
    entry = ENTRIES[name]
    x, y = points(name, 5), points(name, 6)
    expected = entry.distance(x, y)
    low = (
        (x.to(torch.complex64), y.to(torch.complex64)) if x.is_complex() else (x.float(), y.float())
    )
    got = entry.distance(*low)
    assert got.dtype == torch.float32
    assert expected.dtype == DOUBLE
    # float32 has ε = 1.2e-7; conditions of the points (≤ 100) multiply it.
    assert torch.allclose(got.double(), expected, rtol=1e-4, atol=1e-4)


def free(name):
    """Parametrises points by free numbers, so that finite differences stay in the domain."""
    if SAMPLERS[name] is spd:
        return lambda v: v @ v.mT + 0.5 * torch.eye(3, dtype=DOUBLE), normal(generator(9), 2, 3, 3)
    if SAMPLERS[name] is hyperboloid:

        def on_shell(v):
            return torch.cat([(1 + v.square().sum(-1, keepdim=True)).sqrt(), v], -1)

        return on_shell, normal(generator(9), 2, 3)
    if SAMPLERS[name] is law:
        return lambda v: v.softmax(-1), normal(generator(9), 2, 5)
    if SAMPLERS[name] is ball:
        return lambda v: v / (1 + v.square().sum(-1, keepdim=True)), normal(generator(9), 2, 3)
    return lambda v: v, points(name, 9)[:2].clone()


@every
def test_gradient_is_the_derivative(name):
    to_point, start = free(name)

    def value(v):
        return ENTRIES[name].distance(to_point(v[0]), to_point(v[1]))

    # 1e-5: central differences of step 1e-6 err by about 1e-9 relative, here with room.
    assert torch.autograd.gradcheck(value, start.requires_grad_(), atol=1e-5, rtol=1e-5)


@every
def test_gradient_at_the_same_point_is_finite(name):
    x = points(name, 7)[:4].requires_grad_()
    y = points(name, 7)[:4].requires_grad_()
    for grad in torch.autograd.grad(ENTRIES[name].distance(x, y).sum(), (x, y)):
        assert grad.isfinite().all()


@every
def test_gradient_next_to_the_boundary_is_finite(name):
    x, y = (points(name, seed, near=True)[:10].requires_grad_() for seed in (7, 8))
    for grad in torch.autograd.grad(ENTRIES[name].distance(x, y).sum(), (x, y)):
        assert grad.isfinite().all()


@every
def test_nan_is_refused(name):
    x, y = points(name, 5), points(name, 6)
    for bad in (math.nan, math.inf):
        for side in (0, 1):
            pair = [x.clone(), y.clone()]
            pair[side].view(-1)[7] = bad
            with pytest.raises(DomainError, match="but "):
                ENTRIES[name].distance(*pair)


@every
def test_shapes_that_do_not_fit_are_refused(name):
    entry = ENTRIES[name]
    x, y = points(name, 5), points(name, 6)
    with pytest.raises(ShapeError, match=r"\(3, .*\(4, "):
        entry.distance(x[:3], y[:4])
    with pytest.raises(BsgdError):
        entry.distance(x[0, ..., :0], y[0, ..., :0])
    with pytest.raises(DomainError, match="int64"):
        entry.distance(x.real.long(), y)
    with pytest.raises(DomainError, match="list"):
        entry.distance(x, [1.0])
    if name != "Wasserstein":  # samples may differ in size
        with pytest.raises(ShapeError):
            entry.distance(x, y[..., :-1])
        with pytest.raises(ShapeError):  # coordinates never broadcast
            entry.distance(x, y[..., :1] if entry.point_dims == 1 else y[..., :1, :])
