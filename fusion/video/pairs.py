"""Two videos side by side: do they fit, and their frames pair by pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from itertools import count

from torch import Tensor

from fusion.errors import InputError
from fusion.images import StoredImage, stored_luma
from fusion.video.reader import FrameReader
from fusion.video.source import VideoSource


def require_alike(infrared: VideoSource, visible: VideoSource, frames: int | None) -> None:
    """Check of two sources what they tell before any work.

    Args:
        infrared: one of the two.
        visible: the other one.
        frames: how many pairs are wanted; None for all.

    Raises:
        InputError: they differ in kind, size, rate or length, or have fewer frames than wanted.
    """
    if infrared.live != visible.live:
        live, file = (infrared, visible) if infrared.live else (visible, infrared)
        raise InputError(f"{live.name} is live and {file.name} a file; expected two of a kind")
    if infrared.size != visible.size:
        found = f"{_by(infrared.size)}, but {visible.name} is {_by(visible.size)}"
        raise InputError(f"{infrared.name}: {found}; the two must be registered and of one size")
    if frames is not None and frames < 1:
        raise InputError(f"{frames} frames wanted; expected at least 1")
    if infrared.live:
        return
    if not math.isclose(infrared.rate, visible.rate, rel_tol=1e-4):
        found = f"{infrared.rate:g} frames/s, but {visible.name} has {visible.rate:g}"
        raise InputError(f"{infrared.name}: {found}; expected equal rates")
    for source in (infrared, visible):
        if frames and source.count and source.count < frames:
            raise InputError(f"{source.name}: {source.count} frames; expected at least the {frames} wanted")
    if not frames and infrared.count and visible.count and infrared.count != visible.count:
        found = f"{infrared.count} frames, but {visible.name} has {visible.count}"
        shorter = min(infrared.count, visible.count)
        raise InputError(f"{infrared.name}: {found}; expected equal lengths, or --frames {shorter}")


def read_pairs(
    infrared: VideoSource, visible: VideoSource, stop_if_asked: Callable[[], None]
) -> Generator[tuple[Tensor, Tensor], None, None]:
    """Read two sources side by side, each in a thread of its own, until one ends.

    Args:
        infrared: is read up and closed.
        visible: likewise.
        stop_if_asked: is called while no frame comes, and may raise.

    Yields:
        infrared as (1, H, W) luma and visible as (3, H, W) RGB, float32 in [0, 1].

    Raises:
        InputError: one of two files ends before the other.
    """
    with (
        closing(FrameReader(infrared, lambda frame: stored_luma(StoredImage(frame)))) as infrared_frames,
        closing(FrameReader(visible, lambda frame: StoredImage(frame).rgb())) as visible_frames,
    ):
        for index in count():
            first, second = infrared_frames.next(stop_if_asked), visible_frames.next(stop_if_asked)
            if first is not None and second is not None:
                yield first, second
                continue
            if not infrared.live and not (first is None and second is None):
                ended, other = (infrared, visible) if first is None else (visible, infrared)
                found = f"ends after {index} frames, but {other.name} goes on"
                raise InputError(f"{ended.name}: {found}; expected equal lengths, or --frames {index}")
            return


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
