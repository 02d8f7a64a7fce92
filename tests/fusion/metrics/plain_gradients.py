"""Plain implementations of the gradient metrics of the fused image."""

from __future__ import annotations

import numpy as np

from tests.fusion.metrics.plain_filters import Pixels, Plane, sobel


def frequency(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    image = fused.astype(np.float64)
    return float(np.sqrt((np.diff(image, axis=0) ** 2).mean() + (np.diff(image, axis=1) ** 2).mean()))


def frequency_vifb(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    """VIFB divides by the number of pixels, though there are fewer differences."""
    image = fused.astype(np.float64)
    squares = (np.diff(image, axis=0) ** 2).sum() + (np.diff(image, axis=1) ** 2).sum()
    return float(np.sqrt(squares / image.size))


def _gradients(fused: Pixels) -> Plane:
    down, along = np.gradient(fused.astype(np.float64))
    return np.asarray(np.sqrt((down**2 + along**2) / 2))


def gradient(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    height, width = fused.shape
    return float(_gradients(fused).sum() / ((height - 1) * (width - 1)))


def gradient_mean(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    return float(_gradients(fused).mean())


def edge_intensity(infrared: Pixels, visible: Pixels, fused: Pixels) -> float:
    down, along = sobel(np.pad(fused.astype(np.float64), 1, mode="edge"))
    return float(np.hypot(down, along).mean())
