"""Every distance of the package with what is known about it, for tables and for tests."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import ShapeError, require
from . import cones, hyperbolic, measures, norms, spd, strips

__all__ = ["CATALOGUE", "CatalogueEntry", "contraction_ratio"]


@dataclass(frozen=True)
class CatalogueEntry:
    """One distance, and the maps that do not expand it.

    Args:
        name: What it is called in a sentence.
        distance: The function itself, (points, points) -> (...).
        point_dims: How many trailing dims one point has.
        domain: Where its points live, in words.
        invariant: Maps that change nothing.
        nonexpansive: Maps, such as layers, that never expand it, and when.
        symmetric: Whether d(x, y) = d(y, x).
        separates: Whether d(x, y) = 0 only for x = y.

    Example:
        >>> [entry.name for entry in CATALOGUE if not entry.symmetric]
        ['Funk']
    """

    name: str
    distance: Callable[[Tensor, Tensor], Tensor]
    point_dims: int
    domain: str
    invariant: str
    nonexpansive: str
    symmetric: bool = True
    separates: bool = True


CATALOGUE: tuple[CatalogueEntry, ...] = (
    CatalogueEntry(
        "ℓ^p", norms.lp_distance, 1, "vectors", "translations, signs, permutations",
        "σ(Wx + b), σ 1-Lipschitz, ‖W‖ ≤ 1; in ℓ²: x − τWᵀφ(Wx + b), τ‖W‖² ≤ 2",
    ),
    CatalogueEntry(
        "sup", norms.sup_distance, 1, "decision functions on m points", "bijections of the points",
        "f ↦ f∘T; max-plus maps; ReLU(Px + b), P row-stochastic",
    ),
    CatalogueEntry(
        "oscillation", norms.oscillation_distance, 1, "decision functions on m points",
        "bijections of the points, constants added", "f ↦ f∘T; max-plus maps", separates=False,
    ),
    CatalogueEntry(
        "Hilbert", cones.hilbert_distance, 1, "vectors with positive entries",
        "positive diagonal scalings, rescaling, x ↦ 1/x",
        "Wx, W ≥ 0: factor tanh(Δ/4); x ↦ x^p: factor |p|", separates=False,
    ),
    CatalogueEntry(
        "Thompson", cones.thompson_distance, 1, "vectors with positive entries",
        "positive diagonal scalings, x ↦ 1/x",
        "σ(Wx + b), W, b ≥ 0, σ increasing concave, σ(0) ≥ 0; x ↦ x^p: factor |p|",
    ),
    CatalogueEntry(
        "Funk", cones.funk_weak_distance, 1, "vectors with positive entries",
        "positive diagonal scalings", "monotone 1-homogeneous maps", symmetric=False,
        separates=False,
    ),
    CatalogueEntry(
        "Poincaré", hyperbolic.poincare_distance, 1, "open unit ball", "Möbius maps of the ball",
        "holomorphic maps of the disc to itself",
    ),
    CatalogueEntry(
        "hyperboloid", hyperbolic.hyperboloid_distance, 1, "x_0 = √(1 + |a|²)",
        "Lorentz maps; gP gᵀ/|det g| on 2×2 covariances", "as Poincaré, carried over",
    ),
    CatalogueEntry(
        "Kobayashi", strips.strip_distance, 1, "|Im z_i| < half_width",
        "real translations, permutations", "(π/4) tanh(Wz), Σ_j |W_ij| ≤ 1",
    ),
    CatalogueEntry(
        "affine-invariant", spd.affine_invariant_distance, 2, "SPD matrices",
        "P ↦ APAᵀ, P ↦ P⁻¹", "P ↦ P + S, S ⪰ 0",
    ),
    CatalogueEntry(
        "log-Euclidean", spd.log_euclidean_distance, 2, "SPD matrices",
        "rotations, rescaling, P ↦ P⁻¹", "P ↦ P^t: factor |t|",
    ),
    CatalogueEntry(
        "Thompson (SPD)", spd.spd_thompson_distance, 2, "SPD matrices", "P ↦ APAᵀ, P ↦ P⁻¹",
        "P ↦ P + S, S ⪰ 0",
    ),
    CatalogueEntry(
        "Hilbert (SPD)", spd.spd_hilbert_distance, 2, "SPD matrices",
        "P ↦ APAᵀ, P ↦ P⁻¹, rescaling", "positive linear maps P ↦ Σ A_k P A_kᵀ",
        separates=False,
    ),
    CatalogueEntry(
        "total variation", measures.total_variation_distance, 1, "laws on k outcomes",
        "permutations of the outcomes", "push-forward, Markov kernels",
    ),
    CatalogueEntry(
        "Wasserstein", measures.wasserstein_distance, 1, "samples of real numbers",
        "translations, reflection, order of a sample", "1-Lipschitz maps", separates=False,
    ),
    CatalogueEntry(
        "log-dilatation", measures.log_dilatation_distance, 2, "m images of the same samples",
        "isometries of either, relabelling", "leaving samples out", separates=False,
    ),
)  # fmt: skip


def contraction_ratio(
    distance: Callable[[Tensor, Tensor], Tensor],
    t: Callable[[Tensor], Tensor],
    x: Tensor,
    y: Tensor,
) -> Tensor:
    """Returns by what factor a map changed the distance of each pair of points.

    d(T(x), T(y)) / d(x, y); the largest over many pairs is a lower bound of the Lipschitz
    constant, never a proof of one.

    Args:
        distance: d, taking points to (...).
        t: T, from points to points; the two spaces may differ.
        x: Points.
        y: Points; leading dims broadcast.

    Returns:
        Factors (...); 0 for two points that are together before and after, ∞ if only before.

    Raises:
        ShapeError: If T loses replicas.

    Example:
        >>> from bsgd_edu.metrics import lp_distance
        >>> contraction_ratio(lp_distance, lambda x: x / 2, torch.tensor([0.0]), torch.ones(1))
        tensor(0.5000)
    """
    before, after = distance(x, y), distance(t(x), t(y))
    require(
        before.shape == after.shape,
        "contraction_ratio",
        "a map must keep the leading dims of its points",
        lambda: f"distances went from shape {tuple(before.shape)} to {tuple(after.shape)}",
        "Return one image for each point.",
        ShapeError,
    )
    return torch.where((before == 0) & (after == 0), 0, after / before)
