"""Run ONNX files with onnxruntime on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from fusion.engines.session import Images, Port
from fusion.errors import InputError, one_line

_FATAL = 4  # log level: otherwise onnxruntime prints its own errors in addition to ours


class OnnxruntimeSession:
    """A model in an ONNX file, run with as many threads as torch uses when the file is opened.

    Implements `Session`.

    Args:
        path: the `.onnx` file.

    Raises:
        InputError: onnxruntime is not installed, or the file is not a valid ONNX model.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise InputError('backend=onnxruntime: not installed. Try: pip install -e ".[export]"') from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _FATAL
        options.intra_op_num_threads = torch.get_num_threads()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads release their core
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions have no common base class
            raise InputError(f"{path}: cannot be read as an ONNX model ({one_line(error)})") from error
        self.inputs = [_port(node) for node in self._session.get_inputs()]
        self.outputs = [_port(node) for node in self._session.get_outputs()]

    def run(self, images: Mapping[str, Images]) -> Images:
        """Run the model on (B, 1, H, W) float32 images by input name; return the first output."""
        fused: Images = self._session.run(None, dict(images))[0]
        return fused


def _port(node: Any) -> Port:
    return Port(node.name, node.type, node.type == "tensor(float)", node.shape)
