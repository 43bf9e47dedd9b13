"""Executing chapters: parameters, keys, kernels, and what is up to date."""

__all__: list[str] = []
