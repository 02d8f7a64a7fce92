"""Export a learned fuser to a file for other engines, and check the file against the network.

Importing this module does not import torch: unknown names and wrong options are reported before that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, cast, get_args

from fusion.errors import InputError, unknown_name
from fusion.fusers import BUILT_IN, SHIPPED, build_fuser, fuser_class, fuser_files
from fusion.storage import atomic_files

if TYPE_CHECKING:
    from torch import nn

    from fusion.images import Pair

Form = Literal["onnx", "openvino", "torchscript"]
ExportPrecision = Literal["float32", "half", "int8"]
_SUFFIXES = {"onnx": ".onnx", "openvino": ".xml", "torchscript": ".pt"}
_PACKAGES = {"onnx": ("onnx", "onnxruntime"), "openvino": ("onnx", "onnxruntime", "openvino"), "torchscript": ()}
_TOLERANCE = 1 / 255  # one grey level
_IMAGES = (
    "infrared, visible: float32 luma in [0, 1], (batch, 1, height, width), registered, equal sizes from 4x4 on; luma "
    "is .299 R + .587 G + .114 B. fused: likewise; its colours are the chroma of the visible image"
)


class Exported(NamedTuple):
    """An exported file.

    Attributes:
        path: the file.
        differences: the largest absolute difference from the network over all pixels, for images in [0, 1], by size
            ("width x height").
    """

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
) -> Exported:
    """Export a learned fuser to a file for another engine, and measure its difference from the network.

    The exported model maps "infrared" and "visible" to "fused", each (batch, 1, height, width) float32 luma in [0, 1]
    of any size from 4x4. Its metadata contain the name of the fuser, facts about the training and a hash of the
    weights.

    Args:
        fuser: the name of a fuser with a network, such as "isfuse".
        to: "onnx", "openvino" (an `.xml` with a `.bin` beside it) or "torchscript".
        path: the file to write, ending in `.onnx`, `.xml` or `.pt` respectively.
        precision: "half" stores float16 weights and computes in float32; with TorchScript, both are bfloat16. "int8"
            runs the inner convolutions in 8-bit integers, which is faster with OpenVINO only and not available for
            TorchScript.
        weights: as the fuser takes them.
        calibration: for int8, pairs similar to those that will be fused.

    Raises:
        InputError: the fuser is unknown or has no network, its weights cannot be read, an option is unknown or does
            not fit the others, a package is not installed, or the file cannot be written.
        RuntimeError: a float32 file differs by more than one grey level; it is not written.
    """
    _require(fuser, to, path, precision, calibration)
    from fusion.export.check import largest_differences
    from fusion.export.torchscript import write_torchscript

    network, facts = _network_of(fuser, weights)
    facts = {"name": fuser, "precision": precision, **facts, "images": _IMAGES}
    files = [path.with_suffix(".bin"), path] if to == "openvino" else [path]
    with atomic_files(*files) as made:
        if to == "torchscript":
            write_torchscript(network, made, facts, half=precision == "half")
        else:
            _write(network, made, facts, precision, calibration)
        differences = largest_differences(made, network)
        if precision == "float32" and not max(differences.values()) <= _TOLERANCE:
            raise RuntimeError(
                f"{path}: not written, differs from the network (found {differences}, expected <= 1/255)"
            )
    return Exported(path, differences)


def _write(
    network: nn.Module, path: Path, facts: dict[str, Any], precision: ExportPrecision, calibration: Sequence[Pair]
) -> None:
    """Write the network as ONNX, and convert that to the requested form and precision."""
    from fusion.export.int8 import quantise_onnx
    from fusion.export.onnx import describe_onnx, store_weights_in_half, write_onnx

    model = path.with_suffix(".onnx")
    write_onnx(network, model)
    if precision == "int8":
        quantise_onnx(model, model, calibration)
    if precision == "half" and path == model:
        store_weights_in_half(model)
    describe_onnx(model, facts)
    if path != model:
        onnx_to_openvino(model, path, half=precision == "half")


def onnx_to_openvino(model: Path, path: Path, half: bool) -> None:
    """Convert an ONNX file to OpenVINO's own form, including its metadata.

    Args:
        model: the ONNX file.
        path: the `.xml` to write; the weights go to the `.bin` beside it.
        half: whether to store float16 weights.
    """
    import openvino

    # openvino.convert_model is not used because it sends usage statistics over the network
    openvino.save_model(openvino.Core().read_model(model), path, compress_to_fp16=half)


def _require(fuser: str, to: str, path: Path, precision: str, calibration: Sequence[Pair]) -> None:
    """Check the arguments and the installed packages, before anything is computed."""
    if to not in get_args(Form):
        raise unknown_name("form of export", to, get_args(Form))
    if precision not in get_args(ExportPrecision):
        raise unknown_name("precision of export", precision, get_args(ExportPrecision))
    if path.suffix != _SUFFIXES[to]:
        raise InputError(f"{path}: wrong suffix for {to} (found {path.suffix!r}, expected {_SUFFIXES[to]!r})")
    if precision == "int8" and to == "torchscript":
        raise InputError("precision='int8': not available for torchscript (expected onnx or openvino)")
    if precision == "int8" and not calibration:
        raise InputError("precision='int8': no pairs for calibration (expected pairs similar to those to be fused)")
    if not hasattr(fuser_class(fuser), "inference_form"):
        known = [name for name in BUILT_IN if hasattr(fuser_class(name), "inference_form")]
        raise InputError(f"fuser {fuser!r}: no network to export (expected {' or '.join(known)})")
    try:
        for package in _PACKAGES[to]:
            import_module(package)
    except ImportError as error:
        raise InputError(f'export to {to}: {error.name} is not installed. Try: pip install -e ".[export]"') from error


def _network_of(fuser: str, weights: str | Path) -> tuple[nn.Module, dict[str, Any]]:
    """Build a fuser; return its network and facts about its weights."""
    built = cast(_HasNetwork, build_fuser(fuser, weights=weights, device="cpu"))
    file = fuser_files(fuser, {"weights": str(weights)})["weights"]
    facts: dict[str, Any] = {name: built.facts[name] for name in ("network", "epoch", "values") if name in built.facts}
    stored = {"weights": file.name, "weights_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    return built.inference_form(), {**stored, **facts}
