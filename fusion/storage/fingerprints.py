"""Hash files by content, to detect changes; files of unchanged size and modification time are not read again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fusion.errors import InputError
from fusion.storage.files import read_json, write_json


class Fingerprints:
    """Content hashes of files and folders, cached between runs.

    Args:
        memory: the cache, a JSON file that may be deleted at any time; None for no cache.
    """

    def __init__(self, memory: Path | None = None) -> None:
        self._memory = memory
        self._known: dict[str, list[Any]] = read_json(memory) if memory and memory.exists() else {}
        self._of_this_run: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        """Hash the content of a file, or the relative paths and contents of all files below a folder.

        Hidden files are skipped; symbolic links to folders are followed.

        Returns:
            A SHA-256 hex digest, computed once per instance and path.

        Raises:
            InputError: a file cannot be read.
        """
        if path not in self._of_this_run:
            digest = hashlib.sha256()
            for file in _files(path):
                digest.update(os.fsencode(file.relative_to(path)) + f" {self._of_file(file)}\n".encode())
            self._of_this_run[path] = digest.hexdigest()
        return self._of_this_run[path]

    def of_all(self, files: Iterable[Path]) -> str:
        """Hash the contents of several files in their order, whatever they are called and wherever they are.

        Raises:
            InputError: a file cannot be read.
        """
        return hashlib.sha256("\n".join(map(self._of_file, files)).encode()).hexdigest()

    def remember(self) -> None:
        """Save the cache for the next run."""
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
    """Iterate over the files at or below `path`, sorted, without hidden ones; links to folders are followed."""
    if path.is_file():
        yield path
    seen = set()
    for folder, subfolders, names in os.walk(path, followlinks=True):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        if os.path.realpath(folder) in seen:  # a link to a folder visited before
            subfolders.clear()
            continue
        seen.add(os.path.realpath(folder))
        yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))
