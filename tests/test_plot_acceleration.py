"""Chapter 8's figures draw what they are given, readably, with alt text and data."""

import numpy as np
import pytest
import torch
from drawing_contract import check_figure, check_page, pages_of

from bsgd_edu import dynamics
from bsgd_edu.lessons.c08_implicit_acceleration import figures as acceleration
from bsgd_edu.lessons.c08_implicit_acceleration import pages as acceleration_pages
from bsgd_edu.lessons.c08_implicit_acceleration import ring
from bsgd_edu.lessons.c08_implicit_acceleration import runs as races
from bsgd_edu.lessons.c08_implicit_acceleration.explore import plane_step

STEPS = [0, 1, 3, 10, 30, 100]
FALL = torch.tensor([9.0, 8.0, 3.0, 1.0, 0.3, 0.1])
RATES = torch.tensor([1e-3, 1e-2, 1e-1])
ENDS = {"depth 1": torch.tensor([1.0, 0.1, torch.nan]), "depth 2": torch.tensor([0.5, 0.01, 0.1])}
SPEEDS = {"depth 2": torch.tensor([2.0, 4.0]), "momentum": torch.tensor([8.0, 9.0])}
GAP = races.RuleGap(RATES.flip(0), RATES.flip(0), torch.ones(3, 2))
MEMORY = races.Memory(0.1, torch.full((12,), 0.2), torch.full((12,), -0.01), torch.full((12,), 0.3))
RING = ring.half_annulus_loop(0.5, 1.0, num_edges=20)
FIELD = dynamics.loops.end_to_end_field(lambda w: torch.ones_like(w), 3)
STEP = plane_step("4", 3, 0.5, 1.0, 0.7)
SUM = torch.tensor([0.0, 0.0, 0.5, 1.0])
SUMS = {depth: SUM[depth - 1] for depth in (1, 2, 3, 4)}
LOSSES = {f"depth {n}": FALL[:, None] / n * torch.tensor([3.0, 2.0, 1.0]) for n in (1, 2)}


def _tuned(speed: float) -> races.Tuned:
    curve = torch.stack([FALL / speed, FALL], 1)
    steps = torch.tensor([100.0, 90.0]) / speed
    return races.Tuned(steps, RATES[:2], curve, STEPS, RATES, 1 / RATES.expand(2, 3) / speed)


FIGURES = {
    "draw_losses": (STEPS, {"depth 1": FALL}, {"theory": FALL}),
    "draw_rates": (RATES, ENDS),
    "draw_orders": (RATES.flip(0), {"depth 2": RATES.flip(0)}, "distance"),
    "draw_speeds": (SPEEDS,),
    "draw_memory": ({"depth 2": FALL},),
    "draw_circulations": ([1, 2, 3, 4], {"ring": SUM}),
    "draw_field": (RING, FIELD(RING), {"ring": RING}),
    "draw_plane": (STEP,),
}
TUNED = {"depth 1": _tuned(1.0), "depth 2": _tuned(3.0), "AdaGrad": _tuned(1.1)}
PAGES = {
    "show_toy": (STEPS, LOSSES, RATES, 1e-2, FALL),
    "show_rule": (RATES.flip(0), {"depth 2": GAP, "depth 3": GAP}),
    "show_race": (TUNED, TUNED),
    "show_ethanol": (STEPS, {"p = 4": {"depth 1": FALL}, "p = 2": {"depth 1": FALL}}),
    "show_memory": (MEMORY, (3, 10), 0.1),
    "show_loops": (FIELD, RING, RING + 1, SUMS, {n: -s for n, s in SUMS.items()}),
    "show_broken": (RATES.flip(0), {"c = 1": GAP, "c = 3": GAP}, RATES, ENDS),
}


