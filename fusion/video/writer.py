"""Write a video file, in a thread."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
from torch import Tensor

from fusion.errors import InputError
from fusion.images import to_bgr

CODECS = {".mp4": "mp4v", ".avi": "MJPG"}
WRITE_BEHIND = 4


def require_video_path(path: Path) -> None:
    """Check that a video can be called like this.

    Raises:
        InputError: the suffix is none of `CODECS`, or the file is there already.
    """
    if path.suffix.lower() not in CODECS:
        known = ", ".join(f"{suffix} ({codec})" for suffix, codec in CODECS.items())
        raise InputError(f"{path}: cannot write videos ending in {path.suffix!r}; known: {known}")
    if path.exists():
        raise InputError(f"{path}: is there already and is not overwritten; expected a new name")


class VideoFile:
    """A video file under way; the codec follows its suffix, and takes even sizes: an odd last row or column is cut off.

    Args:
        path: one that `require_video_path` lets pass.
        size: (width, height) of the frames.
        rate: frames/s.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: float) -> None:
        self._path, self.frames = path, 0
        codec = cv2.VideoWriter.fourcc(*CODECS[path.suffix.lower()])
        self._file = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, codec, rate, size)
        if not self._file.isOpened():
            raise OSError(f"OpenCV opens no {CODECS[path.suffix.lower()]} video of {size[0]}x{size[1]} there")
        self._worker = ThreadPoolExecutor(1)
        self._writing: deque[Future[None]] = deque()

    def write(self, image: Tensor, copies: int = 1) -> None:
        """Append (3, H, W) RGB in [0, 1], several times if need be; wait only if the thread is some frames behind."""
        self.frames += copies
        self._writing.append(self._worker.submit(self._append, image, copies))
        if len(self._writing) > WRITE_BEHIND:
            self._writing.popleft().result()

    def finish(self) -> None:
        """Write what is left and look whether the last frame is in the file: the codec does not tell of a full disk.

        Raises:
            OSError: it is not.
        """
        for written in self._writing:
            written.result()
        self.close()
        file = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        count = file.get(cv2.CAP_PROP_FRAME_COUNT)
        file.set(cv2.CAP_PROP_POS_FRAMES, self.frames - 1)
        if count != self.frames or not file.read()[0]:
            raise OSError(f"not all of the {self.frames} frames got into the file")

    def close(self) -> None:
        """Let go of the file."""
        self._worker.shutdown()
        self._file.release()

    def _append(self, image: Tensor, copies: int) -> None:
        pixels = to_bgr(image)
        for _ in range(copies):
            self._file.write(pixels)
