"""Weights that keep every length, drawn for all layers at once.

Functions in the manner of torch.nn.init: they fill a tensor in place, outside of autograd, and
return it. `gain` multiplies the weights themselves, a standard deviation: pass σ_w, the root of
:func:`.critical_line`'s weight_var, not σ_w².
"""

import math

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_number
from ..tensors import require_real

__all__ = ["delta_orthogonal_", "orthogonal_", "orthogonal_conv_"]

# Numbers drawn at once: they should stay in the cache until the matrices are made of them.
_CHUNK = 2**16


@torch.no_grad()
def orthogonal_(tensor: Tensor, gain: float = 1.0, *, generator: torch.Generator) -> Tensor:
    """Fills matrices with `gain` times Haar orthogonal ones, all layers in one batch.

    The law is that of Q in the QR factorisation of a Gaussian matrix with diag R > 0: uniform on
    the orthogonal matrices, or on those with orthonormal columns (rows, if out < in).

    Args:
        tensor: (..., out, in), filled in place; every leading index is a layer. (torch's own
            function takes one layer a call, and flattens all dims but the first.)
        gain: Factor of the weights, > 0: a number, or a tensor of one.
        generator: Source of the weights, on the tensor's device.

    Returns:
        The tensor.

    Raises:
        ShapeError: If it has fewer than two dims or an empty one.
        DomainError: If it does not hold real numbers, or the gain is not positive.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> w = orthogonal_(torch.empty(100, 4, 3, dtype=torch.float64), generator=stream)
        >>> torch.allclose(w.mT @ w, torch.eye(3, dtype=torch.float64))
        True

    References:
        Mezzadri (2007), How to generate random matrices from the classical compact groups,
        Notices of the AMS 54.
    """
    gain = _checked_gain("orthogonal_", tensor, gain, 0)
    return _fill_(tensor, gain, 0, generator)


@torch.no_grad()
def delta_orthogonal_(
    tensor: Tensor,
    gain: float = 1.0,
    *,
    generator: torch.Generator,
    spatial_dims: int | None = None,
) -> Tensor:
    """Fills convolution kernels with an orthogonal centre tap and zeros around it.

    W[:, :, (k − 1)//2, …] = gain·Q with Haar Q, QᵀQ = 1. The layer is Q at each pixel, so
    ‖Wx‖ = gain·‖x‖ for every x, whether the padding is circular or zero, and no spatial mode is
    averaged away.

    Args:
        tensor: (out, in, *kernel) with 1, 2 or 3 kernel dims, out ≥ in, filled in place.
        gain: Factor of the weights, a standard deviation: σ_w, > 0.
        generator: Source of the weights, on the tensor's device.
        spatial_dims: Number of kernel dims of a stack of layers (..., out, in, *kernel); None for
            a single layer.

    Returns:
        The tensor.

    Raises:
        ShapeError: If the dims do not fit.
        DomainError: If out < in: then no kernel keeps all lengths.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> w = delta_orthogonal_(torch.empty(4, 4, 3, 3), gain=1.5, generator=stream)
        >>> round(w.norm().item(), 5), round(w[:, :, 1, 1].norm().item(), 5)
        (3.0, 3.0)

    References:
        Xiao et al. (2018), Dynamical isometry and a mean field theory of CNNs, ICML, Algorithm 1.
    """
    dims = tensor.dim() - 2 if spatial_dims is None else spatial_dims
    gain = _checked_gain("delta_orthogonal_", tensor, gain, dims, single=spatial_dims is None)
    return _fill_(tensor, gain, dims, generator)


