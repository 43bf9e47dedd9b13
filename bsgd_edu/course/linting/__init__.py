"""The limits that a chapter keeps, as rules with findings."""

__all__: list[str] = []
