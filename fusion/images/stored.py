"""Images as their files hold them: integers, which need a quarter of the memory of float32."""

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

STRIP_PIXELS = 2**20  # of a strip of rows: large enough to be quick, small beside a large image


class StoredImage(NamedTuple):
    """Decoded pixels, (H, W, 1, 3 or 4) of 8 or 16 bits, BGR; what is asked pixel by pixel is asked strip by strip."""

    pixels: npt.NDArray[Any]

    def rgb(self, rows: slice = slice(None), low: int = 0, high: int | None = None) -> Tensor:
        """Map levels low..high, by default the full range of the type, to [0, 1]; an alpha channel is dropped.

        Returns:
            (3, h, W) float32 of the rows asked for; a grey image gives three equal channels.
        """
        bgr = self.pixels[rows]
        high = np.iinfo(bgr.dtype).max if high is None else high
        if bgr.shape[2] == 1:
            bgr = np.repeat(bgr, 3, axis=2)
        rgb = np.ascontiguousarray(bgr[..., 2::-1].transpose(2, 0, 1))
        return (torch.from_numpy(rgb.astype(np.float32)) - low) / max(high - low, 1)

    def strips(self) -> Iterator[slice]:
        """Split the rows into strips of about a million pixels."""
        height, width = self.pixels.shape[:2]
        step = max(STRIP_PIXELS // width, 1)
        return (slice(top, top + step) for top in range(0, height, step))


def read_stored(path: Path) -> StoredImage:
    """Read and decode one image, 8 or 16 bit, grey or colour.

    Raises:
        InputError: the file is missing, is no image, or has another depth or number of channels.
    """
    try:
        raw = np.fromfile(path, np.uint8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        pixels = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED) if raw.size else None
    except cv2.error:  # a header that promises more pixels than OpenCV takes
        pixels = None
    if pixels is None:
        raise InputError(f"{path}: not an image that can be decoded ({raw.size} bytes)")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{path}: {pixels.dtype} pixels; expected 8- or 16-bit unsigned")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if pixels.shape[2] not in (1, 3, 4):
        raise InputError(f"{path}: {pixels.shape[2]} channels; expected 1, 3 or 4")
    return StoredImage(pixels)
