"""Bring images into the frame of a registration."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fusion.registration.frame import covered_spans
from fusion.registration.geometry import Matrix, Size, enlargement
from fusion.registration.reducing import reduce_by
from fusion.registration.transform import Registration

_REDUCE_BELOW = 0.75  # a warp that shrinks more than this skips pixels; the image is averaged down first


def warp_infrared(registration: Registration, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Resample an infrared image once, with cubic interpolation, into the frame.

    Args:
        registration: of the rig.
        image: (H, W) or (H, W, C), uint8, uint16 or float32 without NaN, of the size `infrared_size`.

    Returns:
        (h, w) or (h, w, C) of the same type and within the range of `image`; 0 where the camera sees nothing.
    """
    matrix = registration.to_frame
    scale = enlargement(matrix, registration.infrared_size)
    reduced, to_reduced = reduce_by(image, scale if scale < _REDUCE_BELOW else 1)
    found = _warp(reduced, matrix @ np.linalg.inv(to_reduced), registration.size, cv2.INTER_CUBIC)
    np.clip(found, image.min(), image.max(), out=found)  # cubic interpolation overshoots at edges
    found[~covered(registration)] = 0
    return found


def warp_mask(registration: Registration, mask: npt.NDArray[np.uint8], outside: int) -> npt.NDArray[np.uint8]:
    """Bring a mask that was drawn on the infrared image into the frame, by the nearest pixel.

    Args:
        registration: of the rig.
        mask: (H, W), of the size `infrared_size`.
        outside: the value where the camera sees nothing.
    """
    found = _warp(mask, registration.to_frame, registration.size, cv2.INTER_NEAREST)
    found[~covered(registration)] = outside
    return found


def crop_visible(registration: Registration, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Cut the frame out of a visible image or a mask of one.

    Args:
        registration: of the rig.
        image: (H, W) or (H, W, C), of the size `visible_size`.

    Returns:
        A view of (h, w) or (h, w, C).
    """
    left, top, width, height = registration.frame
    return image[top : top + height, left : left + width]


def covered(registration: Registration) -> npt.NDArray[np.bool_]:
    """Return an (h, w) mask: which pixels of the frame have their centre inside the infrared image."""
    first, last = covered_spans(registration.to_frame, registration.infrared_size, registration.size)
    columns = np.arange(registration.size[0])
    return (columns >= first[:, None]) & (columns <= last[:, None])


def _warp(image: npt.NDArray[Any], matrix: Matrix, size: Size, interpolation: int) -> npt.NDArray[Any]:
    return cv2.warpPerspective(image, matrix, size, flags=interpolation, borderMode=cv2.BORDER_REPLICATE)
