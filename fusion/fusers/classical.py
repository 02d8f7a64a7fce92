"""Fusion without training: the single modalities, their mean and maximum, and the Laplacian pyramid."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fusion.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


class Infrared:
    """The infrared image alone, in grey: what a fusion has to beat."""

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = False

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Give the infrared image."""
        return infrared


class Visible:
    """The visible image alone: what a fusion has to beat."""

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Give the visible image."""
        return visible


class Average:
    """The mean of both images, pixel by pixel."""

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Average."""
        return (infrared + visible) / 2


class Maximum:
    """The brighter of both images, pixel by pixel."""

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Take the maximum."""
        return infrared.maximum(visible)


class Laplacian:
    """Laplacian pyramid: at each scale the stronger detail of the two, on the mean of the coarsest images.

    Args:
        levels: number of detail scales; small images get fewer, so that the coarsest side stays at 2 or more.

    Raises:
        InputError: levels below 1.

    Source: Burt and Adelson, IEEE Trans. Communications 31 (1983); the stronger coefficient wins as in Burt (1984).
    """

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def __init__(self, levels: int = 4) -> None:
        if levels < 1:
            raise InputError(f"laplacian levels={levels}; expected at least 1")
        self._levels = levels

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Decompose, choose, rebuild, clamp to [0, 1]."""
        from fusion.fusers.pyramid import grow, shrink

        details: list[Tensor] = []
        while len(details) < self._levels and min(infrared.shape[2:]) >= 4:
            smaller_infrared, smaller_visible = shrink(infrared), shrink(visible)
            of_infrared = infrared - grow(smaller_infrared, infrared)
            of_visible = visible - grow(smaller_visible, visible)
            details.append(of_infrared.where(of_infrared.abs() > of_visible.abs(), of_visible))
            infrared, visible = smaller_infrared, smaller_visible
        fused = (infrared + visible) / 2
        for detail in reversed(details):
            fused = grow(fused, detail) + detail
        return fused.clamp(0, 1)
