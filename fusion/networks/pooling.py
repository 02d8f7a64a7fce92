"""Average pooling of a map that is seen in parts only."""

from __future__ import annotations

import torch
from torch import Tensor

from fusion.networks.windows import Window


class PooledSum:
    """Gather parts of a map to what `F.adaptive_avg_pool2d(map, side)` gives for the whole.

    Bin i holds the rows from floor(i * H / side) to ceil((i + 1) * H / side), so that neighbours may share one.

    Args:
        whole: the window that is all of the map.
        side: of the pooled map.
        device: where the maps are.
    """

    def __init__(self, whole: Window, side: int, device: torch.device) -> None:
        self._rows = _members(whole.bottom, side, device)  # (side, H), 1 where a row is in a bin
        self._columns = _members(whole.right, side, device)
        self._sum: Tensor | float = 0.0

    def add(self, part: Tensor, window: Window) -> None:
        """Add the (B, C, h, w) part that lies in `window`; every pixel of the map is to be added once."""
        rows = self._rows[:, window.top : window.bottom].double()
        columns = self._columns[:, window.left : window.right].to(part.dtype).T
        self._sum = self._sum + rows @ (part @ columns).double()  # float64 from image to image: millions of values

    def mean(self) -> Tensor:
        """Give (B, C, side, side) float64."""
        counts = self._rows.sum(dim=1)[:, None] * self._columns.sum(dim=1)
        return torch.as_tensor(self._sum) / counts


def _members(length: int, side: int, device: torch.device) -> Tensor:
    bins, places = torch.arange(side, device=device)[:, None], torch.arange(length, device=device)
    return (places >= bins * length // side) & (places < -(-(bins + 1) * length // side))
