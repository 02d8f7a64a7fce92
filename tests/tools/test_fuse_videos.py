"""Videos and cameras on the command line, as a user runs it from another folder."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.made_videos import moving_scene, read_video, stream, write_video
from tests.run_tool import as_process, in_process

TOOL = str(Path(__file__).parents[2] / "tools" / "fuse_images.py")
VIDEOS = ("--infrared", "ir.avi", "--visible", "vis.avi")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Two videos of twelve frames."""
    write_video(tmp_path / "ir.avi", moving_scene(seed=1))
    write_video(tmp_path / "vis.avi", moving_scene(seed=2))
    return tmp_path


@pytest.fixture
def start(tmp_path: Path, subprocess_environment: dict[str, str]) -> Start:
    """Start the tool as a process that Ctrl-C reaches."""

    def start(*arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, TOOL, *arguments],
            cwd=tmp_path,
            env=subprocess_environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=listen_to_ctrl_c,
        )

    return start


def listen_to_ctrl_c() -> None:
    """Undo what a background shell does to its children, which would not notice SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def press_ctrl_c_when(reached: Callable[[], bool], process: subprocess.Popen[str]) -> tuple[str, str]:
    while not reached() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=300)


def test_two_videos_are_fused_into_one(videos: Path) -> None:
    arguments = (*VIDEOS, "--out", "new/out.mp4", "--fuser", "laplacian", "levels=2")
    done = as_process("fusion", *arguments, cwd=videos)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "12 frames fused into new/out.mp4\n"
    assert "12/12" in done.stderr
    assert len(read_video(videos / "new" / "out.mp4")) == 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*VIDEOS, "--out", "ir.avi"), "ir.avi: exists already, and videos are never overwritten. Try: another name"),
        (("--infrared", "71", "--visible", "72", "--out", "out.mp4"), "camera 71: no frame can be read (expected a"),
        (
            ("--infrared", ".", "--visible", ".", "--out", "out", "--frames", "2"),
            "--frames 2: for videos only (found folders",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(videos: Path, arguments: tuple[str, ...], message: str) -> None:
    done = in_process("fuse_images.py", *arguments, "--fuser", "average", cwd=videos)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in videos.iterdir()) == ["ir.avi", "vis.avi"]


def test_ctrl_c_with_files_writes_nothing(tmp_path: Path, start: Start) -> None:
    for name in ("ir.avi", "vis.avi"):
        write_video(tmp_path / name, moving_scene(count=400))
    process = start(*VIDEOS, "--out", "out.avi", "--fuser", "gradient_transfer")
    _, errors = press_ctrl_c_when(lambda: any(tmp_path.glob(".out.*")), process)
    assert process.returncode == 130, errors
    assert errors.endswith("\nstopped; out.avi is not written\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ir.avi", "vis.avi"]


def test_ctrl_c_with_cameras_keeps_the_recording(tmp_path: Path, start: Start) -> None:
    def is_under_way() -> bool:
        return any(path.stat().st_size > 200_000 for path in tmp_path.glob(".out.*.part.mp4"))

    with (
        stream(tmp_path / "ir", itertools.repeat(50), (320, 240), noisy=True) as infrared,
        stream(tmp_path / "vis", itertools.repeat(150), (320, 240), noisy=True) as visible,
    ):
        sources = ("--infrared", infrared, "--visible", visible)
        process = start(*sources, "--out", "out.mp4", "--fuser", "average")
        out, errors = press_ctrl_c_when(is_under_way, process)
    assert process.returncode == 0, errors
    assert "stopped by Ctrl-C; the recording so far is kept" in errors
    assert out.endswith(" frames fused into out.mp4\n")
    assert len(read_video(tmp_path / "out.mp4")) >= 2
    assert not list(tmp_path.glob(".out*"))


def test_the_help_of_the_module_shows_its_name_and_the_formats(tmp_path: Path) -> None:
    done = in_process("fusion", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: python -m fusion ")
    assert all(part in done.stdout for part in (".mp4", "rtsp://", "isfuse", "overwrites"))
