"""The rules as torch optimizers, for somebody's own training loop."""

from .backward import BackwardSGD, WindowedBackwardSGD

__all__ = ["BackwardSGD", "WindowedBackwardSGD"]
