"""Read files, and write them atomically: a reader sees either the old content or all of the new one."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fusion.errors import InputError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Write one file atomically.

    Missing parent folders are created. If the block raises, an existing file is kept and nothing is left behind.

    Yields:
        A temporary path in the same folder to write to, with the same suffix; it is renamed to `path` at the end of
        the block.

    Raises:
        InputError: the block or the renaming raised an OSError, for example because the disk is full.
    """
    partial = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):  # do not hide the first error
            partial.unlink(missing_ok=True)


def link_or_copy(source: Path, target: Path) -> None:
    """Let `target` be the same file as `source`, or a copy of it where hard links are impossible; replaces `target`.

    Missing parent folders are created.

    Raises:
        OSError: a file cannot be read or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source.resolve(), target)  # resolved, because a hard link to a relative symbolic link would break
    except OSError:  # another disk, or one without hard links
        shutil.copyfile(source, target)


def remove_partial(folder: Path) -> None:
    """Delete the temporary files of `atomic_path` whose process was killed, in `folder` and below.

    No process may be writing there.
    """
    for path in folder.rglob(".*.[0-9]*.part*"):
        if path.is_file():
            path.unlink()


@contextmanager
def atomic_files(*paths: Path) -> Iterator[Path]:
    """Write several files of one folder together, for code that derives their names from the last one.

    If the block raises, nothing is moved.

    Yields:
        A path for the last file in a temporary folder, where the block writes the others beside it. At the end of the
        block, `paths` are moved from there; any other file is deleted.

    Raises:
        InputError: as `atomic_path`.
    """
    main = paths[-1]
    try:
        main.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{main.stem}.", dir=main.parent) as folder:
            yield Path(folder) / main.name
            for path in paths:
                os.replace(Path(folder) / path.name, path)
    except OSError as error:
        raise unwritable(main, error) from error


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write `content` to `path` atomically."""
    with atomic_path(path) as partial:
        partial.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically as UTF-8."""
    write_bytes(path, text.encode())


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table to `path` atomically as CSV, with a header row; None becomes an empty field.

    A text that a spreadsheet would run as a formula, such as an image name that begins with =, gets an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_inert(value) for value in row] for row in (columns, *rows))
    write_text(path, text.getvalue())


def _inert(value: Any) -> Any:
    """Return a field of a CSV file so that no spreadsheet runs it.

    Example:
        >>> [_inert(value) for value in ("=1+1", "-", "-0.5", -0.5, "00001D")]
        ["'=1+1", '-', '-0.5', -0.5, '00001D']
    """
    if not isinstance(value, str) or value == "-" or not value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return value
    with suppress(ValueError):
        float(value)
        return value
    return f"'{value}"


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` atomically as indented JSON."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON value, with or without a byte order mark.

    Raises:
        InputError: the file cannot be read, or is not valid JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:  # the last one: brackets nested too deeply
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error


def unwritable(path: Path, error: OSError) -> InputError:
    """Create the error for a failed write."""
    reason = error.strerror or error
    return InputError(f"{path}: cannot be written ({reason}). Try: another folder, or free disk space")
