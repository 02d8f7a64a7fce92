"""One process per work folder: a lock that the system releases when its process ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fusion.errors import InputError
from fusion.storage import unwritable


@contextmanager
def locked(work_dir: Path) -> Iterator[None]:
    """Lock `work_dir` for this process until the block or the process ends, however it ends.

    Raises:
        InputError: another process works there, or the folder cannot be created.
    """
    path = work_dir / ".lock"
    try:
        work_dir.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+")
    except OSError as error:
        raise unwritable(work_dir, error) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            owner = handle.read().strip()
            raise InputError(
                f"{work_dir}: in use by process {owner}. Try: wait for it, or another --work-dir"
            ) from error
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield
