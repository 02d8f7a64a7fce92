"""What infrared and visible images of one scene share: where edges are and which way they run."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.float32]  # (H, W) of any range
Structure = npt.NDArray[np.float32]  # (H, W, 3), of `structure_map`

_SMOOTHING, _NEIGHBOURHOOD, _FLOOR = 1.5, 12.0, 0.1  # sigmas in pixels; share of the mean energy that counts as noise


def structure_map(image: Grey) -> Structure:
    """Describe the edges of an image so that neither contrast nor its sign matters.

    The squared gradient is taken as a complex number, which doubles its angle: opposite directions become equal. It is
    divided by the mean energy of the neighbourhood, and saturates for strong edges.

    Args:
        image: (H, W) float32 of any range.

    Returns:
        (H, W, 3) float32: cosine and sine of the doubled angle times the strength in [0, 1), and the strength minus
        its local mean. All zeros for a constant image; the negative of an image has the same map.

    Source: directional energies as in Irani and Anandan, "Robust multi-sensor image alignment", ICCV 1998.
    """
    smooth = cv2.GaussianBlur(image, (0, 0), _SMOOTHING)
    along_x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    along_y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    squared_x, squared_y = along_x * along_x, along_y * along_y
    found: Structure = np.dstack([squared_x - squared_y, 2 * along_x * along_y, squared_x + squared_y])
    found = np.asarray(cv2.GaussianBlur(found, (0, 0), _SMOOTHING), np.float32)
    nearby = cv2.GaussianBlur(found[..., 2], (0, 0), _NEIGHBOURHOOD)
    found /= (nearby + _FLOOR * float(nearby.mean()) + np.float32(1e-12))[..., None]
    found /= 1 + found[..., 2:]
    found[..., 2] -= np.asarray(cv2.GaussianBlur(found[..., 2], (0, 0), _NEIGHBOURHOOD))
    return found
