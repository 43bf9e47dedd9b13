"""Runs a learner's code so that whatever it does stays with it."""

import contextlib
import io
import random
import secrets
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "Guarded",
    "LearnerError",
    "MutatedInput",
    "NotAttempted",
    "TimeUp",
    "contained",
    "fresh_generator",
]


class NotAttempted(Exception):
    """The answer is still the stub."""


class LearnerError(Exception):
    """The learner's code raised; the cause is what it raised."""


class MutatedInput(Exception):
    """The learner's code changed a tensor that it was given."""


class TimeUp(BaseException):
    """The time limit; a BaseException, so that ``except Exception`` does not swallow it."""


class Guarded:
    """A learner's function that gets copies, and whose mistakes can be told apart from ours."""

    def __init__(self, function: Callable):
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function on copies of the arguments.

        Raises:
            NotAttempted: If it returns the stub's `...`.
            LearnerError: If it raises.
            MutatedInput: If a tensor or array among the arguments has changed.
        """
        given, named = _copy(args), _copy(kwargs)
        try:
            result = self._function(*given, **named)
        except (Exception, SystemExit) as error:
            raise LearnerError(f"{type(error).__name__}: {error}") from error
        if result is Ellipsis:
            raise NotAttempted
        if not _same(given, args) or not _same(named, kwargs):
            raise MutatedInput
        return result


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_make"):
        return type(value)._make(map(_copy, value))
    if type(value) in (list, tuple):
        return type(value)(map(_copy, value))
    return value


def _same(a: Any, b: Any) -> bool:
    if isinstance(b, Tensor):
        return isinstance(a, Tensor) and a.shape == b.shape and torch.equal(a, b)
    if isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and np.array_equal(a, b)
    if isinstance(b, dict):
        return isinstance(a, dict) and a.keys() == b.keys() and all(_same(a[k], b[k]) for k in b)
    if isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return True


def fresh_generator() -> torch.Generator:
    """Returns a stream that no learner can know: a check must not be passed by a table."""
    return torch.Generator().manual_seed(secrets.randbits(62))


@contextlib.contextmanager
def contained(seconds: float) -> Iterator[None]:
    """Swallows output and warnings, restores random states and torch's defaults, limits the time.

    Args:
        seconds: Limit for the block. It holds in the main thread of systems that have SIGALRM,
            which is where notebooks run cells on Linux and macOS; elsewhere there is none.

    Raises:
        TimeUp: Inside the block, when the time is up.
    """
    silence = io.StringIO()
    with (
        _states(),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(silence),
        contextlib.redirect_stderr(silence),
        _limit(seconds),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _states() -> Iterator[None]:
    python, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    torch_state, dtype, grad = (
        torch.get_rng_state(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
    )
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy_state)  # noqa: NPY002
        torch.set_rng_state(torch_state)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)


@contextlib.contextmanager
def _limit(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(signum: int, frame: Any) -> None:
        raise TimeUp

    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if remaining:  # somebody else's alarm (a test's time limit) goes on where it was
            left = max(remaining - (time.monotonic() - start), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)
