"""Deep linear networks: algebra of the factors, losses, the rule and its bad inputs.

Float64 throughout; a tolerance of 1e-12 is round-off of a few products of small matrices.
"""

import math
from itertools import pairwise

import pytest
import torch

from bsgd_edu import nets, operators, rules
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.maps import forward_orbit
from bsgd_edu.nets import deep_linear

F64 = torch.float64
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def close(a, b, **tolerance):
    torch.testing.assert_close(a, b, **(tolerance or TOLERANCE))


def power(symmetric, exponent):
    """A power of a positive semi-definite matrix by its eigenvectors, 0⁰ = 1."""
    values, vectors = torch.linalg.eigh(symmetric)
    rounding = 1e-14 * values.max()
    values = torch.where(values > rounding, values, 0.0) ** exponent
    return vectors @ torch.diag(values) @ vectors.mT


def direction_by_definition(w, g, depth):
    return sum(
        power(w @ w.mT, (j - 1) / depth) @ g @ power(w.mT @ w, (depth - j) / depth)
        for j in range(1, depth + 1)
    )


# --- the end-to-end direction and its operator -------------------------------------------------

SHAPES = [(3, 6), (6, 3), (4, 4), (1, 5), (5, 1), (1, 1)]


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_direction_is_its_defining_sum(shape, depth):
    w, g = normal(*shape), normal(*shape, seed=1)
    expected = direction_by_definition(w, g, depth)
    # Eigenvalues are squares of singular values: the reference keeps half the digits less.
    close(operators.end_to_end_direction(w, g, depth), expected, rtol=1e-10, atol=1e-10)


def test_a_matrix_without_full_rank_counts_its_rounding_as_zero():
    u, v = normal(4), normal(6, seed=1)
    w, g = torch.outer(u, v), normal(4, 6, seed=2)
    length, a, b = u.norm() * v.norm(), u / u.norm(), v / v.norm()
    left, right = torch.outer(a, a), torch.outer(b, b)
    # Rank one by hand: the ends of the sum see one side only, the terms between both.
    scale = length ** (2 * 7 / 8)
    expected = scale * (left @ g + g @ right + 6 * left @ g @ right)
    close(operators.end_to_end_direction(w, g, 8), expected)


def test_the_direction_of_a_stack_is_that_of_each():
    w, g = normal(2, 3, 4, 5), normal(3, 4, 5, seed=1)
    found = operators.end_to_end_direction(w, g, 3)
    assert found.shape == (2, 3, 4, 5)
    close(found[1, 2], operators.end_to_end_direction(w[1, 2], g[2], 3))
    assert operators.end_to_end_direction(w, g, 1).shape == (2, 3, 4, 5)


def test_the_direction_at_the_origin_is_zero_but_for_depth_one():
    for shape in SHAPES:
        w, g = torch.zeros(*shape, dtype=F64), normal(*shape)
        assert torch.equal(operators.end_to_end_direction(w, g, 1), g)
        assert not operators.end_to_end_direction(w, g, 3).any()


def test_a_run_that_diverged_leaves_the_others_alone():
    for shape in SHAPES:
        w, g = normal(3, *shape), normal(*shape, seed=1)
        expected = operators.end_to_end_direction(w, g, 2)
        w[1, -1, -1] = math.inf
        found = operators.end_to_end_direction(w, g, 2)
        assert not found[1].isfinite().any()
        close(found[::2], expected[::2])


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (1, 4)], ids=str)
def test_the_operator_is_the_direction_on_flat_matrices(shape):
    w, g = normal(*shape), normal(7, *shape, seed=1)
    operator = operators.end_to_end_preconditioner(w, 3)
    close(operator(g.flatten(-2)).unflatten(-1, shape), rules.end_to_end_direction(w, g, 3))
    assert (operator.dim, operator.dtype) == (w.numel(), F64)


def test_one_function_has_three_homes():
    assert rules.end_to_end_direction is operators.end_to_end_direction
    assert deep_linear.end_to_end_direction is operators.end_to_end_direction


@pytest.mark.parametrize("depth", [0, -1, 2.0, True])
def test_a_depth_that_is_none_is_refused(depth):
    w = normal(2, 2)
    message = rf"depth must be an integer ≥ 1, but it is {depth}"
    for call in (
        lambda: operators.end_to_end_direction(w, w, depth),
        lambda: operators.end_to_end_preconditioner(w, depth),
        lambda: rules.end_to_end_map(torch.tanh, 0.1, depth, shape=(2, 2)),
    ):
        with pytest.raises(DomainError, match=message):
            call()


