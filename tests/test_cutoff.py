"""Cut-off in depth: quantile depths, predictions, random networks, exact models, errors."""

import itertools
import math

import pytest
import torch

from bsgd_edu import dynamics
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.seeding import generator

DOUBLE = torch.float64
SIGMAS = 4


def normal(*shape, label="points"):
    return torch.randn(*shape, generator=generator(0, label), dtype=DOUBLE)


def phi(z):
    return 0.5 * (1 + math.erf(z / 2**0.5))


# --- curves ------------------------------------------------------------------------------------


def test_separation_is_the_total_variation_of_two_gaussians():
    value = dynamics.cutoff.separation(torch.tensor([[1.0, 3.0]], dtype=DOUBLE), 0.5)
    assert value.item() == pytest.approx((2 * phi(1) - 1 + 2 * phi(3) - 1) / 2)
    both = dynamics.cutoff.separation(
        normal(7, 5, 3).abs(), torch.tensor([0.1, 1.0], dtype=DOUBLE), dim=1
    )
    assert both.shape == (2, 7, 3)
    assert (both[0] > both[1]).all()
    assert dynamics.cutoff.separation(torch.tensor([1e-4]), 1.0).item() == pytest.approx(
        1e-4 / math.sqrt(2 * math.pi)
    )


def test_cutoff_depths_interpolate_and_batch_over_replicas():
    depth = torch.arange(11, dtype=DOUBLE)
    curves = torch.stack([1 - depth / 10, (1 - depth / 5).clamp(min=0)], -1)
    found = dynamics.cutoff.depths(curves.reshape(11, 2, 1))
    torch.testing.assert_close(
        found.squeeze(-1), torch.tensor([[1.0, 0.5], [5.0, 2.5], [9.0, 4.5]], dtype=DOUBLE)
    )


def test_cutoff_depths_rules():
    inf = math.inf
    # starts below; never gets below; comes back up; ends at the level itself
    curve = torch.tensor([[0.4, 1.0, 1.0, 1.0], [0.3, 1.0, 0.2, 0.8], [0.2, 0.9, 0.7, 0.5]])
    curve = torch.cat([curve, torch.tensor([[0.1, 0.8, 0.3, 0.5]])])
    found = dynamics.cutoff.depths(curve, levels=[0.5])[0]
    torch.testing.assert_close(found, torch.tensor([0.0, inf, 2.5, 2.0]))


def test_predictions_without_fluctuations_have_a_closed_form():
    exponent, distance, tolerance = -0.9, 16.0, 1e-3
    levels = (0.9, 0.5, 0.1)
    found = dynamics.cutoff.predicted_depths(exponent, 0.0, distance, tolerance, levels)
    normal_law = torch.distributions.Normal(torch.tensor(0.0, dtype=DOUBLE), 1.0)
    for level, depth in zip(levels, found.tolist(), strict=True):
        r = 2 * normal_law.icdf(torch.tensor((1 + level) / 2, dtype=DOUBLE)).item()
        assert depth == pytest.approx(math.log(distance / (tolerance * r)) / 0.9, abs=1e-3)


def test_predicted_separation_is_the_mean_over_log_normal_distances():
    exponent, variance, depths = -0.1, 0.05, torch.tensor([0.0, 20.0, 60.0])
    found = dynamics.cutoff.predicted_separation(depths, exponent, variance, 10.0, 0.1)
    log_distance = math.log(10) + exponent * depths[:, None].double()
    log_distance = log_distance + (variance * depths[:, None]).sqrt() * normal(1, 40_000)
    draws = torch.erf(log_distance.exp() / (2 * 2**0.5 * 0.1))
    stderr = draws.std(-1) / 200
    assert ((draws.mean(-1) - found).abs() <= SIGMAS * stderr + 1e-9).all()


def test_predicted_separation_takes_a_distance_for_each_depth():
    depths, distances = torch.tensor([0.0, 5.0, 9.0]), torch.tensor([1.0, 0.1, 3.0])
    found = dynamics.cutoff.predicted_separation(depths, -0.5, 0.05, distances, 0.1)
    single = [
        dynamics.cutoff.predicted_separation(depth, -0.5, 0.05, distance.item(), 0.1)
        for depth, distance in zip(depths, distances, strict=True)
    ]
    torch.testing.assert_close(found, torch.stack(single), rtol=1e-12, atol=0)


