"""Metrics on symmetric positive definite matrices, such as covariances.

All but the log-Euclidean one are made of the eigenvalues λ_i of P⁻¹Q, so that a change of
coordinates P ↦ APAᵀ of both changes nothing.
"""

import torch
from torch import Tensor

from ..errors import refusal, require_shape
from ..tensors import bounds, require_entries, require_finite, require_points, require_real
from .points import norm

__all__ = [
    "affine_invariant_distance",
    "log_euclidean_distance",
    "spd_hilbert_distance",
    "spd_log",
    "spd_thompson_distance",
]


def affine_invariant_distance(p: Tensor, q: Tensor) -> Tensor:
    """Returns the affine-invariant Riemannian distance of covariances.

    ‖log(P^{−1/2} Q P^{−1/2})‖_F = √(Σ log² λ_i(P⁻¹Q)). Invariant under P ↦ APAᵀ and P ↦ P⁻¹;
    adding the same S ⪰ 0 to both (independent noise) never expands it.

    Args:
        p: SPD matrices (..., n, n).
        q: SPD matrices (..., n, n); leading dims broadcast.

    Returns:
        Distances (...) ≥ 0. The entries of a matrix of condition number κ say log λ only up to
        about εκ, and so does the result.

    Raises:
        ShapeError: If the matrices are not square or do not fit.
        DomainError: If a matrix is not symmetric or not positive definite.

    Example:
        >>> p, q = torch.eye(2), torch.diag(torch.tensor([3.0, 4.0]).exp())
        >>> affine_invariant_distance(p, q)
        tensor(5.)

    References:
        Bhatia (2007), Positive Definite Matrices, Chapter 6; Pennec, Fillard and Ayache (2006),
        A Riemannian framework for tensor computing, IJCV 66.
    """
    return norm(_log_eigenvalues("affine_invariant_distance", p, q))


def spd_thompson_distance(p: Tensor, q: Tensor) -> Tensor:
    """Returns Thompson's distance on the cone of SPD matrices.

    max_i |log λ_i(P⁻¹Q)|, the least c with e^{−c}P ⪯ Q ⪯ e^{c}P.

    Args:
        p: SPD matrices (..., n, n).
        q: SPD matrices (..., n, n); leading dims broadcast.

    Returns:
        Distances (...) ≥ 0.

    Raises:
        ShapeError: If the matrices are not square or do not fit.
        DomainError: If a matrix is not symmetric or not positive definite.

    Example:
        >>> p, q = torch.eye(2), torch.diag(torch.tensor([3.0, -4.0]).exp())
        >>> spd_thompson_distance(p, q)
        tensor(4.)

    References:
        Lemmens and Nussbaum (2012), Nonlinear Perron–Frobenius Theory, Section 2.1.
    """
    return _log_eigenvalues("spd_thompson_distance", p, q).abs().amax(-1)


def spd_hilbert_distance(p: Tensor, q: Tensor) -> Tensor:
    """Returns Hilbert's projective distance on the cone of SPD matrices.

    log λ_max(P⁻¹Q)/λ_min(P⁻¹Q): a distance between covariances up to scale.

    Args:
        p: SPD matrices (..., n, n).
        q: SPD matrices (..., n, n); leading dims broadcast.

    Returns:
        Distances (...) ≥ 0.

    Raises:
        ShapeError: If the matrices are not square or do not fit.
        DomainError: If a matrix is not symmetric or not positive definite.

    Example:
        >>> p, q = torch.eye(2), torch.diag(torch.tensor([3.0, -4.0]).exp())
        >>> spd_hilbert_distance(p, q)
        tensor(7.)
    """
    logs = _log_eigenvalues("spd_hilbert_distance", p, q)
    return logs.amax(-1) - logs.amin(-1)


def log_euclidean_distance(p: Tensor, q: Tensor) -> Tensor:
    """Returns the Frobenius distance of the matrix logarithms.

    ‖log P − log Q‖_F. Invariant under rotations, scalings and inversion, not under every change
    of coordinates; never larger than the affine-invariant distance, and equal to it where P and
    Q commute.

    Args:
        p: SPD matrices (..., n, n).
        q: SPD matrices (..., n, n); leading dims broadcast.

    Returns:
        Distances (...) ≥ 0.

    Raises:
        ShapeError: If the matrices are not square or do not fit.
        DomainError: If a matrix is not symmetric or not positive definite.

    Example:
        >>> p, q = torch.eye(2), torch.diag(torch.tensor([3.0, 4.0]).exp())
        >>> log_euclidean_distance(p, q)
        tensor(5.)

    References:
        Arsigny, Fillard, Pennec and Ayache (2007), Geometric means in a novel vector space
        structure on SPD matrices, SIAM J. Matrix Anal. 29.
    """
    require_points("log_euclidean_distance", {"p": p, "q": q}, point_dims=2)
    factor("log_euclidean_distance", "p", p)
    factor("log_euclidean_distance", "q", q)
    return norm(_symmetric_log(p) - _symmetric_log(q), (-2, -1))


