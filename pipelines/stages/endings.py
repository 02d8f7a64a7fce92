"""How a stage ends: its folder is published, or its error is either recorded or raised."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from fusion.errors import InputError, reason_of
from fusion.storage import unwritable
from pipelines.stages.stage import Stage

DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)  # not the fault of one fuser


def part_of(final: Path) -> Path:
    """Return the folder in which a stage works until it is finished."""
    return final.with_name(f".{final.name}.part")


def publish(part: Path, final: Path) -> None:
    """Replace the old result by the finished folder; the old one is deleted only once the new one is in place."""
    if final.exists():
        old = part.with_suffix(".old")
        shutil.rmtree(old, ignore_errors=True)
        final.rename(old)
        part.rename(final)
        shutil.rmtree(old)
    else:
        part.rename(final)


def reason_to_go_on(stage: Stage, part: Path, error: Exception) -> str:
    """Return in one line why a stage that may fail did.

    Raises:
        Exception: `error` itself, or a clearer one, if it does not concern this stage alone: a mistake of the user's,
            a full disk, or a stage that may not fail.
    """
    if isinstance(error, InputError):
        raise error
    if isinstance(error, OSError) and error.errno in DISK_FAULTS:
        raise unwritable(part, error) from error
    if not stage.may_fail:
        raise error
    return reason_of(error)
