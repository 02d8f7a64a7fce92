"""Write a learned fuser as a file for other engines, and check that file against the network."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, cast, get_args

from torch import nn

from fusion.errors import InputError, unknown_name
from fusion.export.check import largest_differences
from fusion.export.int8 import quantise_onnx
from fusion.export.onnx import describe_onnx, store_weights_in_half, write_onnx
from fusion.export.openvino import onnx_to_openvino
from fusion.export.torchscript import write_torchscript
from fusion.fusers import BUILT_IN, SHIPPED, build_fuser, fuser_class, fuser_files
from fusion.images import Pair
from fusion.storage import atomic_files

Form = Literal["onnx", "openvino", "torchscript"]
ExportPrecision = Literal["float32", "half", "int8"]
_SUFFIXES = {"onnx": ".onnx", "openvino": ".xml", "torchscript": ".pt"}
_PACKAGES = {"onnx": ("onnx", "onnxruntime"), "openvino": ("onnx", "onnxruntime", "openvino"), "torchscript": ()}
_FURTHEST = 1 / 255
_IMAGES = (
    "infrared, visible: float32 luma in [0, 1], (batch, 1, height, width), registered, equal sizes from 4x4 on; luma "
    "is .299 R + .587 G + .114 B. fused: likewise; its colours are the chroma of the visible image"
)


class Exported(NamedTuple):
    """An exported file, and the largest difference of a pixel to the network by size, of images in [0, 1]."""

    path: Path
    differences: dict[str, float]


class _HasNetwork(Protocol):
    facts: dict[str, Any]

    def inference_form(self) -> nn.Module: ...


def export_fuser(
    fuser: str,
    to: Form,
    path: Path,
    precision: ExportPrecision = "float32",
    weights: str | Path = SHIPPED,
    calibration: Sequence[Pair] = (),
) -> Path:
    """Write a learned fuser as a file that another engine runs, and give the path; `export_checked` tells more."""
    return export_checked(fuser, to, path, precision, weights, calibration).path


def export_checked(
    fuser: str,
    to: Form,
    path: Path,
    precision: ExportPrecision = "float32",
    weights: str | Path = SHIPPED,
    calibration: Sequence[Pair] = (),
) -> Exported:
    """Write a learned fuser as a file that another engine runs, and measure how far its images are from the network's.

    The file takes "infrared" and "visible" and gives "fused", each (batch, 1, height, width) float32 luma in [0, 1], of
    any size from 4x4 on. Name, facts of the training and a fingerprint of the weights are stored in it.

    Args:
        fuser: the name of one with a network, such as "isfuse".
        to: "onnx", "openvino" (an `.xml` and a `.bin` beside it) or "torchscript".
        path: ends in .onnx, .xml or .pt accordingly.
        precision: "half" stores float16 weights and computes in float32 (TorchScript: bfloat16, both). "int8" has its
            inner convolutions in 8-bit integers; it pays with OpenVINO only. TorchScript has none.
        weights: as the fuser takes them.
        calibration: for int8, pairs like those it will see.

    Raises:
        InputError: the fuser has no network, its weights cannot be read, an argument is unknown or does not fit the
            others, a package is missing, or the file cannot be written.
        RuntimeError: a float32 file is off by more than a grey level; it is not kept.
    """
    _require(to, path, precision, calibration)
    network, facts = _network_of(fuser, weights)
    facts = {"name": fuser, "precision": precision, **facts, "images": _IMAGES}
    files = [path.with_suffix(".bin"), path] if to == "openvino" else [path]
    with atomic_files(*files) as made:
        if to == "torchscript":
            write_torchscript(network, made, facts, half=precision == "half")
        else:
            _write(network, made, facts, precision, calibration)
        differences = largest_differences(made, network)
        if precision == "float32" and not max(differences.values()) <= _FURTHEST:
            raise RuntimeError(f"{path}: not written, its images are off by {differences}; expected 1/255 at most")
    return Exported(path, differences)


def _write(
    network: nn.Module, path: Path, facts: dict[str, Any], precision: ExportPrecision, calibration: Sequence[Pair]
) -> None:
    """Write the network as ONNX, and turn that into what was asked for."""
    model = path.with_suffix(".onnx")
    write_onnx(network, model)
    if precision == "int8":
        quantise_onnx(model, model, calibration)
    if precision == "half" and path == model:
        store_weights_in_half(model)
    describe_onnx(model, facts)
    if path != model:
        onnx_to_openvino(model, path, half=precision == "half")


def _require(to: str, path: Path, precision: str, calibration: Sequence[Pair]) -> None:
    """Check the arguments alone, before anything is computed."""
    if to not in get_args(Form):
        raise unknown_name("form of export", to, get_args(Form))
    if precision not in get_args(ExportPrecision):
        raise unknown_name("precision of export", precision, get_args(ExportPrecision))
    if path.suffix != _SUFFIXES[to]:
        raise InputError(f"{path}: ends in {path.suffix!r}; expected {_SUFFIXES[to]!r} for {to}")
    if precision == "int8" and to == "torchscript":
        raise InputError("torchscript has no int8; expected onnx or openvino")
    if precision == "int8" and not calibration:
        raise InputError("int8 without images to find the ranges of values; expected pairs for calibration")
    try:
        for package in _PACKAGES[to]:
            import_module(package)
    except ImportError as error:
        raise InputError(f'{to} needs {error.name}, not installed; expected pip install -e ".[export]"') from error


def _network_of(fuser: str, weights: str | Path) -> tuple[nn.Module, dict[str, Any]]:
    """Build a fuser and give its network with what is known of it."""
    if not hasattr(fuser_class(fuser), "inference_form"):
        known = [name for name in BUILT_IN if hasattr(fuser_class(name), "inference_form")]
        raise InputError(f"fuser {fuser!r} has no network to export; expected {' or '.join(known)}")
    built = cast(_HasNetwork, build_fuser(fuser, weights=weights, device="cpu"))
    file = fuser_files(fuser, {"weights": str(weights)})["weights"]
    facts: dict[str, Any] = {name: built.facts[name] for name in ("network", "epoch", "values") if name in built.facts}
    stored = {"weights": file.name, "weights_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    return built.inference_form(), {**stored, **facts}
