"""Random tanh networks of finite width, to hold against what :mod:`.theory` says of infinite ones.

All of it is at initialisation, for many networks at once: (…, networks, channels, pixels).
"""

import torch
from torch import Tensor
from torch.nn import functional

from ..errors import require_choice, require_integer, require_number
from .init import delta_orthogonal_, orthogonal_, orthogonal_conv_
from .phases import critical_line

__all__ = [
    "correlation_orbit",
    "length_orbit",
    "mode_drift",
    "squared_singular_values",
    "variance_orbit",
]


def correlation_orbit(
    c: float,
    q: float,
    weight_var: float,
    bias_var: float,
    depth: int,
    *,
    width: int,
    networks: int,
    generator: torch.Generator,
) -> Tensor:
    """Returns the correlation of two inputs by depth in Gaussian tanh networks.

    Given one layer, the next one's entries are independent pairs, exactly Gaussian with covariance
    K = σ_w² tanh(h)ᵀtanh(h)/N + σ_b²: drawing them from K has the law of the network, and costs no
    weights. Mean field theory is K without its fluctuations, of order 1/√N.

    Args:
        c: Correlation of the inputs, in (−1, 1).
        q: Their variance, > 0.
        weight_var: σ_w².
        bias_var: σ_b².
        depth: L.
        width: N ≥ 2.
        networks: How many.
        generator: Random stream; its device is the result's.

    Returns:
        Cosines of the two layers, (L + 1, networks), float64.

    Raises:
        DomainError: If c is not in (−1, 1), or the width below 2.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> sizes = {"width": 500, "networks": 2, "generator": stream}
        >>> orbit = correlation_orbit(0.5, 1.0, 1.5, 0.05, 3, **sizes)
        >>> orbit.shape
        torch.Size([4, 2])
    """
    require_number(
        "correlation_orbit", "c", c, above=-1, below=1, remedy="Equal inputs stay equal."
    )
    require_integer("correlation_orbit", "width", width, at_least=2)
    real = {"dtype": torch.float64, "device": generator.device}
    covariance = q * torch.tensor([[1.0, c], [c, 1.0]], **real).expand(networks, 2, 2)
    found = []
    for _ in range(depth + 1):
        draw = torch.randn(networks, 2, width, generator=generator, **real)
        h = torch.linalg.cholesky(covariance) @ draw
        norm = h.norm(dim=-1)
        found.append((h[:, 0] * h[:, 1]).sum(-1) / norm.prod(-1))
        signal = h.tanh()
        covariance = weight_var / width * (signal @ signal.mT) + bias_var
    return torch.stack(found)


def variance_orbit(
    variances: Tensor,
    weight_var: float,
    bias_var: float,
    depth: int,
    *,
    delta: bool,
    channels: int,
    networks: int,
    generator: torch.Generator,
) -> Tensor:
    """Returns the variance of each pixel of a ring by depth in 1-D convolutional tanh networks.

    Args:
        variances: Of the inputs' pixels, (n,) ≥ 0.
        weight_var: σ_w².
        bias_var: σ_b².
        depth: L.
        delta: Delta-orthogonal kernels of three taps; False: Gaussian with three equal taps.
        channels: C.
        networks: How many.
        generator: Random stream; its device is the result's.

    Returns:
        Means over channels of h², (L + 1, networks, n), float64; computed in float32.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> sizes = {"channels": 4, "networks": 2, "generator": stream}
        >>> variance_orbit(torch.ones(5), 1.0, 0.0, 3, delta=True, **sizes).shape
        torch.Size([4, 2, 5])
    """
    where = generator.device
    shape = networks, channels, len(variances)
    h = torch.randn(shape, generator=generator, device=where) * variances.to(where).sqrt().float()
    kernel = torch.empty(networks, channels, channels, 3, device=where)
    found = [h.square().mean(1)]
    for _ in range(depth):
        if delta:
            delta_orthogonal_(kernel, weight_var**0.5, generator=generator, spatial_dims=1)
        else:
            kernel.normal_(std=(weight_var / (3 * channels)) ** 0.5, generator=generator)
        bias = bias_var**0.5 * torch.randn(networks, channels, 1, generator=generator, device=where)
        h = _ring(kernel, h.tanh()) + bias
        found.append(h.square().mean(1))
    return torch.stack(found).double()


