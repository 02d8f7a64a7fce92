"""Fuse one pair of images in colour; fused luma is combined with the chroma of the visible image."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fusion.fusers.contract import fuse_checked
from fusion.fusers.fuser import Fuser, sees_colour
from fusion.images import EncodedImage, to_bytes, with_chroma_of


@torch.inference_mode()
def fuse_pair(fuser: Fuser, infrared: Tensor, visible: Tensor) -> Tensor:
    """Fuse one pair of images, as `read_infrared` and `read_visible` return them.

    Args:
        fuser: from `build_fuser`.
        infrared: (1, H, W) float32 luma in [0, 1], H, W >= 4.
        visible: (3, H, W) float32 RGB in [0, 1].

    Returns:
        (3, H, W) float32 RGB in [0, 1]: the fused luma with the chroma of the visible image, three equal channels if
        `fuser.colour` is False, or what the fuser returns if that is RGB.

    Raises:
        ValueError: the shapes are not as above.
        FuserError: as `fuse_checked`.

    Example:
        >>> import torch
        >>> from fusion import build_fuser
        >>> infrared, visible = torch.full((1, 4, 4), 0.8), torch.full((3, 4, 4), 0.2)
        >>> fuse_pair(build_fuser("average"), infrared, visible)[:, 0, 0]
        tensor([0.5000, 0.5000, 0.5000])
    """
    if infrared.ndim != 3 or infrared.shape[0] != 1 or visible.shape != (3, *infrared.shape[1:]):
        raise ValueError(
            f"wrong shapes of a pair (found infrared {tuple(infrared.shape)} and visible {tuple(visible.shape)}, "
            "expected (1, H, W) and (3, H, W))"
        )
    fused = fuse_checked(fuser, infrared[None], visible[None])[0]
    return _in_colour(fuser, fused, visible)


@torch.inference_mode()
def fuse_encoded(fuser: Fuser, infrared: Tensor, visible: EncodedImage) -> npt.NDArray[np.uint8]:
    """Fuse one pair as `Pair.read_encoded` returns it, without holding the whole image as float32 RGB.

    Args:
        fuser: from `build_fuser`.
        infrared: (1, H, W) float32 luma in [0, 1].
        visible: an image of the same size.

    Returns:
        (H, W, 3) uint8 RGB, equal to `to_bytes(fuse_pair(fuser, infrared, visible.rgb()))`.

    Raises:
        FuserError: as `fuse_checked`.
    """
    seen = visible.rgb() if sees_colour(fuser) else visible.luma()
    fused = fuse_checked(fuser, infrared[None], seen[None])[0]
    levels = np.empty((*infrared.shape[1:], 3), np.uint8)
    for rows in visible.strips():
        levels[rows] = to_bytes(_in_colour(fuser, fused[:, rows], visible.rgb(rows)))
    return levels


def _in_colour(fuser: Fuser, fused: Tensor, visible: Tensor) -> Tensor:
    """Return (3, H, W) RGB: the image as it is, or from (1, H, W) luma with the chroma of `visible`, or grey."""
    if fused.shape[0] == 3:
        return fused
    return with_chroma_of(fused, visible) if fuser.colour else fused.expand(3, -1, -1)
