"""What a run left behind, for people (pages) and for machines (JUnit)."""

__all__: list[str] = []
