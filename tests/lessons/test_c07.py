"""Lesson 7: theory and runs of least squares agree, by routes of their own, on images too."""

import pytest
import torch
from samples_c07 import DOTS, ERROR, RISE, T

from bsgd_edu import plot, rmt
from bsgd_edu.errors import DomainError
from bsgd_edu.lessons.c07_learning_dynamics import (
    explore,
    figures,
    images,
    probe,
    runs,
    theory,
)
from bsgd_edu.lessons.c07_learning_dynamics.exercises.building import descend, sample
from bsgd_edu.seeding import generator

SIGMAS = 4

# ---- figures and pages


def test_theory_is_black_and_runs_are_not():
    ax = figures.draw_accuracy(T, {"theory": RISE}, DOTS)
    colours = {line.get_label(): line.get_color() for line in ax.lines}
    assert colours["theory"] == plot.COLOURS["theory"]
    (dots,) = ax.containers
    assert dots.lines[0].get_color() != plot.COLOURS["theory"]


def test_error_bars_are_two_standard_errors():
    ax = figures.draw_accuracy(T, {}, {"runs": (T, RISE, ERROR)})
    (_, _, (bars,)) = ax.containers[0].lines
    low, high = bars.get_segments()[0][:, 1]
    assert high - low == pytest.approx(0.04)


def test_a_filter_that_oscillates_is_not_cut_at_zero():
    up, down = (figures.draw_filter(T, RISE, {"g": g}) for g in (1 / T, 1 / T - 5))
    assert up.get_ylim()[0] == 0
    assert down.get_ylim()[0] < -4


def test_a_spike_is_marked_where_it_is_predicted():
    ax = figures.draw_filter(T, RISE, {"g": 1 / T}, marks={"spike": 3.75})
    (spike,) = (line for line in ax.lines if line.get_label() == "spike")
    assert list(spike.get_xdata()) == [3.75]


def test_an_empty_legend_warns_nobody():
    assert figures.draw_accuracy(T, {}).get_legend() is None


# ---- explorers


def test_chapter_has_two_tabs():
    names = list(explore.chapter().explorers)
    assert names == ["Learning curves", "Double descent"]


