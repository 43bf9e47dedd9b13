"""What the contract tries lesson 7 with: arguments of figures and pages, moves of explorers."""

import torch

from bsgd_edu import estimates, rmt
from bsgd_edu.lessons.c07_learning_dynamics import runs
from bsgd_edu.lessons.c07_learning_dynamics.theory import descent_curves

T = torch.logspace(-1, 2, 9, dtype=torch.float64)
RISE = torch.linspace(0.5, 0.9, 9, dtype=torch.float64)
ERROR = torch.full((9,), 0.01, dtype=torch.float64)
DOTS = {"runs": (T, RISE, ERROR)}
FIGURES = {
    "draw_two_directions": (T, torch.stack([RISE, T], 1), torch.stack([RISE, T], 1), ("a", "b")),
    "draw_accuracy": (T, {"theory": RISE}, DOTS),
    "draw_spectrum": (T, T, RISE),
    "draw_overlap": (T, {"theory": RISE}, DOTS, 0.7),
    "draw_filter": (T, RISE, {"g": 1 / T}),
    "draw_stopping": (T, {"theory": RISE}, "accuracy"),
    "draw_descent": (T, {"theory": RISE}, DOTS),
    "draw_finite_size": ([8, 16], {"new": (RISE[:2], ERROR[:2])}),
    "draw_losses": ({"low": torch.rand(5, 3), "high": torch.rand(5, 3)},),
    "draw_lower_edge": (T, RISE, 0.01),
}
SETTING = {"ratio": 0.5, "signal": 1.0, "lr": 0.01}
LAWS = {rho: rmt.SpikedMarchenkoPastur(0.5, rho**0.5) for rho in (0.25, 2)}
SPECTRA = {
    rho: rmt.sampled_spectrum(16, 32, law.signal, 4, generator=torch.Generator().manual_seed(0))
    for rho, law in LAWS.items()
}
VARIANCES = (0.01, 0.1)
CURVES = {v: rmt.learning_curve(100 * T, **SETTING, init_var=v) for v in VARIANCES}
MOMENTS = {"along": (9, 5), "early": (5,), "best": (5,), "late": (5,), "end": (5,)}
RUNS = {
    v: {moment: 0.5 + torch.rand(shape) / 2 for moment, shape in MOMENTS.items()} for v in VARIANCES
}
MEASURED = estimates.Estimate(RISE, ERROR)
IMAGES = {
    name: runs.ImageRuns(4 * torch.rand(4, 30), 8.0, MEASURED, RISE)
    for name in ("whitened", "alike", "raw")
}
RATIOS = runs.RatioRuns(
    {c: torch.rand(3, 5) / 2 for c in (0.5, 1.0)}, {c: torch.rand(3) for c in (0.5, 1.0)}
)
GAP = estimates.Estimate(torch.rand(2) - 0.5, torch.rand(2))
PAGES = {
    "show_two_directions": 2 * (torch.stack([RISE, T], 1),),
    "show_spectrum": (LAWS, SPECTRA),
    "show_learning": (T, CURVES, T, RUNS, RUNS),
    "show_descent": (
        [descent_curves(1.0, 0.1, 2.0), descent_curves(1.0, 0.1, 4.0)],
        RATIOS,
        T,
        {0.0: MEASURED, 0.1: MEASURED},
        {0.0: RISE, 0.1: RISE},
    ),
    "show_steps": (
        torch.arange(1, 10),
        {0.1: MEASURED, 0.3: MEASURED},
        {0.1: RISE, 0.3: RISE},
        {0.8: torch.rand(5, 3) + 0.1, 1.2: torch.rand(5, 3) + 0.1},
    ),
    "show_real": (
        T,
        IMAGES,
        runs.ComparedRuns(MEASURED, RISE),
        {8: GAP, 16: GAP},
    ),
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
