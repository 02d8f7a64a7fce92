"""Video files written in a thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from fusion.video.writer import VideoFile
from tests.made_videos import read_video

FILL = """
import resource, sys
from pathlib import Path
import torch
from fusion.video.writer import VideoFile
path, count, limit = Path(sys.argv[1]), int(sys.argv[2]), resource.RLIMIT_FSIZE
resource.setrlimit(limit, (20_000, resource.getrlimit(limit)[1]))  # no file grows beyond 20 kB
file = VideoFile(path, (64, 48), 25)
for _ in range(count):
    file.write(torch.rand(3, 48, 64))
file.finish()
"""


def write(path: Path, size: tuple[int, int], copies: list[int]) -> None:
    file = VideoFile(path, size, 25)
    for index, times in enumerate(copies):
        file.write(torch.full((3, size[1], size[0]), index % 5 * 50 / 255), times)
    file.finish()


def test_a_frame_is_written_the_requested_number_of_times(tmp_path: Path) -> None:
    write(tmp_path / "a.avi", (64, 48), [1, 3, 0, 2])
    levels = [frame.mean() for frame in read_video(tmp_path / "a.avi")]
    assert np.abs(np.array(levels) - [0, 50, 50, 50, 150, 150]).max() < 2


@pytest.mark.parametrize("suffix", [".avi", ".mp4"])
def test_an_odd_last_row_and_column_are_cut_off(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"a{suffix}", (63, 47), [2])
    assert [frame.shape for frame in read_video(tmp_path / f"a{suffix}")] == [(46, 62, 3)] * 2


@pytest.mark.parametrize(("suffix", "count"), [(".avi", 30), (".avi", 200), (".mp4", 200)])
def test_a_full_disk_is_reported(
    tmp_path: Path, subprocess_environment: dict[str, str], suffix: str, count: int
) -> None:
    command = [sys.executable, "-c", FILL, str(tmp_path / f"a{suffix}"), str(count)]
    done = subprocess.run(command, env=subprocess_environment, capture_output=True, text=True, check=False)
    assert f"OSError: not all of the {count} frames were written" in done.stderr


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("suffix", [".avi", ".mp4"])
def test_a_complete_file_passes_the_check(tmp_path: Path, suffix: str, count: int) -> None:
    write(tmp_path / f"a{suffix}", (64, 48), [1] * count)
    assert len(list(read_video(tmp_path / f"a{suffix}"))) == count


def test_a_file_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="OpenCV cannot open a MJPG video of 64x48 there"):
        VideoFile(tmp_path / "nothing" / "a.avi", (64, 48), 25)