@pytest.mark.parametrize("kind", ["flow", "gd", "ridge"])
@pytest.mark.parametrize("ratio", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("signal", [0.2, 3.0])
def test_every_corner_of_the_sliders_has_numbers_or_says_why_not(kind, ratio, signal):
    for init_var in (0.001, 1.0):
        for decades in (-2.0, 4.0):
            state = explore.learning_state(ratio, signal, init_var, decades, kind)
            assert torch.isfinite(state.points).all()
            if state.curve is None:
                assert kind == "gd"
                assert 0.2 * state.law.support[1] > 2
                assert state.dots is None
            else:
                assert torch.isfinite(state.learned).all()
                assert torch.isfinite(torch.stack([*state.curve])).all()


def test_divergence_is_called_out_exactly_where_the_largest_eigenvalue_is_too_large():
    explorer = explore.filtering()
    for signal, kind, diverges in ((1.4, "gd", False), (3.0, "gd", True), (3.0, "flow", False)):
        explorer.move(signal=signal, kind=kind)
        assert ("diverges" in explorer.description) == diverges
    assert "2.11, above 2" in _told(signal=3.0, kind="gd")


def test_the_spike_is_named_above_the_threshold_and_its_absence_below():
    # ρ = 1.96 at c = 1/2: (2.96)(2.46)/1.96
    assert "One eigenvalue at 3.72" in _told(signal=1.4)
    assert "‖μ‖² = 0.64 is not above √c = 0.707" in _told(signal=0.8)


def test_the_best_time_it_names_is_that_of_the_theory():
    state = explore.learning_state(0.5, 1.0, 0.1, 0.0, "flow")
    top = int(state.curve.test_accuracy.argmax())
    # 20 times a decade: within half a step of 12 %.
    assert float(state.times[top]) == pytest.approx(1.0741, rel=0.07)
    assert "best at time 1.1 with 0.771, and 0.718 at time 10,000" in _told(signal=1.0)


def test_a_ridge_that_needs_no_stopping_says_so():
    assert "no need to stop" in _told(signal=3.0, kind="ridge", ratio=4.0)


def test_runs_lie_near_the_theory_they_are_drawn_on():
    at, run = explore.learning_state(0.5, 2.0, 0.1, 0.0, "flow").dots
    theory = rmt.learning_curve(at, ratio=35 / 71, signal=2.0, init_var=0.1, lr=1.0)
    # Twelve runs of 35 features scatter by about 0.02 early on.
    assert (run.test_accuracy - theory.test_accuracy).abs().max() < 0.06


def test_steps_are_shown_at_their_flow_times():
    state = explore.learning_state(0.5, 1.4, 0.1, -2.0, "gd")
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
    told = explore.descent()
    told.move(decades=4.0)
    assert "peaks at c = 1 with" in told.description
    told.move(decades=-1.0)
    assert "rises with c throughout" in told.description


def _told(**moves):
    explorer = explore.filtering()
    explorer.move(**moves)
    return explorer.description


# ---- runs, by steps


MODEL = {"p": 30, "n": 60, "rho": 1.0, "var": 0.1, "lr": 0.1}


def simulated(at, seed=0, **changes):
    setting = {**MODEL, "runs": 60, **changes}
    return runs.simulate(sample, descend, at, **setting, generator=generator(seed, "simulate"))


@pytest.mark.parametrize("changes", [{}, {"ridge": 0.5}, {"p": 45, "n": 30}, {"noise": "signs"}])
def test_steps_follow_the_theory_of_steps(changes):
    test, train = simulated([1, 10, 200], **changes)
    setting = {**MODEL, **changes}
    line = rmt.learning_curve(
        torch.tensor([1, 10, 200]),
        ratio=setting["p"] / setting["n"],
        signal=1.0,
        init_var=0.1,
        lr=0.1,
        ridge=changes.get("ridge", 0.0),
        discrete=True,
    )
    for found, predicted in ((test, line.test_accuracy), (train, line.train_accuracy)):
        assert found.shape == (3, 60)
        error = found.std(1) / 60**0.5
        # Neglected: of order 0.1/p on new samples, 0.3/p on the samples trained on.
        assert ((found.mean(1) - predicted).abs() < SIGMAS * error + 0.3 / 30).all()


def test_samples_with_scales_of_their_own_leave_it():
    line = rmt.learning_curve(
        torch.tensor([100]), ratio=0.5, signal=1.0, init_var=0.1, lr=0.1, discrete=True
    )
    (found,) = simulated([100], noise="scales", tests=100).test
    assert found.mean() - line.test_accuracy[0] > 0.03 + SIGMAS * found.std() / 60**0.5


def test_counting_on_fresh_samples_is_the_formula_for_gaussian_noise():
    by_formula, counted = simulated([20]).test, simulated([20], tests=200).test
    # 200 samples a run: 0.03 for one, over sixty 0.004.
    assert float(by_formula.mean()) == pytest.approx(float(counted.mean()), abs=SIGMAS * 0.004)


def test_a_path_goes_on_from_where_it_paused():
    S = torch.diag(torch.tensor([2.0, 0.5])).expand(3, 2, 2)
    b, start = torch.rand(2, 3, 2, 1, generator=generator(0))
    path = runs.path(descend, S, b, start, 0.3, [0, 2, 7])
    for weights, steps in zip(path, (0, 2, 7), strict=True):
        torch.testing.assert_close(weights, descend(S, b, start, 0.3, steps))


def test_losses_are_those_of_the_samples():
    data = runs.drawn(sample, torch.ones(3).double(), 7, 2, generator(0, "losses"))
    found = runs.losses(descend, data, {"low": 0.1}, 4)["low"]
    assert found.shape == (4, 2)
    weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    for step in range(5):  # autograd in place of S and b
        loss = ((data.y[0] - weights @ data.X[0]) ** 2).mean() / 2
        if step:
            assert float(found[step - 1, 0]) == pytest.approx(loss.item(), rel=1e-12)
        (slope,) = torch.autograd.grad(loss, weights)
        weights = (weights - 0.1 * slope).detach().requires_grad_()


def test_a_sweep_names_the_same_ratios_as_its_theory():
    setting = {"rho": 1.0, "var": 0.1, "lr": 0.1, "runs": 4}
    errors, expected = runs.sweep(sample, descend, 16, **setting, generator=generator(0))
    assert list(errors) == list(expected) == ["late", "stopped", "ridge"]
    for name, rows in errors.items():
        assert list(rows) == list(expected[name]) == [0.25, 0.5, 1.0, 2.0, 4.0]
    ratios, lines = theory.sweep(1.0, 0.1, 0.1)
    assert list(lines) == list(errors)
    assert float(ratios[lines["late"].argmax()]) == pytest.approx(1.0, rel=0.1)
    assert (lines["stopped"].diff() > 0).all()


def test_stops_are_compared_run_by_run():
    test = torch.tensor([[0.5, 0.6], [0.7, 0.8], [0.6, 0.8]]).double()
    found = {0.01: runs.Accuracies(test, test), 0.1: runs.Accuracies(test - 0.1, test)}
    lines = dict.fromkeys(found, test.mean(1))
    gains, smaller, turn = runs.compared_stops(torch.tensor([1, 3, 9]), found, lines)
    assert [float(gain.mean) for gain in gains] == pytest.approx([0.2, 0.05] * 2)
    assert [float(gain.mean) for gain in smaller] == pytest.approx([0.1])
    assert [float(change.mean) for change in turn] == pytest.approx([0.05, -0.05])


# ---- images and the probe


def gaussian_classes(count, features, norm, seed=0):
    stream = generator(seed, "classes")
    targets = torch.randint(0, 2, (count,), generator=stream).double() * 2 - 1
    inputs = torch.randn(count, features, generator=stream, dtype=torch.float64)
    inputs[:, 0] += norm * targets
    return inputs, targets


def parts_of(inputs, targets, n, at, seed=0, runs=80, lr=0.1):
    setting = {"var": 0.1, "lr": lr, "runs": runs, "generator": generator(seed, "parts")}
    return images.image_runs(descend, at, inputs, targets, n, **setting)


def test_parts_of_gaussian_data_follow_theory():
    found = parts_of(*gaussian_classes(4000, 30, 2.0), 60, [3, 10, 300])
    assert found.norm2 == pytest.approx(4.0, rel=0.1)  # 5.6 ± 0.5 at p = 30, over 80 parts
    mean, error = found.measured
    # 4000 samples tell μ to 0.02 only: as much as 0.01 for the common test set.
    assert ((mean - found.theory).abs() < SIGMAS * error + 0.01).all()
    assert ((mean - found.half_c).abs() > SIGMAS * error + 0.01).any()
    assert found.late_factor >= 1


def test_images_are_tested_on_what_was_not_trained_on():
    # As many features as samples, trained for long: every part is fitted, the rest is not.
    found = parts_of(*gaussian_classes(80, 40, 0.0), 40, [3000])
    assert abs(float(found.measured.mean) - 0.5) < 0.1 + SIGMAS * float(found.measured.stderr)


def test_parts_follow_their_generator():
    data = gaussian_classes(50, 5, 1.0)
    one, same, other = (parts_of(*data, 20, [5], seed=seed, runs=3) for seed in (0, 0, 1))
    assert torch.equal(one.measured.mean, same.measured.mean)
    assert not torch.equal(one.measured.mean, other.measured.mean)


def test_a_part_must_leave_samples_for_the_test():
    for count in (0, 50, 51):
        with pytest.raises(DomainError, match=rf"between 1 and 49.*it is {count}\."):
            parts_of(*gaussian_classes(50, 5, 1.0), count, [1], runs=2)


def test_a_computed_stop_is_that_of_the_theory():
    inputs, targets = gaussian_classes(400, 40, 2.0)
    # ‖b‖² tells ρ = 4 to about 2·2/√400 = 0.2: the step moves by one place in the list of steps.
    stop = probe.computed_stop(3 * inputs, targets, 0.1, 0.05)
    best = rmt.optimal_stopping(ratio=0.1, signal=2.0, init_var=0.1, lr=0.05).time
    assert stop == pytest.approx(float(best), rel=0.3)


def test_a_probe_on_gaussian_features_stops_as_well_as_one_could():
    inputs, targets = gaussian_classes(1000, 20, 1.5)
    found = probe.probes(inputs, targets, 20, lr=0.05, var=0.1, runs=40, seed=0)
    assert found.curve.shape == (len(probe.STEPS), 40)
    top = found.curve.mean(1).max()
    assert float(top - found.computed.mean()) < 0.01  # the top is broad
    assert found.computed.mean() > found.end.mean()


def test_features_of_a_network_are_white_for_the_digits_it_knows():
    white, targets, losses = probe.features(3, 8, 16, 0)
    assert white.shape == (len(targets), 16)
    assert set(targets.tolist()) == {-1.0, 1.0}
    assert losses[-1] < 0.2 * losses[0]
