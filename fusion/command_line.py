"""What the command line tools share: settings as `key.sub=value`, and how a tool ends."""

from __future__ import annotations

import ast
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from fusion.errors import InputError


def exit_code(main: Callable[[], int | None]) -> int:
    """Run a tool: 0 or what it returns; 2 and one line for a mistake of the user's; 130 for Ctrl-C.

    A training that diverged is 1 and one line; 141, as a shell has it, where nobody reads the output any more.

    What the KeyboardInterrupt says is printed; one that says nothing stands for work that goes on when called again.
    """
    logging.basicConfig(format="%(levelname)s: %(message)s")
    try:
        code = main() or 0
        sys.stdout.flush()
        return code
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except FloatingPointError as error:
        print(f"failed: {error}; a lower learning rate may help", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        print(f"\nstopped; {str(stop) or 'the same command goes on from here'}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `TOOL | head` has read enough; python would complain once more when it flushes at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def parse_override(argument: str) -> tuple[str, Any]:
    """Split `key.sub=value`; the value is a Python literal, a comma list of words, or a word.

    Raises:
        InputError: there is no "=".
    """
    key, equals, text = argument.partition("=")
    if not equals or not key:
        raise InputError(f"{argument!r} is no setting; expected key.sub=value")
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        words = text.strip("[]").split(",")
        return key, [word.strip() for word in words] if "," in text or text.startswith("[") else text
    return key, list(value) if isinstance(value, tuple) else value
