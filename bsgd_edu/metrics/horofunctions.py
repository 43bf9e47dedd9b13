"""Metric functionals: what is left of a distance when its other end goes to infinity.

h(x) = d(x, y) − d(x_0, y) stays bounded by d(x, x_0) however far y goes; its limits are the
metric functionals, and those along a geodesic ray the Busemann functions. If layers u(n) drift
away at speed ℓ > 0, some limit h has −h(u(n)x_0)/n → ℓ: the direction of escape.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import require
from ..tensors import bounds, require_entries, require_finite, require_points
from .cones import log_ratio
from .hyperbolic import rim_gap, space_part
from .norms import need_exponent
from .points import norm, positive

__all__ = [
    "funk_busemann",
    "hilbert_busemann",
    "hyperboloid_busemann",
    "lp_busemann",
    "metric_functional",
    "poincare_busemann",
]

Distance = Callable[[Tensor, Tensor], Tensor]


def metric_functional(distance: Distance, y: Tensor, base: Tensor) -> Callable[[Tensor], Tensor]:
    """Returns the metric functional of a point, normalised at a base point.

    h(x) = d(x, y) − d(base, y): 1-Lipschitz, zero at the base. For a weak distance mind the
    order of its arguments.

    Args:
        distance: d, taking points to (...).
        y: The point that looks on, one or many.
        base: The point at which h vanishes.

    Returns:
        The function h, from points to (...), which broadcasts over the leading dims of y.

    Example:
        >>> from bsgd_edu.metrics import lp_distance
        >>> h = metric_functional(lp_distance, torch.tensor([9.0]), torch.tensor([0.0]))
        >>> h(torch.tensor([[0.0], [2.0]]))
        tensor([ 0., -2.])

    References:
        Gromov (1981), Hyperbolic manifolds, groups and actions; Karlsson (2022), From linear to
        metric functional analysis, PNAS 118.
    """
    offset = distance(base, y)
    return lambda x: distance(x, y) - offset


def poincare_busemann(x: Tensor, xi: Tensor) -> Tensor:
    """Returns the Busemann function of the unit ball towards a point of its rim.

    b(x) = lim_{t→1} d(x, tξ) − d(0, tξ) = log(|ξ − x|²/(1 − |x|²)). Its level sets are the
    spheres that touch the rim at ξ (horospheres); it falls at speed 1 along the ray to ξ.

    Args:
        x: Points (..., d) with |x| < 1.
        xi: Unit vectors (..., d); leading dims broadcast.

    Returns:
        Real numbers (...), 0 at the origin.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If a point is not inside the ball, or ξ is not a unit vector.

    Example:
        >>> poincare_busemann(torch.tensor([0.6, 0.0]), torch.tensor([1.0, 0.0])).exp()
        tensor(0.2500)

    References:
        Bridson and Haefliger (1999), Metric Spaces of Non-Positive Curvature, Section II.8.24.
    """
    require_points("poincare_busemann", {"x": x, "xi": xi})
    gap = rim_gap("poincare_busemann", "x", x)
    _unit("poincare_busemann", xi)
    return 2 * norm(xi - x).log() - gap.log()


def hyperboloid_busemann(x: Tensor, xi: Tensor) -> Tensor:
    """Returns the Busemann function of the hyperboloid towards a direction.

    b(x) = log(x_0 − a·ξ) for the point (x_0, a): the same function as
    :func:`poincare_busemann`, and one that reaches farther out.

    Args:
        x: Points (..., d + 1), the time coordinate first.
        xi: Unit vectors (..., d); leading dims broadcast.

    Returns:
        Real numbers (...), 0 at the apex (1, 0).

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If a point is not on the hyperboloid, or ξ is not a unit vector.

    Example:
        >>> hyperboloid_busemann(torch.tensor([1.25, 0.75]), torch.tensor([1.0])).exp()
        tensor(0.5000)
    """
    a = space_part("hyperboloid_busemann", "x", x)
    require_points("hyperboloid_busemann", {"space part of x": a, "xi": xi})
    _unit("hyperboloid_busemann", xi)
    size = norm(a)
    # x_0 − a·ξ = (x_0 − |a|) + |a| |a/|a| − ξ|²/2, a sum of two numbers that are not negative.
    direction = a / torch.where(size > 0, size, 1)[..., None]
    height = (1 + size.square()).sqrt()
    return (1 / (height + size) + size * (direction - xi).square().sum(-1) / 2).log()


def lp_busemann(
    x: Tensor, direction: Tensor, p: float = 2.0, start: Tensor | None = None
) -> Tensor:
    """Returns the Busemann function of ℓ^p along a straight ray.

    lim_{t→∞} ‖x − (z + tv)‖_p − ‖z + tv‖_p. For 1 < p < ∞ and ‖v‖_p = 1 it is linear,
    −Σ sign(v_i)|v_i|^{p−1} x_i, whatever the start z. For p = 1 coordinates along which v does
    not move keep their distance, Σ_{v_i≠0} −sign(v_i)x_i + Σ_{v_i=0} (|x_i − z_i| − |z_i|). For
    p = ∞ the coordinates that move fastest compete,
    max_{|v_i|=‖v‖} −sign(v_i)(x_i − z_i) − max_{|v_i|=‖v‖} sign(v_i)z_i.

    Args:
        x: Points (..., d).
        direction: v ≠ 0, (..., d); its length does not matter.
        p: Exponent in [1, ∞].
        start: z, (..., d); the origin if not given.

    Returns:
        Real numbers (...), 0 at the origin.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If p < 1, an entry is not finite, or the direction is zero.

    Example:
        >>> x, v = torch.tensor([2.0, -3.0]), torch.tensor([1.0, 0.0])
        >>> lp_busemann(x, v, 2), lp_busemann(x, v, 1)
        (tensor(-2.), tensor(1.))

    References:
        Gutiérrez (2019), The horofunction boundary of finite-dimensional ℓ_p spaces,
        Colloquium Mathematicum 155.
    """
    name = "lp_busemann"
    need_exponent(name, p)
    start = torch.zeros_like(x[..., :1]).expand_as(x) if start is None else start
    points = {"x": x, "direction": direction, "start": start}
    require_points(name, points)
    for label, point in points.items():
        require_finite(name, label, point)
    size = direction.abs()
    fastest = size.amax(-1, keepdim=True)
    if not bounds(fastest)[0] > 0:
        rule, remedy = "direction must not be zero", "A ray needs somewhere to go."
        require_entries(fastest > 0, name, rule, fastest, remedy)
    sign = direction.sign()
    if p == 1:
        still = (x - start).abs() - start.abs()
        return torch.where(size > 0, -sign * x, still).sum(-1)
    if p == torch.inf:
        racing = size == fastest
        ahead, behind = (
            torch.where(racing, -sign * v, -torch.inf).amax(-1) for v in (x - start, -start)
        )
        return ahead - behind
    v = size / fastest
    slope = sign * (v / v.pow(p).sum(-1, keepdim=True).pow(1 / p)).pow(p - 1)
    return -(slope * x).sum(-1)


def funk_busemann(x: Tensor, end: Tensor, start: Tensor) -> Tensor:
    """Returns the limit of the Funk weak distance F(x, ·) towards a point of the cone's boundary.

    lim F(x, y) − F(z, y) as y goes straight from z to w: only the coordinates that die count,
    log max_{w_i=0} x_i/z_i.

    Args:
        x: Points (..., d) with positive entries.
        end: w, (..., d) with entries ≥ 0, some zero and some not.
        start: z, (..., d) with positive entries.

    Returns:
        Real numbers (...), 0 at the start.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If x or the start is not in the cone, or the end is not on its boundary.

    Example:
        >>> x, z = torch.tensor([3.0, 2.0]), torch.tensor([1.0, 1.0])
        >>> funk_busemann(x, torch.tensor([1.0, 0.0]), z).exp()
        tensor(2.)

    References:
        Walsh (2008), The horofunction boundary of the Hilbert geometry, Adv. Geom. 8.
    """
    _boundary("funk_busemann", x, end, start)
    return torch.where(end == 0, log_ratio(x, start), -torch.inf).amax(-1)


def hilbert_busemann(x: Tensor, end: Tensor, start: Tensor) -> Tensor:
    """Returns the Busemann function of Hilbert's distance along a straight segment.

    Straight lines are geodesics of Hilbert's distance. Towards the boundary point w from z,
    b(x) = log max_{w_i>0} w_i/x_i − log max_{w_i>0} w_i/z_i + log max_{w_i=0} x_i/z_i, a sum of
    the two Funk limits.

    Args:
        x: Points (..., d) with positive entries.
        end: w, (..., d) with entries ≥ 0, some zero and some not.
        start: z, (..., d) with positive entries.

    Returns:
        Real numbers (...), 0 at the start, the same for ax, a > 0.

    Raises:
        ShapeError: If the shapes do not fit.
        DomainError: If x or the start is not in the cone, or the end is not on its boundary.

    Example:
        >>> x, z = torch.tensor([8.0, 2.0]), torch.tensor([1.0, 1.0])
        >>> hilbert_busemann(x, torch.tensor([1.0, 0.0]), z).exp()
        tensor(0.2500)

    References:
        Walsh (2008), The horofunction boundary of the Hilbert geometry, Adv. Geom. 8.
    """
    _boundary("hilbert_busemann", x, end, start)
    alive = end > 0
    weight = torch.where(alive, end, 1).log()
    ahead, behind = (
        torch.where(alive, weight - point.log(), -torch.inf).amax(-1) for point in (x, start)
    )
    dying = torch.where(alive, -torch.inf, log_ratio(x, start)).amax(-1)
    return ahead - behind + dying


def _boundary(function: str, x: Tensor, end: Tensor, start: Tensor) -> None:
    require_points(function, {"x": x, "end": end, "start": start})
    positive(function, "x", x)
    positive(function, "start", start)
    require_finite(function, "end", end)
    zeros = (end == 0).sum(-1)
    remedy = "A boundary point of the cone is, for example, (1, 0, 0)."
    if not bounds(end)[0] >= 0:
        require_entries(end >= 0, function, "end must be ≥ 0", end, remedy)
    require(
        ((zeros > 0) & (zeros < end.shape[-1])).all(),
        function,
        "end must have some entries zero and some not",
        lambda: f"{int(zeros.min())} to {int(zeros.max())} of its {end.shape[-1]} are zero",
        remedy,
    )


def _unit(function: str, xi: Tensor) -> None:
    off = (norm(xi.detach()) - 1).abs()
    tolerance = torch.finfo(xi.dtype).eps ** 0.5
    if not bounds(off)[1] <= tolerance:
        rule, size = f"xi must have length 1 up to {tolerance:.1g}", norm(xi.detach())
        require_entries(off <= tolerance, function, rule, size, "Divide it by its norm.")
