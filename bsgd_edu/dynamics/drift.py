"""Where deep compositions go: the speed at which they escape, and the direction they settle on."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_integer
from ..estimates import Estimate, mean_and_stderr
from ..tensors import require_finite

__all__ = [
    "drift",
    "limiting_directions",
    "projective_angle",
    "spd_drift",
]


def drift(orbit: Tensor, metric: Callable[[Tensor, Tensor], Tensor], *, start: int = 0) -> Estimate:
    """Estimates the drift ℓ = lim d(x_0, u_n)/n of an orbit in any metric.

    ℓ̂ = (d(x_0, u_n) − d(x_0, u_m))/(n − m), m = start. The limit exists for nonexpansive
    integrable maps (Kingman); with m = 0 the mean of d(x_0, u_n)/n approaches it from above,
    usually by O(1/n), and a start m > 0 takes most of that bias away.

    Args:
        orbit: u_0 = x_0, u_1, …, u_n, stacked first: (n + 1, ..., point), n ≥ 1.
        metric: Distance of points, (..., point), (..., point) -> (...); may be weak.
        start: m in 0..n − 1.

    Returns:
        The mean over replicas and its standard error (NaN for a single replica), 0-d tensors.

    Raises:
        ShapeError: If the orbit holds fewer than two points.
        DomainError: If `start` is not in 0..n − 1, or a distance is not finite (the orbit left
            what floating-point numbers can hold).

    Example:
        >>> orbit = torch.arange(5.0)[:, None, None] * torch.tensor([[1.0], [3.0]])
        >>> drift(orbit, lambda x, y: (x - y).abs().squeeze(-1))
        Estimate(mean=tensor(2.), stderr=tensor(1.))

    References:
        Kingman (1968), The ergodic theory of subadditive stochastic processes; Karlsson and
        Ledrappier (2006), On laws of large numbers for random walks.
    """
    num_steps = orbit.shape[0] - 1 if orbit.dim() else 0
    rule = "orbit must hold at least two points, steps first"
    fact, remedy = f"its shape is {tuple(orbit.shape)}", "Pass the whole orbit from x0 on."
    require(num_steps >= 1, "drift", rule, fact, remedy, ShapeError)
    remedy = f"There are {num_steps} steps: leave it at 0."
    require_integer("drift", "start", start, at_least=0, at_most=num_steps - 1, remedy=remedy)
    length = metric(orbit[0], orbit[-1])
    if start:
        length = length - metric(orbit[0], orbit[start])
    length = length.flatten() / (num_steps - start)
    remedy = f"There are {num_steps} steps: pass a shorter orbit."
    require_finite("drift", "distance per step", length, remedy)
    if length.numel() == 1:
        return Estimate(length[0], torch.full_like(length[0], torch.nan))
    return mean_and_stderr(length)


def spd_drift(spectrum: Tensor) -> Tensor:
    """Returns the drift of P ↦ APAᵀ on SPD matrices in the affine-invariant metric.

    2√(Σ λ_k²): the distance from I to gᵀg (or ggᵀ) is the norm of 2 log s_k(g).

    Args:
        spectrum: Lyapunov exponents (..., d).

    Returns:
        The drift (...) per step.

    Example:
        >>> spd_drift(torch.tensor([4.0, 3.0]))
        tensor(10.)

    References:
        Karlsson and Margulis (1999), A multiplicative ergodic theorem and nonpositively curved
        spaces.
    """
    return 2 * spectrum.square().sum(-1).sqrt()


def limiting_directions(matrices: Tensor, *, backward: bool = True) -> Tensor:
    """Returns the direction that the product of the first n matrices stretches onto, for each n.

    The top left singular vector of A_1 ⋯ A_n (backward, the new matrix goes inside), which
    converges like e^{−n(λ_1 − λ_2)}; or of A_n ⋯ A_1 (forward), which for independent matrices
    has the same law at every n and never settles.

    Args:
        matrices: (n, ..., d, d), the first one first.
        backward: Which of the two products.

    Returns:
        Unit vectors (n, ..., d), each with the sign nearest to its predecessor.

    Raises:
        ShapeError: If the matrices are not square or there is none.
        DomainError: If a product is zero or not finite.

    Example:
        >>> push = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
        >>> limiting_directions(push.expand(3, 2, 2)).abs()[-1]
        tensor([1., 0.])

    References:
        Furstenberg (1963), Noncommuting random products; Oseledets (1968).
    """
    require(
        matrices.dim() >= 3 and matrices.shape[-1] == matrices.shape[-2] and len(matrices) > 0,
        "limiting_directions",
        "matrices must have shape (n, ..., d, d), n ≥ 1",
        lambda: f"its shape is {tuple(matrices.shape)}",
        "Put the steps first, replicas next.",
        ShapeError,
    )
    products, product = [], torch.eye(matrices.shape[-1]).to(matrices)
    for step in matrices:
        product = product @ step if backward else step @ product
        # Only the direction is asked for: every product is scaled to norm 1, none overflows.
        product = product / torch.linalg.matrix_norm(product, keepdim=True)
        products.append(product)
    products = torch.stack(products)
    require(
        products.isfinite().all(),
        "limiting_directions",
        "products must be finite and not zero",
        lambda: f"{int((~products.isfinite()).any(-1).any(-1).sum())} are not",
        "Look for NaN, infinite or zero matrices.",
    )
    top = torch.linalg.svd(products)[0][..., 0]
    agree = (top[1:] * top[:-1]).sum(-1, keepdim=True)
    flips = torch.where(agree < 0, -1.0, 1.0).to(top).cumprod(0)
    return torch.cat([top[:1], top[1:] * flips])


def projective_angle(a: Tensor, b: Tensor) -> Tensor:
    """Returns the angle between two lines through the origin.

    2 arcsin of half the distance of the unit vectors, the nearer sign taken: accurate for tiny
    angles, where arccos of an inner product stops at √ε.

    Args:
        a: Vectors (..., d), not zero.
        b: Vectors (..., d), not zero.

    Returns:
        Angles (...) in [0, π/2].

    Raises:
        DomainError: If a vector is zero.

    Example:
        >>> projective_angle(torch.tensor([1.0, 0.0]), torch.tensor([-2.0, 0.0]))
        tensor(0.)
    """
    length_a = torch.linalg.vector_norm(a, dim=-1, keepdim=True)
    length_b = torch.linalg.vector_norm(b, dim=-1, keepdim=True)
    require(
        (length_a > 0).all() and (length_b > 0).all(),
        "projective_angle",
        "vectors must not be zero",
        lambda: f"the shortest have norms {length_a.min().item()} and {length_b.min().item()}",
        "A zero vector spans no line.",
    )
    a, b = a / length_a, b / length_b
    plus = torch.linalg.vector_norm(a - b, dim=-1)
    minus = torch.linalg.vector_norm(a + b, dim=-1)
    return 2 * (torch.minimum(plus, minus) / 2).clamp(max=1).arcsin()
