"""Fuse two videos or cameras into a video; reading, fusing and writing overlap."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from tqdm import tqdm

from fusion.errors import naming
from fusion.fusers import Fuser, fuse_pair
from fusion.interrupts import deferred_interrupt
from fusion.registration import Registration
from fusion.storage import atomic_path
from fusion.video.reader import read_pairs
from fusion.video.source import Source, VideoSource, quiet, require_alike
from fusion.video.writer import VideoFile, require_video_path


def fuse_video(
    fuser: Fuser,
    infrared: Source,
    visible: Source,
    out: Path,
    frames: int | None = None,
    registration: Registration | None = None,
) -> int:
    """Fuse two videos frame by frame into `out`, at their frame rate.

    Files: every frame is fused; after Ctrl-C nothing is written. Cameras and streams: the newest frames are fused, and
    the video lasts as long as the recording, because frames are repeated while fusing is slower than the cameras.
    Recording ends with the shorter source or with Ctrl-C, and the video is kept.

    Args:
        fuser: from `build_fuser`.
        infrared: a file, the number of a camera, or a URL such as rtsp://...; 8 bit, colour is converted to luma.
        visible: likewise, of the same kind; of the same size unless there is a registration.
        out: the file to write, ending in `.mp4` (mp4v) or `.avi` (MJPG); an existing file is never overwritten.
        frames: stop after this number of pairs.
        registration: of the two cameras; the video shows its frame. None if both show the same.

    Returns:
        The number of fused pairs.

    Raises:
        InputError: `out` exists or cannot be written; a source cannot be read; the two sources differ in kind, size,
            rate or length, or from the sizes of the registration, or report fewer than `frames` frames.
        FuserError: the fuser fails on a frame, which the message numbers from 0.
        KeyboardInterrupt: Ctrl-C was pressed and `out` was not written.
    """
    require_video_path(out)
    fused = 0
    with quiet():
        with ExitStack() as opened:
            sources = (
                opened.enter_context(closing(VideoSource(infrared))),
                opened.enter_context(closing(VideoSource(visible))),
            )
            require_alike(*sources, frames, registration)
            opened.pop_all()  # from here on, their readers close them
        try:
            with deferred_interrupt() as stop_if_asked:
                fused = _record(fuser, *sources, registration, out, frames, stop_if_asked)
        except KeyboardInterrupt:
            if not fused:  # otherwise it arrived when the video was complete
                raise KeyboardInterrupt(f"{out} is not written") from None
    return fused


def _record(
    fuser: Fuser,
    infrared: VideoSource,
    visible: VideoSource,
    registration: Registration | None,
    out: Path,
    frames: int | None,
    stop_if_asked: Callable[[], None],
) -> int:
    fused, rate = 0, min(infrared.rate, visible.rate)
    total, size = frames or infrared.count or visible.count, registration.size if registration else visible.size
    with (
        atomic_path(out) as partial,
        closing(VideoFile(partial, size, rate)) as file,
        tqdm(total=total, desc=f"fuse {out.name}", unit="frame") as bar,
        closing(read_pairs(infrared, visible, stop_if_asked, registration)) as pairs,
    ):
        start = time.monotonic()
        try:
            while fused != frames and (pair := next(pairs, None)):
                due = (time.monotonic() - start) * rate if infrared.live else fused
                with naming(f"frame {fused}"):
                    image = fuse_pair(fuser, *pair)
                file.write(image, copies_to_keep_time(due, file.frames))
                fused += 1
                bar.update()
                stop_if_asked()
        except KeyboardInterrupt:
            if not (infrared.live and fused):
                raise
            bar.write("stopped by Ctrl-C; the recording so far is kept", file=sys.stderr)
        file.finish()
    return fused


def copies_to_keep_time(due: float, written: int) -> int:
    """Compute how often to write the next frame so that the video is at most one frame ahead or behind.

    Args:
        due: number of frames that the elapsed time amounts to.
        written: number of frames written so far.

    Example:
        >>> copies_to_keep_time(7.9, 7), copies_to_keep_time(10, 7), copies_to_keep_time(5, 7)
        (1, 3, 0)
    """
    lag = due - written
    return 1 if abs(lag) <= 1 else max(0, round(lag))
