"""The facts of deep linear networks: acceleration by depth, and no bad minima.

Numbers of one random draw that is not on record are replaced by the law behind them, on draws of
our own; closed forms are checked to their digits.
"""

import math

import numpy as np
import pytest
import torch

from bsgd_edu import curvature, datasets, dynamics, nets, operators, optim, rules
from bsgd_edu.maps import apply_in_order
from bsgd_edu.nets import deep_linear
from bsgd_edu.seeding import generator

F64 = torch.float64


def normal(*shape, label):
    return torch.randn(*shape, generator=generator(0, label), dtype=F64)


def heavy_tailed(stream, *sizes):
    """Inputs and targets of one regression."""
    inputs, targets, _ = datasets.heavy_tailed_regressions([stream], *sizes)
    return inputs[0], targets[0]


def descended(net, theta, lr, steps, momentum=0.0, weight_decay=0.0):
    """The last point of full-batch descent."""
    if not momentum:
        step = rules.sgd_map(net.grad, lr, weight_decay=weight_decay)
        return apply_in_order([step] * steps, theta)
    step = rules.momentum_map(net.grad, lr, momentum=momentum)
    return rules.position(apply_in_order([step] * steps, rules.momentum_state(theta)), net.dim)


# --- acceleration: the rule and real descent (3 × 6 matrices, l_4, time ηt = 1) ------------------

LOSS = nets.lp_loss(normal(40, 6, label="x"), normal(40, 3, label="y"), 4)
START = 0.5 * normal(3, 6, label="start")
RATES = (4e-3, 2e-3, 1e-3)


def gap(widths, lr, weight_decay=0.0, scale=1.0):
    """Relative gap between a network's product and the rule's, and the network's imbalance."""
    net, depth = nets.DeepLinear(widths, LOSS), len(widths) - 1
    factors = deep_linear.balanced_factors(START, widths)
    factors[0], factors[1] = factors[0] * scale, factors[1] / scale
    theta = descended(net, net.flat(factors), lr, round(1 / lr), weight_decay=weight_decay)
    rule = rules.end_to_end_map(
        lambda w: LOSS.gradient(w.unflatten(-1, (3, 6))).flatten(-2),
        lr,
        depth,
        shape=(3, 6),
        weight_decay=weight_decay,
    )
    predicted = apply_in_order([rule] * round(1 / lr), START.flatten())
    found = net.product(theta).flatten()
    imbalance = deep_linear.balancedness(net.factors(theta))
    return ((found - predicted).norm() / found.norm()).item(), imbalance.item()


def halves(values):
    """Whether each value is half of the one before; the next order is one rate more, under 10 %."""
    ratios = np.array(values[:-1]) / np.array(values[1:])
    return bool((abs(ratios - 2) < 0.2).all())


@pytest.mark.parametrize(
    ("widths", "decay"),
    [([6, 3, 3], 0.0), ([6, 4, 5, 3], 0.0), ([6, 4, 5, 4, 3], 0.0), ([6, 4, 5, 3], 0.1)],
    ids=str,
)
def test_descent_follows_the_rule_and_keeps_its_balance_to_first_order(widths, decay):
    gaps, drifts = zip(*(gap(widths, lr, decay) for lr in RATES), strict=True)
    assert gaps[0] < 0.02
    assert halves(gaps)
    assert halves(drifts)


def test_hidden_widths_leave_no_trace():
    for narrow, wide in (([6, 3, 3], [6, 9, 3]), ([6, 4, 5, 3], [6, 8, 7, 3])):
        assert gap(narrow, 4e-3)[0] == pytest.approx(gap(wide, 4e-3)[0], rel=1e-9)  # round-off


def test_an_unbalanced_start_does_not_follow_the_rule_at_any_rate():
    gaps = [gap([6, 3, 3], lr, scale=3.0)[0] for lr in RATES]
    assert min(gaps) > 0.05
    assert max(gaps) - min(gaps) < 0.02 * max(gaps)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_gains_are_depth_along_the_vector_and_one_across(depth):
    w = normal(1, 5, label="vector")
    spectrum = torch.linalg.eigvalsh(operators.end_to_end_preconditioner(w, depth).dense())
    gains = spectrum / w.norm() ** (2 - 2 / depth)
    expected = torch.tensor([1.0, 1, 1, 1, depth], dtype=F64)
    torch.testing.assert_close(gains, expected, rtol=1e-13, atol=0)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_the_preconditioner_has_the_stated_eigenvalues(depth):
    w = normal(3, 5, label="matrix")
    dense = operators.end_to_end_preconditioner(w, depth).dense()
    torch.testing.assert_close(dense, dense.mT, rtol=0, atol=1e-13)
    s = torch.linalg.svdvals(w)
    right = torch.cat([s, torch.zeros(2, dtype=F64)])
    expected = sum(
        torch.outer(s ** (2 * (j - 1) / depth), right ** (2 * (depth - j) / depth))
        for j in range(1, depth + 1)
    )
    found = torch.linalg.eigvalsh(dense)
    torch.testing.assert_close(found, expected.flatten().sort().values, rtol=1e-12, atol=1e-13)
    assert found.min() > 0


