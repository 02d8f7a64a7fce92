"""Fuse one pair of images with any fuser, in colour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fusion.fusers.fuser import Fuser
from fusion.images import StoredImage, luma, stored_luma, to_bytes, with_chroma_of


@torch.inference_mode()
def fuse_pair(fuser: Fuser, infrared: Tensor, visible: Tensor) -> Tensor:
    """Fuse one pair of images as `read_infrared` and `read_visible` give them.

    Args:
        fuser: from `build_fuser`.
        infrared: (1, H, W) float32 in [0, 1].
        visible: (3, H, W) float32 RGB in [0, 1].

    Returns:
        (3, H, W) float32 RGB in [0, 1]: fused luma with the visible image's chroma, or grey if the fuser says so.

    Raises:
        ValueError: the shapes are not as above.
    """
    if infrared.ndim != 3 or infrared.shape[0] != 1 or visible.shape != (3, *infrared.shape[1:]):
        raise ValueError(
            f"infrared {tuple(infrared.shape)} and visible {tuple(visible.shape)}; expected (1, H, W) and (3, H, W)"
        )
    fused = fuser.fuse(infrared[None], luma(visible)[None])[0]
    return _in_colour(fuser, fused, visible)


@torch.inference_mode()
def fuse_stored(fuser: Fuser, infrared: Tensor, visible: StoredImage) -> npt.NDArray[np.uint8]:
    """Fuse one pair as `Pair.read_stored` gives it: the bytes of `fuse_pair`, without colours in float32 in between.

    Returns:
        (H, W, 3) RGB.
    """
    fused = fuser.fuse(infrared[None], stored_luma(visible)[None])[0]
    levels = np.empty((*infrared.shape[1:], 3), np.uint8)
    for rows in visible.strips():
        levels[rows] = to_bytes(_in_colour(fuser, fused[:, rows], visible.rgb(rows)))
    return levels


def _in_colour(fuser: Fuser, fused: Tensor, visible: Tensor) -> Tensor:
    return with_chroma_of(fused, visible) if fuser.colour else fused.expand(3, -1, -1)
