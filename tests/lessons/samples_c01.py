"""What the contract tries lesson 1 with: arguments of figures and pages, moves of explorers."""

import torch

RUNS = torch.linspace(-1, 1, 33).reshape(11, 3)
FIGURES = {
    "draw_cycle": (RUNS[:, 0], RUNS[:, 1], torch.tensor([0.0, 1.0])),
    "draw_paths": (RUNS, -RUNS),
    "draw_variance": ([1, 2, 3], torch.rand(3), torch.rand(3), torch.rand(3)),
    "draw_histogram": (RUNS.ravel(), 0.1, "ρ"),
    "draw_distribution": (RUNS[:, 0], RUNS[:, 1], RUNS[:, 2]),
    "draw_distances": ({"pairs": RUNS.exp()}, {"theory": torch.ones(11)}),
    "draw_queue": (RUNS[:, 0], RUNS[:, 1]),
    "draw_intervals": (-torch.ones(4), torch.ones(4), "new map inside"),
    "draw_chains": (torch.tensor([[0, 4], [1, 4], [2, 3]]), -2, -1),
}
LACKS = {
    "draw_distribution": {"legend"},
    "draw_histogram": {"legend"},
    "draw_intervals": {"ylabel", "legend"},  # its neighbour carries the label
}
PAGES = {
    "show_cycle": (RUNS[:, 0], RUNS[:, 1], torch.tensor([0.0])),
    "show_orbits": (
        RUNS, RUNS, [1, 2], {"forward": torch.rand(2), "backward": torch.rand(2)}, torch.rand(2),
    ),
    "show_coins": ({0.5: RUNS.ravel(), 0.8: RUNS.ravel()}, {0.5: 0.0, 0.8: 0.1}),
    "show_coupling": (RUNS.exp(), -0.5, RUNS, RUNS),
}  # fmt: skip
MOVES = {
    "inside_outside": [{"num_maps": 12}, {"ratio": 0.9}, {"batches": 1}, {"num_maps": 5}],
    "ratio": [{"ratio": 0.3}, {"ratio": 0.5}, {"ratio": 0.9}],
    "past": [{"steps": 30}, {"direction": "future"}, {"noise": 1}],
}
