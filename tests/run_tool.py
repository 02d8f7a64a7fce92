"""Run a tool of this checkout: as a process of its own, as a user does, or quickly inside this one.

A fresh interpreter costs seconds of imports. A test takes `in_process` unless it needs a real process: to kill it, to
train with ultralytics (which settles in the process it is imported into), or to show once for each tool that it starts
from another folder.
"""

from __future__ import annotations

import io
import logging
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
Done = subprocess.CompletedProcess[str]

_SILENT = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)  # as Python starts


def as_process(tool: str, *arguments: object, cwd: Path, environment: Mapping[str, str] | None = None) -> Done:
    """Run `python tools/TOOL`, or `python -m MODULE` for a `tool` without suffix, in `cwd`."""
    return subprocess.run(
        [sys.executable, *_what(tool), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def in_process(tool: str, *arguments: object, cwd: Path, environment: Mapping[str, str] | None = None) -> Done:
    """Do the same in this process, and put back what a tool may change in it.

    What it and its children print is caught at the file descriptors. An exception ends it as it ends a process: with
    its traceback on stderr and code 1.
    """
    what = _what(tool)
    command = [*what, *map(str, arguments)]
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, environment or {}))
        stack.enter_context(mock.patch.object(sys, "argv", [what[-1], *command[len(what) :]]))
        further = (environment or {}).get("PYTHONPATH", "").split(os.pathsep)
        stack.enter_context(mock.patch.object(sys, "path", [*filter(None, further), *sys.path]))
        stack.enter_context(_folder(cwd))
        stack.enter_context(_settings_of_a_process())
        errors = stack.enter_context(_caught("stderr", 2))
        output = stack.enter_context(_caught("stdout", 1))
        code = _exit_code(tool)
        texts = output(), errors()
    return subprocess.CompletedProcess(command, code, *texts)


def _what(tool: str) -> list[str]:
    return [str(ROOT / "tools" / tool)] if tool.endswith(".py") else ["-m", tool]


def _exit_code(tool: str) -> int:
    try:
        if tool.endswith(".py"):
            runpy.run_path(str(ROOT / "tools" / tool), run_name="__main__")
        else:
            sys.modules.pop(f"{tool}.__main__", None)  # runpy warns where another tool has imported it
            runpy.run_module(tool, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


@contextmanager
def _folder(cwd: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(cwd)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _settings_of_a_process() -> Iterator[None]:
    """Log and warn as a fresh process does, not as pytest does; keep signals and threads of this one."""
    handlers, level = logging.root.handlers, logging.root.level
    on_ctrl_c = signal.getsignal(signal.SIGINT)
    threads = sys.modules["torch"].get_num_threads() if "torch" in sys.modules else None
    logging.root.handlers = []
    try:
        with warnings.catch_warnings():
            warnings.resetwarnings()
            for category in _SILENT:
                warnings.simplefilter("ignore", category)
            warnings.showwarning = _show_warning
            yield
    finally:
        logging.root.handlers, logging.root.level = handlers, level
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, on_ctrl_c)
        if threads is not None:
            sys.modules["torch"].set_num_threads(threads)


def _show_warning(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
    sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


@contextmanager
def _caught(name: str, descriptor: int) -> Iterator[Any]:
    """Catch what is written to a standard stream; the function given returns it."""
    before = os.dup(descriptor)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), descriptor)
        stream = io.TextIOWrapper(io.FileIO(descriptor, "wb", closefd=False), encoding="utf-8", write_through=True)

        def text() -> str:
            stream.flush()
            file.seek(0)
            return file.read().decode()

        try:
            with mock.patch.object(sys, name, stream):
                yield text
        finally:
            os.dup2(before, descriptor)
            os.close(before)
