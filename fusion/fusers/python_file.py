"""Fusers that a user has written into a Python file of their own."""

from __future__ import annotations

import hashlib
import inspect
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from fusion.errors import InputError, one_line, unknown_name
from fusion.fusers.fuser import Fuser, require_fuser_class

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
        source = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); expected the code of fuser {name!r}") from error
    module = _run(path.resolve(), source)
    classes = {key for key, value in vars(module).items() if inspect.isclass(value)}
    if class_name not in classes:
        raise unknown_name(f"class of {path}", class_name, classes)
    return require_fuser_class(getattr(module, class_name), name)


@lru_cache
def _run(path: Path, source: bytes) -> ModuleType:
    """Run the content of a file as a module, once for each content; no bytecode is left beside it."""
    module = ModuleType(f"_fuser_of_{path.stem}_{hashlib.sha256(source).hexdigest()[:16]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up there
    try:
        exec(compile(source, str(path), "exec"), vars(module))
    except Exception as error:
        del sys.modules[module.__name__]
        raise InputError(f"{path}: cannot be imported ({type(error).__name__}: {one_line(error)})") from error
    return module
