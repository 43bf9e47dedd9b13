"""What the contract tries lesson 6 with: arguments of figures and pages, moves of explorers."""

import torch

from bsgd_edu import meanfield
from bsgd_edu.estimates import Estimate

DEPTHS = torch.arange(11)
FALL = torch.exp(-0.3 * DEPTHS)
BAND = FALL[:, None] * torch.linspace(0.5, 2, 6)
LINE = meanfield.critical_line(torch.linspace(0.01, 1, 20, dtype=torch.float64))
WEIGHTS, BIASES = torch.linspace(0.5, 4, 15), torch.linspace(0.01, 0.25, 9)
PLANE = meanfield.fixed_point(WEIGHTS, BIASES[:, None])
POINTS = {"ordered": (1.5, 0.05), "chaotic": (2.5, 0.05)}
SPECTRA = {"orthogonal": torch.linspace(0.5, 1.5, 40), "Gaussian": torch.logspace(-20, 1, 40)}
LOSS = torch.linspace(2.3, 1, 8)
RUNS = [
    ("delta_orthogonal", 16),
    ("gaussian", 16),
    ("delta_orthogonal", 1000),
    ("delta_orthogonal", 256, "q* = 0.25"),
    ("delta_orthogonal", 256, "zero padding"),
]
FIGURES = {
    "draw_against": (
        DEPTHS, {"a": (FALL, FALL / 9), "b": FALL}, {"theory": (DEPTHS, FALL)}, "x", "y",
    ),
    "draw_phase_plane": (WEIGHTS, BIASES, PLANE.chi_c, LINE, POINTS),
    "draw_spectrum": (SPECTRA,),
    "draw_losses": (range(8), {"L = 16": LOSS, "L = 64": LOSS + 0.2}, 2.3),
}  # fmt: skip
ORBIT = Estimate(FALL, FALL / 9)
MODES = Estimate(torch.ones(11, 3), torch.ones(11, 3) / 9)
NUMBER = Estimate(torch.tensor(1.0), torch.tensor(0.1))
TAPS, WIDTHS, DEEP = ("equal taps", "delta taps"), (4, 8, 16), (4, 16, 64)
KINDS = ("constant mode", "varying modes")
PAGES = {
    "show_one_pixel": (
        {1: BAND, 4: BAND}, {1: torch.tensor(-0.6), 4: torch.tensor(-0.1)}, torch.ones(11, 6),
    ),
    "show_phases": (
        {phase: {"weight_var": w, "bias_var": b} for phase, (w, b) in POINTS.items()},
        dict.fromkeys(POINTS, ORBIT), dict.fromkeys(POINTS, torch.exp(-0.3 * torch.arange(31))),
        dict.fromkeys(POINTS, BAND),
    ),
    "show_kept": (
        dict.fromkeys(TAPS, MODES), dict.fromkeys(TAPS, torch.ones(11, 3)), SPECTRA,
        dict.fromkeys(SPECTRA, dict.fromkeys(DEEP, NUMBER)),
        dict.fromkeys(SPECTRA, dict.fromkeys(DEEP, torch.tensor(1.0))),
    ),
    "show_drift": (
        dict.fromkeys(KINDS, dict.fromkeys(WIDTHS, NUMBER)),
        dict.fromkeys(KINDS, dict.fromkeys(WIDTHS, torch.tensor(1.0))),
        {("delta_orthogonal", 8): BAND.log10(), ("gaussian", 8): BAND.log10()}, {8: FALL.log10()},
    ),
    "show_training": (dict.fromkeys(RUNS, LOSS.tolist()), dict.fromkeys(RUNS, 0.5)),
    "show_padding": ({("delta", "zeros"): torch.ones(11, 6), ("spread", "zeros"): BAND},),
}  # fmt: skip
MOVES = {
    "phases": [
        {"weight_var": 2.5},
        {"decades": -3.0},
        {"critical": True},
        {"layers": 40},
        {"what": "variance"},
    ],
    "jacobians": [{"doublings": 3}, {"length": "1"}, {"width": 16}, {"draw": 1}],
}
