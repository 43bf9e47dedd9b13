"""Circulation and curl: Stokes' theorem, gradient fields, and loops that are none."""

import math

import pytest
import torch

from bsgd_edu import dynamics
from bsgd_edu.errors import DomainError, ShapeError

F64 = torch.float64
BOX = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]], dtype=F64)


def field(x):  # curl 4 x_1³ x_2² + 1
    return torch.stack([-x[..., 1], x[..., 0] ** 4 * x[..., 1] ** 2], -1)


def test_circulation_is_the_integral_of_the_curl():
    # ∫_0^1 ∫_0^2 (4x³y² + 1) = 16/3 + 2; a quadratic along each edge is exact with two nodes.
    for nodes in (2, 8):
        found = dynamics.loops.circulation(field, BOX, nodes=nodes)
        assert found.item() == pytest.approx(16 / 3 + 2, rel=1e-14)
    # One node is the midpoint rule: 16 · ¼ on the right-hand edge.
    assert dynamics.loops.circulation(field, BOX, nodes=1).item() == pytest.approx(6, rel=1e-14)


def test_the_direction_counts_and_the_first_corner_does_not():
    forward = dynamics.loops.circulation(field, BOX)
    assert dynamics.loops.circulation(field, BOX.flip(0)).item() == pytest.approx(-forward.item())
    assert dynamics.loops.circulation(field, BOX.roll(1, 0)).item() == pytest.approx(forward.item())
    closed = torch.cat([BOX, BOX[:1]])
    assert dynamics.loops.circulation(field, closed).item() == pytest.approx(forward.item())


def test_loops_of_a_stack_are_apart_and_lie_in_any_dimension():
    loops = torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=F64)
    twist = torch.randn(4, 4, generator=torch.Generator().manual_seed(1), dtype=F64)
    found = dynamics.loops.circulation(lambda x: x @ twist, loops)
    assert found.shape == (2, 3)
    alone = dynamics.loops.circulation(lambda x: x @ twist, loops[1, 2])
    assert found[1, 2].item() == pytest.approx(alone.item(), rel=1e-12)
    # For a linear field the trapezium rule on corners is exact.
    after = loops.roll(-1, -2)
    by_corners = (0.5 * (loops + after) @ twist * (after - loops)).sum((-2, -1))
    torch.testing.assert_close(found, by_corners)


def test_a_gradient_field_has_no_circulation_and_no_curl():
    def gradient(x):  # of sin(x_1) exp(x_2)
        return torch.stack([x[..., 0].cos(), x[..., 0].sin()], -1) * x[..., 1:].exp()

    # Sixteen nodes on edges of length ≤ 2: quadrature below round-off.
    assert abs(dynamics.loops.circulation(gradient, BOX, nodes=16)) < 1e-14
    assert dynamics.loops.curl(gradient, BOX).abs().max() < 1e-15


def test_curl_is_the_circulation_of_a_small_loop_per_area():
    points = torch.tensor([[0.3, 0.7], [1.1, -0.4]], dtype=F64)
    expected = 4 * points[:, 0] ** 3 * points[:, 1] ** 2 + 1
    torch.testing.assert_close(dynamics.loops.curl(field, points), expected)
    side = 1e-3
    small = points.unsqueeze(1) + side * (BOX / torch.tensor([2.0, 1.0]) - 0.5)
    around = dynamics.loops.circulation(field, small) / side**2
    torch.testing.assert_close(around, expected, rtol=1e-5, atol=0)  # O(side²)


def test_curl_of_a_field_that_ignores_a_coordinate():
    assert dynamics.loops.curl(lambda x: torch.ones_like(x), torch.zeros(3, 2)).tolist() == [
        0,
        0,
        0,
    ]
    assert dynamics.loops.curl(lambda x: x.flip(-1) * torch.tensor([0.0, 1.0]), torch.zeros(2)) == 1


def test_loops_that_are_none_are_refused():
    for shape in ((2, 2), (5, 1), (4,)):
        with pytest.raises(ShapeError, match=rf"n ≥ 3, d ≥ 2\), but its shape is \({shape[0]},"):
            dynamics.loops.circulation(field, torch.zeros(*shape))
    stack = torch.stack([BOX, torch.ones_like(BOX)])
    with pytest.raises(DomainError, match=r"0 coordinates are not finite and 1 of 2 loops are one"):
        dynamics.loops.circulation(field, stack)
    with pytest.raises(DomainError, match=r"but 1 coordinates are not finite and 0 of 1"):
        dynamics.loops.circulation(field, torch.cat([BOX, torch.tensor([[math.nan, 0.0]])]))
    with pytest.raises(DomainError, match=r"nodes must be an integer ≥ 1, but it is 0"):
        dynamics.loops.circulation(field, BOX, nodes=0)
    with pytest.raises(
        ShapeError, match=r"must have shape \(\.\.\., 2\), but its shape is \(4, 3\)"
    ):
        dynamics.loops.curl(field, torch.zeros(4, 3))
