"""A fusion network in OpenVINO's own form."""

from __future__ import annotations

from pathlib import Path


def onnx_to_openvino(model: Path, path: Path, half: bool) -> None:
    """Convert an ONNX file, with its metadata, to `path` (.xml) and the .bin beside it; half stores float16 weights."""
    import openvino

    # not openvino.convert_model, which reports its use over the network
    openvino.save_model(openvino.Core().read_model(model), path, compress_to_fp16=half)
