"""The promises of `fusion/fusers/fuser.py`, checked on any fuser."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fusion.errors import InputError, one_line
from fusion.fusers.fuser import Fuser

SIZES = ((4, 4), (5, 7), (4, 19), (33, 47), (64, 48))  # height, width
_BATCH = 3
_CLOSE = 1e-5  # of a batch to its images one by one: less than a hundredth of a grey level
_FLAT = ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.3, 0.3))  # of infrared and visible: nothing to divide by


def broken_promises(fuser: Fuser) -> list[str]:
    """Say which promises of the contract a fuser breaks, one sentence each; an empty list is what is hoped for.

    It is run on small made images, noise and flat ones, of sizes from 4x4 on, odd ones among them.

    Example:
        >>> broken_promises(build_fuser("average"))
        []
    """
    flags = [f"{flag} is no bool" for flag in ("learned", "colour") if not isinstance(getattr(fuser, flag, None), bool)]
    broken = dict.fromkeys(flags)
    for size in SIZES:
        generator = torch.Generator().manual_seed(size[0] * size[1])
        noise = torch.rand(2, _BATCH, 1, *size, generator=generator)
        broken |= dict.fromkeys(_broken_by(fuser, *noise))
        for levels in _FLAT:
            flat = torch.tensor(levels).view(2, 1, 1, 1, 1).expand(2, 1, 1, *size).contiguous()
            broken |= dict.fromkeys(_broken_image(fuser, *flat))
    return list(broken)


def _broken_by(fuser: Fuser, infrared: Tensor, visible: Tensor) -> Iterator[str]:
    """Check one batch of noise for every promise."""
    size = _size(infrared)
    before = infrared.clone(), visible.clone()
    faults = list(_broken_image(fuser, infrared, visible))
    yield from faults
    if not (torch.equal(infrared, before[0]) and torch.equal(visible, before[1])):
        yield f"{size}: the source images are changed"
    if faults:
        return  # the rest says nothing more
    fused = fuser.fuse(*(image.clone() for image in before))
    if not torch.equal(fused, fuser.fuse(*(image.clone() for image in before))):
        yield f"{size}: equal input gives different output"
    one_by_one = [fuser.fuse(before[0][k : k + 1], before[1][k : k + 1]) for k in range(_BATCH)]
    furthest = float((fused - torch.cat(one_by_one)).abs().max())
    if furthest > _CLOSE:
        yield f"{size}: a batch differs from its images one by one by {furthest:.2g}"


def _broken_image(fuser: Fuser, infrared: Tensor, visible: Tensor) -> Iterator[str]:
    """Check what comes out for what can be seen at once."""
    size = _size(infrared)
    try:
        fused = fuser.fuse(infrared, visible)
    except InputError as error:
        yield f"{size}: {error}"
        return
    except Exception as error:
        yield f"{size}: fails ({type(error).__name__}: {one_line(error)})"
        return
    if not isinstance(fused, Tensor):
        yield f"{size}: gives {type(fused).__name__}; expected a tensor"
    elif fused.shape != infrared.shape:
        yield f"{size}: gives shape {tuple(fused.shape)} for {tuple(infrared.shape)}"
    elif fused.dtype != torch.float32:
        yield f"{size}: gives {fused.dtype}; expected torch.float32"
    elif fused.device != infrared.device:
        yield f"{size}: gives an image on {fused.device}; expected {infrared.device}, where the sources are"
    elif not fused.isfinite().all():
        yield f"{size}: gives values that are not finite"
    elif not 0 <= fused.min() <= fused.max() <= 1:
        yield f"{size}: gives values in {float(fused.min()):.3g}..{float(fused.max()):.3g}; expected 0..1"
    elif fused.requires_grad:
        yield f"{size}: records gradients; expected torch.inference_mode() or no_grad() inside fuse"


def _size(image: Tensor) -> str:
    return f"images of {image.shape[3]}x{image.shape[2]}"