def test_relative_window_is_that_of_the_definition():
    depth = torch.arange(400, dtype=DOUBLE)
    # An exponential, on a grid fine enough for straight lines; at 1 until 10, below .1 from 20;
    # one that starts below .9, one that ends above .1, one that is below .1 throughout.
    curves = torch.stack([(-depth / 50).exp(), 1 - ((depth - 10) / 10).clamp(0, 1)], -1)
    found = dynamics.cutoff.relative_window(curves)
    assert found[0].item() == pytest.approx(math.log(10) / -math.log(0.9), rel=1e-3)
    assert found[1].item() == pytest.approx(19 / 11)
    lost = torch.stack([curves[:, 0] / 2, 0.2 + curves[:, 0], curves[:, 0] / 20], -1)
    assert dynamics.cutoff.relative_window(lost).tolist() == [math.inf] * 3


def test_relative_window_shrinks_and_both_windows_matter():
    wide, narrow = (
        dynamics.cutoff.predicted_depths(-0.5, 0.02, 1.0, tolerance) for tolerance in (1e-2, 1e-12)
    )
    assert narrow[2] / narrow[0] < wide[2] / wide[0]
    assert dynamics.cutoff.window(-0.5, 0.0, 50.0) == 2
    assert dynamics.cutoff.window(-0.5, 0.5, 50.0) == 10
    slow = dynamics.cutoff.predicted_depths(-0.01, 0.01, 16.0, 1e-3)  # as He's initialisation
    location = dynamics.cutoff.location(-0.01, 16.0, 1e-3)
    assert slow[0] < location < slow[2] * 1.5
    assert slow.isfinite().all()


def test_roundoff_depth_reads_the_floor():
    depth = torch.arange(60, dtype=DOUBLE)
    true = (-0.9 * depth).exp()
    seen = true + 5e-8
    for curve in (true, seen):
        found = dynamics.cutoff.roundoff_depth(curve, torch.ones(60), torch.float32)
        assert found.item() == math.ceil(-math.log(8 * 2**-23) / 0.9)
    double = dynamics.cutoff.roundoff_depth(true[:30], torch.ones(30, dtype=DOUBLE), DOUBLE)
    assert double.item() == math.inf


