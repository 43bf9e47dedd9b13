"""What can go wrong, by kind, and the one place that says "must be …, but …".

Every message reads `function: argument must RULE, but FACT (numbers). REMEDY.` and is written here
and nowhere else: `require` for any rule, and a word for each rule that returns from function to
function. What is asked of the entries of a tensor stands in `tensors`, for this module is loaded
before torch.
"""

import math
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any

__all__ = [
    "BsgdError",
    "ConvergenceError",
    "DataError",
    "DomainError",
    "MissingExtraError",
    "ShapeError",
    "UsageError",
    "refusal",
    "require",
    "require_choice",
    "require_integer",
    "require_number",
    "require_shape",
    "require_sizes",
]


class BsgdError(Exception):
    """Base of every error this package raises on purpose."""


class ShapeError(BsgdError, ValueError):
    """Tensors whose shapes do not fit each other, or maps that do not compose."""


class DomainError(BsgdError, ValueError):
    """A number outside the set on which the mathematics is defined."""


class ConvergenceError(BsgdError, ArithmeticError):
    """An iteration that did not reach its tolerance, or left the finite numbers."""


class DataError(BsgdError, OSError):
    """A data set that is missing, truncated or not what its checksum says."""


class UsageError(BsgdError, ValueError):
    """A command or a chapter asked for something that does not exist."""


class MissingExtraError(BsgdError, ImportError):
    """A part of the installation that is left out unless an extra asks for it."""


def refusal(
    function: str, rule: str, fact: str, remedy: str, kind: type[BsgdError] = DomainError
) -> BsgdError:
    """Returns the error that says a rule does not hold: for `raise … from` and for a last branch.

    Args:
        function: Who refuses, by the name its user called.
        rule: What must hold, with the argument's name: "lr must be positive".
        fact: What was found instead, with the numbers: "it is -1".
        remedy: What to do, whole sentences: "Pass for example lr=0.1."
        kind: Which error.

    Returns:
        The error, not yet raised.

    Example:
        >>> print(refusal("sgd_map", "lr must be positive", "it is -1", "Pass for example lr=0.1."))
        sgd_map: lr must be positive, but it is -1. Pass for example lr=0.1.
    """
    return kind(f"{function}: {rule}, but {fact}. {remedy}")


def require(
    holds: object,
    function: str,
    rule: str,
    fact: str | Callable[[], str],
    remedy: str,
    kind: type[BsgdError] = DomainError,
) -> None:
    """Raises `refusal` unless the rule holds.

    Args:
        holds: A bool, or a tensor of one.
        function: Who refuses.
        rule: What must hold, with the argument's name.
        fact: What was found. A function of nothing is asked only on failure: use one where the
            text costs time, or where it would fail while all is well.
        remedy: What to do.
        kind: Which error.

    Raises:
        BsgdError: The rule does not hold; of that kind.

    Example:
        >>> require(True, "sgd_map", "lr must be positive", lambda: 1 / 0, "Raise it.")
    """
    if not holds:
        raise refusal(function, rule, fact() if callable(fact) else fact, remedy, kind)


def require_number(
    function: str,
    name: str,
    value: object,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
    at_most: float | None = None,
    remedy: str = "",
) -> float:
    """Checks a finite real number; one of NumPy and a tensor of no dims count, a bool does not.

    Args:
        function: Who refuses.
        name: The argument's name.
        value: What was passed.
        above: It must be larger than this.
        at_least: Or may equal it.
        below: It must be smaller than this.
        at_most: Or may equal it.
        remedy: What to do; by default a number that would do.

    Returns:
        The number, as Python's own.

    Raises:
        DomainError: No number, not finite, or out of range.

    Example:
        >>> require_number("momentum_map", "momentum", 1.5, at_least=0, below=1)
        Traceback (most recent call last):
        bsgd_edu.errors.DomainError: momentum_map: momentum must lie in [0, 1), but it is 1.5. \
Pass for example momentum=0.
    """
    number = _plain(value)
    if (
        isinstance(number, bool)
        or not isinstance(number, Real)
        or not math.isfinite(number)
        or (above is not None and not number > above)
        or (at_least is not None and not number >= at_least)
        or (below is not None and not number < below)
        or (at_most is not None and not number <= at_most)
    ):
        left, right = above if at_least is None else at_least, below if at_most is None else at_most
        if left is not None and right is not None:
            ends = "[("[at_least is None], "])"[at_most is None]
            rule = f"lie in {ends[0]}{_short(left)}, {_short(right)}{ends[1]}".replace("-", "−")
            example = at_least if at_most is None else at_most
            example = (left + right) / 2 if example is None else example
        elif left is not None:
            rule = f"be {'≥ ' if above is None else '> '}{_short(left)} and finite"
            rule = "be positive and finite" if above == 0 else rule
            example = left if above is None else left + 1
        elif right is not None:
            rule = f"be {'≤ ' if below is None else '< '}{_short(right)} and finite"
            rule = "be negative and finite" if below == 0 else rule
            example = right if below is None else right - 1
        else:
            rule, example = "be a finite number", 1
        remedy = remedy or f"Pass for example {name}={_short(example)}."
        raise refusal(function, f"{name} must {rule}", _found(number), remedy)
    return number


