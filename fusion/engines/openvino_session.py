"""Model files run by OpenVINO, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import torch

from fusion.engines.session import Images, Port
from fusion.errors import InputError, one_line

ComputePrecision = Literal["float32", "bfloat16"]
_SIZES = 4  # that a session keeps compiled
_HINTS = {"float32": "f32", "bfloat16": "bf16"}


class OpenvinoSession:
    """A model in an ONNX file or in OpenVINO's own `.xml`, run with as many threads as torch has when it is opened.

    It is compiled for each size of images anew, which takes a second and makes it up to twice as fast as a model of
    free size; the last few sizes are kept.

    Args:
        path: the file; an `.xml` has its weights in the `.bin` beside it.
        precision: "bfloat16" computes in it where the processor can: faster, and off by a grey level or several.

    Raises:
        InputError: OpenVINO is not installed, the file is no model, or the precision is unknown.
    """

    def __init__(self, path: Path, precision: ComputePrecision = "float32") -> None:
        if precision not in get_args(ComputePrecision):
            raise InputError(f"precision={precision!r}; expected {' or '.join(get_args(ComputePrecision))}")
        try:
            import openvino
        except ImportError as error:
            raise InputError(
                'backend=openvino needs openvino, not installed; expected pip install -e ".[export]"'
            ) from error
        self._core = _core(openvino)
        self._settings = {
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,  # processes side by side would meet on the same cores
        }
        try:
            self._model = self._core.read_model(str(path))
        except Exception as error:  # OpenVINO's are plain RuntimeErrors
            raise InputError(f"{path}: cannot be read by OpenVINO ({one_line(error)})") from error
        self.inputs = [_port(port) for port in self._model.inputs]
        self.outputs = [_port(port) for port in self._model.outputs]
        self._request_for = lru_cache(_SIZES)(self._compile)

    def run(self, images: Mapping[str, Images]) -> Images:
        """Map images by input name to the first output."""
        request = self._request_for(tuple((name, image.shape) for name, image in images.items()))
        request.infer(dict(images))
        fused: Images = request.get_output_tensor(0).data.copy()
        return fused

    def _compile(self, shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> Any:
        model = self._model.clone()
        model.reshape(dict(shapes))
        return self._core.compile_model(model, "CPU", self._settings).create_infer_request()


@lru_cache(1)
def _core(openvino: Any) -> Any:
    """Give the one engine of this process; a second one that goes leaves Ctrl-C a stack that is gone: a crash."""
    return openvino.Core()


def _port(port: Any) -> Port:
    lengths = [length.get_length() if length.is_static else None for length in port.get_partial_shape()]
    kind = port.get_element_type().get_type_name()
    return Port(port.get_any_name(), kind, kind == "f32", lengths)