def test_matrices_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"shapes \(2, 3\) and \(3, 2\)"):
        operators.end_to_end_direction(normal(2, 3), normal(3, 2), 2)
    with pytest.raises(ShapeError, match=r"shapes \(3,\) and \(3,\)"):
        operators.end_to_end_direction(normal(3), normal(3), 2)
    with pytest.raises(ShapeError, match=r"\(rows, cols\), but its shape is \(2, 3, 4\)"):
        operators.end_to_end_preconditioner(normal(2, 3, 4), 2)


# --- the rule ----------------------------------------------------------------------------------


def test_depth_one_is_gradient_descent():
    w = normal(3, 6)
    plain = rules.sgd_map(torch.sin, 0.2, weight_decay=0.5)
    deep = rules.end_to_end_map(torch.sin, 0.2, 1, shape=(2, 3), weight_decay=0.5)
    close(deep(w), plain(w))


def test_decay_of_the_factors_shrinks_the_product_depth_times():
    w = normal(3, 6)
    free = rules.end_to_end_map(torch.sin, 0.2, 4, shape=(2, 3))
    decayed = rules.end_to_end_map(torch.sin, 0.2, 4, shape=(2, 3), weight_decay=0.1)
    close(decayed(w), free(w) - 0.2 * 0.1 * 4 * w)


def test_every_replica_may_have_its_own_rate():
    w, lrs = normal(3, 6), torch.tensor([0.1, 0.2, 0.3], dtype=F64)
    found = rules.end_to_end_map(torch.sin, lrs, 2, shape=(2, 3))(w)
    for row, lr in enumerate(lrs.tolist()):
        close(found[row], rules.end_to_end_map(torch.sin, lr, 2, shape=(2, 3))(w[row]))


def test_the_rule_refuses_shapes_that_are_none():
    for shape in ((0, 3), (6,), (2, 3, 1), (2.0, 3)):
        with pytest.raises(ShapeError, match=r"must be \(rows, cols\), both ≥ 1, but it is \("):
            rules.end_to_end_map(torch.sin, 0.1, 2, shape=shape)
    with pytest.raises(
        ShapeError,
        match=r"points must have shape \(\.\.\., 6\), but its shape is \(4, 5\)\. .*\(2, 3\)",
    ):
        rules.end_to_end_map(torch.sin, 0.1, 2, shape=(2, 3))(normal(4, 5))
    with pytest.raises(DomainError, match=r"end_to_end_map: weight_decay must be .* it is -1.0"):
        rules.end_to_end_map(torch.sin, 0.1, 2, shape=(2, 3), weight_decay=-1.0)


# --- factors -----------------------------------------------------------------------------------

WIDTHS = [[6, 3], [6, 3, 3], [6, 9, 3], [6, 4, 5, 3], [3, 8, 3, 6], [5, 1, 1], [1, 2, 1]]


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_balanced_factors_multiply_to_the_matrix_and_balance(widths):
    matrix = normal(2, widths[-1], widths[0])
    factors = deep_linear.balanced_factors(matrix, widths)
    assert [tuple(f.shape[1:]) for f in factors] == list(zip(widths[1:], widths, strict=False))
    close(deep_linear.end_to_end(factors), matrix)
    assert deep_linear.balancedness(factors).shape == (2,)
    assert deep_linear.balancedness(factors).max() < 1e-12
    # All factors are alike: each has the N-th roots of the matrix's singular values.
    roots = torch.linalg.svdvals(matrix) ** (1 / len(factors))
    for factor in factors:
        found = torch.linalg.svdvals(factor)[..., : roots.shape[-1]]
        close(found, roots[..., : found.shape[-1]])


def test_hidden_widths_down_to_the_rank_are_enough_and_below_it_refused():
    matrix = normal(4, 2) @ normal(2, 6, seed=1)
    factors = deep_linear.balanced_factors(matrix, [6, 2, 4])
    close(deep_linear.end_to_end(factors), matrix)
    assert deep_linear.balancedness(factors) < 1e-12
    with pytest.raises(DomainError, match=r"≥ the rank 2 of the matrix, but they are \[1\]"):
        deep_linear.balanced_factors(matrix, [6, 1, 4])
    with pytest.raises(DomainError, match=r"≥ the rank 3 of the matrix, but they are \[5, 2\]"):
        deep_linear.balanced_factors(normal(3, 6), [6, 5, 2, 3])


