"""Two classes of a data set as theory likes them: targets ±1, means ±μ, unit covariance within."""

import torch
from torch import Tensor

from ..errors import ShapeError, require
from .registry import load

__all__ = ["class_pair", "pair_cases"]


def class_pair(name: str, first: int, second: int) -> tuple[Tensor, Tensor]:
    """Returns all samples of two classes of a data set, of both its splits.

    Args:
        name: A data set that :func:`load` knows.
        first: The class that gets target 1.
        second: The class that gets target −1.

    Returns:
        Inputs (n, p) and targets ±1 (n,), float64.

    Raises:
        DomainError: If the classes are equal, or one of them has no samples.

    Example:
        >>> inputs, targets = class_pair("digits", 1, 7)
        >>> inputs.shape, int((targets == 1).sum())
        (torch.Size([361, 64]), 182)
    """
    splits = [load(name, split=split) for split in ("train", "test")]
    inputs, labels = (torch.cat([getattr(s, k) for s in splits]) for k in ("inputs", "targets"))
    counts = [int((labels == label).sum()) for label in (first, second)]
    require(
        first != second and all(counts),
        "class_pair",
        f"first and second must be two classes of {name}",
        f"they are {first} with {counts[0]} samples and {second} with {counts[1]}",
        f"Take two of 0 … {splits[0].num_classes - 1}.",
    )
    chosen = (labels == first) | (labels == second)
    return inputs[chosen].double(), (labels[chosen] == first).double() * 2 - 1


def pair_cases(
    inputs: Tensor, targets: Tensor, *, generator: torch.Generator
) -> tuple[float, dict[str, Tensor]]:
    """Returns two classes of images prepared in two ways, and a Gaussian control.

    "whitened": noise of the inputs' mean variance is added, then x ↦ C^−½(x − m), which gives the
    classes means ±μ and covariance I: m is the middle between their means, C the mean over all
    samples of the squared deviation from the mean of their own class. "alike": Gaussian data, as
    many, with the same class means, whitened in the same way. "raw": without noise, x − m over
    one number, the root of C's mean variance.

    Whitening by all samples makes any part of them and the rest err in opposite directions; the
    control shows how much of a miss that explains.

    Args:
        inputs: (n, p).
        targets: ±1, (n,).
        generator: Source of the noise and of the Gaussian data.

    Returns:
        ‖μ‖² of the whitened classes, and name → inputs (n, p), on the generator's device.

    Raises:
        ShapeError: If targets are not one number a sample.
        DomainError: If targets are not ±1 with both present, C is singular, or nothing varies
            within the classes.

    Example:
        >>> x, y = torch.tensor([[1.0], [3.0], [-3.0], [-5.0]]), torch.tensor([1.0, 1, -1, -1])
        >>> norm2, cases = pair_cases(x, y, generator=torch.Generator().manual_seed(0))
        >>> gaps = [cases[name][y == 1].mean() - cases[name][y == -1].mean() for name in cases]
        >>> [round(float(gap / (2 * norm2**0.5)), 4) for gap in gaps[:2]]
        [1.0, 1.0]
    """
    require(
        inputs.dim() == 2 and targets.shape == inputs.shape[:1],
        "pair_cases",
        "inputs must be (n, p) and targets (n,)",
        f"they are {tuple(inputs.shape)} and {tuple(targets.shape)}",
        "Put a sample in each row.",
        ShapeError,
    )
    up, down = targets == 1, targets == -1
    require(
        up.any() and down.any() and (up | down).all(),
        "pair_cases",
        "targets must be 1 and −1, both present",
        lambda: f"{int(up.sum())} are 1, {int(down.sum())} are −1, of {len(targets)}",
        "Map the two classes to ±1.",
    )
    inputs, targets = inputs.to(generator.device), targets.to(generator.device)
    options = {"generator": generator, "dtype": inputs.dtype, "device": inputs.device}
    noise, gaussian = (torch.randn(inputs.shape, **options) for _ in range(2))
    white, mean = _whiten_classes(inputs + inputs.var(0).mean().sqrt() * noise, targets)
    alike, own_mean = _whiten_classes(gaussian, targets)
    raw, _ = _whiten_classes(inputs, targets, scale_only=True)
    alike = alike + targets[:, None] * (mean - own_mean)
    return float(mean @ mean), {"whitened": white, "alike": alike, "raw": raw}


def _whiten_classes(
    inputs: Tensor, targets: Tensor, *, scale_only: bool = False
) -> tuple[Tensor, Tensor]:
    """Inputs with class means ±μ and covariance I (or mean variance 1) within them, and μ (p,)."""
    up = targets == 1
    high, low = inputs[up].mean(0), inputs[~up].mean(0)
    deviations = inputs - torch.where(up[:, None], high, low)
    if scale_only:
        spread = deviations.square().mean().sqrt()
        rule = "inputs must vary within the classes"
        fact = f"all of the {inputs.shape[0]} samples lie on the mean of theirs"
        require(spread > 0, "pair_cases", rule, fact, "Add noise.")
        return (inputs - (high + low) / 2) / spread, (high - low) / (2 * spread)
    variances, basis = torch.linalg.eigh(deviations.T @ deviations / len(inputs))
    smallest, largest = float(variances[0]), float(variances[-1])
    require(
        smallest > 10 * len(variances) * torch.finfo(inputs.dtype).eps * largest,
        "pair_cases",
        "the covariance within the classes must be invertible",
        f"its eigenvalues go from {smallest:.2g} to {largest:.2g} ({inputs.shape[0]} samples of "
        f"{inputs.shape[1]} features)",
        "Pass more samples than features, of which some vary.",
    )
    root = basis @ (variances.rsqrt()[:, None] * basis.T)
    return (inputs - (high + low) / 2) @ root, root @ (high - low) / 2
