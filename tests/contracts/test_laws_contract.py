"""What every limiting spectrum promises: one list of properties over all laws."""

import inspect
import math

import pytest
import torch
from scipy import integrate

from bsgd_edu import rmt
from bsgd_edu.errors import DomainError
from bsgd_edu.seeding import generator

F64 = torch.float64
# name -> (law, its atoms as {place: mass}): both sides of c = 1 and of the threshold, and on them.
LAWS = {
    "few dimensions": (rmt.MarchenkoPastur(0.5), {}),
    "very few dimensions": (rmt.MarchenkoPastur(0.04, 3.0), {}),
    "as many as samples": (rmt.MarchenkoPastur(1.0), {}),
    "almost as many": (rmt.MarchenkoPastur(0.99), {}),
    "many dimensions": (rmt.MarchenkoPastur(4.0, 0.5), {0.0: 0.75}),
    "spike": (rmt.SpikedMarchenkoPastur(0.5, 2**0.5), {3.75: 0.875}),
    "spike, many dimensions": (rmt.SpikedMarchenkoPastur(2.0, 2.0), {7.5: 0.875}),
    "at the threshold": (rmt.SpikedMarchenkoPastur(0.25, 0.5**0.5), {}),
    "below the threshold": (rmt.SpikedMarchenkoPastur(0.5, 0.5), {}),
    "no signal": (rmt.SpikedMarchenkoPastur(0.5, 0.0), {}),
    "semicircle": (rmt.Semicircle(2.0), {}),
}
every_law = pytest.mark.parametrize(("law", "atoms"), LAWS.values(), ids=LAWS)


def bulk_integral(law, h):
    """∫ h over the density, adaptively in the angle that smooths both edges."""
    low, high = law.edges
    middle, radius = (low + high) / 2, (high - low) / 2

    def integrand(angle):
        x = torch.tensor(middle - radius * math.cos(angle), dtype=F64)
        return float(law.density(x) * h(x)) * radius * math.sin(angle)

    value, error = integrate.quad(integrand, 0, math.pi, epsabs=1e-13, epsrel=1e-13, limit=400)
    assert error < 1e-10
    return value


def mean(law, atoms, h):
    return bulk_integral(law, h) + sum(mass * h(place) for place, mass in atoms.items())


def test_every_law_of_the_package_is_in_the_list():
    public = {getattr(rmt, name) for name in rmt.__all__}
    laws = {x for x in public if inspect.isclass(x) and hasattr(x, "stieltjes")}
    assert laws == {type(law) for law, _ in LAWS.values()}


@every_law
def test_total_mass_is_one(law, atoms):
    assert mean(law, atoms, lambda x: 1.0) == pytest.approx(1, abs=1e-10)


@every_law
def test_support_holds_the_edges_and_the_atoms(law, atoms):
    low, high = law.support
    assert (low, high) == pytest.approx(
        (min([law.edges[0], *atoms]), max([law.edges[1], *atoms])), abs=1e-12
    )


@every_law
def test_density_is_positive_inside_and_zero_beyond(law, atoms):
    low, high = law.edges
    x = torch.linspace(low, high, 101, dtype=F64)
    assert (law.density(x)[1:-1] > 0).all()
    beyond = torch.tensor([low - 1, low, high, high + 1, *atoms], dtype=F64)
    assert not law.density(beyond).any()


@every_law
def test_cdf_is_the_integral_of_the_density(law, atoms):
    # Closed form against adaptive quadrature up to x; the sum of its terms loses a few digits.
    low, high = law.edges
    for share in (0.03, 0.4, 0.9):
        x = low + share * (high - low)
        middle, radius = (low + high) / 2, (high - low) / 2
        angle = math.acos((middle - x) / radius)

        def integrand(phi, middle=middle, radius=radius):
            s = torch.tensor(middle - radius * math.cos(phi), dtype=F64)
            return float(law.density(s)) * radius * math.sin(phi)

        bulk = integrate.quad(integrand, 0, angle, epsabs=1e-13, epsrel=1e-13)[0]
        expected = bulk + sum(mass * (place <= x) for place, mass in atoms.items())
        assert float(law.cdf(torch.tensor(x, dtype=F64))) == pytest.approx(expected, abs=1e-9)


