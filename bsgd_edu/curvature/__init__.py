"""The second derivative of a loss: what it says of a point."""

from .critical import certify

__all__ = ["certify"]
