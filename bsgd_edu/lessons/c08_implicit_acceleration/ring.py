"""A loop on which the end-to-end rule of chapter 8 goes round: half of a ring, in closed form."""

import math

import torch
from torch import Tensor

from ...errors import DomainError

__all__ = ["half_annulus_circulation", "half_annulus_loop"]


def half_annulus_loop(inner: float, outer: float, *, num_edges: int = 200) -> Tensor:
    """Returns the boundary of {r ≤ |x| ≤ R, x_2 ≥ 0}, counter-clockwise, as a polygon.

    Args:
        inner: r > 0.
        outer: R > r.
        num_edges: Edges of each arc, ≥ 1; the polygon's error falls as their square.

    Returns:
        Corners (2 num_edges + 2, 2), float64; first the inner end of the positive first axis.

    Raises:
        DomainError: If the radii are not 0 < r < R < ∞, or there is no edge.

    Example:
        >>> half_annulus_loop(1.0, 2.0, num_edges=1).round()
        tensor([[ 1.,  0.],
                [ 2.,  0.],
                [-2.,  0.],
                [-1.,  0.]], dtype=torch.float64)
    """
    _need_radii("half_annulus_loop", inner, outer)
    if num_edges < 1:
        raise DomainError(
            f"half_annulus_loop: num_edges must be ≥ 1, but it is {num_edges}. Pass 200."
        )
    angles = torch.linspace(0, math.pi, num_edges + 1, dtype=torch.float64)
    arc = torch.stack([angles.cos(), angles.sin()], -1)
    return torch.cat([inner * arc[:1], outer * arc, inner * arc.flip(0)[:-1]])


def half_annulus_circulation(depth: int, inner: float, outer: float) -> float:
    """Returns the circulation of the end-to-end direction of a linear loss around a half-annulus.

    For a constant unit gradient along the first axis, the direction of depth N in the plane has
    curl ((N−1)(N−2)/N) |w|^{1−2/N} sin θ; integrated, ((N−1)(N−2)/N) · 2(R^b − r^b)/b with
    b = 3 − 2/N. It is 0 for N = 1 and N = 2, where the direction is the gradient of w·g and of
    |w| w·g, and positive beyond: no regulariser, added to any loss, gives that descent.

    Args:
        depth: N ≥ 1.
        inner: r > 0.
        outer: R > r.

    Returns:
        The circulation around :func:`half_annulus_loop`, counter-clockwise.

    Raises:
        DomainError: If the depth is no integer ≥ 1, or the radii are not 0 < r < R < ∞.

    Example:
        >>> [round(half_annulus_circulation(n, 0.5, 1.0), 3) for n in (1, 2, 3, 4)]
        [0.0, 0.0, 0.458, 0.988]

    References:
        Arora, Cohen and Hazan (2018), On the optimization of deep networks: implicit acceleration
        by overparameterization, Theorem 2; the closed form is ours.
    """
    _need_radii("half_annulus_circulation", inner, outer)
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
        raise DomainError(
            f"half_annulus_circulation: depth must be an integer ≥ 1, but it is {depth!r}. Pass 3."
        )
    power = 3 - 2 / depth
    strength = (depth - 1) * (depth - 2) / depth
    return strength * 2 * (outer**power - inner**power) / power


def _need_radii(name: str, inner: float, outer: float) -> None:
    if not 0 < inner < outer < math.inf:
        raise DomainError(
            f"{name}: radii must satisfy 0 < inner < outer < ∞, but they are {inner} and {outer}. "
            "Pass for example 0.5 and 1.0."
        )
