"""Things to move: pure models behind sliders, which answer within a tenth of a second.

Each explorer is a function that returns an `Explorer`; widgets load when the first is made.
"""

import lazy_loader

from ..extras import needs

needs("ipywidgets", by="explorers")

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "acceleration",
        "backward",
        "base",
        "cutoff",
        "isometry",
        "learning",
        "limits",
        "metrics",
        "minima",
        "order",
    ],
    submod_attrs={"base": ["Explorer", "tabs"]},
)
