"""All pairs of a rig at one resolution: images, structure maps, and where warped infrared images have content."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from fusion.registration.geometry import Matrix, Size, scaling
from fusion.registration.structure import Grey, structure_map

_BORDER = 9  # width and height of the neighbourhood that must lie inside the infrared image, for its edges to count


class Level:
    """Pairs of images, reduced so that the longer side of the visible ones is at most `longest`; never enlarged.

    Args:
        infrared: (H, W) float32 each, of one size.
        visible: (h, w) float32 each, of one size.
        longest: in pixels.

    Attributes:
        size: width and height of the reduced visible images.
        visible: their structure maps, (h, w, 3) each.
    """

    def __init__(self, infrared: Sequence[Grey], visible: Sequence[Grey], longest: int) -> None:
        self.size, self._to_visible = _reduction(visible[0].shape, longest / max(visible[0].shape))
        height, width = infrared[0].shape
        fine_enough = max(self.size[0] / width, self.size[1] / height)
        infrared_size, self._to_infrared = _reduction((height, width), fine_enough)
        self.visible = [structure_map(_reduced(image, self.size)) for image in visible]
        self._infrared = [_reduced(image, infrared_size) for image in infrared]

    def __len__(self) -> int:
        return len(self.visible)

    def reduced(self, matrix: Matrix) -> Matrix:
        """Convert a transform between the given images to one between the reduced images."""
        return np.asarray(self._to_visible @ matrix @ np.linalg.inv(self._to_infrared))

    def full(self, matrix: Matrix) -> Matrix:
        """Convert a transform between the reduced images to one between the given images."""
        found = np.linalg.inv(self._to_visible) @ matrix @ self._to_infrared
        return np.asarray(found / found[2, 2])

    def covered(self, matrix: Matrix) -> npt.NDArray[np.float32]:
        """Return an (h, w) mask, 1 where the infrared image, warped by a reduced transform, has content."""
        whole = np.ones(self._infrared[0].shape, np.float32)
        inside = cv2.warpPerspective(whole, matrix, self.size, flags=cv2.INTER_LINEAR) > 0.999
        kernel = np.ones((_BORDER, _BORDER), np.uint8)
        found = cv2.erode(inside.astype(np.float32), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
        return np.asarray(found, np.float32)

    def infrared(self, index: int, matrix: Matrix) -> npt.NDArray[np.float32]:
        """Return the (h, w, 3) structure map of an infrared image that is warped by a reduced transform."""
        warped = cv2.warpPerspective(
            self._infrared[index], matrix, self.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return structure_map(np.asarray(warped, np.float32))


def _reduction(shape: tuple[int, ...], factor: float) -> tuple[Size, Matrix]:
    """Return width and height of a (height, width) image reduced by a factor of at most 1, and the transform to it."""
    height, width = shape
    factor = min(1.0, factor)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return size, scaling(size[0] / width, size[1] / height)


def _reduced(image: Grey, size: Size) -> Grey:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
