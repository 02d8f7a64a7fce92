"""The binomial image pyramid of Burt and Adelson: smooth, shrink, grow."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F


def smooth(image: Tensor) -> Tensor:
    """Smooth (B, 1, H, W) with the binomial [1 4 6 4 1] along both axes; the border is reflected, H, W >= 3."""
    kernel = _binomial(image.dtype, image.device)
    padded = F.pad(image, (2, 2, 2, 2), mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, 5, 1)), kernel.view(1, 1, 1, 5))


@cache
def _binomial(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Give [1 4 6 4 1] / 16, moved to a GPU once: every move waits for all that the GPU has to do."""
    with torch.inference_mode(False):  # where gradients are wanted later, no inference tensor will do
        return torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], dtype=dtype, device=device) / 16


def shrink(image: Tensor) -> Tensor:
    """Smooth and keep every second pixel, (B, 1, H, W) to (B, 1, H/2, W/2) rounded up."""
    return smooth(image)[..., ::2, ::2]


def grow(image: Tensor, like: Tensor) -> Tensor:
    """Interpolate back to the size of `like`: spread the pixels out, smooth."""
    spread = torch.zeros_like(like)
    spread[..., ::2, ::2] = image
    return smooth(spread) * 4  # three of four pixels are zeros
