"""A linear operator is its product with vectors; the matrix is there on request."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import require_shape

__all__ = ["LinearOperator"]


@dataclass(frozen=True)
class LinearOperator:
    """A linear map of R^d, given by its product with vectors (..., d).

    Attributes:
        matvec: (..., d) -> (..., d), linear in each vector.
        dim: d.
        dtype: Of the vectors.
        device: Of the vectors.

    Example:
        >>> double = LinearOperator(lambda v: 2 * v, dim=2)
        >>> double(torch.ones(3, 2)).shape
        torch.Size([3, 2])
        >>> double.dense()
        tensor([[2., 0.],
                [0., 2.]])
    """

    matvec: Callable[[Tensor], Tensor]
    dim: int
    dtype: torch.dtype = torch.float32
    device: torch.device | str = "cpu"

    def __call__(self, vectors: Tensor) -> Tensor:
        """Returns the products with vectors (..., d), (..., d).

        Raises:
            ShapeError: If the vectors have another length.
        """
        remedy = "Flatten what the operator acts on into one vector."
        require_shape("LinearOperator", "vectors", vectors, (..., self.dim), remedy)
        return self.matvec(vectors)

    def dense(self) -> Tensor:
        """Returns the matrix (d, d): column j is the product with the j-th unit vector."""
        return self(torch.eye(self.dim, dtype=self.dtype, device=self.device)).mT
