"""What the command line tools share: exit codes, and settings of the form `key.sub=value`."""

from __future__ import annotations

import ast
import logging
import os
import shlex
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any

from fusion.errors import FuserError, InputError


def exit_code(main: Callable[[], int | None]) -> int:
    """Run a tool, report its errors as one line on stderr, and return its exit code.

    Args:
        main: the tool; its return value is the exit code, None means 0.

    Returns:
        The value of `main`; 1 for FloatingPointError (a training that diverged); 2 for InputError and FuserError; 130
        for Ctrl-C; 141 if the reader closed the pipe (for example `| head`).

    The message of a KeyboardInterrupt is printed; without one, the work can be resumed with the same command.
    Characters that the terminal's encoding lacks are printed as question marks.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    logging.basicConfig(format="%(levelname)s: %(message)s")
    try:
        code = main() or 0
        if sys.stdout:  # None if the caller closed it
            sys.stdout.flush()
        return code
    except (InputError, FuserError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except FloatingPointError as error:
        print(f"failed: {error}. Try: a lower learning rate", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        print(f"\nstopped; {str(stop) or 'run the same command to continue'}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # redirect stdout, or Python reports the error again when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def typed_command() -> str:
    """Return the command that started this program, as a shell takes it."""
    program, *arguments = sys.argv
    start = program.split() if program.startswith("stablefuse ") else ["python", program]
    return shlex.join([*start, *arguments])


def parse_override(argument: str) -> tuple[str, Any]:
    """Parse `key.sub=value`.

    Returns:
        The key, and the value: a Python literal (a tuple becomes a list), a list of words if there is a comma or a
        leading bracket, otherwise the text itself. A number with underscores is a text, such as the date 2024_11_30.

    Raises:
        InputError: there is no "=", or nothing before it.

    Example:
        >>> parse_override("schedule.learning_rate=1e-3")
        ('schedule.learning_rate', 0.001)
        >>> parse_override("fusers=average,laplacian")
        ('fusers', ['average', 'laplacian'])
        >>> parse_override("data.name=M3FD")
        ('data.name', 'M3FD')
        >>> parse_override("out=2024_11_30")
        ('out', '2024_11_30')
    """
    key, equals, text = argument.partition("=")
    if not equals or not key:
        raise InputError(f"{argument!r}: not of the form key.sub=value")
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        words = text.strip("[]").split(",")
        return key, [word.strip() for word in words] if "," in text or text.startswith("[") else text
    if isinstance(value, int | float) and "_" in text:
        return key, text
    return key, list(value) if isinstance(value, tuple) else value
