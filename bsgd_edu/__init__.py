"""How learning dynamics work: products of random maps, over time and over depth.

Training composes update maps over time, a network composes layer maps over depth:

    forward   x_n = T_n ∘ … ∘ T_1 (x_0)        backward   y_n = T_1 ∘ … ∘ T_n (x_0)

Every sub-package is one word of that sentence: `maps` (the composition), `rules` (what makes a
map out of a gradient), `optim` (the same as torch optimizers), `nets` (whose parameters move),
`metrics` (what does not expand), `meanfield` (what depth is at initialisation), `rmt` (what the
spectrum of random data is), `operators` and `curvature` (what a map does nearby), `dynamics`
(contraction, coupling, stationary laws), `datasets`, `training`, `plot`, `explorers` and `course`.
Each loads when it is first touched.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("bsgd-edu")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

_SUBMODULES = (
    "course",
    "curvature",
    "datasets",
    "device",
    "dynamics",
    "errors",
    "explorers",
    "maps",
    "meanfield",
    "metrics",
    "nets",
    "operators",
    "optim",
    "paths",
    "plot",
    "rmt",
    "rules",
    "seeding",
    "training",
)

__all__ = [*_SUBMODULES, "__version__"]


def __getattr__(name: str):
    if name in _SUBMODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
