"""Where a tile lies: windows of an image, at every scale of the network."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Window(NamedTuple):
    """Rows top..bottom and columns left..right of an image, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def whole(cls, image: Tensor) -> Window:
        """Give the window that is all of a (..., H, W) image."""
        return cls(0, image.shape[-2], 0, image.shape[-1])

    def of(self, image: Tensor) -> Tensor:
        """Cut it out of a (..., H, W) image; a view."""
        return image[..., self.top : self.bottom, self.left : self.right]

    def split(self, side: int) -> list[Window]:
        """Split it into squares of this side, row by row; the last ones of a row or column may be smaller."""
        return [
            Window(top, min(top + side, self.bottom), left, min(left + side, self.right))
            for top in range(self.top, self.bottom, side)
            for left in range(self.left, self.right, side)
        ]

    def grown(self, halo: int, limit: Window) -> Window:
        """Add a halo on all sides, as far as `limit` reaches."""
        return Window(
            max(self.top - halo, limit.top),
            min(self.bottom + halo, limit.bottom),
            max(self.left - halo, limit.left),
            min(self.right + halo, limit.right),
        )

    def at_scale(self, scale: int) -> Window:
        """Give its place in a map that was halved `scale` times, each time rounded down as pooling does."""
        return Window(*(edge >> scale for edge in self))

    def times(self, square: int) -> Window:
        """Give its pixels, where it counts squares of so many pixels a side."""
        return Window(*(edge * square for edge in self))

    def seen_from(self, other: Window) -> Window:
        """Count its rows and columns from the first ones of `other`."""
        return Window(self.top - other.top, self.bottom - other.top, self.left - other.left, self.right - other.left)
