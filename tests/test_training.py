"""Runs that are observed: what a record holds is what the orbit gave, nothing more."""

import dataclasses
import functools

import pytest
import torch

from bsgd_edu import nets, rules
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.maps import AffineMap, backward_orbit, forward_orbit, windowed_orbit
from bsgd_edu.seeding import generator
from bsgd_edu.training import Record, train

F64 = torch.float64
MAPS = tuple(lambda x, b=b: 0.5 * x.roll(1, -1) + b for b in range(6))
X0 = torch.tensor([[1.0, 2.0], [3.0, 5.0]], dtype=F64)
ORBITS = {
    "forward": forward_orbit,
    "backward": backward_orbit,
    "windowed": functools.partial(windowed_orbit, window=2),
}
OBSERVE = {"point": lambda x: x, "size": lambda x: x.norm(dim=-1), "mean": lambda x: x.mean()}


@pytest.mark.parametrize("name", ORBITS)
@pytest.mark.parametrize("at", [None, [6, 0, 3, 3], torch.tensor([5, 1])], ids=["all", "list", "t"])
def test_observations_are_those_of_the_orbit(name, at):
    record = train(MAPS, X0, orbit=ORBITS[name], observe=OBSERVE, at=at)
    steps = sorted({int(n) for n in at}) if at is not None else list(range(7))
    points = ORBITS[name](MAPS, X0)[steps]
    assert set(record.values) == set(record.at) == set(OBSERVE)
    for label, function in OBSERVE.items():
        assert record.at[label] == tuple(steps)
        assert torch.equal(record[label], torch.stack([function(point) for point in points]))
    assert torch.equal(record.end, points[-1])
    assert record.seconds > 0


def test_what_is_dear_is_observed_at_fewer_steps():
    seen = []
    observe = {"size": lambda x: x.norm(dim=-1), "dear": lambda x: seen.append(x) or x.sum()}
    record = train(MAPS, X0, observe=observe, at={"size": None, "dear": range(0, 7, 3)})
    assert (len(record["size"]), len(record["dear"]), len(seen)) == (7, 3, 3)
    assert record.at == {"size": tuple(range(7)), "dear": (0, 3, 6)}


@pytest.mark.parametrize("name", ORBITS)
def test_an_observation_sees_the_points_in_order_and_may_remember_the_last(name):
    last = X0

    def moved(point):
        nonlocal last
        before, last = last, point
        return (point - before).norm()

    found = train(MAPS, X0, orbit=ORBITS[name], observe={"moved": moved})["moved"]
    steps = ORBITS[name](MAPS, X0).diff(dim=0)
    torch.testing.assert_close(found[1:], torch.stack([step.norm() for step in steps]))


def test_forward_one_point_is_held_at_a_time():
    """A network's maps in a stack of replicas, in pieces and at once: the same to the last bit."""
    net = nets.MLP([4, 3, 2])
    inputs = torch.randn(20, 4, generator=generator(0, "x"))
    targets = torch.randint(2, (20,), generator=generator(0, "y"))
    batches = torch.randint(20, (8, 5), generator=generator(0, "b"))
    steps = rules.sgd_maps(net, inputs, targets, batches, lr=0.1)
    start = net.init(generator(0, "start"), replicas=(3,))
    record = train(steps, start, observe={"point": lambda x: x}, at=[0, 3, 8])
    assert torch.equal(record["point"], forward_orbit(steps, start, at=[0, 3, 8]))


@pytest.mark.parametrize("dim", [1, 3])
def test_affine_maps_are_counted_by_their_leading_axis(dim):
    steps = torch.full((9, dim, dim), 0.1, dtype=F64)
    maps = AffineMap(steps, torch.ones(9, dim, dtype=F64))
    x0 = torch.ones(dim, dtype=F64)
    record = train(maps, x0, observe={"point": lambda x: x})
    assert record.at["point"] == tuple(range(10))
    torch.testing.assert_close(record["point"], forward_orbit(maps.unbind(), x0))


def test_a_record_holds_no_graph_and_cannot_be_reassigned():
    weight = torch.ones(2, dtype=F64, requires_grad=True)
    record = train(MAPS, X0, observe={"weighted": lambda x: (x * weight).sum(-1)})
    assert not record["weighted"].requires_grad
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.end = X0


def test_what_was_not_observed_is_named_with_what_was():
    record = train(MAPS, X0, observe=OBSERVE)
    with pytest.raises(KeyError, match=r"'loss' was not observed.*mean.*point.*size"):
        record["loss"]
    assert isinstance(record, Record)


def test_numbers_may_be_observed_and_nothing_too():
    assert train(MAPS, X0, observe={"one": lambda x: 1.0}, at=[2])["one"].tolist() == [1.0]
    assert train(MAPS, X0, observe={}).values == {}


def test_an_observation_of_changing_shape_is_refused():
    shapes = iter([(2,), (2,), (3,)])
    with pytest.raises(
        ShapeError, match=r"'odd' must have one shape .* \(2,\) .* \(3,\) at step 2"
    ):
        train(MAPS, X0, observe={"odd": lambda x: torch.zeros(next(shapes))})


def test_steps_outside_and_names_of_nothing_are_refused_under_its_own_name():
    with pytest.raises(DomainError, match=r"train: at must hold integers in 0\.\.6 .* holds 9"):
        train(MAPS, X0, observe=OBSERVE, at=[9])
    with pytest.raises(ShapeError, match=r"train: at must name what observe names.*\['sise'\]"):
        train(MAPS, X0, observe={"size": torch.norm}, at={"sise": [1]})


def test_nothing_is_printed(capsys):
    train(MAPS, X0, observe=OBSERVE, orbit=backward_orbit)
    assert capsys.readouterr() == ("", "")
