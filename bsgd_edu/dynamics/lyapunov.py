"""Lyapunov spectra: how fast a long product of matrices stretches each direction.

The exponents of A_n ⋯ A_1 are λ_k = lim (1/n) log s_k(A_n ⋯ A_1), s_k the singular values in
descending order (Oseledets). For independent matrices of one law A_1 ⋯ A_n has the same ones, since
the reversed list is as likely as the list. What depends on the order is which singular vectors
settle down (see `limiting_directions`).
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from ..errors import ShapeError, refusal, require, require_integer
from .linear import gaussian_log_norm_variance, gaussian_spectrum, orthogonal_spectrum

__all__ = [
    "gaussian_log_norm_variance",
    "gaussian_spectrum",
    "log_growths",
    "orthogonal_spectrum",
    "spectrum",
]


def spectrum(matrices: Tensor | Iterable[Tensor], every: int = 4) -> Tensor:
    """Returns the Lyapunov exponents of a product of matrices, by QR every few steps.

    Q R = A_k ⋯ A_1 Q_before; λ_j is the mean of log|R_jj| per step. A QR costs about ten
    products, so one every few steps is cheaper. It is also safe: a block whose |R_jj| span more
    than 1/√ε, or that left the finite numbers, is done again in halves, down to single steps.
    Half the digits of each R_jj are therefore right, and usually many more.

    Args:
        matrices: (n, ..., d, d), first step first, leading dimensions are replicas; or an
            iterator of such blocks (of any lengths), so that a long product needs no memory.
        every: Steps between two factorisations, ≥ 1.

    Returns:
        One exponent per direction and replica, (..., d), in nats per step, in the order of the
        factorisation: descending in the limit, and off by O(1/n) from the start Q = I.

    Raises:
        ShapeError: If there is no step, the matrices are not square, or blocks differ in shape.
        DomainError: If `every` is below 1, or a matrix holds NaN or infinity.

    Example:
        >>> steps = torch.diag(torch.tensor([4.0, 0.5])).expand(100, 2, 2)
        >>> (spectrum(steps) / torch.tensor(2.0).log()).round(decimals=4)
        tensor([ 2., -1.])

    References:
        Benettin, Galgani, Giorgilli and Strelcyn (1980), Lyapunov characteristic exponents,
        Meccanica 15; Oseledets (1968).
    """
    total, steps = 0, 0
    for growth, length in _growths("spectrum", matrices, every):
        total, steps = total + growth, steps + length
    return total / steps


def log_growths(matrices: Tensor | Iterable[Tensor], every: int = 4) -> tuple[Tensor, Tensor]:
    """Returns the log stretching factors of each block of steps, the raw data of a spectrum.

    Args:
        matrices: As for :func:`spectrum`.
        every: Steps between two factorisations, ≥ 1.

    Returns:
        log|R_jj| of each block, (m, ..., d), and the lengths of the blocks, (m,) integers: they
        sum to the number of steps, and are below `every` only at the end of a block of input.

    Raises:
        ShapeError: As :func:`spectrum`.
        DomainError: As :func:`spectrum`.

    Example:
        >>> growths, lengths = log_growths(2 * torch.eye(1).expand(10, 1, 1), every=4)
        >>> growths.shape, lengths.tolist()
        (torch.Size([3, 1]), [4, 4, 2])
    """
    pairs = list(_growths("log_growths", matrices, every))
    return torch.stack([growth for growth, _ in pairs]), torch.tensor([n for _, n in pairs])


def _growths(function: str, matrices, every: int) -> Iterator[tuple[Tensor, int]]:
    """Yields (log|diag R| (..., d), number of steps) block by block, carrying Q along."""
    require_integer(function, "every", every, at_least=1, remedy="Pass 4.")
    basis = shape = None
    for part in [matrices] if isinstance(matrices, Tensor) else matrices:
        square = part.dim() >= 3 and part.shape[-1] == part.shape[-2]
        if not square or shape not in (None, part.shape[1:]):
            rule = "matrices must have shape (n, ..., d, d), the same in every block"
            fact, remedy = f"one has {tuple(part.shape)}", "Put the steps first, replicas next."
            raise refusal(function, rule, fact, remedy, ShapeError)
        shape, dim = part.shape[1:], part.shape[-1]
        if len(part) == 0:
            continue
        flat = (part if part.is_floating_point() else part.double()).detach()
        flat = flat.reshape(len(part), -1, dim, dim)
        if basis is None:
            basis = torch.eye(dim, dtype=flat.dtype, device=flat.device).expand_as(flat[0])
        for block in flat.split(every):
            growth, basis = _advance(function, block, basis)
            yield growth.reshape(shape[:-1]), len(block)
    rule, fact = "matrices must hold at least one step", "there is none (length 0)"
    remedy = "Pass (n, ..., d, d) with n ≥ 1; an iterator can be used only once."
    require(basis is not None, function, rule, fact, remedy, ShapeError)


def _advance(function: str, block: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
    """Multiplies bases (B, d, d) by k matrices (k, B, d, d) and makes them orthonormal again."""
    moved = start
    for step in block:
        moved = step @ moved
    small = moved.shape[-1] <= 12 and len(moved) >= 128
    basis, stretch = (_gram_schmidt if small else _householder)(moved)
    # The columns of a product turn towards its top direction, and round-off of ε times the
    # largest R_jj is what the smallest is made of once they span 1/ε. NaN compares as bad.
    largest = stretch.amax(-1)
    least = torch.finfo(stretch.dtype).eps ** 0.5
    bad = ~((stretch.amin(-1) >= least * largest) & largest.isfinite())
    growth = stretch.log()
    if not bad.any():
        return growth, basis
    if len(block) > 1:
        which, half = bad.nonzero().squeeze(-1), len(block) // 2
        first, middle = _advance(function, block[:half, which], start[which])
        second, end = _advance(function, block[half:, which], middle)
        growth[which], basis[which] = first + second, end
    elif moved.isfinite().all():
        # A single step that is nearly singular: there is no finer way, only the safest.
        basis[bad], stretch = _householder(moved[bad])
        growth[bad] = stretch.log()
    else:
        raise refusal(
            function,
            "matrices must be finite and their products in range",
            f"{int((~moved.isfinite()).any(-1).any(-1).sum())} of {len(moved)} replicas left the "
            "finite numbers within one step",
            "Look for NaN or infinity, or rescale.",
        )
    return growth, basis


def _householder(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Q and |diag R| of (B, d, d), orthogonal to round-off whatever the matrices."""
    # The two halves of torch.linalg.qr without its copy of R, of which only the diagonal is used.
    packed, reflections = torch.geqrf(matrices)
    stretch = packed.diagonal(dim1=-2, dim2=-1).abs()
    return torch.linalg.householder_product(packed, reflections), stretch


def _gram_schmidt(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """The same, orthogonal to ε times the span of the R_jj; fast for many small matrices.

    Replicas lie innermost, so that every line below works on all of them at once. The lost
    orthogonality does not build up: M = QR still holds to round-off and the next factorisation
    starts from that very Q, so that only the last one's departure (≤ √ε) enters the sums.
    """
    columns = matrices.permute(2, 1, 0).contiguous()  # (column, row, B)
    stretch = columns.new_empty(len(columns), len(matrices))
    for j, column in enumerate(columns):
        # Not vector_norm, which walks across the replicas one at a time.
        torch.sqrt((column * column).sum(0), out=stretch[j])
        column /= stretch[j]
        later = columns[j + 1 :]
        later.addcmul_(column, (column * later).sum(1, keepdim=True), value=-1)
    return columns.permute(2, 1, 0).contiguous(), stretch.mT
