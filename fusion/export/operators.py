"""ONNX forms of torch operators that the exporter does not support or writes inefficiently."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.onnx import symbolic_helper, utils

OPSET = 18
_FLOAT = 1  # float32 in onnx.TensorProto


@contextmanager
def our_operators() -> Iterator[None]:
    """Make `torch.onnx.export` use the forms of this file inside the block."""
    ours: dict[str, Callable[..., Any]] = {
        "aten::adaptive_avg_pool2d": _adaptive_avg_pool2d,
        "aten::lerp": _lerp,
        "aten::scaled_dot_product_attention": _scaled_dot_product_attention,
    }
    for name, written in ours.items():
        utils.register_custom_op_symbolic(name, written, OPSET)
    try:
        yield
    finally:
        for name in ours:
            utils.unregister_custom_op_symbolic(name, OPSET)


@symbolic_helper.parse_args("v", "is")
def _adaptive_avg_pool2d(graph: Any, features: Any, size: list[int]) -> Any:
    """Pool maps of dynamic size to a fixed size by two matrix products; the matrices depend on the input size.

    Both products use the channels-last layout, which is that of the engines.
    """
    channels: Any = symbolic_helper._get_tensor_dim_size(features, 1)
    over_rows, over_columns = _pooling_matrix(graph, features, 2, size[0]), _pooling_matrix(graph, features, 3, size[1])
    pixels = graph.op("Transpose", features, perm_i=[0, 2, 3, 1])  # (B, H, W, C)
    rows = graph.op("MatMul", over_rows, graph.op("Reshape", pixels, _integers(graph, [0, 0, -1])))  # (B, h, W C)
    pooled = graph.op("MatMul", over_columns, graph.op("Reshape", rows, _integers(graph, [0, 0, -1, channels])))
    return graph.op("Transpose", pooled, perm_i=[0, 3, 1, 2])  # (B, C, h, w)


def _pooling_matrix(graph: Any, features: Any, axis: int, bins: int) -> Any:
    """Build the (bins, length) averaging matrix: bin i covers floor(i length / bins) to ceil((i + 1) length / bins)."""
    length = graph.op("Shape", features, start_i=axis, end_i=axis + 1)
    number = graph.op("Constant", value_t=torch.arange(bins).unsqueeze(1))
    start = graph.op("Div", graph.op("Mul", number, length), _integers(graph, bins))
    reached = graph.op("Mul", graph.op("Add", number, _integers(graph, 1)), length)
    stop = graph.op("Div", graph.op("Add", reached, _integers(graph, bins - 1)), _integers(graph, bins))
    scalar = graph.op("Squeeze", length, _integers(graph, [0]))
    position = graph.op("Range", _integers(graph, 0), scalar, _integers(graph, 1))
    before_stop = graph.op("Less", position, stop)
    inside = graph.op("And", graph.op("Not", graph.op("Less", position, start)), before_stop)
    counted = graph.op("Cast", graph.op("Sub", stop, start), to_i=_FLOAT)
    return graph.op("Div", graph.op("Cast", inside, to_i=_FLOAT), counted)


def _lerp(graph: Any, start: Any, end: Any, weight: Any) -> Any:
    """Interpolate with one formula; torch's own selects one of two by the weight."""
    return graph.op("Add", start, graph.op("Mul", weight, graph.op("Sub", end, start)))


def _scaled_dot_product_attention(graph: Any, queries: Any, keys: Any, values: Any, added: Any, *_: Any) -> Any:
    """Write attention as the four operators that engines recognise; the scale is 1, as in `integrator.attend`."""
    logits = graph.op("MatMul", queries, graph.op("Transpose", keys, perm_i=[0, 1, 3, 2]))
    weights = graph.op("Softmax", graph.op("Add", logits, added), axis_i=-1)
    return graph.op("MatMul", weights, values)


def _integers(graph: Any, values: int | list[int]) -> Any:
    return graph.op("Constant", value_t=torch.tensor(values))
