"""What the contract tries lesson 4 with: arguments of figures and pages, moves of explorers."""

import torch

from bsgd_edu.lessons.c04_deep_limits import explore

STREAM = torch.Generator().manual_seed(0)
POSITIVE = torch.rand(12, 8, generator=STREAM, dtype=torch.float64) + 0.1
NETS = {name: -POSITIVE for name in ("untrained", "untrained, mixed", "trained", "trained, mixed")}
POINTS = 0.6 * torch.rand(6, 2, generator=STREAM, dtype=torch.float64)
STAR = torch.tensor([0.6, 0.8], dtype=torch.float64)
FIGURES = {
    "draw_convergents": (POSITIVE[0], POSITIVE[1], 0.5),
    "draw_drift": (POSITIVE.cumsum(0), POSITIVE.cumsum(0), 0.6, 1.2),
    "draw_turns": (POSITIVE, POSITIVE[1:], 0.6),
    "draw_growths": (NETS,),
    "draw_pairs": (NETS,),
    "draw_rates": ({"a": POSITIVE, "b": POSITIVE}, {"line": POSITIVE[:, 0]}),
    "draw_norms": (POSITIVE, -0.1, 1.0, "He"),
    "draw_disc": (POINTS, STAR, (0.0, -2.0), "new layer inside"),
    "draw_walk": (POSITIVE[:, 0], POSITIVE[:, 1], 0.5),
}
LACKS = {
    "draw_disc": {"xlabel", "ylabel", "legend"},  # a plane without coordinates
}
PAGES = {
    "show_convergents": (range(8), POSITIVE[0], POSITIVE[1], 0.5),
    "show_drift": (POSITIVE.cumsum(0), POSITIVE.cumsum(0), POSITIVE, POSITIVE, 0.6),
    "show_networks": (NETS, NETS),
    "show_walks": ({"hyperbolic": POSITIVE, "flat": POSITIVE, "line": POSITIVE}, 0.5),
    "show_norms": (POSITIVE, POSITIVE, 32, 2.17),
}
MOVES = {
    "disc": [
        {"kind": "Gaussian"},
        {"order": "outside"},
        {"num_layers": 1},
        {"num_layers": explore.MOST},
        {"layers": 1},
        {"levels": False},
        {"kind": "continued fraction"},
        {"kind": "turn, then stretch", "order": "inside"},
        {"stretch": 3.0},
    ],
    "depths": [{"log_width": 7}, {"variance": 4.0}, {"depth": 100}, {"nets": 1}],
}
