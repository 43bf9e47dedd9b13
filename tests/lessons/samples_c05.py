"""What the contract tries lesson 5 with: arguments of figures and pages, moves of explorers."""

import torch

from bsgd_edu import dynamics, estimates

DEPTHS = list(range(61))
FALL = torch.exp(-0.9 * torch.arange(61.0))
BAND = FALL[:, None] * torch.linspace(0.5, 2, 6)
CURVE = dynamics.cutoff.separation(BAND, 1e-4)
QUANTILES = torch.tensor([[4.0, 8.0, 12.0], [5.0, 9.0, 13.0], [6.0, 10.0, 14.0]])
LEVELS = [1e-2, 1e-4, 1e-6]
ORBIT = dynamics.random_layers.PairOrbit(BAND, BAND, torch.ones_like(BAND))
FIGURES = {
    "draw_curves": (DEPTHS, {"n = 4": CURVE}, {"theory": CURVE}),
    "draw_scaled": ({"n = 4": (torch.arange(61) / 4, CURVE)}, "depth over width", 10),
    "draw_depths": (LEVELS, QUANTILES, QUANTILES),
    "draw_ratios": ({"a": [2, 4, 6]}, {"a": torch.ones(3)}, {"a": torch.ones(3)}),
    "draw_profile": (torch.arange(9.0), CURVE[:9], {"a": (torch.arange(9.0), CURVE[:9])}),
    "draw_shuffles": ([1, 2, 3], torch.tensor([1.0, 0.9, 0.1]), torch.linspace(1, 0, 101)),
    "draw_training": ([2, 4], {"a": torch.rand(2, 3), "b": torch.rand(2, 3)}, 0.1),
}
PAIR = (torch.arange(4.0), torch.linspace(1, 0, 4))
ESTIMATED = (PAIR[0], estimates.Estimate(PAIR[1], 0.01 * torch.ones(4)))
SEEN = {t: dynamics.cutoff.separation(BAND, t) for t in LEVELS}
QUANTILE_DEPTHS = {t: dynamics.cutoff.depths(curve) for t, curve in SEEN.items()}
ACCURACY = {2: torch.tensor([0.9, 0.8, 0.7]), 4: torch.tensor([0.3, 0.2, 0.1])}
PAGES = {
    "show_one_neuron": (torch.arange(61), FALL, {10: CURVE, 40: CURVE}),
    "show_observables": (
        {4: ORBIT, 8: ORBIT},
        {4: CURVE, 8: CURVE},
        {4: BAND[:31:2], 8: BAND[:31:2]},
        range(0, 31, 2),
        -0.9,
    ),
    "show_location": (SEEN, SEEN, QUANTILE_DEPTHS, QUANTILE_DEPTHS, {"exact": ORBIT}),
    "show_bridge": (ESTIMATED, PAIR, PAIR, PAIR),
    "show_broken": (
        ORBIT,
        ORBIT,
        FALL,
        {4: CURVE, 8: CURVE},
        {"He": (QUANTILE_DEPTHS, QUANTILE_DEPTHS, 2.0)},
    ),
    "show_training": ({"a": ACCURACY, "b": ACCURACY}, 0.1),
}
MOVES = {
    "depth": [
        {"width": 8},
        {"decades": 9.0},
        {"arithmetic": "float32"},
        {"bias": False},
        {"init": "he"},
    ],
    "mixing": [{"system": "bits"}, {"step": 0}, {"system": "sgd"}, {"step": 3}],
}