def test_all_figures_and_pages_of_the_chapter_are_tried_here():
    assert set(FIGURES) == set(acceleration.__all__)
    assert set(PAGES) == set(acceleration_pages.__all__)
    assert set(PAGES) == pages_of(acceleration_pages)


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_drawn_on_the_axes_given_with_readable_labels(name):
    check_figure(getattr(acceleration, name), FIGURES[name], legend=False)


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_picture_description_and_data(name, monkeypatch):
    check_page(getattr(acceleration_pages, name), PAGES[name], monkeypatch, largest=110_000)


def test_a_run_that_diverges_ends_at_the_roof_and_is_not_drawn_on():
    run = torch.tensor([1.0, 1e3, 1e9, torch.inf, torch.nan, torch.nan])
    heights = acceleration.draw_losses(STEPS, {"depth 1": run}).lines[0].get_ydata()
    np.testing.assert_array_equal(heights[:3], [1.0, 1e3, 1e4])
    assert np.isnan(heights[3:]).all()


def test_learning_rates_that_diverged_have_no_marker():
    drawn = acceleration.draw_rates(RATES, ENDS).lines[0].get_ydata()
    assert np.isnan(drawn[2])
    assert np.isfinite(drawn[:2]).all()


def test_a_method_has_one_colour_in_every_panel():
    left = acceleration.draw_losses(STEPS, {"momentum": FALL, "depth 1": FALL})
    right = acceleration.draw_speeds({"momentum": SPEEDS["momentum"]})
    colours = [line.get_color() for line in left.lines]
    assert right.lines[0].get_color() == colours[0] != colours[1]


def test_loops_and_what_they_collect_keep_their_names(monkeypatch):
    given = {}
    for name, place in (("draw_field", 2), ("draw_circulations", 1)):
        original = getattr(acceleration, name)

        def spy(*parts, original=original, name=name, place=place, **options):
            given[name] = parts[place]
            return original(*parts, **options)

        monkeypatch.setattr(acceleration, name, spy)
    acceleration_pages.show_loops(*PAGES["show_loops"])
    assert torch.equal(given["draw_field"]["half-ring"], RING)
    assert torch.equal(given["draw_field"]["circle"], RING + 1)
    ring, circle = given["draw_circulations"].items()
    assert "half-ring" in ring[0]
    assert torch.equal(ring[1], SUM)
    assert "circle" in circle[0]
    assert torch.equal(circle[1], -SUM)


def test_theory_around_the_half_ring_meets_the_library_at_whole_depths(monkeypatch):
    drawn = []
    original = acceleration.draw_circulations
    monkeypatch.setattr(
        acceleration,
        "draw_circulations",
        lambda *a, **k: drawn.append(k["theory"]) or original(*a, **k),
    )
    acceleration_pages.show_loops(*PAGES["show_loops"])
    depths, line = drawn[0]
    for whole in (1, 2, 3, 4):
        place = int((depths - whole).abs().argmin())
        expected = ring.half_annulus_circulation(whole, 0.5, 1.0)
        # Depths a sixtieth of the range apart: the line passes within its slope times that.
        assert abs(float(line[place]) - expected) < 0.03


def test_the_smallest_case_shows_one_rate_by_step_and_all_of_them_at_the_end(monkeypatch):
    drawn = {}
    for name in ("draw_losses", "draw_rates"):
        original = getattr(acceleration, name)

        def spy(*given, original=original, name=name, **options):
            drawn[name] = given
            return original(*given, **options)

        monkeypatch.setattr(acceleration, name, spy)
    acceleration_pages.show_toy(*PAGES["show_toy"])
    for depth, run in LOSSES.items():
        assert torch.equal(drawn["draw_losses"][1][depth], run[:, 1])  # the rate 1e-2 of three
        assert torch.equal(drawn["draw_rates"][1][depth], run[-1])


def test_the_ellipse_is_long_along_w_and_gone_at_the_origin():
    (ellipse,) = acceleration.draw_plane(plane_step("2", 4, 1.0, 1.0, 0.5)).patches
    assert ellipse.width / ellipse.height == pytest.approx(4)
    assert ellipse.angle == pytest.approx(45)
    assert not acceleration.draw_plane(plane_step("2", 4, 0.0, 0.0, 0.5)).patches
