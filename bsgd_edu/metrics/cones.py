"""Metrics on the open positive cone {x : x_i > 0}, all made of the ratios log x_i/y_i.

They see no coordinates' units: a positive diagonal scaling of both points changes nothing. The
Hilbert distance sees directions only, Thompson sees sizes too, Funk is one half of either.
"""

import torch
from torch import Tensor

from ..errors import ShapeError, require
from ..tensors import bounds, require_entries, require_points, require_real
from .points import positive

__all__ = [
    "birkhoff_coefficient",
    "funk_weak_distance",
    "hilbert_distance",
    "projective_diameter",
    "thompson_distance",
]


def log_ratio(x: Tensor, y: Tensor) -> Tensor:
    """Returns log(x/y) entry by entry for x, y > 0: no overflow, no cancellation near 1."""
    difference = x - y
    # Between y/2 and 2y the difference is exact, so that log1p keeps every digit of it.
    near = difference.abs() <= 0.5 * torch.minimum(x, y)
    step = torch.where(near, difference, 0) / y
    # Each branch sees 1 where it is not taken: its gradient must be finite there too.
    far = torch.where(near, 1, x).log() - torch.where(near, 1, y).log()
    return torch.where(near, step.log1p(), far)


def _ratios(function: str, x: Tensor, y: Tensor) -> Tensor:
    require_points(function, {"x": x, "y": y})
    positive(function, "x", x)
    positive(function, "y", y)
    return log_ratio(x, y)


def hilbert_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns Hilbert's projective distance on the positive cone.

    log max_{i,j} (x_i y_j)/(x_j y_i) = max log(x/y) − min log(x/y), which is a distance between
    rays: d(ax, by) = d(x, y) for a, b > 0. A positive matrix contracts it by
    :func:`birkhoff_coefficient`, and x ↦ x^p entry by entry scales it by |p|.

    Args:
        x: Points (..., d) with positive entries.
        y: Points (..., d) with positive entries; leading dims broadcast.

    Returns:
        Distances (...) ≥ 0, safe for entries from 1e-300 to 1e300.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If an entry is not positive and finite.

    Example:
        >>> x, y = torch.tensor([1.0, 1.0]), torch.tensor([3.0, 3.0])
        >>> hilbert_distance(x, y), hilbert_distance(x, torch.tensor([1.0, 2.0])).exp()
        (tensor(0.), tensor(2.))

    References:
        Hilbert (1895), Über die gerade Linie als kürzeste Verbindung zweier Punkte;
        Lemmens and Nussbaum (2012), Nonlinear Perron–Frobenius Theory, Section 2.1.
    """
    ratios = _ratios("hilbert_distance", x, y)
    return ratios.amax(-1) - ratios.amin(-1)


def thompson_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns Thompson's distance on the positive cone.

    max_i |log(x_i/y_i)|. Maps that preserve the order and shrink subhomogeneously,
    T(λx) ≥ λT(x) for 0 < λ < 1, do not expand it: so do layers σ(Wx + b) with W, b ≥ 0 and σ
    increasing, concave, σ(0) ≥ 0. With σ(z) = z², or with b < 0, they may.

    Args:
        x: Points (..., d) with positive entries.
        y: Points (..., d) with positive entries; leading dims broadcast.

    Returns:
        Distances (...) ≥ 0, safe for entries from 1e-300 to 1e300.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If an entry is not positive and finite.

    Example:
        >>> thompson_distance(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 1.0])).exp()
        tensor(4.)

    References:
        Thompson (1963), On certain contraction mappings in a partially ordered vector space.
    """
    return _ratios("thompson_distance", x, y).abs().amax(-1)


def funk_weak_distance(x: Tensor, y: Tensor) -> Tensor:
    """Returns the Funk weak distance, the logarithm of the least λ with x ≤ λy.

    F(x, y) = log max_i x_i/y_i. The triangle inequality holds and F(x, x) = 0, but F is neither
    symmetric nor always positive. Hilbert's distance is F(x, y) + F(y, x), Thompson's is the
    larger of the two. Monotone 1-homogeneous maps do not expand it, and F(x_n, x_0)/n tends to
    their growth rate: mind the order of the arguments.

    Args:
        x: Points (..., d) with positive entries.
        y: Points (..., d) with positive entries; leading dims broadcast.

    Returns:
        Real numbers (...).

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If an entry is not positive and finite.

    Example:
        >>> x, y = torch.tensor([2.0, 1.0]), torch.tensor([1.0, 4.0])
        >>> funk_weak_distance(x, y).exp(), funk_weak_distance(y, x).exp()
        (tensor(2.), tensor(4.))

    References:
        Papadopoulos and Troyanov (2014), From Funk to Hilbert geometry; Lemmens and Nussbaum
        (2012), Nonlinear Perron–Frobenius Theory, Section 2.1 (M(x/y)).
    """
    return _ratios("funk_weak_distance", x, y).amax(-1)


