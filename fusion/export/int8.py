"""Convolutions of an ONNX file in 8-bit integers, with ranges that real images gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fusion.engines import Images
from fusion.errors import InputError
from fusion.images import Pair, luma

MOST_PAIRS = 32
_SIDE = 320  # of the middle that is taken of each image: ranges need no more


def quantise_onnx(model: Path, path: Path, pairs: Sequence[Pair]) -> None:
    """Write an ONNX file anew with its inner convolutions in int8 (QDQ form), which both engines run.

    The first convolutions, the last one and everything that is no convolution, such as attention, stay in float32.
    What a convolution takes is rounded to 8 bits, what it gives is not: half the error, and OpenVINO computes nonsense
    with both. Weights use 7 of their 8 bits: processors without instructions for int8 add two products in 16 bits, and
    with 8 these overflow at a few pixels.

    Args:
        model: a float32 file of `write_onnx`.
        path: to write to.
        pairs: for the ranges of all values; at most 32 are taken, evenly over the list.

    Raises:
        InputError: there are no pairs, or one cannot be read.
    """
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    if not pairs:
        raise InputError("int8 needs pairs of images to find the ranges of values; expected calibration pairs")
    quantize_static(
        model,
        path,
        _Calibration(pairs),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        nodes_to_exclude=_sensitive(model),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        extra_options={"OpTypesToExcludeOutputQuantization": ["Conv"]},
    )


class _Calibration:
    """The middles of pairs, one at a time, as the quantiser wants them: by input name, then None."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        step = -(-len(pairs) // MOST_PAIRS)
        self._images = _middles(pairs[::step])

    def get_next(self) -> dict[str, Images] | None:
        return next(self._images, None)


def _middles(pairs: Sequence[Pair]) -> Iterator[dict[str, Images]]:
    for pair in pairs:
        infrared, visible = pair.read()
        top, left = ((length - _SIDE) // 2 if length > _SIDE else 0 for length in infrared.shape[1:])
        window = (..., slice(top, top + _SIDE), slice(left, left + _SIDE))
        yield {"infrared": infrared[None][window].numpy(), "visible": luma(visible)[None][window].numpy()}


def _sensitive(model: Path) -> list[str]:
    """Name the convolutions that read an image, write one, or make attention's few keys and values."""
    import onnx

    graph = onnx.load(model).graph
    shapes = {weights.name: weights.dims for weights in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    return [node.name for node in convolutions if 1 in shapes[node.input[1]][:2] or _in_float(node.name)]


def _in_float(name: str) -> bool:
    """Tell whether a convolution makes keys or values, or the image: several numbers for each square of pixels."""
    return any(part in name for part in ("/key_", "/value_", "/head/"))