def test_widths_that_do_not_match_the_matrix_are_refused():
    with pytest.raises(
        ShapeError, match=r"\(\.\.\., 6, 3\) for widths \[3, 4, 6\].*its shape is \(3, 6\)"
    ):
        deep_linear.balanced_factors(normal(3, 6), [3, 4, 6])
    for widths in ([6], [6, 0, 3], [6, 2.5, 3]):
        with pytest.raises(ShapeError, match=r"two or more integers ≥ 1.* they are \["):
            deep_linear.balanced_factors(normal(3, 6), widths)
    with pytest.raises(
        DomainError, match=r"matrix must be finite, but entry \(0, 1\) is nan \(1 of 2"
    ):
        deep_linear.balanced_factors(torch.tensor([[1.0, math.nan]]), [2, 1, 1])


def test_balancedness_is_the_largest_gap_between_neighbours():
    first, second, third = torch.eye(2), 3 * torch.eye(2), 2 * torch.eye(2)
    found = deep_linear.balancedness([first, second, third])
    close(found, torch.tensor(8 * math.sqrt(2)), rtol=1e-6, atol=0)  # float32
    assert deep_linear.balancedness([first]) == 0


def test_factors_in_the_wrong_order_are_refused():
    factors = [normal(2, 3), normal(4, 2)]
    for call in (deep_linear.end_to_end, deep_linear.balancedness):
        with pytest.raises(ShapeError, match=r"their shapes are \[\(4, 2\), \(2, 3\)\]"):
            call(factors[::-1])
    with pytest.raises(
        ShapeError,
        match=r"gradient must have shape \(\.\.\., 4, 3\), but its shape is \(3, 4\).*product",
    ):
        deep_linear.factor_gradients(factors, normal(3, 4))
    with pytest.raises(ShapeError, match=r"their shapes are \[\]"):
        deep_linear.end_to_end([])


# --- the model ---------------------------------------------------------------------------------


def network(widths=(3, 4, 2, 2)):
    loss = nets.lp_loss(normal(10, widths[0]), normal(10, widths[-1], seed=1), p=4)
    return nets.DeepLinear(widths, loss)


@pytest.mark.parametrize("widths", [(3, 4, 2, 2), (3, 1), (3, 2, 1)], ids=str)
def test_the_gradient_is_what_autograd_finds(widths):
    net = network(widths)
    theta = normal(2, 3, net.dim, seed=2).requires_grad_()
    assert net.loss(theta).shape == (2, 3)
    (expected,) = torch.autograd.grad(net.loss(theta).sum(), theta)
    close(net.grad(theta.detach()), expected)


def test_the_model_can_be_differentiated_twice():
    net = network()
    theta = normal(net.dim, seed=2)
    jacobian = torch.autograd.functional.jacobian(net.grad, theta)
    close(jacobian, torch.autograd.functional.hessian(net.loss, theta), rtol=1e-9, atol=1e-9)


def test_points_hold_the_first_layer_first_row_by_row():
    net = network()
    factors = [normal(*shape) for shape in net.shapes]
    theta = net.flat(factors)
    assert theta[:3].tolist() == factors[0][0].tolist()
    for found, expected in zip(net.factors(theta), factors, strict=True):
        assert torch.equal(found, expected)
    close(net.product(theta), factors[2] @ factors[1] @ factors[0])
    assert net.dim == 4 * 3 + 2 * 4 + 2 * 2
    assert repr(net) == "DeepLinear([3, 4, 2, 2])"


def test_initial_parameters_come_from_the_generator():
    net = network()
    draw = net.init(torch.Generator().manual_seed(0), (4000,), std=0.5)
    assert (draw.shape, draw.dtype) == ((4000, net.dim), F64)
    # 96,000 numbers: the standard error of a standard deviation is σ/√(2n).
    assert abs(draw.std() - 0.5) < 4 * 0.5 / math.sqrt(2 * draw.numel())
    again = net.init(torch.Generator().manual_seed(0), (4000,), std=0.5)
    assert torch.equal(draw, again)


def test_points_and_factors_of_another_net_are_refused():
    net = network()
    with pytest.raises(
        ShapeError, match=r"\(\.\.\., 24\) for widths \[3, 4, 2, 2\].* shape is \(5,\)"
    ):
        net.loss(normal(5))
    with pytest.raises(ShapeError, match=r"have \[\(2, 2\), \(2, 4\), \(4, 3\)\]"):
        net.flat([normal(*shape) for shape in net.shapes[::-1]])
    with pytest.raises(ShapeError, match=r"DeepLinear: widths must be two or more"):
        nets.DeepLinear([3], nets.squared_loss(normal(3, 3)))


# --- losses ------------------------------------------------------------------------------------

