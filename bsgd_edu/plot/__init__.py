"""Pictures: one style, drawing functions on given axes, and `show` with its description and data.

Computing never draws; a drawing function takes what was computed and returns the axes. Matplotlib
loads when the first picture is made.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "acceleration",
        "acceleration_pages",
        "backward",
        "backward_pages",
        "cutoff",
        "cutoff_pages",
        "display",
        "isometry",
        "isometry_pages",
        "landscapes",
        "learning",
        "learning_breaks",
        "learning_pages",
        "limits",
        "limits_pages",
        "metrics",
        "metrics_pages",
        "minima",
        "minima_pages",
        "order",
        "order_pages",
        "simplex",
        "stability",
        "style",
    ],
    submod_attrs={
        "display": ["picture", "publish", "show"],
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
