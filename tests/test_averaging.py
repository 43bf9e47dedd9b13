"""Averaged orbits are the averages of the forward orbit, whatever is asked of them."""

import pytest
import torch

from bsgd_edu import errors, rules
from bsgd_edu.maps import forward_orbit
from bsgd_edu.seeding import generator

TARGETS = torch.randn(30, generator=generator(0), dtype=torch.float64)
MAPS = [lambda x, a=a: 0.7 * x + 0.3 * a for a in TARGETS]
START = torch.tensor([[1.0], [5.0]], dtype=torch.float64)


def test_polyak_orbit_is_the_mean_of_the_points_after_the_burn_in():
    x = forward_orbit(MAPS, START)
    mean = rules.polyak_orbit(MAPS, START, burn_in=10)
    assert torch.allclose(mean[30], x[11:].mean(0), atol=1e-14)
    assert torch.allclose(mean[:11], x[:11], atol=1e-14)


def test_ema_orbit_weights_the_points_geometrically():
    x = forward_orbit(MAPS, START)
    weights = 0.1 * 0.9 ** torch.arange(29, -1, -1, dtype=torch.float64)
    wanted = (weights[:, None, None] * x[1:]).sum(0) + 0.9**30 * x[0]
    assert torch.allclose(rules.ema_orbit(MAPS, START, decay=0.9, at=[30])[0], wanted, atol=1e-14)


@pytest.mark.parametrize("at", [[0], [3, 30], [7, 7, 2]])
def test_chosen_steps_are_rows_of_the_whole(at):
    for orbit in (rules.polyak_orbit, lambda m, x, **k: rules.ema_orbit(m, x, decay=0.5, **k)):
        assert torch.equal(orbit(MAPS, START, at=at), orbit(MAPS, START)[at])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rules.polyak_orbit(MAPS, START, burn_in=-1), "it is -1"),
        (lambda: rules.polyak_orbit(MAPS, START, at=[31]), r"0..30 .*but it holds 31"),
        (lambda: rules.ema_orbit(MAPS, START, decay=1.0), "it is 1.0"),
        (lambda: rules.ema_orbit(MAPS, START, decay=0.5, at=[-1]), "holds -1"),
    ],
)
def test_what_is_out_of_range_is_refused(call, message):
    with pytest.raises(errors.DomainError, match=message):
        call()
