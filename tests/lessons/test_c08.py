"""Lesson 8: races are what they say and tuned as they say; loops collect what is predicted."""

import itertools
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from samples_c08 import ENDS, FALL, LOSSES, PAGES, RATES, RING, SPEEDS, STEPS, SUM

from bsgd_edu import datasets, dynamics, nets, rules
from bsgd_edu.errors import DataError, DomainError, UsageError
from bsgd_edu.lessons.c08_implicit_acceleration import explore, figures, pages, ring, runs
from bsgd_edu.lessons.c08_implicit_acceleration.explore import plane_step
from bsgd_edu.maps import forward_orbit
from bsgd_edu.nets.deep_linear import balanced_factors

REAL = {"dtype": torch.float64}

# ---- figures and pages


def test_a_run_that_diverges_ends_at_the_roof_and_is_not_drawn_on():
    run = torch.tensor([1.0, 1e3, 1e9, torch.inf, torch.nan, torch.nan])
    heights = figures.draw_losses(STEPS, {"depth 1": run}).lines[0].get_ydata()
    np.testing.assert_array_equal(heights[:3], [1.0, 1e3, 1e4])
    assert np.isnan(heights[3:]).all()


def test_learning_rates_that_diverged_have_no_marker():
    drawn = figures.draw_rates(RATES, ENDS).lines[0].get_ydata()
    assert np.isnan(drawn[2])
    assert np.isfinite(drawn[:2]).all()


def test_a_method_has_one_colour_in_every_panel():
    left = figures.draw_losses(STEPS, {"momentum": FALL, "depth 1": FALL})
    right = figures.draw_speeds({"momentum": SPEEDS["momentum"]})
    colours = [line.get_color() for line in left.lines]
    assert right.lines[0].get_color() == colours[0] != colours[1]


def test_loops_and_what_they_collect_keep_their_names(monkeypatch):
    given = {}
    for name, place in (("draw_field", 2), ("draw_circulations", 1)):
        original = getattr(figures, name)

        def spy(*parts, original=original, name=name, place=place, **options):
            given[name] = parts[place]
            return original(*parts, **options)

        monkeypatch.setattr(figures, name, spy)
    pages.show_loops(*PAGES["show_loops"])
    assert torch.equal(given["draw_field"]["half-ring"], RING)
    assert torch.equal(given["draw_field"]["circle"], RING + 1)
    ring, circle = given["draw_circulations"].items()
    assert "half-ring" in ring[0]
    assert torch.equal(ring[1], SUM)
    assert "circle" in circle[0]
    assert torch.equal(circle[1], -SUM)


def test_theory_around_the_half_ring_meets_the_library_at_whole_depths(monkeypatch):
    drawn = []
    original = figures.draw_circulations
    monkeypatch.setattr(
        figures,
        "draw_circulations",
        lambda *a, **k: drawn.append(k["theory"]) or original(*a, **k),
    )
    pages.show_loops(*PAGES["show_loops"])
    depths, line = drawn[0]
    for whole in (1, 2, 3, 4):
        place = int((depths - whole).abs().argmin())
        expected = ring.half_annulus_circulation(whole, 0.5, 1.0)
        # Depths a sixtieth of the range apart: the line passes within its slope times that.
        assert abs(float(line[place]) - expected) < 0.03


def test_the_smallest_case_shows_one_rate_by_step_and_all_of_them_at_the_end(monkeypatch):
    drawn = {}
    for name in ("draw_losses", "draw_rates"):
        original = getattr(figures, name)

        def spy(*given, original=original, name=name, **options):
            drawn[name] = given
            return original(*given, **options)

        monkeypatch.setattr(figures, name, spy)
    pages.show_toy(*PAGES["show_toy"])
    for depth, run in LOSSES.items():
        assert torch.equal(drawn["draw_losses"][1][depth], run[:, 1])  # the rate 1e-2 of three
        assert torch.equal(drawn["draw_rates"][1][depth], run[-1])


def test_the_ellipse_is_long_along_w_and_gone_at_the_origin():
    (ellipse,) = figures.draw_plane(plane_step("2", 4, 1.0, 1.0, 0.5)).patches
    assert ellipse.width / ellipse.height == pytest.approx(4)
    assert ellipse.angle == pytest.approx(45)
    assert not figures.draw_plane(plane_step("2", 4, 0.0, 0.0, 0.5)).patches


# ---- explorers


