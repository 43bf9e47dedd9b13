"""Explorers of chapter 3 answer at once, and say what is true of their pictures."""

import pytest
import torch
from drawing_contract import seconds_of

from bsgd_edu.lessons.c03_metrics_and_contraction import explore as explorers
from bsgd_edu.metrics import birkhoff_coefficient, hilbert_distance

MOVES = {
    explorers.shrinking_cone: [
        {"num_maps": 12},
        {"spread": 2.0},
        {"zeros": 0.9, "num_maps": 2},
        {"batches": 1},
    ],
    explorers.balls: [{"radius": 2.0}, {"sharpness": 3.0}, {"sharpness": 0.0}],
    explorers.compare: [{"metric": "Thompson"}, {"metric": "Hilbert"}, {"layer": "square"}],
}


@pytest.mark.parametrize("make", MOVES, ids=lambda make: make.__name__)
def test_explorer_answers_and_changes(make):
    explorer, seconds, words = make(), [], set()
    for move in MOVES[make]:
        png = explorer.png
        seconds.append(seconds_of(explorer, move))
        words.add(explorer.description)
        assert explorer.png != png
    assert len(words) >= 3  # two lists whose images touch the rim are described alike
    # 100 ms on a quiet core; five times that on a machine that also runs other tests.
    assert min(seconds) < 0.5, seconds


@pytest.mark.parametrize("zeros", [0.0, 0.4])
def test_inside_images_are_nested_and_outside_ones_are_not(zeros):
    result = explorers.cone_images(5, 1.0, zeros, 3)
    for images, nested in ((result.backward, True), (result.forward, False)):
        # Coordinates of the next image's corners in those of the last image.
        inner = torch.linalg.solve(images[:-1].mT, images[1:].mT)
        assert bool((inner > -1e-9).all()) is nested


def test_width_obeys_birkhoffs_bound_and_a_zero_leaves_none():
    for batches in range(5):
        result = explorers.cone_images(6, 1.5, 0.0, batches)
        assert result.widths[1] <= result.bound * (1 + 1e-9)
    assert explorers.cone_images(6, 1.0, 0.9, 0).bound == float("inf")


def test_longer_lists_of_matrices_begin_with_the_shorter():
    short, long = explorers.cone_images(3, 1.0, 0.2, 4), explorers.cone_images(7, 1.0, 0.2, 4)
    assert torch.equal(short.backward, long.backward[:3])
    assert torch.equal(short.forward, long.forward[:3])


def test_rims_lie_at_the_radius_and_images_within_the_limit():
    for radius, sharpness in ((0.5, 1.0), (2.0, 2.0)):
        result = explorers.hilbert_balls(radius, sharpness)
        distances = hilbert_distance(result.balls, result.centres[:, None])
        assert torch.allclose(distances, torch.full_like(distances, radius))
        assert result.largest <= result.factor + 1e-9


def test_factor_of_the_balls_is_the_matrix_own():
    fixed = torch.tensor([[4.0, 1.0, 1.0], [1.0, 3.0, 2.0], [1.0, 2.0, 2.0]]).double()
    assert explorers.hilbert_balls(1.0, 1.0).factor == pytest.approx(
        float(birkhoff_coefficient(fixed))
    )


@pytest.mark.parametrize(
    ("layer", "metric", "worst"),
    [
        ("Wx", "Hilbert", 1 / 3),
        ("Wx", "ℓ²", 3.0),
        ("square", "Thompson", 2.0),
        ("square root", "Hilbert", 0.5),
    ],
)
def test_largest_ratio_is_the_known_constant(layer, metric, worst):
    ratios = explorers.layer_ratios(layer, metric).values
    # 4000 random pairs of the plane: one comes within a degree of the worst direction.
    assert float(ratios.max()) == pytest.approx(worst, rel=2e-3)


@pytest.mark.parametrize("layer", ["log(1 + Wx)", "Wx + 1", "ReLU(Px + 0.2), P averages"])
def test_biased_layers_expand_hilbert_and_not_thompson(layer):
    assert float(explorers.layer_ratios(layer, "Thompson").values.max()) <= 1 + 1e-9
    assert float(explorers.layer_ratios(layer, "Hilbert").values.max()) > 1
