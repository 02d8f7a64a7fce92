"""Frames read ahead in a thread."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from fusion.images.io import EncodedImage
from fusion.video.reader import FrameReader
from fusion.video.source import Pixels, VideoSource
from tests.made_videos import moving_scene, stream, write_video


def rgb(frame):
    return EncodedImage(frame).rgb()


def go_on() -> None:
    pass


def stop() -> None:
    raise KeyboardInterrupt


def test_the_frames_of_a_file_are_read_in_order(tmp_path: Path) -> None:
    frames = moving_scene(count=12)
    with closing(FrameReader(VideoSource(write_video(tmp_path / "a.avi", frames)), rgb)) as reader:
        for frame in frames:
            found = reader.next(go_on)
            assert found is not None
            assert found.equal(rgb(frame))
        assert reader.next(go_on) is None


def test_a_live_source_is_read_at_its_newest_frame(tmp_path: Path) -> None:
    with stream(tmp_path / "a", iter(range(20, 40))) as url, closing(FrameReader(VideoSource(url), rgb)) as reader:
        time.sleep(1)  # by then the stream has sent its last frame
        newest = reader.next(go_on)
        assert newest is not None
        assert float(newest.mean()) * 255 > (30 - 16) * 255 / 219


def test_ctrl_c_is_noticed_while_a_camera_hangs(tmp_path: Path) -> None:
    with stream(tmp_path / "a", iter([20])) as url, closing(FrameReader(VideoSource(url), rgb)) as reader:
        assert reader.next(go_on) is not None
        with pytest.raises(KeyboardInterrupt):
            reader.next(stop)


def test_an_error_in_the_thread_is_raised_in_the_caller(tmp_path: Path) -> None:
    def broken(pixels: Pixels) -> None:
        raise RuntimeError("broken")

    source = VideoSource(write_video(tmp_path / "a.avi", [np.zeros((48, 64, 3), np.uint8)]))
    with closing(FrameReader(source, broken)) as reader, pytest.raises(RuntimeError, match="broken"):
        reader.next(go_on)


def test_a_reader_that_is_closed_early_does_not_wait_for_the_rest(tmp_path: Path) -> None:
    source = VideoSource(write_video(tmp_path / "a.avi", moving_scene(count=50)))
    reader = FrameReader(source, rgb)
    while not reader._frames.full():
        time.sleep(0.01)
    time.sleep(0.1)  # by then the thread waits for space in the queue
    reader.close()
    assert not reader._thread.is_alive()
