"""Lesson 7: theory and runs of least squares agree, by routes of their own, on images too."""

import pytest
import torch
from samples_c07 import DOTS, ERROR, RISE, T

from bsgd_edu import datasets, estimates, plot, rmt
from bsgd_edu.errors import DomainError
from bsgd_edu.lessons.c07_learning_dynamics import (
    explore,
    figures,
    runs,
    theory,
)
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


def test_what_is_plotted_against_size_is_the_gap_times_the_size():
    ax = figures.draw_finite_size([8, 16], {"new": (torch.tensor([0.01, 0.005]), ERROR[:2])})
    marks = ax.containers[0].lines[0].get_ydata()
    assert marks == pytest.approx([0.08, 0.08])


def test_a_filter_that_oscillates_is_not_cut_at_zero():
    up, down = (figures.draw_filter(T, RISE, {"g": g}) for g in (1 / T, 1 / T - 5))
    assert up.get_ylim()[0] == 0
    assert down.get_ylim()[0] < -4


def test_a_spike_is_marked_where_it_is_predicted():
    for draw in (figures.draw_spectrum, figures.draw_filter):
        middle = RISE if draw is figures.draw_spectrum else {"g": 1 / T}
        ax = draw(T, T if draw is figures.draw_spectrum else RISE, middle, marks={"spike": 3.75})
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


# ---- runs


def gaussian_classes(count, features, norm, seed=0):
    stream = generator(seed, "classes")
    targets = torch.randint(0, 2, (count,), generator=stream).double() * 2 - 1
    inputs = torch.randn(count, features, generator=stream, dtype=torch.float64)
    inputs[:, 0] += norm * targets
    return inputs, targets


def test_parts_of_gaussian_data_follow_theory():
    inputs, targets = gaussian_classes(4000, 30, 2.0)
    times = torch.tensor([0.3, 1.0, 30.0], dtype=torch.float64)
    run = runs.image_runs(
        times, inputs, targets, 60, init_var=0.1, lr=1.0, runs=120, generator=generator(0, "parts")
    )
    assert run.measured.mean.shape == run.measured.stderr.shape == (3,)
    assert run.eigenvalues.shape == (120, 30)
    assert run.norm2 == pytest.approx(4.0, rel=0.1)  # 5.6 ± 0.5 at p = 30, over 120 parts
    assert run.signal == pytest.approx(run.norm2**0.5)
    theory = rmt.learning_curve(times, ratio=0.5, signal=run.signal, init_var=0.1, lr=1.0)
    assert torch.equal(run.theory, theory.test_accuracy)
    mean, error = run.measured
    # 4000 samples tell μ to 0.02 only: as much as 0.01 for the common test set.
    assert ((mean - run.theory).abs() < SIGMAS * error + 0.01).all()


def test_whitening_by_all_samples_costs_accuracy_and_cuts_the_spectrum():
    # N I = n S_train + (N − n) S_test: training and test samples err in opposite directions.
    pixels, targets = gaussian_classes(300, 60, 2.7)
    times, stream = torch.tensor([3.0, 10.0], dtype=torch.float64), generator(0, "pool")
    options = {"init_var": 0.1, "lr": 1.0, "runs": 80, "generator": stream}
    norm2, cases = datasets.pair_cases(pixels, targets, generator=stream)
    assert set(cases) == {"whitened", "alike", "raw"}
    seen = {n: runs.image_runs(times, x, targets, 60, **options) for n, x in cases.items()}
    for name in ("whitened", "alike"):
        run = seen[name]
        mean, error = run.measured
        assert (run.theory - mean > SIGMAS * error).all()
        # Wachter's law of p of N rows of an orthonormal frame: the bulk ends at 4(1 − p/N), the
        # second largest of 60 a few per cent before it.
        edge = float(run.eigenvalues[:, -2].mean())
        assert edge == pytest.approx(4 * (1 - 60 / 300), rel=0.08)
        # Both read the same class means off their spikes.
        assert run.norm2 == pytest.approx(norm2, rel=0.1)
    # Scaled alone, Gaussian data keep Marchenko and Pastur's edge 4, for the finite p below it.
    assert float(seen["raw"].eigenvalues[:, -2].mean()) > 3.4


def test_compared_runs_are_the_simulation_and_the_theory():
    times, setting = torch.tensor([1.0, 5.0]), {"signal": 1.0, "init_var": 0.1, "lr": 0.3}
    sizes = {"num_features": 10, "num_samples": 20, "replicas": 5, "discrete": True}
    (mean, stderr), theory = runs.compared_runs(
        times, **sizes, **setting, generator=generator(0, "runs")
    )
    run = rmt.simulate_learning(times, **sizes, **setting, generator=generator(0, "runs"))
    assert torch.equal(mean, run.test_accuracy.mean(0))
    torch.testing.assert_close(stderr, run.test_accuracy.std(0) / 5**0.5)
    expected = rmt.learning_curve(times, ratio=0.5, **setting, discrete=True).test_accuracy
    assert torch.equal(theory, expected)


def test_images_are_tested_on_what_was_not_trained_on():
    # As many features as samples, trained to the end: every part is fitted, the rest is not.
    inputs, targets = gaussian_classes(80, 40, 0.0)
    late = torch.tensor([1e6], dtype=torch.float64)
    run = runs.image_runs(
        late, inputs, targets, 40, init_var=0.1, lr=1.0, runs=60, generator=generator(0, "parts")
    )
    (mean,), (error,) = run.measured
    assert abs(float(mean) - 0.5) < 0.1 + SIGMAS * error


