"""The contract of every fusion method, and fusing one pair of images by it."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from fusion.errors import InputError
from fusion.images.images import luma, stored_luma, to_bytes, with_chroma_of
from fusion.images.stored import StoredImage


class Fuser(Protocol):
    """A fusion method: two registered luma images in, one out.

    `learned` says whether the method has weights that are trained. `colour` says whether its results take the colours
    of the visible image; a method that must not see the visible image, like "infrared", gives grey ones.
    """

    learned: ClassVar[bool]
    colour: ClassVar[bool]

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Fuse (B, 1, H, W) float32 luma in [0, 1] into the same; same input, same output; any H, W >= 4."""
        ...


def require_fuser_class(found: Any, where: str) -> type[Fuser]:
    """Check that something from outside the project looks like a class of fusers; `contract.py` checks what it does.

    Args:
        found: what is to be one.
        where: it was found, for the message.

    Raises:
        InputError: it is no class, or lacks a method `fuse` or one of the flags `learned` and `colour`.
    """
    if not inspect.isclass(found):
        raise InputError(f"{where}: is {type(found).__name__}, expected a class of fusers")
    flags = [flag for flag in ("learned", "colour") if not isinstance(getattr(found, flag, None), bool)]
    if flags or not callable(getattr(found, "fuse", None)):
        lacking = [f"{flag} = True or False" for flag in flags] or ["a method fuse(self, infrared, visible)"]
        raise InputError(f"{where}: is no fuser; expected {' and '.join(lacking)} in the class")
    return cast(type[Fuser], found)


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