def test_chapter_has_two_tabs():
    assert list(explore.chapter().explorers) == ["Plane", "Race"]


def test_plane_says_which_zeros_mean_a_potential():
    explorer = explore.plane()
    for move, word in (
        ({"loss": "linear", "depth": 2}, "every loop"),
        ({"loss": "linear", "depth": 3}, "no function"),
        ({"loss": "2", "depth": 2}, "no function"),
        ({"depth": 1}, "every loop"),
        # w parallel to the gradient: zero by symmetry, although there is no potential
        ({"loss": "linear", "depth": 4, "first": 2.0, "second": 1.0}, "symmetry"),
        ({"loss": "4", "depth": 3}, "minimum"),
        ({"first": 0.0, "second": 0.0}, "origin"),
    ):
        explorer.move(**move)
        assert word in explorer.description, (move, explorer.description)


def test_plane_step_has_the_gains_of_depth():
    # w = (3, 4)/5·|w| with |w| = 5 and N = 2: gains 10 and 5 by hand.
    step = explore.plane_step("linear", 2, 3.0, 4.0, 0.5)
    assert step.gains == pytest.approx((10.0, 5.0))
    unit = step.point / 5
    along = float(step.direction @ unit), float(step.gradient @ unit)
    assert along[0] == pytest.approx(10 * along[1])


def test_plane_circulation_is_the_integral_of_the_curl():
    # Depth 3, constant gradient: curl (2/3) |w|^{1/3} |g| sin θ, integrated over the disc.
    step = explore.plane_step("linear", 3, 0.4, 1.3, 0.2)
    field = dynamics.loops.end_to_end_field(
        lambda w: torch.tensor([-1.0, -0.5], **REAL).expand_as(w), 3
    )
    curl = float(dynamics.loops.curl(field, step.point))
    # The curl at the centre times the area, up to the square of the radius over that of |w|.
    assert float(step.circulations[2]) == pytest.approx(curl * math.pi * 0.04, rel=0.03)


def test_races_are_kept_so_that_no_slider_waits():
    explore.racing()
    before = explore.racing_losses.cache_info().misses
    for power, rate in itertools.product((2, 4), range(len(explore.RATES))):
        explore.race_at(power, rate, 0.01)
    assert explore.racing_losses.cache_info().misses == before


def test_losses_of_the_explorer_belong_to_their_start():
    for row, size in enumerate(explore.STARTS):
        result = explore.race_at(2, 4, size)
        whole = explore.racing_losses(2)["depth 2"][:, row, 4]
        torch.testing.assert_close(result.curves["depth 2"], whole, equal_nan=True)
        assert result.rate == explore.RATES[4]


# ---- races of optimisers


@pytest.fixture(scope="module")
def problem():
    stream = torch.Generator().manual_seed(0)
    inputs, targets, _ = datasets.heavy_tailed_regressions([stream, stream], 60, 4)
    start = torch.randn(2, 4, generator=stream, **REAL)
    return inputs, targets, 0.1 * start / start.norm(dim=-1, keepdim=True)


def test_regressions_are_the_library_loss_draw_by_draw(problem):
    inputs, targets, start = problem
    for power in (2, 4):
        loss, point = runs.regressions(inputs, targets, power), start[:, None, None]
        for draw in range(2):
            single = nets.lp_loss(inputs[draw], targets[draw], power)
            torch.testing.assert_close(loss(point)[draw], single(point[draw]))
            slope = loss.gradient(point)[draw]
            torch.testing.assert_close(slope, single.gradient(point[draw]))
    with pytest.raises(UsageError, match="power must be even, 2 to 8, but it is 3"):
        runs.regressions(inputs, targets, 3)


@pytest.mark.parametrize("method", ["depth 1", "depth 2", "depth 3", "scale of depth 2"])
def test_a_race_is_plain_descent_written_out(method, problem):
    inputs, targets, start = problem
    loss, eta = nets.lp_loss(inputs[1], targets[1], 4), 0.003
    rates = torch.tensor([0.001, eta], **REAL)
    losses = runs.race(runs.regressions(inputs, targets, 4), start, method, rates, [0, 5])
    depth, scaled = int(method[-1]), method.startswith("scale")
    parts = [start[1].clone()[None]] if scaled else balanced_factors(start[1:], [4] + [1] * depth)
    parts = [part.requires_grad_() for part in parts]
    for step in range(6):
        product = parts[0]
        for part in parts[1:]:
            product = part @ product
        value = loss(product)
        if step == 0:
            assert float(losses[0, 1, 1]) == pytest.approx(value.item())
        size = product.detach().norm() ** (2 - 2 / depth) if scaled else 1.0
        slopes = torch.autograd.grad(value, parts)
        if step < 5:
            parts = [
                (p - eta * size * g).detach().requires_grad_()
                for p, g in zip(parts, slopes, strict=True)
            ]
    assert float(losses[1, 1, 1]) == pytest.approx(value.item(), rel=1e-10)


