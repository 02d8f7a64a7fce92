"""The two tools of the fusion stage, as a user runs them: a subprocess in another folder."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

TOOLS = Path(__file__).parents[2] / "tools"
BRIEF = ("schedule.epochs=1", "schedule.batch_size=2", "schedule.crop=16")


def run(cwd, tool, *arguments):
    command = [sys.executable, str(TOOLS / tool), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def folders(tmp_path):
    """Make three pairs of 40x32 images; give the arguments that name their folders."""
    random = np.random.default_rng(0)
    for modality in ("ir", "vi"):
        (tmp_path / modality).mkdir()
        for name in "abc":
            pixels = cv2.resize(random.integers(0, 255, (8, 10, 3), np.uint8), (40, 32))
            cv2.imwrite(str(tmp_path / modality / f"{name}.png"), pixels)
    return ("--infrared", "ir", "--visible", "vi")


def test_a_network_is_trained_and_then_fuses_a_folder(tmp_path, folders):
    trained = run(tmp_path, "train_fusion.py", *folders, "--out", "weights", *BRIEF)
    assert trained.returncode == 0, trained.stderr
    weights = tmp_path / "weights" / "best.safetensors"
    assert "best.safetensors" in trained.stdout
    fused = run(tmp_path, "fuse_images.py", *folders, "--out", "fused", "--fuser", "isfuse", "--weights", weights)
    assert fused.returncode == 0, fused.stderr
    assert "3 fused now" in fused.stdout
    assert cv2.imread(str(tmp_path / "fused" / "b.png")).shape == (32, 40, 3)
    again = run(tmp_path, "fuse_images.py", *folders, "--out", "fused", "--fuser", "isfuse", "--weights", weights)
    assert "0 fused now" in again.stdout


@pytest.mark.parametrize(
    ("tool", "arguments", "parts"),
    [
        ("fuse_images.py", ["--fuser", "laplacan"], ["unknown fuser", "'laplacian'"]),
        ("fuse_images.py", ["--fuser", "laplacian", "leveles=3"], ["unknown option", "'levels'"]),
        ("fuse_images.py", ["--fuser", "isfuse"], ["weights=FILE"]),
        ("fuse_images.py", ["--fuser", "isfuse", "--weights", "ir/a.png"], ["ir/a.png", "safetensors"]),
        ("train_fusion.py", ["schedule.epoch=1"], ["schedule.epoch", "schedule.epochs"]),
        ("train_fusion.py", ["schedule.epochs=0"], ["epochs=0"]),
        ("train_fusion.py", ["ablation=no_cfi"], ["unknown ablation", "no_integrator"]),
        ("train_fusion.py", ["--device", "gpu"], ["device='gpu'"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path, folders, tool, arguments, parts):
    done = run(tmp_path, tool, *folders, "--out", "out", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert all(part in done.stderr for part in parts), done.stderr
    assert not list(tmp_path.glob("out/*"))
