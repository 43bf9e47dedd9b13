"""Certificates of critical points: how small is the gradient, how negative the curvature."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_integer, require_number
from ..tensors import require_finite

__all__ = ["Certificate", "certify"]


@dataclass(frozen=True, eq=False)
class Certificate:
    """What two derivatives prove about points, with the tolerances they were judged by.

    Attributes:
        loss: (...).
        gradient_norm: ‖∇L‖, (...).
        smallest_eigenvalue: Of the Hessian, symmetries left out, (...).
        gradient_tolerance: A gradient below it counts as zero.
        eigenvalue_tolerance: An eigenvalue within it of zero says nothing.
    """

    loss: Tensor
    gradient_norm: Tensor
    smallest_eigenvalue: Tensor
    gradient_tolerance: float
    eigenvalue_tolerance: float

    @property
    def critical(self) -> Tensor:
        """Where the gradient counts as zero, (...)."""
        return self.gradient_norm <= self.gradient_tolerance

    @property
    def saddle(self) -> Tensor:
        """Critical with a direction of descent, (...): no local minimum."""
        return self.critical & (self.smallest_eigenvalue < -self.eigenvalue_tolerance)

    @property
    def minimum(self) -> Tensor:
        """Critical with positive curvature in every direction, (...): a strict local minimum."""
        return self.critical & (self.smallest_eigenvalue > self.eigenvalue_tolerance)

    @property
    def second_order(self) -> Tensor:
        """Critical without a direction of descent, (...): what a local minimum must pass."""
        return self.critical & ~self.saddle

    @property
    def verdict(self) -> str | list:
        """One word a point (nested lists for a cloud).

        "not critical", "saddle", "minimum" (strict), or "flat": critical with smallest eigenvalue
        within the tolerance of zero, where two derivatives cannot decide. Every minimum of a deep
        linear network is flat along the rescalings of its factors; `symmetries` sets those apart.
        """
        words = ("not critical", "saddle", "minimum", "flat")

        def named(number):
            return [named(n) for n in number] if isinstance(number, list) else words[number]

        code = torch.where(self.saddle, 1, torch.where(self.minimum, 2, 3))
        return named(torch.where(self.critical, code, 0).tolist())

    def __str__(self) -> str:
        """Returns one line; for a cloud, how many points of each kind."""
        bounds = f"tolerances {self.gradient_tolerance:g} and {self.eigenvalue_tolerance:g}"
        if self.loss.dim():
            kinds = {
                "not critical": ~self.critical,
                "saddle": self.saddle,
                "minimum": self.minimum,
                "flat": self.second_order & ~self.minimum,
            }
            counts = ", ".join(f"{int(v.sum())} {k}" for k, v in kinds.items() if v.any())
            return f"{counts} ({bounds})"
        return (
            f"{self.verdict}: |gradient| {self.gradient_norm.item():.2g}, smallest Hessian "
            f"eigenvalue {self.smallest_eigenvalue.item():.2g} ({bounds})"
        )


def certify(
    loss: Callable[[Tensor], Tensor],
    point: Tensor,
    *,
    gradient_tolerance: float = 1e-8,
    eigenvalue_tolerance: float = 1e-6,
    symmetries: int = 0,
) -> Certificate:
    """Returns the gradient norm and the smallest Hessian eigenvalue of a loss, and what they say.

    A gradient that small says nothing alone: descent slows down at saddles too. The Hessian is
    dense, d gradients and one eigendecomposition a point: for hundreds of parameters. In float32
    rounding is above the default tolerances.

    Args:
        loss: (..., d) -> (...), twice differentiable near the points by machine, each value of
            its own point only, for example ``net.loss``.
        point: Points (..., d).
        gradient_tolerance: ≥ 0, in units of the loss per unit of the point.
        eigenvalue_tolerance: ≥ 0.
        symmetries: Number of directions, in 0..d − 1, along which the loss is known to be constant
            at its critical points: up to so many eigenvalues within the tolerance are left out.

    Returns:
        The certificate, each field (...).

    Raises:
        DomainError: If a loss or a derivative is not finite, a tolerance is negative, or there
            are not more coordinates than symmetries.
        ShapeError: If the loss does not give one number a point.

    Example:
        >>> cap = certify(lambda x: x[..., 0] ** 2 - x[..., 1] ** 2, torch.zeros(2))
        >>> cap.verdict, cap.smallest_eigenvalue
        ('saddle', tensor(-2.))
        >>> print(certify(lambda x: x.square().sum(-1), torch.zeros(3, 2)))
        3 minimum (tolerances 1e-08 and 1e-06)
    """
    for name, value in (
        ("gradient_tolerance", gradient_tolerance),
        ("eigenvalue_tolerance", eigenvalue_tolerance),
    ):
        require_number("certify", name, value, at_least=0)
    remedy = f"Points have {point.shape[-1]} coordinates; pass 0 if no symmetry is known."
    most = point.shape[-1] - 1
    require_integer("certify", "symmetries", symmetries, at_least=0, at_most=most, remedy=remedy)
    with torch.enable_grad():
        theta = point.detach().clone().requires_grad_()
        value = loss(theta)
        require(
            value.shape == theta.shape[:-1],
            "certify",
            f"loss must give one number a point, {tuple(theta.shape[:-1])}",
            f"it gives {tuple(value.shape)} for points {tuple(theta.shape)}",
            "Reduce over the examples, not over the points.",
            ShapeError,
        )
        remedy = "Leave out runs that diverged, or move off a kink."
        require_finite("certify", "loss", value, remedy)
        # The losses of different points share no parameter: one backward pass serves all.
        gradient = _derivative(value.sum(), theta)
        rows = [_derivative(gradient[..., i].sum(), theta) for i in range(theta.shape[-1])]
    hessian = torch.stack(rows, -2).detach()
    require_finite("certify", "gradient", gradient, remedy)
    require_finite("certify", "Hessian", hessian, remedy)
    spectrum = torch.linalg.eigvalsh(0.5 * (hessian + hessian.mT))
    flattest = spectrum.gather(-1, spectrum.abs().argsort(-1))
    known = flattest[..., :symmetries]
    flattest[..., :symmetries] = torch.where(known.abs() <= eigenvalue_tolerance, torch.inf, known)
    return Certificate(
        value.detach(),
        torch.linalg.vector_norm(gradient.detach(), dim=-1),
        flattest.amin(-1),
        gradient_tolerance,
        eigenvalue_tolerance,
    )


def _derivative(value: Tensor, theta: Tensor) -> Tensor:
    """The gradient of one number, 0 where nothing depends on the points any more."""
    if not value.requires_grad:
        return torch.zeros_like(theta)
    (gradient,) = torch.autograd.grad(
        value, theta, create_graph=True, allow_unused=True, materialize_grads=True
    )
    return gradient
