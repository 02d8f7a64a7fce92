"""The export tool as a user runs it from another folder, and the file that it makes put to use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from fusion import Pair
from tests.made_rigs import rig, write_pairs
from tests.run_tool import as_process, in_process

FOLDERS = ("--infrared", "ir", "--visible", "vi")


def test_an_exported_network_fuses_a_folder_as_the_network_does(
    tmp_path: Path, make_pairs: Callable[..., list[Pair]]
) -> None:
    make_pairs(count=2)
    done = as_process("export_fuser.py", "--to", "openvino", "--out", "net.xml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "net.xml: isfuse, float32, " in done.stdout
    assert "4x4: " in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ir", "net.bin", "net.xml", "vi"]
    told = done.stdout.splitlines()[-1].removeprefix("next: python tools/").replace("DIR", "ir", 1).replace("DIR", "vi")
    fused = in_process(*told.split(), cwd=tmp_path)
    assert fused.returncode == 0, fused.stderr
    in_process("fuse_images.py", *FOLDERS, "--out", "plain", "--fuser", "isfuse", cwd=tmp_path)
    for name in ("00.png", "01.png"):
        ours, plain = (cv2.imread(str(tmp_path / folder / name)).astype(int) for folder in ("fused", "plain"))
        assert np.abs(ours - plain).max() <= 1


def test_int8_is_calibrated_on_registered_pairs(tmp_path: Path) -> None:
    write_pairs(tmp_path, rig(), ["a", "b"])
    rig().save(tmp_path / "rig.json")
    export = ("export_fuser.py", "--fuser", "isfuse-lite", "--to", "onnx", "--out", "net.onnx")
    given = ("--registration", "rig.json")
    done = in_process(*export, "--int8", *FOLDERS, *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "net.onnx: isfuse-lite, int8" in done.stdout
    alone = in_process(*export, *given, cwd=tmp_path)
    assert (alone.returncode, "--registration: needed with --int8" in alone.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--int8", "--infrared", "ir"), "needed with --int8, and only there (found 1 folders of images with int8)"),
        (FOLDERS, "(found 2 folders of images with float32)"),
        (("--int8", *FOLDERS, "--registration", "none.json"), "none.json: cannot be read as JSON"),
        (("--fuser", "average"), "fuser 'average': no network to export"),
        (("--fuser", "isfuze"), "unknown fuser 'isfuze'. Did you mean 'isfuse'?"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = in_process("export_fuser.py", "--to", "onnx", "--out", "net.onnx", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
