"""Run ONNX and OpenVINO files with OpenVINO on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from fusion.engines.session import ComputePrecision, Images, Port
from fusion.errors import InputError, one_line

_SIZES = 4  # compiled models kept per session
_HINTS = {"float32": "f32", "bfloat16": "bf16"}


class OpenvinoSession:
    """A model in an ONNX file or OpenVINO's `.xml`, run with as many threads as torch uses when the file is opened.

    Implements `Session`. The model is compiled anew for each image size, which takes about a second and makes it up to
    twice as fast as with a dynamic size; the last few sizes are cached.

    Args:
        path: the file; the weights of an `.xml` are in the `.bin` beside it.
        precision: "bfloat16" computes in bfloat16 where the CPU supports it: faster, with errors of one to several
            grey levels.

    Raises:
        InputError: OpenVINO is not installed, or the file is not a model that it can read.
    """

    def __init__(self, path: Path, precision: ComputePrecision = "float32") -> None:
        try:
            import openvino
        except ImportError as error:
            raise InputError('backend=openvino: not installed. Try: pip install -e ".[export]"') from error
        self._core = _core(openvino)
        self._settings = {
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,  # concurrent processes would be pinned to the same cores
        }
        try:
            self._model = self._core.read_model(str(path))
        except Exception as error:  # OpenVINO raises plain RuntimeErrors
            raise InputError(f"{path}: cannot be read by OpenVINO ({one_line(error)})") from error
        self.inputs = [_port(port) for port in self._model.inputs]
        self.outputs = [_port(port) for port in self._model.outputs]
        self._request_for = lru_cache(_SIZES)(self._compile)

    def run(self, images: Mapping[str, Images]) -> Images:
        """Run the model on (B, 1, H, W) float32 images by input name; return the first output."""
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
    """Return the one Core of this process: after a second one is destroyed, Ctrl-C crashes the process."""
    return openvino.Core()


def _port(port: Any) -> Port:
    lengths = [length.get_length() if length.is_static else None for length in port.get_partial_shape()]
    kind = port.get_element_type().get_type_name()
    return Port(port.get_any_name(), kind, kind == "f32", lengths)
