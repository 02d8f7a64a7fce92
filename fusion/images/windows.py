"""Where a crop was cut out of a pair."""

from __future__ import annotations

from typing import NamedTuple


class CropWindow(NamedTuple):
    """The place of a square crop.

    Attributes:
        pair: number of the pair.
        top: of the crop, in pixels of the pair.
        left: likewise.
        side: likewise.
        mirrored: whether left and right are exchanged.
    """

    pair: int
    top: int
    left: int
    side: int
    mirrored: bool
