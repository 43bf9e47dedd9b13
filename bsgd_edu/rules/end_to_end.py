"""What gradient descent on a deep linear network does to the product of its layers."""

from collections.abc import Sequence

from torch import Tensor

from ..errors import ShapeError, require, require_shape
from ..maps import Map
from ..operators.factored import check_depth, end_to_end_direction
from .gradient import require_rates

__all__ = ["end_to_end_direction", "end_to_end_map"]


def end_to_end_map(
    grad: Map,
    lr: float | Tensor,
    depth: int,
    *,
    shape: Sequence[int],
    weight_decay: float = 0.0,
) -> Map:
    """Returns the map of the product W of N balanced layers under a small step of descent on them.

    T(W) = (1 − ηλN) W − η Σ_j (WWᵀ)^{(j−1)/N} G (WᵀW)^{(N−j)/N}. The hidden widths have left no
    trace. A deep linear network that starts balanced stays within O(η) of this orbit over a fixed
    time ηn; at the large rates one would tune, the two may part altogether. Depth 1 is
    :func:`sgd_map`. The decay λ acts on the factors, which is why it appears N-fold and is not
    itself preconditioned.

    Args:
        grad: w (..., rows · cols) ↦ gradient of the loss at the product (..., rows · cols).
        lr: Learning rate η ≥ 0, or a tensor of them that broadcasts against the replicas (...).
        depth: N ≥ 1, the number of layers.
        shape: (rows, cols) = (outputs, inputs) of the product; (1, d) for one output.
        weight_decay: λ ≥ 0, of the loss's λ/2 Σ_j ‖W_j‖².

    Returns:
        A map (..., rows · cols) -> (..., rows · cols).

    Raises:
        DomainError: If lr or weight_decay is negative or not finite, or depth no integer ≥ 1.
        ShapeError: If `shape` is not two positive integers, or a point does not fit it.

    Example:
        >>> step = end_to_end_map(lambda w: torch.ones_like(w), lr=0.25, depth=2, shape=(1, 2))
        >>> step(torch.tensor([4.0, 0.0]))
        tensor([ 2., -1.])

    References:
        Arora, Cohen and Hazan (2018), On the optimization of deep networks: implicit acceleration
        by overparameterization, Theorem 1 and Claim 2.
    """
    require_rates("end_to_end_map", lr=lr, weight_decay=weight_decay)
    check_depth("end_to_end_map", depth)
    sizes = tuple(shape)
    require(
        len(sizes) == 2 and all(isinstance(n, int) and n >= 1 for n in sizes),
        "end_to_end_map",
        "shape must be (rows, cols), both ≥ 1",
        f"it is {sizes}",
        "Pass (1, d) for one output.",
        ShapeError,
    )
    count = sizes[0] * sizes[1]
    rate = lr.unsqueeze(-1) if isinstance(lr, Tensor) else lr

    remedy = f"Flatten the product {sizes} row by row."

    def step(w: Tensor) -> Tensor:
        require_shape("end_to_end_map", "points", w, (..., count), remedy)
        move = end_to_end_direction(w.unflatten(-1, sizes), grad(w).unflatten(-1, sizes), depth)
        move = move.flatten(-2)
        if weight_decay:
            move = move + weight_decay * depth * w
        return w - rate * move

    return step
