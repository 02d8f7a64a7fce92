"""Fusion by a network that is stored as an ONNX or OpenVINO file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from fusion.engines import ComputePrecision, OnnxruntimeSession, OpenvinoSession, Port, Session
from fusion.errors import InputError, one_line

Backend = Literal["onnxruntime", "openvino"]
_EXPECTED = "expected two inputs and one output, each float32 (batch, 1, height, width) with free height and width"


class OnnxFuser:
    """A network in an ONNX or OpenVINO file, run on the CPU.

    It takes two luma images in [0, 1] as float32 (B, 1, H, W), and gives one; that is clamped to [0, 1]. Images are
    fused one by one, so a batch of 1 may be fixed in the file. The inputs are told apart by their names: one that
    contains "ir" or "infrared" is infrared, one that contains "vi" or "visible" is visible; where the names do not
    decide it, infrared comes first. It runs with as many threads as torch has when it is built.

    Args:
        model: the `.onnx` file, or for OpenVINO its `.xml`.
        backend: the engine that runs it, "onnxruntime" or "openvino".
        precision: of OpenVINO's arithmetic: "float32", or "bfloat16", which is faster where the processor has it, and
            off by a grey level or several.

    Raises:
        InputError: the engine is not installed, an option is unknown, or the file is no such model.
    """

    learned: ClassVar[bool] = True
    colour: ClassVar[bool] = True

    def __init__(
        self, model: str | Path, backend: Backend = "onnxruntime", precision: ComputePrecision = "float32"
    ) -> None:
        self._path = Path(model)
        self._session = open_model(self._path, backend, precision)
        inputs, outputs = self._session.inputs, self._session.outputs
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
        images = zip(torch.split(infrared, 1), torch.split(visible, 1), strict=True)
        return torch.cat([self._fuse(*pair) for pair in images]).clamp(0, 1).to(infrared)

    def _fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        size = f"{infrared.shape[3]}x{infrared.shape[2]}"
        images = {self._infrared: infrared, self._visible: visible}
        try:
            fused = self._session.run({name: image.float().cpu().numpy() for name, image in images.items()})
        except Exception as error:  # the engine's own, without a common class
            raise InputError(f"{self._path}: cannot take images of {size} ({one_line(error)})") from error
        if fused.shape != infrared.shape:
            raise InputError(f"{self._path}: makes {fused.shape} of images of {size}; expected that size")
        return torch.from_numpy(fused)


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


def open_model(path: Path, backend: Backend = "onnxruntime", precision: ComputePrecision = "float32") -> Session:
    """Read a model file with the engine of that name.

    Raises:
        InputError: as `OnnxFuser`.
    """
    if backend not in get_args(Backend):
        raise InputError(f"backend={backend!r}; expected {' or '.join(get_args(Backend))}")
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected an ONNX model")
    if backend == "openvino":
        return OpenvinoSession(path, precision)
    if path.suffix == ".xml":
        raise InputError(f"{path}: is for OpenVINO; expected backend=openvino with it")
    if precision != "float32":
        raise InputError(f"precision={precision!r} with backend=onnxruntime; expected float32, or backend=openvino")
    return OnnxruntimeSession(path)


def _is_image(port: Port, channels: tuple[int | None, ...] = (1,)) -> bool:
    """Say whether an input or output is float32 (B, 1, H, W); a length that is free is no number there."""
    if not port.float32 or len(port.shape) != 4:
        return False
    fixed = [length if isinstance(length, int) else None for length in port.shape]
    return fixed[0] in (None, 1) and fixed[1] in channels and fixed[2:] == [None, None]


def _describe(ports: list[Port]) -> str:
    return ", ".join(map(str, ports)) or "none"
