"""Races of optimisers: each method is what it says, tuned as it says, and read where it says."""

import pytest
import torch

from bsgd_edu import datasets, nets, rules
from bsgd_edu.errors import DataError, UsageError
from bsgd_edu.lessons.c08_implicit_acceleration import runs as races
from bsgd_edu.maps import forward_orbit
from bsgd_edu.nets.deep_linear import balanced_factors

REAL = {"dtype": torch.float64}


@pytest.fixture(scope="module")
def problem():
    stream = torch.Generator().manual_seed(0)
    data = [datasets.heavy_tailed_regression(60, 4, generator=stream)[:2] for _ in range(2)]
    inputs, targets = (torch.stack(part) for part in zip(*data, strict=True))
    start = torch.randn(2, 4, generator=stream, **REAL)
    return inputs, targets, 0.1 * start / start.norm(dim=-1, keepdim=True)


def test_regressions_are_the_library_loss_draw_by_draw(problem):
    inputs, targets, start = problem
    for power in (2, 4):
        loss, point = races.regressions(inputs, targets, power), start[:, None, None]
        for draw in range(2):
            single = nets.lp_loss(inputs[draw], targets[draw], power)
            torch.testing.assert_close(loss(point)[draw], single(point[draw]))
            slope = loss.gradient(point)[draw]
            torch.testing.assert_close(slope, single.gradient(point[draw]))
    with pytest.raises(UsageError, match="power must be even, 2 to 8, but it is 3"):
        races.regressions(inputs, targets, 3)


@pytest.mark.parametrize("method", ["depth 1", "depth 2", "depth 3", "scale of depth 2"])
def test_a_race_is_plain_descent_written_out(method, problem):
    inputs, targets, start = problem
    loss, eta = nets.lp_loss(inputs[1], targets[1], 4), 0.003
    rates = torch.tensor([0.001, eta], **REAL)
    losses = races.race(races.regressions(inputs, targets, 4), start, method, rates, [0, 5])
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
    losses = races.race(races.regressions(inputs, targets, 4), start, method, rates, [7])
    loss, w = nets.lp_loss(inputs[0], targets[0], 4), start[:1].clone().requires_grad_()
    optimizer = kind([w], lr=0.01, **options)
    for _ in range(7):
        optimizer.zero_grad()
        loss(w).backward()
        optimizer.step()
    assert float(losses[0, 0, 1]) == pytest.approx(loss(w).item(), rel=1e-10)


def test_rule_and_network_race_apart_in_proportion_to_the_rate(problem):
    inputs, targets, start = problem
    loss, rates = races.regressions(inputs, targets, 4), torch.tensor([2e-3, 1e-3], **REAL)
    pair = [races.race(loss, start, m, rates, [100, 200]) for m in ("depth 2", "rule of depth 2")]
    gap = (pair[0] / pair[1]).log().abs()
    ratio = gap[0, :, 0] / gap[1, :, 1]  # both at time 0.2
    torch.testing.assert_close(ratio, torch.full((2,), 2.0, **REAL), rtol=0.1, atol=0)


@pytest.mark.parametrize("method", ["depth", "depth 0", "height 2", "Adam", "2", "warm-up of 0"])
def test_a_race_refuses_methods_it_does_not_know(method, problem):
    inputs, targets, start = problem
    with pytest.raises(UsageError, match=f"but it is '{method}'"):
        races.race(races.regressions(inputs, targets, 4), start, method, torch.ones(1), [1])


def test_steps_to_is_the_first_passage():
    losses = torch.tensor([[8.0, 1.0, 8.0, 8.0], [2.0, 9.0, 9.0, 9.0], [9.0, 9.0, torch.nan, 4.0]])
    found = races.steps_to([1, 10, 100], losses, 4.0)
    # Halfway between 8 and 2 in logarithms: 10^½; at once; never; exactly at the last.
    torch.testing.assert_close(found, torch.tensor([10**0.5, 1.0, torch.inf, 100.0]))


