"""The frames of a video file, a camera or a stream."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy.typing as npt

from fusion.errors import InputError

Source = int | str | Path
Pixels = npt.NDArray[Any]  # (H, W, 3) uint8, BGR

LOGGING: Any = getattr(cv2.utils, "logging", cv2)  # since OpenCV 5; in 4 its functions stand at the top

_HIGHEST_RATE, _USUAL_RATE = 1000, 25.0
_SILENT = 0


class VideoSource:
    """An open video: `name`, `size` as (width, height), `rate` in frames/s, `count` of frames if known, `live` or not.

    Args:
        source: a file, the number of a camera, or a URL such as rtsp://...; the last two are live.

    Raises:
        InputError: it is not there, cannot be opened, or holds no frame.
    """

    def __init__(self, source: Source) -> None:
        self.live = isinstance(source, int) or "://" in str(source)
        self.name = f"camera {source}" if isinstance(source, int) else str(source)
        if not self.live and not Path(self.name).is_file():
            expected = "a folder of images, a video file, a camera's number or a URL"
            raise InputError(f"{self.name}: not there; expected {expected}")
        self._capture = cv2.VideoCapture(source) if isinstance(source, int) else _capture(self.name)
        self._first: Pixels | None = self._capture.read()[1]
        if self._first is None:
            raise InputError(f"{self.name}: no frame can be read; expected a video or camera that OpenCV can open")
        self.size = self._first.shape[1], self._first.shape[0]
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 0 < rate <= _HIGHEST_RATE else _USUAL_RATE  # streams give clock ticks, or nothing
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.count = count if count > 0 and not self.live else None

    def read(self) -> Pixels | None:
        """Give the next frame, of the size of the first; None after the last one."""
        pixels, self._first = self._first, None
        return self._capture.read()[1] if pixels is None else pixels

    def close(self) -> None:
        """Let go of the file or camera."""
        self._capture.release()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep OpenCV and FFmpeg from printing inside the block what the caller says in one line."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # read when the first video is opened
    level = LOGGING.getLogLevel()
    LOGGING.setLogLevel(_SILENT)
    try:
        yield
    finally:
        LOGGING.setLogLevel(level)


def _capture(name: str) -> cv2.VideoCapture:
    """Open a file or URL by FFmpeg alone: other backends would take `01.png` for the first image of a series."""
    return cv2.VideoCapture(name, cv2.CAP_FFMPEG)
