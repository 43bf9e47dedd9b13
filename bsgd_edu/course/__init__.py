"""What a chapter needs beside the mathematics: claims that are asserted, exercises that check.

A chapter calls `begin`; `check`, `hint`, `reveal` and `use` take an exercise's whole id, "01.3".
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["rooms"],
    submod_attrs={
        "exercises.checks": ["check", "hint", "reveal", "use"],
        "lesson": ["Lesson", "begin"],
    },
)
