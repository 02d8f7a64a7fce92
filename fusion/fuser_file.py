"""Fusers that a user has written into a Python file of their own."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from fusion.errors import InputError, unknown_name
from fusion.fuser import Fuser, require_fuser_class

_SUFFIX = ".py"


def is_in_file(name: str) -> bool:
    """Tell whether a fuser's name says where its class is: path/to/file.py:ClassName."""
    return name.rpartition(":")[0].endswith(_SUFFIX) or name.endswith(_SUFFIX)


def fuser_path(name: str) -> Path:
    """Give the file of path/to/file.py:ClassName.

    Raises:
        InputError: no class is named.
    """
    path, _, class_name = name.rpartition(":")
    if not path or not class_name.isidentifier():
        raise InputError(f"fuser {name!r} names no class; expected path/to/file.py:ClassName")
    return Path(path)


def class_from_file(name: str) -> type[Fuser]:
    """Import a file and give its class. What the file imports in turn must be installed or on PYTHONPATH.

    Args:
        name: path/to/file.py:ClassName.

    Raises:
        InputError: the file is missing or cannot be imported, or holds no such class or one that is no fuser.
    """
    path, class_name = fuser_path(name), name.rpartition(":")[2]
    try:
        module = _import(path.resolve(), path.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected the Python file of fuser {name!r}") from error
    classes = {key for key, value in vars(module).items() if inspect.isclass(value)}
    if class_name not in classes:
        raise unknown_name(f"class of {path}", class_name, classes)
    return require_fuser_class(getattr(module, class_name), name)


@lru_cache
def _import(path: Path, changed_ns: int) -> ModuleType:
    """Run a file as a module, once for each state of it."""
    name = f"_fuser_of_{path.stem}_{abs(hash((path, changed_ns)))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: cannot be imported; expected a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise InputError(f"{path}: cannot be imported ({type(error).__name__}: {error})") from error
    return module
