"""The exported forms of a network, which fuse in a process of their own."""

import pytest

from pipelines.benchmarks.candidates import EXPORT_BACKENDS, exported_candidates
from pipelines.benchmarks.fusers import luma_pair
from pipelines.benchmarks.trials import references, run_rounds

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


def test_int8_is_left_out_without_pairs_with_the_reason(tmp_path):
    pytest.importorskip("openvino")
    candidates = list(exported_candidates("isfuse", EXPORT_BACKENDS, tmp_path, ()))
    assert [candidate.name for candidate in candidates] == [
        *(f"isfuse onnxruntime {precision}" for precision in ("float32", "half", "int8")),
        *(f"isfuse openvino {precision}" for precision in ("float32", "bfloat16", "int8")),
    ]
    left_out = {candidate.precision for candidate in candidates if candidate.left_out}
    assert left_out == {"int8"}
    assert "--infrared DIR --visible DIR" in candidates[-1].left_out


def test_with_pairs_all_forms_of_a_backend_approximate_the_network(tmp_path, make_pairs):
    candidates = list(exported_candidates("isfuse", ["onnxruntime"], tmp_path, make_pairs(count=2)))
    pair = luma_pair(None, (40, 30))
    trials, found = run_rounds(candidates, pair, 1, 1), references(candidates, *pair)
    assert [trial.reason for trial in trials] == [""] * 3
    levels = [float((trial.fused - found["isfuse"].fused).abs().max()) * 255 for trial in trials]
    assert levels[0] < 0.1
    assert levels[0] < levels[1] < levels[2] < 64


def test_a_fuser_without_network_has_no_exported_form(tmp_path):
    assert list(exported_candidates("average", EXPORT_BACKENDS, tmp_path, ())) == []
