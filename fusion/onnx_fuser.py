"""Fusion by a network that is stored as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from fusion.errors import InputError, one_line
from fusion.per_image import Plane, fuse_each
from fusion.registry import FUSERS

_EXPECTED = "expected two inputs and one output, each float32 (batch, 1, height, width) with free height and width"
_FATAL = 4  # onnxruntime would print its errors beside ours


@FUSERS.register_module(name="onnx")
class OnnxFuser:
    """A network in an ONNX file, run on the CPU by onnxruntime.

    It takes two luma images in [0, 1] as float32 (B, 1, H, W), and gives one; that is clamped to [0, 1]. Images are
    fused one by one, so a batch of 1 may be fixed in the file. The inputs are told apart by their names: one that
    contains "ir" or "infrared" is infrared, one that contains "vi" or "visible" is visible; where the names do not
    decide it, infrared comes first.

    Args:
        model: the `.onnx` file.

    Raises:
        InputError: onnxruntime is not installed, or the file is no such model.
    """

    learned: ClassVar[bool] = True
    colour: ClassVar[bool] = True

    def __init__(self, model: str | Path) -> None:
        self._path = Path(model)
        self._session = _open(self._path)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        counts_fit = (len(inputs), len(outputs)) == (2, 1)
        if not (counts_fit and all(map(_is_image, inputs)) and _is_image(outputs[0], (1, None))):
            found = f"inputs {_describe(inputs)} and outputs {_describe(outputs)}"
            raise InputError(f"{self._path}: has {found}; {_EXPECTED}")
        self._infrared, self._visible = order_inputs(inputs[0].name, inputs[1].name)

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Run the model on each pair.

        Raises:
            InputError: it cannot take images of this size, or gives one of another size.
        """
        return fuse_each(infrared, visible, self._fuse)

    def _fuse(self, infrared: Plane, visible: Plane) -> Plane:
        size = f"{infrared.shape[1]}x{infrared.shape[0]}"
        feeds = {self._infrared: infrared, self._visible: visible}
        images = {name: image.astype(np.float32)[None, None] for name, image in feeds.items()}
        try:
            (fused,) = self._session.run(None, images)
        except Exception as error:  # onnxruntime's own, without a common class
            raise InputError(f"{self._path}: cannot take images of {size} ({one_line(error)})") from error
        if fused.shape != (1, 1, *infrared.shape):
            raise InputError(f"{self._path}: makes {fused.shape} of images of {size}; expected that size")
        plane: Plane = fused[0, 0]
        return plane


def order_inputs(first: str, second: str) -> tuple[str, str]:
    """Tell by their names which of two inputs is infrared and which is visible; infrared first where they do not say.

    Example:
        >>> order_inputs("vis_image", "ir_image")
        ('ir_image', 'vis_image')
    """
    infrared = ["ir" in name.lower() or "infrared" in name.lower() for name in (first, second)]
    visible = ["vi" in name.lower() for name in (first, second)]
    swapped = infrared == [False, True] or (infrared[0] == infrared[1] and visible == [True, False])
    return (second, first) if swapped else (first, second)


def _open(path: Path) -> Any:
    """Load the file into an onnxruntime session."""
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError('ONNX models need onnxruntime, not installed; expected pip install -e ".[export]"') from error
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected an ONNX model")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own, without a common class
        raise InputError(f"{path}: cannot be read as an ONNX model ({one_line(error)})") from error


def _is_image(node: Any, channels: tuple[int | None, ...] = (1,)) -> bool:
    """Say whether an input or output is float32 (B, 1, H, W); a length that is free is no number there."""
    if node.type != "tensor(float)" or len(node.shape) != 4:
        return False
    fixed = [length if isinstance(length, int) else None for length in node.shape]
    return fixed[0] in (None, 1) and fixed[1] in channels and fixed[2:] == [None, None]


def _describe(nodes: list[Any]) -> str:
    return ", ".join(f"{node.name}: {node.type} {node.shape}" for node in nodes) or "none"