def length_orbit(
    side: int,
    channels: int,
    depth: int,
    *,
    delta: bool,
    padding: str,
    networks: int,
    generator: torch.Generator,
) -> Tensor:
    """Returns the length of a white image by depth in linear 3×3 convolutions made of isometries.

    Spread kernels (`orthogonal_conv_`) are isometries on a torus only. Their taps carry ¼, ½, ¼ of
    the mass along each axis on average, so that with zero padding the first layer keeps
    (1 − 1/2n)² of the mean squared length: of n rows, two lose a quarter.

    Args:
        side: n, pixels a side.
        channels: C.
        depth: L.
        delta: Delta-orthogonal kernels; False: spread ones.
        padding: ``"circular"`` or ``"zeros"``.
        networks: How many, each with an image of its own.
        generator: Random stream; its device is the result's.

    Returns:
        Lengths relative to the input's, (L + 1, networks), float64.

    Raises:
        DomainError: If the padding is none of the two.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> size = {"networks": 2, "generator": stream}
        >>> length_orbit(5, 4, 9, delta=True, padding="zeros", **size)[-1].round(decimals=9)
        tensor([1., 1.], dtype=torch.float64)
    """
    modes = {"circular": "circular", "zeros": "constant"}
    require_choice("length_orbit", "padding", padding, modes)
    real = {"dtype": torch.float64, "device": generator.device}
    x = torch.randn(networks, channels, side, side, generator=generator, **real)
    fill_ = delta_orthogonal_ if delta else orthogonal_conv_
    kernel, found = torch.empty(networks, channels, channels, 3, 3, **real), [x]
    for _ in range(depth):
        fill_(kernel, generator=generator, spatial_dims=2)
        wide = functional.pad(x.flatten(0, 1)[None], (1, 1, 1, 1), mode=modes[padding])
        x = functional.conv2d(wide, kernel.flatten(0, 1), groups=networks).view_as(x)
        found.append(x)
    lengths = torch.stack([x.flatten(1).norm(dim=1) for x in found])
    return lengths / lengths[0]


def mode_drift(
    pixels: int, channels: int, depth: int, *, networks: int, generator: torch.Generator
) -> Tensor:
    """Returns by how much log-lengths of Fourier modes grow a layer in linear Gaussian layers.

    On a ring, mode f of W ∗ x is Ŵ(f) times that of x, a C×C matrix whose entries have variance
    1/C whatever the taps: real for f = 0 and n/2, where the loss is ½(log(C/2) − ψ(C/2)) ≈ 1/(2C),
    and (up to order 1/C²) complex for all others, where it is ½(log C − ψ(C)) ≈ 1/(4C).

    Args:
        pixels: n.
        channels: C.
        depth: L, over which the growth is averaged.
        networks: How many, each with three Gaussian taps and a Gaussian input.
        generator: Random stream; its device is the result's.

    Returns:
        (networks, ⌊n/2⌋ + 1), nats a layer, negative for a loss; float64.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> mode_drift(6, 4, 10, networks=100, generator=stream).mean(0).shape
        torch.Size([4])
    """
    real = {"dtype": torch.float64, "device": generator.device}
    x = torch.randn(networks, channels, pixels, generator=generator, **real)
    start = torch.fft.rfft(x).norm(dim=1).log()
    for _ in range(depth):
        kernel = torch.randn(networks, channels, channels, 3, generator=generator, **real)
        x = _ring(kernel.mul_((3 * channels) ** -0.5), x)
    return (torch.fft.rfft(x).norm(dim=1).log() - start) / depth


def squared_singular_values(
    width: int,
    at: tuple[int, ...],
    q: float,
    *,
    orthogonal: bool,
    networks: int,
    generator: torch.Generator,
) -> Tensor:
    """Returns eigenvalues of J Jᵀ for the Jacobians J of critical tanh networks.

    The layers are dense; a delta-orthogonal convolution applies the same one to every pixel.

    Args:
        width: C.
        at: Depths L ≥ 1.
        q: q* of the critical point, > 0, and variance of the input; 0 for linear layers.
        orthogonal: Whether the weights are orthogonal, else Gaussian.
        networks: How many.
        generator: Random stream; its device is the result's.

    Returns:
        (len(at), networks, C), descending, float64.

    Raises:
        DomainError: If a depth is below 1.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> s = squared_singular_values(4, (9,), 0.0, orthogonal=True, networks=2, generator=stream)
        >>> torch.allclose(s, torch.ones(1, 2, 4, dtype=torch.float64))
        True
    """
    for depth in at:
        require_integer("squared_singular_values", "each depth of at", depth, at_least=1)
    real = {"dtype": torch.float64, "device": generator.device}
    weight_var, bias_var = (float(v) for v in critical_line(q)) if q else (1.0, 0.0)
    h = q**0.5 * torch.randn(networks, width, 1, generator=generator, **real)
    jacobian, weight = torch.eye(width, **real), torch.empty(networks, width, width, **real)
    found = {}
    for depth in range(1, max(at) + 1):
        if orthogonal:
            orthogonal_(weight, weight_var**0.5, generator=generator)
        else:
            weight.normal_(std=(weight_var / width) ** 0.5, generator=generator)
        bias = bias_var**0.5 * torch.randn(networks, width, 1, generator=generator, **real)
        h = weight @ h.tanh() + bias
        jacobian = weight @ jacobian
        if q:  # tanh' at the layer's own entries
            jacobian = (1 - h.tanh().square()) * jacobian
        if depth in at:
            found[depth] = torch.linalg.svdvals(jacobian).square()
    return torch.stack([found[depth] for depth in at])


def _ring(kernel: Tensor, x: Tensor) -> Tensor:
    """Circular convolution of x (networks, C, n) with kernels (networks, C, C, 3)."""
    return sum(kernel[..., tap] @ x.roll(1 - tap, -1) for tap in range(3))
