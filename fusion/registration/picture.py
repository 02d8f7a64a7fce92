"""Show what a registration does: a checkerboard of both cameras and their edges, before and after."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fusion.registration.structure import Grey
from fusion.registration.transform import Registration
from fusion.registration.warping import crop_visible, warp_infrared

Pixels = npt.NDArray[np.uint8]

_WIDTH, _SQUARES, _GAP, _HEAD = 640, 8, 8, 28  # pixels of a tile; squares in a row; pixels
_SMOOTHING, _BRIGHTEST = 1.2, 98  # pixels; percentile of the gradients that is shown at full brightness


def draw_registration(registration: Registration, infrared: Grey, visible: Grey) -> Pixels:
    """Draw one pair: before, where the infrared image is stretched over the visible one, and after.

    Args:
        registration: of the rig.
        infrared: (H, W) float32 of any range.
        visible: (h, w) float32, likewise.

    Returns:
        (h', w', 3) uint8 BGR: two rows of a checkerboard and an edge picture. Edges of the visible image are cyan,
        those of the infrared one red, and both together white.
    """
    size = visible.shape[1], visible.shape[0]
    stretched = np.asarray(cv2.resize(infrared, size, interpolation=cv2.INTER_AREA), np.float32)
    before = _row("before: infrared stretched over visible", stretched, visible)
    frame = crop_visible(registration, visible)
    after = _row("after: registered", warp_infrared(registration, infrared), frame)
    return np.vstack([before, np.full((_GAP, before.shape[1], 3), 255, np.uint8), after])


def _row(title: str, infrared: Grey, visible: Grey) -> Pixels:
    tiles = [
        _tile(f"{title}, checkerboard", _checkerboard(_levels(infrared), _levels(visible))),
        _tile("edges: visible cyan, infrared red, both white", _edges(infrared, visible)),
    ]
    return np.hstack([tiles[0], np.full((len(tiles[0]), _GAP, 3), 255, np.uint8), tiles[1]])


def _tile(title: str, picture: Pixels) -> Pixels:
    """Scale a picture to fit a square of `_WIDTH`, on white of that width, below its title."""
    scale = _WIDTH / max(picture.shape[:2])
    width, height = (max(1, round(side * scale)) for side in picture.shape[1::-1])
    shown = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    head, right = np.full((_HEAD, _WIDTH, 3), 255, np.uint8), np.full((height, _WIDTH - width, 3), 255, np.uint8)
    cv2.putText(head, title, (4, _HEAD - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([head, np.hstack([shown, right])]).astype(np.uint8)


def _checkerboard(infrared: Pixels, visible: Pixels) -> Pixels:
    """Show infrared in a warm tint and visible in grey, in turn."""
    height, width = visible.shape
    side = max(1, width // _SQUARES)
    of_infrared = (np.add.outer(np.arange(height) // side, np.arange(width) // side) % 2).astype(bool)
    tinted = cv2.applyColorMap(infrared, cv2.COLORMAP_INFERNO)
    return np.where(of_infrared[..., None], tinted, cv2.cvtColor(visible, cv2.COLOR_GRAY2BGR))


def _edges(infrared: Grey, visible: Grey) -> Pixels:
    red, cyan = _gradient(infrared), _gradient(visible)
    return np.dstack([cyan, cyan, red])


def _gradient(image: Grey) -> Pixels:
    smooth = cv2.GaussianBlur(image, (0, 0), _SMOOTHING)
    size = cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    brightest = float(np.percentile(size, _BRIGHTEST)) or 1.0
    return np.asarray(np.clip(size * (255 / brightest), 0, 255), np.uint8)


def _levels(image: Any) -> Pixels:
    low, high = np.percentile(image, (1, 99))
    return np.asarray(np.clip((image - low) * (255 / (high - low or 1)), 0, 255), np.uint8)
