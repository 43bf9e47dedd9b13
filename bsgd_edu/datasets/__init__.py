"""Data sets with a checksum, a licence and a citation; synthetic ones with a generator."""

from .dataset import Dataset
from .formats import read_cifar, read_idx
from .pairs import class_pair, pair_cases, whiten_classes
from .registry import available, load, registry_names
from .synthetic import (
    cyclic_targets,
    draw_batches,
    gaussian_regression,
    heavy_tailed_regression,
    heavy_tailed_regressions,
    spirals,
    wave_regression,
)

__all__ = [
    "Dataset",
    "available",
    "class_pair",
    "cyclic_targets",
    "draw_batches",
    "gaussian_regression",
    "heavy_tailed_regression",
    "heavy_tailed_regressions",
    "load",
    "pair_cases",
    "read_cifar",
    "read_idx",
    "registry_names",
    "spirals",
    "wave_regression",
    "whiten_classes",
]
