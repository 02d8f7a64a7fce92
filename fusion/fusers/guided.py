"""Fusion by guided filtering (GFF): two scales with edge-aware weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from fusion.fusers.per_image import Plane, fuse_each

if TYPE_CHECKING:
    from torch import Tensor

_BASE_WINDOW = 31
_SALIENCY_WINDOW, _SALIENCY_SIGMA = 11, 5
_BASE_RADIUS, _BASE_EPSILON = 45, 0.3
_DETAIL_RADIUS, _DETAIL_EPSILON = 7, 1e-6


class GuidedFilter:
    """Guided filtering (GFF): base and detail layers weighted by saliency, with separate edge-aware weight maps.

    The base layer is a 31x31 mean filter, the detail layer the rest. At each pixel the image with the larger smoothed
    Laplacian gets weight 1, both on a tie. A guided filter aligns these weights with the edges of the image: radius 45
    and epsilon 0.3 for the base layer, 7 and 1e-6 for the detail layer. The weights are clipped to [0, 1] and
    normalised; where both are 0, the images count equally.

    Source: Li, Kang and Hu, IEEE Trans. Image Processing 22 (2013), with the paper's parameters.
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


def guided_filter(image: Plane, guide: Plane, radius: int, epsilon: float) -> Plane:
    """Smooth an image while keeping the edges of a guide image.

    Args:
        image: (H, W).
        guide: (H, W) in [0, 1].
        radius: windows have 2 * radius + 1 pixels per side; the border is replicated.
        epsilon: regularisation; structures of the guide with a variance well above it are kept as edges.

    Returns:
        (H, W).

    Example:
        >>> edge = np.repeat([[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]], 6, axis=0)
        >>> bool(np.allclose(guided_filter(edge, edge, radius=1, epsilon=1e-6), edge, atol=1e-4))
        True

    Source: He, Sun and Tang, IEEE Trans. Pattern Analysis and Machine Intelligence 35 (2013), algorithm 1.
    """
    window = 2 * radius + 1
    mean_guide, mean_image = _mean(guide, window), _mean(image, window)
    covariance = _mean(guide * image, window) - mean_guide * mean_image
    variance = _mean(guide * guide, window) - mean_guide * mean_guide
    slope = covariance / (variance + epsilon)
    return _mean(slope, window) * guide + _mean(mean_image - slope * mean_guide, window)


def _fuse(infrared: Plane, visible: Plane) -> Plane:
    bases = [_mean(image, _BASE_WINDOW) for image in (infrared, visible)]
    salient = [_saliency(image) for image in (infrared, visible)]
    leads = [(salient[k] >= salient[1 - k]).astype(np.float64) for k in (0, 1)]

    def share(radius: int, epsilon: float) -> Plane:
        """Compute the normalised weight of the infrared image; the visible one has the rest."""
        guides = (infrared, visible)
        weights = [
            np.clip(guided_filter(lead, guide, radius, epsilon), 0, 1)
            for lead, guide in zip(leads, guides, strict=True)
        ]
        total = weights[0] + weights[1]
        return np.where(total > 0, weights[0] / np.where(total > 0, total, 1), 0.5)

    base = bases[1] + share(_BASE_RADIUS, _BASE_EPSILON) * (bases[0] - bases[1])
    details = infrared - bases[0], visible - bases[1]
    return base + details[1] + share(_DETAIL_RADIUS, _DETAIL_EPSILON) * (details[0] - details[1])


def _saliency(image: Plane) -> Plane:
    strength = np.abs(cv2.Laplacian(image, cv2.CV_64F, borderType=cv2.BORDER_REPLICATE))
    window = (_SALIENCY_WINDOW, _SALIENCY_WINDOW)
    return np.asarray(cv2.GaussianBlur(strength, window, _SALIENCY_SIGMA, borderType=cv2.BORDER_REPLICATE), np.float64)


def _mean(image: Plane, window: int) -> Plane:
    return np.asarray(cv2.blur(image, (window, window), borderType=cv2.BORDER_REPLICATE), np.float64)
