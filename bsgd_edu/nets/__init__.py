"""Small models, each evaluable for a whole cloud of flat parameter vectors at once."""

from .base import BatchGrad, Net
from .cnn import SmallCNN
from .deep_linear import DeepLinear
from .linear import LinearRegression
from .mlp import MLP, LogisticRegression
from .module import ModuleNet
from .product_losses import ProductLoss, lp_loss, squared_distance

__all__ = [
    "MLP",
    "BatchGrad",
    "DeepLinear",
    "LinearRegression",
    "LogisticRegression",
    "ModuleNet",
    "Net",
    "ProductLoss",
    "SmallCNN",
    "lp_loss",
    "squared_distance",
]
