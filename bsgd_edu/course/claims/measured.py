"""What a claim is given: numbers, arrays, estimates with standard errors, or names for them."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from ...errors import DomainError, ShapeError, UsageError
from ...estimates import Estimate

__all__ = ["like", "positive", "read", "standard_errors"]


def read(owner: str, name: str, value: Any) -> np.ndarray:
    """Returns the numbers of a value, stacked over names, of estimates the means.

    Args:
        owner: The claim's id, for messages.
        name: What the value is to the claim, for messages.
        value: A number, an array or tensor of any device, an `Estimate`; a sequence of these; or
            a mapping, of which the keys are left out.

    Returns:
        An array, float64, (1,) for a number.

    Raises:
        ShapeError: If there is something else in it, or parts differ in shape.
        DomainError: If a number is not finite, or there is none.
    """
    try:
        array = np.atleast_1d(np.asarray(_plain(value, "mean"), dtype=np.float64))
    except (TypeError, ValueError):
        raise ShapeError(
            f"{owner}: {name} must be a number or an array of numbers, but it is "
            f"{type(value).__name__}{_shapes(value)}. Pass a float, an array or a tensor."
        ) from None
    if not array.size or not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise DomainError(
            f"{owner}: {name} must be finite, but {bad} of its {array.size} numbers "
            "are not. Look at what produced them."
        )
    return array


def like(owner: str, name: str, value: Any, measured: Any, got: np.ndarray) -> np.ndarray:
    """Returns the numbers of a value in the order and shape of what was measured.

    Args:
        owner: The claim's id.
        name: What the value is to the claim.
        value: As in `read`; one number stands for all.
        measured: What was measured; where both are mappings, they are matched by key.
        got: Its numbers.

    Returns:
        An array shaped as got.

    Raises:
        UsageError: If two mappings have different keys, or an estimate is given.
        ShapeError: If the shapes differ.
    """
    value = _in_order(owner, name, value, measured)
    if any(isinstance(part, Estimate) for part in _parts(value)):
        raise UsageError(
            f"{owner}: {name} must be exact numbers, but it is estimated. Compare the gap of two "
            "estimates with 0, see gap_and_stderr."
        )
    array = read(owner, name, value)
    if array.size > 1 and array.shape != got.shape:
        raise ShapeError(
            f"{owner}: {name} must be one number or shaped {got.shape} like measured, "
            f"but its shape is {array.shape}. Compare entry by entry."
        )
    return np.broadcast_to(array.reshape(-1) if array.size == 1 else array, got.shape)


def standard_errors(owner: str, measured: Any, stderr: Any, got: np.ndarray) -> np.ndarray | None:
    """Returns the standard errors of what was measured: those given, or those it carries.

    Args:
        owner: The claim's id.
        measured: What was measured.
        stderr: Standard errors given beside it, or None.
        got: The numbers of measured.

    Returns:
        An array shaped as got, or None if there are none.

    Raises:
        UsageError: If both are there, or only some parts of measured carry them.
        DomainError: If one is not positive and finite.
    """
    carried = [isinstance(part, Estimate) for part in _parts(measured)]
    if any(carried):
        if stderr is not None or not all(carried):
            what = "stderr is given too" if stderr is not None else "some of its parts are numbers"
            raise UsageError(
                f"{owner}: measured must be estimates or numbers with stderr=…, but {what}. "
                "Pass one of the two."
            )
        stderr = _plain(measured, "stderr")
    if stderr is None:
        return None
    errors = like(owner, "stderr", stderr, measured, got)
    for value in errors.flat:
        positive(owner, "stderr", float(value))
    return errors


def positive(owner: str, name: str, value: float) -> None:
    """Refuses a tolerance or standard error that is not positive and finite.

    Args:
        owner: The claim's id.
        name: Its name.
        value: The number.

    Raises:
        DomainError: If it is neither.
    """
    if not (math.isfinite(value) and value > 0):
        raise DomainError(
            f"{owner}: {name} must be > 0 and finite, but it is {value:g}. "
            "Estimate it from the spread over replicas."
        )


def _in_order(owner: str, name: str, value: Any, measured: Any) -> Any:
    """Returns what a mapping, or mappings in it, hold in the order of the keys of measured."""
    if not (isinstance(value, Mapping) and isinstance(measured, Mapping)):
        return value
    if set(value) != set(measured):
        odd = sorted(map(str, set(value) ^ set(measured)))
        raise UsageError(
            f"{owner}: {name} must have the keys of measured, but {odd} are in one only. "
            "Compare entry by entry."
        )
    return [_in_order(owner, name, value[key], part) for key, part in measured.items()]


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, list | tuple) and not isinstance(value, Estimate):
        for part in value:
            yield from _parts(part)
    else:
        yield value


def _plain(value: Any, part: str) -> Any:
    """Returns nested lists of arrays; of estimates the part of that name."""
    if isinstance(value, Estimate):
        value = getattr(value, part)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        return [_plain(item, part) for item in value]
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def _shapes(value: Any) -> str:
    shapes = {np.shape(_plain(part, "mean")) for part in _parts(value)}
    return f" of shapes {', '.join(map(str, sorted(shapes)))}" if len(shapes) > 1 else ""
