"""Limiting spectra of large random matrices, with quadrature rules that hold their atoms."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import require, require_number
from .arcs import angle, arc_cdf, midpoints, with_atom

__all__ = ["MarchenkoPastur", "Semicircle", "SpikedMarchenkoPastur"]


@dataclass(frozen=True)
class MarchenkoPastur:
    """The spectrum of a sample covariance S = ZZᵀ/n of pure noise, c = p/n.

    Density √((x − λ₋)(λ₊ − x))/(2πcσ²x) between λ± = σ²(1 ± √c)², and an atom of mass
    (1 − 1/c)₊ at 0: more dimensions than samples leave directions without any data.

    Args:
        ratio: c = dimension/samples > 0.
        variance: σ² > 0 of an entry of Z.

    Raises:
        DomainError: If the ratio or the variance is not positive and finite.

    Example:
        >>> law = MarchenkoPastur(4.0)
        >>> law.edges, law.atom
        ((1.0, 9.0), 0.75)
        >>> points, weights = law.nodes(64)
        >>> round(float(weights @ points**2), 10)  # 1 + c
        5.0

    References:
        Marchenko and Pastur (1967), Distribution of eigenvalues for some sets of random matrices,
        Math. USSR-Sbornik 1.
    """

    ratio: float
    variance: float = 1.0

    def __post_init__(self) -> None:
        require_number("MarchenkoPastur", "ratio", self.ratio, above=0)
        require_number("MarchenkoPastur", "variance", self.variance, above=0)

    @property
    def edges(self) -> tuple[float, float]:
        """λ₋ and λ₊, between which the law has a density."""
        root = math.sqrt(self.ratio)
        return self.variance * (1 - root) ** 2, self.variance * (1 + root) ** 2

    @property
    def support(self) -> tuple[float, float]:
        """The smallest interval that holds all mass."""
        return (0.0 if self.atom else self.edges[0]), self.edges[1]

    @property
    def atom(self) -> float:
        """The mass at 0."""
        return max(0.0, 1 - 1 / self.ratio)

    def density(self, x: Tensor) -> Tensor:
        """The density of the bulk at x, without the atom; 0 at the edges and beyond."""
        x = x.double()
        low, high = self.edges
        inside = (x > low) & (x < high)
        arc = ((x - low) * (high - x)).clamp_min(0).sqrt()
        scale = 2 * math.pi * self.ratio * self.variance
        return torch.where(inside, arc / (scale * torch.where(inside, x, 1.0)), 0.0)

    def cdf(self, x: Tensor) -> Tensor:
        """The mass at or below x, the atom included, in closed form."""
        x = x.double()
        pole = math.exp(-abs(math.log(self.ratio)) / 2)
        bulk = (1 - self.atom) * arc_cdf(pole, angle(x, *self.edges))
        return bulk + self.atom * (x >= 0)

    def stieltjes(self, z: Tensor) -> Tensor:
        """m(z) = ∫ dν/(λ − z), complex; on the real bulk the limit from above, Im m = π·density."""
        return 1 / (self.variance * _inverse_stieltjes(z / self.variance, self.ratio))

    def nodes(self, count: int = 512) -> tuple[Tensor, Tensor]:
        """Returns points and weights of a rule, exact for polynomials below degree 2·count − 2.

        Last stands the atom at 0 with weight (1 − 1/c)/(1 + c^−count): its mass for c > 1, and the
        midpoint rule's error, of either sign, for any c. It is left out where it is below roundoff:
        what is singular at 0 needs c < 1 and a count above 40/|log c|.

        Args:
            count: Points in the bulk, ≥ 2.

        Returns:
            Two tensors (count,) or (count + 1,), float64, the bulk's points descending.
        """
        cos2, _, sin2 = midpoints("MarchenkoPastur.nodes", count)
        root = math.sqrt(self.ratio)
        points = (1 - root) ** 2 + 4 * root * cos2
        weights = 2 * sin2 / (count * points)
        return with_atom(self.variance * points, weights, 0.0, math.log(self.ratio), count)

    def sample(self, dim: int, *, generator: torch.Generator) -> Tensor:
        """Eigenvalues (dim,), ascending, of one ZZᵀ/n: Z dim × n, n = dim/ratio rounded."""
        n = _samples("MarchenkoPastur.sample", dim, self.ratio)
        noise = _normal(dim, n, generator) * math.sqrt(self.variance)
        return torch.linalg.eigvalsh(noise @ noise.T / n)


@dataclass(frozen=True)
class SpikedMarchenkoPastur:
    """What two classes ±μ in unit noise look like from the direction of their targets, Xy/n.

    S = XXᵀ/n, x_i = y_i μ + z_i, ρ = ‖μ‖². The bulk of S is Marchenko–Pastur's; for ρ > √c one
    eigenvalue leaves it, to (ρ + 1)(ρ + c)/ρ. The law is the spectral measure of S at Xy/n,
    normalised: density √((x − λ₋)(λ₊ − x))/(2π((ρ + 1)(ρ + c) − ρx)) and an atom of mass
    (1 − c/ρ²)₊ on the spike. Gradient descent sees the data through this law alone: μᵀh(S)Xy/n
    is ρ times its integral of h, (Xy/n)ᵀh(S)Xy/n is ρ + c times it.

    Args:
        ratio: c = dimension/samples > 0.
        signal: ‖μ‖ ≥ 0.

    Raises:
        DomainError: If the ratio is not positive or the signal negative.

    Example:
        >>> law = SpikedMarchenkoPastur(0.5, math.sqrt(2))
        >>> round(law.spike, 4), round(law.overlap, 4), round(law.overlap_with_targets, 4)
        (3.75, 0.7, 0.875)
        >>> SpikedMarchenkoPastur(0.5, 0.8).spike is None  # hidden in the bulk
        True

    References:
        Baik, Ben Arous and Péché (2005), Phase transition of the largest eigenvalue for nonnull
        complex sample covariance matrices, Annals of Probability 33.
        Benaych-Georges and Nadakuditi (2012), The singular values and vectors of low rank
        perturbations of large rectangular random matrices, J. Multivariate Analysis 111.
        Liao and Couillet (2018), The dynamics of learning: a random matrix approach, ICML.
    """

    ratio: float
    signal: float

    def __post_init__(self) -> None:
        require_number("SpikedMarchenkoPastur", "ratio", self.ratio, above=0)
        require_number("SpikedMarchenkoPastur", "signal", self.signal, at_least=0)

    @property
    def bulk(self) -> MarchenkoPastur:
        """The law of all eigenvalues of S but the spike."""
        return MarchenkoPastur(self.ratio)

    @property
    def edges(self) -> tuple[float, float]:
        """λ₋ and λ₊ of the bulk."""
        return self.bulk.edges

    @property
    def support(self) -> tuple[float, float]:
        """The smallest interval that holds all mass."""
        low, high = self.edges
        return low, high if self.spike is None else self.spike

    @property
    def spike(self) -> float | None:
        """The isolated eigenvalue (ρ + 1)(ρ + c)/ρ, or None for ρ ≤ √c, where there is none."""
        rho = self.signal**2
        return (rho + 1) * (rho + self.ratio) / rho if rho > math.sqrt(self.ratio) else None

    @property
    def overlap_with_targets(self) -> float:
        """Squared cosine (1 − c/ρ²)₊ between the top eigenvector and Xy/n: the atom's mass."""
        return 0.0 if self.spike is None else 1 - self.ratio / self.signal**4

    @property
    def overlap(self) -> float:
        """Squared cosine between the top eigenvector and μ: (1 − c/ρ²)₊/(1 + c/ρ)."""
        if self.spike is None:
            return 0.0
        return self.overlap_with_targets / (1 + self.ratio / self.signal**2)

    def density(self, x: Tensor) -> Tensor:
        """The density of the bulk at x, without the atom; 0 at the edges and beyond."""
        x = x.double()
        low, high = self.edges
        inside = (x > low) & (x < high)
        rho, root = self.signal**2, math.sqrt(self.ratio)
        arc = ((x - low) * (high - x)).clamp_min(0).sqrt()
        distance = (rho - root) ** 2 + rho * (high - x)  # (ρ + 1)(ρ + c) − ρx
        return torch.where(inside, arc / (2 * math.pi * torch.where(inside, distance, 1.0)), 0.0)

    def cdf(self, x: Tensor) -> Tensor:
        """The mass at or below x, the atom included, in closed form."""
        x = x.double()
        strength = self.signal**2 / math.sqrt(self.ratio)
        pole = -min(strength, 1 / strength) if strength else 0.0
        bulk = (1 - self.overlap_with_targets) * arc_cdf(pole, angle(x, *self.edges))
        return bulk if self.spike is None else bulk + self.overlap_with_targets * (x >= self.spike)

    def stieltjes(self, z: Tensor) -> Tensor:
        """∫ dm/(λ − z) = m/(1 + (ρ + c)m), with Marchenko–Pastur's m; complex."""
        return 1 / (_inverse_stieltjes(z, self.ratio) + self.signal**2 + self.ratio)

    def nodes(self, count: int = 512) -> tuple[Tensor, Tensor]:
        """Returns points and weights of a rule, exact for polynomials below degree 2·count − 2.

        Last stands (ρ + 1)(ρ + c)/ρ with weight (1 − c/ρ²)/(1 + (c/ρ²)^count): the spike's mass
        above the threshold, and on both sides of it what the points of the bulk miss. It is left
        out where it is below roundoff.

        Args:
            count: Points in the bulk, ≥ 2.

        Returns:
            Two tensors (count,) or (count + 1,), float64, the bulk's points descending.
        """
        cos2, half_sin2, sin2 = midpoints("SpikedMarchenkoPastur.nodes", count)
        rho, root = self.signal**2, math.sqrt(self.ratio)
        points = (1 - root) ** 2 + 4 * root * cos2
        weights = 2 * self.ratio * sin2 / (count * ((rho - root) ** 2 + 4 * rho * root * half_sin2))
        if not rho:
            return points, weights
        place = (rho + 1) * (rho + self.ratio) / rho
        return with_atom(points, weights, place, 2 * math.log(rho / root), count)

    def sample(self, dim: int, *, generator: torch.Generator) -> Tensor:
        """Eigenvalues (dim,), ascending, of one S: dim features, n = dim/ratio rounded."""
        n = _samples("SpikedMarchenkoPastur.sample", dim, self.ratio)
        data = _normal(dim, n, generator)
        data[0] += self.signal  # y_i x_i has the law of μ + z_i, and S does not see the sign
        return torch.linalg.eigvalsh(data @ data.T / n)


