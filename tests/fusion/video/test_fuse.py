"""Videos and cameras fused frame by frame, and sources that are refused."""

from __future__ import annotations

import itertools
import os
import re
import time
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from fusion import InputError, build_fuser, fuse_pair, fuse_video
from fusion.errors import FuserError
from fusion.images.colour import to_bgr
from fusion.images.io import EncodedImage
from fusion.video.fuse import copies_to_keep_time
from fusion.video.source import LOGGING
from tests.made_videos import Frames, moving_scene, rate_of, read_video, stream, write_video

AVERAGE = build_fuser("average")
SLOW_S = 0.5  # 12 frames of a stream


class Slow:
    """Returns the infrared image after a delay, and records its mean level."""

    learned, colour = False, False

    def __init__(self) -> None:
        self.seen: list[float] = []

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        time.sleep(SLOW_S)
        self.seen.append(round(float(infrared.mean()) * 255))
        return infrared


def make(tmp_path: Path, count: int = 12, visible_count: int = 12, rate: float = 25, visible_rate: float = 25) -> None:
    write_video(tmp_path / "ir.avi", moving_scene(count, seed=1), rate)
    write_video(tmp_path / "vis.avi", moving_scene(visible_count, seed=2), visible_rate)


def fuse(tmp_path: Path, out: str = "out.avi", frames: int | None = None) -> int:
    return fuse_video(AVERAGE, tmp_path / "ir.avi", tmp_path / "vis.avi", tmp_path / out, frames)


def expected(tmp_path: Path) -> Frames:
    pairs = zip(read_video(tmp_path / "ir.avi"), read_video(tmp_path / "vis.avi"), strict=True)
    return [
        to_bgr(fuse_pair(AVERAGE, EncodedImage(infrared).luma(), EncodedImage(visible).rgb()))
        for infrared, visible in pairs
    ]


@pytest.mark.parametrize(("suffix", "codec"), [(".avi", "MJPG"), (".mp4", "mp4v")])
def test_every_frame_is_fused_as_fuse_pair_does(tmp_path: Path, suffix: str, codec: str) -> None:
    make(tmp_path, rate=29.97, visible_rate=29.97)
    assert fuse(tmp_path, f"out{suffix}") == 12
    same = read_video(write_video(tmp_path / f"expected{suffix}", expected(tmp_path), 29.97, codec))
    found = read_video(tmp_path / f"out{suffix}")
    assert len(found) == 12
    assert np.array_equal(found, same)
    assert rate_of(tmp_path / f"out{suffix}") == pytest.approx(29.97)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["ir.avi", "vis.avi", f"out{suffix}", f"expected{suffix}"]
    )


def test_more_frames_than_the_queues_hold_keep_their_order(tmp_path: Path) -> None:
    grey = [np.full((48, 64, 3), 2 * index, np.uint8) for index in range(100)]
    write_video(tmp_path / "ir.avi", grey)
    write_video(tmp_path / "vis.avi", grey)
    assert fuse(tmp_path) == 100
    levels = [frame.mean() for frame in read_video(tmp_path / "out.avi")]
    assert np.abs(np.array(levels) - 2 * np.arange(100)).max() < 2


def test_a_number_of_frames_selects_the_first_ones_of_videos_of_unequal_length(tmp_path: Path) -> None:
    make(tmp_path, count=20)
    assert fuse(tmp_path, frames=12) == 12
    assert len(read_video(tmp_path / "out.avi")) == 12


@pytest.mark.parametrize(
    ("made", "frames", "message"),
    [
        (
            {"count": 11},
            None,
            r"ir\.avi: length differs from \S+vis\.avi \(found 11 and 12 frames, .*\)\. Try: --frames 11",
        ),
        (
            {"rate": 30},
            None,
            r"ir\.avi: frame rate differs from \S+vis\.avi \(found 30 and 25 frames/s, expected equal rates\)",
        ),
        ({"visible_count": 7}, 8, r"vis\.avi: too few frames \(found 7, expected at least 8\)"),
        ({}, 0, r"frames=0: out of range \(expected at least 1\)"),
    ],
)
def test_videos_that_do_not_match_are_refused_before_work_begins(
    tmp_path: Path, made: dict[str, int], frames: int | None, message: str
) -> None:
    make(tmp_path, **made)
    with pytest.raises(InputError, match=f"{message}$"):
        fuse(tmp_path, frames=frames)
    assert not (tmp_path / "out.avi").exists()


def test_different_frame_sizes_are_reported(tmp_path: Path) -> None:
    make(tmp_path)
    write_video(tmp_path / "ir.avi", moving_scene(size=(32, 24)))
    with pytest.raises(
        InputError, match=r"ir\.avi: frame size differs from \S+vis\.avi \(found 32x24 and 64x48, expected"
    ):
        fuse(tmp_path)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open files")
