"""Two-scale fusion by saliency (TIF): mean of the bases, details weighed pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from fusion.fusers.per_image import Plane, fuse_each

if TYPE_CHECKING:
    from torch import Tensor

_MEAN_WINDOW, _MEDIAN_WINDOW = 35, 3


class TwoScaleSaliency:
    """Two-scale saliency (TIF): the mean of both bases, and details weighed by how far a pixel stands out.

    A 35x35 mean filter parts base from detail. An image stands out where its 3x3 median differs from that mean; the
    details are weighed by the two saliencies, alike where neither stands out.

    Source: Bavirisetti and Dhuli, Infrared Physics and Technology 76 (2016), with the paper's windows.
    """

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Part, weigh, add, clamp to [0, 1]."""
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
