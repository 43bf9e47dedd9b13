"""Random matrices: limiting spectra, their Stieltjes transforms, and the learning curves they give.

With many dimensions a spectrum is no longer random, and what gradient descent does to data depends
on the data through its spectrum alone.
"""

from .laws import MarchenkoPastur, Semicircle, SpikedMarchenkoPastur
from .learning_curves import (
    LearningCurve,
    SpectralFilter,
    accuracy_bound,
    learning_curve,
    limit_accuracy,
    spectral_filter,
)
from .stopping import Stopping, optimal_stopping

__all__ = [
    "LearningCurve",
    "MarchenkoPastur",
    "Semicircle",
    "SpectralFilter",
    "SpikedMarchenkoPastur",
    "Stopping",
    "accuracy_bound",
    "learning_curve",
    "limit_accuracy",
    "optimal_stopping",
    "spectral_filter",
]
