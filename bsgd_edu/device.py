"""Where computations run: a GPU where there is one, never needed."""

import torch

from .errors import refusal

__all__ = ["default_device", "resolve"]


def default_device() -> torch.device:
    """Returns CUDA's current device where there is one, else the CPU.

    Example:
        >>> default_device().type in ("cuda", "cpu")
        True
    """
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def resolve(name: str | torch.device = "auto") -> torch.device:
    """Turns a chapter's ``device`` parameter into a device that exists here.

    Args:
        name: ``"auto"`` for :func:`default_device`, or any name torch knows.

    Returns:
        The device.

    Raises:
        DomainError: If torch does not know the name, or the machine lacks the device.

    Example:
        >>> resolve("cpu")
        device(type='cpu')
    """
    if name == "auto":
        return default_device()
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise refusal(
            "resolve",
            "device must be one this machine has",
            f"{str(name)!r} is not ({reason})",
            f"Pass 'auto' (here: {default_device()}) or 'cpu'.",
        ) from None
    return device
