"""Depth at initialisation: what infinitely wide layers do, and weights that lose nothing."""

from .finite import (
    correlation_orbit,
    length_orbit,
    mode_drift,
    squared_singular_values,
    variance_orbit,
)
from .init import delta_orthogonal_, orthogonal_, orthogonal_conv_
from .phases import FixedPoint, critical_line, fixed_point
from .spatial import covariance_map, mode_amplitudes, mode_factors
from .theory import (
    chi_1,
    chi_c,
    chi_q,
    correlation_map,
    depth_scale,
    jacobian_moments,
    length_map,
)

__all__ = [
    "FixedPoint",
    "chi_1",
    "chi_c",
    "chi_q",
    "correlation_map",
    "correlation_orbit",
    "covariance_map",
    "critical_line",
    "delta_orthogonal_",
    "depth_scale",
    "fixed_point",
    "jacobian_moments",
    "length_map",
    "length_orbit",
    "mode_amplitudes",
    "mode_drift",
    "mode_factors",
    "orthogonal_",
    "orthogonal_conv_",
    "squared_singular_values",
    "variance_orbit",
]
