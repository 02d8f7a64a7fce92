"""The console script: every tool as a command, also from a wheel in an environment without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from pipelines.commands.stablefuse import COMMANDS
from tests.run_tool import ROOT

RUN = "import sys; from pipelines.commands.stablefuse import main; main()"


def stablefuse(*arguments: str, cwd: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_every_tool_is_a_command(tmp_path: Path) -> None:
    modules = {module.rpartition(".")[2] for module, _ in COMMANDS.values()}
    assert modules - {"__main__"} | {"fuse_images"} == {path.stem for path in (ROOT / "tools").glob("*.py")}
    said = stablefuse("--help", cwd=tmp_path).stdout
    assert all(f"\n  {name} " in said for name in COMMANDS)
    assert stablefuse("--version", cwd=tmp_path).stdout == f"stablefuse {version('stablefuse')}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_the_command(name: str, tmp_path: Path) -> None:
    done = stablefuse(name, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: stablefuse {name} ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu"], "error: unknown command 'rnu'. Did you mean 'run'?"),
        (["--verbose"], "error: --verbose: unknown option (expected a command)"),
        (["run", "m3fd_detct"], "error: unknown pipeline 'm3fd_detct'. Did you mean 'm3fd_detect'?"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = stablefuse(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_wheel_has_all_that_a_pipeline_needs(tmp_path: Path) -> None:
    """What a wheel contains, without the checkout, runs the sample with shipped weights and writes every report."""
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(tmp_path)]
    copy = tmp_path / "copy"
    for package in ("configs", "downstream", "fusion", "pipelines"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    subprocess.run([*build, str(copy)], check=True, capture_output=True, text=True)
    installed, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
        scripts = next(name for name in wheel.namelist() if name.endswith("entry_points.txt"))
        assert "stablefuse = pipelines.commands.stablefuse:main" in wheel.read(scripts).decode()
    arguments = ["sample.train=2", "sample.test=2", "metrics.names=EN", "effects.images=0", "fusers=isfuse-lite"]
    done = stablefuse("run", "fusion_quality", *arguments, cwd=empty, root=installed)
    assert done.returncode == 0, done.stderr
    report = empty / "work/fusion_quality-sample/report"
    assert {"report.md", "report.html", "results.tex"} <= {path.name for path in report.iterdir()}
    assert "stablefuse run fusion_quality sample.train=2" in (report / "report.md").read_text(encoding="utf-8")
    assert {path.parent.name for path in installed.rglob("py.typed")} == {"downstream", "fusion", "pipelines"}
