"""Reader for the gas-sensor files: a measurement a line, with gas, concentration, features."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError, refusal, require

__all__ = ["read_gas", "zip_members"]


def read_gas(
    parts: Iterable[tuple[Path, bytes]], gas: int, rows: int, features: int
) -> tuple[np.ndarray, np.ndarray]:
    """Reads the measurements of one gas.

    A line reads ``gas;concentration 1:value 2:value …``, features counted from 1.

    Args:
        parts: (path, content) of each file, in order; the paths serve messages only.
        gas: Number of the gas to keep (1 is ethanol).
        rows: How many measurements of it there must be.
        features: How many features a line must hold.

    Returns:
        Features (rows, features) and concentrations (rows,) in ppmv, both float64.

    Raises:
        DataError: If a line is not of that form, or their number is another.
    """
    inputs, targets = [], []
    for path, content in parts:
        for number, line in enumerate(content.decode("ascii", "replace").splitlines(), 1):
            fields = line.split()
            if not fields:
                continue
            try:
                kind, concentration = fields[0].split(";")
                if int(kind) != gas:
                    continue
                pairs = [field.split(":") for field in fields[1:]]
                row = [float(value) for index, value in pairs]
                if [int(index) for index, _ in pairs] != list(range(1, features + 1)):
                    raise ValueError(f"{len(pairs)} features")
                inputs.append(row)
                targets.append(float(concentration))
            except ValueError as error:
                raise refusal(
                    "read_gas",
                    f"{path} must hold lines 'gas;concentration 1:value … {features}:value'",
                    f"line {number} starts {line[:30]!r} ({error})",
                    "It is damaged or another data set: fetch it again.",
                    DataError,
                ) from None
    rule, fact = f"there must be {rows} measurements of gas {gas}", f"there are {len(inputs)}"
    remedy = "Files are missing or of another release: fetch them again."
    require(len(inputs) == rows, "read_gas", rule, fact, remedy, DataError)
    x, y = np.array(inputs), np.array(targets)
    bad = int((~np.isfinite(x)).sum() + (~np.isfinite(y)).sum())
    rule, fact = "all numbers must be finite", f"{bad} of {x.size + y.size} are not"
    require(not bad, "read_gas", rule, fact, "Fetch the files again.", DataError)
    return x, y


def zip_members(path: Path, content: bytes, names: Sequence[str]) -> list[tuple[Path, bytes]]:
    """Returns the named files of a zip archive, in whichever folder of it they lie.

    Args:
        path: Of the archive; serves messages only.
        content: Its bytes.
        names: File names without folders.

    Returns:
        (path, content) of each, in the order of the names.

    Raises:
        DataError: If it is no whole zip archive, or a file is not in it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = {Path(member).name: member for member in archive.namelist()}
            return [(path / name, archive.read(inside[name])) for name in names]
    except (KeyError, zipfile.BadZipFile, EOFError, OSError) as error:
        raise refusal(
            "load",
            f"{path} must be the whole archive with {names[0]} … {names[-1]}",
            f"it cannot be read ({error})",
            "Delete it and fetch it again.",
            DataError,
        ) from None
