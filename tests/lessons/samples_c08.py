"""What the contract tries lesson 8 with: arguments of figures and pages, moves of explorers."""

import torch

from bsgd_edu import dynamics
from bsgd_edu.lessons.c08_implicit_acceleration import explore, ring, runs
from bsgd_edu.lessons.c08_implicit_acceleration.explore import plane_step

STEPS = [0, 1, 3, 10, 30, 100]
FALL = torch.tensor([9.0, 8.0, 3.0, 1.0, 0.3, 0.1])
RATES = torch.tensor([1e-3, 1e-2, 1e-1])
ENDS = {"depth 1": torch.tensor([1.0, 0.1, torch.nan]), "depth 2": torch.tensor([0.5, 0.01, 0.1])}
SPEEDS = {"depth 2": torch.tensor([2.0, 4.0]), "momentum": torch.tensor([8.0, 9.0])}
GAP = runs.RuleGap(RATES.flip(0), RATES.flip(0), torch.ones(3, 2))
MEMORY = runs.Memory(0.1, torch.full((12,), 0.2), torch.full((12,), -0.01), torch.full((12,), 0.3))
RING = ring.half_annulus_loop(0.5, 1.0, num_edges=20)
FIELD = dynamics.loops.end_to_end_field(lambda w: torch.ones_like(w), 3)
STEP = plane_step("4", 3, 0.5, 1.0, 0.7)
SUM = torch.tensor([0.0, 0.0, 0.5, 1.0])
SUMS = {depth: SUM[depth - 1] for depth in (1, 2, 3, 4)}
LOSSES = {f"depth {n}": FALL[:, None] / n * torch.tensor([3.0, 2.0, 1.0]) for n in (1, 2)}


def _tuned(speed: float) -> runs.Tuned:
    curve = torch.stack([FALL / speed, FALL], 1)
    steps = torch.tensor([100.0, 90.0]) / speed
    return runs.Tuned(steps, RATES[:2], curve, STEPS, RATES, 1 / RATES.expand(2, 3) / speed)


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
LACKS = {"draw_speeds": {"legend"}}
PAGES = {
    "show_toy": (STEPS, LOSSES, RATES, 1e-2, FALL),
    "show_rule": (RATES.flip(0), {"depth 2": GAP, "depth 3": GAP}),
    "show_race": (TUNED, TUNED),
    "show_ethanol": (STEPS, {"p = 4": {"depth 1": FALL}, "p = 2": {"depth 1": FALL}}),
    "show_memory": (MEMORY, (3, 10), 0.1),
    "show_loops": (FIELD, RING, RING + 1, SUMS, {n: -s for n, s in SUMS.items()}),
    "show_broken": (RATES.flip(0), {"c = 1": GAP, "c = 3": GAP}, RATES, ENDS),
}
MOVES = {
    "plane": [
        {"depth": 1},
        {"loss": "2"},
        {"loss": "4"},
        {"depth": 6},
        {"first": -2.0},
        {"first": 3.0},
        {"second": -2.0},
        {"second": 2.0},
        {"radius": 0.1},
        {"radius": 1.5},
    ],
    "racing": [
        {"rate": 0},
        {"rate": len(explore.RATES) - 1},
        {"power": 2},
        {"start": 1e-3},
        {"start": 1.0},
    ],
}
