"""Chapter 9's explorers: the models behind them keep the facts, and every control acts."""

import pytest
import torch
from drawing_contract import check_explorer

from bsgd_edu import nets
from bsgd_edu.course import rooms
from bsgd_edu.course.claims.claims import ClaimFailed, Ledger
from bsgd_edu.curvature import certify
from bsgd_edu.lessons.c09_no_bad_minima import explore as minima
from bsgd_edu.lessons.c09_no_bad_minima import runs, traps
from bsgd_edu.nets.deep_linear import end_to_end
from bsgd_edu.seeding import generator

REAL = {"dtype": torch.float64}
MOVES = {
    minima.box: [{"radius": 0.05}, {"radius": 0.7}, {"radius": 0.85}, {"radius": 1.0}],
    minima.funnel: [{"weight": 0.5}, {"weight": 2.0}, {"weight": 6.0}, {"std": 0.01}],
    minima.stairs: [
        {"presses": 1}, {"presses": 1}, {"layers": 2}, {"layers": 4},
        {"size": 0.15}, {"size": 0.6},
    ],
}  # fmt: skip


@pytest.mark.parametrize("make", MOVES, ids=lambda make: make.__name__)
def test_every_control_changes_the_picture_and_says_something(make):
    check_explorer(make, MOVES[make])


def test_chapter_has_three_tabs():
    assert list(minima.chapter().explorers) == ["Trap", "Bottleneck", "Escape"]


# ---- the trap


@pytest.mark.parametrize("radius", [0.51, 0.6, 0.5**0.5, 0.75, 0.9, 1.0])
def test_best_place_of_a_box_lies_in_it_and_has_the_least_loss(radius):
    net, point = traps.kink_trap()
    box = traps.trap_box(radius)
    best = traps.trap_surface(*torch.tensor(box.place, **REAL))
    assert (best - point).abs().max() <= radius + 1e-12
    # Ten sums and products of numbers below 1: 1e-14.
    assert net.loss(best).item() == pytest.approx(traps.kink_trap_value(radius), abs=1e-14)
    assert net.loss(best).item() == pytest.approx(box.best, abs=1e-14)


def test_nothing_on_the_surface_is_below_the_least_loss_of_its_box():
    box = traps.trap_box(0.5)
    reach = torch.maximum(box.outer.abs().expand_as(box.loss), box.inner.abs()[:, None])
    floor = torch.tensor([traps.kink_trap_value(r) for r in reach.ravel().tolist()], **REAL)
    assert (box.loss.ravel() >= floor - 1e-12).all()


@pytest.mark.parametrize(
    ("radius", "words"),
    [(0.5, "nowhere below 1: no move"), (0.6, "3 − 4r"), (0.8, "((1 − r)/r)²"), (1.0, "reaches")],
)
def test_box_says_which_piece_of_the_formula_holds(radius, words):
    explorer = minima.box()
    explorer.move(radius=radius)
    assert words in explorer.description


# ---- the bottleneck


@pytest.mark.parametrize("weight", [0.5, 1.0, 4.0])
def test_valley_is_the_least_loss_of_rank_one_matrices_with_a_diagonal(weight):
    net, _ = traps.bottleneck_trap(weight)
    theta = torch.randn(4000, 4, generator=generator(0, "rank one"), **REAL)
    diagonals = net.product(theta).diagonal(dim1=-2, dim2=-1)
    folded = traps.valley(diagonals, weight)
    assert (net.loss(theta) >= folded - 1e-9).all()
    # The balanced matrix with |A_12| = |A_21| attains it.
    a, d = diagonals.abs().clamp(min=1e-3).sqrt().unbind(-1)
    even = torch.stack([a, d * diagonals[:, 1].sign(), a * diagonals[:, 0].sign(), d], -1)
    signed = net.product(even).diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(net.loss(even), traps.valley(signed, weight), rtol=0, atol=1e-12)


