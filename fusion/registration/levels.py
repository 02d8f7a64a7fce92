"""All pairs of a rig at one resolution: images, structure maps, and where warped infrared images have content."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from fusion.registration.geometry import Matrix
from fusion.registration.reducing import reduce_by
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
        smaller = [reduce_by(image, longest / max(image.shape)) for image in visible]
        self.visible = [structure_map(image) for image, _ in smaller]
        self.size, self._to_visible = smaller[0][0].shape[::-1], smaller[0][1]
        height, width = infrared[0].shape
        fine_enough = max(self.size[0] / width, self.size[1] / height)
        reduced = [reduce_by(image, fine_enough) for image in infrared]
        self._infrared, self._to_infrared = [image for image, _ in reduced], reduced[0][1]

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
