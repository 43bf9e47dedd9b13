"""What a product of N matrices makes of a gradient: the preconditioner of depth.

Descending on balanced factors W_N … W_1 moves their product W along Σ_j (WWᵀ)^{(j−1)/N} G
(WᵀW)^{(N−j)/N} instead of along G. Both the rule of that motion and the model that it describes
need this linear algebra, and nothing else.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_integer, require_shape
from .core import LinearOperator

__all__ = [
    "check_depth",
    "end_to_end_direction",
    "end_to_end_preconditioner",
    "numerical_rank_floor",
]


def end_to_end_direction(matrix: Tensor, gradient: Tensor, depth: int) -> Tensor:
    """Returns where balanced factors of a matrix move it, Σ_j (WWᵀ)^{(j−1)/N} G (WᵀW)^{(N−j)/N}.

    The gradient component u_r v_sᵀ, in singular vectors of W, is multiplied by
    Σ_j s_r^{2(j−1)/N} s_s^{2(N−j)/N}: large where the matrix is large already. One SVD of the
    small side and one entrywise product; with one row or one column no SVD is needed, and
    |w|^{2−2/N} (g + (N − 1) (ŵ·g) ŵ) stretches N-fold along w and once across it. A zeroth power is
    the identity on the whole space, so that depth 1 returns the gradient. Singular values below
    the matrix's own rounding count as 0: their fractional powers would be noise. A matrix that is
    not finite gives NaN and leaves the others of its stack alone.

    Args:
        matrix: W (..., rows, cols).
        gradient: G (..., rows, cols), leading dimensions broadcast.
        depth: N ≥ 1, the number of factors.

    Returns:
        (..., rows, cols); a descent step subtracts it.

    Raises:
        DomainError: If the depth is no integer ≥ 1.
        ShapeError: If matrix and gradient have different last two dimensions.

    Example:
        >>> w, g = torch.tensor([[4.0, 0.0]]), torch.tensor([[1.0, 1.0]])
        >>> end_to_end_direction(w, g, depth=2)
        tensor([[8., 4.]])

    References:
        Arora, Cohen and Hazan (2018), On the optimization of deep networks: implicit acceleration
        by overparameterization, Theorem 1 and Claims 1 and 2.
    """
    check_depth("end_to_end_direction", depth)
    require(
        matrix.dim() >= 2 and matrix.shape[-2:] == gradient.shape[-2:],
        "end_to_end_direction",
        "matrix and gradient must both be (..., rows, cols)",
        lambda: f"they have shapes {tuple(matrix.shape)} and {tuple(gradient.shape)}",
        "Unflatten the points.",
        ShapeError,
    )
    return _preconditioner(matrix, depth)(gradient)


def end_to_end_preconditioner(matrix: Tensor, depth: int) -> LinearOperator:
    """Returns G ↦ Σ_j (WWᵀ)^{(j−1)/N} G (WᵀW)^{(N−j)/N} as an operator on flattened matrices.

    Symmetric and positive semi-definite, with eigenvectors u_r v_sᵀ. A vector w has the eigenvalue
    N |w|^{2−2/N} along w and |w|^{2−2/N} across it. The SVD is made once, here.

    Args:
        matrix: W (rows, cols).
        depth: N ≥ 1, the number of factors.

    Returns:
        LinearOperator on vectors (..., rows · cols), flattened row by row.

    Raises:
        DomainError: If the depth is no integer ≥ 1.
        ShapeError: If the matrix has not two dimensions.

    Example:
        >>> end_to_end_preconditioner(torch.tensor([[4.0, 0.0]]), depth=3).dense().diagonal()
        tensor([19.0488,  6.3496])

    References:
        Arora, Cohen and Hazan (2018), Claim 1.
    """
    check_depth("end_to_end_preconditioner", depth)
    remedy = "Take one operator for each matrix."
    require_shape("end_to_end_preconditioner", "matrix", matrix, ("rows", "cols"), remedy)
    shape, act = tuple(matrix.shape), _preconditioner(matrix, depth)
    return LinearOperator(
        lambda v: act(v.unflatten(-1, shape)).flatten(-2),
        dim=matrix.numel(),
        dtype=matrix.dtype,
        device=matrix.device,
    )


def numerical_rank_floor(singular_values: Tensor, size: int) -> Tensor:
    """Returns the value at or below which a singular value is rounding, ε · size · largest.

    Args:
        singular_values: (..., k), largest first.
        size: The larger side of the matrix.

    Returns:
        (..., 1).

    Example:
        >>> numerical_rank_floor(torch.tensor([1.0, 0.5]), 2) == 2 * torch.finfo().eps
        tensor([True])
    """
    largest = singular_values[..., :1]
    return torch.finfo(singular_values.dtype).eps * size * largest


def _preconditioner(matrix: Tensor, depth: int) -> Callable[[Tensor], Tensor]:
    rows, cols = matrix.shape[-2:]
    if depth == 1:
        lead = matrix.shape[:-2]
        return lambda g: g.expand(*torch.broadcast_shapes(lead, g.shape[:-2]), rows, cols)
    if min(rows, cols) == 1:
        return _of_vector(matrix, depth)
    if rows <= cols:
        return _of_wide_matrix(matrix, depth)
    act = _of_wide_matrix(matrix.mT, depth)  # transposing only reverses the order of the sum
    return lambda g: act(g.mT).mT


def _of_vector(w: Tensor, depth: int) -> Callable[[Tensor], Tensor]:
    length = torch.linalg.vector_norm(w, dim=(-2, -1), keepdim=True)
    unit = w / length.clamp(min=torch.finfo(w.dtype).tiny)  # no direction at the origin
    scale = length ** (2 - 2 / depth)

    def act(g: Tensor) -> Tensor:
        along = (unit * g).sum((-2, -1), keepdim=True)
        return scale * (g + (depth - 1) * along * unit)

    return act


def _of_wide_matrix(w: Tensor, depth: int) -> Callable[[Tensor], Tensor]:
    finite = w.isfinite().all(-1, keepdim=True).all(-2, keepdim=True)
    # One run of a cloud that diverged must not stop the others: it goes on as NaN.
    u, s, vh = torch.linalg.svd(torch.where(finite, w, 0.0), full_matrices=False)  # u is square
    s = torch.where(s > numerical_rank_floor(s, w.shape[-1]), s, 0.0)
    s = torch.where(finite.squeeze(-1), s, torch.nan)
    powers = torch.stack([s ** (2 * j / depth) for j in range(depth)])
    # The term j = N is the identity on the right: it alone sees the rows' null space.
    last = powers[-1].unsqueeze(-1)
    others = torch.einsum("j...r,j...s->...rs", powers[:-1], powers[1:].flip(0))

    def act(g: Tensor) -> Tensor:
        turned = u.mT @ g
        return u @ (last * turned + (others * (turned @ vh.mT)) @ vh)

    return act


def check_depth(name: str, depth: int) -> None:
    """Refuses a depth that is no integer ≥ 1, in the name of a function."""
    remedy = "Pass 1 for a single matrix, 2 for a product of two."
    require_integer(name, "depth", depth, at_least=1, remedy=remedy)
