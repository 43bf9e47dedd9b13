"""The rules as torch optimizers for somebody's own training loop, and torch's own as baselines."""

from .backward import BackwardSGD, WindowedBackwardSGD
from .grid import grid_orbit

__all__ = ["BackwardSGD", "WindowedBackwardSGD", "grid_orbit"]
