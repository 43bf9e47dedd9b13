"""Pictures: one style, drawing functions on given axes, and `show` with its description and data.

Computing never draws; a drawing function takes what was computed and returns the axes. Matplotlib
loads when the first picture is made.
"""

from importlib import import_module

# name -> module it lives in; a drawing module adds its functions here.
_WHERE = {
    "COLOURS": "style",
    "MARKERS": "style",
    "OKABE_ITO": "style",
    "axes": "style",
    "grid": "style",
    "seed_band": "style",
    "simulation_points": "style",
    "theory_line": "style",
    "use": "style",
    "picture": "display",
    "publish": "display",
    "show": "display",
}

_MODULES = (
    "acceleration",
    "acceleration_pages",
    "backward",
    "backward_pages",
    "display",
    "cutoff",
    "cutoff_pages",
    "learning",
    "learning_breaks",
    "learning_pages",
    "isometry",
    "isometry_pages",
    "landscapes",
    "limits",
    "limits_pages",
    "metrics",
    "metrics_pages",
    "minima",
    "minima_pages",
    "order",
    "order_pages",
    "simplex",
    "style",
)

__all__ = sorted([*_WHERE, *_MODULES])


def __getattr__(name: str):
    if name in _WHERE:
        value = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
