"""Read image files as float32 tensors, and write them.

`read_infrared` and `read_visible` return float32 tensors. `read_encoded` keeps the integers of the file, which need a
quarter of the memory of float32; large visible images are converted from them strip by strip.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fusion.errors import InputError
from fusion.images.colour import luma, to_bytes
from fusion.images.decoding import read_pixels
from fusion.images.ranges import PERCENTILE, InfraredRange, infrared_limits
from fusion.images.stems import IMAGE_SUFFIXES
from fusion.registration import Registration, warp_infrared
from fusion.storage import write_bytes

STRIP_PIXELS = 2**20  # per strip of rows: large enough to be fast, small compared with a large image


class EncodedImage(NamedTuple):
    """An image in the numbers of its file, and its conversion to float32.

    Attributes:
        pixels: (H, W, C) with C = 1 (grey), 3 (BGR) or, in memory, 4 (BGR and alpha).
    """

    pixels: npt.NDArray[Any]

    def rgb(self, rows: slice = slice(None), low: float = 0, high: float | None = None) -> Tensor:
        """Convert rows to RGB; an alpha channel is dropped.

        Args:
            rows: the rows to convert (default: all).
            low: the level that becomes 0.
            high: the level that becomes 1 (default: the largest of the integer type).

        Returns:
            (3, h, W) float32 for the h selected rows; a grey image becomes three equal channels.
        """
        bgr = self.pixels[rows]
        high = np.iinfo(bgr.dtype).max if high is None else high
        if bgr.dtype.itemsize > 2:  # float32 alone would lose the difference of large values
            bgr, low, high = bgr.astype(np.float64) - low, 0, high - low
        if bgr.shape[2] == 1:
            bgr = np.repeat(bgr, 3, axis=2)
        rgb = np.ascontiguousarray(bgr[..., 2::-1].transpose(2, 0, 1))
        return (torch.from_numpy(rgb.astype(np.float32)) - low) / ((high - low) or 1)

    def like(self, rgb: Tensor) -> EncodedImage:
        """Encode (3, H, W) RGB in [0, 1] in the integers of this image, as a camera would; alpha is dropped."""
        most = np.iinfo(self.pixels.dtype).max
        levels = (rgb.flip(0).permute(1, 2, 0).double() * most).round().numpy()
        return EncodedImage(np.ascontiguousarray(levels.astype(self.pixels.dtype)))

    def luma(self, low: float = 0, high: float | None = None) -> Tensor:
        """Convert to luma strip by strip, so that float32 RGB exists for one strip at a time.

        Returns:
            (1, H, W) float32, equal to `luma(self.rgb(slice(None), low, high))`.
        """
        y = torch.empty(1, *self.pixels.shape[:2])
        for rows in self.strips():
            y[:, rows] = luma(self.rgb(rows, low, high))
        return y

    def strips(self) -> Iterator[slice]:
        """Split the rows into strips of about a million pixels."""
        height, width = self.pixels.shape[:2]
        step = max(STRIP_PIXELS // width, 1)
        return (slice(top, top + step) for top in range(0, height, step))


def read_encoded(path: Path) -> EncodedImage:
    """Read and decode one visible image, 8 or 16 bit, grey or colour, upright as `read_pixels` returns it.

    Raises:
        InputError: the file cannot be read or decoded, or has another bit depth.
    """
    pixels = read_pixels(path)
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{path}: unsupported bit depth (found {pixels.dtype}, expected 8- or 16-bit unsigned)")
    return EncodedImage(pixels)


def read_infrared(path: Path, infrared_range: InfraredRange = PERCENTILE) -> Tensor:
    """Read one infrared image as luma.

    8-bit files with 1 or 3 channels are divided by 255. Others, sensor counts of 16 bits or more or measurements in
    floats, of which a scene uses a small part, are stretched; what is beyond the range becomes 0 or 1, as does what is
    infinite, and a pixel without value (NaN) becomes 0. A constant image becomes 0.

    Args:
        path: the file.
        infrared_range: the levels that become 0 and 1; or "percentile", without .1 % of outliers at either end; or
            "image", the minimum and maximum. `with_infrared_range` finds one range for a whole data set.

    Returns:
        (1, H, W) float32 in [0, 1].

    Raises:
        InputError: the file cannot be read or decoded.
    """
    encoded = EncodedImage(read_pixels(path))
    y = encoded.luma(*infrared_limits(encoded.pixels, infrared_range))
    return y if encoded.pixels.dtype == np.uint8 else y.nan_to_num_(0, 1, 0).clamp_(0, 1)


def warp_luma(registration: Registration, infrared: Tensor) -> Tensor:
    """Bring infrared luma into the frame of a registration, as `warp_infrared` does.

    Args:
        registration: of the two cameras.
        infrared: (1, H, W) of its `infrared_size`, on the CPU.

    Returns:
        (1, h, w) of the size of its frame.
    """
    return torch.from_numpy(warp_infrared(registration, infrared[0].numpy()))[None]


def read_visible(path: Path) -> Tensor:
    """Read one visible image, 8 or 16 bit, grey or colour; an alpha channel is dropped.

    Returns:
        (3, H, W) float32 RGB in [0, 1]: levels divided by 255 or 65535; a grey file becomes three equal channels.

    Raises:
        InputError: as `read_encoded`.
    """
    return read_encoded(path).rgb()


def write_image(path: Path, image: Tensor) -> None:
    """Write an image as an 8-bit file, clamped and rounded as `to_bytes` does.

    Args:
        path: as `write_levels` takes it.
        image: (3, H, W) RGB or (1, H, W) grey in [0, 1].

    Raises:
        InputError: as `write_levels`.
    """
    write_levels(path, to_bytes(image))


def write_levels(path: Path, levels: npt.NDArray[np.uint8]) -> None:
    """Write 8-bit levels as an image file, atomically.

    Args:
        path: its suffix selects the format. PNG is compressed lightly: lossless, and three times faster to write.
        levels: (H, W, 3) RGB or (H, W, 1) grey.

    Raises:
        InputError: the suffix is not one of `IMAGE_SUFFIXES`, or the file cannot be written.
    """
    bgr = np.ascontiguousarray(levels[..., ::-1])
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        known = ", ".join(IMAGE_SUFFIXES)
        raise InputError(f"{path}: unknown image format (found suffix {path.suffix!r}, expected one of {known})")
    _, encoded = cv2.imencode(path.suffix, bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    write_bytes(path, encoded.data)
