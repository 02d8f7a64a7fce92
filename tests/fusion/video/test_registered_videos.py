"""Videos of two cameras that see differently, fused through their registration."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from fusion import InputError, build_fuser, fuse_video
from tests.made_rigs import HOMOGRAPHY, frame_view, infrared_view, levels, rig, visible_view
from tests.made_videos import read_video, stream, write_video

RIG = rig(HOMOGRAPHY, frame=(20, 10, 100, 90))  # even sides, as codecs need them


def write_rig(folder: Path, count: int = 4) -> tuple[Path, Path]:
    """Write a video of either camera, each in its own size."""
    made = []
    for name, view in (("ir", infrared_view), ("vis", visible_view)):
        frames = [np.dstack([levels(view(RIG, time))] * 3) for time in range(count)]
        made.append(write_video(folder / f"{name}.avi", frames))
    return made[0], made[1]


@pytest.mark.parametrize("fuser", ["infrared", "visible", "average"])
def test_every_frame_shows_the_frame_of_the_registration(tmp_path: Path, fuser: str) -> None:
    sources = write_rig(tmp_path)
    assert fuse_video(build_fuser(fuser), *sources, tmp_path / "out.avi", registration=RIG) == 4
    fused = read_video(tmp_path / "out.avi")
    assert len(fused) == 4
    for time, pixels in enumerate(fused):
        assert pixels.shape == (90, 100, 3)
        assert np.abs(pixels[..., 1] / 255 - frame_view(RIG, time))[2:-2, 2:-2].max() < 0.04  # the codec loses a bit


def test_cameras_of_different_sizes_are_fused(tmp_path: Path) -> None:
    with (
        stream(tmp_path / "ir", itertools.repeat(50), (80, 64)) as infrared,
        stream(tmp_path / "vis", itertools.repeat(150), (160, 128)) as visible,
    ):
        assert fuse_video(build_fuser("maximum"), infrared, visible, tmp_path / "out.avi", 3, RIG) == 3
    assert read_video(tmp_path / "out.avi")[0].shape == (90, 100, 3)


def test_videos_of_other_sizes_than_the_registration_are_refused(tmp_path: Path) -> None:
    infrared, visible = write_rig(tmp_path)
    message = r"vis\.avi: size differs from that of the registration \(found 160x128, expected 80x64\)\. Try: python"
    with pytest.raises(InputError, match=message):
        fuse_video(build_fuser("average"), visible, infrared, tmp_path / "out.avi", registration=RIG)
    message = r"ir\.avi: size differs from that of the registration \(found 80x64, expected 160x128\)"
    with pytest.raises(InputError, match=message):
        fuse_video(build_fuser("average"), infrared, infrared, tmp_path / "out.avi", registration=RIG)
    assert not (tmp_path / "out.avi").exists()


def test_different_sizes_without_a_registration_say_what_to_try(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"registered videos of one size\)\. Try: python tools/register_pairs\.py$"):
        fuse_video(build_fuser("average"), *write_rig(tmp_path), tmp_path / "out.avi")
