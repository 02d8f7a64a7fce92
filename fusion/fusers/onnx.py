"""Fusion by a network in an ONNX or OpenVINO file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from fusion.engines import Backend, ComputePrecision, Port, open_model
from fusion.errors import InputError, one_line

if TYPE_CHECKING:
    from torch import Tensor

_INFRARED, _VISIBLE = ("ir", "infrared", "thermal"), ("vi", "rgb")
_EXPECTED = (
    "expected two inputs and one output, each float32 (batch, 1, height, width) with dynamic height and width; 3 "
    "channels for a visible image or an output in RGB"
)


class OnnxFuser:
    """A network in an ONNX or OpenVINO file, run on the CPU.

    The model maps two luma images, float32 (B, 1, H, W) in [0, 1], to one; its visible image, its output or both may be
    RGB, (B, 3, H, W). The output is clamped to [0, 1]. Images are fused one by one, so its batch size may be fixed to
    1. Inputs are assigned by `order_inputs`. The number of threads is that of torch at construction.

    Args:
        model: the `.onnx` file, or for OpenVINO its `.xml`.
        backend: the engine that runs it, "onnxruntime" or "openvino".
        precision: the arithmetic of OpenVINO, "float32" or "bfloat16"; the latter is faster on CPUs that support it,
            with errors of one to several grey levels.

    Raises:
        InputError: an option is unknown, the file does not exist or is not such a model, or the engine is not
            installed.
    """

    learned: ClassVar[bool] = True
    colour: ClassVar[bool] = True

    def __init__(
        self, model: str | Path, backend: Backend = "onnxruntime", precision: ComputePrecision = "float32"
    ) -> None:
        self._path = Path(model)
        self._session = open_model(self._path, backend, precision)
        inputs, outputs = self._session.inputs, self._session.outputs
        by_name = {port.name: port for port in inputs}
        names = order_inputs(*by_name) if len(by_name) == 2 else ("", "")
        fit = len(by_name) == 2 and len(outputs) == 1 and _is_image(outputs[0], (1, 3, None))
        if not (fit and _is_image(by_name[names[0]]) and _is_image(by_name[names[1]], (1, 3))):
            found = f"inputs {_describe(inputs)} and outputs {_describe(outputs)}"
            raise InputError(f"{self._path}: not a fusion model (found {found}; {_EXPECTED})")
        self._infrared, self._visible = names
        self.sees_colour = by_name[self._visible].shape[1] == 3

    def fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        """Run the model on the pairs of a batch, one by one.

        Args:
            infrared: (B, 1, H, W) luma in [0, 1], on any device.
            visible: likewise, or (B, 3, H, W) RGB if the model takes that.

        Returns:
            (B, 1, H, W) luma or (B, 3, H, W) RGB in [0, 1], in the type and on the device of `infrared`.

        Raises:
            InputError: the model does not support this image size, or returns another one.
        """
        import torch

        images = zip(torch.split(infrared, 1), torch.split(visible, 1), strict=True)
        return torch.cat([self._fuse(*pair) for pair in images]).clamp(0, 1).to(infrared)

    def _fuse(self, infrared: Tensor, visible: Tensor) -> Tensor:
        import torch

        size = f"{infrared.shape[3]}x{infrared.shape[2]}"
        images = {self._infrared: infrared, self._visible: visible}
        try:
            fused = self._session.run({name: image.float().cpu().numpy() for name, image in images.items()})
        except Exception as error:  # the engines' exceptions have no common base class
            raise InputError(f"{self._path}: cannot fuse images of {size} ({one_line(error)})") from error
        expected = tuple(infrared.shape)
        if fused.shape not in (expected, (1, 3, *expected[2:])):
            raise InputError(f"{self._path}: wrong output shape (found {fused.shape}, expected {expected})")
        return torch.from_numpy(fused)


def order_inputs(first: str, second: str) -> tuple[str, str]:
    """Order the two inputs of a model as (infrared, visible) by their names.

    A name with a word that begins with "ir", "infrared" or "thermal" is infrared, one with a word that begins with
    "vi" or "rgb" is visible; words are separated by capitals, digits or signs. Where the names do not decide, the
    order is kept.

    Example:
        >>> order_inputs("vis_image", "ir_image")
        ('ir_image', 'vis_image')
        >>> order_inputs("first", "second")  # the "ir" inside "first" means nothing
        ('first', 'second')
    """
    infrared, visible = (
        [any(word.startswith(beginnings) for word in _words(name)) for name in (first, second)]
        for beginnings in (_INFRARED, _VISIBLE)
    )
    swapped = infrared == [False, True] or (infrared[0] == infrared[1] and visible == [True, False])
    return (second, first) if swapped else (first, second)


def _is_image(port: Port, channels: tuple[int | None, ...] = (1,)) -> bool:
    """Check whether a port is float32 (B or 1, C, H, W) with C in `channels` and dynamic H and W."""
    if not port.float32 or len(port.shape) != 4:
        return False
    fixed = [length if isinstance(length, int) else None for length in port.shape]
    return fixed[0] in (None, 1) and fixed[1] in channels and fixed[2:] == [None, None]


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def _describe(ports: list[Port]) -> str:
    return ", ".join(map(str, ports)) or "none"
