"""Images with their label masks, read once where memory allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from downstream.datasets import Mask, read_mask
from fusion.errors import InputError
from fusion.images import read_visible, to_bytes

CACHE_BYTES = 2 * 1024**3
Pixels = npt.NDArray[np.uint8]


class Labelled(NamedTuple):
    """One image and the mask that says what its pixels show."""

    image: Path
    mask: Path


class LabelledImages:
    """A list of labelled images that keeps what it has read, up to 2 GB; further ones are read again.

    Args:
        files: what to read.
        classes: in the order of the class numbers.
    """

    def __init__(self, files: Sequence[Labelled], classes: Sequence[str]) -> None:
        self._files, self._classes = files, classes
        self._cache: dict[int, tuple[Pixels, Mask]] = {}
        self._cached_bytes = 0

    def __len__(self) -> int:
        return len(self._files)

    def read(self, index: int) -> tuple[Pixels, Mask]:
        """Read one image as (H, W, 3) uint8 RGB, and its mask as (H, W) uint8; neither may be written to.

        Raises:
            InputError: a file cannot be decoded, the mask holds no class numbers, or the two sizes differ.
        """
        if index in self._cache:
            return self._cache[index]
        image, mask = self._files[index]
        pixels, labels = read_pixels(image), read_mask(mask, self._classes)
        if pixels.shape[:2] != labels.shape:
            raise InputError(
                f"{image}: {_size(pixels)}, but {mask} is {_size(labels)}; expected a mask of the image's size"
            )
        if self._cached_bytes + pixels.nbytes + labels.nbytes <= CACHE_BYTES:
            self._cache[index] = pixels, labels
            self._cached_bytes += pixels.nbytes + labels.nbytes
        return pixels, labels


def read_pixels(path: Path) -> Pixels:
    """Read one image as (H, W, 3) uint8 RGB; errors as `fusion.images.images.read_visible`."""
    return np.ascontiguousarray(to_bytes(read_visible(path)))


def _size(pixels: npt.NDArray[np.uint8]) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