def test_parts_follow_their_generator():
    inputs, targets = gaussian_classes(50, 5, 1.0)
    times, options = torch.ones(1), {"init_var": 0.1, "lr": 1.0, "runs": 3}
    one, same, other = (
        runs.image_runs(times, inputs, targets, 20, **options, generator=generator(seed))
        for seed in (0, 0, 1)
    )
    assert torch.equal(one.measured.mean, same.measured.mean)
    assert not torch.equal(one.measured.mean, other.measured.mean)
    assert not torch.equal(one.eigenvalues, other.eigenvalues)


def test_a_part_must_leave_samples_for_the_test():
    inputs, targets = gaussian_classes(50, 5, 1.0)
    for count in (0, 50, 51):
        with pytest.raises(DomainError, match=rf"between 1 and 49.*it is {count}\."):
            runs.image_runs(
                torch.ones(1),
                inputs,
                targets,
                count,
                init_var=0.1,
                lr=1.0,
                runs=1,
                generator=generator(0),
            )


def test_errors_at_several_ratios_agree_with_their_predictions():
    found = runs.sampled_descent(
        80,
        torch.tensor([100.0]),
        ratios=(0.5, 1.0, 2.0),
        signal=1.0,
        init_var=0.1,
        runs=60,
        generator=generator(0, "descent"),
    )
    exact = 57 / 113  # 80 √0.5 and 80/√0.5, rounded
    stop = rmt.optimal_stopping(ratio=exact, signal=1.0, init_var=0.1)
    assert float(found.predicted[0.5][0]) == pytest.approx(1 - float(stop.test_accuracy), abs=1e-12)
    assert list(found.errors) == list(found.predicted) == [0.5, 1.0, 2.0]
    for ratio, predicted in found.predicted.items():
        assert found.errors[ratio].shape == (2, 60)
        mean, error = estimates.mean_and_stderr(found.errors[ratio])
        # Neglected: a term of order 0.1/p at the most (see the finite-size facts below).
        assert ((mean - predicted).abs() < SIGMAS * error + 0.1 / 57).all()
        assert predicted[1] > predicted[0]  # the best time comes first


def test_small_runs_deviate_in_proportion_to_one_over_their_size():
    setting = {"ratio": 0.5, "signal": 1.0, "init_var": 0.1, "lr": 0.1}
    gaps = runs.finite_size_gaps(
        (8, 16), 100.0, **setting, runs=2000, generator=generator(0, "small")
    )
    assert list(gaps) == [8, 16]
    (mean, error), (half, half_error) = gaps[8], gaps[16]
    assert mean.shape == half_error.shape == (2,)
    # On new samples small runs do better than the limit, on their own samples worse.
    assert mean[0] > SIGMAS * error[0]
    assert mean[1] < -SIGMAS * error[1]
    assert ((2 * half - mean).abs() < SIGMAS * (2 * half_error).hypot(error)).all()


def test_moments_are_those_of_one_simulation_under_their_names():
    moments = {"along": torch.tensor([1.0, 5.0]), "best": torch.tensor(2.0), "end": 1e6}
    setting = {"num_features": 6, "num_samples": 9, "signal": 1.0, "init_var": 0.1, "lr": 0.3}
    test, train = runs.accuracies_at(
        moments, **setting, replicas=4, generator=generator(0, "moments")
    )
    assert list(test) == list(train) == list(moments)
    for name, time in moments.items():
        times = torch.as_tensor(time).reshape(-1)
        run = rmt.simulate_learning(times, **setting, replicas=4, generator=generator(0, "moments"))
        for found, expected in ((test, run.test_accuracy), (train, run.train_accuracy)):
            assert found[name].shape == ((2, 4) if name == "along" else (4,))
            torch.testing.assert_close(found[name].reshape(-1, 4), expected.T)


def test_losses_are_those_of_gradient_descent_sample_by_sample():
    sizes = {"num_features": 3, "num_samples": 7}
    losses = runs.sampled_losses(
        6,
        {"low": 0.1, "high": 0.7},
        **sizes,
        signal=2.0,
        runs=2,
        generator=generator(0, "losses"),
    )
    stream = generator(0, "losses")  # one data set after the other
    drawn = [torch.randn(3, 7, generator=stream, dtype=torch.float64) for _ in range(2)]
    samples = torch.stack(drawn)
    samples[:, 0] += 2.0
    targets = torch.tensor([1, -1, 1, 1, -1, 1, -1]).double()
    assert list(losses) == ["low", "high"]
    for name, lr in (("low", 0.1), ("high", 0.7)):
        assert losses[name].shape == (7, 2)
        for run in range(2):
            # Targets undone, and autograd in place of the map.
            inputs = (samples[run] * targets).T
            weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
            for step in range(7):
                loss = ((targets - inputs @ weights) ** 2).mean() / 2
                assert float(losses[name][step, run]) == pytest.approx(loss.item(), rel=1e-12)
                (slope,) = torch.autograd.grad(loss, weights)
                weights = (weights - lr * slope).detach().requires_grad_()


def test_whitened_digits_tell_their_distance_by_one_eigenvalue():
    pixels, targets = datasets.class_pair("digits", 1, 7)
    norm2, cases = datasets.pair_cases(pixels, targets, generator=generator(0, "noise"))
    run = runs.image_runs(
        torch.ones(1),
        cases["whitened"],
        targets,
        64,
        init_var=0.1,
        lr=1.0,
        runs=40,
        generator=generator(0, "parts"),
    )
    # Half of the relative spread 1/√64 of one top eigenvalue.
    assert run.norm2 == pytest.approx(norm2, rel=1 / 16)
