"""Claims: what a chapter asserts, against what, and what came of it."""

__all__: list[str] = []
