"""What random maps do in the long run, and fields around loops: contraction, laws, exponents.

A submodule is one family: `dynamics.lyapunov.spectrum`, `dynamics.relu.critical_variance`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "bernoulli",
        "contraction",
        "coupling",
        "cutoff",
        "drift",
        "jitter",
        "loops",
        "lyapunov",
        "mixing",
        "random_layers",
        "relu",
        "stationary",
        "tails",
    ],
)
