"""Lesson 9: descents, the certificates of their ends, and searches, by other routes."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from samples_c09 import (
    BOX,
    FUNNEL,
    LEVELS,
    PRICES,
    RUNS,
    SHARE,
    SHARES,
    SMALL,
    SPECTRA,
    STAIRS,
    STEPS,
)

from bsgd_edu import nets, plot
from bsgd_edu.course import rooms
from bsgd_edu.course.claims.claims import ClaimFailed, Ledger
from bsgd_edu.curvature import certify
from bsgd_edu.errors import DomainError
from bsgd_edu.estimates import Estimate
from bsgd_edu.lessons.c09_no_bad_minima import explore, figures, landscapes, pages, runs, traps
from bsgd_edu.nets.deep_linear import balancedness, end_to_end
from bsgd_edu.seeding import generator

REAL = {"dtype": torch.float64}

# ---- figures and pages


@pytest.fixture
def shown(monkeypatch):
    """What pages hand to the display: axes first, then what goes with them by name."""
    calls = []
    monkeypatch.setattr(pages, "show", lambda *axes, **more: calls.append((axes, more)))
    return calls


def test_eigenvalues_lie_on_the_lines_of_the_theory():
    ax = figures.draw_eigenvalues(torch.linspace(0, 6, 61), SPECTRA)
    black = [line for line in ax.lines if line.get_color() == plot.COLOURS["theory"]]
    found = [line for line in ax.lines if line.get_marker() == plot.MARKERS[0]]
    assert len(black) == len(found) == 4
    for line in found:
        x, y = line.get_data()
        assert x.tolist() == list(PRICES)
        there = [line.get_ydata()[[10, 25, 40]] for line in black]
        # At K = 1 the eigenvalues come in another order, so that a column changes its line.
        assert all(min(abs(t[i] - y[i]) for t in there) < 1e-6 for i in range(3))


def test_shares_stand_over_their_abscissae_with_two_standard_errors():
    ax = figures.draw_shares({2.5: SHARE, 1.0: SHARES[1.0]}, "price")
    (points,) = [line for line in ax.lines if line.get_marker() == plot.MARKERS[1]]
    assert points.get_xydata().ravel() == pytest.approx([2.5, 0.2, 1.0, 0.0])
    (bars,) = ax.containers[0][2]
    assert bars.get_segments()[0][:, 1] == pytest.approx([0.18, 0.22])


def test_runs_go_to_the_panel_of_their_loss_and_some_leave_only_a_level(shown):
    steps = {"p": STEPS, "q": [2 * step for step in STEPS]}
    gaps = {
        (loss, network): factor * RUNS
        for loss, factor in {"p": 1, "q": 3}.items()
        for network in ("wide", "narrow")
    }
    pages.show_runs(steps, gaps, only_best={"narrow": [4, 1, 3]})
    (((ax, *_), more),) = shown
    assert {name: table["step"] for name, table in more["data"].items()} == {
        f"{loss}, wide": when for loss, when in steps.items()
    }
    for panel, (loss, factor) in zip(ax.figure.axes, {"p": 1, "q": 3}.items(), strict=True):
        assert panel.get_title() == loss
        levels = [line for line in panel.lines if line.get_label() == "best of narrow"]
        (level,) = [float(line.get_ydata()[0]) for line in levels]
        assert level == pytest.approx(factor * float(RUNS[-1].min()))
        worst = panel.lines[RUNS.shape[1]]
        assert worst.get_label() == "wide"
        assert worst.get_xdata().tolist() == steps[loss]
        assert worst.get_ydata() == pytest.approx((factor * RUNS.amax(1)).numpy())


def test_ten_of_the_random_runs_are_shown(shown):
    pages.show_stairs(STAIRS, STEPS, RUNS.repeat(1, 5), LEVELS)
    ((_, more),) = shown
    assert list(more["data"]["Small starts"]) == ["step", *(f"run {k}" for k in range(1, 11))]


def test_shares_by_price_and_by_size_have_their_panels_and_tables(shown):
    pages.show_bottleneck(SPECTRA, FUNNEL, SHARES, SMALL)
    (((ax, *_), more),) = shown
    for panel, shares in zip(ax.figure.axes[2:], (SHARES, SMALL), strict=True):
        points = [line for line in panel.lines if line.get_marker() == plot.MARKERS[1]]
        assert points[0].get_xdata().tolist() == list(shares)
    assert list(more["data"]["Stuck"].values()) == [
        [1.0, 2.5, 4.0],
        pytest.approx([0, 0.2, 0.2]),
        pytest.approx([0.01] * 3),
    ]
    assert more["data"]["Stuck, small starts"]["σ"] == [0.3, 0.1, 0.03]
    assert more["data"]["Eigenvalues"]["eigenvalue 4"].tolist() == [3, 4.5, 6]


def test_the_box_of_a_half_is_drawn_beside_the_one_given(shown):
    pages.show_trap(BOX, {0.6: torch.tensor(0.6)})
    (((ax, *_), more),) = shown
    assert [box.get_width() for box in ax.patches] == pytest.approx([1.0, 1.4])
    (best,) = [line for line in ax.lines if line.get_label() == "best of the box"]
    assert best.get_xydata()[0] == pytest.approx(BOX.place)
    assert more["data"]["Search"]["least loss"].tolist() == pytest.approx([0.6])


def test_every_run_is_a_line_and_the_worst_stands_out():
    ax = figures.draw_gaps(STEPS, {"4–3–3": RUNS}, {})
    *thin, worst = ax.lines
    assert len(thin) == RUNS.shape[1]
    assert worst.get_ydata().tolist() == pytest.approx(RUNS.amax(1).tolist())


def test_an_escape_stands_where_the_descent_before_it_ended():
    ax = figures.draw_stairs(STAIRS, LEVELS)
    squares = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "s"]
    assert squares == [[0, 14], [8, 5]]


def test_runs_are_counted_as_they_end():
    ax = landscapes.draw_valley(*FUNNEL[1:])
    stuck = int(FUNNEL.stuck.sum())
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == [f"global: {60 - stuck}", f"stuck: {stuck}"]


# ---- explorers


def test_chapter_has_three_tabs():
    assert list(explore.chapter().explorers) == ["Trap", "Bottleneck", "Escape"]


# ---- the trap


@pytest.mark.parametrize("radius", [0.51, 0.6, 0.5**0.5, 0.75, 0.9, 1.0])
def test_best_place_of_a_box_lies_in_it_and_has_the_least_loss(radius):
    net, point = traps.kink_trap()
    box = traps.trap_box(radius)
    best = traps.trap_surface(*torch.tensor(box.place, **REAL))
    assert (best - point).abs().max() <= radius + 1e-12
    # Ten sums and products of numbers below 1: 1e-14.
    assert net.loss(best).item() == pytest.approx(traps.kink_trap_value(radius), abs=1e-14)
    assert net.loss(best).item() == pytest.approx(box.best, abs=1e-14)


def test_nothing_on_the_surface_is_below_the_least_loss_of_its_box():
    box = traps.trap_box(0.5)
    reach = torch.maximum(box.outer.abs().expand_as(box.loss), box.inner.abs()[:, None])
    floor = torch.tensor([traps.kink_trap_value(r) for r in reach.ravel().tolist()], **REAL)
    assert (box.loss.ravel() >= floor - 1e-12).all()


@pytest.mark.parametrize(
    ("radius", "words"),
    [(0.5, "nowhere below 1: no move"), (0.6, "3 − 4r"), (0.8, "((1 − r)/r)²"), (1.0, "reaches")],
)
def test_box_says_which_piece_of_the_formula_holds(radius, words):
    explorer = explore.box()
    explorer.move(radius=radius)
    assert words in explorer.description


# ---- the bottleneck


@pytest.mark.parametrize("weight", [0.5, 1.0, 4.0])
def test_valley_is_the_least_loss_of_rank_one_matrices_with_a_diagonal(weight):
    net, _ = traps.bottleneck_trap(weight)
    theta = torch.randn(4000, 4, generator=generator(0, "rank one"), **REAL)
    diagonals = net.product(theta).diagonal(dim1=-2, dim2=-1)
    folded = traps.valley(diagonals, weight)
    assert (net.loss(theta) >= folded - 1e-9).all()
    # The balanced matrix with |A_12| = |A_21| attains it.
    a, d = diagonals.abs().clamp(min=1e-3).sqrt().unbind(-1)
    even = torch.stack([a, d * diagonals[:, 1].sign(), a * diagonals[:, 0].sign(), d], -1)
    signed = net.product(even).diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(net.loss(even), traps.valley(signed, weight), rtol=0, atol=1e-12)


def test_paths_end_where_they_are_counted():
    funnel = traps.bottleneck_runs(4.0, 1.0)
    ends = funnel.paths[-1]
    poles = torch.where(funnel.stuck[:, None], torch.tensor([0.0, 0.5]), torch.tensor([1.0, 0.0]))
    # Time 12 at curvatures of order 1 leaves e^−12 of the distance to the slowest.
    assert (ends - poles).abs().median() < 1e-3
    assert funnel.stuck.any()
    assert not funnel.stuck.all()


@pytest.mark.parametrize(
    ("weight", "word"), [(1.9, "a saddle"), (2.0, "on the border"), (2.1, "a local minimum")]
)
def test_kind_of_the_bad_point_is_named_by_its_eigenvalue(weight, word):
    explorer = explore.funnel()
    explorer.move(weight=weight)
    assert f"diag(0, ½) is {word}" in explorer.description
    net, point = traps.bottleneck_trap(weight)
    found = certify(net.loss, point, symmetries=1).smallest_eigenvalue
    assert found.item() == pytest.approx(weight - 2, abs=1e-9)


# ---- the stairs


@pytest.mark.parametrize("layers", [2, 3, 4])
def test_stairs_lead_from_rank_to_rank(layers):
    found = [runs.climb_down(layers, 0.3, presses) for presses in range(4)]
    assert [run.rank for run in found] == [0, 1, 2, 3]
    # Descent stops at gradients of 1e-9: the loss is quadratic in them.
    assert [float(run.losses[-1][-1]) for run in found] == pytest.approx([14, 5, 1, 0], abs=1e-9)
    assert found[-1].pushes == pytest.approx(found[-1].predicted, rel=1e-6)
    for before, after in zip(found[-1].losses[:-1], found[-1].losses[1:], strict=True):
        assert float(after[0]) == pytest.approx(float(before[-1]), abs=1e-12)
        assert (after.diff() <= 1e-12).all()
    assert runs.climb_down(layers, 0.3, 4) is found[-1]


def test_button_says_what_it_gave_and_when_nothing_is_left():
    explorer = explore.stairs()
    assert "Loss 5, product of rank 1" in explorer.description
    assert "0.54 (δ to the power N − 1, times σ₁ of ∇f: 0.54)" in explorer.description
    explorer.move(presses=1)
    assert "Loss 1, product of rank 2" in explorer.description
    assert "a saddle: escape!" in explorer.description
    explorer.move(presses=4)
    assert "nothing to escape from" in explorer.description


# ---- claims can fail


def test_claims_of_the_chapter_fail_where_they_should():
    claim = Ledger(rooms.room("09"), "quick").claim
    net, point = traps.bottleneck_trap(2.1)
    wrong = torch.linalg.eigvalsh(torch.func.hessian(net.loss)(point))
    lines = torch.tensor([-0.1, 0.0, 2.0, 3.9], **REAL)  # those of K = 1.9
    with pytest.raises(ClaimFailed, match="bottleneck-eigenvalues"):
        claim("minima/bottleneck-eigenvalues").agrees(wrong, lines, atol=1e-12)
    with pytest.raises(ClaimFailed, match="minima/trap-depth"):  # 3 − 4r goes on to 3/4 only
        claim("minima/trap-depth").agrees(3 - 4 * 0.75, traps.kink_trap_value(0.75), atol=1e-9)
    with pytest.raises(ClaimFailed, match="minima/all-runs"):
        claim("minima/all-runs").agrees([0.0, 0.4473], 0, atol=1e-6)


def test_product_is_what_the_stairs_descend_on():
    run = runs.climb_down(3, 0.3, 3)
    net = nets.DeepLinear([3, 4, 4, 3], nets.squared_loss(torch.eye(3, **REAL)))
    target = torch.diag(torch.tensor(runs.SINGULAR_VALUES, **REAL))
    torch.testing.assert_close(end_to_end(net.factors(run.theta)), target, rtol=0, atol=1e-8)


# ---- descents, the certificates of their ends, and searches


@pytest.mark.parametrize("radius", [0.3, 0.5, 0.6, 0.75])
def test_search_finds_the_formula_and_never_less(radius):
    ends = runs.search_box(radius, 24, generator=generator(0, "box", int(100 * radius)))
    assert ends.min().item() == pytest.approx(traps.kink_trap_value(radius), abs=1e-9)
    assert ends.shape == (24,)


def test_search_refuses_a_box_without_inside():
    with pytest.raises(DomainError, match="radius must be > 0, but it is 0"):
        runs.search_box(0.0, 2, generator=generator(0, "box"))


def test_share_of_stuck_runs_is_none_below_the_threshold_and_some_above():
    none, _ = runs.stuck_share(1.0, 1.0, 200, seed=0)
    some, error = runs.stuck_share(4.0, 1.0, 200, seed=0)
    assert none == 0
    # Earlier runs of 200 starts gave .31; both shares have this standard error.
    assert abs(some - 0.31) < 4 * math.sqrt(2) * error


def test_descent_is_gradient_descent_and_the_heavy_ball():
    net, point = traps.kink_trap(0.5)
    start = point + 0.1 * torch.randn(3, 8, generator=generator(0, "kick"), **REAL)
    theta, moving, velocity = start, start, torch.zeros_like(start)
    for _ in range(5):
        theta = theta - 0.01 * net.grad(theta)
        velocity = 0.9 * velocity + net.grad(moving)
        moving = moving - 0.01 * velocity
    plain = runs.descend(net, start, 0.01, [0, 5])
    torch.testing.assert_close(plain, torch.stack([start, theta]), rtol=0, atol=1e-14)
    heavy = runs.descend(net, start, 0.01, [0, 5], 0.9)
    torch.testing.assert_close(heavy, torch.stack([start, moving]), rtol=0, atol=1e-14)


def test_losses_are_convex_and_their_gradients_are_those_by_machine():
    a, b = torch.randn(2, 50, 3, 4, generator=generator(0, "matrices"), **REAL)
    for loss, _, _ in runs.convex_losses(generator(0, "data")).values():
        assert loss(a).shape == (50,)
        assert (loss((a + b) / 2) <= (loss(a) + loss(b)) / 2).all()
        point = a.clone().requires_grad_()
        (slope,) = torch.autograd.grad(loss(point).sum(), point)
        torch.testing.assert_close(loss.gradient(a), slope, rtol=1e-10, atol=1e-12)


def test_wide_layers_reach_the_convex_optimum_and_narrow_ones_do_not():
    loss, lr, last = runs.convex_losses(generator(0, "data"))["logistic and ridge"]
    ends = {}
    for widths in ([4, 3], [4, 3, 3], [4, 2, 3]):
        net = nets.DeepLinear(widths, loss)
        starts = net.init(generator(0, "starts", *widths), (10,), std=0.3)
        points = runs.descend(net, starts, lr, [0, last], 0.9)
        ends[len(widths), widths[1]] = net.loss(points)
        assert certify(net.loss, points[-1]).second_order.all()
    optimum = ends[2, 3][1]
    # Linear convergence: the rest is round-off of a loss below 1.
    assert optimum.max() - optimum.min() < 1e-12
    assert (ends[3, 3][1] - optimum).abs().max() < 1e-12
    assert (ends[3, 3][0] - optimum).min() > 0.01
    assert (ends[3, 2][1] - optimum).min() > 1e-3


def test_power_between_two_sizes_and_its_error_are_those_of_resampled_estimates():
    shares = {
        0.01: Estimate(torch.tensor(0.003, **REAL), torch.tensor(0.0002, **REAL)),
        0.04: Estimate(torch.tensor(0.024, **REAL), torch.tensor(0.0006, **REAL)),
        1.0: Estimate(torch.tensor(0.5, **REAL), torch.tensor(0.1, **REAL)),
    }
    slope, stderr = runs.power_between(shares, 0.01, 0.04)
    assert float(slope) == pytest.approx(1.5)  # eight times as much at four times the size
    noise = torch.randn(2, 100_000, generator=generator(0, "noise"), **REAL)
    low, high = (m + s * z for (m, s), z in zip(list(shares.values())[:2], noise, strict=True))
    # The error is linearised: relative errors of 7 % leave about 1 % of it.
    assert float(stderr) == pytest.approx(float((high / low).log().std() / math.log(4)), rel=0.02)


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.1), (0.1, 0.01), (0.0, 0.1), (0.1, 1.0)])
def test_power_between_refuses_what_has_no_logarithm(low, high):
    error, zero = torch.tensor(0.01), torch.tensor(0.0)
    shares = {x: Estimate(torch.tensor(0.2), error) for x in (0.0, 0.01, 0.1)}
    shares[1.0] = Estimate(zero, error)
    with pytest.raises(DomainError, match=rf"but they are {low:g} and {high:g} with 0\.2 and 0"):
        runs.power_between(shares, low, high)


@pytest.mark.parametrize("smoothing", [0.5, 0.05])
def test_curvature_of_the_smoothed_trap_is_that_of_its_hessian(smoothing):
    net, point = traps.kink_trap(smoothing)
    found = certify(net.loss, point).smallest_eigenvalue.item()
    assert -runs.smoothed_curvature(smoothing) == pytest.approx(found, rel=1e-9)


def test_runs_leave_the_smoothed_trap_at_the_rate_of_its_saddle():
    # Before the fall the loss sinks below the trap's by an amount that grows like μ²ⁿ, with
    # μ² − (1 + β + lr|λ|) μ + β = 0 for the heavy ball: 4 % slower than the flow's e^{lr|λ|/(1−β)}.
    kicks = 1e-6 * torch.randn(5, 8, generator=generator(0, "kicks"), **REAL)
    fall = runs.leave_trap(0.2, kicks, [1200, 1600])
    middle = (1.9 + 5e-4) / 2
    growth = 2 * 400 * math.log(middle + math.sqrt(middle**2 - 0.9))
    gained = (0.9 - fall.losses).log().diff(dim=0)[0]
    # The other directions have died out to 1e-3 of what grows.
    torch.testing.assert_close(gained, torch.full_like(gained, growth), rtol=1e-3, atol=0)
    assert float(fall.time.diff()) == pytest.approx(2.0)
    assert growth == pytest.approx(4.0, rel=0.05)


def test_quasi_newton_gives_up_where_the_corner_is_sharp():
    kicks = 1e-4 * torch.randn(5, 8, generator=generator(0, "kicks"), **REAL)
    ends = runs.quasi_newton(0.01, kicks)
    assert ends.shape == (5,)
    assert (ends - 0.995).abs().max() < 1e-6
    assert runs.quasi_newton(0.5, 1e3 * kicks).max() < 0.1


def test_bad_minima_behind_a_layer_of_width_one():
    loss, lr, last = runs.convex_losses(generator(0, "data"))["fourth power"]
    net = nets.DeepLinear([4, 1, 3], loss)
    starts = net.init(generator(0, "starts", 4, 1, 3), (100,), std=0.3)
    ends = runs.descend(net, starts, lr, [last], 0.9)[0]
    # Strict minima but for the rescaling of the two factors, at two different losses.
    assert certify(net.loss, ends, symmetries=1).minimum.all()
    levels = torch.unique((net.loss(ends) * 1e6).round())
    assert len(levels) == 2
    assert levels.diff() > 1e6


def test_quasi_newton_counts_only_what_the_routine_calls_a_success(monkeypatch):
    ended = iter([SimpleNamespace(fun=0.5, success=True), SimpleNamespace(fun=0.5, success=False)])
    monkeypatch.setattr("scipy.optimize.minimize", lambda *args, **more: next(ended))
    ends = runs.quasi_newton(0.5, torch.zeros(2, 8, **REAL))
    assert ends[0] == 0.5
    assert ends[1].isnan()


# ---- where the theorem ends


def test_the_kink_traps_within_half():
    values = {0.3: 1.0, 0.49: 1.0, 0.5: 1.0, 0.51: 0.96, 0.55: 0.8, 0.6: 0.6, 0.7: 0.2}
    for radius, value in values.items():
        assert traps.kink_trap_value(radius) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("radius", [0.5, 0.55, 0.7, 0.72, 0.75, 0.9])
def test_the_value_of_the_trap_is_attained(radius):
    net, theta = traps.kink_trap()
    x = min(radius, 1 / (2 * radius))
    y = -(1 - radius) * x / radius
    point = torch.tensor([1 - radius, radius, y, x, y, 1 - radius, x, radius], **REAL)
    assert (point - theta).abs().max() <= radius + 1e-15
    assert net.loss(point).item() == pytest.approx(traps.kink_trap_value(radius), abs=1e-14)


@pytest.mark.parametrize("radius", [0.3, 0.5, 0.6, 0.72, 0.75])
def test_no_point_within_the_radius_is_below_the_value_of_the_trap(radius):
    # Alternating linear programmes: with one factor fixed the other's best is exact.
    from scipy.optimize import linprog

    target, starts = np.diag([0.0, 1.0]), np.random.default_rng(0)
    first, second = np.diag([1.0, 0.0]), np.array([[0.0, 1.0], [0.0, 0.0]])

    def best(fixed, centre):
        """min Σ|fixed X − target| over X within the radius of its centre, column by column."""
        total, columns = 0.0, []
        for k in range(2):
            rows = np.block([[fixed, -np.eye(2)], [-fixed, -np.eye(2)]])
            sides = np.r_[target[:, k], -target[:, k]]
            bounds = [(c - radius, c + radius) for c in centre[:, k]] + [(0, None)] * 2
            solved = linprog([0, 0, 1, 1], A_ub=rows, b_ub=sides, bounds=bounds)
            total += solved.fun
            columns.append(solved.x[:2])
        return total, np.array(columns).T

    lowest = 1.0
    for _ in range(8):
        w2 = second + radius * starts.choice([-1, 1], (2, 2))
        for _ in range(4):
            _, w1 = best(w2, first)
            value, transposed = best(w1.T, second.T)
            w2 = transposed.T
        lowest = min(lowest, value)
    # Corners are where products of two boxes are extreme: the search finds the value itself.
    assert lowest == pytest.approx(traps.kink_trap_value(radius), abs=1e-9)


def test_rounding_the_kink_opens_the_trap_but_not_wide():
    kicks = 1e-3 * torch.randn(6, 8, generator=generator(0, "kicks"), **REAL)
    for delta in (0.5, 0.1, 0.01):
        net, theta = traps.kink_trap(delta)
        assert net.grad(theta).norm() == 0
        assert net.loss(theta).item() == pytest.approx(1 - delta / 2, abs=1e-15)
        ends = net.loss(runs.descend(net, theta + kicks, 0.02 * delta, [10_000], 0.9)[0])
        if delta > 0.05:
            assert ends.max() < 1e-12
        else:  # smooth, so no local minimum; yet nothing has moved after 10,000 steps
            assert (ends - 0.995).abs().max() < 1e-3


@pytest.mark.parametrize(("coupling", "verdict"), [(1.9, "saddle"), (2.1, "minimum")])
def test_the_bottleneck_traps_above_coupling_two(coupling, verdict):
    net, theta = traps.bottleneck_trap(coupling)
    spectrum = torch.linalg.eigvalsh(torch.autograd.functional.hessian(net.loss, theta))
    expected = torch.tensor(sorted([0.0, coupling - 2, 2.0, coupling + 2]), **REAL)
    torch.testing.assert_close(spectrum, expected, rtol=0, atol=1e-13)
    found = certify(net.loss, theta, symmetries=1)
    assert found.verdict == verdict
    assert found.smallest_eigenvalue.item() == pytest.approx(coupling - 2)
    assert balancedness(net.factors(theta)) < 1e-15
    best = torch.tensor([1.0, 0.0, 1.0, 0.0], **REAL)
    assert net.loss(best).item() == 0.25
    assert net.grad(best).norm() == 0


def test_how_many_runs_the_bottleneck_traps():
    # Shares on record from 200 starts; four of their standard errors. Below 2 nothing is trapped.
    for coupling, share in ((1.0, 0.005), (2.1, 0.125), (4.0, 0.31)):
        net, _ = traps.bottleneck_trap(coupling)
        starts = net.init(generator(0, "bottleneck"), (1000,))
        ends = net.loss(runs.descend(net, starts, 0.02, [3000])[0])
        trapped = ((ends - 1).abs() < 1e-3).double().mean().item()
        assert abs(trapped - share) <= 4 * math.sqrt(share * (1 - share) / 200)
        assert ((ends - 0.25).abs() < 1e-3).double().mean().item() > 0.99 - trapped


def test_traps_refuse_numbers_out_of_range():
    with pytest.raises(DomainError, match=r"radius must be ≥ 0, but it is -0.5"):
        traps.kink_trap_value(-0.5)
    with pytest.raises(DomainError, match=r"coupling must be ≥ 0 and finite, but it is -1"):
        traps.bottleneck_trap(-1)
    with pytest.raises(DomainError, match=r"huber_loss: delta must be"):
        traps.kink_trap(-1)


@pytest.mark.parametrize("delta", [0.5, 0.2, 0.01])
def test_smoothed_trap_is_a_saddle_of_known_curvature(delta):
    # The pair (W_1)_12, (W_2)_21 sees [[0, −1], [−1, 1/δ]]; round-off grows with 1/δ.
    net, point = traps.kink_trap(delta)
    found = certify(net.loss, point)
    expected = 1 / (2 * delta) - (1 / (4 * delta**2) + 1) ** 0.5
    assert found.gradient_norm == 0
    assert found.smallest_eigenvalue.item() == pytest.approx(expected, abs=1e-13 / delta)
