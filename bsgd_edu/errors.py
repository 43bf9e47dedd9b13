"""What can go wrong, by kind. Every message says: what must hold, what was found, what to do."""

__all__ = [
    "BsgdError",
    "ConvergenceError",
    "DataError",
    "DomainError",
    "MissingExtraError",
    "ShapeError",
    "UsageError",
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
