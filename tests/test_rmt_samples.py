"""Sampled spectra agree with the spiked law, and the spike gives the signal back."""

import pytest
import torch

from bsgd_edu import estimates, rmt
from bsgd_edu.seeding import generator

SIGMAS = 4


def test_the_spike_gives_back_the_signal_it_came_from():
    for ratio in (0.2, 1.0, 3.0):
        for norm2 in (1.01 * ratio**0.5, 2.5, 40.0):
            spike = rmt.SpikedMarchenkoPastur(ratio, norm2**0.5).spike
            found = rmt.signal_of_spike(torch.tensor(spike, dtype=torch.float64), ratio)
            # Near the threshold λ is flat in ρ, and half of the digits are lost.
            assert float(found) == pytest.approx(norm2, rel=1e-6)
    assert float(rmt.signal_of_spike(torch.tensor(1.0), 0.25)) == 0.5


def test_spectra_have_the_moments_and_the_top_vector_of_their_law():
    sample = rmt.sampled_spectrum(60, 120, 2.0, 200, generator=generator(0, "spectra"))
    assert sample.eigenvalues.shape == (200, 60)
    assert (sample.eigenvalues.diff() >= 0).all()
    # E tr S = p + ‖μ‖², exactly.
    total, error = estimates.mean_and_stderr(sample.eigenvalues.sum(1))
    assert abs(float(total) - 64) < SIGMAS * error
    law = rmt.SpikedMarchenkoPastur(0.5, 2.0)
    for found, known in (
        (sample.overlap, law.overlap),
        (sample.overlap_with_targets, law.overlap_with_targets),
    ):
        mean, error = estimates.mean_and_stderr(found)
        # The limit neglects a term of order 1/p.
        assert abs(float(mean) - known) < SIGMAS * error + 1 / 60
    assert (sample.overlap_with_targets <= 1).all()


def test_without_signal_the_top_vector_knows_nothing():
    sample = rmt.sampled_spectrum(50, 100, 0.0, 300, generator=generator(0, "none"))
    mean, error = estimates.mean_and_stderr(sample.overlap)
    # A direction that is uniform on the sphere: 1/p exactly.
    assert abs(float(mean) - 1 / 50) < SIGMAS * error
