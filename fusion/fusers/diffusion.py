"""Fusion by anisotropic diffusion (ADF): edge-preserving base layers, details weighted by a principal component."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from fusion.fusers.per_image import Plane, fuse_each

if TYPE_CHECKING:
    from torch import Tensor

_ITERATIONS, _STEP, _EDGE = 10, 0.15, 30 / 255


class AnisotropicDiffusion:
    """Anisotropic diffusion (ADF): the mean of both diffused base layers, and a weighted sum of the detail layers.

    The base layer of an image is the image after 10 diffusion steps of size 0.15 with an edge threshold of 30 grey
    levels; its detail layer is the rest. The two weights are those of `detail_weights`, one pair per image.

    Source: Bavirisetti and Dhuli, IEEE Sensors Journal 16 (2016); diffusion of Perona and Malik (1990) with four
        neighbours and the exponential edge-stopping function.
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


def diffuse(image: Plane) -> Plane:
    """Smooth an image between its edges by anisotropic diffusion.

    Args:
        image: (H, W) in [0, 1]; it is not modified.

    Returns:
        (H, W) with the mean of `image`, because nothing flows across the border.

    Example:
        >>> step = np.array([[0.1, 0.1, 0.9, 0.9]])
        >>> bool(np.allclose(diffuse(step), step))
        True
    """
    image = image.copy()
    for _ in range(_ITERATIONS):
        flow = np.zeros_like(image)
        for axis in (0, 1):
            difference = np.diff(image, axis=axis)
            across = difference * np.exp(-((difference / _EDGE) ** 2))
            flow += np.diff(across, axis=axis, prepend=0, append=0)
        image += _STEP * flow
    return image


def detail_weights(infrared: Plane, visible: Plane) -> tuple[float, float]:
    """Compute the weights of two detail layers from the first principal component of their joint distribution.

    Where the details are negatively correlated, the weights of the paper have opposite signs and may grow without
    bound; therefore the magnitudes of the component are used.

    Args:
        infrared: (H, W) detail layer.
        visible: likewise.

    Returns:
        The weights of infrared and visible, non-negative, with sum 1; (0.5, 0.5) if both layers are constant.

    Example:
        >>> detail = np.array([[-0.1, 0.1], [0.1, -0.1]])
        >>> [round(weight, 6) for weight in detail_weights(3 * detail, detail)]
        [0.75, 0.25]
    """
    covariance = np.cov(np.stack([infrared.ravel(), visible.ravel()]))
    if np.trace(covariance) < 1e-16:  # rounding errors only
        return 0.5, 0.5
    main = np.abs(np.linalg.eigh(covariance).eigenvectors[:, -1])
    return float(main[0] / main.sum()), float(main[1] / main.sum())


def _fuse(infrared: Plane, visible: Plane) -> Plane:
    bases = diffuse(infrared), diffuse(visible)
    details = infrared - bases[0], visible - bases[1]
    weights = detail_weights(*details)
    return (bases[0] + bases[1]) / 2 + weights[0] * details[0] + weights[1] * details[1]
