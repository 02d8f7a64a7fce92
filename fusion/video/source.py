"""Open video files, cameras and streams, and check that two of them fit together. Does not import torch."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy.typing as npt

from fusion.errors import InputError

if TYPE_CHECKING:
    from fusion.registration import Registration

Source = int | str | Path
Pixels = npt.NDArray[Any]  # (H, W, 3) uint8, BGR

LOGGING: Any = getattr(cv2.utils, "logging", cv2)  # OpenCV 5 has a module for it, OpenCV 4 has the functions in cv2

_HIGHEST_RATE, _USUAL_RATE = 1000, 25.0
_SILENT = 0


class VideoSource:
    """An open video file, camera or stream.

    Args:
        source: a file, the number of a camera, or a URL such as rtsp://...; cameras and URLs are live.

    Attributes:
        name: the source in messages.
        live: whether it is a camera or stream, whose frames are lost if they are not read in time.
        size: (width, height) in pixels.
        rate: frames per second; 25 if the source does not report a plausible value.
        count: number of frames reported by a file; None for live sources and where it is unknown.

    Raises:
        InputError: a file does not exist, or no frame can be read.
    """

    def __init__(self, source: Source) -> None:
        require_source(source)
        self.live = _is_live(source)
        self.name = f"camera {source}" if isinstance(source, int) else str(source)
        self._capture = cv2.VideoCapture(source) if isinstance(source, int) else _capture(self.name)
        self._first: Pixels | None = self._capture.read()[1]
        if self._first is None:
            self.close()
            raise InputError(f"{self.name}: no frame can be read (expected a video or camera that OpenCV can open)")
        self.size = self._first.shape[1], self._first.shape[0]
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 0 < rate <= _HIGHEST_RATE else _USUAL_RATE  # streams report clock ticks, or nothing
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.count = count if count > 0 and not self.live else None

    def read(self) -> Pixels | None:
        """Return the next frame, (H, W, 3) uint8 BGR; None after the last one."""
        pixels, self._first = self._first, None
        return self._capture.read()[1] if pixels is None else pixels

    def close(self) -> None:
        """Release the file or camera."""
        self._capture.release()


def require_source(source: Source) -> None:
    """Check that the source exists, as far as it can be checked without opening it.

    Raises:
        InputError: it is neither a camera number, a URL nor an existing file.
    """
    if not _is_live(source) and not Path(str(source)).is_file():
        expected = "a folder of images, a video file, the number of a camera or a URL"
        raise InputError(f"{source}: no such file or folder (expected {expected})")


def require_alike(
    infrared: VideoSource, visible: VideoSource, frames: int | None, registration: Registration | None = None
) -> None:
    """Check that two sources can be fused frame by frame, before any frame is fused.

    Args:
        infrared: the infrared source.
        visible: the visible source.
        frames: the number of pairs to fuse; None for all.
        registration: of the two, whose sizes they must have; None if they show the same and are of one size.

    Raises:
        InputError: the sources differ in kind, size, rate or length, or from the sizes of the registration, or have
            fewer frames than requested.
    """
    if infrared.live != visible.live:
        live, file = (infrared, visible) if infrared.live else (visible, infrared)
        raise InputError(f"{live.name}: a live source cannot be paired with the file {file.name} (expected two alike)")
    from fusion.registration import REGISTER, require_size

    if registration:
        require_size(infrared.name, infrared.size, registration.infrared_size)
        require_size(visible.name, visible.size, registration.visible_size)
    elif infrared.size != visible.size:
        found = f"found {_by(infrared.size)} and {_by(visible.size)}, expected registered videos of one size"
        raise InputError(f"{infrared.name}: frame size differs from {visible.name} ({found}). Try: {REGISTER}")
    if frames is not None and frames < 1:
        raise InputError(f"frames={frames}: out of range (expected at least 1)")
    if infrared.live:
        return
    if not math.isclose(infrared.rate, visible.rate, rel_tol=1e-4):
        found = f"found {infrared.rate:g} and {visible.rate:g} frames/s, expected equal rates"
        raise InputError(f"{infrared.name}: frame rate differs from {visible.name} ({found})")
    for source in (infrared, visible):
        if frames and source.count and source.count < frames:
            raise InputError(f"{source.name}: too few frames (found {source.count}, expected at least {frames})")
    if not frames and infrared.count and visible.count and infrared.count != visible.count:
        found = f"found {infrared.count} and {visible.count} frames, expected equal lengths"
        shorter = min(infrared.count, visible.count)
        raise InputError(f"{infrared.name}: length differs from {visible.name} ({found}). Try: --frames {shorter}")


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress the messages of OpenCV and FFmpeg inside the block; the caller reports errors itself."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read when the first video is opened
    level = LOGGING.getLogLevel()
    LOGGING.setLogLevel(_SILENT)
    try:
        yield
    finally:
        LOGGING.setLogLevel(level)


def _is_live(source: Source) -> bool:
    return isinstance(source, int) or ("://" in str(source) and not Path(str(source)).is_file())


def _capture(name: str) -> cv2.VideoCapture:
    """Open a file or URL with FFmpeg only: other backends would treat `01.png` as the first image of a series.

    A file is opened by its absolute path, because FFmpeg takes what comes before a colon for a protocol.
    """
    return cv2.VideoCapture(name if _is_live(name) else str(Path(name).absolute()), cv2.CAP_FFMPEG)


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
