"""Runs that are observed: what a record holds is what the orbit gave, nothing more."""

import dataclasses
import functools

import pytest
import torch

from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.maps import AffineMap, backward_orbit, forward_orbit, windowed_orbit
from bsgd_edu.training import Record, train

F64 = torch.float64
MAPS = tuple(lambda x, b=b: 0.5 * x.roll(1, -1) + b for b in range(6))
X0 = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=F64)
ORBITS = {
    "forward_orbit": forward_orbit,
    "backward_orbit": backward_orbit,
    "windowed_orbit": functools.partial(windowed_orbit, window=2),
}
OBSERVE = {"point": lambda x: x, "size": lambda x: x.norm(dim=-1), "mean": lambda x: x.mean((1, 2))}


@pytest.mark.parametrize("name", ORBITS)
@pytest.mark.parametrize("at", [None, [6, 0, 3, 3], torch.tensor([5, 1])], ids=["all", "list", "t"])
def test_observations_are_those_of_the_orbit(name, at):
    record = train(MAPS, X0, orbit=ORBITS[name], observe=OBSERVE, at=at)
    steps = sorted({int(n) for n in at}) if at is not None else list(range(7))
    assert record.at == tuple(steps)
    points = ORBITS[name](MAPS, X0)[steps]
    assert set(record.values) == set(OBSERVE)
    for label, function in OBSERVE.items():
        assert torch.equal(record[label], function(points))
    assert record.name == name  # a partial is called what it is a partial of
    assert record.seconds > 0


def test_a_name_of_its_own():
    assert train(MAPS, X0, observe={}, name="mine").name == "mine"


@pytest.mark.parametrize("dim", [1, 3])
def test_affine_maps_are_counted_by_their_leading_axis(dim):
    steps = torch.full((9, dim, dim), 0.1, dtype=F64)
    maps = AffineMap(steps, torch.ones(9, dim, dtype=F64))
    x0 = torch.ones(dim, dtype=F64)
    record = train(maps, x0, observe={"point": lambda x: x})
    assert record.at == tuple(range(10))
    torch.testing.assert_close(record["point"], forward_orbit(maps.unbind(), x0))


def test_a_record_holds_no_graph_and_cannot_be_reassigned():
    weight = torch.ones(2, dtype=F64, requires_grad=True)
    record = train(MAPS, X0, observe={"weighted": lambda x: (x * weight).sum(-1)})
    assert not record["weighted"].requires_grad
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.name = "other"


def test_what_was_not_observed_is_named_with_what_was():
    record = train(MAPS, X0, observe=OBSERVE)
    with pytest.raises(KeyError, match=r"'loss' was not observed.*mean.*point.*size"):
        record["loss"]
    assert isinstance(record, Record)


@pytest.mark.parametrize("function", [lambda x: x.sum(), lambda x: x[1:], lambda x: x[0]])
def test_observations_without_a_row_a_step_are_refused(function):
    with pytest.raises(ShapeError, match=r"'odd' must have one row for each of 7 steps.*shape"):
        train(MAPS, X0, observe={"odd": function})


def test_steps_outside_are_refused_under_its_own_name():
    with pytest.raises(DomainError, match=r"train: at must hold integers in 0\.\.6 .* holds 9"):
        train(MAPS, X0, observe=OBSERVE, at=[9])


def test_nothing_is_printed(capsys):
    train(MAPS, X0, observe=OBSERVE, orbit=backward_orbit)
    assert capsys.readouterr() == ("", "")
