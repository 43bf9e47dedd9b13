"""The table of layers: for each, a metric that it never expands, and a layer just outside.

Every row can be measured: it draws pairs of points, and holds one layer that keeps its condition
and one that just breaks it, with the exact Lipschitz constant of either where it is known. Points
have few coordinates, so that random pairs come close to the worst one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .catalogue import contraction_ratio
from .cones import funk_weak_distance, hilbert_distance, thompson_distance
from .measures import log_dilatation_distance, push_forward, total_variation_distance
from .norms import lp_distance, sup_distance
from .spd import affine_invariant_distance
from .strips import strip_distance

__all__ = ["TABLE", "LayerRow", "worst_pair"]

Map = Callable[[Tensor], Tensor]
Pairs = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]
Distance = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class LayerRow:
    """A layer, and a metric that it does not expand.

    Attributes:
        layer: Formula of the layer, as text.
        metric: Name of the metric.
        condition: When the layer does not expand it.
        beyond: What the layer outside does, or in which other metric the same layer is measured.
        distance: The metric.
        inside: A layer that keeps the condition.
        factor: Its Lipschitz constant.
        outside: A layer that breaks it (or the same one).
        outside_factor: Its Lipschitz constant on the points drawn; None where we know no formula.
        pairs: (count, generator) → two tensors of points, float64 or complex128.
        outside_distance: The metric in which ``outside`` is measured, if it is another.
        outside_pairs: Other points for ``outside``, if it needs them.
    """

    layer: str
    metric: str
    condition: str
    beyond: str
    distance: Distance
    inside: Map
    factor: float
    outside: Map
    outside_factor: float | None
    pairs: Pairs
    outside_distance: Distance | None = None
    outside_pairs: Pairs | None = None

    def ratios(self, count: int, generator: torch.Generator, *, outside: bool = False) -> Tensor:
        """Returns d(Tx, Ty)/d(x, y) over random pairs, those too near for float64 left out.

        Args:
            count: How many pairs to draw.
            generator: The stream they come from.
            outside: Measure the layer that breaks the condition.

        Returns:
            Ratios (k,), k ≤ count: pairs less than 1e-4 apart would show rounding.
        """
        drawn = (self.outside_pairs or self.pairs) if outside else self.pairs
        distance = (self.outside_distance or self.distance) if outside else self.distance
        x, y = drawn(count, generator)
        apart = distance(x, y) > 1e-4
        layer = self.outside if outside else self.inside
        return contraction_ratio(distance, layer, x[apart], y[apart])


def worst_pair(matrices: Tensor, gap: float = 1e-4) -> tuple[Tensor, Tensor]:
    """Returns two near rays that a positive matrix brings together as little as any.

    They lie in the plane of the two corners k, l, and differ in coordinate k only: there
    x_k/x_l = √(W_il W_jl / (W_ik W_jk)), where i, j, k, l attain Birkhoff's Δ, and the ratio of
    Hilbert distances tends to tanh(Δ/4) as the gap closes, with an error of order gap².

    Args:
        matrices: W, (..., d, d) with entries > 0.
        gap: Hilbert distance of the two rays, nearly.

    Returns:
        x and y, (..., d) each; the other coordinates are 1e-12, as rays lie inside the cone.

    Example:
        >>> x, y = worst_pair(torch.tensor([[2.0, 1.0], [1.0, 2.0]]).double())
        >>> ratio = contraction_ratio(hilbert_distance, lambda x: x @ _BY_HAND.T, x, y)
        >>> f"{ratio:.6f}"
        '0.333333'
    """
    dim = matrices.shape[-1]
    flat = matrices.reshape(-1, dim, dim)
    logs = flat.log()
    rows = logs[:, :, None, :] - logs[:, None, :, :]  # log W_ik − log W_jk at i, j, k
    gaps, k = rows.max(-1)
    pair = (gaps + gaps.mT).flatten(1).argmax(-1)
    batch = torch.arange(len(flat), device=flat.device)
    i, j = pair // dim, pair % dim
    k, other = k[batch, i, j], k[batch, j, i]
    x = torch.full_like(flat[:, 0], 1e-12)
    x[batch, other] = 1
    here, there = (
        flat[batch, i, k] * flat[batch, j, k],
        flat[batch, i, other] * flat[batch, j, other],
    )
    x[batch, k] = (there / here).sqrt()
    y = x.clone()
    y[batch, k] *= 1 + gap
    shape = matrices.shape[:-1]
    return x.reshape(shape), y.reshape(shape)


def _real(rows) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def _normal(*shape: int, generator: torch.Generator) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _spread(count: int, generator: torch.Generator, low: float = -3, high: float = 0) -> Tensor:
    """Sizes between 10^low and 10^high: near pairs see derivatives, far ones the whole map."""
    share = torch.rand(count, 1, generator=generator, dtype=torch.float64)
    return 10 ** (low + (high - low) * share)


def _vectors(count: int, generator: torch.Generator, dim: int = 2) -> tuple[Tensor, Tensor]:
    x = _normal(count, dim, generator=generator)
    return x, x + _spread(count, generator) * _normal(count, dim, generator=generator)


def _four(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    return _vectors(count, generator, 4)


def _positive(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _vectors(count, generator)
    return (3 * x).exp(), (3 * y).exp()


def _laws(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _four(count, generator)
    return x.softmax(-1), y.softmax(-1)


def _covariances(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """I + BBᵀ, from nearly I to large, so that subtracting ½ I leaves a covariance."""
    pair = []
    for _ in range(2):
        root = _spread(count, generator, -2, 1.5).unsqueeze(-1)
        b = root * _normal(count, 2, 2, generator=generator)
        pair.append(torch.eye(2, dtype=torch.float64) + b @ b.mT)
    return pair[0], pair[1]


def _strip(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Crowded near the rim |Im z| = π/4, where Schwarz–Pick comes close to equality."""
    real, phase = _vectors(count, generator), _vectors(count, generator)
    # A triangle wave, so that near phases stay near, and then a sine that lingers at its ends.
    waves = (torch.asin((2 * t).sin()).sin() for t in phase)
    z, w = (torch.complex(0.3 * x, 0.785 * t) for x, t in zip(real, waves, strict=True))
    return z, w