def test_tuned_race_takes_the_best_rate_of_each_draw(problem):
    inputs, targets, start = problem
    loss, rates = races.regressions(inputs, targets, 2), torch.tensor([0.01, 0.5, 1e3], **REAL)
    run = races.tuned_race(loss, start, {"depth 1": rates}, 100, 0.5)["depth 1"]
    assert run.rate.tolist() == [0.5, 0.5]
    assert run.at_end.tolist() == [False, False]
    assert run._replace(rates=rates[1:]).at_end.tolist() == [True, True]
    assert run._replace(rates=rates[:2]).at_end.tolist() == [True, True]
    torch.testing.assert_close(run.steps, run.grid[:, 1])
    # Out of reach: the whole run counts, at the rate with the lowest last loss.
    never = races.tuned_race(loss, start, {"depth 1": rates}, 100, 1e-30)["depth 1"]
    assert never.steps.tolist() == [100, 100]
    assert never.rate.tolist() == [0.5, 0.5]
    assert run.at[0] == 0
    assert run.at[-1] == 100
    direct = races.race(loss, start, "depth 1", rates[1:2], run.at)[..., 0]
    torch.testing.assert_close(run.curve, direct)


def test_geometric_mean_is_the_root_of_the_product_and_turns_ratios_around():
    ratios = torch.tensor([1.0, 2.0, 13.5], **REAL)
    assert float(races.geometric_mean(ratios)) == pytest.approx(3, rel=1e-14)
    assert float(races.geometric_mean(1 / ratios)) == pytest.approx(1 / 3, rel=1e-14)
    run = races.Tuned(ratios, ratios, ratios, [0], ratios, 2 * ratios)
    assert float(run.mean_steps) == pytest.approx(3, rel=1e-14)


def test_rule_gap_is_read_at_time_one_for_each_rate():
    # Scalars, loss ½(w − 1)²: w ← w − η w (w − 1)·2 is the rule of depth 2, run by hand.
    loss = nets.lp_loss(torch.ones(1, 1, **REAL), torch.ones(1, **REAL), 2)
    root, rates = torch.tensor([[0.5]], **REAL), torch.tensor([0.1, 0.05], **REAL)
    gap = races.rule_gap([root, root], loss, rates)
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
        gap = races.rule_gap(factors, loss, rates, weight_decay=decay).distance
        # Halves with η, up to a relative O(η) of the next order.
        assert float(gap[0] / gap[1]) == pytest.approx(2, abs=0.2)


def test_memory_rebuilds_the_path_and_its_weights_add_up_to_the_step(problem):
    inputs, targets, start = problem
    loss = nets.lp_loss(inputs[0], targets[0], 4)
    halves = [races.memory(loss, start[0], eta, round(0.5 / eta)).error for eta in (2e-3, 1e-3)]
    assert halves[0] / halves[1] == pytest.approx(2, abs=0.2)
    # Another route: run w ← (1 − γ) w − ρ g on three unit "gradients" and read off the weights.
    rho, gamma = torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.tensor([0.5, -0.5, -0.25, -1.0])
    weights = races.Memory(0.0, rho, gamma, rho).weights(3)
    # Step 3 contains −γ_3 times what is left of each: ρ_2; ρ_1 (1 − γ_2); ρ_0 (1 − γ_1)(1 − γ_2).
    expected = torch.tensor([0.4, 0.3, 0.2 * 1.25, 0.1 * 1.5 * 1.25]) / 0.4
    torch.testing.assert_close(weights, expected)


def test_warm_up_raises_the_rate_in_equal_parts(problem):
    inputs, targets, start = problem
    rates = torch.tensor([0.001, 0.004], **REAL)
    losses = races.race(races.regressions(inputs, targets, 4), start, "warm-up of 4", rates, [3, 6])
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
        parts = races.memory(loss, start[0], eta, steps)
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
    shown = races.ethanol_race([0, 10, 100])
    assert list(shown) == ["p = 4", "p = 2"]
    for runs in shown.values():
        assert list(runs) == list(races.METHODS[:-1])
        ends = torch.stack([run[-1] for run in runs.values()])
        assert ends.isfinite().all()
    # At w ≈ 0 the square loss of standardised targets is ½, whatever their unit.
    assert float(shown["p = 2"]["depth 1"][0]) == pytest.approx(0.5, abs=0.02)


def test_ethanol_race_is_none_without_the_data(monkeypatch):
    def missing(name, **_):
        raise DataError("load: 'ethanol' must be downloaded once, but there is no network.")

    monkeypatch.setattr(datasets, "load", missing)
    assert races.ethanol_race([0, 1]) is None
