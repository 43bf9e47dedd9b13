"""What a chapter needs beside the mathematics: claims that are asserted, exercises that check."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["rooms"], submod_attrs={"lesson": ["Lesson", "begin"]}
)
