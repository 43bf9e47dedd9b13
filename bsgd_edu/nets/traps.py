"""Deep linear networks that do have bad local minima: each drops one assumption of the theorem.

Every hidden layer as wide as the input or the output, and a differentiable convex loss, leave no
local minimum but the global ones. A kink in the loss, or a bottleneck in the net, is enough.
"""

import math

import torch
from torch import Tensor

from ..errors import DomainError
from .deep_linear import DeepLinear
from .product_losses import huber_loss, squared_loss

__all__ = ["bottleneck_trap", "kink_trap", "kink_trap_value"]


def kink_trap(delta: float = 0.0) -> tuple[DeepLinear, Tensor]:
    """Returns a net with a wide hidden layer and the point where the absolute error traps it.

    f(A) = Σ|A − e_2 e_2ᵀ| on 2×2 matrices, W_1 = e_1 e_1ᵀ, W_2 = e_1 e_2ᵀ: the product is 0, the
    loss 1, the global minimum 0. With p = (W_1)_11, q = (W_2)_12, b = (W_1)_12, c = (W_2)_22:
    A_22 = (b/p) A_21 + (c/q) A_12 − (bc/(pq)) A_11. Within sup-norm ½ of the point no factor
    exceeds 1, so that what A_22 gains the other entries lose.

    Args:
        delta: δ ≥ 0 of `huber_loss`: 0 for the kink, more to round it off. The point is critical
            then, and no local minimum.

    Returns:
        The net of widths (2, 2, 2) and the point (8,), float64.

    Raises:
        DomainError: If δ is negative or not finite.

    Example:
        >>> net, theta = kink_trap()
        >>> net.loss(theta), net.product(theta).norm()
        (tensor(1., dtype=torch.float64), tensor(0., dtype=torch.float64))

    References:
        Laurent and von Brecht (2018), Deep linear networks with arbitrary loss: all local minima
        are global, on sharpness; this instance is ours.
    """
    target = torch.diag(torch.tensor([0.0, 1.0], dtype=torch.float64))
    theta = torch.tensor([1.0, 0, 0, 0, 0, 1, 0, 0], dtype=torch.float64)
    return DeepLinear([2, 2, 2], huber_loss(target, delta)), theta


def kink_trap_value(radius: float) -> float:
    """Returns the least loss within sup-norm r of the point of :func:`kink_trap` (δ = 0).

    1 up to r = ½, then 3 − 4r up to 1/√2, then ((1 − r)/r)², and 0 from r = 1 on. Lower bound
    beyond ½: A_22 ≤ (r/(1−r))² (|A_11| + |A_12| + |A_21|) and A_22 ≤ 2r². It is attained at
    W_1 = [[1−r, r], [y, x]], W_2 = [[y, 1−r], [x, r]], x = min(r, 1/(2r)), y = −(1−r) x/r.

    Args:
        radius: r ≥ 0.

    Returns:
        The value in [0, 1].

    Raises:
        DomainError: If r is negative or not a number.

    Example:
        >>> [round(kink_trap_value(r), 2) for r in (0.3, 0.5, 0.6, 0.75, 1.0)]
        [1.0, 1.0, 0.6, 0.11, 0.0]
    """
    if not radius >= 0:
        raise DomainError(
            f"kink_trap_value: radius must be ≥ 0, but it is {radius}. Pass for example 0.5."
        )
    if radius <= 0.5:
        return 1.0
    if radius <= math.sqrt(0.5):
        return 3 - 4 * radius
    return ((1 - radius) / radius) ** 2 if radius < 1 else 0.0


def bottleneck_trap(coupling: float) -> tuple[DeepLinear, Tensor]:
    """Returns a net with one hidden unit and its bad local minimum, for couplings above 2.

    f(A) = (A_11 − 1)² + (A_22 − ½)² + K (A_12² + A_21²), smooth and convex, through widths
    (2, 1, 2). The global minimum ¼ lies at diag(1, 0) for K ≥ ½. At A = diag(0, ½) the
    loss is 1; the Hessian has the eigenvalues K − 2, 0 (rescaling the factors), 2 and K + 2.

    Args:
        coupling: K ≥ 0.

    Returns:
        The net and the point (4,), balanced, float64.

    Raises:
        DomainError: If K is negative or not finite.

    Example:
        >>> net, theta = bottleneck_trap(2.5)
        >>> net.loss(theta), net.grad(theta).norm() < 1e-12
        (tensor(1., dtype=torch.float64), tensor(True))

    References:
        Laurent and von Brecht (2018) need widths without a bottleneck; the instance is ours.
    """
    if not 0 <= coupling < math.inf:
        raise DomainError(
            f"bottleneck_trap: coupling must be ≥ 0 and finite, but it is {coupling}. The trap "
            "closes above 2: pass for example 2.1."
        )
    weights = torch.tensor([[1.0, coupling], [coupling, 1.0]], dtype=torch.float64)
    target = torch.diag(torch.tensor([1.0, 0.5], dtype=torch.float64))
    theta = torch.tensor([0.0, 0.5, 0.0, 0.5], dtype=torch.float64)
    theta = theta * math.sqrt(2)  # both factors carry √½ in their second entry
    return DeepLinear([2, 1, 2], squared_loss(target, weights)), theta