# --- no regulariser does it --------------------------------------------------------------------


def constant(w):
    return torch.tensor([1.0, 0.0], dtype=F64).expand_as(w)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7])
def test_curl_of_the_direction_of_a_linear_loss(depth):
    w = normal(20, 2, label="points")
    radius, height = w.norm(dim=-1), w[:, 1]
    factor = (depth - 1) * (depth - 2) / depth
    expected = factor * radius ** (1 - 2 / depth) * height / radius
    found = dynamics.loops.curl(dynamics.loops.end_to_end_field(constant, depth), w)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


def test_curl_of_depth_two_with_a_quadratic_loss():
    hessian = torch.tensor([[2.0, 0.3], [0.3, 1.0]], dtype=F64)
    b = torch.tensor([1.0, -0.5], dtype=F64)
    point = torch.tensor([1.0, 0.5], dtype=F64)
    found = dynamics.loops.curl(
        dynamics.loops.end_to_end_field(lambda w: w @ hessian - b, 2), point
    )
    assert found.item() == pytest.approx(0.245967, abs=5e-7)
    # By hand: |w| (g + (w·g) w/|w|²) has curl (w × g)/|w| + ∇(w·g/|w|) × w, and with g = Hw − b
    # the second is (Hw + g) × w/|w|, so that Hw × w/|w| is left.
    pull = hessian @ point
    cross = pull[0] * point[1] - pull[1] * point[0]
    assert found.item() == pytest.approx((cross / point.norm()).item(), rel=1e-12)
    # The potential of depth 2 with a linear loss.
    potential = lambda w: w.norm(dim=-1) * w[..., 0]  # noqa: E731
    w = normal(5, 2, label="points").requires_grad_()
    (slope,) = torch.autograd.grad(potential(w).sum(), w)
    torch.testing.assert_close(slope, dynamics.loops.end_to_end_field(constant, 2)(w.detach()))


# --- acceleration: the toy and the surrogate ---------------------------------------------------


def test_the_toy_of_two_scales():
    # ¼ Σ (w − y)⁴ with y = (10, 1): e ← e (1 − η e²) is stable from e = 10 iff η < 2/100.
    y = torch.tensor([[10.0, 1.0]], dtype=F64)
    loss = nets.power_loss(y, 4)
    shallow = nets.DeepLinear([2, 1], loss)
    start = torch.full((2,), 0.01 / math.sqrt(2), dtype=F64)
    lrs = torch.tensor([0.0198, 0.0199, 0.0201], dtype=F64)
    found = shallow.loss(descended(shallow, start.expand(3, 2), lrs, 2000))
    assert found[1] < 1e-4
    assert not found[2].isfinite()
    # e² = 1/(2ηt) once small, ¼ e⁴ twice: 1/(8(ηt)²), first correction of order log(t)/t.
    assert found[0].item() == pytest.approx(1 / (8 * (0.0198 * 2000) ** 2), rel=0.03)
    assert found[0].item() == pytest.approx(7.84e-5, rel=1e-3)
    deep = nets.DeepLinear([2, 1, 1], loss)
    factors = deep_linear.balanced_factors(start.unsqueeze(0), [2, 1, 1])
    ended = deep.loss(descended(deep, deep.flat(factors), 0.039, 2000)).item()
    assert ended == pytest.approx(2.05e-7, rel=5e-3)
    assert round(found[0].item() / ended) == 383


@pytest.fixture(scope="module")
def regression():
    """Loss at the tuned rate after 50, 200 and 1999 steps, (p, method) -> three numbers."""
    x, y = heavy_tailed(generator(0, "data"))
    start = normal(1, 32, label="start")
    start *= 0.01 / start.norm()
    lrs = 10 ** torch.arange(-2.25, 1.26, 0.25, dtype=F64)
    methods = {
        "depth 1": (1, torch.optim.SGD, {}),
        "depth 2": (2, torch.optim.SGD, {}),
        "depth 3": (3, torch.optim.SGD, {}),
        "momentum": (1, torch.optim.SGD, {"momentum": 0.9}),
        "adagrad": (1, torch.optim.Adagrad, {}),
        "adadelta": (1, torch.optim.Adadelta, {}),
    }
    found = {}
    for p in (4, 2):
        for name, (depth, kind, options) in methods.items():
            if p == 2 and depth == 1 and name != "depth 1":
                continue
            widths = [32, *[1] * depth]
            net = nets.DeepLinear(widths, nets.lp_loss(x, y, p))
            theta = net.flat(deep_linear.balanced_factors(start, widths))
            orbit = optim.grid_orbit(
                kind, net.grad, theta, lrs, num_steps=1999, at=[50, 200, 1999], **options
            )
            losses = net.loss(orbit).nan_to_num(torch.inf)
            found[p, name] = losses[:, losses[-1].argmin()]
    return found


