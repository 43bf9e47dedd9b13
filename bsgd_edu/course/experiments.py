"""The numbers of one experiment, kept with what they were measured on, and when."""

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import DataError
from ..paths import data_file

__all__ = ["load_result", "save_result"]


def load_result(name: str) -> dict[str, Any]:
    """Reads an experiment from ``data/recorded``.

    Args:
        name: File name without ``.json``.

    Returns:
        What :func:`save_result` wrote: the numbers, and where, when and with what they were taken.

    Raises:
        DataError: If there is none of that name, or it is damaged.
    """
    path = data_file(f"recorded/{name}.json")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DataError(
            f"load_result: {path} must be a JSON file, but it cannot be read ({error}). "
            "Restore it, or record it again."
        ) from None


def save_result(
    path: str | Path, numbers: Mapping[str, Any], *, device: str, seconds: float
) -> Path:
    """Writes an experiment with its circumstances; the file is whole or absent.

    Args:
        path: Where to, for example ``data/recorded/backward_mnist.json``.
        numbers: Numbers, texts, lists and mappings of them.
        device: Torch's device type; for "cpu" the number of threads is added.
        seconds: Wall-clock time of the measurement.

    Returns:
        The file written.
    """
    import torch

    path = Path(path)
    if device == "cpu":
        threads = torch.get_num_threads()
        device = f"a CPU ({platform.machine()}, {threads} thread{'s' if threads > 1 else ''})"
    elif device == "cuda":
        device = torch.cuda.get_device_name()
    record = {
        "device": device,
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds, 1),
        "torch": torch.__version__.split("+")[0],
        **numbers,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, path)
    return path
