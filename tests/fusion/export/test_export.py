"""Exported files: they equal the network at any size, describe themselves, and after an error nothing is left."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import openvino
import pytest
import torch
from torch import nn

from fusion import InputError, Pair, build_fuser
from fusion.export.check import SIZES
from fusion.export.export import export_fuser
from fusion.fusers.learned import weights_file
from fusion.networks.checkpoints import save_network
from fusion.networks.isfuse import ISFuse

LEVEL = 1 / 255
FORMS = {"onnx": "net.onnx", "openvino": "net.xml", "torchscript": "net.pt"}
IN_FILE = """
import torch
class Network(torch.nn.Module):
    def forward(self, infrared, visible):
        return infrared.minimum(visible) if infrared.shape[2] > 30 else infrared.maximum(visible)
class Mine:
    learned = colour = True
    def __init__(self, weights, device):
        self.facts = {}
    def fuse(self, infrared, visible):
        return infrared
    def inference_form(self):
        return Network()
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("exported")
    return {to: export_fuser("isfuse", to, folder / name).path for to, name in FORMS.items()}  # type: ignore[arg-type]


def fuse_exported(path: Path, backend: str, infrared: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
    if path.suffix == ".pt":
        return torch.jit.load(path)(infrared, visible)
    return build_fuser("onnx", model=path, backend=backend).fuse(infrared, visible)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("to", "backend"),
    [("onnx", "onnxruntime"), ("onnx", "openvino"), ("openvino", "openvino"), ("torchscript", "torch")],
)
def test_every_form_fuses_as_the_network_does_at_ten_odd_sizes(
    exported: dict[str, Path], to: str, backend: str
) -> None:
    assert len(SIZES) == 10
    network = build_fuser("isfuse", device="cpu")
    for size in SIZES:
        pair = torch.rand(2, 3, 1, *size, generator=torch.Generator().manual_seed(1)).unbind()
        ours = fuse_exported(exported[to], backend, *pair)
        torch.testing.assert_close(ours, network.fuse(*pair), rtol=0, atol=1e-4, msg=f"{size}")


@pytest.mark.parametrize(
    "variant", [{"gate": "channel"}, {"gate": "none"}, {"shrink": 2, "blend": True}, {"shrink": 3}]
)
def test_own_weights_of_any_variant_are_exported(tmp_path: Path, variant: dict[str, object]) -> None:
    torch.manual_seed(0)
    settings = {**variant, "channels": 8}
    save_network(tmp_path / "mine.safetensors", ISFuse(**settings), settings, {})  # type: ignore[arg-type]
    made = export_fuser("isfuse", "onnx", tmp_path / "net.onnx", weights=tmp_path / "mine.safetensors")
    assert max(made.differences.values()) < 1e-4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.safetensors", "net.onnx"]


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_metadata_describe_the_network(exported: dict[str, Path]) -> None:
    stored = {entry.key: entry.value for entry in onnx.load(exported["onnx"]).metadata_props}
    model = openvino.Core().read_model(exported["openvino"])
    told = {name: model.get_rt_info(["framework", name]).value for name in ("name", "weights_sha256", "images")}
    extra = {"facts.json": ""}
    torch.jit.load(exported["torchscript"], _extra_files=extra)
    for facts in (stored, told, json.loads(extra["facts.json"])):
        assert facts["name"] == "isfuse"
        assert facts["weights_sha256"] == hashlib.sha256(weights_file("isfuse", "shipped").read_bytes()).hexdigest()
        assert "luma in [0, 1]" in facts["images"]
    assert json.loads(stored["network"]) == {"shared_encoder": False, "gate": "pixel"}


def test_features_are_transposed_only_once(exported: dict[str, Path]) -> None:
    nodes = onnx.load(exported["onnx"]).graph.node
    features = {node.output[0] for node in nodes if node.op_type == "LeakyRelu"}
    moves = [node for node in nodes if node.op_type == "Transpose" and node.input[0] in features]
    assert [list(move.attribute[0].ints) for move in moves] == [[0, 2, 3, 1]] * 6  # two images at three scales
    assert len({move.input[0] for move in moves}) == 6


