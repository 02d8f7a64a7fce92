"""The files that decide what a fuser does."""

from __future__ import annotations

from pathlib import Path

from fusion.fusers.inputs import fuser_files
from fusion.fusers.learned import weights_file


def test_a_plain_fuser_has_none() -> None:
    assert fuser_files("laplacian", {"levels": 3}) == {}


def test_the_network_has_its_weights(tmp_path: Path) -> None:
    assert fuser_files("isfuse", {}) == {"weights": weights_file("isfuse", "shipped")}
    assert fuser_files("isfuse", {"weights": str(tmp_path / "mine")}) == {"weights": tmp_path / "mine"}


def test_a_model_counts_even_if_it_is_missing_and_so_does_what_lies_beside_it(tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    assert fuser_files("onnx", {"model": str(model)}) == {"model": model}
    (tmp_path / "m.onnx.data").touch()
    assert fuser_files("onnx", {"model": model}) == {"model": model, "model data": tmp_path / "m.onnx.data"}
    (tmp_path / "m.bin").touch()
    assert fuser_files("onnx", {"model": tmp_path / "m.xml"})["model data"] == tmp_path / "m.bin"


def test_a_class_in_a_file_has_its_code_and_the_files_that_its_options_name(tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.touch()
    options = {"table": str(table), "mode": "fast", "levels": 3}
    assert fuser_files("a/b.py:Mine", options) == {"table": table, "code": Path("a/b.py")}
