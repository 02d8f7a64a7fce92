"""What only has to be understood, answers without the seconds that torch and the libraries around it take to import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.made_rigs import rig
from tests.run_tool import ROOT

HEAVY = ("torch", "torchvision", "ultralytics", "segmentation_models_pytorch", "pycocotools", "onnxruntime", "openvino")
TOOLS = sorted(path.name for path in (ROOT / "tools").glob("*.py"))
FOLDERS = ("--infrared", "ir", "--visible", "vi", "--out", "out")
HELP = [(tool, "--help") for tool in (*TOOLS, "fusion")]
ANSWERS = [
    ("run_pipeline.py", "--list"),
    ("run_pipeline.py", "m3fd_detect", "--dry-run"),
    ("run_pipeline.py", "fusion_quality", "--dry-run"),
    ("run_pipeline.py", "m3fd_detect", "--data", ".", "data.registration=rig.json", "--dry-run"),
]
MISSPELT = [
    ("benchmark.py", "pipeline", "m3fd_detct"),
    ("benchmark.py", "fusers", "--fuser", "laplacin"),
    ("check_data.py", "m3fd_detct", "."),
    ("check_fuser.py", "laplacin"),
    ("export_fuser.py", "--to", "onnx", "--out", "net.onnx", "--fuser", "isfuze"),
    ("fuse_images.py", *FOLDERS, "--fuser", "laplacin"),
    ("fuse_images.py", *FOLDERS, "--fuser", "laplacian", "levles=3"),
    ("fuse_images.py", *FOLDERS, "--fuser", "laplacian", "--registration", "none.json"),
    ("run_pipeline.py", "m3fd_detect", "--data", ".", "data.registration=none.json"),
    ("run_pipeline.py", "m3fd_detct"),
    ("run_pipeline.py", "m3fd_detect", "fusers=laplacin"),
    ("run_pipeline.py", "m3fd_detect", "detector.epoch=3"),
    ("run_pipeline.py", "fusion_quality", "metrics.names=Qbaf"),
    ("score_fusion.py", *FOLDERS[:4], "--fused", "vi", "--metrics", "Qbaf"),
    ("train_fusion.py", *FOLDERS, "--recipe", "isfuse_papr"),
    ("train_fusion.py", *FOLDERS, "schedule.epoch=1"),
]
RUN_ALL = """
import json, sys
from pathlib import Path
from tests.run_tool import in_process

commands, heavy = json.load(sys.stdin)
answers = []
for command in commands:
    before = set(sys.modules)
    done = in_process(*command, cwd=Path.cwd())
    answers.append((done.returncode, done.stderr, [name for name in heavy if name in set(sys.modules) - before]))
json.dump(answers, sys.stdout)
"""


def test_help_lists_plans_and_misspelt_names_need_no_heavy_library(tmp_path: Path) -> None:
    for folder in ("ir", "vi"):
        (tmp_path / folder).mkdir()
    rig().save(tmp_path / "rig.json")
    commands = [*HELP, *ANSWERS, *MISSPELT]
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        input=json.dumps([commands, HEAVY]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    wrong = []
    for command, (code, errors, imported) in zip(commands, json.loads(done.stdout), strict=True):
        expected = (2, 1) if command in MISSPELT else (0, 0)
        if (code, errors.count("\n")) != expected or imported:
            wrong.append(f"{' '.join(command)}: code {code}, imports {imported}, says {errors!r}")
    assert not wrong, "\n" + "\n".join(wrong)