@pytest.mark.parametrize(
    ("method", "kind", "options"),
    [
        ("momentum", torch.optim.SGD, {"momentum": 0.9}),
        ("AdaGrad", torch.optim.Adagrad, {}),
        ("AdaDelta", torch.optim.Adadelta, {}),
    ],
)
def test_baselines_are_torchs_own(method, kind, options, problem):
    inputs, targets, start = problem
    rates = torch.tensor([0.002, 0.01], **REAL)
    losses = runs.race(runs.regressions(inputs, targets, 4), start, method, rates, [7])
    loss, w = nets.lp_loss(inputs[0], targets[0], 4), start[:1].clone().requires_grad_()
    optimizer = kind([w], lr=0.01, **options)
    for _ in range(7):
        optimizer.zero_grad()
        loss(w).backward()
        optimizer.step()
    assert float(losses[0, 0, 1]) == pytest.approx(loss(w).item(), rel=1e-10)


def test_rule_and_network_race_apart_in_proportion_to_the_rate(problem):
    inputs, targets, start = problem
    loss, rates = runs.regressions(inputs, targets, 4), torch.tensor([2e-3, 1e-3], **REAL)
    pair = [runs.race(loss, start, m, rates, [100, 200]) for m in ("depth 2", "rule of depth 2")]
    gap = (pair[0] / pair[1]).log().abs()
    ratio = gap[0, :, 0] / gap[1, :, 1]  # both at time 0.2
    torch.testing.assert_close(ratio, torch.full((2,), 2.0, **REAL), rtol=0.1, atol=0)


@pytest.mark.parametrize("method", ["depth", "depth 0", "height 2", "Adam", "2", "warm-up of 0"])
def test_a_race_refuses_methods_it_does_not_know(method, problem):
    inputs, targets, start = problem
    with pytest.raises(UsageError, match=f"but it is '{method}'"):
        runs.race(runs.regressions(inputs, targets, 4), start, method, torch.ones(1), [1])


def test_steps_to_is_the_first_passage():
    losses = torch.tensor([[8.0, 1.0, 8.0, 8.0], [2.0, 9.0, 9.0, 9.0], [9.0, 9.0, torch.nan, 4.0]])
    found = runs.steps_to([1, 10, 100], losses, 4.0)
    # Halfway between 8 and 2 in logarithms: 10^½; at once; never; exactly at the last.
    torch.testing.assert_close(found, torch.tensor([10**0.5, 1.0, torch.inf, 100.0]))


def test_tuned_race_takes_the_best_rate_of_each_draw(problem):
    inputs, targets, start = problem
    loss, rates = runs.regressions(inputs, targets, 2), torch.tensor([0.01, 0.5, 1e3], **REAL)
    run = runs.tuned_race(loss, start, {"depth 1": rates}, 100, 0.5)["depth 1"]
    assert run.rate.tolist() == [0.5, 0.5]
    assert run.at_end.tolist() == [False, False]
    assert run._replace(rates=rates[1:]).at_end.tolist() == [True, True]
    assert run._replace(rates=rates[:2]).at_end.tolist() == [True, True]
    torch.testing.assert_close(run.steps, run.grid[:, 1])
    # Out of reach: the whole run counts, at the rate with the lowest last loss.
    never = runs.tuned_race(loss, start, {"depth 1": rates}, 100, 1e-30)["depth 1"]
    assert never.steps.tolist() == [100, 100]
    assert never.rate.tolist() == [0.5, 0.5]
    assert run.at[0] == 0
    assert run.at[-1] == 100
    direct = runs.race(loss, start, "depth 1", rates[1:2], run.at)[..., 0]
    torch.testing.assert_close(run.curve, direct)