@pytest.mark.parametrize("broken", ["size", "content"])
def test_videos_that_are_refused_are_closed(tmp_path: Path, broken: str) -> None:
    make(tmp_path)
    if broken == "size":
        write_video(tmp_path / "ir.avi", moving_scene(size=(32, 24)))
    else:
        (tmp_path / "vis.avi").write_bytes(b"no video")
    with pytest.raises(InputError) as error:  # which holds the frames of the functions, and so their videos
        fuse(tmp_path)
    open_files = [os.readlink(file) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
    assert not [name for name in open_files if name.endswith(".avi")], error


def test_a_fuser_that_fails_is_reported_with_the_frame(tmp_path: Path) -> None:
    class Fails:
        learned = colour = False
        calls = 0

        def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
            self.calls += 1
            return infrared * float("nan") if self.calls == 3 else infrared

    make(tmp_path)
    with pytest.raises(FuserError, match=r"^frame 2: values that are not finite$"):
        fuse_video(Fails(), tmp_path / "ir.avi", tmp_path / "vis.avi", tmp_path / "out.avi")
    assert not (tmp_path / "out.avi").exists()


def test_a_truncated_video_is_reported_and_nothing_is_written(tmp_path: Path) -> None:
    make(tmp_path)
    whole = (tmp_path / "vis.avi").read_bytes()
    (tmp_path / "vis.avi").write_bytes(whole[: len(whole) * 2 // 3])
    left = len(read_video(tmp_path / "vis.avi"))
    assert 0 < left < 12
    message = (
        rf"vis\.avi: ends after {left} frames, before \S+ir\.avi \(expected equal lengths\)\. Try: --frames {left}$"
    )
    with pytest.raises(InputError, match=message):
        fuse(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ir.avi", "vis.avi"]


def test_a_source_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "ir.avi").write_text("no video")
    with pytest.raises(InputError, match=r"ir\.avi: no frame can be read \(expected a video or camera"):
        fuse(tmp_path)
    (tmp_path / "ir.avi").unlink()
    with pytest.raises(
        InputError, match=r"ir\.avi: no such file or folder \(expected a folder of images, a video file"
    ):
        fuse(tmp_path)


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "out.avi").write_text("mine")
    with pytest.raises(
        InputError, match=r"out\.avi: exists already, and videos are never overwritten\. Try: another name$"
    ):
        fuse(tmp_path)
    assert (tmp_path / "out.avi").read_text() == "mine"


def test_an_unknown_suffix_is_reported_with_the_known_ones(tmp_path: Path) -> None:
    message = f"{tmp_path / 'out.mkv'}: unknown video format (found suffix '.mkv', expected .mp4 (mp4v) or .avi (MJPG))"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        fuse(tmp_path, "out.mkv")


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/out\.avi: cannot be written"):
        fuse(tmp_path, "file/out.avi")


def test_a_camera_and_a_file_are_not_a_pair(tmp_path: Path) -> None:
    make(tmp_path)
    live = f"file://{tmp_path / 'ir.avi'}"
    with pytest.raises(InputError, match=r"ir\.avi: a live source cannot be paired with the file \S+vis\.avi \("):
        fuse_video(AVERAGE, live, tmp_path / "vis.avi", tmp_path / "out.avi")


def test_cameras_are_recorded_for_the_requested_number_of_frames(tmp_path: Path) -> None:
    with (
        stream(tmp_path / "ir", itertools.repeat(50)) as infrared,
        stream(tmp_path / "vis", itertools.repeat(150)) as visible,
    ):
        assert fuse_video(AVERAGE, infrared, visible, tmp_path / "out.avi", frames=5) == 5
    found = read_video(tmp_path / "out.avi")
    assert found
    assert np.abs(np.mean(found[-1]) - (100 - 16) * 255 / 219) < 3


def test_a_slow_fuser_skips_frames_and_the_video_keeps_time(tmp_path: Path) -> None:
    slow = Slow()
    with (
        stream(tmp_path / "ir", iter(range(20, 230))) as infrared,
        stream(tmp_path / "vis", iter(range(20, 230))) as visible,
    ):
        assert fuse_video(slow, infrared, visible, tmp_path / "out.avi", frames=4) == 4
    assert slow.seen[-1] - slow.seen[0] > 4  # four consecutive frames would span 3 or 4 levels
    assert len(read_video(tmp_path / "out.avi")) >= SLOW_S * 3 * 25


def test_a_stream_that_ends_ends_the_video(tmp_path: Path) -> None:
    make(tmp_path, count=3)
    fused = fuse_video(AVERAGE, f"file://{tmp_path}/ir.avi", f"file://{tmp_path}/vis.avi", tmp_path / "out.avi")
    assert 1 <= fused <= 3
    assert read_video(tmp_path / "out.avi")


@pytest.mark.parametrize(
    ("due", "written", "copies"),
    [(0, 0, 1), (7, 7, 1), (7.9, 7, 1), (6.1, 7, 1), (10, 7, 3), (9.4, 7, 2), (5, 7, 0)],
)
def test_a_video_is_never_more_than_a_frame_ahead_or_behind(due: float, written: int, copies: int) -> None:
    assert copies_to_keep_time(due, written) == copies


def test_grey_frames_are_written_in_three_equal_channels(tmp_path: Path) -> None:
    make(tmp_path, count=2, visible_count=2)
    fuse_video(build_fuser("infrared"), tmp_path / "ir.avi", tmp_path / "vis.avi", tmp_path / "out.avi")
    for frame in read_video(tmp_path / "out.avi"):
        assert np.ptp(frame, axis=2).max() <= 2


def test_the_log_level_of_opencv_is_restored(tmp_path: Path) -> None:
    make(tmp_path)
    before = LOGGING.getLogLevel()
    fuse(tmp_path)
    assert LOGGING.getLogLevel() == before


def test_a_video_may_have_a_colon_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frames = moving_scene(count=3)
    for name in ("ir 12:30.avi", "file:vis.avi"):
        write_video(tmp_path / name, frames)
    assert fuse_video(AVERAGE, Path("ir 12:30.avi"), Path("file:vis.avi"), Path("out.avi")) == 3
