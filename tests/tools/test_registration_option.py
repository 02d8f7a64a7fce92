"""--registration of the tools that read pairs, as a user types it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.made_rigs import HOMOGRAPHY, frame_view, infrared_view, levels, rig, visible_view, write_pairs
from tests.made_videos import read_video, write_video
from tests.run_tool import Done, in_process

RIG = rig(HOMOGRAPHY, frame=(20, 10, 100, 90))
FOLDERS = ("--infrared", "ir", "--visible", "vi")
GIVEN = ("--registration", "rig.json")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    RIG.save(tmp_path / "rig.json")
    return write_pairs(tmp_path, RIG, ["a", "b"])


def fuse(root: Path, *arguments: str) -> Done:
    return in_process("fuse_images.py", *FOLDERS, "--out", "fused", "--fuser", "average", *arguments, cwd=root)


def test_folders_of_different_sizes_are_fused_into_the_frame(root: Path) -> None:
    done = fuse(root, *GIVEN)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2 pairs in fused, 2 fused now\n"
    for time, stem in enumerate(("a", "b")):
        fused = cv2.imread(str(root / "fused" / f"{stem}.png"))
        assert np.abs(fused[..., 1] / 255 - frame_view(RIG, time))[2:-2, 2:-2].max() < 0.02
    assert fuse(root, *GIVEN).stdout == "2 pairs in fused, 0 fused now\n"
    rig(HOMOGRAPHY, frame=(30, 20, 60, 50)).save(root / "rig.json")
    assert fuse(root, *GIVEN).stdout == "2 pairs in fused, 2 fused now\n"
    assert cv2.imread(str(root / "fused" / "a.png")).shape == (50, 60, 3)


def test_without_it_the_error_says_what_to_try(root: Path) -> None:
    done = fuse(root)
    message = (
        "error: ir/a.png: size differs from vi/a.png (found 80x64 and 160x128, expected a registered pair of one size"
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"{message}). Try: python tools/register_pairs.py")


def test_videos_of_different_sizes_are_fused_into_the_frame(root: Path) -> None:
    for name, view in (("ir", infrared_view), ("vis", visible_view)):
        frames = [np.dstack([levels(view(RIG, time))] * 3) for time in range(3)]
        write_video(root / f"{name}.avi", frames)
    sources = ("--infrared", "ir.avi", "--visible", "vis.avi", "--out", "out.avi", "--fuser", "average")
    done = in_process("fuse_images.py", *sources, *GIVEN, cwd=root)
    assert (done.returncode, done.stdout) == (0, "3 frames fused into out.avi\n"), done.stderr
    assert read_video(root / "out.avi")[2].shape == (90, 100, 3)


def test_fused_images_are_scored_against_registered_sources(root: Path) -> None:
    assert fuse(root, *GIVEN).returncode == 0
    arguments = (*FOLDERS, "--fused", "fused", "--metrics", "CC", "--out", "scores")
    done = in_process("score_fusion.py", *arguments, *GIVEN, cwd=root)
    assert done.returncode == 0, done.stderr
    scores = [line.split(",") for line in (root / "scores" / "scores.csv").read_text().splitlines()]
    column = scores[0].index("CC")
    assert min(float(line[column]) for line in scores[1:]) > 0.99  # all three show the same scene
    unregistered = in_process("score_fusion.py", *arguments, cwd=root)
    assert unregistered.returncode == 2


def test_fused_images_of_another_size_are_told_apart_from_registered_ones(root: Path) -> None:
    assert fuse(root, *GIVEN).returncode == 0
    assert cv2.imwrite(str(root / "fused" / "b.png"), np.zeros((128, 160, 3), np.uint8))
    done = in_process("score_fusion.py", *FOLDERS, "--fused", "fused", "--metrics", "CC", *GIVEN, cwd=root)
    expected = "fused/b.png: size differs from vi/b.png, registered (found 160x128, expected 100x90)"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"error: {expected}")


def test_a_network_is_trained_on_registered_pairs(root: Path) -> None:
    brief = ("--out", "weights", "schedule.epochs=1", "schedule.batch_size=2", "schedule.crop=32")
    done = in_process("train_fusion.py", *FOLDERS, *brief, *GIVEN, cwd=root)
    assert done.returncode == 0, done.stderr
    assert (root / "weights" / "best.safetensors").exists()
    unregistered = in_process("train_fusion.py", *FOLDERS, *brief, cwd=root)
    assert unregistered.returncode == 2


@pytest.mark.parametrize("tool", ["fuse_images.py", "score_fusion.py", "train_fusion.py"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "rig.json: cannot be read as JSON"),
        ("{}", "rig.json: not a registration (found one without model, matrix"),
        ('{"frame": 1}', "rig.json: not a registration (found one without model"),
    ],
)
def test_a_file_that_is_no_registration_is_one_line_and_exit_code_2(
    root: Path, tool: str, content: str | None, message: str
) -> None:
    (root / "rig.json").unlink()
    if content:
        (root / "rig.json").write_text(content, encoding="utf-8")
    more = {"fuse_images.py": ("--fuser", "average", "--out", "out"), "score_fusion.py": ("--fused", "vi")}
    done = in_process(tool, *FOLDERS, *more.get(tool, ("--out", "out")), *GIVEN, cwd=root)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
