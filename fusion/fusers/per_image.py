"""Apply a method written for two NumPy images to a batch of tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor

Plane = npt.NDArray[np.float64]  # (H, W) luma in [0, 1]


def fuse_each(infrared: Tensor, visible: Tensor, fuse_one: Callable[[Plane, Plane], Plane]) -> Tensor:
    """Fuse the pairs of a batch one by one, in float64 on the CPU.

    Args:
        infrared: (B, 1, H, W) luma in [0, 1], on any device.
        visible: likewise.
        fuse_one: maps infrared and visible, each (H, W), to the fused (H, W); it must not modify them.

    Returns:
        (B, 1, H, W) in the type and on the device of `infrared`, clamped to [0, 1].

    Example:
        >>> import torch
        >>> infrared, visible = torch.full((2, 1, 4, 4), 0.8), torch.full((2, 1, 4, 4), 0.2)
        >>> fuse_each(infrared, visible, np.minimum).unique()
        tensor([0.2000])
    """
    import torch

    pairs = zip(_planes(infrared), _planes(visible), strict=True)
    fused = np.stack([np.clip(fuse_one(*pair), 0, 1) for pair in pairs])
    return torch.from_numpy(fused[:, None]).to(infrared)


def _planes(images: Tensor) -> Plane:
    planes: Plane = images[:, 0].detach().cpu().numpy().astype(np.float64)
    return planes
