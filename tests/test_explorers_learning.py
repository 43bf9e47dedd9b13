"""Chapter 7's explorers: the models behind the sliders keep the facts, and every control acts."""

import pytest
import torch
from drawing_contract import check_explorer

from bsgd_edu import rmt
from bsgd_edu.lessons.c07_learning_dynamics import explore as learning
from bsgd_edu.lessons.c07_learning_dynamics import theory

MOVES = {
    learning.filtering: [
        {"ratio": 2.0},
        {"signal": 0.5},
        {"init_var": 1.0},
        {"decades": 3.0},
        {"kind": "ridge"},
        {"kind": "gd"},
    ],
    learning.descent: [{"signal": 2.0}, {"init_var": 1.0}, {"decades": -1.0}],
}


@pytest.mark.parametrize("make", MOVES, ids=lambda make: make.__name__)
def test_every_control_changes_the_picture_and_says_something(make):
    check_explorer(make, MOVES[make])


def test_chapter_has_two_tabs():
    names = list(learning.chapter().explorers)
    assert names == ["Learning curves", "Double descent"]


@pytest.mark.parametrize("kind", ["flow", "gd", "ridge"])
@pytest.mark.parametrize("ratio", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("signal", [0.2, 3.0])
def test_every_corner_of_the_sliders_has_numbers_or_says_why_not(kind, ratio, signal):
    for init_var in (0.001, 1.0):
        for decades in (-2.0, 4.0):
            state = learning.learning_state(ratio, signal, init_var, decades, kind)
            assert torch.isfinite(state.points).all()
            if state.curve is None:
                assert kind == "gd"
                assert 0.2 * state.law.support[1] > 2
                assert state.dots is None
            else:
                assert torch.isfinite(state.learned).all()
                assert torch.isfinite(torch.stack([*state.curve])).all()


def test_divergence_is_called_out_exactly_where_the_largest_eigenvalue_is_too_large():
    explorer = learning.filtering()
    for signal, kind, diverges in ((1.4, "gd", False), (3.0, "gd", True), (3.0, "flow", False)):
        explorer.move(signal=signal, kind=kind)
        assert ("diverges" in explorer.description) == diverges
    assert "2.11, above 2" in _told(signal=3.0, kind="gd")


def test_the_spike_is_named_above_the_threshold_and_its_absence_below():
    # ρ = 1.96 at c = 1/2: (2.96)(2.46)/1.96
    assert "One eigenvalue at 3.72" in _told(signal=1.4)
    assert "‖μ‖² = 0.64 is not above √c = 0.707" in _told(signal=0.8)


def test_the_best_time_it_names_is_that_of_the_theory():
    state = learning.learning_state(0.5, 1.0, 0.1, 0.0, "flow")
    top = int(state.curve.test_accuracy.argmax())
    # 20 times a decade: within half a step of 12 %.
    assert float(state.times[top]) == pytest.approx(1.0741, rel=0.07)
    assert "best at time 1.1 with 0.771, and 0.718 at time 10,000" in _told(signal=1.0)


def test_a_ridge_that_needs_no_stopping_says_so():
    assert "no need to stop" in _told(signal=3.0, kind="ridge", ratio=4.0)


def test_runs_lie_near_the_theory_they_are_drawn_on():
    at, run = learning.learning_state(0.5, 2.0, 0.1, 0.0, "flow").dots
    theory = rmt.learning_curve(at, ratio=35 / 71, signal=2.0, init_var=0.1, lr=1.0)
    # Twelve runs of 35 features scatter by about 0.02 early on.
    assert (run.test_accuracy - theory.test_accuracy).abs().max() < 0.06


def test_steps_are_shown_at_their_flow_times():
    state = learning.learning_state(0.5, 1.4, 0.1, -2.0, "gd")
    one = rmt.learning_curve(
        torch.ones(1), ratio=0.5, signal=1.4, init_var=0.1, lr=0.2, discrete=True
    )
    assert float(state.times[0]) == float(state.dots[0][0]) == state.time == 0.2
    assert float(state.curve.test_accuracy[0]) == float(one.test_accuracy)
    torch.testing.assert_close(state.learned, torch.full_like(state.learned, 0.2))


def test_descent_peaks_at_one_and_not_if_stopped():
    late = theory.descent_curves(1.0, 0.1, 4.0)
    assert float(late.ratios[late.now.argmax()]) == 1.0
    assert (late.best.diff() > 0).all()
    assert (late.best >= late.least).all()
    assert (late.end + 1e-12 >= late.best).all()
    told = learning.descent()
    told.move(decades=4.0)
    assert "peaks at c = 1 with" in told.description
    told.move(decades=-1.0)
    assert "rises with c throughout" in told.description


def _told(**moves):
    explorer = learning.filtering()
    explorer.move(**moves)
    return explorer.description
