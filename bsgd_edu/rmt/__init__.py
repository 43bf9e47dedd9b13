"""Random matrices: limiting spectra, their Stieltjes transforms, and the learning curves they give.

With many dimensions a spectrum is no longer random, and what gradient descent does to data depends
on the data through its spectrum alone.
"""

from .laws import MarchenkoPastur, Semicircle, SpikedMarchenkoPastur
from .learning_curves import (
    LearningCurve,
    accuracy_bound,
    learning_curve,
    limit_accuracy,
    spectral_filter,
)
from .samples import Spectrum, sampled_spectrum, signal_of_spike
from .simulation import learning_path, simulate_learning
from .stieltjes import companion, density_from_stieltjes, stieltjes_transform
from .stopping import Stopping, optimal_stopping

__all__ = [
    "LearningCurve",
    "MarchenkoPastur",
    "Semicircle",
    "Spectrum",
    "SpikedMarchenkoPastur",
    "Stopping",
    "accuracy_bound",
    "companion",
    "density_from_stieltjes",
    "learning_curve",
    "learning_path",
    "limit_accuracy",
    "optimal_stopping",
    "sampled_spectrum",
    "signal_of_spike",
    "simulate_learning",
    "spectral_filter",
    "stieltjes_transform",
]
