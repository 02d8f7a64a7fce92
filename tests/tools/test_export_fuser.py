"""The export tool as a user runs it: a subprocess in another folder, and the file that it makes put to use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from fusion import Pair

TOOLS = Path(__file__).parents[2] / "tools"
FOLDERS = ("--infrared", "ir", "--visible", "vi")


def run(cwd: Path, environment: dict[str, str], tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOOLS / tool), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_an_exported_network_fuses_a_folder_as_the_network_does(
    tmp_path: Path, make_pairs: Callable[..., list[Pair]], subprocess_environment: dict[str, str]
) -> None:
    make_pairs(count=2)
    done = run(tmp_path, subprocess_environment, "export_fuser.py", "--to", "openvino", "--out", "net.xml")
    assert done.returncode == 0, done.stderr
    assert "net.xml: isfuse, float32, " in done.stdout
    assert "4x4: " in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ir", "net.bin", "net.xml", "vi"]
    told = done.stdout.splitlines()[-1].removeprefix("next: python tools/").replace("DIR", "ir", 1).replace("DIR", "vi")
    fused = run(tmp_path, subprocess_environment, *told.split())
    assert fused.returncode == 0, fused.stderr
    run(tmp_path, subprocess_environment, "fuse_images.py", *FOLDERS, "--out", "plain", "--fuser", "isfuse")
    for name in ("00.png", "01.png"):
        ours, plain = (cv2.imread(str(tmp_path / folder / name)).astype(int) for folder in ("fused", "plain"))
        assert np.abs(ours - plain).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--int8", "--infrared", "ir"), "int8 with 1 folders of images; expected --infrared and"),
        (FOLDERS, "float32 with 2 folders of images"),
        (("--fuser", "average"), "fuser 'average' has no network to export"),
        (("--fuser", "isfuze"), "unknown fuser 'isfuze'. Did you mean 'isfuse'?"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    tmp_path: Path, subprocess_environment: dict[str, str], arguments: tuple[str, ...], message: str
) -> None:
    done = run(tmp_path, subprocess_environment, "export_fuser.py", "--to", "onnx", "--out", "net.onnx", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
