"""What the contract tries lesson 3 with: arguments of figures and pages, moves of explorers."""

import numpy as np
import torch

from bsgd_edu.estimates import Estimate
from bsgd_edu.metrics.layers import TABLE

LINE = torch.linspace(0.1, 1, 11)
CORNERS = torch.tensor([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]).expand(4, 3, 3)
RIMS = torch.rand(3, 12, 3) + 0.1
SIZES = {"width": LINE, "step": LINE}
FIGURES = {
    "draw_ray_map": (LINE, LINE / 2, 0.5),
    "draw_ratios": (LINE, LINE / 2, 0.5, 0.4),
    "draw_table": (["a", "b"], LINE[:2], LINE[2:4] + 1, [1.0, 0.5], [2.0, None]),
    "draw_birkhoff": (LINE, LINE, LINE / 2),
    "draw_distances": ({"runs": LINE}, {"theory": LINE}),
    "draw_bias": (LINE, LINE, LINE),
    "draw_spread": (torch.linspace(0, 2, 50), "a layer"),
    "draw_simplex": (CORNERS, "backward", "new map inside"),
    "draw_shrinking": (SIZES, SIZES, -1.0, -0.5),
    "draw_rays": (LINE, LINE),
    "draw_law": (LINE, LINE, LINE, "exact"),
    "draw_balls": (RIMS[:, 0], RIMS, RIMS, RIMS),
}
LAYERS = [row.layer for row in TABLE]
CONES = torch.rand(9, 5, 3, 3) + 0.1
LACKS = {
    "draw_table": {"ylabel"},  # its rows are named one by one
    "draw_simplex": {"legend"},
}
PAGES = {
    "show_smallest": (LINE, LINE, LINE, LINE, 0.5, 0.4),
    "show_table": (
        TABLE,
        dict(zip(LAYERS, torch.rand(len(TABLE)), strict=True)),
        dict(zip(LAYERS, 1 + torch.rand(len(TABLE)), strict=True)),
    ),
    "show_positive": (
        LINE,
        LINE,
        LINE / 2,
        {1.0: LINE, 2.0: LINE, np.inf: LINE},
        LINE,
        LINE,
    ),
    "show_products": (
        {"forward": CONES, "backward": CONES},
        {"forward": torch.rand(9, 5), "backward": torch.rand(9, 5)},
        {"forward": torch.rand(8, 5), "backward": torch.rand(8, 5)},
        Estimate(torch.tensor(-1.0), torch.tensor(0.1)),
        torch.rand(4),
    ),
    "show_broken": ({"a": LINE, "b": LINE}, LINE, LINE, LINE, LINE, LINE),
    "show_question_mark": (
        torch.rand(41, 5),
        torch.rand(41, 5),
        LINE,
        Estimate(LINE, LINE / 10),
        LINE,
    ),
}
MOVES = {
    "shrinking_cone": [
        {"num_maps": 12},
        {"spread": 2.0},
        {"zeros": 0.9, "num_maps": 2},
        {"batches": 1},
    ],
    "balls": [{"radius": 2.0}, {"sharpness": 3.0}, {"sharpness": 0.0}],
    "compare": [{"metric": "Thompson"}, {"metric": "Hilbert"}, {"layer": "square"}],
}