# --- random networks ---------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("init", ["default", "he"])
@pytest.mark.parametrize("bias", [True, False])
def test_tracked_differences_are_those_of_two_passes(activation, init, bias):
    x, y = normal(2, 10, 24)
    options = {"init": init, "bias": bias, "activation": activation}

    def run(tracked):
        return dynamics.random_layers.random_pair(
            x, y, 6, tracked=tracked, generator=generator(0, "net"), **options
        )

    tracked, passes = run(True), run(False)
    # The draws are the same: (x, y − x) and (x, y) span one plane, with one basis after QR.
    torch.testing.assert_close(tracked.norm, passes.norm, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(tracked.distance, passes.distance, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(tracked.angle, passes.angle, rtol=1e-7, atol=1e-9)


def test_a_tracked_pair_has_no_floor_and_two_passes_have():
    x, y = normal(2, 4, 32)
    tracked = dynamics.random_layers.random_pair(x, y, 60, generator=generator(0))
    passes = dynamics.random_layers.random_pair(x, y, 60, generator=generator(0), tracked=False)
    assert tracked.distance[60].max() < 1e-18
    assert passes.distance[60].mean() > 1e-18
    slope = tracked.distance[60].log().mean() - tracked.distance[50].log().mean()
    assert -1.2 < slope / 10 < -0.7


def test_distances_survive_where_their_squares_underflow():
    x, y = normal(2, 3, 16)
    orbit = dynamics.random_layers.random_pair(x, y, 300, bias=False, generator=generator(0))
    assert (orbit.norm[300] < 1e-100).all()
    assert ((orbit.norm[300] > 0) & (orbit.distance[300] > 0)).all()
    assert orbit.angle[300].isfinite().all()
    scaled = dynamics.random_layers.random_pair(x * 1e-200, y * 1e-200, 0, generator=generator(0))
    torch.testing.assert_close(
        scaled.distance[0], (y - x).norm(dim=-1) * 1e-200, rtol=1e-12, atol=0
    )


def test_measures_of_a_pair():
    x = torch.tensor([[3.0, 4.0]], dtype=DOUBLE)
    y = torch.tensor([[-4.0, 3.0]], dtype=DOUBLE)
    for tracked in (True, False):
        orbit = dynamics.random_layers.random_pair(x, y, 0, generator=generator(0), tracked=tracked)
        assert orbit.norm.item() == pytest.approx(5)
        assert orbit.distance.item() == pytest.approx(50**0.5)
        assert orbit.angle.item() == pytest.approx(math.pi / 2)
    close = dynamics.random_layers.random_pair(x, x + 1e-12 * y, 0, generator=generator(0))
    assert close.angle.item() == pytest.approx(1e-12, rel=1e-3)
    zero = dynamics.random_layers.random_pair(x, 0 * x, 0, generator=generator(0))
    assert zero.angle.isnan()
    assert zero.distance.item() == pytest.approx(5)


def test_uniform_weights_have_the_law_of_a_linear_layer():
    # x = e_1 shows one column of W: entries uniform in ±1/√n.
    width, networks = 16, 4000
    x = torch.eye(width, dtype=DOUBLE)[:1].expand(networks, 1, width)
    seen = dynamics.random_layers.random_cloud(x, 1, bias=False, generator=generator(0))[1].squeeze(
        1
    )
    alive = seen[seen > 0] * width**0.5
    assert alive.max() <= 1
    # Symmetric about 0 to the last of 16 bits: odd multiples of 2^−16.
    odd = alive * 2**16
    torch.testing.assert_close(odd, 2 * (odd / 2).floor() + 1, rtol=0, atol=1e-6)
    assert abs(alive.mean() - 0.5) < SIGMAS * (1 / 12 / alive.numel()) ** 0.5
    share = (seen > 0).double().mean()
    assert abs(share - 0.5) < SIGMAS * 0.5 / seen.numel() ** 0.5
    # rows and columns are independent: second moments of two inputs factorise
    pair = torch.eye(width, dtype=DOUBLE)[:2].expand(networks, 2, width)
    a, b = dynamics.random_layers.random_cloud(pair, 1, bias=False, generator=generator(1))[
        1
    ].unbind(1)
    product = (a - a.mean()) * (b - b.mean())
    assert abs(product.mean()) < SIGMAS * product.std() / product.numel() ** 0.5


def test_gaussian_weights_drawn_through_a_basis_have_the_law_of_the_whole_matrix():
    x, y = normal(2, 24)
    orbit = dynamics.random_layers.random_pair(
        x.expand(4000, 24), y.expand(4000, 24), 1, init="he", bias=False, generator=generator(0)
    )
    ours = torch.stack([part[1] for part in orbit])
    whole = (2 / 24) ** 0.5 * normal(4000, 24, 24, label="weights")
    a, b = (whole @ x).relu(), (whole @ y).relu()
    angle = torch.acos(((a * b).sum(-1) / a.norm(dim=-1) / b.norm(dim=-1)).clamp(-1, 1))
    theirs = torch.stack([(a - b).norm(dim=-1), angle, a.norm(dim=-1)])
    for power in (1, 2):
        gap = (ours**power).mean(-1) - (theirs**power).mean(-1)
        stderr = ((ours**power).var(-1) + (theirs**power).var(-1)).div(4000).sqrt()
        assert (gap.abs() < SIGMAS * stderr).all()


def test_the_points_of_a_cloud_share_their_network():
    x = normal(3, 1, 8).expand(3, 4, 8)
    for init in ("default", "he"):
        cloud = dynamics.random_layers.random_cloud(x, 5, init=init, generator=generator(0))
        assert cloud.shape == (6, 3, 4, 8)
        # Equal inputs stay equal; networks differ.
        torch.testing.assert_close(cloud, cloud[:, :, :1].expand_as(cloud), rtol=1e-9, atol=1e-12)
        assert (cloud[5, 0, 0] - cloud[5, 1, 0]).norm() > 1e-3
    assert cloud[0].equal(x)
    picked = dynamics.random_layers.random_cloud(x, 5, init="he", generator=generator(0), at=[5, 2])
    assert picked.equal(cloud[[5, 2]])


def test_dtype_and_options_are_kept():
    x, y = normal(2, 3, 8).float()
    orbit = dynamics.random_layers.random_pair(
        x, y, 2, init=1.5, activation="tanh", generator=generator(0)
    )
    assert orbit.distance.dtype == torch.float32
    again = dynamics.random_layers.random_pair(
        x, y, 2, init=1.5, activation="tanh", generator=generator(0)
    )
    assert orbit.distance.equal(again.distance)


# --- exact models ------------------------------------------------------------------------------


def test_total_variation_of_two_gaussians_is_the_integral():
    # At step 0 the law is the start, N(D, r²s²), against N(0, s²).
    def found(distance, std, spread):
        return dynamics.mixing.sgd_total_variation(0, 0.5, distance, std, spread=spread).item()

    grid = torch.linspace(-60, 60, 1_200_001, dtype=DOUBLE)

    def density(mean, std):
        return torch.exp(-(((grid - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))

    # nearly equal spreads, either larger, no gap, a large gap
    for gap, a, b in [(1, 1, 1), (2, 0.5, 1), (2, 3, 1), (0, 2, 0.7), (9, 1.2, 1), (1, 1.0001, 1)]:
        integral = 0.5 * torch.trapezoid((density(gap, a) - density(0, b)).abs(), grid).item()
        assert found(gap, b, a / b) == pytest.approx(integral, abs=1e-9)
    assert found(0.0, 1.0, 1.0) == 0
    assert found(0.0, 1.0, 0.0) == 1
    assert found(1.0, 1.0, 1 + 1e-11) == pytest.approx(2 * phi(0.5) - 1, abs=1e-10)


def test_riffle_formula_is_the_exact_walk_on_a_small_deck():
    cards = 4
    # One riffle: cut binomially, interleave uniformly: all 2^n ways to label cards by packet.
    law = {}
    for labels in itertools.product((0, 1), repeat=cards):
        first = iter(range(cards - sum(labels)))
        second = iter(range(cards - sum(labels), cards))
        deck = tuple(next(second) if label else next(first) for label in labels)
        law[deck] = law.get(deck, 0) + 2.0**-cards
    state = {tuple(range(cards)): 1.0}
    for shuffles in range(1, 4):
        new = {}
        for deck, p in state.items():
            for move, q in law.items():
                to = tuple(deck[i] for i in move)
                new[to] = new.get(to, 0) + p * q
        state = new
        orders = list(itertools.permutations(range(cards)))
        distance = 0.5 * sum(abs(state.get(order, 0) - 1 / 24) for order in orders)
        found = dynamics.mixing.riffle_total_variation(shuffles, cards)
        assert found == pytest.approx(distance, abs=1e-12)
    assert dynamics.mixing.riffle_total_variation(0, 4) == pytest.approx(23 / 24)
    assert dynamics.mixing.riffle_total_variation(3, 1) == 0


def test_hypercube_is_the_exact_walk_on_three_bits():
    flip = torch.zeros(8, 8, dtype=DOUBLE)
    for state, bit in itertools.product(range(8), range(3)):
        flip[state, state] += 1 / 6
        flip[state, state ^ (1 << bit)] += 1 / 6
    law, rows = torch.eye(8, dtype=DOUBLE)[0], []
    for _ in range(6):
        rows.append(0.5 * (law - 1 / 8).abs().sum().item())
        law = law @ flip
    assert dynamics.mixing.hypercube_total_variation(3, 5).tolist() == pytest.approx(rows)


# --- errors ------------------------------------------------------------------------------------

ONES = torch.ones(4)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: dynamics.cutoff.separation(ONES, 0.0), DomainError, "is 0.0"),
        (lambda: dynamics.cutoff.separation(-ONES, 1.0), DomainError, "4 distances"),
        (lambda: dynamics.cutoff.separation(ONES * torch.nan, 1.0), DomainError, "4 distances"),
        (lambda: dynamics.cutoff.depths(torch.tensor(1.0)), ShapeError, r"is \(\)"),
        (lambda: dynamics.cutoff.depths(ONES * torch.nan), DomainError, "4 of 4"),
        (lambda: dynamics.cutoff.depths(ONES / 0), DomainError, "4 of 4"),
        (lambda: dynamics.cutoff.location(0.1, 1.0, 0.1), DomainError, "it is 0.1"),
        (lambda: dynamics.cutoff.location(-0.1, 1.0, 2.0), DomainError, "2.0 and 1.0"),
        (
            lambda: dynamics.cutoff.window(-0.1, -1.0, 2.0),
            DomainError,
            "variance must be ≥ 0 and finite, but it is -1.0",
        ),
        (
            lambda: dynamics.cutoff.predicted_separation(ONES, -1.0, -1.0, 1.0, 1.0),
            DomainError,
            "variance must be ≥ 0 and finite, but it is -1.0",
        ),
        (
            lambda: dynamics.cutoff.predicted_separation(ONES, -1.0, 1.0, ONES * torch.nan, 1.0),
            DomainError,
            r"distance must be positive and finite, but entry \(0,\) is nan \(4 of 4",
        ),
        (
            lambda: dynamics.cutoff.predicted_separation(ONES, -1.0, 1.0, torch.arange(4.0), 1.0),
            DomainError,
            r"distance must be positive and finite, but entry \(0,\) is 0 \(1 of 4",
        ),
        (
            lambda: dynamics.cutoff.predicted_separation(ONES, -1.0, 1.0, torch.ones(3), 1.0),
            ShapeError,
            r"\(3,\) and \(4,\)",
        ),
        (
            lambda: dynamics.cutoff.predicted_depths(-1.0, 0.0, 1.0, 0.1, levels=[1.0]),
            DomainError,
            r"levels must lie in \(0, 1\), but it is 1.0",
        ),
        (
            lambda: dynamics.cutoff.roundoff_depth(ONES, torch.ones(3), torch.float32),
            ShapeError,
            r" \(4,\) and \w+ \(3,\)",
        ),
        (
            lambda: dynamics.random_layers.random_pair(
                ONES, torch.ones(3), 1, generator=generator(0)
            ),
            ShapeError,
            r" \(4,\) and \w+ \(3,\)",
        ),
        (
            lambda: dynamics.random_layers.random_pair(ONES, ONES, -1, generator=generator(0)),
            DomainError,
            "it is -1",
        ),
        (
            lambda: dynamics.random_layers.random_pair(
                ONES, ONES, 1, init="xavier", generator=generator(0)
            ),
            DomainError,
            "random_pair.*'xavier'",
        ),
        (
            lambda: dynamics.random_layers.random_pair(
                ONES, ONES, 1, init=-2.0, generator=generator(0)
            ),
            DomainError,
            "it is -2.0",
        ),
        (
            lambda: dynamics.random_layers.random_cloud(
                ONES[None], 1, activation="gelu", generator=generator(0)
            ),
            DomainError,
            "random_cloud.*'gelu'",
        ),
        (
            lambda: dynamics.random_layers.random_cloud(ONES, 1, generator=generator(0)),
            ShapeError,
            r"\(4,\)",
        ),
        (
            lambda: dynamics.random_layers.random_cloud(
                ONES[None], 1, at=[2], generator=generator(0)
            ),
            DomainError,
            r"at must be an integer in 0\.\.1, but it is 2",
        ),
        (
            lambda: dynamics.mixing.sgd_total_variation(1, 0.5, 1.0, 1.0, spread=-1.0),
            DomainError,
            "spread must be ≥ 0 and finite, but it is -1.0",
        ),
        (
            lambda: dynamics.mixing.sgd_total_variation(1, 1.0, 1.0, 1.0),
            DomainError,
            r"factor must lie in \(0, 1\), but it is 1.0",
        ),
        (
            lambda: dynamics.mixing.hypercube_total_variation(0, 1),
            DomainError,
            "dim must be an integer ≥ 1, but it is 0",
        ),
        (
            lambda: dynamics.mixing.riffle_total_variation(-1),
            DomainError,
            "num_shuffles must be an integer ≥ 0, but it is -1",
        ),
    ],
)
def test_errors_name_rule_fact_and_remedy(call, kind, says):
    with pytest.raises(kind, match=says):
        call()
