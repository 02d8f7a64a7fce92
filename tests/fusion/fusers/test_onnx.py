"""ONNX models as fusers: results, assignment of the inputs, and models that are refused."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import torch
from onnx import TensorProto, helper

from fusion import InputError, build_fuser, fuse_pair
from fusion.export.export import onnx_to_openvino
from fusion.fusers.contract import contract_violations
from fusion.fusers.onnx import order_inputs
from tests.onnx_models import IMAGE, write_model


def test_the_model_is_run_on_every_pair(tmp_path: Path) -> None:
    infrared, visible = torch.rand(2, 3, 1, 5, 7, generator=torch.Generator().manual_seed(0))
    fused = build_fuser("onnx", model=str(write_model(tmp_path / "m.onnx"))).fuse(infrared, visible)
    torch.testing.assert_close(fused, 0.25 * infrared + 0.75 * visible, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [IMAGE, (1, 1, None, None), (None, 1, "h", "w")])
def test_a_model_keeps_the_contract(tmp_path: Path, shape: tuple[str | int | None, ...]) -> None:
    assert contract_violations(build_fuser("onnx", model=write_model(tmp_path / "m.onnx", shape=shape))) == []


@pytest.mark.parametrize(
    ("first", "second", "swapped"),
    [
        ("ir", "vi", False),
        ("vi", "ir", True),
        ("visible", "infrared", True),
        ("VIS_image", "IR_image", True),
        ("y", "ir", True),
        ("vis", "x", True),
        ("x", "visible", False),
        ("a", "b", False),
        ("ir1", "ir2", False),
        ("first", "second", False),
        ("second", "first", False),
        ("direct", "other", False),
        ("other", "direct", False),
        ("inputVisible", "inputIR", True),
        ("rgb", "thermal", True),
    ],
)
def test_inputs_are_assigned_by_name_or_else_by_order(first: str, second: str, swapped: bool) -> None:
    assert order_inputs(first, second) == ((second, first) if swapped else (first, second))


def test_swapped_inputs_are_assigned_by_name(tmp_path: Path) -> None:
    infrared, visible = torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4)
    fused = build_fuser("onnx", model=write_model(tmp_path / "m.onnx", ["vi", "ir"])).fuse(infrared, visible)
    assert float(fused.mean()) == pytest.approx(0.25)  # the weight of the first input, visible


def test_the_output_of_a_model_is_clamped(tmp_path: Path) -> None:
    nodes = [helper.make_node("Sub", ["ir", "vi"], ["off"]), helper.make_node("Add", ["off", "off"], ["fused"])]
    fuser = build_fuser("onnx", model=write_model(tmp_path / "m.onnx", nodes=nodes))
    dark, bright = torch.zeros(1, 1, 4, 4), torch.ones(1, 1, 4, 4)
    assert float(fuser.fuse(bright, dark).max()) == 1
    assert float(fuser.fuse(dark, bright).min()) == 0


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_model_may_see_and_return_colour(tmp_path: Path, backend: str) -> None:
    model = write_model(tmp_path / "m.onnx", ["rgb", "ir"], channels={"rgb": 3, "fused": 3})
    fuser = build_fuser("onnx", model=model, backend=backend)
    assert contract_violations(fuser) == []
    infrared, visible = torch.rand(1, 5, 7), torch.rand(3, 5, 7)
    torch.testing.assert_close(fuse_pair(fuser, infrared, visible), 0.25 * visible + 0.75 * infrared)


def test_a_model_may_see_colour_and_return_luma(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ReduceMax", ["vi"], ["brightest"], axes=[1]),
        helper.make_node("Max", ["ir", "brightest"], ["fused"]),
    ]
    fuser = build_fuser("onnx", model=write_model(tmp_path / "m.onnx", nodes=nodes, channels={"vi": 3}))
    assert contract_violations(fuser) == []
    infrared, visible = torch.zeros(1, 1, 4, 4), torch.tensor([0.1, 0.7, 0.3]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert fuser.fuse(infrared, visible).unique().tolist() == [pytest.approx(0.7)]


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ({"channels": {"ir": 3}}, "ir: tensor(float) ['batch', 3, 'height', 'width']"),
        ({"names": ["ir", "vi", "more"]}, "inputs ir: tensor(float) ['batch', 1, 'height', 'width'], vi: "),
        ({"outputs": 2}, "fused1: tensor(float)"),
        ({"shape": ("batch", 3, "height", "width")}, "['batch', 3, 'height', 'width']"),
        ({"shape": ("batch", 1, 480, 640)}, "['batch', 1, 480, 640]"),
        ({"shape": (4, 1, "height", "width")}, "[4, 1, 'height', 'width']"),
        ({"shape": (1, "height", "width")}, "[1, 'height', 'width']"),
        ({"kind": TensorProto.DOUBLE}, "tensor(double)"),
    ],
)
def test_a_model_of_another_form_is_refused_with_what_was_found(
    tmp_path: Path, model: dict[str, object], found: str
) -> None:
    path = write_model(tmp_path / "m.onnx", **model)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=re.escape(f"{path}: not a fusion model (found inputs ")) as error:
        build_fuser("onnx", model=path)
    assert found in str(error.value)
    assert "expected two inputs and one output, each float32 (batch, 1, height, width)" in str(error.value)


def test_a_size_that_a_model_does_not_support_is_reported(tmp_path: Path) -> None:
    twice = helper.make_tensor("twice", TensorProto.FLOAT, [4], [1, 1, 2, 2])
    nodes = [
        helper.make_node("MaxPool", ["ir"], ["small"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Constant", [], ["scales"], value=twice),
        helper.make_node("Resize", ["small", "", "scales"], ["grown"], mode="nearest"),
        helper.make_node("Add", ["grown", "vi"], ["fused"]),
    ]
    fuser = build_fuser("onnx", model=write_model(tmp_path / "m.onnx", nodes=nodes))
    assert fuser.fuse(*torch.zeros(2, 1, 1, 6, 8)).shape == (1, 1, 6, 8)
    with pytest.raises(InputError, match=r"m\.onnx: cannot fuse images of 7x5 \(.*\)$"):
        fuser.fuse(*torch.zeros(2, 1, 1, 5, 7))


def test_an_output_of_another_size_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("MaxPool", ["ir"], ["fused"], kernel_shape=[2, 2], strides=[2, 2])
    fuser = build_fuser("onnx", model=write_model(tmp_path / "m.onnx", nodes=[node]))
    with pytest.raises(
        InputError, match=r"m\.onnx: wrong output shape \(found \(1, 1, 2, 3\), expected \(1, 1, 4, 6\)\)"
    ):
        fuser.fuse(*torch.zeros(2, 1, 1, 4, 6))


def test_openvino_equals_onnxruntime_in_float32_and_approximates_it_in_bfloat16(tmp_path: Path) -> None:
    model = write_model(tmp_path / "m.onnx", ["vi", "ir"])
    infrared, visible = torch.rand(2, 3, 1, 5, 7, generator=torch.Generator().manual_seed(0))
    ours, theirs, coarse = (
        build_fuser("onnx", model=model, **options).fuse(infrared, visible)
        for options in ({}, {"backend": "openvino"}, {"backend": "openvino", "precision": "bfloat16"})
    )
    torch.testing.assert_close(theirs, ours, rtol=0, atol=1e-6)
    torch.testing.assert_close(coarse, ours, rtol=0, atol=0.01)


def test_a_model_in_openvino_format_keeps_the_contract(tmp_path: Path) -> None:
    onnx_to_openvino(write_model(tmp_path / "m.onnx"), tmp_path / "m.xml", half=False)
    assert contract_violations(build_fuser("onnx", model=tmp_path / "m.xml", backend="openvino")) == []


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("m.onnx", {"backend": "tensorrt"}, "backend='tensorrt': unknown value (expected onnxruntime or openvino)"),
        (
            "m.onnx",
            {"backend": "openvino", "precision": "half"},
            "precision='half': unknown value (expected float32 or bfloat16)",
        ),
        (
            "m.onnx",
            {"precision": "bfloat16"},
            "precision='bfloat16': not available with backend=onnxruntime. Try: backend=openvino",
        ),
        ("m.xml", {}, "m.xml: an OpenVINO model, which onnxruntime cannot run. Try: backend=openvino"),
        ("broken.onnx", {"backend": "openvino"}, "broken.onnx: cannot be read by OpenVINO ("),
    ],
)
def test_combinations_of_engine_option_and_file_that_cannot_work_are_refused(
    tmp_path: Path, name: str, options: dict[str, str], message: str
) -> None:
    write_model(tmp_path / "m.onnx")
    (tmp_path / "m.xml").touch()
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(InputError, match=re.escape(message)) as error:
        build_fuser("onnx", model=tmp_path / name, **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_model_of_another_form_is_refused_by_either_engine(tmp_path: Path, backend: str) -> None:
    path = write_model(tmp_path / "m.onnx", shape=("batch", 3, "height", "width"))
    with pytest.raises(
        InputError, match=r"m\.onnx: not a fusion model \(found inputs ir: .*; expected two inputs and one output"
    ):
        build_fuser("onnx", model=path, backend=backend)


def test_a_missing_or_broken_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"m\.onnx: no such file \(expected an ONNX or OpenVINO model\)"):
        build_fuser("onnx", model=tmp_path / "m.onnx")
    (tmp_path / "m.onnx").write_bytes(b"no model")
    with pytest.raises(InputError, match=r"m\.onnx: cannot be read as an ONNX model \(.*\)$"):
        build_fuser("onnx", model=tmp_path / "m.onnx")


def test_without_openvino_the_error_shows_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)  # as if it were not installed
    with pytest.raises(InputError, match=r'backend=openvino: not installed\. Try: pip install -e "\.\[export\]"'):
        build_fuser("onnx", model=write_model(tmp_path / "m.onnx"), backend="openvino")


def test_without_onnxruntime_the_error_shows_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it were not installed
    with pytest.raises(InputError, match=r'backend=onnxruntime: not installed\. Try: pip install -e "\.\[export\]"'):
        build_fuser("onnx", model=write_model(tmp_path / "m.onnx"))
