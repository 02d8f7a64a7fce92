"""Run a method that is written for one pair of NumPy images on a batch of tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import Tensor

Plane = npt.NDArray[np.float64]  # (H, W) luma in [0, 1]


def fuse_each(infrared: Tensor, visible: Tensor, fuse_one: Callable[[Plane, Plane], Plane]) -> Tensor:
    """Fuse the images of a batch one by one, in float64 on the CPU.

    Args:
        infrared: (B, 1, H, W) in [0, 1], on any device.
        visible: likewise.
        fuse_one: is given one infrared and one visible image, which it must not change.

    Returns:
        (B, 1, H, W) in the type and on the device of `infrared`, clamped to [0, 1].
    """
    import torch

    pairs = zip(_planes(infrared), _planes(visible), strict=True)
    fused = np.stack([np.clip(fuse_one(*pair), 0, 1) for pair in pairs])
    return torch.from_numpy(fused[:, None]).to(infrared)


def _planes(images: Tensor) -> Plane:
    planes: Plane = images[:, 0].detach().cpu().numpy().astype(np.float64)
    return planes
