"""Who may import whom: one direction between the packages, and one file for each heavy library."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("fusion", "downstream", "pipelines", "tools")
FILES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST = 199

MAY_IMPORT = {
    "fusion": {"fusion"},
    "downstream": {
        "downstream",
        *(f"fusion.{name}" for name in ("devices", "errors", "images", "interrupts", "seeds", "storage")),
    },
    "pipelines": {"pipelines", "downstream", "fusion"},
    "tools": {"tools", "pipelines", "downstream", "fusion"},
}
ONLY_IN = {
    "ultralytics": {
        "downstream/detection/yolo.py",
        "downstream/detection/arguments.py",
        "downstream/detection/trainer.py",
    },
    "segmentation_models_pytorch": {"downstream/segmentation/segmenter.py"},
    "ray": {"pipelines/stages/ray_cluster.py"},
    "pycocotools": {"downstream/detection/score.py"},
    "onnx": {"fusion/export/onnx.py", "fusion/export/int8.py"},
    "onnxruntime": {"fusion/engines/onnxruntime_session.py", "fusion/export/int8.py"},
    "openvino": {"fusion/export/openvino.py", "fusion/engines/openvino_session.py"},
    "pywt": {"fusion/fusers/wavelet.py"},
    "mmengine": {"fusion/fusers/registry.py", "pipelines/config.py"},
    "matplotlib": {
        "downstream/detection/environment.py",
        "pipelines/report/box_figures.py",
        "pipelines/report/curve_figures.py",
        "pipelines/report/effects_figure.py",
        "pipelines/report/mask_figures.py",
        "pipelines/report/figures.py",
        "pipelines/report/scatter.py",
        "pipelines/report/training_figures.py",
    },
}


def imported_by(path, source=None):
    """List the absolute dotted names a file imports, anywhere in it; `from a import b` counts as a and as a.b."""
    names = []
    for node in ast.walk(ast.parse(source if source is not None else (ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            folder = path.parts[: len(path.parts) - node.level] if node.level else ()
            module = ".".join([*folder, *([node.module] if node.module else [])])
            names += [f"{module}.{alias.name}" for alias in node.names]
    return names


def within(name, module):
    return name == module or name.startswith(f"{module}.")


def test_there_are_files_to_look_at():
    assert {path.parts[0] for path in FILES} >= {"fusion", "downstream", "pipelines"}
    assert Path("fusion/training/trainer.py") in FILES


def test_imports_are_found_wherever_and_however_they_are_written():
    source = "import a.b as c\nfrom d import e\ndef f():\n    from . import g\n    from ..h import i\n"
    assert imported_by(Path("x/y/z.py"), source) == ["a.b", "d.e", "x.y.g", "x.h.i"]


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_one_way(path):
    ours = [name for name in imported_by(path) if name.split(".")[0] in {*PACKAGES, "tests", "configs"}]
    allowed = MAY_IMPORT[path.parts[0]]
    assert [name for name in ours if not any(within(name, module) for module in allowed)] == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_heavy_library_is_imported_by_its_own_file_alone(library):
    users = {path.as_posix() for path in FILES if any(within(name, library) for name in imported_by(path))}
    assert users <= ONLY_IN[library]


def test_networks_know_torch_and_each_other_only():
    files = [path for path in FILES if path.parts[:2] == ("fusion", "networks")]
    assert len(files) > 1
    for path in files:
        strangers = [
            name
            for name in imported_by(path)
            if name.split(".")[0] not in {"torch", *sys.stdlib_module_names} and not within(name, "fusion.networks")
        ]
        assert strangers == [], path


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_file_stays_below_200_lines(path):
    assert len((ROOT / path).read_text().splitlines()) <= LONGEST
