"""Things to move: pure models behind sliders, which answer within a tenth of a second.

Each explorer is a function that returns an `Explorer`; widgets load when the first is made.
"""

from importlib import import_module

_WHERE = {"Explorer": "base", "tabs": "base"}
_MODULES = (
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
