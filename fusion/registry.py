"""The fusers by name, and the one way to build them."""

from __future__ import annotations

import inspect
from typing import Any

from mmengine.registry import Registry

from fusion.errors import unknown_name
from fusion.fuser import Fuser

FUSERS = Registry("fuser")


def list_fusers() -> list[str]:
    """Give the names `build_fuser` knows, sorted."""
    return sorted(FUSERS.module_dict)


def fuser_class(name: str) -> type[Fuser]:
    """Look a fuser up.

    Raises:
        InputError: unknown name, with the nearest one and the list.
    """
    if name not in FUSERS.module_dict:
        raise unknown_name("fuser", name, FUSERS.module_dict)
    found: type[Fuser] = FUSERS.module_dict[name]
    return found


def build_fuser(name: str, **options: Any) -> Fuser:
    """Build a fuser by name; the options are its constructor's arguments.

    Example:
        >>> build_fuser("laplacian", levels=3)

    Raises:
        InputError: unknown name or option, with the nearest one and the list; or as the fuser itself.
    """
    found = fuser_class(name)
    known = inspect.signature(found).parameters
    for option in options:
        if option not in known:
            raise unknown_name(f"option of fuser {name!r}", option, known)
    return found(**options)
