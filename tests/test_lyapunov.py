"""Lyapunov spectra, drift and limiting directions: identities, safety, errors."""

import math

import pytest
import torch

from bsgd_edu import dynamics
from bsgd_edu.errors import DomainError, ShapeError
from bsgd_edu.seeding import generator

DOUBLE = torch.float64


def gaussian(*shape, label="matrices"):
    return torch.randn(*shape, generator=generator(0, label), dtype=DOUBLE)


def literal_spectrum(matrices):
    """One run, one QR after every matrix."""
    basis, total = torch.eye(matrices.shape[-1], dtype=DOUBLE), 0
    for step in matrices:
        basis, upper = torch.linalg.qr(step @ basis)
        total = total + upper.diagonal().abs().log()
    return total / len(matrices)


# 3 × 2 replicas go through Householder, 150 small ones through Gram–Schmidt.
@pytest.mark.parametrize("shape", [(41, 3, 2, 4, 4), (41, 150, 3, 3), (17, 2, 30, 30), (5, 1, 1)])
@pytest.mark.parametrize("every", [1, 4, 7])
def test_spectrum_is_that_of_the_literal_loop(shape, every):
    matrices = gaussian(*shape)
    spectrum = dynamics.lyapunov.spectrum(matrices, every)
    assert spectrum.shape == shape[1:-1]
    flat = matrices.reshape(len(matrices), -1, *shape[-2:])
    for replica in (0, flat.shape[1] - 1):
        expected = literal_spectrum(flat[:, replica])
        # A block may lose half of float64's digits by design (1.5e-8), one in many.
        torch.testing.assert_close(
            spectrum.reshape(-1, shape[-1])[replica], expected, rtol=0, atol=1e-9
        )


def test_exponents_sum_to_the_mean_log_determinant():
    matrices = gaussian(100, 200, 4, 4)
    expected = torch.linalg.slogdet(matrices)[1].mean(0)
    torch.testing.assert_close(
        dynamics.lyapunov.spectrum(matrices).sum(-1), expected, rtol=0, atol=1e-9
    )


def test_blocks_of_any_length_give_the_same_spectrum():
    matrices = gaussian(40, 5, 3, 3)
    whole = dynamics.lyapunov.spectrum(matrices, every=4)
    blocks = (matrices[a:b] for a, b in ((0, 0), (0, 7), (7, 8), (8, 40)))
    torch.testing.assert_close(dynamics.lyapunov.spectrum(blocks), whole, rtol=0, atol=1e-10)


@pytest.mark.parametrize("replicas", [2, 150])
def test_steps_too_far_apart_are_taken_apart(replicas):
    # 40 steps of diag(1e6, 1, 1e-6), turned: the product spans 1e480 and overflows.
    turn = torch.linalg.qr(gaussian(3, 3))[0]
    step = turn @ torch.diag(torch.tensor([1e6, 1.0, 1e-6], dtype=DOUBLE)) @ turn.T
    steps = step.expand(400, replicas, 3, 3)
    spectrum = dynamics.lyapunov.spectrum(steps, every=40)
    expected = torch.tensor([1.0, 0.0, -1.0], dtype=DOUBLE) * math.log(1e6)
    # The start Q = I costs O(1/n).
    torch.testing.assert_close(spectrum[0], expected, rtol=0, atol=0.01)
    torch.testing.assert_close(
        spectrum, dynamics.lyapunov.spectrum(steps, every=1), rtol=0, atol=1e-7
    )


def test_only_the_replicas_that_need_it_are_done_again():
    matrices = gaussian(8, 150, 2, 2)
    matrices[:, 7] *= 1e200
    spectrum = dynamics.lyapunov.spectrum(matrices)
    calm = dynamics.lyapunov.spectrum(matrices[:, :7])
    assert spectrum.isfinite().all()
    torch.testing.assert_close(spectrum[:7], calm, rtol=0, atol=1e-12)
    shifted = dynamics.lyapunov.spectrum(matrices[:, 7] * 1e-200) + 200 * math.log(10)
    torch.testing.assert_close(spectrum[7], shifted, rtol=1e-12, atol=0)


