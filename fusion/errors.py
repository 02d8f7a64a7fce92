"""The error for mistakes of the user, and helpers for its message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class InputError(ValueError):
    """A mistake in what the user passed in: a file, an option, a setting.

    The message is a single line: `FILE: what is wrong (found X, expected Y). Try: COMMAND or SETTING`. Every command
    line tool prints it and exits with code 2.
    """


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Create the error for a name that is not known, with the closest known name and the full list.

    Example:
        >>> print(unknown_name("fuser", "averge", ["maximum", "average"]))
        unknown fuser 'averge'. Did you mean 'average'? Known: average, maximum
    """
    names = sorted(known)
    near = get_close_matches(name, names, n=1) or [known for known in names if name and known.startswith(name.lower())]
    suggestion = f" Did you mean {near[0]!r}?" if near else ""
    return InputError(f"unknown {kind} {name!r}.{suggestion} Known: {', '.join(names)}")


def first_few(names: Sequence[str]) -> str:
    """Join the first three names, with an ellipsis if there are more.

    Example:
        >>> first_few(["a", "b", "c", "d"])
        'a, b, c, ...'
    """
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def one_line(error: Exception) -> str:
    r"""Return the message of an exception as one line of at most 300 characters.

    Example:
        >>> one_line(RuntimeError("Expected 3 channels,\n  found 1"))
        'Expected 3 channels, found 1'
    """
    return " ".join(str(error).split())[:300]
