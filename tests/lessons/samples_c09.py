"""What the contract tries lesson 9 with: arguments of figures and pages, moves of explorers."""

import torch

from bsgd_edu.estimates import Estimate
from bsgd_edu.lessons.c09_no_bad_minima import traps
from bsgd_edu.lessons.c09_no_bad_minima.runs import Fall

STEPS = list(range(0, 41, 10))
RUNS = 10.0 ** -torch.linspace(0, 12, 5)[:, None] * torch.linspace(0.5, 2, 6)
PATH = torch.stack([torch.linspace(1.2, 0, 30), torch.linspace(-1.2, 0, 30)], -1)
SIZES = torch.logspace(-2, 0, 5)
STAIRS = [torch.tensor([14.0]), torch.linspace(14, 5, 9), torch.linspace(5, 0, 9)]
LEVELS = [14.0, 5.0, 0.0]
PUSHES = {2: list(2 * SIZES), 3: list(2 * SIZES**2)}
PRICES = (1.0, 2.5, 4.0)
SPECTRA = {k: torch.tensor([k - 2, 0, 2, k + 2]).sort().values for k in PRICES}
SHARE = Estimate(torch.tensor(0.2), torch.tensor(0.01))
SHARES = {1.0: Estimate(torch.tensor(0.0), torch.tensor(0.01)), 2.5: SHARE, 4.0: SHARE}
SMALL = {0.3: SHARE, 0.1: SHARE, 0.03: SHARE}
FUNNEL = traps.bottleneck_runs(4.0, 1.0)
BOX = traps.trap_box(0.7)
FALL = Fall(torch.linspace(0, 20, 5), RUNS)
FIGURES = {
    "draw_powers": (SIZES, PUSHES, 2.0),
    "draw_gaps": (STEPS, {"4–3–3": RUNS}, {"narrow": 0.1}),
    "draw_stairs": (STAIRS, LEVELS),
    "draw_plateaus": (STEPS, RUNS, LEVELS),
    "draw_eigenvalues": (torch.linspace(0, 6, 9), SPECTRA),
    "draw_shares": (SHARES, "price"),
    "draw_best": (torch.linspace(0, 1, 9), torch.linspace(1, 0, 9), {"a": ([0.5], [1.0])}),
    "draw_rescaled": ({0.5: FALL, 0.1: FALL},),
    "draw_hyperbola": ({"a path": PATH},),
    "draw_valley": FUNNEL[1:],
    "draw_surface": (*BOX[:3], [0.5, 0.7], BOX.place),
}
LACKS = {"draw_gaps": {"legend"}}
PAGES = {
    "show_one_number": ({"a path": PATH}, SIZES, PUSHES, 2.0),
    "show_runs": ({"p": STEPS}, {("p", "4–3–3"): RUNS}),
    "show_stairs": (STAIRS, STEPS, RUNS, LEVELS),
    "show_bottleneck": (SPECTRA, FUNNEL, SHARES, SMALL),
    "show_trap": (BOX, {0.5: torch.tensor(1.0), 0.6: torch.tensor(0.6)}),
    "show_smoothed": ({0.5: FALL, 0.1: FALL}, SHARES),
}
MOVES = {
    "box": [{"radius": 0.05}, {"radius": 0.7}, {"radius": 0.85}, {"radius": 1.0}],
    "funnel": [{"weight": 0.5}, {"weight": 2.0}, {"weight": 6.0}, {"std": 0.01}],
    "stairs": [
        {"presses": 1}, {"presses": 1}, {"layers": 2}, {"layers": 4},
        {"size": 0.15}, {"size": 0.6},
    ],
}  # fmt: skip
