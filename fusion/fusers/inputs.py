"""Which files from outside decide what a fuser does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fusion.fusers.learned import SHIPPED, ISFuseFuser, ISFuseLiteFuser, weights_file
from fusion.fusers.python_file import fuser_path, is_in_file

_ALWAYS_FILES = ("model", "weights")


def fuser_files(name: str, options: Mapping[str, Any]) -> dict[str, Path]:
    """Map options to the files they name, and "code" to the Python file that a fuser is written in.

    Options called "model" or "weights" name a file, others do where there is one. "shipped" stands for the weights
    that come with the project.

    Args:
        name: as `build_fuser` takes it.
        options: likewise.
    """
    named = {option: Path(value) for option, value in options.items() if isinstance(value, str | Path)}
    files = {option: path for option, path in named.items() if option in _ALWAYS_FILES or path.is_file()}
    if name in (ISFuseFuser.name, ISFuseLiteFuser.name):
        files["weights"] = weights_file(name, options.get("weights", SHIPPED))
    if "model" in files and (beside := _data_of(files["model"])).is_file():
        files["model data"] = beside
    return {**files, "code": fuser_path(name)} if is_in_file(name) else files


def _data_of(model: Path) -> Path:
    """Name the file where a model's weights lie if not in it: OpenVINO's always, those of a large ONNX model."""
    return model.with_suffix(".bin") if model.suffix == ".xml" else Path(f"{model}.data")
