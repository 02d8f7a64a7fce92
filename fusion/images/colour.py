"""Luma and chroma of tensors, and tensors in [0, 1] as 8-bit levels: the only place that converts between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_RED_RANGE, _BLUE_RANGE = 0.713, 0.564  # OpenCV's float factors for Cr and Cb


def luma(rgb: Tensor) -> Tensor:
    """Compute the luma Y = .299 R + .587 G + .114 B (ITU-R BT.601).

    Args:
        rgb: (..., 3, H, W), usually in [0, 1].

    Returns:
        (..., 1, H, W) in the range of `rgb`. Grey pixels (R = G = B) keep their value exactly.

    Verified against: OpenCV's `COLOR_RGB2YCrCb` on float32, 1e-6.

    Example:
        >>> import torch
        >>> luma(torch.tensor([1.0, 0.0, 0.0]).view(3, 1, 1))
        tensor([[[0.2990]]])
    """
    red, green, blue = (channel.unsqueeze(-3) for channel in rgb.unbind(-3))
    weighted = _RED * red + _GREEN * green + _BLUE * blue
    return torch.where((red == green) & (green == blue), green, weighted)


def with_chroma_of(y: Tensor, rgb: Tensor, added: Tensor | None = None) -> Tensor:
    """Combine the luma `y` with the chroma of `rgb`: replace Y, keep Cr and Cb, convert back to RGB.

    Args:
        y: (..., 1, H, W) luma in [0, 1].
        rgb: (..., 3, H, W) RGB in [0, 1].
        added: (..., 2, H, W) in [-0.5, 0.5], added to Cr and Cb.

    Returns:
        (..., 3, H, W) RGB, clamped to [0, 1].

    Verified against: OpenCV's `COLOR_RGB2YCrCb` and `COLOR_YCrCb2RGB` on float32, 1e-6.

    Example:
        >>> import torch
        >>> colour = torch.tensor([0.5, 0.4, 0.3]).view(3, 1, 1)
        >>> with_chroma_of(torch.tensor([[[0.6]]]), colour).flatten()
        tensor([0.6815, 0.5815, 0.4815])
    """
    old_y = luma(rgb)
    cr = (rgb[..., 0:1, :, :] - old_y) * _RED_RANGE  # centred on 0
    cb = (rgb[..., 2:3, :, :] - old_y) * _BLUE_RANGE
    if added is not None:
        cr, cb = cr + added[..., 0:1, :, :], cb + added[..., 1:2, :, :]
    return torch.cat([y + 1.403 * cr, y - 0.714 * cr - 0.344 * cb, y + 1.773 * cb], dim=-3).clamp(0, 1)


def to_bytes(image: Tensor) -> npt.NDArray[np.uint8]:
    """Convert an image to 8-bit levels.

    Args:
        image: (C, H, W), in [0, 1] where it is not to be clamped; on any device.

    Returns:
        (H, W, C) uint8: clamped to [0, 1], times 255, rounded half to even. The order of the channels is kept.

    Example:
        >>> import torch
        >>> to_bytes(torch.tensor([-0.1, 0.5, 2.0]).view(1, 1, 3)).ravel()
        array([  0, 128, 255], dtype=uint8)
    """
    levels = (image.detach().clamp(0, 1) * 255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).cpu().numpy()


def to_bgr(image: Tensor) -> npt.NDArray[np.uint8]:
    """Convert an image to 8-bit levels in OpenCV's channel order.

    Args:
        image: (3, H, W) RGB or (1, H, W) grey in [0, 1].

    Returns:
        (H, W, 3) BGR or (H, W, 1) grey uint8, contiguous; clamped and rounded as `to_bytes` does.
    """
    return np.ascontiguousarray(to_bytes(image)[..., ::-1])
