"""From a source to notebooks: reading, variants, building."""

__all__: list[str] = []
