"""Where ``bsgd`` and ``python -m bsgd_edu`` start: with what they need, or one line about it.

The core alone tells its version; every other command needs what the extra `course` brings.
"""

import sys

from .errors import MissingExtraError
from .extras import explained

__all__ = ["main"]


def main() -> None:
    """Runs the command line and ends the process: 0 done, 1 findings, 2 bad input, 130 stopped."""
    if sys.argv[1:] == ["--version"]:
        from . import __version__

        print(f"bsgd_edu {__version__}")
        raise SystemExit(0)
    try:
        from .cli import main as start

        start()
    except ModuleNotFoundError as error:
        missing = explained(error, by="bsgd")
        if not isinstance(missing, MissingExtraError):
            raise
        print(missing, file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
