"""Images with their label masks, cached in memory up to a limit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from downstream.datasets import Mask, read_mask
from downstream.four_channels import CHANNELS, SUFFIX, read_four_channels
from fusion.errors import InputError

Pixels = npt.NDArray[np.uint8]


class Labelled(NamedTuple):
    """The files of one image and of its label mask, and the grey levels of the classes in it, as for `read_mask`."""

    image: Path
    mask: Path
    values: tuple[int, ...] = ()


class LabelledImages:
    """A list of labelled images with a cache; images beyond its size are read again.

    Args:
        files: the images and their masks.
        classes: class names in the order of the class numbers.
        cache_bytes: size of the cache.
    """

    def __init__(self, files: Sequence[Labelled], classes: Sequence[str], cache_bytes: int = 2 * 1024**3) -> None:
        self._files, self._classes, self._cache_bytes = files, classes, cache_bytes
        self._cache: dict[int, tuple[Pixels, Mask]] = {}
        self._cached_bytes = 0

    def __len__(self) -> int:
        return len(self._files)

    @property
    def channels(self) -> int:
        """Number of channels of the images."""
        return CHANNELS if self._files[0].image.suffix == SUFFIX else 3

    def read(self, index: int) -> tuple[Pixels, Mask]:
        """Read one image and its mask; the arrays are shared and must not be modified.

        Returns:
            (H, W, C) uint8 as `read_pixels`, and (H, W) uint8 of class numbers and `IGNORED`.

        Raises:
            InputError: a file cannot be decoded, the mask contains no class numbers, or the two sizes differ.
        """
        if index in self._cache:
            return self._cache[index]
        image, mask, values = self._files[index]
        pixels, labels = read_pixels(image), read_mask(mask, self._classes, values)
        if pixels.shape[:2] != labels.shape:
            raise InputError(f"{mask}: size differs from {image} (found {_size(labels)}, expected {_size(pixels)})")
        if self._cached_bytes + pixels.nbytes + labels.nbytes <= self._cache_bytes:
            self._cache[index] = pixels, labels
            self._cached_bytes += pixels.nbytes + labels.nbytes
        return pixels, labels


def read_pixels(path: Path) -> Pixels:
    """Read one image as (H, W, 3) uint8 RGB, or as (H, W, 4) with infrared, from a file of `four_channels`.

    Raises:
        InputError: the file is missing or cannot be decoded.
    """
    from fusion.images import read_visible, to_bytes

    if path.suffix == SUFFIX:
        return read_four_channels(path)

    return np.ascontiguousarray(to_bytes(read_visible(path)))


def _size(pixels: npt.NDArray[np.uint8]) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
