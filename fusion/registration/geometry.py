"""Transforms of points in a plane, and the outlines of images. Does not import OpenCV or torch."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Size = tuple[int, int]  # width and height in pixels
Frame = tuple[int, int, int, int]  # left, top, width and height in pixels
Matrix = npt.NDArray[np.float64]  # (3, 3), acts on (x, y, 1); whole numbers are the centres of pixels


def corners_of(size: Size) -> npt.NDArray[np.float64]:
    """Return the outer corners of the corner pixels of an image, clockwise from the top left: (4, 2) x and y."""
    right, bottom = size[0] - 0.5, size[1] - 0.5
    return np.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]])


def transform_points(matrix: Matrix, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Apply a transform to points.

    Args:
        matrix: (3, 3).
        points: (N, 2) x and y.

    Returns:
        (N, 2) x and y.

    Example:
        >>> transform_points(np.diag([2.0, 3.0, 1.0]), np.array([[1.0, 1.0]])).tolist()
        [[2.0, 3.0]]
    """
    found = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(found[:, :2] / found[:, 2:])


def scaling(scale_x: float, scale_y: float) -> Matrix:
    """Return the transform of an image that is resized by two factors, where whole numbers are centres of pixels.

    Example:
        >>> scaling(0.5, 0.5)[0].tolist()  # the first pixel of the result lies between the first two
        [0.5, 0.0, -0.25]
    """
    x, y = float(scale_x), float(scale_y)
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def enlargement(matrix: Matrix, size: Size) -> float:
    """Return by which factor a transform enlarges the sides of an image; for a homography, on average.

    Example:
        >>> enlargement(np.diag([0.5, 0.5, 1.0]), (640, 480))
        0.5
    """
    return math.sqrt(area(transform_points(matrix, corners_of(size))) / (size[0] * size[1]))


def area(outline: npt.NDArray[np.float64]) -> float:
    """Return the area of a polygon of (N, 2) corners; negative where y points down and they run anticlockwise."""
    x, y = (outline - outline.mean(0)).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
