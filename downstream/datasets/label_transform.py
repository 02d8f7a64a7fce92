"""Bring labels into the frame of a registration, from the camera whose images they were drawn on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from downstream.datasets.boxes import Box
from downstream.datasets.palettes import IGNORED
from fusion.errors import unknown_name
from fusion.registration import Registration, Size, transform_points

if TYPE_CHECKING:
    from downstream.datasets.masks import Mask

VISIBLE, INFRARED = "visible", "infrared"
_LEAST_PX = 1  # of either side that is left of a box in the frame


def require_camera(name: str) -> None:
    """Check that labels may be drawn on the images of a camera.

    Raises:
        InputError: `name` is neither "visible" nor "infrared".
    """
    if name not in (VISIBLE, INFRARED):
        raise unknown_name("camera of labels", name, (VISIBLE, INFRARED))


@dataclass(frozen=True)
class LabelTransform:
    """Brings labels into the images that a registration makes.

    Attributes:
        registration: of the two cameras.
        camera: "visible" or "infrared", on whose images the labels were drawn.

    Raises:
        InputError: the camera is neither.
    """

    registration: Registration
    camera: str = VISIBLE

    def __post_init__(self) -> None:
        require_camera(self.camera)

    @property
    def size(self) -> Size:
        """Width and height in pixels of the images that the labels were drawn on."""
        visible, infrared = self.registration.visible_size, self.registration.infrared_size
        return infrared if self.camera == INFRARED else visible

    def boxes(self, boxes: Iterable[Box]) -> tuple[list[Box], int]:
        """Bring boxes into the frame and cut them to it.

        A box of the infrared camera becomes the box around its four transformed corners.

        Args:
            boxes: inside an image of `size`, as `clean_boxes` leaves them.

        Returns:
            The boxes of which at least a pixel is left in both directions, in the same order, and the number of others.
        """
        boxes = list(boxes)
        kept = []
        for box in boxes:
            corners = self._to_frame(box)
            x1, y1 = np.maximum(corners.min(0), 0).tolist()
            x2, y2 = np.minimum(corners.max(0), self.registration.size).tolist()
            if min(x2 - x1, y2 - y1) >= _LEAST_PX:
                kept.append(replace(box, xyxy=(x1, y1, x2, y2)))
        return kept, len(boxes) - len(kept)

    def mask(self, mask: Mask) -> Mask:
        """Bring a mask of an image of `size` into the frame; what the infrared camera does not see has no class."""
        from fusion.registration import crop_visible, warp_mask

        if self.camera == INFRARED:
            return warp_mask(self.registration, mask, IGNORED)
        return np.ascontiguousarray(crop_visible(self.registration, mask))

    def _to_frame(self, box: Box) -> npt.NDArray[np.float64]:
        """Return the corners of a box in the frame, (4, 2); those of boxes count from the edge of the first pixel."""
        x1, y1, x2, y2 = box.xyxy
        corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
        if self.camera == INFRARED:
            return transform_points(self.registration.to_frame, corners - 0.5) + 0.5
        return np.asarray(corners - self.registration.frame[:2])
