"""What a stage was run with: date, commit, machine, versions."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from fusion.cores import available_cores
from fusion.storage import read_json

RECORD = "stage.json"
_PACKAGES = (
    "stablefuse",
    "torch",
    "ultralytics",
    "pycocotools",
    "segmentation-models-pytorch",
    "onnxruntime",
    "openvino",
    "numpy",
    "opencv-python",
)
_UNKNOWN = "unknown"


class Provenance(NamedTuple):
    """What a stage was run with, and how long it took.

    Attributes:
        date: on which it ended, ISO.
        commit: of this checkout when the process started; "-dirty" with changes that are not committed.
        machine: processor, cores and GPU.
        versions: of Python and of the packages that decide a result, by name.
        seconds: None while it runs.
    """

    date: str
    commit: str
    machine: str
    versions: dict[str, str]
    seconds: float | None = None


def current_provenance() -> Provenance:
    """Describe this process; a GPU is named once torch has been imported."""
    torch: Any = sys.modules.get("torch")
    gpu = f", {torch.cuda.get_device_name()}" if torch and torch.cuda.is_available() else ", no GPU"
    machine = f"{_processor()}, {available_cores()} cores{gpu}"
    return Provenance(datetime.date.today().isoformat(), _commit(), machine, _versions())


def load_provenance(folder: Path) -> Provenance:
    """Read what the finished stage of a folder was run with; records of earlier versions do not tell."""
    record = read_json(folder / RECORD)
    made = record.get("made", {"date": _UNKNOWN, "commit": _UNKNOWN, "machine": _UNKNOWN, "versions": {}})
    return Provenance(**made, seconds=record["seconds"])


@cache
def _versions() -> dict[str, str]:
    installed = {name: version for name in _PACKAGES if (version := _version(name))}
    return {"Python": platform.python_version(), **installed}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # of an extra that is not installed
        return ""


@cache
def _commit() -> str:
    root = Path(__file__).parents[2]
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown, no git checkout"


@cache
def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
