"""Write files so that a reader sees either the old content or the whole new one."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fusion.errors import InputError


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to, and rename it to `path` when the block ends well.

    Raises:
        InputError: the folder cannot be written or the disk is full; nothing is left behind.
    """
    partial = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with suppress(OSError):  # the error that led here is the one to tell
            partial.unlink(missing_ok=True)


def remove_partial(folder: Path) -> None:
    """Delete below `folder` what `atomic_path` left because its process was killed; nobody may be writing there."""
    for path in folder.rglob(".*.[0-9]*.part*"):
        if path.is_file():
            path.unlink()


@contextmanager
def atomic_files(*paths: Path) -> Iterator[Path]:
    """Give where to write the last of several files of one folder, with the others beside it; move them at the end.

    Where the block ends badly, nothing is moved. Other files that it leaves there are dropped.

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


def write_csv(path: Path, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Write a table to `path` atomically as CSV; None is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    write_text(path, text.getvalue())


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` atomically as indented JSON."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read one JSON value.

    Raises:
        InputError: the file is missing or holds no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error})") from error


def unwritable(path: Path, error: OSError) -> InputError:
    """Turn a failed write into a one-line message that names the file and the reason."""
    return InputError(f"{path}: cannot be written ({error.strerror or error}); free the disk or choose another folder")