def test_depth_accelerates_l4_and_not_l2(regression):
    # p = 2 at step 200: rounding has not been reached by anything yet.
    for depth in ("depth 2", "depth 3"):
        assert regression[4, depth][-1] < regression[4, "depth 1"][-1] / 4
        assert regression[2, depth][1] > regression[2, "depth 1"][1]


def test_the_rule_is_followed_at_small_rates_and_left_at_large_ones():
    x, y = heavy_tailed(generator(0, "data"))
    start = normal(1, 32, label="start")
    start *= 0.01 / start.norm()
    loss = nets.lp_loss(x, y, 4)
    net = nets.DeepLinear([32, 1, 1], loss)
    theta = net.flat(deep_linear.balanced_factors(start, [32, 1, 1]))

    def both(lr, steps):
        rule = rules.end_to_end_map(
            lambda w: loss.gradient(w.unsqueeze(-2)).squeeze(-2), lr, 2, shape=(1, 32)
        )
        found = net.product(descended(net, theta, lr, steps))[0]
        return found, apply_in_order([rule] * steps, start[0])

    found, predicted = both(1e-3, 1000)
    assert (found - predicted).norm() < 0.01 * found.norm()
    # Beyond the largest stable rate of the one the other still goes on: small rates only.
    found, predicted = both(0.0422, 473)
    assert bool(found.isfinite().all()) != bool(predicted.isfinite().all())


def test_adagrad_gains_nothing_but_momentum_and_adadelta_beat_depth(regression):
    # The honest part: what depth is said to beat is tuned here as carefully as depth.
    best = min(regression[4, name][-1] for name in ("depth 2", "depth 3"))
    assert regression[4, "adagrad"][-1] > regression[4, "depth 1"][-1] / 2
    assert regression[4, "momentum"][-1] < best
    assert regression[4, "adadelta"][-1] < best


def test_depth_two_remembers_its_gradients():
    # w ← (1 − γ) w − ρ g with ρ = η w_2², γ = η (∂L/∂w_2)/w_2; unrolled, past gradients return.
    x, y = heavy_tailed(generator(0, "small"), 100, 5)
    loss = nets.lp_loss(x, y, 4)
    net = nets.DeepLinear([5, 1, 1], loss)
    start = normal(1, 5, label="small start")
    start *= 0.1 / start.norm()
    errors = []
    for lr in (2e-3, 1e-3, 5e-4):
        theta = net.flat(deep_linear.balanced_factors(start, [5, 1, 1]))
        kept, share = net.product(theta), []
        for _ in range(round(2 / lr)):
            _, w2 = net.factors(theta)
            g = loss.gradient(net.product(theta))
            rho, gamma = lr * w2**2, lr * net.grad(theta)[-1] / w2
            kept = (1 - gamma) * kept - rho * g
            share.append((gamma < 0).item())
            theta = theta - lr * net.grad(theta)
        found = net.product(theta)
        errors.append(((kept - found).norm() / found.norm()).item())
    assert halves(errors)
    assert np.mean(share) > 0.5  # γ < 0: old gradients count with a plus, as in momentum


# --- no bad minima -----------------------------------------------------------------------------


def convex_losses():
    x, y = normal(30, 4, label="inputs"), normal(30, 3, label="targets")
    c = 0.2 + torch.rand(30, 3, generator=generator(0, "weights"), dtype=F64)

    def slope(a):
        return 2 * (c * (a @ x.mT - y.mT).mT).mT @ x / c.numel()

    weighted = nets.ProductLoss(lambda a: (c.mT * (a @ x.mT - y.mT).square()).mean((-2, -1)), slope)
    return {"l4": (nets.lp_loss(x, y, 4), 0.01), "weighted": (weighted, 0.05)}


