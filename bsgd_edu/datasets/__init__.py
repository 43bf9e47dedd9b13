"""Data sets with a checksum, a licence and a citation; synthetic ones with a generator."""

from .dataset import Dataset
from .formats import read_cifar, read_idx
from .pairs import class_pair, pair_cases
from .registry import available, load
from .synthetic import (
    draw_batches,
    heavy_tailed_regressions,
    wave_regression,
)

__all__ = [
    "Dataset",
    "available",
    "class_pair",
    "draw_batches",
    "heavy_tailed_regressions",
    "load",
    "pair_cases",
    "read_cifar",
    "read_idx",
    "wave_regression",
]
