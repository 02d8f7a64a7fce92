"""The registry: names, options and files of fusers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fusion import InputError, build_fuser, list_fusers
from fusion.fusers.catalogue import BUILT_IN
from fusion.fusers.learned import weights_file
from fusion.fusers.registry import fuser_files
from tests.onnx_models import write_split_model


def test_the_catalogue_lists_every_fuser():
    classical = ["anisotropic_diffusion", "average", "gradient_transfer", "guided_filter", "infrared", "laplacian"]
    classical += ["maximum", "two_scale_saliency", "visible", "wavelet"]
    assert sorted(BUILT_IN) == sorted([*classical, "false_colour", "isfuse", "isfuse-lite", "onnx"])
    assert set(BUILT_IN) <= set(list_fusers())


def test_an_unknown_fuser_gets_a_suggestion_and_the_list():
    message = f"unknown fuser 'laplacain'. Did you mean 'laplacian'? Known: {', '.join(sorted(BUILT_IN))}"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        build_fuser("laplacain")


@pytest.mark.parametrize(
    ("name", "option", "value", "expected"),
    [
        ("laplacian", "levels", "three", "int"),
        ("laplacian", "levels", 2.5, "int"),
        ("laplacian", "levels", True, "int"),
        ("gradient_transfer", "weight", "4", "float"),
        ("isfuse", "weights", 3, "str or Path"),
        ("onnx", "backend", 1, "'onnxruntime' or 'openvino'"),
    ],
)
def test_an_option_of_the_wrong_type_is_reported_with_the_expected_type(name, option, value, expected):
    given = {"model": "model.onnx"} if name == "onnx" else {}
    with pytest.raises(InputError, match=re.escape(f"option {option!r} (found {value!r}, expected {expected}")):
        build_fuser(name, **given, **{option: value})


def test_options_of_user_classes_are_checked_as_far_as_they_are_annotated(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from typing import Any\n"
        "class Mine:\n"
        "    learned = colour = False\n"
        "    def __init__(self, weight: float = 1, sizes: list[int] = (), other: 'Nothing' = 0): self.weight = weight\n"
        "    def fuse(self, infrared, visible): return infrared\n"
        "class Plain(Mine):\n"
        "    def __init__(self, weight: float = 1, sizes: list[int] = (), more: Any = 0): self.weight = weight\n"
    )
    assert build_fuser(f"{tmp_path}/mine.py:Mine", weight="any").weight == "any"
    assert build_fuser(f"{tmp_path}/mine.py:Plain", weight=3, sizes=(1, 2), more=True).weight == 3
    with pytest.raises(InputError, match=r"option 'weight' \(found '3', expected float\)"):
        build_fuser(f"{tmp_path}/mine.py:Plain", weight="3")


def test_an_unknown_option_gets_a_suggestion_and_the_list():
    message = "unknown option of fuser 'isfuse' 'wieghts'. Did you mean 'weights'? Known: device, weights"
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        build_fuser("isfuse", wieghts="a")


def test_a_plain_fuser_depends_on_no_file() -> None:
    assert fuser_files("laplacian", {"levels": 3}) == {}


def test_a_network_depends_on_its_weights(tmp_path: Path) -> None:
    assert fuser_files("isfuse", {}) == {"weights": weights_file("isfuse", "shipped")}
    assert fuser_files("isfuse", {"weights": str(tmp_path / "mine")}) == {"weights": tmp_path / "mine"}


def test_a_model_counts_even_if_it_is_missing_and_so_does_external_data(tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    assert fuser_files("onnx", {"model": str(model)}) == {"model": model}
    write_split_model(model, "other.name")
    assert fuser_files("onnx", {"model": model}) == {"model": model, "model data": tmp_path / "other.name"}
    assert fuser_files("onnx", {"model": tmp_path / "m.xml"})["model data"] == tmp_path / "m.bin"


def test_a_class_in_a_file_depends_on_its_code_and_the_files_named_by_its_options(tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.touch()
    options = {"table": str(table), "mode": "fast", "levels": 3}
    assert fuser_files("a/b.py:Mine", options) == {"table": table, "code": Path("a/b.py")}
