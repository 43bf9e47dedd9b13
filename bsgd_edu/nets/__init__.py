"""Small models, each evaluable for a whole cloud of flat parameter vectors at once."""

from .base import BatchGrad, Net
from .cnn import SmallCNN
from .linear import LinearRegression
from .mlp import MLP, LogisticRegression
from .module import ModuleNet

__all__ = [
    "MLP",
    "BatchGrad",
    "LinearRegression",
    "LogisticRegression",
    "ModuleNet",
    "Net",
    "SmallCNN",
]