def test_paths_end_where_they_are_counted():
    funnel = traps.bottleneck_runs(4.0, 1.0)
    ends = funnel.paths[-1]
    poles = torch.where(funnel.stuck[:, None], torch.tensor([0.0, 0.5]), torch.tensor([1.0, 0.0]))
    # Time 12 at curvatures of order 1 leaves e^−12 of the distance to the slowest.
    assert (ends - poles).abs().median() < 1e-3
    assert funnel.stuck.any()
    assert not funnel.stuck.all()


@pytest.mark.parametrize(
    ("weight", "word"), [(1.9, "a saddle"), (2.0, "on the border"), (2.1, "a local minimum")]
)
def test_kind_of_the_bad_point_is_named_by_its_eigenvalue(weight, word):
    explorer = minima.funnel()
    explorer.move(weight=weight)
    assert f"diag(0, ½) is {word}" in explorer.description
    net, point = traps.bottleneck_trap(weight)
    found = certify(net.loss, point, symmetries=1).smallest_eigenvalue
    assert found.item() == pytest.approx(weight - 2, abs=1e-9)


# ---- the stairs


@pytest.mark.parametrize("layers", [2, 3, 4])
def test_stairs_lead_from_rank_to_rank(layers):
    found = [runs.climb_down(layers, 0.3, presses) for presses in range(4)]
    assert [run.rank for run in found] == [0, 1, 2, 3]
    # Descent stops at gradients of 1e-9: the loss is quadratic in them.
    assert [float(run.losses[-1][-1]) for run in found] == pytest.approx([14, 5, 1, 0], abs=1e-9)
    assert found[-1].pushes == pytest.approx(found[-1].predicted, rel=1e-6)
    for before, after in zip(found[-1].losses[:-1], found[-1].losses[1:], strict=True):
        assert float(after[0]) == pytest.approx(float(before[-1]), abs=1e-12)
        assert (after.diff() <= 1e-12).all()
    assert runs.climb_down(layers, 0.3, 4) is found[-1]


def test_button_says_what_it_gave_and_when_nothing_is_left():
    explorer = minima.stairs()
    assert "Loss 5, product of rank 1" in explorer.description
    assert "0.54 (δ to the power N − 1, times σ₁ of ∇f: 0.54)" in explorer.description
    explorer.move(presses=1)
    assert "Loss 1, product of rank 2" in explorer.description
    assert "a saddle: escape!" in explorer.description
    explorer.move(presses=4)
    assert "nothing to escape from" in explorer.description


# ---- claims can fail


def test_claims_of_the_chapter_fail_where_they_should():
    claim = Ledger(rooms.room("09"), "quick").claim
    net, point = traps.bottleneck_trap(2.1)
    wrong = torch.linalg.eigvalsh(torch.func.hessian(net.loss)(point))
    lines = torch.tensor([-0.1, 0.0, 2.0, 3.9], **REAL)  # those of K = 1.9
    with pytest.raises(ClaimFailed, match="bottleneck-eigenvalues"):
        claim("minima/bottleneck-eigenvalues").agrees(wrong, lines, atol=1e-12)
    with pytest.raises(ClaimFailed, match="minima/trap-depth"):  # 3 − 4r goes on to 3/4 only
        claim("minima/trap-depth").agrees(3 - 4 * 0.75, traps.kink_trap_value(0.75), atol=1e-9)
    with pytest.raises(ClaimFailed, match="minima/all-runs"):
        claim("minima/all-runs").agrees([0.0, 0.4473], 0, atol=1e-6)


def test_product_is_what_the_stairs_descend_on():
    run = runs.climb_down(3, 0.3, 3)
    net = nets.DeepLinear([3, 4, 4, 3], nets.squared_loss(torch.eye(3, **REAL)))
    target = torch.diag(torch.tensor(runs.SINGULAR_VALUES, **REAL))
    torch.testing.assert_close(end_to_end(net.factors(run.theta)), target, rtol=0, atol=1e-8)
