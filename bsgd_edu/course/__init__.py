"""What a chapter needs beside the mathematics: claims that are asserted, exercises that check."""

from importlib import import_module

_WHERE = {
    "check": "checks",
    "claim": "claims",
    "claims_table": "claims",
    "full_scale": "fullscale",
    "hint": "checks",
    "reveal": "checks",
    "use": "checks",
}

__all__ = sorted(_WHERE)


def __getattr__(name: str):
    if name in _WHERE:
        value = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
