"""The errors for mistakes of the user and for fusers that fail, and helpers for their messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches


class InputError(ValueError):
    """A mistake in what the user passed in: a file, an option, a setting.

    The message is a single line: `FILE: what is wrong (found X, expected Y). Try: COMMAND or SETTING`. Every command
    line tool prints it and exits with code 2.
    """


class FuserError(RuntimeError):
    """A fuser raised an exception, or returned something that is no fused image. The message is a single line.

    It is no InputError, so that in a table it is the fault of one row.
    """


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Put what is being fused, such as "image 07", before the message of a FuserError that the block raises."""
    try:
        yield
    except FuserError as error:
        raise FuserError(f"{what}: {error}") from error


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Create the error for a name that is not known, with the closest known name and the full list.

    Example:
        >>> print(unknown_name("fuser", "averge", ["maximum", "average"]))
        unknown fuser 'averge'. Did you mean 'average'? Known: average, maximum
    """
    names = sorted(known)
    begun = [known for known in names if name and known.startswith(name.lower())]
    near = get_close_matches(name, names, n=1) or begun or [known for known in names if name and name.lower() in known]
    suggestion = f" Did you mean {near[0]!r}?" if near else ""
    return InputError(f"unknown {kind} {name!r}.{suggestion} Known: {', '.join(names)}")


def first_few(names: Sequence[str]) -> str:
    """Join the first three names, with an ellipsis if there are more.

    Example:
        >>> first_few(["a", "b", "c", "d"])
        'a, b, c, ...'
    """
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def one_line(error: Exception | SystemExit) -> str:
    r"""Return the message of an exception as one line of at most 300 characters.

    Example:
        >>> one_line(RuntimeError("Expected 3 channels,\n  found 1"))
        'Expected 3 channels, found 1'
    """
    return " ".join(str(error).split())[:300]


def reason_of(error: Exception | SystemExit) -> str:
    """Return in one line what went wrong: the kind of the exception and its message, which our own need no kind for.

    Example:
        >>> reason_of(ZeroDivisionError("division by zero")), reason_of(MemoryError()), reason_of(InputError("a: lost"))
        ('ZeroDivisionError: division by zero', 'MemoryError', 'a: lost')
    """
    if isinstance(error, InputError | FuserError):
        return one_line(error)
    return ": ".join(filter(None, (type(error).__name__, one_line(error))))
