"""How many kernels run at once."""

import os

__all__ = ["default_workers"]


def default_workers() -> int:
    """Returns how many kernels run at once where nothing else is asked for."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
