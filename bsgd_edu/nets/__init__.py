"""Small models, each evaluable for a whole cloud of flat parameter vectors at once."""

from .base import BatchGrad, Net
from .cnn import SmallCNN
from .deep_cnn import DeepCNN
from .deep_linear import DeepLinear
from .linear import LinearRegression
from .mlp import MLP, LogisticRegression
from .module import ModuleNet
from .product_losses import ProductLoss, huber_loss, lp_loss, power_loss, squared_loss
from .segments import MemoryPlan
from .signals import random_signals

__all__ = [
    "MLP",
    "BatchGrad",
    "DeepCNN",
    "DeepLinear",
    "LinearRegression",
    "LogisticRegression",
    "MemoryPlan",
    "ModuleNet",
    "Net",
    "ProductLoss",
    "SmallCNN",
    "huber_loss",
    "lp_loss",
    "power_loss",
    "random_signals",
    "squared_loss",
]
