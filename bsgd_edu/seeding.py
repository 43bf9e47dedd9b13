"""Independent, named streams of random numbers."""

import hashlib

import torch

from .errors import require_integer

__all__ = ["generator"]


def generator(seed: int, *labels: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """Returns the random stream that belongs to a seed and a name.

    The stream starts from a hash of (seed, labels): adding one never shifts another, so data,
    initialisation and noise take streams of their own. (torch's CPU generator keeps 32 bits of
    it: two given names share a stream with probability 2⁻³².)

    Args:
        seed: The experiment's seed, any integer ≥ 0.
        *labels: The stream's name, for example ``"init"`` or ``"batches", 3``.
        device: Where tensors drawn from it live. Streams of one name differ between device types.

    Returns:
        A fresh generator in its initial state.

    Raises:
        DomainError: If the seed is negative or not an integer.

    Example:
        >>> a = torch.randn(3, generator=generator(0, "init"))
        >>> b = torch.randn(3, generator=generator(0, "init"))
        >>> c = torch.randn(3, generator=generator(0, "noise"))
        >>> torch.equal(a, b), torch.equal(a, c)
        (True, False)
    """
    seed = require_integer("generator", "seed", seed, at_least=0)
    # Type names keep the label 3 apart from the label "3".
    name = repr((seed, tuple((type(label).__name__, label) for label in labels)))
    digest = hashlib.sha256(name.encode()).digest()
    stream = torch.Generator(device=device)
    return stream.manual_seed(int.from_bytes(digest[:8], "little") & (2**63 - 1))