def projective_diameter(matrix: Tensor) -> Tensor:
    """Returns the Hilbert diameter of the image of the positive cone under W ≥ 0.

    Δ = log max W_ik W_jl / (W_jk W_il), over all rows i, j and columns k, l. Rows and columns
    of zeros play no part (one is a face the image lies in, the other a coordinate that is not
    read). Any other zero makes Δ infinite.

    Args:
        matrix: W, (..., m, n) with entries ≥ 0.

    Returns:
        Diameters (...) in [0, ∞].

    Raises:
        ShapeError: If W has fewer than two dims, or is empty.
        DomainError: If an entry is negative or not finite, or a whole matrix is zero.

    Example:
        >>> projective_diameter(torch.tensor([[2.0, 1.0], [1.0, 2.0]])).exp().round(decimals=4)
        tensor(4.)

    References:
        Birkhoff (1957), Extensions of Jentzsch's theorem; Seneta (1981), Non-negative Matrices
        and Markov Chains, Section 3.1.
    """
    return _diameter("projective_diameter", matrix)


def birkhoff_coefficient(matrix: Tensor) -> Tensor:
    """Returns the exact factor by which W ≥ 0 contracts Hilbert's distance.

    sup d(Wx, Wy)/d(x, y) = tanh(Δ/4), with Δ the :func:`projective_diameter`. The coefficient
    is 1 if Δ = ∞ (as for a permutation) and 0 for a matrix of rank one. Beware of ¼ tanh Δ,
    which is often copied and is no bound.

    Args:
        matrix: W, (..., m, n) with entries ≥ 0.

    Returns:
        Factors (...) in [0, 1].

    Raises:
        ShapeError: If W has fewer than two dims, or is empty.
        DomainError: If an entry is negative or not finite, or a whole matrix is zero.

    Example:
        >>> birkhoff_coefficient(torch.tensor([[2.0, 1.0], [1.0, 2.0]]))
        tensor(0.3333)
        >>> birkhoff_coefficient(torch.eye(2)), birkhoff_coefficient(torch.ones(3, 2))
        (tensor(1.), tensor(0.))

    References:
        Birkhoff (1957), Extensions of Jentzsch's theorem, Transactions AMS 85; Eveson and
        Nussbaum (1995), An elementary proof of the Birkhoff–Hopf theorem.
    """
    return (_diameter("birkhoff_coefficient", matrix) / 4).tanh()


def _diameter(function: str, matrix: Tensor) -> Tensor:
    w = _nonnegative(function, matrix)
    if w.shape[-2] > w.shape[-1]:
        w = w.mT  # the formula is symmetric; the loop goes over the shorter side
    live = (w > 0).any(-1, keepdim=True) & (w > 0).any(-2, keepdim=True)
    holes = ((w == 0) & live).any(-1).any(-1)
    used = w > 0
    safe = torch.where(used, w, 1)
    # excess[i, j] = max_k log W_ik/W_jk, and −∞ for a row j of zeros, which so never counts.
    rows = []
    for i in range(w.shape[-2]):
        ratios = log_ratio(safe[..., i, None, :], safe)
        rows.append(torch.where(used, ratios, -torch.inf).amax(-1))
    excess = torch.stack(rows, -2)
    return torch.where(holes, torch.inf, (excess + excess.mT).amax((-2, -1)))


def _nonnegative(function: str, matrix: Tensor) -> Tensor:
    require_real(function, "matrix", matrix)
    require(
        matrix.dim() >= 2 and 0 not in matrix.shape[-2:],
        function,
        "matrix must have shape (..., m, n) with m, n ≥ 1",
        lambda: f"its shape is {tuple(matrix.shape)}",
        "Leading dims are replicas.",
        ShapeError,
    )
    low, high = bounds(matrix)
    if not (low >= 0 and high < torch.inf):
        good, rule = (matrix >= 0) & matrix.isfinite(), "matrix must be ≥ 0 and finite"
        remedy = "Only such matrices map the cone into itself; take abs() if signs do not matter."
        require_entries(good, function, rule, matrix, remedy)
    if low == 0:
        empty = (matrix == 0).all(-1).all(-1)
        require(
            not empty.any(),
            function,
            "matrix must not be zero",
            lambda: f"{int(empty.sum())} of {empty.numel()} are",
            "A zero matrix takes the cone to a point that has no direction.",
        )
    return matrix
