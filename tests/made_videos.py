"""Small synthetic videos for tests: lossless files, and streams that last until they are closed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Frames = list[npt.NDArray[Any]]
SIZE = (64, 48)


def moving_scene(count: int = 12, seed: int = 0, size: tuple[int, int] = SIZE) -> Frames:
    """Make frames of a smooth coloured scene that moves, (H, W, 3) uint8 BGR."""
    small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    scene = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    return [np.roll(scene, 3 * index, axis=1) for index in range(count)]


def write_video(path: Path, frames: Sequence[npt.NDArray[Any]], rate: float = 25, codec: str = "FFV1") -> Path:
    """Write frames as a video; codecs other than FFV1 are lossy."""
    height, width = frames[0].shape[:2]
    file = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), rate, (width, height))
    assert file.isOpened()
    for frame in frames:
        file.write(frame)
    file.release()
    return path


def read_video(path: Path) -> Frames:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    frames = []
    while (frame := capture.read()[1]) is not None:
        frames.append(frame)
    return frames


def rate_of(path: Path) -> float:
    return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG).get(cv2.CAP_PROP_FPS)


@contextmanager
def stream(path: Path, levels: Iterator[int], size: tuple[int, int] = SIZE, noisy: bool = False) -> Iterator[str]:
    """Simulate a camera by a pipe of grey frames; it reports 25 frames/s and sends 50.

    Yields:
        Its URL.
    """
    os.mkfifo(path)
    width, height = size
    closed = threading.Event()
    random = np.random.default_rng(0)

    def feed() -> None:
        try:
            with path.open("wb", buffering=0) as pipe:
                pipe.write(f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420jpeg\n".encode())
                for level in levels:
                    if closed.is_set():
                        return
                    noise = random.integers(-20, 20, (height, width)) if noisy else 0
                    grey = (np.full((height, width), level) + noise).clip(16, 235).astype(np.uint8)
                    pipe.write(b"FRAME\n" + grey.tobytes() + bytes([128]) * (width * height // 2))
                    time.sleep(0.02)
                closed.wait(30)  # the camera hangs but stays connected
        except BrokenPipeError:
            pass

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    yield f"file://{path}"
    closed.set()
    feeder.join(5)