def spd_log(p: Tensor) -> Tensor:
    """Returns the matrix logarithm of SPD matrices, the inverse of torch.matrix_exp.

    U diag(log λ) Uᵀ. The derivative is that of Daleckii and Krein, which stays finite where
    eigenvalues coincide (the one of torch.linalg.eigh does not).

    Args:
        p: SPD matrices (..., n, n).

    Returns:
        Symmetric matrices (..., n, n).

    Raises:
        ShapeError: If the matrices are not square.
        DomainError: If a matrix is not symmetric or not positive definite.

    Example:
        >>> spd_log(torch.eye(2))
        tensor([[0., 0.],
                [0., 0.]])

    References:
        Higham (2008), Functions of Matrices, Theorem 3.11.
    """
    require_points("spd_log", {"p": p}, point_dims=2)
    factor("spd_log", "p", p)
    return _symmetric_log(p)


def _symmetric_log(p: Tensor) -> Tensor:
    return _Log.apply((p + p.mT) / 2)


class _Log(torch.autograd.Function):
    @staticmethod
    def forward(ctx, p: Tensor) -> Tensor:
        # The smallest eigenvalue may round to 0 or below when κ is near 1/ε.
        values, vectors = torch.linalg.eigh(p)
        floor = values[..., -1:] * torch.finfo(p.dtype).eps / 4
        values = torch.maximum(values, floor)
        ctx.save_for_backward(values, vectors)
        return (vectors * values.log().unsqueeze(-2)) @ vectors.mT

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor) -> Tensor:
        values, vectors = ctx.saved_tensors
        big = torch.maximum(values[..., :, None], values[..., None, :])
        small = torch.minimum(values[..., :, None], values[..., None, :])
        # (log λ_i − log λ_j)/(λ_i − λ_j) = log1p(t)/(t λ_j) with t = λ_i/λ_j − 1 → 0.
        t = (big - small) / small
        slope = torch.where(t > 1e-8, t.log1p() / torch.where(t > 0, t, 1), 1 - t / 2) / small
        inner = vectors.mT @ ((grad + grad.mT) / 2) @ vectors
        return vectors @ (slope * inner) @ vectors.mT


def _log_eigenvalues(function: str, p: Tensor, q: Tensor) -> Tensor:
    """log λ_i(P⁻¹Q), twice the log singular values of L⁻¹K for P = LLᵀ, Q = KKᵀ.

    Singular values span half the decades that eigenvalues do. LAPACK finds each up to ε times
    the largest, so the lower half is read off the inverse K⁻¹L, where it is the upper half.
    """
    require_points(function, {"p": p, "q": q}, point_dims=2)
    lower_p, lower_q = factor(function, "p", p), factor(function, "q", q)
    forth = _singular_values(lower_p, lower_q)
    back = _singular_values(lower_q, lower_p).flip(-1)
    # Each list errs by ε times its own largest: εσ_1/σ_i forth, εσ_i/σ_n back.
    upper = forth.square() * back[..., -1:] >= forth[..., :1]
    high, low = torch.where(upper, forth, 1).log(), torch.where(upper, 1, back).log()
    return 2 * torch.where(upper, high, -low)


def _singular_values(left: Tensor, right: Tensor) -> Tensor:
    return torch.linalg.svdvals(torch.linalg.solve_triangular(left, right, upper=False))


def factor(function: str, name: str, p: Tensor) -> Tensor:
    """Returns the Cholesky factor, once the matrices are symmetric and positive definite."""
    require_real(function, name, p)
    require_shape(function, name, p, (..., "n", "n"), "Covariances are x.mT @ x / n.")
    require_finite(function, name, p)
    scale = p.detach().abs().amax((-2, -1), keepdim=True)
    skew = (p - p.mT).detach().abs() - 100 * p.shape[-1] * torch.finfo(p.dtype).eps * scale
    if not bounds(skew)[1] <= 0:
        rule = f"{name} must be symmetric"
        require_entries(skew <= 0, function, rule, p - p.mT, "Pass (p + p.mT) / 2.")
    lower, info = torch.linalg.cholesky_ex((p + p.mT) / 2)
    if info.any():
        where = tuple((info > 0).nonzero()[0].tolist())
        low, high = torch.linalg.eigvalsh(p.detach()[where])[[0, -1]].tolist()
        entry = f"matrix {where}" if where else "it"
        raise refusal(
            function,
            f"{name} must be positive definite",
            f"the eigenvalues of {entry} lie in [{low:.6g}, {high:.6g}] "
            f"({int((info > 0).sum())} of {info.numel()} fail)",
            "Add a multiple of the identity, or project on the eigenvectors that vary.",
        )
    return lower
