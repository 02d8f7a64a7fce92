"""The fusers by name, and the one way to build them."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from fusion.errors import InputError, unknown_name
from fusion.fusers.catalogue import BUILT_IN
from fusion.fusers.fuser import Fuser
from fusion.fusers.packages import class_from_package, installed_fusers
from fusion.fusers.python_file import class_from_file, is_in_file

_PLAIN = (bool, int, float, str, Path, NoneType)  # what a setting can be


def list_fusers() -> list[str]:
    """Give the names `build_fuser` knows, sorted: those of the project and those of installed packages."""
    return sorted({*BUILT_IN, *installed_fusers()})


def describe_fusers() -> dict[str, str]:
    """Map each of these names to one line: what the fuser does, or which installed package it is of."""
    installed = {name: f"of the package {package}" for name, package in installed_fusers().items()}
    ours = {name: entry.summary for name, entry in BUILT_IN.items()}
    return {name: {**installed, **ours}[name] for name in list_fusers()}


def fuser_class(name: str) -> type[Fuser]:
    """Look a fuser up: by its name, or in a Python file by path/to/file.py:ClassName.

    A name of the project hides an equal one of an installed package.

    Raises:
        InputError: unknown name, with the nearest one and the list; or the file or package holds no such fuser.
    """
    if is_in_file(name):
        return class_from_file(name)
    if name in BUILT_IN:
        module, _, class_name = BUILT_IN[name].location.partition(":")
        return cast("type[Fuser]", getattr(import_module(module), class_name))
    if name in installed_fusers():
        return class_from_package(name)
    raise unknown_name("fuser", name, list_fusers())


def build_fuser(name: str, **options: Any) -> Fuser:
    """Build a fuser by name; the options are its constructor's arguments.

    Example:
        >>> build_fuser("laplacian", levels=3)

    Raises:
        InputError: as `fuser_class` and `require_options`; or as the fuser itself.
    """
    require_options(name, options)
    return fuser_class(name)(**options)


def require_options(name: str, options: dict[str, Any]) -> None:
    """Check that a fuser takes all these options and lacks none.

    Raises:
        InputError: an unknown option, with the nearest one and the list; one without a default is missing; or a value
            is of another kind than its annotation says.
    """
    found = fuser_class(name)
    known = inspect.signature(found).parameters
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {option: wanted for option, wanted in known.items() if wanted.kind not in open_ended}
    if len(named) == len(known):
        for option in options:
            if option not in known:
                raise unknown_name(f"option of fuser {name!r}", option, known)
    for option, wanted in named.items():
        if wanted.default is inspect.Parameter.empty and option not in options:
            raise InputError(f"fuser {name!r} needs the option {option}=...")
    hints = _hints(found)
    for option, value in options.items():
        if option in hints and not _fits(value, hints[option]):
            expected = " or ".join(
                kind.__name__ if isinstance(kind, type) else repr(kind) for kind in _kinds(hints[option])
            )
            raise InputError(f"fuser {name!r} {option}={value!r}; expected {expected}")


def _hints(found: type[Fuser]) -> dict[str, Any]:
    try:
        return get_type_hints(found.__init__)
    except (AttributeError, NameError, TypeError):  # somebody's class, annotated with what is not there when it runs
        return {}


def _kinds(hint: Any) -> tuple[Any, ...]:
    """Give the parts of a union, the values of a Literal, or the annotation itself."""
    return get_args(hint) if get_origin(hint) in (Literal, Union, UnionType) else (hint,)


def _fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is of the kind an annotation names; of one that names no plain kind, every value is."""
    kinds = _kinds(hint)
    if get_origin(hint) is Literal:  # the fuser itself knows the list
        return type(value) in map(type, kinds)
    if not all(kind in _PLAIN for kind in kinds):
        return True
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, (*kinds, int) if float in kinds else kinds)
