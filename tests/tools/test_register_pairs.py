"""Tests of tools/register_pairs.py, and of what check_data says about misaligned cameras."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from fusion.registration import Registration, load_registration
from fusion.registration.geometry import scaling
from pipelines.commands.register_pairs import describe
from pipelines.sample import write_sample
from tests.run_tool import in_process

SIZE = (240, 180)
HALF = (SIZE[0] // 2, SIZE[1] // 2)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six scenes, whose infrared camera has half the size and is shifted by 9 and -6 pixels."""
    root = tmp_path_factory.mktemp("rig")
    write_sample(root, 6, 0, seed=2, size=SIZE)
    for path in (root / "Ir").iterdir():
        image = cv2.GaussianBlur(cv2.imread(str(path)), (0, 0), 0.9)
        warped = cv2.warpPerspective(
            image, matrix(), HALF, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        assert cv2.imwrite(str(path), warped)
    return root


def matrix() -> np.ndarray:
    shift = np.eye(3)
    shift[:2, 2] = 9, -6
    return shift @ scaling(2, 2)


def register(root: Path, out: Path, *more: str) -> tuple[int, str, str]:
    found = in_process(
        "register_pairs.py", "--infrared", root / "Ir", "--visible", root / "Vis", "--out", out, *more, cwd=root.parent
    )
    return found.returncode, found.stdout, found.stderr


def error_of(root: Path, out: Path, *more: str) -> str:
    code, _, stderr = register(root, out, *more)
    assert code == 2
    lines = [line for line in re.split(r"[\r\n]+", stderr) if line.startswith("error: ")]
    assert len(lines) == 1
    assert not out.exists()
    return lines[0]


def write_points(path: Path, points: Sequence[Sequence[float]]) -> Path:
    lines = ["infrared_x,infrared_y,visible_x,visible_y", *(",".join(map(str, point)) for point in points)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_rig_is_registered_from_its_images_and_fused(rig: Path, tmp_path: Path) -> None:
    out = tmp_path / "registration.json"
    code, stdout, _ = register(rig, out)
    assert code == 0
    found = load_registration(out)
    assert np.allclose(found.array[:2, :2], matrix()[:2, :2], atol=0.02)
    corners = np.array([[0, 0, 1], [HALF[0], 0, 1], [0, HALF[1], 1]])
    assert np.abs(corners @ (found.array - matrix()).T).max() < 2
    assert (found.infrared_size, found.visible_size, found.given) == (HALF, SIZE, 6)
    assert f"affine from {found.used} of 6 pairs" in stdout
    assert "frame: {2}x{3} pixels from ({0}, {1}) of the visible 240x180".format(*found.frame) in stdout
    picture = cv2.imread(str(tmp_path / "registration.png"))
    assert picture.shape[1] == 2 * 640 + 8

    fused = tmp_path / "fused"
    arguments = ("--infrared", rig / "Ir", "--visible", rig / "Vis", "--out", fused, "--fuser", "average")
    done = in_process("fuse_images.py", *arguments, "--registration", out, cwd=tmp_path)
    assert done.returncode == 0
    assert {cv2.imread(str(path)).shape[1::-1] for path in fused.glob("*.png")} == {found.size}


def test_a_rig_is_registered_from_marked_points(rig: Path, tmp_path: Path) -> None:
    corners = np.array([[5, 5, 1], [100, 8, 1], [12, 80, 1], [110, 84, 1], [60, 40, 1]])
    points = write_points(tmp_path / "p.csv", np.hstack([corners[:, :2], (corners @ matrix().T)[:, :2].clip(0)]))
    out = tmp_path / "r.json"
    code, stdout, _ = register(rig, out, "--points", str(points), "--model", "affine")
    assert code == 0
    assert "of 5 points" in stdout
    assert np.allclose(load_registration(out).array, matrix(), atol=0.2)


def test_one_matrix_that_does_not_fit_is_told() -> None:
    identity = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    poor = Registration("affine", identity, SIZE, SIZE, (0, 0, *SIZE), 3, 4, 1.2, 5.5)
    assert "no single transform fits every place" in describe(poor, "pairs")
    assert "warning" not in describe(replace(poor, residual_95=1.9), "pairs")


def test_mistakes_are_one_line_and_leave_no_file(rig: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.json"
    assert "--out r.txt: not a JSON file" in error_of(rig, Path("r.txt"))
    assert "too few points for model homography (found 1" in error_of(
        rig, out, "--points", str(write_points(tmp_path / "p.csv", [(1, 1, 2, 2)])), "--model", "homography"
    )
    assert "no.csv: cannot be read" in error_of(rig, out, "--points", str(tmp_path / "no.csv"))
    assert "no such folder" in error_of(tmp_path / "none", out)


def test_a_picture_that_is_none_of_ours_is_not_overwritten(rig: Path, tmp_path: Path) -> None:
    picture = tmp_path / "r.png"
    picture.write_bytes(b"mine")
    assert "r.png: exists, and is no picture of an earlier registration" in error_of(rig, tmp_path / "r.json")
    assert picture.read_bytes() == b"mine"


def test_a_pair_of_another_size_is_named(rig: Path, tmp_path: Path) -> None:
    for camera in ("Ir", "Vis"):
        (tmp_path / camera).mkdir()
        for path in (rig / camera).iterdir():
            (tmp_path / camera / path.name).write_bytes(path.read_bytes())
    last = sorted((tmp_path / "Ir").iterdir())[-1]
    assert cv2.imwrite(str(last), np.zeros((50, 60, 3), np.uint8))
    assert f"{last.stem}: infrared size differs" in error_of(tmp_path, tmp_path / "r.json")


def test_scenes_that_differ_are_refused(rig: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for camera in ("Ir", "Vis"):
        (tmp_path / camera).mkdir()
        for stem in "ab":
            assert cv2.imwrite(str(tmp_path / camera / f"{stem}.png"), rng.integers(0, 256, (90, 120), np.uint8))
    assert "no pair shows the same edges" in error_of(tmp_path, tmp_path / "r.json")


def check(root: Path) -> str:
    return in_process("check_data.py", "fusion_quality", root, cwd=root).stdout


def test_check_data_measures_the_misalignment_and_warns_above_two_pixels(tmp_path: Path) -> None:
    write_sample(tmp_path, 6, 0, seed=2, size=(400, 300))
    told = check(tmp_path)
    assert "misalignment: median" in told
    assert "pixels apart" not in told
    for path in (tmp_path / "Ir").iterdir():
        assert cv2.imwrite(str(path), np.roll(cv2.imread(str(path)), 4, axis=1))
    told = check(tmp_path)
    assert "pixels apart (median). Try: python tools/register_pairs.py" in told
    assert "usable" in told


def test_check_data_warns_of_pairs_that_show_different_scenes(tmp_path: Path) -> None:
    write_sample(tmp_path, 6, 0, seed=2, size=(400, 300))
    paths = sorted((tmp_path / "Ir").iterdir())
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, contents[3:] + contents[:3], strict=True):
        path.write_bytes(content)
    assert "not the same scenes, or more than about 1 % apart. Try:" in check(tmp_path)