@every_law
def test_cdf_runs_from_zero_to_one(law, atoms):
    low, high = law.support
    ends = law.cdf(torch.tensor([low - 1e-9, high + 1e-9], dtype=F64))
    assert ends.tolist() == pytest.approx([0, 1], abs=1e-12)


@every_law
def test_stieltjes_is_the_integral_of_the_resolvent(law, atoms):
    for z in (-3.7 + 0j, 1.3 + 0.4j, 2.0 - 0.3j, 40.0 + 1j):
        real = mean(law, atoms, lambda x, z=z: float((1 / (x - z)).real))
        imag = mean(law, atoms, lambda x, z=z: float((1 / (x - z)).imag)) if z.imag else 0.0
        found = law.stieltjes(torch.tensor(z, dtype=torch.complex128)).item()
        assert found == pytest.approx(complex(real, imag), abs=1e-10)


@every_law
def test_stieltjes_on_the_bulk_shows_the_density(law, atoms):
    low, high = law.edges
    x = torch.linspace(low, high, 33, dtype=F64)[1:-1]
    m = law.stieltjes(torch.complex(x, torch.zeros_like(x)))
    assert torch.allclose(m.imag / math.pi, law.density(x), rtol=1e-9, atol=1e-12)


@every_law
def test_stieltjes_keeps_the_half_plane_and_falls_as_minus_one_over_z(law, atoms):
    z = torch.tensor([1 + 1e-3j, -5 + 2j, 3 - 1j], dtype=torch.complex128)
    assert (law.stieltjes(z).imag * z.imag > 0).all()
    far = torch.tensor(1e9 + 1e9j, dtype=torch.complex128)
    assert (law.stieltjes(far) * far).item() == pytest.approx(-1, abs=1e-7)


@every_law
@pytest.mark.parametrize("count", [3, 64])
def test_rule_is_exact_for_polynomials(law, atoms, count):
    # Also with a pole within 1e-3 of the bulk: its error is in the atom's weight. The moments are
    # taken about the middle, in half-widths, where they are of order one.
    low, high = law.edges
    middle, radius = (low + high) / 2, (high - low) / 2
    points, weights = law.nodes(count)
    assert points.shape == weights.shape
    for degree in (0, 1, 2, 3) if count == 3 else (0, 1, 2, 7, 13):
        expected = mean(law, atoms, lambda x, k=degree: float((x - middle) / radius) ** k)
        found = float(weights @ ((points - middle) / radius) ** degree)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-10)


@every_law
def test_few_points_are_refused(law, atoms):
    with pytest.raises(
        DomainError, match=r"count must be an integer ≥ 2, but it is 1\. 64 are enough"
    ):
        law.nodes(1)


@every_law
def test_sampled_spectra_follow_the_law(law, atoms):
    # One matrix of size 500 has its bulk within about 1/500 of the law, by rigidity; the spiked law
    # is seen from one direction, so its bulk stands for all eigenvalues.
    dim, seen = 500, getattr(law, "bulk", law)
    values = law.sample(dim, generator=generator(0, "law"))
    assert values.shape == (dim,)
    assert (values.diff() >= 0).all()
    ranks = torch.arange(1, dim + 1) / dim
    # A rank-deficient matrix shows its zeros as roundoff of either sign.
    values = torch.where(values.abs() < 1e-9, 0.0, values)
    gap = (seen.cdf(values) - ranks).abs()
    assert float(gap[values != 0].max()) < 5 / dim
    assert float((values == 0).double().mean()) == pytest.approx(getattr(seen, "atom", 0), abs=1e-9)


@every_law
def test_samples_are_reproducible(law, atoms):
    first, again = (law.sample(20, generator=generator(3, "again")) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, law.sample(20, generator=generator(4, "again")))
