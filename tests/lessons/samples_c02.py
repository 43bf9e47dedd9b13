"""What the contract tries lesson 2 with: arguments of figures and pages, moves of explorers."""

import torch

from bsgd_edu.estimates import Estimate

RUNS = torch.linspace(-1, 1, 33).reshape(11, 3)
POINTS = [torch.tensor([float(i), float(i * i)]) for i in range(5)]
POSITIVE = torch.linspace(0.1, 1, 4)
NAMES = ["forward", "backward", "windowed, w = 5", "block, w = 3"]
TAIL = torch.tan(torch.linspace(-1.57, 1.57, 401))  # quantiles of a Cauchy law: index 1
ESTIMATES = {name: Estimate(x, x / 9) for name, x in zip(NAMES, POSITIVE, strict=True)}


FIGURES = {
    "draw_parallelogram": (POINTS[0], POINTS[1:3], POINTS[3:5]),
    "draw_timings": ((1, 2, 4, 8), {"two": [1, 4, 16, 64], "one": [1, 2, 4, 8]}),
    "draw_contraction": (0.5 ** torch.arange(11), {"near": RUNS[:, 0].abs()}, RUNS[:, 2].abs()),
    "draw_gaps": (POSITIVE, POSITIVE / 100, 0.0, 0.1),
    "draw_curves": (range(11), {"forward": RUNS[:, 0], "backward": RUNS[:, 1]}),
    "draw_jitter_and_loss": (NAMES, POSITIVE, POSITIVE, POSITIVE / 10),
    "draw_league": (NAMES, POSITIVE, POSITIVE / 10, "error"),
    "draw_momentum": ({"h = 1": RUNS[:, 0].abs() + 1}, 0.81, 1.5),
    "draw_scalar_paths": (RUNS, -RUNS),
    "draw_tail": (TAIL, 1.0),
    "draw_shared_endings": (RUNS[:, :2], torch.zeros(2), RUNS[:, :2]),
    "draw_spread": (RUNS[:, 0].exp(), RUNS[:, 0].exp(), 3, 0.5),
    "draw_stability": ((1, 2, 5), {"a": POSITIVE[:3], "b": torch.tensor([1.0, 0, 0])}, (2, 0.3)),
}
LACKS = {
    "draw_gaps": {"ylabel"},  # its rows carry names
    "draw_league": {"ylabel", "legend"},  # so do these
}
PAGES = {
    "show_hook": (range(11), {"forward": RUNS[:, 0], "backward": RUNS[:, 1]}),
    "show_orders": (RUNS[:, 0], RUNS[:, 1], POINTS[0], POINTS[1:3], POINTS[3:]),
    "show_timings": ((1, 2, 4, 8), {"two": [1, 4, 16, 64], "one": [1, 2, 4, 8]}),
    "show_lists": (
        torch.rand(11) + 1, torch.rand(11, 2), torch.rand(12), Estimate(POSITIVE, POSITIVE / 99),
        Estimate(torch.tensor(0.0), torch.tensor(0.1)),
    ),
    "show_loop": (range(11), {"forward": RUNS[:, 0]}, {"forward": RUNS[:, 1]}),
    "show_network": (
        range(11), {name: RUNS for name in NAMES}, dict(zip(NAMES, POSITIVE, strict=True)),
        ESTIMATES,
    ),
    "show_league": ({name: 25 for name in NAMES}, ESTIMATES, ESTIMATES),
    "show_broken": ({1.0: RUNS[:, 0].abs() + 1}, 0.81, {1.0: 1.5, 0.3: 0.9}, TAIL.repeat(5), 1.0),
}  # fmt: skip
MOVES = {
    "shared_endings": [
        {"shared": 0},
        {"shared": 30},
        {"lr": 0.4},
        {"batch": 16},
        {"lists": 1},
    ],
    "stability_map": [
        {"dim": 1},
        {"dim": 30},
        {"log_lr": 0.4},
        {"log_lr": -1.6},
        {"batch": 32},
    ],
}
FEWEST_WORDS = {"shared_endings": 11}  # where nothing is shared there is little to say
