"""The scores of one method on disk, so that no image is measured twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from fusion import metrics
from fusion.errors import InputError
from fusion.storage import read_json, write_json

SAVE_EVERY = 50
Stamp = list[list[Any]]


class ScoreCache:
    """Scores by image, each valid as long as the files it was measured on do not change.

    Scores of another convention, other metrics, or another version of the metrics' code are discarded.

    Args:
        path: the JSON file.
        convention: of the metrics.
        names: of the metrics.

    Raises:
        InputError: the file exists but is not JSON.
    """

    def __init__(self, path: Path, convention: str, names: Sequence[str]) -> None:
        self._path, self._unsaved = path, 0
        self._head = {"convention": convention, "names": list(names), "code": code_of_metrics()}
        earlier = read_json(path) if path.exists() else {}
        same = {key: earlier.get(key) for key in self._head} == self._head
        self._images: dict[str, Any] = earlier["images"] if same else {}

    def has(self, image: str, files: Stamp) -> bool:
        """Return whether there are scores of an image that were measured on exactly these files."""
        return image in self._images and bool(self._images[image]["files"] == files)

    def scores(self, image: str) -> tuple[dict[str, float], dict[str, str]]:
        """Return the scores of an image by metric, and why it lacks some of them."""
        kept = self._images[image]
        return kept["values"], kept.get("left_out", {})

    def add(self, image: str, files: Stamp, values: dict[str, float], left_out: dict[str, str]) -> None:
        """Add the scores of an image, measured on these files; the cache is saved after every fifty images."""
        self._images[image] = {"files": files, "values": values, "left_out": left_out}
        self._unsaved += 1
        if self._unsaved == SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write the file if there are new scores.

        Raises:
            InputError: it cannot be written.
        """
        if self._unsaved:
            write_json(self._path, {**self._head, "images": self._images})
            self._unsaved = 0


@lru_cache
def code_of_metrics() -> str:
    """Return a hash of the code of the metrics: scores of the same images are the same as long as it is."""
    files = sorted(Path(metrics.__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def stamp(*files: Path) -> Stamp:
    """Return path, size and modification time of files, which change whenever a file is replaced or edited.

    Raises:
        InputError: a file cannot be read.
    """
    try:
        return [[str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror})") from error