def _real_strip(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _vectors(count, generator)
    return torch.complex(0.3 * x, 0 * x), torch.complex(0.3 * y, 0 * y)


def _triangles(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Three samples in the plane, as two maps image them."""
    x = _normal(count, 3, 2, generator=generator)
    return x, _normal(count, 3, 2, generator=generator)


def _linear(matrix: Tensor) -> Map:
    return lambda x: x @ matrix.to(x).T


def _gradient_step(lr: float) -> Map:
    # ‖W‖ = 1; the ReLU is monotone and 1-Lipschitz.
    w, b = _real([[0.6, 0.8], [0.4, -0.3]]), _real([0.2, -0.1])
    return lambda x: x - lr * (x @ w.T + b).relu() @ w


def _convolution(gain: float) -> Map:
    # Circular, on four points: gain at frequency 0, less elsewhere.
    modulus = _real([gain, 0.5, 0.2])
    return lambda x: torch.fft.irfft(torch.fft.rfft(x) * modulus, n=4)


def _homogeneous(x: Tensor) -> Tensor:
    """Monotone and 1-homogeneous: a maximum, and a minimum, of positive combinations."""
    a, b = x.unbind(-1)
    return torch.stack([torch.maximum(a + b, 3 * a), torch.minimum(2 * a, a + b)], -1)


def _max_plus(x: Tensor) -> Tensor:
    return (_real([[0.0, 0.3], [0.1, -0.2]]) + x[..., None, :]).amax(-1)


def _averaging(row_sum: float) -> Map:
    p, b = row_sum * _real([[0.7, 0.3], [0.2, 0.8]]), _real([0.1, -0.2])
    return lambda x: (x @ p.T + b).relu()


def _congruence(p: Tensor) -> Tensor:
    a = _real([[1.0, 2.0], [-0.5, 1.0]])
    return a @ p @ a.T + 0.1 * torch.eye(2, dtype=torch.float64)


def _less(p: Tensor) -> Tensor:
    return p - 0.5 * torch.eye(2, dtype=torch.float64)


def _tanh_strip(row_sum: float) -> Map:
    w = row_sum * _real([[0.6, 0.4], [-0.3, 0.7]])
    return lambda z: math.pi / 4 * (z @ w.to(z).T).tanh()


def _half_funk(x: Tensor, y: Tensor) -> Tensor:
    # Where F(x, y) ≤ 0 the inequality F(Tx, Ty) ≤ F(x, y) has no ratio.
    return funk_weak_distance(x, y).clamp_min(0)


_TURN = math.sqrt(0.5) * _real([[1.0, -1.0], [1.0, 1.0]])
_TANH = _TURN @ _real([[1.0, 0.0], [0.0, 0.5]])
_BY_HAND = _real([[2.0, 1.0], [1.0, 2.0]])
_MERGE = torch.tensor([0, 0, 1, 1])  # four states go to two
_STRETCH = _real([1.0, 3.0])

TABLE = (
    LayerRow(
        "tanh(Wx + b)", "ℓ²", "‖W‖ ≤ 1", "‖W‖ = 1.5", lp_distance,
        lambda x: (x @ _TANH.T + 0.3).tanh(), 1.0,
        lambda x: (1.5 * x @ _TANH.T + 0.3).tanh(), 1.5, _vectors,
    ),
    LayerRow(
        "rotation", "ℓ²", "always", "in ℓ¹", lp_distance, _linear(_TURN), 1.0,
        _linear(_TURN), math.sqrt(2), _vectors, lambda x, y: lp_distance(x, y, 1.0),
    ),
    LayerRow(
        "convolution", "ℓ²", "Fourier modulus ≤ 1", "modulus 1.5", lp_distance,
        _convolution(1.0), 1.0, _convolution(1.5), 1.5, _four,
    ),
    LayerRow(
        "x − τWᵀφ(Wx + b)", "ℓ²", "τ‖W‖² ≤ 2", "τ‖W‖² = 3", lp_distance,
        _gradient_step(2.0), 1.0, _gradient_step(3.0), 2.0, _vectors,
    ),
    LayerRow(
        "Wx, W > 0, rescaled", "Hilbert", "always", "in ℓ², not rescaled", hilbert_distance,
        lambda x: torch.nn.functional.normalize(x @ _BY_HAND.T, p=1.0, dim=-1), 1 / 3,
        _linear(_BY_HAND), 3.0, _positive, lp_distance, _vectors,
    ),
    LayerRow(
        "xᵖ", "Hilbert", "|p| ≤ 1", "p = 2", hilbert_distance,
        lambda x: x**-0.5, 0.5, torch.square, 2.0, _positive,
    ),
    LayerRow(
        "log(1 + Wx + b)", "Thompson", "W, b ≥ 0", "square in place of log", thompson_distance,
        lambda x: (x @ _BY_HAND.T + _real([0.0, 1.0])).log1p(), 1.0,
        lambda x: (x @ _BY_HAND.T).square(), 2.0, _positive,
    ),
    LayerRow(
        "max/min of positive sums", "Funk", "monotone, 1-homogeneous", "squared", _half_funk,
        _homogeneous, 1.0, lambda x: _homogeneous(x).square(), 2.0, _positive,
    ),
    LayerRow(
        "max-plus", "ℓ∞", "always", "in ℓ²", sup_distance, _max_plus, 1.0,
        _max_plus, math.sqrt(2), _vectors, lp_distance,
    ),
    LayerRow(
        "ReLU(Px + b)", "ℓ∞", "rows of P ≥ 0 sum to 1", "rows sum to 1.5", sup_distance,
        _averaging(1.0), 1.0, _averaging(1.5), 1.5, _vectors,
    ),
    LayerRow(
        "APAᵀ + S", "affine-invariant", "S ≥ 0", "P − I/2 for P ≥ I", affine_invariant_distance,
        _congruence, 1.0, _less, 2.0, _covariances,
    ),
    LayerRow(
        "(π/4) tanh(Wz)", "Kobayashi, strip", "row sums ≤ 1", "row sums 2", strip_distance,
        _tanh_strip(1.0), 1.0, _tanh_strip(2.0), math.pi / 2, _strip, None, _real_strip,
    ),
    LayerRow(
        "f ∘ T", "sup norm", "always", "in ℓ²", sup_distance, lambda f: f[..., _MERGE], 1.0,
        lambda f: f[..., _MERGE], math.sqrt(2), _four, lp_distance,
    ),
    LayerRow(
        "push-forward by T", "total variation", "always", "in ℓ²", total_variation_distance,
        lambda p: push_forward(p, _MERGE), 1.0,
        lambda p: push_forward(p, _MERGE), math.sqrt(2), _laws, lp_distance,
    ),
    LayerRow(
        "bi-Lipschitz, first", "log-dilatation", "always", "applied last", log_dilatation_distance,
        lambda x: x[..., [2, 0, 1], :], 1.0, lambda x: x * _STRETCH, None, _triangles,
    ),
)  # fmt: skip
