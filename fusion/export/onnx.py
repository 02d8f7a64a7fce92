"""Write a fusion network as an ONNX file with dynamic batch size, height and width."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fusion.export.operators import OPSET, our_operators
from fusion.export.torchscript import example_pair

_LENGTHS = {0: "batch", 2: "height", 3: "width"}


def write_onnx(network: nn.Module, path: Path) -> None:
    """Write a network as ONNX, with the inputs "infrared" and "visible" and the output "fused".

    Uses the tracing exporter of torch (`dynamo=False`), which needs no further package and yields the simpler graph.

    Args:
        network: in eval mode; maps (infrared, visible), each (B, 1, H, W) luma in [0, 1], to fused luma.
        path: the file to write.
    """
    names = ("infrared", "visible", "fused")
    with warnings.catch_warnings(), torch.no_grad(), our_operators():
        warnings.simplefilter("ignore")  # shape checks are not traced; the exporter is deprecated
        torch.onnx.export(
            network,
            example_pair(),
            str(path),
            dynamo=False,
            input_names=names[:2],
            output_names=names[2:],
            dynamic_axes=dict.fromkeys(names, _LENGTHS),
            opset_version=OPSET,
        )


def store_weights_in_half(path: Path) -> None:
    """Convert the weights of an ONNX file to float16, with a cast to float32 before use: half the size, same speed."""
    import onnx

    model = onnx.load(path)
    casts = []
    for weights in model.graph.initializer:
        if weights.data_type != onnx.TensorProto.FLOAT:
            continue
        name = weights.name
        values = onnx.numpy_helper.to_array(weights).astype(np.float16)
        weights.CopyFrom(onnx.numpy_helper.from_array(values, f"{name}.half"))
        casts.append(onnx.helper.make_node("Cast", [weights.name], [name], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)


def describe_onnx(path: Path, facts: dict[str, Any]) -> None:
    """Add facts to the metadata of an ONNX file, as text or JSON, and validate the file."""
    import onnx

    model = onnx.load(path)
    model.producer_name = "StableFuse"
    texts = {name: fact if isinstance(fact, str) else json.dumps(fact) for name, fact in facts.items()}
    onnx.helper.set_model_props(model, texts)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
