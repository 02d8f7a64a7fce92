"""The binomial image pyramid of Burt and Adelson: smoothing, REDUCE and EXPAND."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def smooth(image: Tensor) -> Tensor:
    """Smooth with the binomial kernel [1 4 6 4 1] / 16 along both axes, with reflected borders.

    Args:
        image: (B, 1, H, W), H, W >= 3.

    Returns:
        (B, 1, H, W).
    """
    smoothed = F.pad(image, (2, 2, 2, 2), mode="reflect")
    for axis in (2, 3):  # torch convolves images of one channel 5 to 20 times as slowly on CPUs
        first, second, third, fourth, fifth = (smoothed.narrow(axis, offset, image.shape[axis]) for offset in range(5))
        smoothed = torch.add(torch.add(first + fifth, second + fourth, alpha=4), third, alpha=6) / 16
    return smoothed


def pyramid_down(image: Tensor) -> Tensor:
    """Smooth and keep every second pixel (REDUCE).

    Args:
        image: (B, 1, H, W), H, W >= 3.

    Returns:
        (B, 1, H/2, W/2), rounded up.

    Example:
        >>> import torch
        >>> pyramid_down(torch.ones(1, 1, 5, 8)).shape
        torch.Size([1, 1, 3, 4])
    """
    return smooth(image)[..., ::2, ::2]


def pyramid_up(image: Tensor, like: Tensor) -> Tensor:
    """Interpolate to the size of `like` (EXPAND): insert zeros between the pixels, smooth, scale by 4.

    Args:
        image: (B, 1, H/2, W/2), rounded up.
        like: (B, 1, H, W), H, W >= 3; only its shape, type and device are used.

    Returns:
        (B, 1, H, W).
    """
    spread = torch.zeros_like(like)
    spread[..., ::2, ::2] = image
    return smooth(spread) * 4  # three of four pixels are zeros
