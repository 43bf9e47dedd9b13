"""Random fully connected networks of constant width, many at once, followed through their depth.

Layers are x ↦ φ(Wx + b), every W and b used once, so nothing is stored: a layer is drawn, applied
and dropped. Gaussian weights are not even drawn in full: W acts on m given vectors with an
orthonormal basis Q as an n×m Gaussian matrix, which is the exact law at a cost of nm in place of
n². Uniform weights (torch.nn.Linear's) are drawn entry by entry, with 16 bits each.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import require, require_choice, require_integer, require_shape
from ..tensors import require_broadcast

__all__ = ["PairOrbit", "random_cloud", "random_pair"]

# Weights drawn at once: they should stay in the cache until they are used.
_CHUNK = 2**18


class PairOrbit(NamedTuple):
    """What two inputs look like at each depth 0..L, each (L + 1, ...)."""

    distance: Tensor
    angle: Tensor
    norm: Tensor


def random_pair(
    x: Tensor,
    y: Tensor,
    depth: int,
    *,
    generator: torch.Generator,
    init: str | float = "default",
    bias: bool = True,
    activation: str = "relu",
    tracked: bool = True,
) -> PairOrbit:
    """Sends two inputs through random networks; returns their distance and angle at each depth.

    With `tracked`, the difference is carried along itself, by relu(a + e) − relu(a) without
    cancellation: distances stay right down to 1e-300 and show no round-off floor. Without it the
    two inputs pass separately, as in any real network, and the floor of their dtype appears.

    Args:
        x: Inputs (..., n); every leading index is a network of its own.
        y: The other inputs, broadcast against x.
        depth: Number of layers L ≥ 0.
        generator: Source of the weights.
        init: ``"default"``: torch.nn.Linear's, W uniform in ±1/√n; ``"he"``: W ~ N(0, 2/n); or a
            number v: W ~ N(0, v/n).
        bias: Whether layers have a bias, uniform in ±1/√n as torch.nn.Linear's.
        activation: ``"relu"`` or ``"tanh"``.
        tracked: Whether to carry the difference along.

    Returns:
        Distance ‖y − x‖, angle between x and y, norm ‖x‖, each (L + 1, ...). Where an output is
        exactly zero the angle is NaN.

    Raises:
        DomainError: If an option does not exist or the depth is negative.
        ShapeError: If the inputs do not broadcast.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> x, y = torch.randn(2, 48, 16, generator=stream, dtype=torch.float64)
        >>> orbit = random_pair(x, y, 200, init="he", generator=stream)
        >>> orbit.distance.shape, bool(orbit.distance[-1].mean() < orbit.distance[0].mean())
        (torch.Size([201, 48]), True)
    """
    x, y = require_broadcast("random_pair", {"x": x, "y": y}, "Give both the same width.")
    draw = _Layers("random_pair", init, bias, activation, generator, depth)
    lead, width = x.shape[:-1], x.shape[-1]
    columns = torch.stack([x, y - x if tracked else y], -1).reshape(-1, width, 2)
    rows = [_measure(columns, tracked)]
    for _ in range(depth):
        columns = draw(columns, tracked)
        rows.append(_measure(columns, tracked))
    return PairOrbit(*(torch.stack(part).reshape(-1, *lead) for part in zip(*rows, strict=True)))


def random_cloud(
    x: Tensor,
    depth: int,
    *,
    generator: torch.Generator,
    init: str | float = "default",
    bias: bool = True,
    activation: str = "relu",
    at: Sequence[int] | None = None,
) -> Tensor:
    """Sends a set of inputs through random networks; returns their images at each depth.

    Args:
        x: Inputs (..., P, n): the P inputs share a network, every leading index is another one.
        depth: Number of layers L ≥ 0.
        generator: Source of the weights.
        init: As for :func:`random_pair`.
        bias: As for :func:`random_pair`.
        activation: As for :func:`random_pair`.
        at: Depths to return, each in 0..L; None for all.

    Returns:
        (len(at), ..., P, n).

    Raises:
        DomainError: If an option does not exist, or a depth is not in 0..L.
        ShapeError: If x has fewer than two dimensions.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> random_cloud(torch.eye(8).expand(3, 8, 8), 5, generator=stream, at=[0, 5]).shape
        torch.Size([2, 3, 8, 8])
    """
    require_shape("random_cloud", "x", x, (..., "P", "n"), "Pass x[None] for a single input.")
    draw = _Layers("random_cloud", init, bias, activation, generator, depth)
    wanted = list(range(depth + 1)) if at is None else [int(n) for n in at]
    for n in wanted:
        remedy = "Leave it out for all of them."
        require_integer("random_cloud", "at", n, at_least=0, at_most=depth, remedy=remedy)
    columns = x.reshape(-1, *x.shape[-2:]).mT
    kept = {0: columns}
    for level in range(1, max(wanted, default=0) + 1):
        columns = draw(columns, False)
        if level in wanted:
            kept[level] = columns
    return torch.stack([kept[n] for n in wanted]).mT.reshape(len(wanted), *x.shape)


class _Layers:
    """Draws one layer for each network and applies it to columns (networks, n, m)."""

    def __init__(self, function, init, bias, activation, generator, depth):
        gaussian = not isinstance(init, str) and 0 < init < math.inf
        rule = "init must be 'default', 'he' or a variance times width above 0"
        fact, remedy = f"it is {init!r}", "Pass one of these."
        require(gaussian or init in ("default", "he"), function, rule, fact, remedy)
        require_choice(function, "activation", activation, ("relu", "tanh"))
        require_integer(function, "depth", depth, at_least=0, remedy="Pass 200.")
        self.gain = {"default": None, "he": 2.0}.get(init, init)
        self.bias, self.relu, self.generator = bias, activation == "relu", generator

    def __call__(self, columns: Tensor, tracked: bool) -> Tensor:
        image = (self._uniform if self.gain is None else self._gaussian)(columns)
        first, rest = image[..., :1], image[..., 1:]
        if self.bias:
            offset = torch.rand(
                first.shape, generator=self.generator, dtype=image.dtype, device=image.device
            )
            offset = (2 * offset - 1) / image.shape[-2] ** 0.5
            first = first + offset
            rest = rest if tracked else rest + offset
        value = first.relu() if self.relu else first.tanh()
        if not tracked:
            return torch.cat([value, rest.relu() if self.relu else rest.tanh()], -1)
        moved = first + rest
        if self.relu:
            # relu(a + e) − relu(a): e, or −a where the neuron switches off, or a + e where on.
            change = torch.where(first > 0, torch.maximum(rest, -first), moved.relu())
        else:
            change = rest.tanh() * (1 - moved.tanh() * value)
        return torch.cat([value, change], -1)

    def _gaussian(self, columns: Tensor) -> Tensor:
        """W times the columns QR, W Gaussian: WQ is Gaussian too, with as many columns as Q."""
        networks, width, count = columns.shape
        upper = torch.linalg.qr(columns, mode="r")[1]
        noise = torch.randn(
            networks, width, min(width, count),
            generator=self.generator, dtype=columns.dtype, device=columns.device,
        )  # fmt: skip
        return (self.gain / width) ** 0.5 * (noise @ upper)

    def _uniform(self, columns: Tensor) -> Tensor:
        """W times the columns, W uniform in ±1/√n: integers of 16 bits, moved to be symmetric."""
        width = columns.shape[-2]
        at_once = max(1, _CHUNK // width**2)
        parts = []
        for part in columns.split(at_once):
            bits = torch.empty(
                (len(part) * width**2 + 3) // 4, dtype=torch.int64, device=columns.device
            ).random_(-(2**63), None, generator=self.generator)
            whole = bits.view(torch.int16)[: len(part) * width**2].view(-1, width, width)
            # By way of float32, which is exact and fast. W = (whole + ½)/2^15/√n.
            parts.append(whole.float().to(part.dtype) @ part + 0.5 * part.sum(-2, keepdim=True))
        return torch.cat(parts) / (2**15 * width**0.5)


def _measure(columns: Tensor, tracked: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Distance, angle and norm of a pair held as (x, y − x) or (x, y)."""
    # Scaled by the largest entry: squares of what is below 1e-160 would vanish.
    scale = columns.abs().amax((-2, -1), keepdim=True)
    x, other = (columns / scale.where(scale > 0, 1.0)).unbind(-1)
    scale = scale.squeeze(-1).squeeze(-1)
    change = other if tracked else other - x
    size = change.abs().amax(-1, keepdim=True)
    unit = change / size.where(size > 0, 1.0)
    size = size.squeeze(-1)
    length, norm = torch.linalg.vector_norm(unit, dim=-1), torch.linalg.vector_norm(x, dim=-1)
    along = (unit * x).sum(-1) / norm
    across = torch.linalg.vector_norm(unit - (along / norm).unsqueeze(-1) * x, dim=-1)
    dead = torch.linalg.vector_norm(x + change, dim=-1) == 0
    angle = torch.atan2(size * across, norm + size * along).masked_fill(dead, torch.nan)
    return scale * size * length, angle, scale * norm
