"""Write a video file in a thread."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from fusion.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

CODECS = {".mp4": "mp4v", ".avi": "MJPG"}
WRITE_BEHIND = 4


def require_video_path(path: Path) -> None:
    """Check that a video can be written to `path`.

    Raises:
        InputError: the suffix is not one of `CODECS`, or the file exists already.
    """
    if path.suffix.lower() not in CODECS:
        known = " or ".join(f"{suffix} ({codec})" for suffix, codec in CODECS.items())
        raise InputError(f"{path}: unknown video format (found suffix {path.suffix!r}, expected {known})")
    if path.exists():
        raise InputError(f"{path}: exists already, and videos are never overwritten. Try: another name")


class VideoFile:
    """A video file that is being written, in a thread.

    The suffix selects the codec, which needs even sides: an odd last row or column is cut off.

    Args:
        path: a path accepted by `require_video_path`.
        size: (width, height) of the frames.
        rate: frames per second.

    Attributes:
        frames: number of frames written so far, counting repetitions.

    Raises:
        OSError: the file cannot be opened for writing.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        self._path, self.frames = path, 0
        codec = cv2.VideoWriter.fourcc(*CODECS[path.suffix.lower()])
        self._file = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, rate, size)
        if not self._file.isOpened():
            raise OSError(f"OpenCV cannot open a {CODECS[path.suffix.lower()]} video of {size[0]}x{size[1]} there")
        self._worker = ThreadPoolExecutor(1)
        self._writing: deque[Future[None]] = deque()

    def write(self, image: Tensor, copies: int = 1) -> None:
        """Append a frame; wait only if the thread is more than `WRITE_BEHIND` frames behind.

        Args:
            image: (3, H, W) RGB in [0, 1].
            copies: how many times to write it; 0 skips it.
        """
        self.frames += copies
        self._writing.append(self._worker.submit(self._append, image, copies))
        if len(self._writing) > WRITE_BEHIND:
            self._writing.popleft().result()

    def finish(self) -> None:
        """Write the remaining frames and check that the last one is in the file; codecs do not report a full disk.

        Raises:
            OSError: frames are missing in the file.
        """
        for written in self._writing:
            written.result()
        self.close()
        file = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        count = file.get(cv2.CAP_PROP_FRAME_COUNT)
        file.set(cv2.CAP_PROP_POS_FRAMES, self.frames - 1)
        if count != self.frames or not file.read()[0]:
            raise OSError(f"not all of the {self.frames} frames were written")

    def close(self) -> None:
        """Stop the thread and release the file."""
        self._worker.shutdown()
        self._file.release()

    def _append(self, image: Tensor, copies: int) -> None:
        from fusion.images import to_bgr

        pixels = to_bgr(image)
        for _ in range(copies):
            self._file.write(pixels)
