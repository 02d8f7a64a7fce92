"""Which part of the visible image the infrared camera covers. Does not import OpenCV or torch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fusion.errors import InputError
from fusion.registration.geometry import Frame, Matrix, Size, corners_of, transform_points

Columns = npt.NDArray[np.int64]

_ROUNDING = 1e-6  # pixels


def covered_frame(matrix: Matrix, infrared_size: Size, visible_size: Size) -> Frame:
    """Find the largest rectangle of visible pixels whose centres all lie inside the infrared image.

    The infrared image is convex in the visible one. Hence, a rectangle is inside if its first and last row are, and
    trying all pairs of rows finds the largest.

    Args:
        matrix: (3, 3), from infrared to visible pixels.
        infrared_size: width and height in pixels.
        visible_size: likewise.

    Returns:
        Left, top, width, height. Of equally large rectangles, the topmost.

    Raises:
        InputError: no pixel is covered.

    Example:
        >>> covered_frame(np.diag([1.5, 1.5, 1.0]), (320, 240), (640, 480))
        (0, 0, 480, 360)
    """
    left, right = covered_spans(matrix, infrared_size, visible_size)
    best, frame = 0, (0, 0, 0, 0)
    for top in np.flatnonzero(left <= right):
        width = np.minimum(right[top:], right[top]) - np.maximum(left[top:], left[top]) + 1
        area = np.maximum(width, 0) * np.arange(1, len(width) + 1)
        rows = int(np.argmax(area))
        if area[rows] > best:
            best = int(area[rows])
            frame = int(max(left[top], left[top + rows])), int(top), int(width[rows]), rows + 1
    if not best:
        raise InputError("matrix: the infrared image covers no visible pixel (expected images that overlap)")
    return frame


def covered_spans(matrix: Matrix, infrared_size: Size, size: Size) -> tuple[Columns, Columns]:
    """Find the pixels of every row of an image whose centres lie inside the infrared image.

    Args:
        matrix: (3, 3), from infrared pixels to pixels of that image.
        infrared_size: width and height in pixels.
        size: of that image, likewise.

    Returns:
        (height,) the first column of every row, and (height,) the last one; last < first where there is none.
    """
    width, height = size
    outline = transform_points(matrix, corners_of(infrared_size))  # convex
    low, high = np.full(height, -0.5), np.full(height, width - 0.5)
    rows = np.arange(height)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, 0), strict=True):
        rise = y1 - y0
        if abs(rise) < _ROUNDING:  # the inside is below an upper edge, which runs to the right
            outside = rows < y0 - _ROUNDING if x1 > x0 else rows > y0 + _ROUNDING
            high = np.where(outside, -np.inf, high)
        elif rise > 0:  # a right edge
            high = np.minimum(high, x0 + (rows - y0) * (x1 - x0) / rise)
        else:
            low = np.maximum(low, x0 + (rows - y0) * (x1 - x0) / rise)
    first = np.ceil(np.clip(low - _ROUNDING, 0, width)).astype(np.int64)
    last = np.floor(np.clip(high + _ROUNDING, -1, width - 1)).astype(np.int64)
    return first, last
