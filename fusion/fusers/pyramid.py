"""The binomial image pyramid of Burt and Adelson: smoothing, REDUCE and EXPAND."""

from __future__ import annotations

from functools import cache

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
    kernel = _binomial(image.dtype, image.device)
    padded = F.pad(image, (2, 2, 2, 2), mode="reflect")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, 5, 1)), kernel.view(1, 1, 1, 5))


@cache
def _binomial(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return [1 4 6 4 1] / 16, cached because copying it to a GPU waits for all pending work there."""
    with torch.inference_mode(False):  # an inference tensor could not be used where gradients are recorded later
        return torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], dtype=dtype, device=device) / 16


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
