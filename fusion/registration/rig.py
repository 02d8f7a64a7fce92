"""The pairs of a rig, reduced to what an estimate needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from fusion.errors import InputError
from fusion.registration.geometry import Matrix, Size, scaling
from fusion.registration.reducing import reduce_by
from fusion.registration.structure import Grey

_LONGEST = 640  # pixels; finer images make an estimate slower, not better


class Rig(NamedTuple):
    """Images of two fixed cameras.

    Attributes:
        infrared: (H, W) float32 each, of one size, their longer side at most 640 pixels.
        visible: (h, w) float32 each, likewise.
        infrared_size: width and height of the images before they were reduced.
        visible_size: likewise.
    """

    infrared: list[Grey]
    visible: list[Grey]
    infrared_size: Size
    visible_size: Size

    def full(self, matrix: Matrix) -> Matrix:
        """Convert a transform between the reduced images to one between the images as they were."""
        found = np.linalg.inv(_to(self.visible[0], self.visible_size)) @ matrix
        found = found @ _to(self.infrared[0], self.infrared_size)
        return np.asarray(found / found[2, 2])


def collect(pairs: Iterable[tuple[str, Grey, Grey]]) -> Rig:
    """Reduce pairs one by one, so that only one is in memory at its full size.

    Args:
        pairs: name, infrared and visible image of each.

    Raises:
        InputError: there are none, or the sizes of one camera differ.
    """
    infrared: list[Grey] = []
    visible: list[Grey] = []
    sizes: tuple[Size, Size] | None = None
    for name, of_infrared, of_visible in pairs:
        found = _size(of_infrared), _size(of_visible)
        sizes = sizes or found
        if found != sizes:
            camera, one, other = next(
                (camera, one, other)
                for camera, one, other in zip(("infrared", "visible"), found, sizes, strict=True)
                if one != other
            )
            raise InputError(
                f"{name}: {camera} size differs from that of the pairs before it (found {one[0]}x{one[1]}, expected "
                f"{other[0]}x{other[1]}: a registration is of two fixed cameras)"
            )
        infrared.append(reduce_image(of_infrared, _LONGEST))
        visible.append(reduce_image(of_visible, _LONGEST))
    if sizes is None:
        raise InputError("registration: no pairs (expected at least one, better ten or more)")
    return Rig(infrared, visible, *sizes)


def reduce_image(image: Grey, longest: int) -> Grey:
    """Average an image down so that its longer side is at most `longest` pixels."""
    return np.asarray(reduce_by(image, longest / max(image.shape))[0], np.float32)


def _size(image: Grey) -> Size:
    return image.shape[1], image.shape[0]


def _to(reduced: Grey, size: Size) -> Matrix:
    return scaling(reduced.shape[1] / size[0], reduced.shape[0] / size[1])
