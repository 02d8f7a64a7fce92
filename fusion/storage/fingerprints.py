"""Tell whether files changed, by content; unchanged size and time spare reading a large file again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fusion.errors import InputError
from fusion.storage.files import read_json, write_json


class Fingerprints:
    """Content hashes of files and folders, remembered between runs.

    Args:
        memory: a JSON file; it may be deleted at any time. None remembers nothing.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._known: dict[str, list[Any]] = read_json(memory) if memory and memory.exists() else {}
        self._of_this_run: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        """Hash the content of a file, or the names and contents of all files below a folder."""
        if path not in self._of_this_run:
            digest = hashlib.sha256()
            for file in _files(path):
                digest.update(f"{file.relative_to(path)} {self._of_file(file)}\n".encode())
            self._of_this_run[path] = digest.hexdigest()
        return self._of_this_run[path]

    def remember(self) -> None:
        """Write the memory for the next run."""
        if self._memory:
            write_json(self._memory, self._known)

    def _of_file(self, file: Path) -> str:
        try:
            status = file.stat()
            stamp = [status.st_size, status.st_mtime_ns]
            remembered = self._known.get(str(file.absolute()))
            if remembered is None or remembered[:2] != stamp:
                with file.open("rb") as content:
                    digest = hashlib.sha256()
                    while chunk := content.read(1 << 20):
                        digest.update(chunk)
                remembered = [*stamp, digest.hexdigest()]
                self._known[str(file.absolute())] = remembered
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({error.strerror})") from error
        return str(remembered[2])


def _files(path: Path) -> Iterator[Path]:
    """Walk the visible files at or below `path`, sorted; a linked folder counts like a real one."""
    if path.is_file():
        yield path
    seen = set()
    for folder, subfolders, names in os.walk(path, followlinks=True):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        if os.path.realpath(folder) in seen:  # a link back to where we came from
            subfolders.clear()
            continue
        seen.add(os.path.realpath(folder))
        yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))
