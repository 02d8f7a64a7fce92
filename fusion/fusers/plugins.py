"""Fusers from outside the project: classes in a user's Python file, and those of installed packages.

A package registers its fusers under the entry point group `stablefuse.fusers`.
"""

from __future__ import annotations

import inspect
import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from fusion.errors import InputError, one_line, unknown_name
from fusion.fusers.fuser import Fuser, require_fuser_class
from fusion.user_code import run_file

GROUP = "stablefuse.fusers"
_SUFFIX = ".py"


def is_in_file(name: str) -> bool:
    """Check whether a fuser's name has the form path/to/file.py:ClassName, the class name possibly missing.

    Example:
        >>> is_in_file("my/fuser.py:Mine"), is_in_file("laplacian")
        (True, False)
    """
    return name.rpartition(":")[0].endswith(_SUFFIX) or name.endswith(_SUFFIX)


def fuser_path(name: str) -> Path:
    """Return the file of a name of the form path/to/file.py:ClassName.

    Raises:
        InputError: the class name is missing.

    Example:
        >>> fuser_path("my/fuser.py:Mine").as_posix()
        'my/fuser.py'
    """
    path, _, class_name = name.rpartition(":")
    if not path or not class_name.isidentifier():
        raise InputError(f"fuser {name!r}: no class named (expected path/to/file.py:ClassName)")
    return Path(path)


def class_from_file(name: str) -> type[Fuser]:
    """Import a Python file and return one of its classes.

    Args:
        name: path/to/file.py:ClassName.

    Raises:
        InputError: the file cannot be read or imported, or contains no such class, or the class is not a fuser.
    """
    path, class_name = fuser_path(name), name.rpartition(":")[2]
    module = run_file(path, f"fuser {name!r}")
    classes = {key for key, value in vars(module).items() if inspect.isclass(value)}
    if class_name not in classes:
        raise unknown_name(f"class of {path}", class_name, classes)
    return require_fuser_class(getattr(module, class_name), name)


def installed_fusers() -> dict[str, str]:
    """Map the names of fusers from installed packages to "package version", without importing any of them."""
    return {name: _package(entry) for name, entry in _entries().items()}


def class_from_package(name: str) -> type[Fuser]:
    """Import the class of a fuser from an installed package.

    Args:
        name: one of `installed_fusers`.

    Raises:
        InputError: the class cannot be imported or is not a fuser.
    """
    entry = _entries()[name]
    where = f"fuser {name!r} of package {_package(entry)} ({entry.value})"
    try:
        found = entry.load()
    except (Exception, SystemExit) as error:
        raise InputError(f"{where}: cannot be imported ({type(error).__name__}: {one_line(error)})") from error
    return require_fuser_class(found, where)


def _entries() -> dict[str, EntryPoint]:
    return _entries_on(tuple(sys.path))


@lru_cache
def _entries_on(places: tuple[str, ...]) -> dict[str, EntryPoint]:
    """List the entry points of all installed packages, once per state of the search path."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown"
