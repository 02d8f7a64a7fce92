"""The files in which a model stores its weights, as the onnx package writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from fusion.engines.external_data import weight_files
from tests.onnx_models import write_model, write_split_model


def outside(name: str, location: str) -> TensorProto:
    """Create a tensor whose values are in the file `location`."""
    tensor = numpy_helper.from_array(np.ones(4, np.float32), name)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="offset", value="0")
    tensor.external_data.add(key="location", value=location)
    return tensor


def test_a_model_that_onnx_saves_with_external_data_names_its_file(tmp_path: Path) -> None:
    assert weight_files(write_model(tmp_path / "whole.onnx")) == []
    assert weight_files(write_split_model(tmp_path / "m.onnx", "sub.weights")) == [tmp_path / "sub.weights"]
    assert (tmp_path / "sub.weights").is_file()


def test_tensors_of_nodes_and_of_the_graphs_inside_them_count(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["c"], value=outside("c", "in_node.bin"))
    branch = helper.make_graph([], "branch", [], [], [outside("b", "in_branch.bin")])
    choice = helper.make_node("If", ["c"], ["d"], then_branch=branch, else_branch=branch)
    sparse = helper.make_sparse_tensor(outside("s", "in_sparse.bin"), outside("i", "indices.bin"), [9])
    graph = helper.make_graph(
        [constant, choice], "g", [], [], [outside("w", "weights.bin"), outside("v", "weights.bin")]
    )
    graph.sparse_initializer.append(sparse)
    model = helper.make_model(graph)
    model.functions.append(helper.make_function("d", "f", [], ["c"], [constant], []))
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    names = ["in_branch.bin", "in_node.bin", "in_sparse.bin", "indices.bin", "weights.bin"]
    assert weight_files(tmp_path / "m.onnx") == [tmp_path / name for name in names]


def test_an_openvino_model_has_its_weights_beside_it(tmp_path: Path) -> None:
    assert weight_files(tmp_path / "m.xml") == [tmp_path / "m.bin"]


@given(content=st.binary(max_size=60), cut=st.integers(0, 400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_a_file_that_is_no_model_has_no_weight_files(tmp_path: Path, content: bytes, cut: int) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    weight_files(path)
    path.write_bytes(write_model(path).read_bytes()[:cut])
    assert weight_files(path) == []


@pytest.mark.parametrize("content", [b"", None])
def test_an_empty_or_missing_file_has_no_weight_files(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "m.onnx").write_bytes(content)
    assert weight_files(tmp_path / "m.onnx") == []