def test_half_precision_halves_the_size_with_small_differences(tmp_path: Path, exported: dict[str, Path]) -> None:
    for to, suffix in (("onnx", ".onnx"), ("openvino", ".bin"), ("torchscript", ".pt")):
        made = export_fuser("isfuse", to, tmp_path / FORMS[to], "half")  # type: ignore[arg-type]
        assert 0 < max(made.differences.values()) < (8 * LEVEL if to == "torchscript" else LEVEL)  # bfloat16 has 8 bits
        whole, half = (path.with_suffix(suffix).stat().st_size for path in (exported[to], made.path))
        assert half < 0.7 * whole


def test_int8_keeps_first_last_and_attention_and_runs_alike_in_both_engines(
    tmp_path: Path, make_pairs: Callable[..., list[Pair]]
) -> None:
    pairs = make_pairs(count=4, height=40, width=48)
    path = export_fuser("isfuse", "onnx", tmp_path / "net.onnx", "int8", calibration=pairs).path
    producers = {output: node.op_type for node in onnx.load(path).graph.node for output in node.output}
    convolutions = [node for node in onnx.load(path).graph.node if node.op_type == "Conv"]
    in_float = [node.name for node in convolutions if producers.get(node.input[1]) != "DequantizeLinear"]
    assert len(convolutions) == 38
    assert [name for name in in_float if "key" not in name and "value" not in name and "gate.3" not in name] == [
        "/network/encoder_infrared/stages.0/stages.0.0/Conv",
        "/network/encoder_visible/stages.0/stages.0.0/Conv",
        "/network/head/Conv",
    ]
    infrared, visible = (torch.stack(images) for images in zip(*(pair.read() for pair in pairs), strict=True))
    visible = visible[:, 1:2]
    expected = build_fuser("isfuse", device="cpu").fuse(infrared, visible)
    ours, theirs = (fuse_exported(path, name, infrared, visible) for name in ("onnxruntime", "openvino"))
    assert 0 < (ours - expected).abs().mean() < 3 * LEVEL
    torch.testing.assert_close(theirs, ours, rtol=0, atol=LEVEL)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("average", "onnx", "net.onnx"), "fuser 'average': no network to export (expected isfuse"),
        (("isfuse", "onxx", "net.onnx"), "unknown form of export 'onxx'. Did you mean 'onnx'?"),
        (("isfuse", "onnx", "net.onnx", "fp16"), "unknown precision of export 'fp16'"),
        (("isfuse", "openvino", "net.onnx"), "wrong suffix for openvino (found '.onnx', expected '.xml')"),
        (("isfuse", "onnx", "net.onnx", "int8"), "precision='int8': no pairs for calibration (expected pairs"),
        (
            ("isfuse", "torchscript", "net.pt", "int8"),
            "precision='int8': not available for torchscript (expected onnx or openvino)",
        ),
        (("isfuse", "onnx", "net.onnx", "float32", "none.safetensors"), "none.safetensors: cannot be read"),
    ],
)
def test_a_mistake_is_reported_and_leaves_no_file(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    fuser, to, name, *further = arguments
    with pytest.raises(InputError, match=re.escape(message)):
        export_fuser(fuser, to, tmp_path / name, *further)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_without_a_package_the_error_shows_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)  # as if it were not installed
    with pytest.raises(InputError, match=r'export to onnx: onnx is not installed\. Try: pip install -e "\.\[export\]"'):
        export_fuser("isfuse", "onnx", tmp_path / "net.onnx")


def test_a_file_that_differs_from_its_network_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(IN_FILE)
    (tmp_path / "weights.bin").touch()
    with pytest.raises(
        RuntimeError, match=r"net\.onnx: not written, differs from the network \(found .*, expected <= 1/255"
    ):
        export_fuser(f"{tmp_path}/mine.py:Mine", "onnx", tmp_path / "net.onnx", weights=tmp_path / "weights.bin")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.py", "weights.bin"]


def test_the_inference_form_returns_the_fused_image_only() -> None:
    fuser = build_fuser("isfuse", device="cpu")
    network = fuser.inference_form()  # type: ignore[attr-defined]
    pair = torch.rand(2, 1, 1, 9, 11).unbind()
    assert isinstance(network, nn.Module)
    torch.testing.assert_close(network(*pair), fuser.fuse(*pair), rtol=0, atol=1e-5)
