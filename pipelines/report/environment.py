"""What a number was measured with: commit, machine, versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import torch

PACKAGES = (
    "torch",
    "ultralytics",
    "pycocotools",
    "segmentation-models-pytorch",
    "onnxruntime",
    "openvino",
    "numpy",
    "opencv-python",
)


def describe_environment() -> dict[str, str]:
    """Describe the commit of this checkout, the machine, and the versions of the packages that decide a result."""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    versions = [f"{name} {version}" for name in PACKAGES if (version := _version(name))]
    return {
        "commit": _commit(),
        "machine": f"{_processor()}, {os.cpu_count()} cores{gpu}",
        "versions": ", ".join([f"Python {platform.python_version()}", *versions]),
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # of an extra that is not installed
        return ""


def _commit() -> str:
    root = Path(__file__).parents[2]
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown, no git checkout"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
