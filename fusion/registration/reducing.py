"""Average images down, and tell where their pixels go."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fusion.registration.geometry import Matrix, scaling


def reduce_by(image: npt.NDArray[Any], factor: float) -> tuple[npt.NDArray[Any], Matrix]:
    """Average an image down.

    Args:
        image: (H, W) or (H, W, C).
        factor: of its sides; 1 and more leave it as it is.

    Returns:
        The smaller image, and the (3, 3) transform of pixels to it.
    """
    if factor >= 1:
        return image, np.eye(3)
    height, width = image.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), scaling(size[0] / width, size[1] / height)
