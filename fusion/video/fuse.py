"""Fuse two videos or cameras into a video; reading and writing go on while frames are fused."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tqdm import tqdm

from fusion.fusers import Fuser, fuse_pair
from fusion.interrupts import deferred_interrupt
from fusion.storage import atomic_path
from fusion.video.pairs import read_pairs, require_alike
from fusion.video.source import Source, VideoSource, quiet
from fusion.video.writer import VideoFile, require_video_path


def fuse_video(fuser: Fuser, infrared: Source, visible: Source, out: Path, frames: int | None = None) -> int:
    """Fuse two videos frame by frame into `out`, at their rate.

    Of files every frame is fused; Ctrl-C leaves nothing. Of cameras and streams the newest frames are fused, and the
    video lasts as long as the recording: frames are repeated where fusing is slower than the cameras. It ends with the
    shorter source or by Ctrl-C, and is kept.

    Args:
        fuser: from `build_fuser`.
        infrared: a file, the number of a camera, or a URL such as rtsp://...; 8 bit, colour becomes luma.
        visible: likewise, of the same kind, registered and of the same size.
        out: ends in .mp4 (mp4v) or .avi (MJPG); is never overwritten.
        frames: stop after so many pairs of frames.

    Returns:
        How many pairs of frames were fused.

    Raises:
        InputError: `out` is there or cannot be written; a source cannot be read; the two differ in kind, size, rate or
            length, or say that they have fewer than `frames`.
        KeyboardInterrupt: Ctrl-C, and `out` is not written.
    """
    require_video_path(out)
    fused = 0
    with quiet():
        sources = VideoSource(infrared), VideoSource(visible)
        require_alike(*sources, frames)
        try:
            with deferred_interrupt() as stop_if_asked:
                fused = _record(fuser, *sources, out, frames, stop_if_asked)
        except KeyboardInterrupt:
            if not fused:  # else it came when the video was done
                raise KeyboardInterrupt(f"{out} is not written") from None
    return fused


def _record(
    fuser: Fuser,
    infrared: VideoSource,
    visible: VideoSource,
    out: Path,
    frames: int | None,
    stop_if_asked: Callable[[], None],
) -> int:
    fused, rate = 0, min(infrared.rate, visible.rate)
    total = frames or infrared.count or visible.count
    with (
        atomic_path(out) as partial,
        closing(VideoFile(partial, infrared.size, rate)) as file,
        tqdm(total=total, desc=f"fuse {out.name}", unit="frame") as bar,
        closing(read_pairs(infrared, visible, stop_if_asked)) as pairs,
    ):
        start = time.monotonic()
        try:
            while fused != frames and (pair := next(pairs, None)):
                due = (time.monotonic() - start) * rate if infrared.live else fused
                file.write(fuse_pair(fuser, *pair), copies_to_keep_time(due, file.frames))
                fused += 1
                bar.update()
                stop_if_asked()
        except KeyboardInterrupt:
            if not (infrared.live and fused):
                raise
            bar.write("stopped by Ctrl-C; what was recorded is kept", file=sys.stderr)
        file.finish()
    return fused


def copies_to_keep_time(due: float, written: int) -> int:
    """Tell how often the next frame is written, so that the video is at most a frame off: once, if it keeps time."""
    lag = due - written
    return 1 if abs(lag) <= 1 else max(0, round(lag))
