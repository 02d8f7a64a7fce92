"""The two tools of the fusion stage, as a user runs them from another folder."""

import json
import shutil

import cv2
import numpy as np
import pytest
from safetensors import safe_open

from tests.onnx_models import write_split_model
from tests.run_tool import as_process, in_process

BRIEF = ("schedule.epochs=1", "schedule.batch_size=2", "schedule.crop=16")


@pytest.fixture
def folders(tmp_path):
    """Write three pairs of 40x32 images; return the arguments for their folders."""
    random = np.random.default_rng(0)
    for modality in ("ir", "vi"):
        (tmp_path / modality).mkdir()
        for name in "abc":
            pixels = cv2.resize(random.integers(0, 255, (8, 10, 3), np.uint8), (40, 32))
            cv2.imwrite(str(tmp_path / modality / f"{name}.png"), pixels)
    return ("--infrared", "ir", "--visible", "vi")


def test_a_network_is_trained_and_then_fuses_a_folder(tmp_path, folders):
    trained = as_process("train_fusion.py", *folders, "--out", "weights", *BRIEF, cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    weights = tmp_path / "weights" / "best.safetensors"
    assert "best.safetensors" in trained.stdout
    arguments = (*folders, "--out", "fused", "--fuser", "isfuse", "--weights", weights)
    fused = as_process("fuse_images.py", *arguments, cwd=tmp_path)
    assert fused.returncode == 0, fused.stderr
    assert "3 fused now" in fused.stdout
    assert cv2.imread(str(tmp_path / "fused" / "b.png")).shape == (32, 40, 3)
    again = in_process("fuse_images.py", *arguments, cwd=tmp_path)
    assert "0 fused now" in again.stdout


@pytest.mark.parametrize(
    ("tool", "arguments", "parts"),
    [
        ("fuse_images.py", ["--fuser", "laplacan"], ["unknown fuser", "'laplacian'"]),
        ("fuse_images.py", ["--fuser", "laplacian", "leveles=3"], ["unknown option", "'levels'"]),
        ("fuse_images.py", ["--fuser", "isfuse", "--weights", "ir/a.png"], ["ir/a.png", "safetensors"]),
        ("fuse_images.py", ["--fuser", "average", "--infrared-range", "full"], ["--infrared-range='full'", "dataset"]),
        ("train_fusion.py", ["--infrared-range", "9,2"], ["--infrared-range=[9, 2]", "low < high"]),
        ("train_fusion.py", ["schedule.epoch=1"], ["schedule.epoch", "schedule.epochs"]),
        ("train_fusion.py", ["schedule.epochs=0"], ["epochs=0"]),
        ("train_fusion.py", ["ablation=no_cfi"], ["unknown ablation", "no_integrator"]),
        ("train_fusion.py", ["--recipe", "isfuse_papr"], ["unknown pipeline", "'isfuse_paper'"]),
        ("train_fusion.py", ["--device", "gpu"], ["device='gpu'"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(tmp_path, folders, tool, arguments, parts):
    done = in_process(tool, *folders, "--out", "out", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert all(part in done.stderr for part in parts), done.stderr
    assert not list(tmp_path.glob("out/*"))


def test_a_fuser_that_fails_is_one_line_and_exit_code_2(tmp_path, folders):
    body = "        return infrared * 7\n"
    code = f"class Mine:\n    learned = colour = False\n    def fuse(self, infrared, visible):\n{body}"
    (tmp_path / "mine.py").write_text(code)
    done = in_process("fuse_images.py", *folders, "--out", "out", "--fuser", "mine.py:Mine", cwd=tmp_path)
    assert done.returncode == 2
    message = done.stderr.splitlines()[-1]
    assert message.startswith("error: image a: values out of range (found "), done.stderr
    assert "Traceback" not in done.stderr


def test_weights_beside_a_model_decide_what_made_a_folder(tmp_path, folders):
    write_split_model(tmp_path / "net.onnx", "net.weights")
    arguments = (*folders, "--out", "fused", "--fuser", "onnx", "model=net.onnx")
    assert in_process("fuse_images.py", *arguments, cwd=tmp_path).returncode == 0
    weights = tmp_path / "net.weights"
    weights.write_bytes(weights.read_bytes()[::-1])
    changed = in_process("fuse_images.py", *arguments, cwd=tmp_path)
    assert changed.returncode == 2
    assert "fused: contains images of another fuser" in changed.stderr


def test_several_folders_train_together_and_the_training_is_plotted(tmp_path, folders):
    shutil.copytree(tmp_path / "ir", tmp_path / "ir2")
    shutil.copytree(tmp_path / "vi", tmp_path / "vi2")
    both = ("--infrared", "ir", "ir2", "--visible", "vi", "vi2")
    trained = in_process("train_fusion.py", *both, "--out", "weights", *BRIEF, cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    with safe_open(tmp_path / "weights" / "best.safetensors", "pt") as stored:
        facts = json.loads(stored.metadata()["facts"])
    assert sorted(facts["training_pairs"] + facts["validation_pairs"]) == sorted("abcabc")
    assert cv2.imread(str(tmp_path / "weights" / "curves.png")).shape[2] == 3
    assert [path.stem for path in (tmp_path / "weights" / "scenes").iterdir()] == facts["validation_pairs"]
    unequal = in_process("train_fusion.py", *both, "vi", "--out", "other", *BRIEF, cwd=tmp_path)
    assert unequal.returncode == 2
    assert "found 2 infrared and 3 visible, expected as many of both" in unequal.stderr


def test_a_recipe_other_than_the_shipped_one_is_trained_by_name(tmp_path, folders):
    trained = in_process(
        "train_fusion.py", *folders, "--out", "weights", "--recipe", "isfuse_paper", *BRIEF, cwd=tmp_path
    )
    assert trained.returncode == 0, trained.stderr
    with safe_open(tmp_path / "weights" / "best.safetensors", "pt") as stored:
        facts = json.loads(stored.metadata()["facts"])
    assert (facts["network"]["shared_encoder"], facts["network"]["gate"]) == (True, "channel")
    assert facts["objective"]["weights"]["form"] == "paper"


def test_a_class_in_a_file_fuses_a_folder_that_remembers_its_code(tmp_path, folders):
    code = "class Mine:\n    learned = colour = True\n    fuse = staticmethod(lambda infrared, visible: visible)\n"
    (tmp_path / "mine.py").write_text(code)
    arguments = (*folders, "--out", "fused", "--fuser", "mine.py:Mine")
    fused = in_process("fuse_images.py", *arguments, cwd=tmp_path)
    assert fused.returncode == 0, fused.stderr
    assert (cv2.imread(str(tmp_path / "fused" / "a.png")) == cv2.imread(str(tmp_path / "vi" / "a.png"))).all()
    (tmp_path / "mine.py").write_text(code.replace(": visible)", ": infrared)"))
    changed = in_process("fuse_images.py", *arguments, cwd=tmp_path)
    assert changed.returncode == 2
    assert "contains images of another fuser" in changed.stderr
