"""How learning dynamics work: products of random maps, over time and over depth.

Training composes update maps over time, a network composes layer maps over depth:

    forward   x_n = T_n ∘ … ∘ T_1 (x_0)        backward   y_n = T_1 ∘ … ∘ T_n (x_0)

Every sub-package is one word of that sentence: `maps` (the composition), `rules` (what makes a
map out of a gradient), `optim` (the same as torch optimizers), `nets` (whose parameters move),
`metrics` (what does not expand), `meanfield` (what depth is at initialisation), `rmt` (what the
spectrum of random data is), `operators` and `curvature` (what a map does nearby), `dynamics`
(contraction, coupling, stationary laws), `datasets`, `training`, `estimates`. Above the mathematics
stand two workshops, `plot` and `course`, and one room for each chapter, `lessons`. Each loads when
it is first touched.
"""

from importlib.metadata import PackageNotFoundError, version

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "course",
        "curvature",
        "datasets",
        "device",
        "dynamics",
        "errors",
        "estimates",
        "extras",
        "files",
        "lessons",
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
        "tensors",
        "training",
    ],
)
__all__ += ["__version__"]

try:
    __version__ = version("bsgd-edu")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
