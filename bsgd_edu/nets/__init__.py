"""Small models, each evaluable for a whole cloud of flat parameter vectors at once."""

from .base import BatchGrad, Net
from .cnn import SmallCNN
from .deep_cnn import DeepCNN, SignalNorms
from .linear import LinearRegression
from .mlp import MLP, LogisticRegression
from .module import ModuleNet
from .segments import MemoryPlan

__all__ = [
    "MLP",
    "BatchGrad",
    "DeepCNN",
    "LinearRegression",
    "LogisticRegression",
    "MemoryPlan",
    "ModuleNet",
    "Net",
    "SignalNorms",
    "SmallCNN",
]
