"""The fusers by name, and the one way to build them."""

from __future__ import annotations

import inspect
from typing import Any

from mmengine.registry import Registry

from fusion.errors import InputError, unknown_name
from fusion.fuser import Fuser
from fusion.fuser_file import class_from_file, is_in_file
from fusion.fuser_packages import class_from_package, installed_fusers

FUSERS = Registry("fuser")


def list_fusers() -> list[str]:
    """Give the names `build_fuser` knows, sorted: those of the project and those of installed packages."""
    return sorted({*FUSERS.module_dict, *installed_fusers()})


def describe_fusers() -> dict[str, str]:
    """Map each of these names to one line: what the fuser does, or which installed package it is of."""
    installed = {name: f"of the package {package}" for name, package in installed_fusers().items()}
    ours = {name: str(inspect.getdoc(found)).splitlines()[0] for name, found in FUSERS.module_dict.items()}
    return {name: {**installed, **ours}[name] for name in list_fusers()}


def fuser_class(name: str) -> type[Fuser]:
    """Look a fuser up: by its name, or in a Python file by path/to/file.py:ClassName.

    A name of the project hides an equal one of an installed package.

    Raises:
        InputError: unknown name, with the nearest one and the list; or the file or package holds no such fuser.
    """
    if is_in_file(name):
        return class_from_file(name)
    if name in FUSERS.module_dict:
        found: type[Fuser] = FUSERS.module_dict[name]
        return found
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
        InputError: an unknown option, with the nearest one and the list; or one without a default is missing.
    """
    known = inspect.signature(fuser_class(name)).parameters
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = {option: wanted for option, wanted in known.items() if wanted.kind not in open_ended}
    if len(named) == len(known):
        for option in options:
            if option not in known:
                raise unknown_name(f"option of fuser {name!r}", option, known)
    for option, wanted in named.items():
        if wanted.default is inspect.Parameter.empty and option not in options:
            raise InputError(f"fuser {name!r} needs the option {option}=...")