@pytest.mark.parametrize("name", ["l4", "weighted"])
def test_wide_enough_networks_reach_the_convex_optimum_from_everywhere(name):
    loss, lr = convex_losses()[name]
    convex = nets.DeepLinear([4, 3], loss)
    best = convex.loss(descended(convex, torch.zeros(12, dtype=F64), lr, 4000, 0.9))
    for widths in ([4, 3, 3], [4, 5, 3, 3]):
        net = nets.DeepLinear(widths, loss)
        starts = net.init(generator(0, "starts", len(widths)), (12,), std=0.5)
        ends = descended(net, starts, lr, 5000, 0.9)
        assert (net.loss(ends) - best).abs().max() < 1e-12
        found = curvature.certify(net.loss, ends[:3])
        assert found.second_order.all()
    # A bottleneck ends strictly above, the narrower the more.
    above = []
    for hidden in (2, 1):
        net = nets.DeepLinear([4, hidden, 3], loss)
        starts = net.init(generator(0, "narrow"), (12,), std=0.5)
        above.append(net.loss(descended(net, starts, lr, 5000, 0.9)).min())
    assert best + 1e-3 < above[0] < above[1] - 1e-3


def test_a_quasi_newton_method_may_stop_at_saddles_and_a_kick_frees_it():
    x, y = normal(30, 4, label="inputs"), normal(30, 3, label="targets")
    residual = nets.huber_loss(torch.zeros(3, 30, dtype=F64), 0.1)
    loss = nets.ProductLoss(
        lambda a: residual(a @ x.mT - y.mT) / 30,
        lambda a: residual.gradient(a @ x.mT - y.mT) @ x / 30,
    )

    def end(net, start, **options):
        theta = start.clone().requires_grad_()
        method = torch.optim.LBFGS(
            [theta], max_iter=5000, max_eval=20_000, line_search_fn="strong_wolfe", **options
        )

        def closure():
            theta.grad = net.grad(theta.detach())
            return net.loss(theta.detach())

        method.step(closure)
        return theta.detach()

    tight = {"tolerance_grad": 1e-9, "tolerance_change": 1e-14, "history_size": 20}
    convex = nets.DeepLinear([4, 3], loss)
    best = convex.loss(end(convex, torch.zeros(12, dtype=F64), **tight))
    net = nets.DeepLinear([4, 3, 3, 3, 3], loss)
    starts = net.init(generator(0, "starts"), (40,), std=0.2)
    found = torch.stack([end(net, start) for start in starts])
    stuck = net.loss(found) - best > 1e-3
    assert 1 <= stuck.sum() <= 12  # torch's own stopping rule takes a plateau for an end
    plateau = (net.loss(found) - best)[stuck].median()  # most stop at one matrix of rank 2
    assert plateau.item() == pytest.approx(0.00559, rel=0.01)
    assert (curvature.certify(net.loss, found[stuck]).smallest_eigenvalue < -1e-5).all()
    for kick in normal(4, *found.shape, label="kicks"):  # the way down may pass the saddle again
        again = (net.loss(found) - best > 1e-3).nonzero().flatten()
        for run in again.tolist():
            found[run] = end(net, found[run] + 1e-2 * kick[run], **tight)
    assert (net.loss(found) - best).abs().max() < 1e-4


def cubed(scales):
    """‖A − M‖² for a 3 × 3 target with these singular values, in random directions."""
    u, _, vh = torch.linalg.svd(normal(3, 3, label="target"))
    return nets.squared_loss(u @ torch.diag(torch.tensor(scales, dtype=F64)) @ vh)


def test_escape_from_the_origin_and_from_saddle_to_saddle():
    # Singular values 3.5819125 and two whose squares sum to 3.49795: the loss is 16.328.
    scales = (7.163825 / 2, 1.6, math.sqrt(3.49795 - 1.6**2))
    loss = cubed(scales)
    net = nets.DeepLinear([3, 4, 3, 3], loss)
    origin = torch.zeros(net.dim, dtype=F64)
    assert net.loss(origin).item() == pytest.approx(16.328, abs=5e-4)
    slope = loss.gradient(net.product(origin))
    assert slope.norm().item() == pytest.approx(8.08, abs=5e-3)
    # Critical to second order, and never a local minimum.
    found = curvature.certify(net.loss, origin)
    assert found.verdict == "flat"
    assert torch.autograd.functional.hessian(net.loss, origin).abs().max() == 0
    moved = deep_linear.escape(net.factors(origin), slope, 0.1)
    assert torch.equal(deep_linear.end_to_end(moved), net.product(origin))
    first = deep_linear.factor_gradients(moved, slope)[0]
    assert first.norm().item() == pytest.approx(0.07163825, abs=5e-9)
    # Descent lands on the best rank-one saddle, s_2² + s_3², then one singular value at a time.
    factors, values = moved, []
    for _ in range(3):
        theta = descended(net, net.flat(factors), 0.01, 8000)
        values.append(net.loss(theta).item())
        factors = net.factors(theta)
        if values[-1] > 1e-9:
            factors = deep_linear.escape(factors, loss.gradient(net.product(theta)), 0.1)
    assert values[0] == pytest.approx(3.49795, abs=5e-6)
    assert values[1] == pytest.approx(3.49795 - 1.6**2, abs=1e-6)
    assert values[2] < 1e-12
