"""Images between files and tensors: the only place where integers meet [0, 1], BGR meets RGB and luma meets chroma."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fusion.errors import InputError
from fusion.files import write_bytes

IMAGE_SUFFIXES = (".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")
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
    pixels = _decode(path)
    low, high = (int(pixels.min()), int(pixels.max())) if pixels.dtype == np.uint16 else (0, 255)
    return luma(_to_rgb(path, pixels, low, high))


def read_visible(path: Path) -> Tensor:
    """Read one visible image, 8 or 16 bit, grey or colour; an alpha channel is dropped.

    Returns:
        (3, H, W) float32 in [0, 1], RGB; a grey file gives three equal channels.

    Raises:
        InputError: as `read_infrared`.
    """
    pixels = _decode(path)
    return _to_rgb(path, pixels, 0, np.iinfo(pixels.dtype).max)


def write_image(path: Path, image: Tensor) -> None:
    """Write (3, H, W) RGB or (1, H, W) grey in [0, 1] as an 8-bit file, atomically: clamped, rounded.

    The kind of file follows the suffix of `path`; PNG is compressed lightly, which is lossless and three times faster.
    """
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise InputError(f"{path}: cannot write images ending in {path.suffix!r}; known: {', '.join(IMAGE_SUFFIXES)}")
    _, encoded = cv2.imencode(path.suffix, to_bgr(image), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    write_bytes(path, encoded.tobytes())


def to_bytes(image: Tensor) -> npt.NDArray[np.uint8]:
    """Clamp, round and lay out a (C, H, W) image in [0, 1] as (H, W, C) uint8."""
    levels = (image.detach().clamp(0, 1) * 255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).cpu().numpy()


def to_bgr(image: Tensor) -> npt.NDArray[np.uint8]:
    """Lay a (3, H, W) RGB image in [0, 1] out as OpenCV writes it: (H, W, 3) uint8 BGR; grey stays (H, W, 1)."""
    return np.ascontiguousarray(to_bytes(image)[..., ::-1])


def from_bgr(pixels: npt.NDArray[Any], low: int = 0, high: int = 255) -> Tensor:
    """Turn pixels as OpenCV reads them, (H, W, 3) BGR, into (3, H, W) float32 RGB; levels low..high become [0, 1]."""
    rgb = np.ascontiguousarray(pixels[..., ::-1].transpose(2, 0, 1))
    return (torch.from_numpy(rgb.astype(np.float32)) - low) / max(high - low, 1)


def luma(rgb: Tensor) -> Tensor:
    """Give Y = .299 R + .587 G + .114 B of (..., 3, H, W) as (..., 1, H, W); equal channels come back unchanged."""
    red, green, blue = (channel.unsqueeze(-3) for channel in rgb.unbind(-3))
    weighted = _RED * red + _GREEN * green + _BLUE * blue
    return torch.where((red == green) & (green == blue), green, weighted)


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


def _decode(path: Path) -> npt.NDArray[Any]:
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
    return pixels


def _to_rgb(path: Path, pixels: npt.NDArray[Any], low: int, high: int) -> Tensor:
    bgr = pixels.reshape(*pixels.shape[:2], -1)
    if bgr.shape[2] == 1:
        bgr = np.repeat(bgr, 3, axis=2)
    if bgr.shape[2] not in (3, 4):
        raise InputError(f"{path}: {bgr.shape[2]} channels; expected 1, 3 or 4")
    return from_bgr(bgr[..., :3], low, high)
