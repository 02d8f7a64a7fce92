"""Decode image files into the numbers they hold: upright, black below white, without alpha. Does not import torch.

Orientation is applied as OpenCV, PIL and ultralytics do, from EXIF or the TIFF tag. Of a file with several pages, the
first is read. Transparency is no measurement: alpha is dropped, and what it hides is kept.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fusion.errors import InputError
from fusion.images.tiff import bits_per_value, has_white_zero
from fusion.limits import largest_image

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_BITS = 24  # where the header of a PNG states the bits of a value


def read_pixels(path: Path) -> npt.NDArray[Any]:
    """Decode one image.

    Returns:
        (H, W, C) with C = 1 (grey) or 3 (BGR), upright: uint8, or the larger integers or the floats of the file.

    Raises:
        InputError: the file cannot be read or decoded.
    """
    raw = read_raw(path)
    try:
        pixels = cv2.imdecode(raw, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR) if raw.size else None
    except cv2.error as error:
        if "MAX_IMAGE_PIXELS" in str(error):
            raise InputError(f"{path}: too many pixels (expected at most {largest_image()})") from error
        pixels = None
    if pixels is None:
        raise InputError(f"{path}: not an image that OpenCV can decode ({raw.size} bytes)")
    # OpenCV inverts values of 8 bits by itself
    if pixels.dtype.itemsize > 1 and raw[:2].tobytes() in (b"II", b"MM") and has_white_zero(io.BytesIO(raw.tobytes())):
        pixels = -pixels if np.issubdtype(pixels.dtype, np.floating) else np.invert(pixels)
    return pixels.reshape(*pixels.shape[:2], -1)


def read_raw(path: Path) -> npt.NDArray[np.uint8]:
    """Read the bytes of a file, (N,), as OpenCV decodes them.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        return np.fromfile(path, np.uint8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def is_deep(path: Path) -> bool:
    """Tell from the header of an image whether its values have more than 8 bits.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_PNG_BITS + 1)
            if head.startswith(_PNG):
                return head[_PNG_BITS:] == b"\x10"
            file.seek(0)
            return bits_per_value(file) > 8
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
