"""Pictures: one style, `show` with its description and data, curves that many draw, explorers.

Computing never draws; a drawing function takes what was computed and returns the axes. Matplotlib
loads when the first picture is made.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["display", "explorer", "style"],
    submod_attrs={
        "display": ["picture", "publish", "show"],
        "explorer": ["Explorer", "tabs"],
        "style": [
            "COLOURS",
            "MARKERS",
            "OKABE_ITO",
            "axes",
            "grid",
            "seed_band",
            "simulation_points",
            "theory_line",
            "use",
        ],
    },
)
