"""What every inference engine provides, and the one way to open a model file. Does not import an engine or torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np
import numpy.typing as npt

from fusion.errors import InputError

Images = npt.NDArray[np.float32]  # (B, 1, H, W)
Backend = Literal["onnxruntime", "openvino"]
ComputePrecision = Literal["float32", "bfloat16"]


class Port(NamedTuple):
    """An input or output of a model.

    Attributes:
        name: its name in the model file.
        kind: the engine's name for its element type.
        float32: whether that type is float32.
        shape: its lengths; a dynamic one is None or a symbolic name.
    """

    name: str
    kind: str
    float32: bool
    shape: list[int | str | None]

    def __str__(self) -> str:
        return f"{self.name}: {self.kind} {self.shape}"


class Session(Protocol):
    """A model file opened by an engine.

    Attributes:
        inputs: the inputs of the model, in the order of the file.
        outputs: its outputs, likewise.
    """

    inputs: list[Port]
    outputs: list[Port]

    def run(self, images: Mapping[str, Images]) -> Images:
        """Run the model.

        Args:
            images: (B, 1, H, W) float32 by input name.

        Returns:
            The first output.

        Raises:
            Exception: whatever the engine raises, for example because the model does not support the size.
        """
        ...


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
