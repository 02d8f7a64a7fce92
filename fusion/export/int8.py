"""Quantise the convolutions of an ONNX file to 8-bit integers, with ranges calibrated on real images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fusion.engines import Images
from fusion.errors import InputError
from fusion.images import Pair, luma

MOST_PAIRS = 32
_SIDE = 320  # pixels: side of the centre crop of each image, enough for calibration


def quantise_onnx(model: Path, path: Path, pairs: Sequence[Pair]) -> None:
    """Quantise the inner convolutions of an ONNX file to int8 (QDQ form), for onnxruntime and OpenVINO.

    The first and last convolutions and everything else, such as attention, stay in float32. Inputs of convolutions are
    quantised, outputs are not: this halves the error, and OpenVINO returns wrong results with both. Weights use 7 of
    their 8 bits, because CPUs without int8 instructions add two products in 16 bits, which overflows at a few pixels
    with 8.

    Args:
        model: a float32 file from `write_onnx`.
        path: the file to write; may be `model`.
        pairs: calibration pairs for the ranges of all values; at most 32 are used, evenly spaced over the list.

    Raises:
        InputError: there are no pairs, or one cannot be read.
    """
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    if not pairs:
        raise InputError("precision='int8': no pairs for calibration (expected at least 1)")
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
    """The centre crops of pairs, in the form of onnxruntime's CalibrationDataReader: by input name, then None."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        step = -(-len(pairs) // MOST_PAIRS)
        self._images = _centre_crops(pairs[::step])

    def get_next(self) -> dict[str, Images] | None:
        return next(self._images, None)


def _centre_crops(pairs: Sequence[Pair]) -> Iterator[dict[str, Images]]:
    for pair in pairs:
        infrared, visible = pair.read()
        top, left = ((length - _SIDE) // 2 if length > _SIDE else 0 for length in infrared.shape[1:])
        window = (..., slice(top, top + _SIDE), slice(left, left + _SIDE))
        yield {"infrared": infrared[None][window].numpy(), "visible": luma(visible)[None][window].numpy()}


def _sensitive(model: Path) -> list[str]:
    """List the convolutions that read or write an image, or compute keys and values of attention."""
    import onnx

    graph = onnx.load(model).graph
    shapes = {weights.name: weights.dims for weights in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    return [node.name for node in convolutions if 1 in shapes[node.input[1]][:2] or _stays_in_float(node.name)]


def _stays_in_float(name: str) -> bool:
    """Check for keys, values and the head, which outputs several channels per image with downsampling."""
    return any(part in name for part in ("/key_", "/value_", "/head/"))
