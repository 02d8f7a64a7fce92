"""Process a map part by part, with the same values as for the whole map.

A `Window` is the position of a part, a `TiledAdaptivePool` pools a map part by part, an `Upsampler` upsamples one part.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class Window(NamedTuple):
    """The rows top..bottom and columns left..right of an image, ends excluded.

    Example:
        >>> image = Window(0, 100, 0, 60)
        >>> image.split(64)
        [Window(top=0, bottom=64, left=0, right=60), Window(top=64, bottom=100, left=0, right=60)]
        >>> Window(0, 64, 0, 60).with_halo(16, image)
        Window(top=0, bottom=80, left=0, right=60)
    """

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def whole(cls, image: Tensor) -> Window:
        """Return the window that covers a (..., H, W) image."""
        return cls(0, image.shape[-2], 0, image.shape[-1])

    def of(self, image: Tensor) -> Tensor:
        """Crop a (..., H, W) image to the window; the result is a view."""
        return image[..., self.top : self.bottom, self.left : self.right]

    def split(self, side: int) -> list[Window]:
        """Split the window into squares of `side` pixels, row by row; those at the bottom and right may be smaller."""
        return [
            Window(top, min(top + side, self.bottom), left, min(left + side, self.right))
            for top in range(self.top, self.bottom, side)
            for left in range(self.left, self.right, side)
        ]

    def with_halo(self, halo: int, limit: Window) -> Window:
        """Return the window extended by `halo` pixels on all sides, clipped to `limit`."""
        return Window(
            max(self.top - halo, limit.top),
            min(self.bottom + halo, limit.bottom),
            max(self.left - halo, limit.left),
            min(self.right + halo, limit.right),
        )

    def at_scale(self, scale: int) -> Window:
        """Return the window in a map that was halved `scale` times, rounding down each time as max pooling does."""
        return Window(*(edge >> scale for edge in self))

    def upscaled(self, factor: int) -> Window:
        """Return the window in an image that is `factor` times as large."""
        return Window(*(edge * factor for edge in self))

    def relative_to(self, other: Window) -> Window:
        """Return the window with rows and columns counted from the top left corner of `other`."""
        return Window(self.top - other.top, self.bottom - other.top, self.left - other.left, self.right - other.left)


class TiledAdaptivePool:
    """Compute `F.adaptive_avg_pool2d(map, side)` of a map that arrives part by part.

    Bin i holds the rows from floor(i * H / side) to ceil((i + 1) * H / side), so neighbouring bins may share a row.

    Args:
        whole: window of the whole map.
        side: height and width of the pooled map.
        device: device of the parts.
    """

    def __init__(self, whole: Window, side: int, device: torch.device) -> None:
        self._rows = _bin_members(whole.bottom, side, device)  # (side, H), true where a row belongs to a bin
        self._columns = _bin_members(whole.right, side, device)
        self._sum: Tensor | float = 0.0

    def add(self, part: Tensor, window: Window) -> None:
        """Add the (B, C, h, w) part at `window`; every pixel of the map must be added exactly once."""
        rows = self._rows[:, window.top : window.bottom].double()
        columns = self._columns[:, window.left : window.right].to(part.dtype).T
        self._sum = self._sum + rows @ (part @ columns).double()  # float64: a sum over millions of values

    def mean(self) -> Tensor:
        """Return the pooled map, (B, C, side, side) float64."""
        counts = self._rows.sum(dim=1)[:, None] * self._columns.sum(dim=1)
        return torch.as_tensor(self._sum) / counts


class Upsampler:
    """Upsample any part of a map bilinearly to the next finer scale, with the values of the whole upsampled map.

    Args:
        coarse: window of the whole coarse map.
        fine: window of the whole fine map.
        device: device of the maps.
    """

    def __init__(self, coarse: Window, fine: Window, device: torch.device) -> None:
        self._rows = bilinear_samples(coarse.bottom, fine.bottom, device)
        self._columns = bilinear_samples(coarse.right, fine.right, device)

    def __call__(self, part: Tensor, coarse: Window, fine: Window) -> Tensor:
        """Return the upsampled map at `fine`, given the (B, C, h, w) part of the coarse map at `coarse`."""
        columns = self._columns.between(fine.left, fine.right, coarse.left, coarse.right)
        rows = self._rows.between(fine.top, fine.bottom, coarse.top, coarse.bottom)
        wide = torch.lerp(part[..., columns.lower], part[..., columns.upper], columns.weight.to(part.dtype))
        return torch.lerp(wide[..., rows.lower, :], wide[..., rows.upper, :], rows.weight.to(part.dtype)[:, None])


class BilinearSamples(NamedTuple):
    """For each row or column of the fine map, its two neighbours in the coarse map and the weight of the second.

    `lower` and `upper` are indices, `weight` is in [0, 1].
    """

    lower: Tensor
    upper: Tensor
    weight: Tensor

    def between(self, start: int, stop: int, coarse_start: int, coarse_stop: int) -> BilinearSamples:
        """Select start..stop, with indices relative to `coarse_start`; indices outside the coarse part are clamped."""
        lower, upper = (
            index[start:stop].clamp(coarse_start, coarse_stop - 1) - coarse_start for index in (self.lower, self.upper)
        )
        return BilinearSamples(lower, upper, self.weight[start:stop])


def bilinear_samples(coarse: int, fine: int, device: torch.device) -> BilinearSamples:
    """Compute which samples `F.interpolate(mode="bilinear", align_corners=False)` takes from `coarse` to `fine` values.

    Torch computes positions in float32. Far from 0 and for odd sizes these are off by some 1e-4 of a pixel, and the
    error depends on the device. To reproduce it, the weights are measured: torch upsamples 0, 1, 0, 1, ...
    """
    position = ((torch.arange(fine, device=device, dtype=torch.float64) + 0.5) * coarse / fine - 0.5).clamp(min=0)
    lower = position.long()
    is_odd = (torch.arange(coarse, device=device) % 2).float().view(1, 1, -1, 1)
    upsampled = F.interpolate(is_odd, (fine, 1), mode="bilinear", align_corners=False).flatten()
    weight = torch.where(lower % 2 == 0, upsampled, 1 - upsampled)
    return BilinearSamples(lower, (lower + 1).clamp(max=coarse - 1), weight)


def _bin_members(length: int, side: int, device: torch.device) -> Tensor:
    bins, places = torch.arange(side, device=device)[:, None], torch.arange(length, device=device)
    return (places >= bins * length // side) & (places < -(-(bins + 1) * length // side))