def require_integer(
    function: str,
    name: str,
    value: object,
    *,
    at_least: int | None = None,
    at_most: int | None = None,
    remedy: str = "",
) -> int:
    """Checks an integer; one of NumPy counts, but True, 2.0 and a tensor do not.

    Args:
        function: Who refuses.
        name: The argument's name.
        value: What was passed.
        at_least: The smallest allowed.
        at_most: The largest allowed.
        remedy: What to do; by default an integer that would do.

    Returns:
        The integer, as Python's own.

    Raises:
        DomainError: No integer, or out of range.

    Example:
        >>> require_integer("windowed_orbit", "window", 2.5, at_least=0)
        Traceback (most recent call last):
        bsgd_edu.errors.DomainError: windowed_orbit: window must be an integer ≥ 0, \
but it is 2.5. Pass for example window=0.
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, Integral)
        or (at_least is not None and value < at_least)
        or (at_most is not None and value > at_most)
    ):
        rule = "" if at_least is None else f" ≥ {at_least}"
        if at_most is not None:
            rule = f" ≤ {at_most}" if at_least is None else f" in {at_least}..{at_most}"
        example = next((end for end in (at_least, at_most) if end is not None), 1)
        remedy = remedy or f"Pass for example {name}={example}."
        raise refusal(function, f"{name} must be an integer{rule}", _found(value), remedy)
    return int(value)


def require_sizes(function: str, **sizes: object) -> None:
    """Checks that each of several counts is an integer ≥ 1.

    Args:
        function: Who refuses.
        **sizes: The counts, by the names of the arguments.

    Raises:
        DomainError: One is not.

    Example:
        >>> require_sizes("draw_batches", num_steps=100, batch=0)
        Traceback (most recent call last):
        bsgd_edu.errors.DomainError: draw_batches: batch must be an integer ≥ 1, but it is 0. \
Pass for example batch=1.
    """
    for name, size in sizes.items():
        require_integer(function, name, size, at_least=1)


def require_choice(
    function: str,
    name: str,
    value: object,
    options: Iterable[str],
    *,
    remedy: str = "",
    kind: type[BsgdError] = DomainError,
) -> None:
    """Checks that a word is one of those there are.

    Args:
        function: Who refuses.
        name: The argument's name.
        value: What was passed.
        options: The words.
        remedy: What to do; by default the nearest word.
        kind: Which error.

    Raises:
        BsgdError: It is none of them; of that kind.

    Example:
        >>> require_choice("load", "split", "tets", ("train", "test"))
        Traceback (most recent call last):
        bsgd_edu.errors.DomainError: load: split must be 'train' or 'test', but it is 'tets'. \
Did you mean 'test'?
    """
    words = tuple(options)
    if not isinstance(value, str) or value not in words:
        from difflib import get_close_matches

        near = get_close_matches(str(value), words, n=1, cutoff=0.5)
        shown = [repr(word) for word in words]
        rule = " or ".join(shown) if len(shown) < 3 else f"one of {', '.join(shown)}"
        remedy = remedy or (f"Did you mean {near[0]!r}?" if near else "Pass one of these.")
        raise refusal(function, f"{name} must be {rule}", _found(value), remedy, kind)


def require_shape(function: str, name: str, x: Any, shape: tuple, remedy: str) -> None:
    """Checks the shape of a tensor against a pattern such as (..., "B", 3) or (..., "d", "d").

    Args:
        function: Who refuses.
        name: The argument's name.
        x: The tensor; anything that has a shape.
        shape: A size for each dim. A word is free, and equal words are equal sizes; `...` stands,
            at most once, for any number of dims.
        remedy: What to do.

    Raises:
        ShapeError: The shape is another.

    Example:
        >>> import torch
        >>> require_shape("f", "x", torch.ones(2, 3), (..., "d", "d"), "Pass a square.")
        Traceback (most recent call last):
        bsgd_edu.errors.ShapeError: f: x must have shape (..., d, d), but its shape is (2, 3). \
Pass a square.
    """
    if shape[:1] == (...,) and x.shape[1 - len(shape) :] == shape[1:]:
        return  # what every step asks, at a third of the cost
    found, wanted = tuple(x.shape), shape
    if ... in shape:
        spread, rest = shape.index(...), len(shape) - 1
        wanted = (*shape[:spread], *[None] * (len(found) - rest), *shape[spread + 1 :])
    sizes: dict[str, int] = {}
    if len(found) != len(wanted) or not all(
        size is None or n == (sizes.setdefault(size, n) if isinstance(size, str) else size)
        for n, size in zip(found, wanted, strict=True)
    ):
        text = ", ".join("..." if size is ... else str(size) for size in shape)
        rule = f"{name} must have shape ({text}{',' * (len(shape) == 1)})"
        raise refusal(function, rule, f"its shape is {found}", remedy, ShapeError)


def _plain(value: Any) -> Any:
    """The Python number behind a NumPy scalar or a tensor of no dims; all else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def _short(value: float) -> str:
    """A bound as one would write it: 2, not 2.0."""
    return f"{value:.6g}" if math.isfinite(value) else str(value)


def _found(value: Any) -> str:
    """What a value is: the number itself, or of what kind and shape it is."""
    if getattr(value, "ndim", 0):
        return f"it is a {type(value).__name__} of shape {tuple(value.shape)}"
    text = repr(value)
    return f"it is {text}" if len(text) <= 80 else f"it is a {type(value).__name__}"
