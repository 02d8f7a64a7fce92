"""What every command line tool does with a mistake of the user's and with Ctrl-C."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from fusion.errors import InputError


def exit_code(main: Callable[[], int | None]) -> int:
    """Run a tool: 0 or what it returns; 2 and one line for a mistake of the user's; 130 for Ctrl-C."""
    logging.basicConfig(format="%(levelname)s: %(message)s")
    try:
        return main() or 0
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return 130
