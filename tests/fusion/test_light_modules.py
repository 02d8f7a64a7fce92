"""The modules that check names, options and files, which do not import torch or another slow library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fusion.fusers.catalogue import BUILT_IN

HEAVY = ("torch", "scipy", "onnx", "onnxruntime", "openvino", "ultralytics", "segmentation_models_pytorch")
LIGHT = f"""
import sys
import fusion.__main__, fusion.command_line, fusion.devices, fusion.errors, fusion.interrupts, fusion.markdown
import fusion.engines.loading, fusion.export.export, fusion.images.pairs, fusion.seeds, fusion.storage.files
import fusion.images.options, fusion.registration.frame, fusion.registration.transform, fusion.stress
fusion.stress.parse_conditions(['all'])
import fusion.fusers.learned, fusion.fusers.plugins, fusion.storage.fingerprints, fusion.video.source
import fusion.video.writer
from fusion.fusers.registry import fuser_class, fuser_files, require_options
for name in {sorted(BUILT_IN)}:
    fuser_class(name)
    fuser_files(name, {{}})
    require_options(name, {{"model": "net.onnx"}} if name == "onnx" else {{}})
print(*(library for library in {HEAVY} if library in sys.modules))
"""


def run(*command: str, environment: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, *command)
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_names_options_and_files_are_checked_without_a_heavy_library(
    tmp_path: Path, subprocess_environment: dict[str, str]
) -> None:
    done = run("-c", LIGHT, environment=subprocess_environment, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr


def test_a_missing_source_is_refused_without_torch(tmp_path: Path, subprocess_environment: dict[str, str]) -> None:
    arguments = ("--infrared", "ir", "--visible", "vi", "--out", "out.avi", "--fuser", "isfuse")
    program = f"import runpy, sys; sys.argv[1:] = {arguments!r}; sys.modules['torch'] = None\n"
    program += "runpy.run_module('fusion', run_name='__main__')"
    done = run("-c", program, environment=subprocess_environment, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ir: no such file or folder"), done.stderr
