"""How a stage ends: its folder becomes the result, or an error is told to be its own or everybody's."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from fusion.errors import InputError, one_line
from fusion.storage import unwritable
from pipelines.stages.stage import Stage

DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)  # no fault of one fuser


def part_of(final: Path) -> Path:
    """Name the folder in which a stage works until it is through."""
    return final.with_name(f".{final.name}.part")


def publish(part: Path, final: Path) -> None:
    """Swap the finished folder in; the old one is gone only when the new one stands beside it complete."""
    if final.exists():
        old = part.with_suffix(".old")
        shutil.rmtree(old, ignore_errors=True)
        final.rename(old)
        part.rename(final)
        shutil.rmtree(old)
    else:
        part.rename(final)


def reason_to_go_on(stage: Stage, part: Path, error: Exception) -> str:
    """Say in one line why a stage that may fail did.

    Raises:
        Exception: `error` itself, or a clearer one, where it is no fault of this stage alone.
    """
    if isinstance(error, InputError | MemoryError):
        raise error
    if isinstance(error, OSError) and error.errno in DISK_FAULTS:
        raise unwritable(part, error) from error
    if not stage.may_fail:
        raise error
    return f"{type(error).__name__}: {one_line(error)}"
