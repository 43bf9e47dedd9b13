"""What the `bsgd` commands do, from the names of chapters to the last line that is printed."""

__all__: list[str] = []
