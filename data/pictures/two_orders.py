"""Draws the README's picture: python data/pictures/two_orders.py"""

from pathlib import Path

import torch

from bsgd_edu import maps, plot
from bsgd_edu.lessons.c01_order_matters import figures

RATIO, PERIODS = 0.6, 9

targets = torch.tensor([3.0, -1.0, 2.0, -3.0], dtype=torch.float64)
cycle = targets.repeat(PERIODS)[:, None]
steps = maps.AffineMap(
    torch.full((len(cycle), 1, 1), RATIO, dtype=torch.float64), (1 - RATIO) * cycle
)
start = torch.tensor([5.0], dtype=torch.float64)
orbits = [orbit(steps, start)[:, 0] for orbit in (maps.forward_orbit, maps.backward_orbit)]
axes = plot.axes(size=(8.0, 3.4))
figures.draw_cycle(*orbits, targets, axes)
axes.set_title("The same 36 maps: new one outside (forward), new one inside (backward)")
Path(__file__).with_suffix(".png").write_bytes(plot.display.picture(axes))
