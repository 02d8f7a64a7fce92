"""Pictures inside a page: images and masks as data URIs."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from downstream.masks import IGNORED, Mask

WIDEST = 1024  # pixels; a larger image is scaled down
_QUALITY = 92  # of WebP, in percent: less blurs the colours of single pixels
_UNKNOWN = (127, 127, 127)


def image_uri(image: npt.NDArray[np.uint8]) -> str:
    """Encode (H, W, 3) RGB as WebP, at most `WIDEST` pixels wide."""
    height, width = image.shape[:2]
    if width > WIDEST:
        image = np.asarray(
            cv2.resize(image, (WIDEST, round(height * WIDEST / width)), interpolation=cv2.INTER_AREA), np.uint8
        )
    bgr = np.ascontiguousarray(image[..., ::-1])
    _, encoded = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    return _uri("image/webp", encoded.tobytes())


def mask_uri(mask: Mask, colours: Sequence[tuple[int, int, int]]) -> str:
    """Encode class numbers as PNG in the colours of the classes; the background, class 0, is transparent.

    Args:
        mask: (H, W) class numbers; unknown pixels become grey.
        colours: RGB of every class.
    """
    table = np.zeros((IGNORED + 1, 4), np.uint8)
    table[1 : len(colours), 2::-1] = colours[1:]
    table[1 : len(colours), 3] = 255
    table[IGNORED] = (*_UNKNOWN, 255)
    _, encoded = cv2.imencode(".png", table[mask], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return _uri("image/png", encoded.tobytes())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
