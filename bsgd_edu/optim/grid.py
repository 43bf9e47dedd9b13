"""A torch optimizer at many learning rates at once: the baselines of a comparison."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import require, require_integer
from ..maps import Map

__all__ = ["grid_orbit"]


def grid_orbit(
    optimizer: type[torch.optim.Optimizer],
    grad: Map,
    theta0: Tensor,
    lrs: Sequence[float] | Tensor,
    *,
    num_steps: int,
    at: Sequence[int] | None = None,
    **options,
) -> Tensor:
    """Returns the orbits of a torch optimizer from one start, one for each learning rate.

    One parameter group a learning rate, all of them slices of one tensor, so that a step is one
    gradient of the whole grid. Runs that diverge go to infinity or NaN and leave the others alone.
    Adaptive methods see each point's coordinates: depth changes what they adapt to.

    Args:
        optimizer: For example torch.optim.Adagrad, torch.optim.Adadelta, torch.optim.SGD.
        grad: Points (..., d) ↦ gradients (..., d), each of its own point only.
        theta0: Start (..., d), leading dimensions replicas.
        lrs: Learning rates, each > 0 and finite.
        num_steps: Steps ≥ 0.
        at: The steps to return, each in 0..num_steps; None for all.
        **options: The optimizer's own, as ``momentum=0.9``.

    Returns:
        (len(at), len(lrs), ..., d), detached.

    Raises:
        DomainError: If there is no learning rate, one is not positive, or a step is out of range.

    Example:
        >>> orbit = grid_orbit(torch.optim.SGD, lambda x: x, torch.tensor([8.0]), [0.5, 0.25],
        ...                    num_steps=2, at=[2])
        >>> orbit
        tensor([[[2.0000],
                 [4.5000]]])

    References:
        Duchi, Hazan and Singer (2011), Adaptive subgradient methods; Zeiler (2012), ADADELTA.
    """
    lrs = [float(lr) for lr in lrs]
    bad = [lr for lr in lrs if not 0 < lr < float("inf")]
    fact, remedy = f"{len(bad)} of {len(lrs)} are not: {bad[:3]}", "Pass for example [0.01, 0.1]."
    require(lrs and not bad, "grid_orbit", "lrs must be one or more positive numbers", fact, remedy)
    num_steps = require_integer("grid_orbit", "num_steps", num_steps, at_least=0)
    wanted = list(range(num_steps + 1)) if at is None else list(at)
    require(
        all(0 <= step <= num_steps for step in wanted),
        "grid_orbit",
        f"at must lie within 0..{num_steps}",
        lambda: f"it spans {min(wanted)}..{max(wanted)}",
        "Correct the steps.",
    )
    points = theta0.detach().expand(len(lrs), *theta0.shape).clone()
    slices = [torch.nn.Parameter(point) for point in points]  # the same memory
    groups = [{"params": [part], "lr": lr} for part, lr in zip(slices, lrs, strict=True)]
    stepper = optimizer(groups, **options)
    kept, needed = {0: points.clone()}, set(wanted)
    for step in range(1, max(wanted, default=0) + 1):
        for part, gradient in zip(slices, grad(points).detach(), strict=True):
            part.grad = gradient
        stepper.step()
        if step in needed:
            kept[step] = points.clone()
    return (
        torch.stack([kept[step] for step in wanted])
        if wanted
        else points.new_empty((0, *points.shape))
    )
