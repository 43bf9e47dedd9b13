"""What the contract tries lesson 7 with: arguments of figures and pages, moves of explorers."""

import torch

from bsgd_edu import estimates, rmt
from bsgd_edu.lessons.c07_learning_dynamics import probe
from bsgd_edu.lessons.c07_learning_dynamics.images import ImageRuns
from bsgd_edu.lessons.c07_learning_dynamics.runs import Accuracies

T = torch.logspace(-1, 2, 9, dtype=torch.float64)
RISE = torch.linspace(0.5, 0.9, 9, dtype=torch.float64)
ERROR = torch.full((9,), 0.01, dtype=torch.float64)
DOTS = {"runs": (T, RISE, ERROR)}
FIGURES = {
    "draw_accuracy": (T, {"theory": RISE}, DOTS),
    "draw_histogram": (T, torch.linspace(0, 100, 11)),
    "draw_filter": (T, RISE, {"g": 1 / T}),
    "draw_descent": (T, {"theory": RISE}, DOTS),
    "draw_lower_edge": (T, RISE, 0.01),
}
MEASURED = estimates.Estimate(RISE, ERROR)
RUNS = Accuracies(0.5 + torch.rand(9, 5) / 2, 0.5 + torch.rand(9, 5) / 2)
CURVE = rmt.learning_curve(100 * T, ratio=0.5, signal=1.0, init_var=0.1, lr=0.01)
VARIANCES = (0.01, 0.1)
LAW = rmt.SpikedMarchenkoPastur(0.5, 2**0.5)
STRENGTHS = (0.25, 2)
PROBES = probe.Probes(*torch.rand(4, 6), torch.rand(len(probe.STEPS), 6))
NAMES = ("late", "stopped", "ridge")
PAGES = {
    "show_hook": (T, CURVE, T, RUNS),
    "show_by_hand": (1 + torch.rand(61, 2), torch.rand(61, 2), 0.5),
    "show_spectrum": (torch.linspace(0.1, 3, 40),),
    "show_seen": (
        LAW,
        T[:5],
        {"counted": RISE[:5], "seen from b": RISE[:5]},
        {"eigenvalues": 3 * torch.rand(5, 8), "shares": torch.rand(5, 8)},
        {rho: 3 + torch.rand(5) for rho in STRENGTHS},
        {rho: tuple(torch.rand(2, 5)) for rho in STRENGTHS},
    ),
    "show_learning": (
        T,
        {v: (RISE, RISE) for v in VARIANCES},
        T,
        dict.fromkeys(VARIANCES, RUNS),
        0.9,
    ),
    "show_large": (
        torch.arange(1, 10),
        (T, RISE),
        {0.1: (MEASURED, RISE), 0.3: (MEASURED, RISE)},
        T,
        dict.fromkeys(NAMES, RISE / 2),
        {name: {0.5: torch.rand(5), 1.0: torch.rand(5)} for name in NAMES},
    ),
    "show_data": (
        RISE,
        T,
        {"signs": MEASURED, "scales": MEASURED},
        T,
        {n: ImageRuns(8.0, MEASURED, RISE, RISE) for n in ("whitened", "alike", "raw")},
        MEASURED,
    ),
    "show_probe": ({32: PROBES, 64: PROBES}, 32),
}
MOVES = {
    "filtering": [
        {"ratio": 2.0},
        {"signal": 0.5},
        {"init_var": 1.0},
        {"decades": 3.0},
        {"kind": "ridge"},
        {"kind": "gd"},
    ],
    "descent": [{"signal": 2.0}, {"init_var": 1.0}, {"decades": -1.0}],
}
