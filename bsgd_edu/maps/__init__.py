"""Orbits of composed maps: the new map outside (forward) or inside (backward).

    forward   x_n = T_n ∘ … ∘ T_1 (x_0)        backward   y_n = T_1 ∘ … ∘ T_n (x_0)

A map is any pure callable ``(..., d) -> (..., d)``: a point is a flat vector, leading dimensions
are replicas, and replaying a map gives the same answer. Orbits are numbers, not graphs: what they
return is detached (to differentiate a composition, use :func:`apply_in_order`).

A backward orbit costs n(n+1)/2 map applications when written as a double loop. Here all iterates
walk together, k = n … 1, so that each map is applied once to a stack of points. Maps that share a
`storage` move that stack in place (see :class:`InPlaceMap`); affine maps use closed scans.
"""

from .affine import AffineMap
from .core import InPlaceMap, Map, Storage, apply_in_order
from .orbits import backward_orbit, forward_orbit, windowed_orbit

__all__ = [
    "AffineMap",
    "InPlaceMap",
    "Map",
    "Storage",
    "apply_in_order",
    "backward_orbit",
    "forward_orbit",
    "windowed_orbit",
]
