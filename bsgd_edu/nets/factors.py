"""A matrix as a product of layers: balanced starts, gradients, and the way out of saddles."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_shape
from ..operators.factored import numerical_rank_floor
from ..tensors import require_finite

__all__ = ["balanced_factors", "balancedness", "end_to_end", "escape", "factor_gradients"]


def end_to_end(factors: Sequence[Tensor]) -> Tensor:
    """Returns the product W_N ⋯ W_1 of factors.

    Args:
        factors: W_1, …, W_N, first layer first, (..., d_j, d_{j−1}).

    Returns:
        (..., d_N, d_0).

    Raises:
        ShapeError: If there is none, or neighbours do not fit.

    Example:
        >>> end_to_end([torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]])])
        tensor([[3., 6.]])
    """
    _check_chain("end_to_end", factors)
    product = factors[0]
    for factor in factors[1:]:
        product = factor @ product
    return product


def factor_gradients(factors: Sequence[Tensor], gradient: Tensor) -> list[Tensor]:
    """Returns the gradient for each factor, (W_N ⋯ W_{j+1})ᵀ ∇f (W_{j−1} ⋯ W_1)ᵀ.

    Args:
        factors: First layer first, (..., d_j, d_{j−1}).
        gradient: ∇f at the product, (..., d_N, d_0).

    Returns:
        As the factors.

    Raises:
        ShapeError: If neighbours do not fit, or the gradient is not shaped as the product.

    Example:
        >>> w1, w2 = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0]])
        >>> factor_gradients([w1, w2], torch.tensor([[1.0, 1.0]]))
        [tensor([[3., 3.]]), tensor([[3.]])]
    """
    _check_chain("factor_gradients", factors, gradient)
    below = [None]  # the identity, which need not be multiplied by
    for factor in factors[:-1]:
        below.append(factor if below[-1] is None else factor @ below[-1])
    gradients, above = [], gradient
    for factor, before in zip(reversed(factors), reversed(below), strict=True):
        gradients.append(above if before is None else above @ before.mT)
        above = factor.mT @ above
    return gradients[::-1]


def balanced_factors(matrix: Tensor, widths: Sequence[int]) -> list[Tensor]:
    """Returns factors of a matrix with W_{j+1}ᵀ W_{j+1} = W_j W_jᵀ, what the theory starts from.

    From the thin SVD U S Vᵀ every factor takes S^{1/N}; hidden layers carry it in their first
    coordinates. Descent keeps the balance up to O(η), and the end-to-end rule needs it.

    Args:
        matrix: W (..., rows, cols).
        widths: d_0 = cols, d_1, …, d_N = rows, from input to output; hidden ones ≥ the rank.

    Returns:
        [W_1, …, W_N], first layer first, (..., d_j, d_{j−1}).

    Raises:
        ShapeError: If the ends of `widths` are not the sides of the matrix, or a width is no
            integer ≥ 1.
        DomainError: If a hidden width is below the rank, or the matrix is not finite.

    Example:
        >>> w1, w2 = balanced_factors(torch.tensor([[4.0, 0.0]]), [2, 1, 1])
        >>> w1.abs(), w2.abs(), w2 @ w1
        (tensor([[2., 0.]]), tensor([[2.]]), tensor([[4., 0.]]))

    References:
        Arora, Cohen and Hazan (2018), Theorem 1; Arora, Cohen, Golowich and Hu (2019), A
        convergence analysis of gradient descent for deep linear neural networks, Procedure 1.
    """
    widths = checked_widths("balanced_factors", widths)
    require(
        tuple(matrix.shape[-2:]) == (widths[-1], widths[0]),
        "balanced_factors",
        f"matrix must have shape (..., {widths[-1]}, {widths[0]}) for widths {list(widths)} from "
        "input to output",
        f"its shape is {tuple(matrix.shape)}",
        "Reverse the widths, or correct their ends.",
        ShapeError,
    )
    require_finite("balanced_factors", "matrix", matrix, "Correct them.")
    depth, hidden = len(widths) - 1, min(widths)
    if depth == 1:
        return [matrix.clone()]
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    rank = int((s > numerical_rank_floor(s, max(widths[0], widths[-1]))).sum(-1).max())
    rule = f"hidden widths must be ≥ the rank {rank} of the matrix"
    fact, remedy = f"they are {list(widths[1:-1])}", "Widen them, or take a matrix of lower rank."
    require(hidden >= rank, "balanced_factors", rule, fact, remedy)
    u, s, vh = u[..., :hidden], s[..., :hidden], vh[..., :hidden, :]
    root = s ** (1 / depth)
    factors = []
    for j, (cols, rows) in enumerate(pairwise(widths)):
        if j == 0:
            core = root.unsqueeze(-1) * vh
        else:
            core = (u if j == depth - 1 else torch.eye(s.shape[-1]).to(u)) * root.unsqueeze(-2)
        padding = (0, cols - core.shape[-1], 0, rows - core.shape[-2])
        factors.append(torch.nn.functional.pad(core, padding))
    return factors


def balancedness(factors: Sequence[Tensor]) -> Tensor:
    """Returns how far factors are from balanced, max_j ‖W_{j+1}ᵀ W_{j+1} − W_j W_jᵀ‖ (Frobenius).

    Gradient flow conserves each of these differences; a step of descent moves them by O(η²).

    Args:
        factors: First layer first, (..., d_j, d_{j−1}).

    Returns:
        (...), 0 for a single factor.

    Raises:
        ShapeError: If neighbours do not fit.

    Example:
        >>> balancedness([torch.tensor([[2.0, 0.0]]), torch.tensor([[3.0]])])
        tensor(5.)
    """
    _check_chain("balancedness", factors)
    gaps = [factors[0].new_zeros(factors[0].shape[:-2])]
    for below, above in pairwise(factors):
        gaps.append(torch.linalg.matrix_norm(above.mT @ above - below @ below.mT))
    return torch.stack(torch.broadcast_tensors(*gaps)).amax(0)


def escape(
    factors: Sequence[Tensor], gradient: Tensor, size: float, *, tolerance: float = 1e-6
) -> list[Tensor]:
    """Returns factors with the same product from which descent can go on.

    The theorem as an algorithm. Let k be the first layer where W_k ⋯ W_1 loses rank, and u_j unit
    vectors with u_jᵀ W_j ⋯ W_1 = 0: adding δ u_{j+1} u_jᵀ to the layers above, and δ v u_{N−1}ᵀ to
    the last, changes nothing, yet gives layer k a gradient whose leading part is
    δ^{N−k} u_k vᵀ ∇f W_{<k}ᵀ, with −v the top left singular vector of ∇f. At the origin its norm
    is δ^{N−1} σ_1(∇f) exactly. Where no layer loses rank the last one has a gradient already, and
    the factors come back as they are.

    Args:
        factors: First layer first, (d_j, d_{j−1}), every hidden width ≥ min(d_0, d_N).
        gradient: ∇f at the product, (d_N, d_0), not zero.
        size: δ > 0.
        tolerance: A singular value at or below this fraction of the factors' norms counts as 0.

    Returns:
        As the factors.

    Raises:
        ShapeError: If the factors are a batch or do not fit, or a hidden width is a bottleneck.
        DomainError: If δ is not positive, or the gradient is zero or not finite.

    Example:
        >>> origin = [torch.zeros(2, 2), torch.zeros(2, 2)]
        >>> slope = torch.diag(torch.tensor([5.0, 1.0]))
        >>> moved = escape(origin, slope, size=0.5)
        >>> end_to_end(moved).norm(), factor_gradients(moved, slope)[0].norm()
        (tensor(0.), tensor(2.5000))

    References:
        Laurent and von Brecht (2018), Deep linear networks with arbitrary loss: all local minima
        are global; the construction is ours.
    """
    _check_chain("escape", factors, gradient)
    widths = [factors[0].shape[-1], *(factor.shape[-2] for factor in factors)]
    require(
        factors[0].dim() == 2 and min(widths) >= min(widths[0], widths[-1]),
        "escape",
        f"factors must be matrices with hidden widths ≥ {min(widths[0], widths[-1])}",
        lambda: f"the shapes are {[tuple(factor.shape) for factor in factors]}",
        "Through a bottleneck there may be no way out: bad minima exist there.",
        ShapeError,
    )
    require(
        0 < size < float("inf") and gradient.isfinite().all() and gradient.any(),
        "escape",
        "size must be positive and gradient finite and not zero",
        lambda: f"they are {size} and of norm {gradient.norm().item()}",
        "A zero gradient of a convex loss marks its global minimum: nothing is left to escape "
        "from.",
    )
    if widths[-1] < widths[0]:  # the mirror image: transposing turns the layers around
        turned = escape(
            [factor.mT for factor in reversed(factors)], gradient.mT, size, tolerance=tolerance
        )
        return [factor.mT for factor in reversed(turned)]
    units, reach, product = [], 1.0, None
    for factor in factors[:-1]:
        product = factor if product is None else factor @ product
        reach = reach * torch.linalg.matrix_norm(factor, 2)
        u, s, _ = torch.linalg.svd(product)
        # As d_j ≥ d_0, the last column of u is the one that W_j ⋯ W_1 reaches least.
        if units or s[-1] <= tolerance * reach:
            units.append(u[:, -1])
    if not units:
        return [factor.clone() for factor in factors]
    top = torch.linalg.svd(gradient)[0][:, 0]
    first = len(factors) - len(units)
    moved = [factor.clone() for factor in factors]
    for factor, below, above in zip(moved[first:], units, [*units[1:], -top], strict=True):
        factor += size * torch.outer(above, below)
    return moved


def checked_widths(name: str, widths: Sequence[int]) -> tuple[int, ...]:
    """Returns widths as a tuple; refuses what is no network, in the name of a function."""
    widths = tuple(widths)
    require(
        len(widths) >= 2 and all(isinstance(width, int) and width >= 1 for width in widths),
        name,
        "widths must be two or more integers ≥ 1, from input to output",
        f"they are {list(widths)}",
        "Pass for example [6, 3, 3].",
        ShapeError,
    )
    return widths


def _check_chain(name: str, factors: Sequence[Tensor], gradient: Tensor | None = None) -> None:
    shapes = [tuple(factor.shape) for factor in factors]
    fits = all(below[-2] == above[-1] for below, above in pairwise(shapes))
    require(
        shapes and fits,
        name,
        "factors must be (..., d_j, d_(j−1)), first layer first",
        lambda: f"their shapes are {shapes}",
        "Reverse the list, or correct the widths.",
        ShapeError,
    )
    if gradient is not None:
        wanted = (..., shapes[-1][-2], shapes[0][-1])
        require_shape(name, "gradient", gradient, wanted, "Differentiate the loss by the product.")
