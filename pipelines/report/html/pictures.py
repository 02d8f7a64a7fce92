"""Pictures inside a page: images, masks and drawings as data URIs."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from downstream.datasets import IGNORED, Mask
from fusion.images import read_visible, to_bytes
from pipelines.report.elements import Picture
from pipelines.report.html.detail import Detail

_DRAWN = 2  # times as wide as an image may be is a drawing, which has many images side by side and small letters
_UNKNOWN = (127, 127, 127)


def image_uri(image: npt.NDArray[np.uint8], detail: Detail) -> str:
    """Encode (H, W, 3) RGB as WebP."""
    bgr = np.ascontiguousarray(_narrowed(image, detail.widest, cv2.INTER_AREA)[..., ::-1])
    _, encoded = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, detail.quality])
    return _uri("image/webp", encoded.tobytes())


def picture_html(picture: Picture, folder: Path, detail: Detail) -> str:
    """Show a drawing in `folder` under its caption: opened by a click, as wide as its place or enlarged.

    Raises:
        InputError: the file cannot be read.
    """
    uri = image_uri(to_bytes(read_visible(folder / picture.name)), detail._replace(widest=_DRAWN * detail.widest))
    caption = escape(picture.caption)
    return (
        f'<details class="picture"><summary>{caption}</summary>\n'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
        '<button type="button" aria-pressed="false" aria-label="Enlarge">'
        f'<img src="{uri}" alt="{caption}" loading="lazy" decoding="async"></button></div></details>\n'
    )


def mask_uri(mask: Mask, colours: Sequence[tuple[int, int, int]], detail: Detail) -> str:
    """Encode class numbers as PNG in the colours of the classes; the background, class 0, is transparent.

    Args:
        mask: (H, W) class numbers; unknown pixels become grey.
        colours: RGB of every class.
    """
    table = np.zeros((IGNORED + 1, 4), np.uint8)
    table[1 : len(colours), 2::-1] = colours[1:]
    table[1 : len(colours), 3] = 255
    table[IGNORED] = (*_UNKNOWN, 255)
    kept = _narrowed(mask, detail.widest, cv2.INTER_NEAREST)
    _, encoded = cv2.imencode(".png", table[kept], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return _uri("image/png", encoded.tobytes())


def _narrowed(image: npt.NDArray[np.uint8], widest: int, interpolation: int) -> npt.NDArray[np.uint8]:
    height, width = image.shape[:2]
    if width <= widest:
        return image
    size = widest, max(round(height * widest / width), 1)
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
