"""Check any fuser against the contract in `fusion/fusers/fuser.py`, once in full or what it returns at every call."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from fusion.errors import FuserError, InputError, one_line, reason_of
from fusion.fusers.fuser import Fuser, sees_colour, visible_for

SIZES = ((4, 4), (5, 7), (4, 19), (33, 47), (64, 48))  # height, width
_BATCH = 3
_CLOSE = 1e-5  # between a batch and its images one by one: below a hundredth of a grey level
_SLACK = 1e-3  # a quarter of a grey level, by which a fused image in use may leave the range
_FLAT = ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.3, 0.3))  # infrared and visible level: a scale of 0 to divide by


def contract_violations(fuser: Fuser) -> list[str]:
    """Check a fuser on small synthetic images: noise and constant images from 4x4 pixels, with even and odd sides.

    Returns:
        One sentence per violation of the contract; an empty list if there is none.

    Example:
        >>> from fusion import build_fuser
        >>> contract_violations(build_fuser("average"))
        []
    """
    flags = [
        f"{flag} is not a bool" for flag in ("learned", "colour") if not isinstance(getattr(fuser, flag, None), bool)
    ]
    found = dict.fromkeys(flags)
    for size in SIZES:
        generator = torch.Generator().manual_seed(size[0] * size[1])
        noise = list(torch.rand(2, _BATCH, 1, *size, generator=generator))
        if sees_colour(fuser):
            noise[1] = torch.rand(_BATCH, 3, *size, generator=generator)
        found |= dict.fromkeys(_violations(fuser, *noise))
        for levels in _FLAT:
            infrared, visible = torch.tensor(levels).view(2, 1, 1, 1, 1).expand(2, 1, 1, *size).contiguous()
            found |= dict.fromkeys(_violations_of_output(fuser, infrared, visible_for(fuser, visible).contiguous()))
    return list(found)


def fuse_checked(fuser: Fuser, infrared: Tensor, visible: Tensor) -> Tensor:
    """Call `fuser.fuse`, and check that the result can be used.

    Args:
        fuser: any.
        infrared: (B, 1, H, W) float32 luma in [0, 1].
        visible: luma of the same shape, or (B, 3, H, W) RGB; converted to what the fuser takes.

    Returns:
        (B, 1, H, W) luma or (B, 3, H, W) RGB, as the fuser returns it.

    Raises:
        FuserError: it raised an exception, or returned something other than finite luma or RGB in [0, 1], a thousandth
            aside, of the size and on the device of `infrared`.
    """
    try:
        fused = fuser.fuse(infrared, visible_for(fuser, visible))
    except (Exception, SystemExit) as error:
        raise FuserError(reason_of(error)) from error
    if fault := _fault(fused, infrared, _SLACK):
        raise FuserError(fault)
    return fused


def _fault(fused: object, like: Tensor, slack: float = 0.0) -> str:
    """Say what keeps a result from being luma or RGB of the size and on the device of `like`; "" if nothing does."""
    if not isinstance(fused, Tensor):
        return f"wrong return type (found {type(fused).__name__}, expected Tensor)"
    batch, _, *size = like.shape
    if fused.shape not in (like.shape, (batch, 3, *size)):
        expected = f"{tuple(like.shape)} for luma or {(batch, 3, *size)} for RGB"
        return f"wrong shape (found {tuple(fused.shape)}, expected {expected})"
    if fused.device != like.device:
        return f"wrong device (found {fused.device}, expected {like.device} as the inputs)"
    if not fused.isfinite().all():
        return "values that are not finite"
    if not -slack <= fused.min() <= fused.max() <= 1 + slack:
        return f"values out of range (found {float(fused.min()):.3g}..{float(fused.max()):.3g}, expected 0..1)"
    return ""


def _violations(fuser: Fuser, infrared: Tensor, visible: Tensor) -> Iterator[str]:
    """Check the whole contract on one batch of noise."""
    size = _size(infrared)
    before = infrared.clone(), visible.clone()
    faults = list(_violations_of_output(fuser, infrared, visible))
    yield from faults
    if not (torch.equal(infrared, before[0]) and torch.equal(visible, before[1])):
        yield f"{size}: the source images are modified"
    if faults:
        return  # further checks would only repeat the same fault
    fused = fuser.fuse(*(image.clone() for image in before))
    if not torch.equal(fused, fuser.fuse(*(image.clone() for image in before))):
        yield f"{size}: not deterministic (equal inputs gave different outputs)"
    one_by_one = [fuser.fuse(before[0][k : k + 1], before[1][k : k + 1]) for k in range(_BATCH)]
    furthest = float((fused - torch.cat(one_by_one)).abs().max())
    if furthest > _CLOSE:
        yield f"{size}: a batch differs from its images fused one by one (by {furthest:.2g})"


def _violations_of_output(fuser: Fuser, infrared: Tensor, visible: Tensor) -> Iterator[str]:
    """Check what a single call returns; stop at the first fault."""
    size = _size(infrared)
    try:
        fused = fuser.fuse(infrared, visible)
    except InputError as error:
        yield f"{size}: {error}"
        return
    except (Exception, SystemExit) as error:
        yield f"{size}: raises {type(error).__name__} ({one_line(error)})"
        return
    if fault := _fault(fused, infrared):
        yield f"{size}: {fault}"
    elif fused.dtype != torch.float32:
        yield f"{size}: wrong dtype (found {fused.dtype}, expected torch.float32)"
    elif fused.requires_grad:
        yield f"{size}: the output records gradients. Try: torch.inference_mode() or torch.no_grad() inside fuse"


def _size(image: Tensor) -> str:
    return f"images of {image.shape[3]}x{image.shape[2]}"
