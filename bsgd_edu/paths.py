"""Where the project's own data files lie: in the checkout, or inside the installed package."""

from pathlib import Path

from .errors import DataError, require

__all__ = ["data_file", "package_folder", "project_root"]

_PACKAGE = Path(__file__).resolve().parent


def package_folder() -> Path:
    """Returns the folder of the package itself."""
    return _PACKAGE


def project_root() -> Path | None:
    """Returns the checkout this package runs from, or None for an installed wheel."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "data").is_dir() else None


def data_file(name: str) -> Path:
    """Returns the path of a file of the project's ``data/`` folder.

    Args:
        name: Path inside ``data/``, for example ``"registry.toml"``.

    Returns:
        The path in the checkout, or in the copy that a wheel carries.

    Raises:
        DataError: If there is no such file.
    """
    root = project_root()
    folder = root / "data" if root else _PACKAGE / "_data"
    path = folder / name
    rule = "name must be a file of the data folder"
    fact, remedy = f"{path} does not exist", "Reinstall the package, or check the name."
    require(path.exists(), "data_file", rule, fact, remedy, DataError)
    return path
