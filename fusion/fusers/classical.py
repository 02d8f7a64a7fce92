"""Fusion without training: single modalities, their mean and maximum, and the Laplacian pyramid."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from fusion.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor


class Infrared:
    """The infrared image alone, in grey: a baseline without fusion."""

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = False

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Return `infrared`, (B, 1, H, W) luma in [0, 1]; `visible` is ignored."""
        return infrared


class Visible:
    """The visible image alone: a baseline without fusion."""

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Return `visible`, (B, 1, H, W) luma in [0, 1]; `infrared` is ignored."""
        return visible


class Average:
    """The mean of both images, pixel by pixel."""

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Average two (B, 1, H, W) luma images in [0, 1]; the result has the same shape and range.

        Example:
            >>> import torch
            >>> Average().fuse(torch.full((1, 1, 1, 2), 0.2), torch.full((1, 1, 1, 2), 0.6))
            tensor([[[[0.4000, 0.4000]]]])
        """
        return (infrared + visible) / 2


class Maximum:
    """The maximum of both images, pixel by pixel."""

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Take the maximum of two (B, 1, H, W) luma images in [0, 1]; the result has the same shape and range."""
        return infrared.maximum(visible)


class Laplacian:
    """Laplacian pyramid: at each scale the coefficient of larger magnitude, and the mean of the coarsest images.

    Args:
        levels: number of detail scales; small images get fewer, so that the shorter side of the coarsest image is at
            least 2 pixels.

    Raises:
        InputError: `levels` is below 1.

    Source: Burt and Adelson, IEEE Trans. Communications 31 (1983); selection of the larger coefficient as in Burt
        (1984).
    """

    learned: ClassVar[bool] = False
    colour: ClassVar[bool] = True

    def __init__(self, levels: int = 4) -> None:
        if levels < 1:
            raise InputError(f"fuser 'laplacian': levels={levels} out of range (expected at least 1)")
        self._levels = levels

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Decompose both images, select coefficients, reconstruct.

        Args:
            infrared: (B, 1, H, W) luma in [0, 1], H, W >= 4.
            visible: likewise.

        Returns:
            (B, 1, H, W), clamped to [0, 1].
        """
        from fusion.fusers.pyramid import pyramid_down, pyramid_up

        details: list[Tensor] = []
        while len(details) < self._levels and min(infrared.shape[2:]) >= 4:
            smaller_infrared, smaller_visible = pyramid_down(infrared), pyramid_down(visible)
            of_infrared = infrared - pyramid_up(smaller_infrared, infrared)
            of_visible = visible - pyramid_up(smaller_visible, visible)
            details.append(of_infrared.where(of_infrared.abs() > of_visible.abs(), of_visible))
            infrared, visible = smaller_infrared, smaller_visible
        fused = (infrared + visible) / 2
        for detail in reversed(details):
            fused = pyramid_up(fused, detail) + detail
        return fused.clamp(0, 1)
