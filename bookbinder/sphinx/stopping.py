"""How a build ends because of what its author has written."""

import sys
from typing import NoReturn


def stop(message: str) -> NoReturn:
    """Print what is wrong, and end the build with exit code 2.

    No exception of Sphinx is raised: it would print a traceback, and a request to report it.
    """
    print(f"\nBook Binder stopped the build.\n\n{message}\n", file=sys.stderr)  # noqa: T201
    raise SystemExit(2)
