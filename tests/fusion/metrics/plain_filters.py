"""Filters of the plain implementations: separable, in float64, cropped to the positions where the window fits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import correlate1d

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float64]


def gaussian(size: int, sigma: float) -> Plane:
    offset = np.arange(size) - (size - 1) / 2
    weight = np.exp(-(offset**2) / (2 * sigma**2))
    return np.asarray(weight / weight.sum())


def filter_valid(image: Plane, window: Plane) -> Plane:
    """Filter along both axes with a window of odd length; keep the positions where it lies inside the image."""
    reach = len(window) // 2
    filtered = correlate1d(correlate1d(image, window, axis=0), window, axis=1)
    return np.asarray(filtered[reach : image.shape[0] - reach, reach : image.shape[1] - reach])


def sobel(padded: Plane) -> tuple[Plane, Plane]:
    """Return the vertical and the horizontal difference, each smoothed by [1 2 1], inside the border."""
    smooth, difference = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    down = correlate1d(correlate1d(padded, difference, axis=0), smooth, axis=1)
    along = correlate1d(correlate1d(padded, difference, axis=1), smooth, axis=0)
    return down[1:-1, 1:-1], along[1:-1, 1:-1]


def halve(image: Plane) -> Plane:
    """Average blocks of 2x2; an odd last row or column is dropped."""
    height, width = image.shape[0] // 2, image.shape[1] // 2
    return np.asarray(image[: 2 * height, : 2 * width].reshape(height, 2, width, 2).mean(axis=(1, 3)))
