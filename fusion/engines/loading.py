"""Open a model file with the engine of a given name. An engine and torch are imported when a file is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from fusion.engines.session import ComputePrecision, Session
from fusion.errors import InputError

Backend = Literal["onnxruntime", "openvino"]


def open_model(path: Path, backend: Backend = "onnxruntime", precision: ComputePrecision = "float32") -> Session:
    """Open a model file for inference on the CPU, with as many threads as torch uses at this moment.

    Args:
        path: an `.onnx` file, or for OpenVINO also its `.xml`.
        backend: the engine that runs it.
        precision: the arithmetic; bfloat16 with OpenVINO only.

    Raises:
        InputError: an option is unknown, the file does not exist or cannot be read, or the engine is not installed.
    """
    if backend not in get_args(Backend):
        raise InputError(f"backend={backend!r}: unknown value (expected {' or '.join(get_args(Backend))})")
    if precision not in get_args(ComputePrecision):
        raise InputError(f"precision={precision!r}: unknown value (expected {' or '.join(get_args(ComputePrecision))})")
    if not path.is_file():
        raise InputError(f"{path}: no such file (expected an ONNX or OpenVINO model)")
    if backend == "openvino":
        from fusion.engines.openvino_session import OpenvinoSession

        return OpenvinoSession(path, precision)
    if path.suffix == ".xml":
        raise InputError(f"{path}: an OpenVINO model, which onnxruntime cannot run. Try: backend=openvino")
    if precision != "float32":
        raise InputError(f"precision={precision!r}: not available with backend=onnxruntime. Try: backend=openvino")
    from fusion.engines.onnxruntime_session import OnnxruntimeSession

    return OnnxruntimeSession(path)
