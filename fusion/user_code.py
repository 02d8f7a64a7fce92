"""Python files of the user's own, such as a fuser or a condition. Importing this module loads no library."""

from __future__ import annotations

import hashlib
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from fusion.errors import InputError, one_line


def run_file(path: Path, named_by: str) -> ModuleType:
    """Execute a Python file as a module, once per content, without writing bytecode beside the file.

    Modules that it imports must be installed or on PYTHONPATH.

    Args:
        path: of the file.
        named_by: what the user gave, for the message of an error.

    Raises:
        InputError: the file cannot be read, or raises an exception.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}; named by {named_by})") from error
    return _run(path.resolve(), source)


@lru_cache
def _run(path: Path, source: bytes) -> ModuleType:
    module = ModuleType(f"_code_of_{path.stem}_{hashlib.sha256(source).hexdigest()[:16]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look up their module there
    try:
        exec(compile(source, str(path), "exec"), vars(module))
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        raise InputError(f"{path}: cannot be imported ({type(error).__name__}: {one_line(error)})") from error
    return module
