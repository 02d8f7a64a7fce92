"""The one error a user can cause, and the suggestion that goes with a misspelt name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class InputError(ValueError):
    """Something the user handed in is wrong: one line with the file, what was found and what was expected.

    Every command line tool prints the message alone and exits with code 2.
    """


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """Say that `name` is no known `kind`, with the nearest name and the full list."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1) or [known for known in names if name and known.startswith(name.lower())]
    suggestion = f" Did you mean {near[0]!r}?" if near else ""
    return InputError(f"unknown {kind} {name!r}.{suggestion} Known: {', '.join(names)}")


def first_few(names: Sequence[str]) -> str:
    """Name the first three, and say that there are more."""
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def one_line(error: Exception) -> str:
    """Give the message of somebody else's exception as one line of bearable length."""
    return " ".join(str(error).split())[:300]
