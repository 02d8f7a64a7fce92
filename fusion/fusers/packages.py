"""Fusers of installed packages, which name them under the entry point group `stablefuse.fusers`."""

from __future__ import annotations

import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from fusion.errors import InputError, one_line
from fusion.fusers.fuser import Fuser, require_fuser_class

GROUP = "stablefuse.fusers"


def installed_fusers() -> dict[str, str]:
    """Map the fusers of installed packages to package and version; none of them is imported."""
    return {name: _package(entry) for name, entry in _entries().items()}


def class_from_package(name: str) -> type[Fuser]:
    """Import the class of a fuser of an installed package.

    Raises:
        InputError: it cannot be imported or is no fuser.
    """
    entry = _entries()[name]
    where = f"fuser {name!r} of the package {_package(entry)}, {entry.value}"
    try:
        found = entry.load()
    except Exception as error:
        raise InputError(f"{where}: cannot be imported ({type(error).__name__}: {one_line(error)})") from error
    return require_fuser_class(found, where)


def _entries() -> dict[str, EntryPoint]:
    return _entries_on(tuple(sys.path))


@lru_cache
def _entries_on(places: tuple[str, ...]) -> dict[str, EntryPoint]:
    """Look through all installed packages, once for each state of the search path."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown"