@pytest.mark.parametrize("replicas", [1, 150])
def test_a_singular_matrix_has_exponent_minus_infinity(replicas):
    steps = torch.diag(torch.tensor([2.0, 0.0], dtype=DOUBLE)).expand(8, replicas, 2, 2)
    spectrum = dynamics.lyapunov.spectrum(steps)
    assert spectrum[0, 0].item() == pytest.approx(math.log(2))
    assert (spectrum[:, 1] == -math.inf).all()


def test_float32_stays_float32_and_integers_become_float64():
    assert dynamics.lyapunov.spectrum(gaussian(4, 2, 2).float()).dtype == torch.float32
    steps = torch.tensor([[2, 0], [0, 4]]).expand(4, 2, 2)
    spectrum = dynamics.lyapunov.spectrum(steps)
    assert spectrum.dtype == DOUBLE
    assert spectrum.tolist() == pytest.approx([math.log(2), math.log(4)])


def test_log_growths_add_up_to_the_spectrum_at_every_factorisation():
    matrices = gaussian(22, 3, 2, 2)
    growths, lengths = dynamics.lyapunov.log_growths(matrices)
    assert lengths.cumsum(0).tolist() == [4, 8, 12, 16, 20, 22]
    for blocks, steps in ((2, 8), (6, 22)):
        torch.testing.assert_close(
            growths[:blocks].sum(0) / steps, dynamics.lyapunov.spectrum(matrices[:steps])
        )


def test_orthogonal_layers_have_one_exponent():
    steps = 3 * torch.linalg.qr(gaussian(20, 2, 5, 5))[0]
    torch.testing.assert_close(
        dynamics.lyapunov.spectrum(steps),
        dynamics.lyapunov.orthogonal_spectrum(5, 3.0).expand(2, 5),
    )


# --- drift and directions ----------------------------------------------------------------------


def test_drift_takes_any_metric_and_points_of_any_shape():
    orbit = (
        torch.arange(6.0)[:, None, None, None]
        * torch.eye(2)
        * torch.tensor([1.0, 2.0])[:, None, None]
    )

    def metric(p, q):
        return torch.linalg.matrix_norm(p - q)

    value, stderr = dynamics.drift.drift(orbit, metric)
    assert value.item() == pytest.approx(1.5 * 2**0.5)
    assert stderr.item() == pytest.approx(0.5 * 2**0.5)
    assert dynamics.drift.drift(orbit[:, 0], metric)[1].isnan()


def test_drift_start_removes_a_transient():
    orbit = torch.tensor([0.0, 10.0, 11.0, 12.0])[:, None, None]

    def metric(x, y):
        return (x - y).abs().squeeze(-1)

    assert dynamics.drift.drift(orbit, metric)[0].item() == 4
    assert dynamics.drift.drift(orbit, metric, start=1)[0].item() == 1


def test_limiting_direction_is_the_top_left_singular_vector():
    matrices = gaussian(12, 3, 4, 4)
    for backward in (True, False):
        product = torch.eye(4, dtype=DOUBLE)
        for step in matrices[:, 1]:
            product = product @ step if backward else step @ product
        expected = torch.linalg.svd(product)[0][:, 0]
        found = dynamics.drift.limiting_directions(matrices, backward=backward)
        assert found.shape == (12, 3, 4)
        assert dynamics.drift.projective_angle(found[-1, 1], expected) < 1e-9
        assert ((found[1:] * found[:-1]).sum(-1) >= 0).all()  # no flips of sign


def test_limiting_directions_survive_products_out_of_range():
    matrices = 1e100 * gaussian(20, 2, 2)
    assert dynamics.drift.limiting_directions(matrices).isfinite().all()


