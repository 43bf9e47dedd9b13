"""The finite run behind a learning curve: one eigendecomposition answers every time at once."""

import torch
from torch import Tensor

from ..errors import ShapeError, require, require_number, require_sizes
from .learning_curves import LearningCurve, checked_times, departed, need_stable, spectral_filter

__all__ = ["learning_path", "simulate_learning"]


def learning_path(
    times: Tensor,
    *,
    inputs: Tensor,
    targets: Tensor,
    start: Tensor,
    lr: float,
    ridge: float = 0.0,
    discrete: bool = False,
) -> Tensor:
    """Returns the weights of least squares under gradient descent at all times, without steps.

    w_t = f_t(S)w₀ + g_t(S)Xᵀy/n, S = XᵀX/n, with the filters of :func:`spectral_filter`: in the
    basis of S every coordinate moves alone. Time 10⁶ costs what time 1 does.

    Args:
        times: Steps ≥ 0, any shape (flow time is lr·times); whole numbers for discrete steps.
        inputs: X (n, p), a sample a row.
        targets: y (n,).
        start: w₀ (p,).
        lr: Learning rate > 0 for the loss ‖y − Xw‖²/(2n) + ridge‖w‖²/2.
        ridge: Weight of ‖w‖²/2 in the loss, ≥ 0.
        discrete: Steps of gradient descent in place of gradient flow.

    Returns:
        Weights, times.shape + (p,), float64.

    Raises:
        DomainError: If an argument is outside its range, or discrete steps diverge.
        ShapeError: If inputs, targets and start do not fit.

    Example:
        >>> inputs, targets = torch.tensor([[2.0]]), torch.tensor([1.0])
        >>> times = torch.tensor([0.0, 1.0, 2.0])  # each step halves the error to ½
        >>> learning_path(times, inputs=inputs, targets=targets, start=torch.zeros(1), lr=0.125,
        ...               discrete=True).squeeze(-1)
        tensor([0.0000, 0.2500, 0.3750], dtype=torch.float64)
    """
    times = checked_times("learning_path", times, lr, ridge, discrete)
    require(
        inputs.dim() == 2 and (targets.shape, start.shape) == (inputs.shape[:1], inputs.shape[1:]),
        "learning_path",
        "inputs must be (n, p), targets (n,) and start (p,)",
        f"they are {tuple(inputs.shape)}, {tuple(targets.shape)} and {tuple(start.shape)}",
        "Put a sample in each row.",
        ShapeError,
    )
    inputs, targets, start = inputs.double(), targets.double(), start.double()
    count = len(inputs)
    eigenvalues, basis = torch.linalg.eigh(inputs.T @ inputs / count)
    if discrete:
        need_stable("learning_path", lr, float(eigenvalues[-1]) + ridge)
    kept, learned = spectral_filter(times, eigenvalues, lr=lr, ridge=ridge, discrete=discrete)
    drift = basis.T @ (inputs.T @ targets / count)
    return (kept * (basis.T @ start) + learned * drift) @ basis.T


def simulate_learning(
    times: Tensor,
    *,
    num_features: int,
    num_samples: int,
    signal: float,
    init_var: float,
    lr: float,
    replicas: int,
    generator: torch.Generator,
    ridge: float = 0.0,
    discrete: bool = False,
) -> LearningCurve:
    """Returns the accuracies of gradient descent on samples drawn from two Gaussian classes.

    x_i = y_i μ + z_i, each replica with its own samples and start. The test accuracy needs no test
    set: it is Φ(μᵀw/‖w‖) exactly. Nothing depends on the direction of μ, which is the first axis.

    Args:
        times: Steps ≥ 0 (T,) (flow time is lr·times); whole numbers for discrete steps.
        num_features: p ≥ 1.
        num_samples: n ≥ 1.
        signal: ‖μ‖ ≥ 0.
        init_var: Variance of p^½ w₀'s entries, ≥ 0.
        lr: Learning rate > 0.
        replicas: Independent runs ≥ 1.
        generator: Source of samples and starts.
        ridge: Weight of ‖w‖²/2 in the loss, ≥ 0.
        discrete: Steps of gradient descent in place of gradient flow.

    Returns:
        test_accuracy and train_accuracy, (replicas, T), float64.

    Raises:
        DomainError: If an argument is outside its range, or discrete steps diverge.

    Example:
        >>> stream = torch.Generator().manual_seed(0)
        >>> run = simulate_learning(torch.tensor([0.0, 1e4]), num_features=20, num_samples=10,
        ...     signal=1.0, init_var=0.1, lr=0.1, replicas=3, generator=stream)
        >>> run.train_accuracy[:, 1]  # more features than samples: every sample is fitted
        tensor([1., 1., 1.], dtype=torch.float64)
    """
    times = checked_times("simulate_learning", times, lr, ridge, discrete)
    require_number("simulate_learning", "signal", signal, at_least=0)
    require_number("simulate_learning", "init_var", init_var, at_least=0)
    require_sizes(
        "simulate_learning", num_features=num_features, num_samples=num_samples, replicas=replicas
    )
    times = departed(times, init_var, lr, discrete)
    options = {"generator": generator, "dtype": torch.float64, "device": generator.device}
    runs = []
    for _ in range(replicas):
        targets = torch.randint(0, 2, (num_samples,), **options) * 2 - 1
        inputs = torch.randn(num_samples, num_features, **options)
        inputs[:, 0] += signal * targets
        start = torch.randn(num_features, **options) * (init_var / num_features) ** 0.5
        weights = learning_path(
            times,
            inputs=inputs,
            targets=targets,
            start=start,
            lr=lr,
            ridge=ridge,
            discrete=discrete,
        )
        test = torch.special.ndtr(signal * weights[..., 0] / weights.norm(dim=-1))
        train = ((weights @ inputs.T) * targets > 0).double().mean(-1)
        runs.append(torch.stack([test, train]))
    return LearningCurve(*torch.stack(runs, 1))
