"""Linear operators known by what they do to a vector: preconditioners, Hessians, Jacobians."""

from .core import LinearOperator
from .factored import end_to_end_direction, end_to_end_preconditioner

__all__ = ["LinearOperator", "end_to_end_direction", "end_to_end_preconditioner"]
