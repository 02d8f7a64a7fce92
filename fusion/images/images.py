"""Images between files and tensors: the only place where integers meet [0, 1], BGR meets RGB and luma meets chroma."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fusion.errors import InputError
from fusion.images.pairs import IMAGE_SUFFIXES
from fusion.images.stored import StoredImage, read_stored
from fusion.storage import write_bytes

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_RED_RANGE, _BLUE_RANGE = 0.713, 0.564  # OpenCV's float factors for Cr and Cb


def read_infrared(path: Path) -> Tensor:
    """Read one infrared image as luma.

    8-bit files of 1 or 3 channels are divided by 255. 16-bit files hold raw sensor counts, of which a scene uses a
    small part: they are stretched between their own minimum and maximum.

    Returns:
        (1, H, W) float32 in [0, 1].

    Raises:
        InputError: the file is missing, is no image, or has a depth other than 8 or 16 bit.
    """
    stored = read_stored(path)
    pixels = stored.pixels
    low, high = (int(pixels.min()), int(pixels.max())) if pixels.dtype == np.uint16 else (0, 255)
    return stored_luma(stored, low, high)


def read_visible(path: Path) -> Tensor:
    """Read one visible image, 8 or 16 bit, grey or colour; an alpha channel is dropped.

    Returns:
        (3, H, W) float32 in [0, 1], RGB; a grey file gives three equal channels.

    Raises:
        InputError: as `read_infrared`.
    """
    return read_stored(path).rgb()


def write_image(path: Path, image: Tensor) -> None:
    """Write (3, H, W) RGB or (1, H, W) grey in [0, 1] as an 8-bit file: clamped, rounded, as `write_levels` does."""
    write_levels(path, to_bytes(image))


def write_levels(path: Path, levels: npt.NDArray[np.uint8]) -> None:
    """Write (H, W, 3) RGB or (H, W, 1) grey as an 8-bit file, atomically.

    The kind of file follows the suffix of `path`; PNG is compressed lightly, which is lossless and three times faster.
    """
    bgr = np.ascontiguousarray(levels[..., ::-1])
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise InputError(f"{path}: cannot write images ending in {path.suffix!r}; known: {', '.join(IMAGE_SUFFIXES)}")
    _, encoded = cv2.imencode(path.suffix, bgr, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    write_bytes(path, encoded.data)


def to_bytes(image: Tensor) -> npt.NDArray[np.uint8]:
    """Clamp, round and lay out a (C, H, W) image in [0, 1] as (H, W, C) uint8."""
    levels = (image.detach().clamp(0, 1) * 255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).cpu().numpy()


def to_bgr(image: Tensor) -> npt.NDArray[np.uint8]:
    """Lay a (3, H, W) RGB image in [0, 1] out as OpenCV writes it: (H, W, 3) uint8 BGR; grey stays (H, W, 1)."""
    return np.ascontiguousarray(to_bytes(image)[..., ::-1])


def luma(rgb: Tensor) -> Tensor:
    """Give Y = .299 R + .587 G + .114 B of (..., 3, H, W) as (..., 1, H, W); equal channels come back unchanged."""
    red, green, blue = (channel.unsqueeze(-3) for channel in rgb.unbind(-3))
    weighted = _RED * red + _GREEN * green + _BLUE * blue
    return torch.where((red == green) & (green == blue), green, weighted)


def stored_luma(stored: StoredImage, low: int = 0, high: int | None = None) -> Tensor:
    """Give `luma(stored.rgb(slice(None), low, high))`, (1, H, W) float32, with colours in float32 for a strip only."""
    y = torch.empty(1, *stored.pixels.shape[:2])
    for rows in stored.strips():
        y[:, rows] = luma(stored.rgb(rows, low, high))
    return y


def with_chroma_of(y: Tensor, rgb: Tensor) -> Tensor:
    """Give `y` the colours of `rgb`: replace its luma, keep Cr and Cb, go back to RGB (OpenCV's YCrCb on floats).

    Args:
        y: (..., 1, H, W) in [0, 1].
        rgb: (..., 3, H, W) in [0, 1].

    Returns:
        (..., 3, H, W) RGB, clamped to [0, 1].
    """
    old_y = luma(rgb)
    cr = (rgb[..., 0:1, :, :] - old_y) * _RED_RANGE  # centred on 0
    cb = (rgb[..., 2:3, :, :] - old_y) * _BLUE_RANGE
    return torch.cat([y + 1.403 * cr, y - 0.714 * cr - 0.344 * cb, y + 1.773 * cb], dim=-3).clamp(0, 1)
