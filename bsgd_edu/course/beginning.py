"""How a chapter begins: where it computes, and with how many threads."""

import torch

from ..device import resolve

__all__ = ["begin"]


def begin(device: str | torch.device, profile: str) -> torch.device:
    """Chooses where a chapter computes, and says it.

    The quick profile gets one thread. Its products are small, so that more threads mostly wait for
    each other: measured with two, up to one and a half times as long on two free cores, and eight
    times where another program keeps one of them busy. And sums depend on the number of threads.

    Args:
        device: The chapter's parameter: ``"auto"``, or a name torch knows.
        profile: The chapter's parameter: ``"quick"``, or another, which leaves torch as it is.

    Returns:
        The device.

    Raises:
        DomainError: If torch does not know the device, or the machine lacks it.

    Example:
        >>> begin("cpu", "quick")
        Running on cpu, one thread.
        device(type='cpu')
    """
    where = resolve(device)
    if profile == "quick":
        torch.set_num_threads(1)
    threads = torch.get_num_threads()
    print(f"Running on {where.type}, {f'{threads} threads' if threads > 1 else 'one thread'}.")
    return where
