"""What to say when a word is misspelt: the nearest one that exists."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest"]


def nearest(word: str, known: Iterable[str]) -> str:
    """Returns the remedy for a misspelt word: the nearest known one.

    Args:
        word: What was written.
        known: What exists.

    Returns:
        A sentence.

    Example:
        >>> nearest("oder/cycle", ["order/cycle", "queue/mean"])
        "Did you mean 'order/cycle'?"
        >>> nearest("zzz", ["b", "a"])
        'Known: a, b.'
    """
    words = sorted(known)
    close = get_close_matches(str(word), words, n=1, cutoff=0.5)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known: {', '.join(words[:8])}{', …' if len(words) > 8 else ''}."
