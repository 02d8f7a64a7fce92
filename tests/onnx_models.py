"""Tiny ONNX fusion models for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE = ("batch", 1, "height", "width")


def write_model(
    path: Path,
    names: Sequence[str] = ("ir", "vi"),
    shape: Sequence[str | int | None] = IMAGE,
    kind: int = TensorProto.FLOAT,
    outputs: int = 1,
    nodes: Sequence[onnx.NodeProto] = (),
    channels: Mapping[str, int] | None = None,
) -> Path:
    """Write a model of 0.25 * first + 0.75 * second input, or of `nodes`, which map the inputs to "fused".

    `channels` gives an input or output other channels than `shape`.
    """
    weights = [helper.make_tensor(f"weight{k}", kind, [], [value]) for k, value in enumerate((0.25, 0.75))]
    weigh = [helper.make_node("Mul", [name, f"weight{k}"], [f"part{k}"]) for k, name in enumerate(names[:2])]
    nodes = list(nodes) or [*weigh, helper.make_node("Sum", ["part0", "part1"], ["fused"])]
    more = [f"fused{k}" for k in range(1, outputs)]
    shapes = {name: [shape[0], number, *shape[2:]] for name, number in (channels or {}).items()}
    nodes += [helper.make_node("Identity", ["fused"], [name]) for name in more]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, shapes.get(name, shape)) for name in names],
        [helper.make_tensor_value_info(name, kind, shapes.get(name, shape)) for name in ("fused", *more)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def write_split_model(path: Path, location: str) -> Path:
    """Write the model of `write_model` with its weights in the file `location` beside it."""
    model = onnx.load(write_model(path))
    for weight in model.graph.initializer:
        weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight), weight.name))  # as bytes, or it stays
    onnx.save_model(model, path, save_as_external_data=True, location=location, size_threshold=0)
    return path