LOSSES = {
    "l4 regression": nets.lp_loss(normal(9, 4), normal(9, 3, seed=1), 4),
    "l2 regression": nets.lp_loss(normal(9, 4), normal(9, 3, seed=1), 2),
    "l3 regression": nets.lp_loss(normal(9, 4), normal(9, 3, seed=1), 3),
    "l1.5": nets.power_loss(normal(3, 4), 1.5),
    "absolute": nets.power_loss(normal(3, 4), 1),
    "weighted squares": nets.squared_loss(normal(3, 4), normal(3, 4, seed=1).square()),
    "huber": nets.huber_loss(normal(3, 4), 0.7),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_of_a_loss_is_that_of_its_value(name):
    loss, points = LOSSES[name], normal(5, 3, 4, seed=3)
    assert loss(points).shape == (5,)
    by_machine = nets.ProductLoss(loss.value)
    close(loss.gradient(points), by_machine.gradient(points))
    assert not by_machine.gradient(points).requires_grad


def test_losses_have_the_stated_values():
    x, y, a = normal(9, 4), normal(9, 3, seed=1), normal(3, 4, seed=2)
    residuals = x @ a.mT - y
    close(nets.lp_loss(x, y, 4)(a), residuals.pow(4).mean() / 4)
    close(nets.lp_loss(x, y[:, 0], 2)(a[:1]), residuals[:, 0].square().mean() / 2)
    target = torch.zeros(1, 3, dtype=F64)
    point = torch.tensor([[3.0, -0.5, 0.0]], dtype=F64)
    assert nets.power_loss(target, 1)(point).item() == 3.5
    assert nets.huber_loss(target, 0)(point).item() == 3.5
    assert nets.huber_loss(target, 1.0)(point).item() == 2.5 + 0.125
    assert nets.squared_loss(target, 2.0)(point).item() == 18.5


def test_losses_refuse_what_has_no_minimum_or_no_number():
    x, y = normal(9, 4), normal(9, 3)
    with pytest.raises(DomainError, match=r"lp_loss: p must be ≥ 1 and finite, but it is 0.5"):
        nets.lp_loss(x, y, 0.5)
    with pytest.raises(ShapeError, match=r"shapes \(9, 4\) and \(8, 3\)"):
        nets.lp_loss(x, y[:8], 2)
    with pytest.raises(
        DomainError, match=r"lp_loss: targets must be finite, but entry \(8, 1\) is nan \(2 of 27"
    ):
        nets.lp_loss(x, torch.cat([y[:8], torch.tensor([[1, math.nan, math.inf]])]), 2)
    with pytest.raises(DomainError, match=r"power_loss: p must be .* it is inf"):
        nets.power_loss(y, math.inf)
    with pytest.raises(DomainError, match=r"weights must be ≥ 0, but it is -1 \(1 of 1"):
        nets.squared_loss(y, -1.0)
    with pytest.raises(DomainError, match=r"delta must be ≥ 0 and finite, but it is -0.1"):
        nets.huber_loss(y, -0.1)


# --- the way out of saddles --------------------------------------------------------------------

ESCAPES = {  # widths -> rank of every partial product from the layer on where it is lost
    "origin": ([3, 4, 3, 3], 1, 0),
    "second layer": ([3, 4, 3, 5, 3], 2, 1),
    "more inputs than outputs": ([5, 4, 3, 3], 2, 1),
    "last product": ([2, 2, 3, 4], 2, 1),
}


def lossy(widths, layer, rank, seed=0):
    """Random factors, one of which has a smaller rank."""
    shapes = [(rows, cols) for cols, rows in pairwise(widths)]
    factors = [normal(*shape, seed=seed + i) for i, shape in enumerate(shapes)]
    u, s, vh = torch.linalg.svd(factors[layer - 1], full_matrices=False)
    factors[layer - 1] = u[:, :rank] @ torch.diag(s[:rank]) @ vh[:rank]
    return factors


@pytest.mark.parametrize("name", ESCAPES)
def test_an_escape_keeps_the_product_and_wakes_the_gradient(name):
    widths, layer, rank = ESCAPES[name]
    factors = lossy(widths, layer, rank)
    slope = normal(widths[-1], widths[0], seed=9)
    if name == "origin":
        factors = [torch.zeros_like(f) for f in factors]
    product = deep_linear.end_to_end(factors)
    if widths[-1] < widths[0]:  # ∇f that no layer sees: what a critical point looks like
        tops = deep_linear.end_to_end(factors[1:])
        slope = slope - torch.linalg.pinv(tops).mT @ (tops.mT @ slope)
    moved = deep_linear.escape(factors, slope, 0.1)
    close(deep_linear.end_to_end(moved), product)
    changed = [not torch.equal(a, b) for a, b in zip(moved, factors, strict=True)]
    assert any(changed)
    gradients = deep_linear.factor_gradients(moved, slope)
    assert max(g.norm() for g in gradients) > 1e-4
    sizes = [torch.linalg.matrix_norm(a - b, 2).item() for a, b in zip(moved, factors, strict=True)]
    assert all(size == pytest.approx(0.1) for size, was in zip(sizes, changed, strict=True) if was)


def test_a_critical_point_is_left_by_its_leading_term():
    # Layer 2 of 4 loses rank: two moves, so that its gradient starts as δ² u_2 vᵀ ∇f W_1ᵀ.
    factors = lossy([3, 3, 3, 3, 3], 2, 2, seed=4)
    factors[2], factors[3] = torch.zeros(3, 3, dtype=F64), torch.zeros(3, 3, dtype=F64)
    slope = normal(3, 3, seed=9)
    assert all(not g.any() for g in deep_linear.factor_gradients(factors, slope))
    top = torch.linalg.svd(slope)[0][:, 0]
    leading = (top @ slope @ factors[0].mT).norm()
    for size in (0.1, 0.01):
        found = deep_linear.factor_gradients(deep_linear.escape(factors, slope, size), slope)[1]
        close(found.norm(), size**2 * leading)


def test_factors_that_lose_no_rank_come_back_as_they_are():
    factors = [normal(4, 3), normal(3, 4, seed=1)]
    for found, given in zip(deep_linear.escape(factors, normal(3, 3), 0.1), factors, strict=True):
        assert torch.equal(found, given)
    single = deep_linear.escape([torch.zeros(2, 2)], torch.eye(2), 0.1)
    assert not single[0].any()


def test_an_escape_changes_no_argument():
    factors = [torch.zeros(3, 3, dtype=F64) for _ in range(3)]
    deep_linear.escape(factors, torch.eye(3, dtype=F64), 0.1)
    assert not any(factor.any() for factor in factors)


def test_nearly_lost_rank_counts_as_lost_within_the_tolerance():
    # The smallest singular value of W_1 is 1e-4, beside 1: kept or lost as the caller says.
    factors = [torch.diag(torch.tensor([1.0, 1e-4], dtype=F64)), torch.eye(2, dtype=F64)]
    slope = normal(2, 2)
    kept = deep_linear.escape(factors, slope, 0.1)
    assert torch.equal(kept[1], factors[1])
    lost = deep_linear.escape(factors, slope, 0.1, tolerance=1e-3)
    assert not torch.equal(lost[1], factors[1])
    # Scaling the factors changes nothing about their rank.
    scaled = deep_linear.escape([1e-8 * f for f in factors], slope, 0.1)
    close(scaled[1], 1e-8 * factors[1], rtol=0, atol=0)


def test_an_escape_that_cannot_be_is_refused():
    zeros = [torch.zeros(2, 3), torch.zeros(3, 2)]
    with pytest.raises(ShapeError, match=r"hidden widths ≥ 3, but the shapes are \[\(2, 3\)"):
        deep_linear.escape(zeros, torch.eye(3), 0.1)
    with pytest.raises(ShapeError, match=r"factors must be matrices"):
        deep_linear.escape([torch.zeros(4, 2, 2)], torch.eye(2), 0.1)
    zeros = [torch.zeros(2, 2), torch.zeros(2, 2)]
    for size in (0.0, -1.0, math.nan):
        with pytest.raises(DomainError, match=rf"they are {size} and of norm 1.4"):
            deep_linear.escape(zeros, torch.eye(2), size)
    with pytest.raises(DomainError, match=r"they are 0.1 and of norm 0.0"):
        deep_linear.escape(zeros, torch.zeros(2, 2), 0.1)
    with pytest.raises(DomainError, match=r"they are 0.1 and of norm nan"):
        deep_linear.escape(zeros, math.nan * torch.eye(2), 0.1)


def test_descent_of_a_cloud_is_descent_of_each():
    net = network()
    theta, lrs = normal(4, net.dim, seed=5) / 2, torch.tensor([1e-3, 2e-3, 4e-3, 8e-3], dtype=F64)
    cloud = forward_orbit([rules.sgd_map(net.grad, lrs)] * 5, theta)[-1]
    for row, lr in enumerate(lrs.tolist()):
        close(cloud[row], forward_orbit([rules.sgd_map(net.grad, lr)] * 5, theta[row])[-1])