def test_projective_angle_is_accurate_when_tiny():
    a = torch.tensor([1.0, 0.0], dtype=DOUBLE)
    b = torch.tensor([-3.0, 3e-12], dtype=DOUBLE)
    assert dynamics.drift.projective_angle(a, b).item() == pytest.approx(1e-12, rel=1e-9)
    right = torch.tensor([0.0, 2.0], dtype=DOUBLE)
    assert dynamics.drift.projective_angle(a, right).item() == pytest.approx(math.pi / 2)


# --- errors ------------------------------------------------------------------------------------

BAD = torch.eye(2).expand(6, 3, 2, 2).clone()
BAD[3, 1, 0, 0] = torch.nan


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: dynamics.lyapunov.spectrum(torch.eye(2)), ShapeError, r"has \(2, 2\)"),
        (lambda: dynamics.lyapunov.spectrum(torch.ones(3, 2, 4)), ShapeError, r"\(3, 2, 4\)"),
        (lambda: dynamics.lyapunov.spectrum(torch.ones(0, 2, 2)), ShapeError, "length 0"),
        (lambda: dynamics.lyapunov.spectrum(iter(())), ShapeError, "length 0"),
        (
            lambda: dynamics.lyapunov.log_growths([torch.ones(1, 2, 2), torch.ones(1, 3, 3)]),
            ShapeError,
            r"log_growths.*\(1, 3, 3\)",
        ),
        (lambda: dynamics.lyapunov.spectrum(BAD, every=0), DomainError, "it is 0"),
        (lambda: dynamics.lyapunov.spectrum(BAD), DomainError, "1 of 1 replicas"),
        (lambda: dynamics.lyapunov.spectrum(BAD, every=1), DomainError, "1 of 3 replicas"),
        (
            lambda: dynamics.lyapunov.gaussian_spectrum(0, 1.0),
            DomainError,
            "dim must be an integer ≥ 1, but it is 0",
        ),
        (
            lambda: dynamics.lyapunov.gaussian_spectrum(2, -1.0),
            DomainError,
            "std must be positive and finite, but it is -1.0",
        ),
        (lambda: dynamics.lyapunov.orthogonal_spectrum(2, 0.0), DomainError, "gain.* 0.0"),
        (lambda: dynamics.relu.lyapunov_exponent(0), DomainError, "it is 0"),
        (lambda: dynamics.relu.lyapunov_exponent(4, 0.0), DomainError, "it is 0.0"),
        (lambda: dynamics.relu.angle_exponent(1), DomainError, "≥ 2, but it is 1"),
        (lambda: dynamics.relu.cosine_map(torch.tensor([0.5, 1.25])), DomainError, "1.25"),
        (lambda: dynamics.relu.cosine_map(torch.tensor([torch.nan])), DomainError, "nan"),
        (
            lambda: dynamics.relu.angle_map(torch.tensor([-1.0])),
            DomainError,
            r"angle must lie in \[0, π\], but entry \(0,\) is -1 ",
        ),
        (lambda: dynamics.drift.drift(torch.ones(1, 2), None), ShapeError, r"\(1, 2\)"),
        (lambda: dynamics.drift.drift(torch.ones(3, 2), None, start=2), DomainError, "it is 2"),
        (
            lambda: dynamics.drift.drift(
                torch.tensor([[0.0], [math.inf]]), lambda x, y: (y - x)[0]
            ),
            DomainError,
            r"distance per step must be finite, .* \(0,\) is inf \(1 of 1 fail\)\. There are 1 ",
        ),
        (lambda: dynamics.drift.limiting_directions(torch.eye(2)), ShapeError, r"\(2, 2\)"),
        (
            lambda: dynamics.drift.limiting_directions(torch.zeros(2, 2, 2)),
            DomainError,
            "but 2 are",
        ),
        (
            lambda: dynamics.drift.projective_angle(torch.zeros(2), torch.ones(2)),
            DomainError,
            "norms 0.0",
        ),
    ],
)
def test_errors_name_rule_fact_and_remedy(call, kind, says):
    with pytest.raises(kind, match=says):
        call()
