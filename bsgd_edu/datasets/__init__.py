"""Data sets with a checksum, a licence and a citation; synthetic ones with a generator."""

from .formats import read_cifar, read_idx
from .pairs import class_pair, whiten_classes
from .registry import Dataset, available, load, registry_names
from .synthetic import (
    cyclic_targets,
    draw_batches,
    gaussian_regression,
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
    "load",
    "read_cifar",
    "read_idx",
    "registry_names",
    "spirals",
    "wave_regression",
    "whiten_classes",
]