def test_geometric_mean_is_the_root_of_the_product_and_turns_ratios_around():
    ratios = torch.tensor([1.0, 2.0, 13.5], **REAL)
    assert float(runs.geometric_mean(ratios)) == pytest.approx(3, rel=1e-14)
    assert float(runs.geometric_mean(1 / ratios)) == pytest.approx(1 / 3, rel=1e-14)
    run = runs.Tuned(ratios, ratios, ratios, [0], ratios, 2 * ratios)
    assert float(run.mean_steps) == pytest.approx(3, rel=1e-14)


def test_rule_gap_is_read_at_time_one_for_each_rate():
    # Scalars, loss ½(w − 1)²: w ← w − η w (w − 1)·2 is the rule of depth 2, run by hand.
    loss = nets.lp_loss(torch.ones(1, 1, **REAL), torch.ones(1, **REAL), 2)
    root, rates = torch.tensor([[0.5]], **REAL), torch.tensor([0.1, 0.05], **REAL)
    gap = runs.rule_gap([root, root], loss, rates)
    for place, eta in enumerate(rates.tolist()):
        rule, a = 0.25, 0.5
        for _ in range(round(1 / eta)):
            rule, a = rule - 2 * eta * rule * (rule - 1), a - eta * a * (a * a - 1)
        assert float(gap.product[place, 0]) == pytest.approx(a * a, rel=1e-12)
        assert float(gap.distance[place]) == pytest.approx(abs(a * a - rule) / rule, rel=1e-9)
    assert float(gap.imbalance.max()) < 1e-12


def test_rule_gap_knows_weight_decay():
    stream = torch.Generator().manual_seed(1)
    x, y = (
        torch.randn(20, 4, generator=stream, **REAL),
        torch.randn(20, 2, generator=stream, **REAL),
    )
    factors = balanced_factors(torch.randn(2, 4, generator=stream, **REAL), [4, 3, 2])
    rates = torch.tensor([0.02, 0.01], **REAL)
    loss = nets.lp_loss(x, y, 2)
    for decay in (0.0, 0.5):
        gap = runs.rule_gap(factors, loss, rates, weight_decay=decay).distance
        # Halves with η, up to a relative O(η) of the next order.
        assert float(gap[0] / gap[1]) == pytest.approx(2, abs=0.2)


def test_memory_rebuilds_the_path_and_its_weights_add_up_to_the_step(problem):
    inputs, targets, start = problem
    loss = nets.lp_loss(inputs[0], targets[0], 4)
    halves = [runs.memory(loss, start[0], eta, round(0.5 / eta)).error for eta in (2e-3, 1e-3)]
    assert halves[0] / halves[1] == pytest.approx(2, abs=0.2)
    # Another route: run w ← (1 − γ) w − ρ g on three unit "gradients" and read off the weights.
    rho, gamma = torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.tensor([0.5, -0.5, -0.25, -1.0])
    weights = runs.Memory(0.0, rho, gamma, rho).weights(3)
    # Step 3 contains −γ_3 times what is left of each: ρ_2; ρ_1 (1 − γ_2); ρ_0 (1 − γ_1)(1 − γ_2).
    expected = torch.tensor([0.4, 0.3, 0.2 * 1.25, 0.1 * 1.5 * 1.25]) / 0.4
    torch.testing.assert_close(weights, expected)


def test_warm_up_raises_the_rate_in_equal_parts(problem):
    inputs, targets, start = problem
    rates = torch.tensor([0.001, 0.004], **REAL)
    losses = runs.race(runs.regressions(inputs, targets, 4), start, "warm-up of 4", rates, [3, 6])
    loss, w = nets.lp_loss(inputs[1], targets[1], 4), start[1:]
    for step, share in enumerate((0.25, 0.5, 0.75, 1.0, 1.0, 1.0)):
        if step == 3:
            assert float(losses[0, 1, 1]) == pytest.approx(float(loss(w)), rel=1e-12)
        w = w - 0.004 * share * loss.gradient(w)
    assert float(losses[1, 1, 1]) == pytest.approx(float(loss(w)), rel=1e-12)


