"""Images, masks and figures as data URIs, and how far they are reduced to limit the size of a page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from downstream.datasets import IGNORED, Mask
from fusion.images import read_visible, to_bytes
from pipelines.report.elements import Picture

_FIGURE_WIDTH = 2  # relative to that of an image; a figure has many images side by side and small text
_UNLABELLED = (127, 127, 127)
MAX_BYTES = 15_000_000  # of a page


class Detail(NamedTuple):
    """The maximum width of images in pixels, and their WebP quality in percent."""

    width: int
    quality: int

    @property
    def note(self) -> str:
        """The notice to readers, which is empty for full detail."""
        if self == DETAILS[0]:
            return ""
        return (
            f"To keep this page below {MAX_BYTES // 1_000_000} MB, its images are at most {self.width} pixels wide, in "
            f"WebP quality {self.quality} (normally {DETAILS[0].width} and {DETAILS[0].quality}). Do not judge fine "
            "detail by them; the fused images are in the work folder."
        )


# Tried in this order until the page is small enough. Quality is reduced first: at 92 every pixel is preserved, and 80
# halves the size.
DETAILS = (
    Detail(1024, 92),
    Detail(1024, 80),
    *(Detail(width, 65) for width in (1024, 800, 640, 512, 400, 320, 240, 160)),
)


def image_uri(image: npt.NDArray[np.uint8], detail: Detail) -> str:
    """Encode an (H, W, 3) RGB image as WebP in a data URI."""
    bgr = np.ascontiguousarray(_limit_width(image, detail.width, cv2.INTER_AREA)[..., ::-1])
    _, encoded = cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, detail.quality])
    return _uri("image/webp", encoded.tobytes())


def picture_html(picture: Picture, folder: Path, detail: Detail) -> str:
    """Format a figure in `folder` as a section that a click on the caption opens; another click enlarges the figure.

    Raises:
        InputError: the file cannot be read.
    """
    uri = image_uri(to_bytes(read_visible(folder / picture.name)), detail._replace(width=_FIGURE_WIDTH * detail.width))
    caption = escape(picture.caption)
    return (
        f'<details class="picture"><summary>{caption}</summary>\n'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
        '<button type="button" aria-pressed="false" aria-label="Enlarge">'
        f'<img src="{uri}" alt="{caption}" loading="lazy" decoding="async"></button></div></details>\n'
    )


def mask_uri(mask: Mask, colours: Sequence[tuple[int, int, int]], detail: Detail) -> str:
    """Encode a mask as PNG in a data URI, in the colours of the classes; the background, class 0, is transparent.

    Args:
        mask: (H, W) class numbers; unlabelled pixels become grey.
        colours: RGB of each class.
        detail: limits the width.
    """
    table = np.zeros((IGNORED + 1, 4), np.uint8)
    table[1 : len(colours), 2::-1] = colours[1:]
    table[1 : len(colours), 3] = 255
    table[IGNORED] = (*_UNLABELLED, 255)
    kept = _limit_width(mask, detail.width, cv2.INTER_NEAREST)
    _, encoded = cv2.imencode(".png", table[kept], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return _uri("image/png", encoded.tobytes())


def _limit_width(image: npt.NDArray[np.uint8], max_width: int, interpolation: int) -> npt.NDArray[np.uint8]:
    height, width = image.shape[:2]
    if width <= max_width:
        return image
    size = max_width, max(round(height * max_width / width), 1)
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
