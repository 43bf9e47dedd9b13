"""A linear operator is its matrix, and refuses vectors of another length."""

import pytest
import torch

from bsgd_edu.errors import ShapeError
from bsgd_edu.operators import LinearOperator

MATRIX = torch.tensor([[1.0, 2.0, 0.0], [0.0, 3.0, 4.0], [5.0, 0.0, 6.0]], dtype=torch.float64)
OPERATOR = LinearOperator(lambda v: v @ MATRIX.mT, dim=3, dtype=torch.float64)


def test_the_dense_form_is_the_matrix_and_not_its_transpose():
    assert torch.equal(OPERATOR.dense(), MATRIX)


def test_it_multiplies_every_vector_of_a_stack():
    vectors = torch.arange(12.0, dtype=torch.float64).reshape(2, 2, 3)
    assert torch.equal(OPERATOR(vectors), torch.einsum("ij,abj->abi", MATRIX, vectors))


def test_vectors_of_another_length_are_refused():
    with pytest.raises(ShapeError, match=r"shape \(\.\.\., 3\), but its shape is \(2, 4\)"):
        OPERATOR(torch.ones(2, 4))
