"""Distances that layers and updates do not expand, and the functionals at their infinity."""

from .catalogue import CATALOGUE, contraction_ratio
from .cones import (
    birkhoff_coefficient,
    funk_weak_distance,
    hilbert_distance,
    projective_diameter,
    thompson_distance,
)
from .horofunctions import (
    funk_busemann,
    hilbert_busemann,
    hyperboloid_busemann,
    lp_busemann,
    metric_functional,
    poincare_busemann,
)
from .hyperbolic import (
    hyperboloid_distance,
    matrix_to_hyperboloid,
    mobius_add,
    poincare_distance,
    to_hyperboloid,
    to_poincare,
)
from .measures import (
    empirical_law,
    log_dilatation_distance,
    push_forward,
    total_variation_distance,
    wasserstein_distance,
)
from .norms import lp_distance, oscillation, oscillation_distance, sup_distance
from .spd import (
    affine_invariant_distance,
    log_euclidean_distance,
    spd_hilbert_distance,
    spd_log,
    spd_thompson_distance,
)
from .strips import strip_distance

__all__ = [
    "CATALOGUE",
    "affine_invariant_distance",
    "birkhoff_coefficient",
    "contraction_ratio",
    "empirical_law",
    "funk_busemann",
    "funk_weak_distance",
    "hilbert_busemann",
    "hilbert_distance",
    "hyperboloid_busemann",
    "hyperboloid_distance",
    "log_dilatation_distance",
    "log_euclidean_distance",
    "lp_busemann",
    "lp_distance",
    "matrix_to_hyperboloid",
    "metric_functional",
    "mobius_add",
    "oscillation",
    "oscillation_distance",
    "poincare_busemann",
    "poincare_distance",
    "projective_diameter",
    "push_forward",
    "spd_hilbert_distance",
    "spd_log",
    "spd_thompson_distance",
    "strip_distance",
    "sup_distance",
    "thompson_distance",
    "to_hyperboloid",
    "to_poincare",
    "total_variation_distance",
    "wasserstein_distance",
]