@torch.no_grad()
def orthogonal_conv_(
    tensor: Tensor,
    gain: float = 1.0,
    *,
    generator: torch.Generator,
    spatial_dims: int | None = None,
) -> Tensor:
    """Fills convolution kernels with random isometries that spread over all taps.

    A Haar matrix is convolved along each axis with k − 1 two-tap kernels [P, 1 − P], P a random
    projector on half of the channels. Tap masses are binomial on average, so spatial modes are
    averaged away in mean field, though ‖Wx‖ = gain·‖x‖ exactly with circular padding. Zero padding
    cuts off what crosses the border, and loses length.

    Args:
        tensor: (out, in, *kernel) with 1, 2 or 3 kernel dims, out ≥ in, filled in place.
        gain: Factor of the weights, > 0: a number, or a tensor of one.
        generator: Source of the weights, on the tensor's device.
        spatial_dims: Number of kernel dims of a stack of layers (..., out, in, *kernel); None for
            a single layer.

    Returns:
        The tensor.

    Raises:
        ShapeError: If the dims do not fit.
        DomainError: If out < in: then no kernel keeps all lengths.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> w = orthogonal_conv_(torch.empty(4, 4, 3, dtype=torch.float64), generator=stream)
        >>> x = torch.ones(4, 5, dtype=torch.float64)
        >>> padded = torch.nn.functional.pad(x, (1, 1), mode="circular")
        >>> round(torch.nn.functional.conv1d(padded, w).square().sum().item(), 12)
        20.0

    References:
        Xiao et al. (2018), Dynamical isometry and a mean field theory of CNNs, ICML, Section 3;
        Kautsky and Turcajová (1994), A matrix approach to discrete wavelets.
    """
    dims = tensor.dim() - 2 if spatial_dims is None else spatial_dims
    gain = _checked_gain("orthogonal_conv_", tensor, gain, dims, single=spatial_dims is None)
    *lead, channels, inputs = tensor.shape[: tensor.dim() - dims]
    sizes = tensor.shape[tensor.dim() - dims :]
    count, ones = math.prod(lead), (1,) * dims

    def haar(columns: int) -> Tensor:
        matrix = torch.empty(
            count, *ones, channels, columns, dtype=_working(tensor), device=tensor.device
        )
        return orthogonal_(matrix, generator=generator)

    kernel = haar(channels)  # (count, *taps, channels, channels)
    for step in range(max(sizes) - 1):
        for axis in (1 + i for i, size in enumerate(sizes) if step < size - 1):
            basis = haar((channels + 1) // 2)
            if channels % 2:  # half on average: the last direction by a toss
                shape = (count, *ones, 1)
                toss = torch.randint(2, shape, generator=generator, device=tensor.device)
                basis[..., -1] *= toss
            kept = kernel @ basis @ basis.mT
            nothing = torch.zeros_like(kept.narrow(axis, 0, 1))
            kernel = torch.cat([kept, nothing], axis) + torch.cat([nothing, kernel - kept], axis)
    kernel = gain * kernel[..., :inputs].reshape(*lead, *sizes, channels, inputs)
    before = len(lead)
    return tensor.copy_(kernel.movedim((-2, -1), (before, before + 1)))


def _checked_gain(
    function: str, tensor: Tensor, gain: float | Tensor, spatial_dims: int, single: bool = False
) -> float:
    """Refuses what cannot be filled, with the numbers; returns the gain as a number."""
    require_real(function, "tensor", tensor)
    remedy = "Pass σ_w, for example weight_var**0.5."
    gain = require_number(function, "gain", gain, above=0, remedy=remedy)
    shape = tuple(tensor.shape)
    wanted = "(..., out, in" + ", kernel size" * spatial_dims + ")"
    if function == "orthogonal_":
        fits = len(shape) >= 2
    elif single:
        fits, wanted = 3 <= len(shape) <= 5, "(out, in, *kernel) with 1, 2 or 3 kernel dims"
    else:
        fits = spatial_dims in (1, 2, 3) and len(shape) >= 2 + spatial_dims
    given = f" and spatial_dims = {spatial_dims}" if not single and spatial_dims else ""
    require(
        fits and 0 not in shape[len(shape) - 2 - spatial_dims :],
        function,
        f"tensor must have shape {wanted}, none of them 0",
        f"its shape is {shape}{given}",
        "Pass a layer's weight; a stack of layers needs spatial_dims = 1, 2 or 3.",
        ShapeError,
    )
    out, inputs = shape[len(shape) - 2 - spatial_dims :][:2]
    require(
        function == "orthogonal_" or out >= inputs,
        function,
        "out must be ≥ in for a kernel that keeps all lengths",
        f"{out} < {inputs}: {inputs - out} directions would be lost",
        f"Use at least {inputs} output channels, or torch.nn.init.normal_ where a layer reduces "
        "them.",
    )
    return gain


def _fill_(tensor: Tensor, gain: float, dims: int, generator: torch.Generator) -> Tensor:
    """Fills (..., out, in, *taps), `dims` of them taps, with gain·Haar at the centre, else 0.

    Chunk by chunk, so that each is zeroed, drawn and written while it is in the cache.
    """
    split = tensor.dim() - dims - 2
    rows, columns, *taps = tensor.shape[split:]
    wide, few, many = columns > rows, min(rows, columns), max(rows, columns)
    draw = {"generator": generator, "dtype": _working(tensor), "device": tensor.device}
    layers = tensor.reshape(math.prod(tensor.shape[:split]), rows, columns, *taps)
    for part in layers.split(max(1, _CHUNK // (rows * columns))):
        q = _columns(torch.randn(len(part), few, many, **draw)).mul_(gain)
        centre = part.zero_() if taps else part
        for size in reversed(taps):
            centre = centre.select(-1, (size - 1) // 2)
        centre.copy_(q.mT if wide else q)
    if layers.data_ptr() != tensor.data_ptr():  # strides that allowed no view
        tensor.copy_(layers.view(tensor.shape))
    return tensor


def _working(tensor: Tensor) -> torch.dtype:
    return torch.float64 if tensor.dtype == torch.float64 else torch.float32


def _columns(rows: Tensor) -> Tensor:
    """Orthonormal columns (L, n, m), made of Gaussian rows (L, m, n), n ≥ m.

    Householder's QR of a Gaussian matrix, without the part of it that is not used: the vector that
    step i reflects on e_i is Gaussian whatever came before (its first i entries are not read), so
    the reflections can be drawn at once, and R never exists. With the rows of U the reflections'
    vectors, |u|² = 2, their product is 1 − Uᵀ T U with T⁻¹ the unit upper triangle of U Uᵀ.
    """
    u = rows.triu_()
    head, norm = u.diagonal(dim1=-2, dim2=-1), torch.linalg.vector_norm(u, dim=-1)
    dead = norm == 0  # a draw of exact zeros: any direction serves
    head.masked_fill_(dead, 1)
    norm = norm.masked_fill(dead, 1)
    sign = torch.where(head < 0, -1, 1).to(u)
    scale = (norm * (norm + head.abs())).rsqrt()
    head += sign * norm
    u *= scale.unsqueeze(-1)
    inner = torch.linalg.solve_triangular(
        u @ u.mT, u[..., : u.shape[-2]], upper=True, unitriangular=True
    )
    q = u.mT @ inner
    q.diagonal(dim1=-2, dim2=-1).sub_(1)
    return q.mul_(sign.unsqueeze(-2))
