"""Model files run by onnxruntime, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fusion.engines.session import Images, Port
from fusion.errors import InputError, one_line

_FATAL = 4  # onnxruntime would print its errors beside ours


class OnnxruntimeSession:
    """A model in an ONNX file, run with as many threads as torch has when it is opened.

    Raises:
        InputError: onnxruntime is not installed, or the file is no ONNX model.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise InputError(
                'ONNX models need onnxruntime, not installed; expected pip install -e ".[export]"'
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _FATAL
        options.intra_op_num_threads = torch.get_num_threads()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait leave the core
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own, without a common class
            raise InputError(f"{path}: cannot be read as an ONNX model ({one_line(error)})") from error
        self.inputs = [_port(node) for node in self._session.get_inputs()]
        self.outputs = [_port(node) for node in self._session.get_outputs()]

    def run(self, images: Mapping[str, Images]) -> Images:
        """Map images by input name to the first output."""
        fused: Images = self._session.run(None, dict(images))[0]
        return fused


def _port(node: Any) -> Port:
    return Port(node.name, node.type, node.type == "tensor(float)", node.shape)
