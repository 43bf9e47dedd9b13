"""Experiments on how least squares learns agree with laws, by routes of their own."""

import pytest
import torch

from bsgd_edu import datasets, dynamics, rmt
from bsgd_edu.errors import DomainError
from bsgd_edu.seeding import generator

SIGMAS = 4


def test_the_spike_gives_back_the_signal_it_came_from():
    for ratio in (0.2, 1.0, 3.0):
        for norm2 in (1.01 * ratio**0.5, 2.5, 40.0):
            spike = rmt.SpikedMarchenkoPastur(ratio, norm2**0.5).spike
            found = dynamics.signal_of_spike(torch.tensor(spike, dtype=torch.float64), ratio)
            # Near the threshold λ is flat in ρ, and half of the digits are lost.
            assert float(found) == pytest.approx(norm2, rel=1e-6)
    assert float(dynamics.signal_of_spike(torch.tensor(1.0), 0.25)) == 0.5


def test_spectra_have_the_moments_and_the_top_vector_of_their_law():
    sample = dynamics.sampled_spectrum(60, 120, 2.0, 200, generator=generator(0, "spectra"))
    assert sample.eigenvalues.shape == (200, 60)
    assert (sample.eigenvalues.diff() >= 0).all()
    # E tr S = p + ‖μ‖², exactly.
    total, error = dynamics.mean_and_stderr(sample.eigenvalues.sum(1))
    assert abs(float(total) - 64) < SIGMAS * error
    law = rmt.SpikedMarchenkoPastur(0.5, 2.0)
    for found, known in (
        (sample.overlap, law.overlap),
        (sample.overlap_with_targets, law.overlap_with_targets),
    ):
        mean, error = dynamics.mean_and_stderr(found)
        # The limit neglects a term of order 1/p.
        assert abs(float(mean) - known) < SIGMAS * error + 1 / 60
    assert (sample.overlap_with_targets <= 1).all()


def test_without_signal_the_top_vector_knows_nothing():
    sample = dynamics.sampled_spectrum(50, 100, 0.0, 300, generator=generator(0, "none"))
    mean, error = dynamics.mean_and_stderr(sample.overlap)
    # A direction that is uniform on the sphere: 1/p exactly.
    assert abs(float(mean) - 1 / 50) < SIGMAS * error


def gaussian_classes(count, features, norm, seed=0):
    stream = generator(seed, "classes")
    targets = torch.randint(0, 2, (count,), generator=stream).double() * 2 - 1
    inputs = torch.randn(count, features, generator=stream, dtype=torch.float64)
    inputs[:, 0] += norm * targets
    return inputs, targets


def test_parts_of_gaussian_data_follow_theory():
    inputs, targets = gaussian_classes(4000, 30, 2.0)
    times = torch.tensor([0.3, 1.0, 30.0], dtype=torch.float64)
    run = dynamics.image_runs(
        times, inputs, targets, 60, init_var=0.1, lr=1.0, runs=120, generator=generator(0, "parts")
    )
    assert run.measured.shape == (120, 3)
    assert run.eigenvalues.shape == (120, 30)
    assert run.norm2 == pytest.approx(4.0, rel=0.1)  # 5.6 ± 0.5 at p = 30, over 120 parts
    theory = rmt.learning_curve(times, ratio=0.5, signal=run.norm2**0.5, init_var=0.1, lr=1.0)
    assert torch.equal(run.theory, theory.test_accuracy)
    mean, error = dynamics.mean_and_stderr(run.measured, 0)
    # 4000 samples tell μ to 0.02 only: as much as 0.01 for the common test set.
    assert ((mean - run.theory).abs() < SIGMAS * error + 0.01).all()


