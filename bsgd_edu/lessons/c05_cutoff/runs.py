"""Runs of chapter 5: pairs of inputs sent through the same random networks."""

import torch

from ... import dynamics
from ...seeding import generator

__all__ = ["gaussian_pair"]


def gaussian_pair(
    width: int,
    depth: int,
    networks: int,
    *,
    seed: int = 0,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float64,
    **options: object,
) -> dynamics.random_layers.PairOrbit:
    """Sends two unrelated Gaussian inputs, drawn anew for each, through random networks.

    Args:
        width: n.
        depth: Number of layers L.
        networks: How many.
        seed: Of inputs and weights; the same for all options, so that they can be compared.
        device: Where to compute.
        dtype: Of the passes; inputs are rounded to it.
        **options: What :func:`dynamics.random_layers.random_pair` takes.

    Returns:
        Distance, angle and norm, each (L + 1, networks), on the CPU: curves are small.
    """
    inputs = generator(seed, "inputs", width, device=device)
    draws = torch.randn(
        2, networks, width, generator=inputs, dtype=torch.float64, device=device
    ).to(dtype)
    layers = generator(seed, "layers", width, device=device)
    orbit = dynamics.random_layers.random_pair(*draws, depth, generator=layers, **options)
    return dynamics.random_layers.PairOrbit(*(part.cpu() for part in orbit))
