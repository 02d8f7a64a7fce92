"""Bilinear enlarging of a part of a map, with the values that the whole map would have there."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from fusion.networks.windows import Window


class Samples(NamedTuple):
    """For each row or column of the enlarged map: the two of the coarse one it lies between, and how near the second.

    `lower` and `upper` are indices, `weight` is in [0, 1].
    """

    lower: Tensor
    upper: Tensor
    weight: Tensor

    def between(self, start: int, stop: int, coarse_start: int, coarse_stop: int) -> Samples:
        """Keep those of start..stop, with indices from `coarse_start` on; beyond the coarse part, its edge is taken."""
        lower, upper = (
            index[start:stop].clamp(coarse_start, coarse_stop - 1) - coarse_start for index in (self.lower, self.upper)
        )
        return Samples(lower, upper, self.weight[start:stop])


def bilinear_samples(coarse: int, fine: int, device: torch.device) -> Samples:
    """Tell from where `F.interpolate(mode="bilinear", align_corners=False)` takes each of `fine` values.

    Torch computes positions in float32, which far from 0 and for odd sizes is off by some 1e-4 of a pixel, by how much
    depends on the device. A part must be off equally, so the weights are measured: torch enlarges 0, 1, 0, 1, ...
    """
    position = ((torch.arange(fine, device=device, dtype=torch.float64) + 0.5) * coarse / fine - 0.5).clamp(min=0)
    lower = position.long()
    is_odd = (torch.arange(coarse, device=device) % 2).float().view(1, 1, -1, 1)
    enlarged = F.interpolate(is_odd, (fine, 1), mode="bilinear", align_corners=False).flatten()
    return Samples(lower, (lower + 1).clamp(max=coarse - 1), torch.where(lower % 2 == 0, enlarged, 1 - enlarged))


class Enlarging:
    """Enlarge any part of a map to the map of the next finer scale.

    Args:
        coarse: the window that is all of the coarse map.
        fine: likewise.
        device: where the maps are.
    """

    def __init__(self, coarse: Window, fine: Window, device: torch.device) -> None:
        self._rows = bilinear_samples(coarse.bottom, fine.bottom, device)
        self._columns = bilinear_samples(coarse.right, fine.right, device)

    def __call__(self, part: Tensor, coarse: Window, fine: Window) -> Tensor:
        """Give what lies in `fine` of the enlarged map from the part of the coarse map that lies in `coarse`."""
        columns = self._columns.between(fine.left, fine.right, coarse.left, coarse.right)
        rows = self._rows.between(fine.top, fine.bottom, coarse.top, coarse.bottom)
        wide = torch.lerp(part[..., columns.lower], part[..., columns.upper], columns.weight.to(part.dtype))
        return torch.lerp(wide[..., rows.lower, :], wide[..., rows.upper, :], rows.weight.to(part.dtype)[:, None])
