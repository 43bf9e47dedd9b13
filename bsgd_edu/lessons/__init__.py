"""One room a chapter: its figures, pages, explorers, runs, exercises and claims, and nothing else.

`course.rooms` finds them by their folders; no list of them is written anywhere. A room imports
the library, `plot` and `course`, never another room. Its docstring is the question it asks.
"""

__all__: list[str] = []
