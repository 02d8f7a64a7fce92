"""What a tool imports before work begins: nothing that takes seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fusion.fusers.catalogue import BUILT_IN

HEAVY = ("torch", "scipy", "onnx", "onnxruntime", "openvino", "ultralytics", "segmentation_models_pytorch")
LIGHT = f"""
import sys
import fusion.__main__, fusion.command_line, fusion.devices, fusion.errors, fusion.interrupts, fusion.markdown
import fusion.engines.loading, fusion.export.export, fusion.images.pairs, fusion.seeds, fusion.storage.files
import fusion.fusers.learned, fusion.fusers.plugins, fusion.storage.fingerprints, fusion.video.source
import fusion.video.writer
from fusion.fusers.registry import fuser_class, fuser_files, require_options
for name in {sorted(BUILT_IN)}:
    fuser_class(name)
    fuser_files(name, {{}})
    require_options(name, {{"model": "net.onnx"}} if name == "onnx" else {{}})
print(*(library for library in {HEAVY} if library in sys.modules))
"""


def run(*command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_names_options_and_files_are_checked_without_a_heavy_library(subprocess_environment: dict[str, str]) -> None:
    done = run("-c", LIGHT, environment=subprocess_environment)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--infrared", "ir", "--visible", "vi", "--out", "out", "--fuser", "laplacain"), "unknown fuser 'laplacain'"),
        (
            ("--infrared", "ir", "--visible", "vi", "--out", "out.avi", "--fuser", "isfuse"),
            "ir: no such file or folder",
        ),
    ],
)
def test_python_m_fusion_refuses_a_misspelt_name_without_torch(
    subprocess_environment: dict[str, str], arguments: tuple[str, ...], message: str
) -> None:
    program = f"import runpy, sys; sys.argv[1:] = {arguments!r}; sys.modules['torch'] = None\n"
    done = run("-c", f"{program}runpy.run_module('fusion', run_name='__main__')", environment=subprocess_environment)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}"), done.stderr