def test_what_the_past_adds_is_the_newest_gradient_along_w(problem):
    # −γ w = −η (w_1·g) w_1 and ρ g = η w_2² g: the share is |cos(w, g)| |w_1|²/w_2², and in
    # balance |w_1| = |w_2|, up to O(η) over a fixed time.
    inputs, targets, start = problem
    loss, off = nets.lp_loss(inputs[0], targets[0], 4), []
    for eta in (1e-3, 5e-4):
        steps = round(0.5 / eta)
        parts = runs.memory(loss, start[0], eta, steps)
        net = nets.DeepLinear([4, 1, 1], loss)
        theta = net.flat(balanced_factors(start[:1], net.widths))
        path = forward_orbit([rules.sgd_map(net.grad, eta)] * steps, theta)[:-1]
        first, second = path[:, :-1], path[:, -1]
        g = loss.gradient((first * second[:, None])[:, None]).squeeze(-2)
        cosine = torch.nn.functional.cosine_similarity(first, g).abs()
        ratio = first.square().sum(-1) / second.square()
        torch.testing.assert_close(parts.share, cosine * ratio, rtol=1e-9, atol=1e-12)
        off.append(float((ratio[-1] - 1).abs()))
    assert off[0] / off[1] == pytest.approx(2, abs=0.2)


def _gas(name, **_):
    stream = torch.Generator().manual_seed(2)
    inputs = 50 + 9 * torch.randn(80, 5, generator=stream)
    targets = inputs @ torch.arange(5.0) + torch.randn(80, generator=stream)
    return datasets.Dataset(inputs, targets, (5,), 0, name, "train", "", "", True)


def test_ethanol_race_is_standardised_and_tuned(monkeypatch):
    monkeypatch.setattr(datasets, "load", _gas)
    shown = runs.ethanol_race([0, 10, 100])
    assert list(shown) == ["p = 4", "p = 2"]
    for losses in shown.values():
        assert list(losses) == list(runs.METHODS[:-1])
        ends = torch.stack([run[-1] for run in losses.values()])
        assert ends.isfinite().all()
    # At w ≈ 0 the square loss of standardised targets is ½, whatever their unit.
    assert float(shown["p = 2"]["depth 1"][0]) == pytest.approx(0.5, abs=0.02)


def test_ethanol_race_is_none_without_the_data(monkeypatch):
    def missing(name, **_):
        raise DataError("load: 'ethanol' must be downloaded once, but there is no network.")

    monkeypatch.setattr(datasets, "load", missing)
    assert runs.ethanol_race([0, 1]) is None


# ---- the half-ring


def test_the_half_annulus_has_its_area():
    loop = ring.half_annulus_loop(0.5, 1.0, num_edges=400)
    assert loop.shape == (802, 2)
    turn = lambda x: torch.stack([-x[..., 1], x[..., 0]], -1)  # noqa: E731
    area = dynamics.loops.circulation(turn, loop) / 2
    # A polygon in a circle loses the relative area (π/n)²/6.
    assert area.item() == pytest.approx(math.pi / 2 * (1 - 0.25), rel=(math.pi / 400) ** 2 / 5)
    assert loop[:, 1].min() > -1e-15


def test_half_annuli_that_are_none_are_refused():
    for inner, outer in ((0.0, 1.0), (1.0, 0.5), (0.5, math.inf)):
        for call in (
            lambda a=inner, b=outer: ring.half_annulus_loop(a, b),
            lambda a=inner, b=outer: ring.half_annulus_circulation(3, a, b),
        ):
            with pytest.raises(DomainError, match=rf"but they are {inner} and {outer}"):
                call()
    with pytest.raises(DomainError, match=r"num_edges must be ≥ 1, but it is 0"):
        ring.half_annulus_loop(0.5, 1.0, num_edges=0)
    with pytest.raises(DomainError, match=r"depth must be an integer ≥ 1, but it is 0"):
        ring.half_annulus_circulation(0, 0.5, 1.0)


@pytest.mark.parametrize(
    ("depth", "expected"), [(1, 0.0), (2, 0.0), (3, 0.458043), (4, 0.987868)], ids=str
)
def test_circulation_around_the_half_annulus(depth, expected):
    assert ring.half_annulus_circulation(depth, 0.5, 1.0) == pytest.approx(expected, abs=5e-7)
    loops = [ring.half_annulus_loop(0.5, 1.0, num_edges=n) for n in (50, 100, 200, 400)]
    field = dynamics.loops.end_to_end_field(
        lambda w: torch.tensor([1.0, 0.0], **REAL).expand_as(w), depth
    )
    row = [dynamics.loops.circulation(field, loop) for loop in loops]
    # The error of a polygon has even powers of the edge only: extrapolate them away.
    for order in (4, 16, 64):
        row = [(order * b - a) / (order - 1) for a, b in pairwise(row)]
    assert row[0].item() == pytest.approx(ring.half_annulus_circulation(depth, 0.5, 1.0), abs=1e-13)
