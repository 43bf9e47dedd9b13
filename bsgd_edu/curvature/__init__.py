"""The second derivative of a loss: what it says of a point."""

from .critical import Certificate, certify

__all__ = ["Certificate", "certify"]
