"""Two-scale fusion by saliency (TIF): the mean of the base layers, details weighted pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from fusion.fusers.per_image import Plane, fuse_each

if TYPE_CHECKING:
    from torch import Tensor

_MEAN_WINDOW, _MEDIAN_WINDOW = 35, 3


class TwoScaleSaliency:
    """Two-scale saliency (TIF): the mean of both base layers, and detail layers weighted by visual saliency.

    The base layer is a 35x35 mean filter, the detail layer the rest. The saliency of a pixel is the absolute difference
    between its 3x3 median and that mean. Details are weighted in proportion to the two saliencies, equally where both
    are 0.

    Source: Bavirisetti and Dhuli, Infrared Physics and Technology 76 (2016), with the paper's windows.
    """

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse base and detail layers of the pairs of a batch.

        Args:
            infrared: (B, 1, H, W) luma in [0, 1], on any device.
            visible: likewise.

        Returns:
            (B, 1, H, W) in the type and on the device of `infrared`, clamped to [0, 1].
        """
        return fuse_each(infrared, visible, _fuse)


def _fuse(infrared: Plane, visible: Plane) -> Plane:
    bases = _mean(infrared), _mean(visible)
    details = infrared - bases[0], visible - bases[1]
    salient = _saliency(infrared, bases[0]), _saliency(visible, bases[1])
    total = salient[0] + salient[1]
    share = np.where(total > 0, salient[0] / np.where(total > 0, total, 1), 0.5)
    return (bases[0] + bases[1]) / 2 + details[1] + share * (details[0] - details[1])


def _mean(image: Plane) -> Plane:
    return np.asarray(cv2.blur(image, (_MEAN_WINDOW, _MEAN_WINDOW), borderType=cv2.BORDER_REPLICATE), np.float64)


def _saliency(image: Plane, mean: Plane) -> Plane:
    median = cv2.medianBlur(image.astype(np.float32), _MEDIAN_WINDOW)  # OpenCV has no median of float64
    return np.abs(mean - median)
