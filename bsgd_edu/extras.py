"""The optional parts of an installation: which extra brings a module, said where it is missing.

The core needs torch, NumPy, SciPy and lazy-loader. What needs more asks for it by name first,
``needs("pooch", by="load")``, and imports it as usual on the next line.
"""

import sys
from importlib.util import find_spec

from .errors import MissingExtraError, refusal

__all__ = ["EXTRAS", "explained", "needs"]

# Every module outside the core that the package imports, under the extra that brings it.
EXTRAS = {
    "data": ("pooch", "requests", "sklearn"),
    "course": (
        "IPython",
        "PIL",
        "ipykernel",
        "ipywidgets",
        "jinja2",
        "jupyter_client",
        "jupyter_core",
        "jupytext",
        "latex2mathml",
        "matplotlib",
        "nbclient",
        "nbconvert",
        "nbformat",
        "papermill",
        "pygments",
        "rich",
        "tqdm",
        "typer",
    ),
    "grading": ("nbgrader",),
}
_EXTRA = {module: extra for extra, modules in EXTRAS.items() for module in modules}
_PACKAGE = {"sklearn": "scikit-learn", "PIL": "Pillow"}


def needs(*modules: str, by: str) -> None:
    """Refuses to go on without modules that an extra brings; imports nothing itself.

    Args:
        *modules: Top-level names of modules, as in EXTRAS.
        by: Who needs them: the function or the part, for the message.

    Raises:
        MissingExtraError: If one of them is not installed.

    Example:
        >>> needs("matplotlib", by="plot")
    """
    for module in modules:
        if not _installed(module):
            raise _missing(module, by)


def explained(error: ImportError, *, by: str) -> ImportError:
    """Turns a failed import into what to do about it, if an extra would mend it.

    Args:
        error: What the import raised.
        by: Who needs the module, for the message.

    Returns:
        What to raise or to show in its place: the error itself where no extra has the module.

    Example:
        >>> print(explained(ModuleNotFoundError(name="rich.text"), by="x"))
        x: rich must be installed, but it is not. Install it with `pip install "bsgd-edu[course]"`.
    """
    module = (error.name or "").partition(".")[0]
    return _missing(module, by) if module in _EXTRA else error


def _installed(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None  # None: somebody has shut it out
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _missing(module: str, by: str) -> MissingExtraError:
    package, install = _PACKAGE.get(module, module), f'pip install "bsgd-edu[{_EXTRA[module]}]"'
    rule, remedy = f"{package} must be installed", f"Install it with `{install}`."
    error = refusal(by, rule, "it is not", remedy, MissingExtraError)
    error.name = module
    return error
