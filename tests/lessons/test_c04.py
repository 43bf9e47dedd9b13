"""Lesson 4: functionals grow at the drift, inside runs to its star, signals keep their rate."""

import math

import pytest
import torch
from samples_c04 import POINTS, POSITIVE, STAR

from bsgd_edu import metrics
from bsgd_edu.estimates import mean_and_stderr
from bsgd_edu.lessons.c04_deep_limits import explore, figures, pages

# ---- figures and pages


def test_pages_divide_by_the_number_of_layers_and_leave_out_none(monkeypatch):
    calls, draw = [], figures.draw_rates
    monkeypatch.setattr(figures, "draw_rates", lambda *given: calls.append(given) or draw(*given))
    distances = 3 * torch.arange(12.0)[:, None].expand(12, 5)  # three a step
    pages.show_walks({"walk": distances}, 0.5)
    ((curves, theory),) = calls
    assert torch.equal(curves["walk"], torch.full((11, 2), 3.0, dtype=torch.float64))
    assert len(theory["n^(−1/2)"]) == 11


def test_page_of_the_drift_begins_at_the_first_layer(monkeypatch):
    drifts, turns = [], []
    draw_drift, draw_turns = figures.draw_drift, figures.draw_turns
    monkeypatch.setattr(figures, "draw_drift", lambda *a: drifts.append(a) or draw_drift(*a))
    monkeypatch.setattr(figures, "draw_turns", lambda *a: turns.append(a) or draw_turns(*a))
    pages.show_drift(POSITIVE, 2 * POSITIVE, POSITIVE[:5], POSITIVE, 0.6)
    assert torch.equal(drifts[0][0], POSITIVE[1:])
    assert torch.equal(drifts[0][1], 2 * POSITIVE[1:])
    assert torch.equal(turns[0][1], POSITIVE[:5])


def test_level_set_is_the_circle_that_the_docstring_names():
    from bsgd_edu.metrics import poincare_busemann

    ax = figures.draw_disc(POINTS, STAR, (-1.0,), "new layer inside")
    circle = ax.patches[1]
    angle = torch.linspace(0.1, 6.2, 50, dtype=torch.float64)
    rim = torch.stack([angle.cos(), angle.sin()], -1) * circle.radius
    on_circle = rim + torch.tensor(circle.center, dtype=torch.float64)
    inside = on_circle[on_circle.norm(dim=-1) < 1 - 1e-6]
    values = poincare_busemann(inside, STAR)
    assert torch.allclose(values, torch.full_like(values, -1.0), atol=1e-5)


# ---- explorers


def test_chapter_has_two_tabs():
    assert list(explore.chapter().explorers) == ["Poincaré disc", "Signal in depth"]


@pytest.mark.parametrize("order", ["inside", "outside"])
def test_functional_is_the_busemann_function_of_the_star(order):
    result = explore.walk("turn, then stretch", 1.0, 8, order, 3, True)
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
            explore.walk("Gaussian", 1.0, 40, order, layers, True)
            for order in ("inside", "outside")
        )
        assert (inside.points[20:] - inside.limit).norm(dim=-1).max() < 0.05
        assert (outside.points[20:] - inside.limit).norm(dim=-1).max() > 0.5


@pytest.mark.parametrize(("kind", "stretch"), [("turn, then stretch", 1.5), ("Gaussian", 1.0)])
def test_functional_grows_at_the_drift_that_is_drawn(kind, stretch):
    walks = [explore.walk(kind, stretch, 40, "inside", layers, True) for layers in range(100)]
    rate, error = mean_and_stderr(torch.stack([walk.functional[-1] / 40 for walk in walks]))
    assert abs(rate - walks[0].rate) < 4 * error
    # Each starts at 0, and each step of the first law has the length that its slider says.
    if kind != "Gaussian":
        steps = metrics.poincare_distance(walks[0].points[:-1], walks[0].points[1:])
        assert torch.allclose(steps[:5], torch.full_like(steps[:5], stretch))


def test_signals_follow_the_exponent_and_keep_he_s_mean_square():
    rates, squares = [], []
    for nets in range(40):
        result = explore.signal(5, 2.0, 8, nets)
        rates.append(result.norms[-1].log().mean() / 8)
        squares.append(result.norms[-1].square().mean())
    for values, predicted in ((rates, result.exponent), (squares, 1.0)):
        mean, error = mean_and_stderr(torch.stack(values))
        assert abs(mean - predicted) < 4 * error
    assert result.growth == 1.0
    assert math.isclose(explore.signal(3, 3.0, 4, 0).growth, 1.5)