@dataclass(frozen=True)
class Semicircle:
    """The spectrum of a large symmetric matrix with independent entries of variance σ²/dim.

    Density √(4σ² − x²)/(2πσ²) on [−2σ, 2σ], whatever the law of the entries.

    Args:
        variance: σ² > 0.

    Raises:
        DomainError: If the variance is not positive and finite.

    Example:
        >>> law = Semicircle(4.0)
        >>> law.edges
        (-4.0, 4.0)
        >>> law.cdf(torch.tensor([-4.0, 0.0, 4.0]))
        tensor([0.0000, 0.5000, 1.0000], dtype=torch.float64)

    References:
        Wigner (1955), Characteristic vectors of bordered matrices with infinite dimensions,
        Annals of Mathematics 62.
    """

    variance: float = 1.0

    def __post_init__(self) -> None:
        require_number("Semicircle", "variance", self.variance, above=0)

    @property
    def edges(self) -> tuple[float, float]:
        """−2σ and 2σ."""
        return -2 * math.sqrt(self.variance), 2 * math.sqrt(self.variance)

    @property
    def support(self) -> tuple[float, float]:
        """The edges: there is no atom."""
        return self.edges

    def density(self, x: Tensor) -> Tensor:
        """The density at x; 0 at the edges and beyond."""
        return (4 * self.variance - x.double() ** 2).clamp_min(0).sqrt() / (
            2 * math.pi * self.variance
        )

    def cdf(self, x: Tensor) -> Tensor:
        """The mass at or below x, in closed form."""
        return arc_cdf(0.0, angle(x.double(), *self.edges))

    def stieltjes(self, z: Tensor) -> Tensor:
        """m(z) = ∫ dμ/(λ − z), complex; on the real bulk the limit from above, Im m = π·density."""
        z = z.to(torch.complex128)
        low, high = self.edges
        return -2 / (z + (z - low).sqrt() * (z - high).sqrt())

    def nodes(self, count: int = 512) -> tuple[Tensor, Tensor]:
        """Points and weights (count,), exact for polynomials below degree 2·count − 2."""
        cos2, _, sin2 = midpoints("Semicircle.nodes", count)
        return self.edges[1] * (2 * cos2 - 1), 2 * sin2 / count

    def sample(self, dim: int, *, generator: torch.Generator) -> Tensor:
        """Eigenvalues (dim,), ascending, of one symmetric Gaussian matrix."""
        noise = _normal(dim, dim, generator)
        return torch.linalg.eigvalsh((noise + noise.T) * math.sqrt(self.variance / (2 * dim)))


def _inverse_stieltjes(z: Tensor, ratio: float) -> Tensor:
    """1/m(z) of unit variance, without cancellation: c z m² − (1 − c − z) m + 1 = 0."""
    z = z.to(torch.complex128)
    low, high = MarchenkoPastur(ratio).edges
    middle, root = 1 - ratio - z, (z - low).sqrt() * (z - high).sqrt()
    plain = (middle - root).abs() >= (middle + root).abs()
    other = torch.where(plain, 1.0, middle + root)
    return torch.where(plain, (middle - root) / 2, 2 * ratio * z / other)


def _samples(function: str, dim: int, ratio: float) -> int:
    n = round(dim / ratio)
    least = math.ceil(ratio / 2)
    remedy = "At least half the ratio leaves a sample: pass a larger dim."
    require(n >= 1, function, f"dim must be ≥ {least}", f"it is {dim}", remedy)
    return n


def _normal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    return torch.randn(
        rows, columns, generator=generator, dtype=torch.float64, device=generator.device
    )
