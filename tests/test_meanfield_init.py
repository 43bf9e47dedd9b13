"""Orthogonal weights: exact isometries, the Haar law by three routes, dtypes, what is refused."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from bsgd_edu import meanfield
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.meanfield.init import _columns
from bsgd_edu.seeding import generator

DOUBLE = torch.float64
SIGMAS = 4
CONV = {1: torch.nn.functional.conv1d, 2: torch.nn.functional.conv2d, 3: torch.nn.functional.conv3d}
# A p-value below this has that chance, and a seed is fixed.
LEAST_P = 1e-3


def stream(*labels):
    return generator(0, *labels)


def haar(count, rows, columns, label="haar", dtype=DOUBLE):
    return meanfield.orthogonal_(
        torch.empty(count, rows, columns, dtype=dtype), generator=stream(label)
    )


def image(kernel, x, mode):
    """The convolution with "same" padding; an even kernel's centre is tap (k − 1)//2."""
    sizes = kernel.shape[2:]
    pads = [p for k in reversed(sizes) for p in ((k - 1) // 2, k - 1 - (k - 1) // 2)]
    options = {"mode": "circular"} if mode == "circular" else {}
    return CONV[len(sizes)](torch.nn.functional.pad(x, pads, **options), kernel)


def lengths(x):
    return x.flatten(1).norm(dim=1)


# --- isometries ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "unit"), [(DOUBLE, 2e-15), (torch.float32, 1e-6)])
@pytest.mark.parametrize("shape", [(7, 5, 5), (3, 9, 4), (3, 4, 9), (2, 3, 6, 6), (1, 1), (5, 1)])
def test_matrices_are_orthogonal(shape, dtype, unit):
    w = meanfield.orthogonal_(torch.empty(shape, dtype=dtype), 1.5, generator=stream("w"))
    gram = w.mT @ w if shape[-2] >= shape[-1] else w @ w.mT
    expected = 2.25 * torch.eye(min(shape[-2:]), dtype=dtype).expand_as(gram)
    torch.testing.assert_close(gram, expected, rtol=0, atol=4 * unit)


def test_a_thousand_wide_float32_layers_are_as_orthogonal_as_lapack_makes_them():
    ours = haar(1000, 32, 32, dtype=torch.float32)
    theirs = torch.linalg.qr(torch.randn(1000, 32, 32, generator=stream("qr")))[0]
    one = torch.eye(32)
    ours, theirs = ((q.mT @ q - one).abs().max() for q in (ours, theirs))
    assert ours < 2 * theirs < 4e-6


@pytest.mark.parametrize("mode", ["circular", "zeros"])
@pytest.mark.parametrize("kernel", [(3,), (4,), (3, 3), (2, 5), (4, 4), (3, 3, 3)])
@pytest.mark.parametrize("channels", [(6, 6), (6, 4)])
@pytest.mark.parametrize(("dtype", "unit"), [(DOUBLE, 2e-15), (torch.float32, 5e-7)])
def test_delta_kernels_keep_lengths_with_any_padding(channels, kernel, mode, dtype, unit):
    w = meanfield.delta_orthogonal_(
        torch.empty(*channels, *kernel, dtype=dtype), 1.25, generator=stream("delta")
    )
    x = torch.randn(5, channels[1], *[6] * len(kernel), generator=stream("x"), dtype=dtype)
    ratio = lengths(image(w, x, mode)) / lengths(x)
    torch.testing.assert_close(ratio, torch.full_like(ratio, 1.25), rtol=unit, atol=0)


def test_an_even_kernel_has_its_centre_before_the_middle():
    w = meanfield.delta_orthogonal_(torch.empty(3, 2, 4, 5), generator=stream("even"))
    assert (w.abs().sum((0, 1)) > 0).nonzero().tolist() == [[1, 2]]


@pytest.mark.parametrize("kernel", [(3,), (2,), (3, 3), (2, 4), (1, 3), (2, 2, 3)])
@pytest.mark.parametrize("channels", [(6, 6), (5, 5), (6, 4), (1, 1)])
def test_spread_kernels_keep_lengths_on_a_torus(channels, kernel):
    w = meanfield.orthogonal_conv_(
        torch.empty(*channels, *kernel, dtype=DOUBLE), 1.25, generator=stream("spread")
    )
    x = torch.randn(5, channels[1], *[7] * len(kernel), generator=stream("x"), dtype=DOUBLE)
    ratio = lengths(image(w, x, "circular")) / lengths(x)
    torch.testing.assert_close(ratio, torch.full_like(ratio, 1.25), rtol=1e-14, atol=0)


def test_spread_kernels_lose_length_over_a_border():
    w = meanfield.orthogonal_conv_(
        torch.empty(16, 16, 3, 3, dtype=DOUBLE), generator=stream("border")
    )
    x = torch.randn(20, 16, 9, 9, generator=stream("x"), dtype=DOUBLE)
    ratio = (lengths(image(w, x, "zeros")) / lengths(x)).mean()
    # Half the mass moves by one tap over each axis; of it 1/9 crosses: √((1 − 1/18)²) = .944.
    assert 0.933 < ratio < 0.957
    exact = lengths(image(w, x, "circular")) / lengths(x)
    torch.testing.assert_close(exact, torch.ones_like(exact), rtol=1e-14, atol=0)


@pytest.mark.parametrize("channels", [6, 5])
def test_the_mean_mass_of_spread_taps_is_binomial(channels):
    w = meanfield.orthogonal_conv_(
        torch.empty(4000, channels, channels, 3, 3, dtype=DOUBLE),
        generator=stream("mass", channels),
        spatial_dims=2,
    )
    mass = w.square().sum((1, 2)) / channels
    binomial = torch.tensor([1.0, 2, 1], dtype=DOUBLE)
    expected = binomial.outer(binomial) / 16
    stderr = mass.std(0) / 4000**0.5
    assert ((mass.mean(0) - expected).abs() < SIGMAS * stderr).all()
    torch.testing.assert_close(mass.sum((1, 2)), torch.ones(4000, dtype=DOUBLE))


# --- the law ------------------------------------------------------------------------------------


def agrees(samples, expected):
    stderr = samples.std() / len(samples) ** 0.5
    return bool((samples.mean() - expected).abs() <= SIGMAS * stderr)


@pytest.mark.parametrize("n", [2, 3, 8])
def test_moments_are_those_of_haar(n):
    q = haar(20_000, n, n, label=f"haar {n}")
    for i, j in ((0, 0), (n - 1, n - 1), (0, n - 1), (n - 1, 0)):
        assert agrees(q[:, i, j], 0.0)
        assert agrees(q[:, i, j] ** 2, 1 / n)
        assert agrees(q[:, i, j] ** 4, 3 / (n * (n + 2)))
    trace = q.diagonal(dim1=-2, dim2=-1).sum(-1)
    assert agrees(trace, 0.0)
    assert agrees(trace**2, 1.0)
    assert agrees((torch.linalg.det(q) > 0).to(DOUBLE), 0.5)


@pytest.mark.parametrize(("rows", "columns"), [(8, 8), (8, 3), (3, 8)])
def test_squared_entries_in_any_direction_are_beta(rows, columns):
    q = haar(20_000, rows, columns, label="beta")
    u = torch.randn(rows, generator=stream("u"), dtype=DOUBLE)
    v = torch.randn(columns, generator=stream("v"), dtype=DOUBLE)
    # The long side is rotated uniformly: a unit vector of the short side lands anywhere.
    square = torch.einsum("lij,i,j->l", q, u / u.norm(), v / v.norm()) ** 2
    longer = max(rows, columns)
    assert stats.kstest(square.numpy(), stats.beta(0.5, (longer - 1) / 2).cdf).pvalue > LEAST_P


def test_columns_are_orthogonal_but_otherwise_independent_of_a_rotation():
    q = haar(20_000, 4, 4, label="invariance")
    rotation = haar(1, 4, 4, label="rotation")[0]
    for turned in (rotation @ q, q @ rotation):
        for entry in ((0, 0), (3, 3), (1, 2)):
            found = stats.ks_2samp(turned[:10_000, *entry], q[10_000:, *entry])
            assert found.pvalue > LEAST_P


def statistics_of(matrices):
    """Some numbers of each matrix (N, out, in): entries, a product, traces."""
    m = np.asarray(matrices, dtype=float)
    short = min(m.shape[1:])
    square = m[:, :short, :short]
    return {
        "first entry": m[:, 0, 0],
        "last entry": m[:, -1, -1],
        "two entries": m[:, 0, 0] * m[:, -1, -1],
        "trace": np.trace(square, axis1=1, axis2=2),
        "trace of the square": np.trace(square @ square, axis1=1, axis2=2),
        "determinant": np.linalg.det(square).round(3),  # of ±1, rounding would be compared
    }


def same_law(ours, theirs):
    ours, theirs = statistics_of(ours), statistics_of(theirs)
    return {name: stats.ks_2samp(ours[name], theirs[name]).pvalue for name in ours}


@pytest.mark.parametrize(("rows", "columns"), [(8, 8), (8, 5), (5, 8)])
def test_the_law_is_that_of_torch_one_by_one(rows, columns):
    theirs, peer = torch.empty(4000, rows, columns, dtype=DOUBLE), stream("peer")
    for matrix in theirs:
        torch.nn.init.orthogonal_(matrix, generator=peer)
    found = same_law(haar(4000, rows, columns, label="torch"), theirs)
    assert min(found.values()) > LEAST_P, found


def test_a_factorisation_without_its_signs_is_told_apart():
    raw = torch.linalg.qr(torch.randn(20_000, 8, 8, generator=stream("raw"), dtype=DOUBLE))[0]
    trace = raw.diagonal(dim1=-2, dim2=-1).sum(-1)
    assert agrees(raw[:, 0, 0], -0.2910)
    assert agrees(trace, -1.586)
    assert agrees(trace**2, 3.04)
    assert same_law(haar(4000, 8, 8), raw[:4000])["trace"] < 1e-20


@pytest.mark.parametrize(("out", "inputs"), [(8, 8), (8, 5)])
def test_delta_kernels_have_the_law_of_jax(out, inputs):
    jax = pytest.importorskip("jax")
    draw = jax.nn.initializers.delta_orthogonal()
    keys = jax.random.split(jax.random.key(0), 4000)
    theirs = np.asarray(jax.vmap(lambda key: draw(key, (3, 3, inputs, out)))(keys))
    theirs = theirs.transpose(0, 4, 3, 1, 2)  # HWIO -> OIHW
    ours = meanfield.delta_orthogonal_(
        torch.empty(4000, out, inputs, 3, 3), generator=stream("jax"), spatial_dims=2
    )
    assert (np.abs(theirs).sum((0, 1, 2)) > 0).nonzero() == (
        ours.abs().sum((0, 1, 2)) > 0
    ).numpy().nonzero()
    found = same_law(ours[..., 1, 1], theirs[..., 1, 1])
    assert min(found.values()) > LEAST_P, found


def test_a_draw_of_zeros_still_gives_an_orthogonal_matrix():
    rows = torch.randn(4, 3, 3, generator=stream("zeros"), dtype=DOUBLE)
    rows[1] = 0
    rows[2, 2, 2] = 0  # all that the last reflection reads
    q = _columns(rows)
    torch.testing.assert_close(q.mT @ q, torch.eye(3, dtype=DOUBLE).expand(4, 3, 3))


# --- in the manner of torch.nn.init ---------------------------------------------------------------

FILL = {
    "orthogonal_": (meanfield.orthogonal_, {}),
    "delta_orthogonal_": (meanfield.delta_orthogonal_, {"spatial_dims": 2}),
    "orthogonal_conv_": (meanfield.orthogonal_conv_, {"spatial_dims": 2}),
}


@pytest.mark.parametrize("name", FILL)
def test_it_fills_in_place_and_hands_back_the_tensor(name):
    fill, options = FILL[name]
    shape = (4, 4) if name == "orthogonal_" else (4, 4, 3, 3)
    weight = torch.nn.Parameter(torch.full(shape, math.nan))
    assert fill(weight, generator=stream("a"), **options) is weight
    assert weight.requires_grad
    assert weight.grad_fn is None
    again = fill(torch.empty(shape), generator=stream("a"), **options)
    assert torch.equal(weight, again)
    other = fill(torch.empty(shape), generator=stream("b"), **options)
    assert not torch.equal(weight, other)
    twice = fill(torch.empty(shape), 2.0, generator=stream("a"), **options)
    torch.testing.assert_close(twice, 2 * again)


def test_the_gain_may_be_what_the_critical_line_gives():
    gain = meanfield.critical_line(0.25).weight_var.sqrt()
    for given in (gain, gain.float(), np.float32(gain), np.float64(gain)):
        w = meanfield.delta_orthogonal_(torch.empty(4, 4, 3), given, generator=stream("gain"))
        assert w.norm().item() == pytest.approx(2 * 1.18066152, rel=1e-6)


@pytest.mark.parametrize("name", FILL)
def test_layers_are_drawn_independently(name):
    fill, options = FILL[name]
    shape = (2, 3, 4, 4) if name == "orthogonal_" else (2, 3, 4, 4, 3, 3)
    w = fill(torch.empty(shape), generator=stream("stack"), **options).flatten(0, 1)
    for i in range(6):
        for j in range(i):
            assert (w[i] - w[j]).abs().max() > 0.1
    taps = w if name == "orthogonal_" else w[..., 1, 1]
    assert (taps.flatten(1).abs().amax(1) > 0).all()


@pytest.mark.parametrize("name", FILL)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_short_floats_are_rounded_at_the_end(name, dtype):
    fill, options = FILL[name]
    shape = (4, 4) if name == "orthogonal_" else (4, 4, 3, 3)
    short = fill(torch.empty(shape, dtype=dtype), generator=stream("a"), **options)
    full = fill(torch.empty(shape), generator=stream("a"), **options)
    torch.testing.assert_close(short, full.to(dtype))


def test_a_strided_tensor_is_filled():
    base = torch.zeros(4, 5, 6, 2)
    view = base[..., 0].transpose(0, 1)
    meanfield.orthogonal_(view, generator=stream("view"))
    assert (base[..., 1] == 0).all()
    torch.testing.assert_close(view @ view.mT, torch.eye(4).expand(5, 4, 4))


def test_layers_whose_strides_allow_no_view_are_filled_as_if_they_did():
    wanted = torch.empty(3, 2, 4, 4, 3)
    meanfield.delta_orthogonal_(wanted, generator=stream("lead"), spatial_dims=1)
    crossed = torch.ones(2, 3, 4, 4, 3).transpose(0, 1)
    meanfield.delta_orthogonal_(crossed, generator=stream("lead"), spatial_dims=1)
    assert torch.equal(crossed, wanted)


def test_a_stack_may_be_empty():
    empty = meanfield.delta_orthogonal_(
        torch.empty(0, 4, 4, 3), generator=stream("none"), spatial_dims=1
    )
    assert empty.shape == (0, 4, 4, 3)


REFUSED = {
    "fewer outputs": (
        lambda s: meanfield.delta_orthogonal_(torch.empty(3, 8, 3, 3), generator=s),
        DomainError,
        r"^delta_orthogonal_: out must be ≥ in .*but 3 < 8: 5 directions.*at least 8 output",
    ),
    "fewer outputs, spread": (
        lambda s: meanfield.orthogonal_conv_(torch.empty(3, 8, 3), generator=s),
        DomainError,
        r"^orthogonal_conv_: out must be ≥ in .*but 3 < 8",
    ),
    "no kernel": (
        lambda s: meanfield.delta_orthogonal_(torch.empty(8, 8), generator=s),
        ShapeError,
        r"\(out, in, \*kernel\) with 1, 2 or 3 kernel dims, .*its shape is \(8, 8\)\.",
    ),
    "a stack without saying so": (
        lambda s: meanfield.delta_orthogonal_(torch.empty(9, 8, 8, 3, 3, 3), generator=s),
        ShapeError,
        r"its shape is \(9, 8, 8, 3, 3, 3\)\. .*a stack of layers needs spatial_dims",
    ),
    "too many spatial dims": (
        lambda s: meanfield.delta_orthogonal_(torch.empty(8, 8, 3), generator=s, spatial_dims=2),
        ShapeError,
        r"\(\.\.\., out, in, kernel size, kernel size\).* "
        r"its shape is \(8, 8, 3\) and spatial_dims = 2",
    ),
    "no spatial dims": (
        lambda s: meanfield.delta_orthogonal_(torch.empty(8, 8, 3), generator=s, spatial_dims=0),
        ShapeError,
        r"needs spatial_dims = 1, 2 or 3",
    ),
    "a vector": (
        lambda s: meanfield.orthogonal_(torch.empty(4), generator=s),
        ShapeError,
        r"orthogonal_: tensor must have shape \(\.\.\., out, in\), none of them 0, .* \(4,\)",
    ),
    "no channels": (
        lambda s: meanfield.delta_orthogonal_(torch.empty(4, 0, 3), generator=s),
        ShapeError,
        r"none of them 0, but its shape is \(4, 0, 3\)",
    ),
    "integers": (
        lambda s: meanfield.orthogonal_(torch.zeros(4, 4, dtype=torch.int64), generator=s),
        DomainError,
        r"floating-point numbers, but its dtype is torch\.int64",
    ),
    "a list": (
        lambda s: meanfield.orthogonal_([[1.0]], generator=s),
        DomainError,
        r"tensor must be a tensor, but it is a list",
    ),
    "a gain a layer": (
        lambda s: meanfield.orthogonal_(torch.empty(2, 4, 4), torch.ones(2), generator=s),
        DomainError,
        r"gain must be positive and finite, but it is a Tensor of shape \(2,\)",
    ),
    "no gain": (
        lambda s: meanfield.delta_orthogonal_(torch.empty(4, 4, 3), -1.0, generator=s),
        DomainError,
        r"gain must be positive and finite, but it is -1\.0\. Pass σ_w",
    ),
}


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(stream("refused"))