def test_whitening_by_all_samples_costs_accuracy_and_cuts_the_spectrum():
    # N I = n S_train + (N − n) S_test: training and test samples err in opposite directions.
    pixels, targets = gaussian_classes(300, 60, 2.7)
    times, stream = torch.tensor([3.0, 10.0], dtype=torch.float64), generator(0, "pool")
    options = {"init_var": 0.1, "lr": 1.0, "runs": 80, "generator": stream}
    norm2, cases = datasets.pair_cases(pixels, targets, generator=stream)
    assert set(cases) == {"whitened", "alike", "raw"}
    seen = {n: dynamics.image_runs(times, x, targets, 60, **options) for n, x in cases.items()}
    for name in ("whitened", "alike"):
        run = seen[name]
        missing, error = dynamics.mean_and_stderr(run.theory - run.measured, 0)
        assert (missing > SIGMAS * error).all()
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
    mean, stderr, theory = dynamics.compared_runs(
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
    run = dynamics.image_runs(
        late, inputs, targets, 40, init_var=0.1, lr=1.0, runs=60, generator=generator(0, "parts")
    )
    mean, error = dynamics.mean_and_stderr(run.measured[:, 0])
    assert abs(float(mean) - 0.5) < 0.1 + SIGMAS * error


def test_parts_follow_their_generator():
    inputs, targets = gaussian_classes(50, 5, 1.0)
    times, options = torch.ones(1), {"init_var": 0.1, "lr": 1.0, "runs": 3}
    one, same, other = (
        dynamics.image_runs(times, inputs, targets, 20, **options, generator=generator(seed))
        for seed in (0, 0, 1)
    )
    assert torch.equal(one.measured, same.measured)
    assert not torch.equal(one.measured, other.measured)
    assert not torch.equal(one.eigenvalues, other.eigenvalues)


def test_a_part_must_leave_samples_for_the_test():
    inputs, targets = gaussian_classes(50, 5, 1.0)
    for count in (0, 50, 51):
        with pytest.raises(DomainError, match=rf"between 1 and 49.*it is {count}\."):
            dynamics.image_runs(
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
    found = dynamics.sampled_descent(
        80,
        torch.tensor([100.0]),
        ratios=(0.5, 1.0, 2.0),
        signal=1.0,
        init_var=0.1,
        runs=60,
        generator=generator(0, "descent"),
    )
    means, errors = dynamics.mean_and_stderr(found.errors)
    assert found.errors.shape == (3, 2, 60)
    # Neglected: a term of order 0.1/p at the most (see the finite-size facts below).
    assert ((means - found.predicted).abs() < SIGMAS * errors + 0.1 / 57).all()
    assert (found.predicted[:, 1] > found.predicted[:, 0]).all()  # the best time comes first
    exact = 57 / 113  # 80 √0.5 and 80/√0.5, rounded
    stop = rmt.optimal_stopping(ratio=exact, signal=1.0, init_var=0.1)
    assert float(found.predicted[0, 0]) == pytest.approx(1 - float(stop.test_accuracy), abs=1e-12)


def test_small_runs_deviate_in_proportion_to_one_over_their_size():
    gaps, errors = dynamics.finite_size_gaps(
        (8, 16),
        10.0,
        ratio=0.5,
        signal=1.0,
        init_var=0.1,
        runs=2000,
        generator=generator(0, "small"),
    )
    assert gaps.shape == errors.shape == (2, 2)
    # On new samples small runs do better than the limit, on their own samples worse.
    assert gaps[0, 0] > SIGMAS * errors[0, 0]
    assert gaps[1, 0] < -SIGMAS * errors[1, 0]
    slack = SIGMAS * (2 * errors[:, 1]).hypot(errors[:, 0])
    assert ((2 * gaps[:, 1] - gaps[:, 0]).abs() < slack).all()


def test_whitened_digits_tell_their_distance_by_one_eigenvalue():
    pixels, targets = datasets.class_pair("digits", 1, 7)
    noise = torch.randn(pixels.shape, generator=generator(0, "noise"), dtype=torch.float64)
    white, mean = datasets.whiten_classes(pixels + 0.27 * noise, targets)
    run = dynamics.image_runs(
        torch.ones(1),
        white,
        targets,
        64,
        init_var=0.1,
        lr=1.0,
        runs=40,
        generator=generator(0, "parts"),
    )
    # Half of the relative spread 1/√64 of one top eigenvalue.
    assert run.norm2 == pytest.approx(float(mean @ mean), rel=1 / 16)
