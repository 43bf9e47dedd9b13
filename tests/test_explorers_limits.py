"""Chapter 4's explorers: the models behind the sliders keep the facts, and every control acts."""

import math

import pytest
import torch
from drawing_contract import check_explorer

from bsgd_edu import metrics
from bsgd_edu.estimates import mean_and_stderr
from bsgd_edu.lessons.c04_deep_limits import explore as limits

MOVES = {
    limits.disc: [
        {"kind": "Gaussian"},
        {"order": "outside"},
        {"num_layers": 1},
        {"num_layers": limits.MOST},
        {"layers": 1},
        {"levels": False},
        {"kind": "continued fraction"},
        {"kind": "turn, then stretch", "order": "inside"},
        {"stretch": 3.0},
    ],
    limits.depths: [{"log_width": 7}, {"variance": 4.0}, {"depth": 100}, {"nets": 1}],
}


@pytest.mark.parametrize("make", MOVES, ids=lambda make: make.__name__)
def test_every_control_changes_the_picture_and_says_something(make):
    check_explorer(make, MOVES[make])


def test_chapter_has_two_tabs():
    assert list(limits.chapter().explorers) == ["Poincaré disc", "Signal in depth"]


@pytest.mark.parametrize("order", ["inside", "outside"])
def test_functional_is_the_busemann_function_of_the_star(order):
    result = limits.walk("turn, then stretch", 1.0, 8, order, 3, True)
    plain = metrics.poincare_busemann(result.points, result.limit)
    # Eight unit steps: h keeps at least 16 − 2·8·log₁₀e ≈ 9 digits.
    assert torch.allclose(-plain, result.functional, atol=1e-7)
    assert (result.functional <= result.distance + 1e-9).all()
    assert torch.allclose(
        metrics.poincare_distance(result.points, 0 * result.points), result.distance
    )


def test_inside_runs_to_the_star_and_outside_does_not():
    for layers in range(5):
        inside, outside = (
            limits.walk("Gaussian", 1.0, 40, order, layers, True) for order in ("inside", "outside")
        )
        assert (inside.points[20:] - inside.limit).norm(dim=-1).max() < 0.05
        assert (outside.points[20:] - inside.limit).norm(dim=-1).max() > 0.5


@pytest.mark.parametrize(("kind", "stretch"), [("turn, then stretch", 1.5), ("Gaussian", 1.0)])
def test_functional_grows_at_the_drift_that_is_drawn(kind, stretch):
    walks = [limits.walk(kind, stretch, 40, "inside", layers, True) for layers in range(100)]
    rate, error = mean_and_stderr(torch.stack([walk.functional[-1] / 40 for walk in walks]))
    assert abs(rate - walks[0].rate) < 4 * error
    # Each starts at 0, and each step of the first law has the length that its slider says.
    if kind != "Gaussian":
        steps = metrics.poincare_distance(walks[0].points[:-1], walks[0].points[1:])
        assert torch.allclose(steps[:5], torch.full_like(steps[:5], stretch))


def test_signals_follow_the_exponent_and_keep_he_s_mean_square():
    rates, squares = [], []
    for nets in range(40):
        result = limits.signal(5, 2.0, 8, nets)
        rates.append(result.norms[-1].log().mean() / 8)
        squares.append(result.norms[-1].square().mean())
    for values, predicted in ((rates, result.exponent), (squares, 1.0)):
        mean, error = mean_and_stderr(torch.stack(values))
        assert abs(mean - predicted) < 4 * error
    assert result.growth == 1.0
    assert math.isclose(limits.signal(3, 3.0, 4, 0).growth, 1.5)
