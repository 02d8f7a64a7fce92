"""The fusion quality pipeline from the command line."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
import torch

from fusion import write_image
from tests.onnx_models import write_model
from tests.run_tool import Done, as_process, in_process


def run(cwd: Path, *arguments: str, pipeline: str = "fusion_quality") -> Done:
    return in_process("run_pipeline.py", pipeline, *arguments, cwd=cwd)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Three random pairs of 64x48 pixels, too small for MS_SSIM."""
    generator = torch.Generator().manual_seed(0)
    for camera, channels in (("ir", 1), ("vi", 3)):
        for index in range(3):
            image = torch.rand(channels, 48, 64, generator=generator).expand(3, -1, -1)
            write_image(tmp_path / "mine" / camera / f"{index}.png", image)
    return tmp_path / "mine"


NAMES = "metrics.names=AG,Nabf"


def test_a_folder_of_pairs_gives_a_table_rows_and_scenes(tmp_path: Path, pairs: Path) -> None:
    command = ("fusion_quality", "--data", str(pairs), "data.name=mine", "fusers=maximum", NAMES)
    result = as_process("run_pipeline.py", *command, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    report = tmp_path / "work" / "fusion_quality" / "report"
    with (report / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    fusers = ["infrared", "visible", "average", "maximum"]
    assert [(row["method"], row["image"]) for row in rows] == [(f, str(image)) for f in fusers for image in range(3)]
    ag = [float(row["AG"]) for row in rows if row["method"] == "maximum"]
    page = (report / "report.md").read_text(encoding="utf-8")
    mean = f"{sum(ag) / 3:.2f}"
    assert mean in next(line for line in page.splitlines() if line.startswith("| maximum |"))
    assert "| data | mine |" in page
    assert "SAMPLE" not in page + result.stdout
    assert sorted(path.name for path in (report / "panels").iterdir()) == ["0.png", "1.png", "2.png"]
    assert mean in next(line for line in result.stdout.splitlines() if line.startswith("AG"))
    assert mean in next(
        line for line in (report / "results.tex").read_text().splitlines() if line.startswith("maximum")
    )
    assert f">{mean}" in (report / "report.html").read_text(encoding="utf-8")
    again = as_process("run_pipeline.py", *command, cwd=tmp_path)
    assert "done in" not in again.stdout


def test_other_metrics_measure_again_but_fuse_nothing(tmp_path: Path, pairs: Path) -> None:
    assert run(tmp_path, "--data", str(pairs), "fusers=average", NAMES).returncode == 0
    result = run(tmp_path, "--data", str(pairs), "fusers=average", "metrics.names=EN")
    done = [line for line in result.stdout.splitlines() if "done in" in line]
    assert len(done) == 4
    assert all("score_fusion/" in line or "report" in line for line in done)


def done(result: Done) -> set[str]:
    return {line.split()[1].rstrip(":") for line in result.stdout.splitlines() if "done in" in line}


def test_a_folder_of_images_is_a_row_and_made_anew_when_it_changes(tmp_path: Path, pairs: Path) -> None:
    theirs = shutil.copytree(pairs / "vi", tmp_path / "theirs")
    options = (
        "fuser_options.theirs.type=folder",
        "fuser_options.theirs.dir=theirs",
        "fusers=theirs",
        "panels=0",
        NAMES,
    )
    first = run(tmp_path, "--data", str(pairs), *options)
    assert first.returncode == 0, first.stderr
    work = tmp_path / "work" / "fusion_quality"
    with (work / "report" / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["method"], row["image"]): row["AG"] for row in csv.DictReader(file)}
    assert all(rows["theirs", str(image)] == rows["visible", str(image)] for image in range(3))
    assert "effects/average" in done(first)
    assert "effects/theirs" not in done(first)
    shutil.copy(theirs / "0.png", theirs / "1.png")
    again = run(tmp_path, "--data", str(pairs), *options)
    assert done(again) == {"fuse/theirs", "score_fusion/theirs", "report"}


def test_a_folder_that_lacks_images_is_told_before_anything_trains(tmp_path: Path, pairs: Path) -> None:
    shutil.copytree(pairs / "vi", tmp_path / "theirs")
    (tmp_path / "theirs" / "2.png").unlink()
    result = run(
        tmp_path,
        *("--data", str(pairs), "data.split=random", "fusers=isfuse,theirs", "fuser_options.isfuse.weights=train"),
        *("fuser_options.theirs.type=folder", "fuser_options.theirs.dir=theirs", NAMES),
    )
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("error: theirs: 1 of ")
    assert done(result) == {"prepare"}


def test_a_network_of_others_is_drawn_with_its_effects_though_it_has_no_gates(tmp_path: Path, pairs: Path) -> None:
    write_model(tmp_path / "net.onnx")
    options = ("fusers=net", "fuser_options.net.type=onnx", "fuser_options.net.model=net.onnx", "panels=1", NAMES)
    result = run(tmp_path, "--data", str(pairs), *options)
    assert result.returncode == 0, result.stderr
    report = tmp_path / "work" / "fusion_quality" / "report"
    assert (report / "effects" / "net" / "1.png").exists()
    assert "| net | onnx, model net.onnx |" in (report / "report.md").read_text(encoding="utf-8")


FAULTS = {  # what a fuser does wrong on the image 1 alone, and how the report puts it
    "raises": ("1 / 0", "ZeroDivisionError: division by zero"),
    "refuses": ("refuse()", "not today"),
    "nothing_finite": ("infrared * float('nan')", "values that are not finite"),
    "halves": ("infrared[..., ::2]", "wrong shape (found (1, 1, 48, 32), expected (1, 1, 48, 64) for luma or"),
    "grey_levels": ("infrared * 0 + 255", "values out of range (found 255..255, expected 0..1)"),
}


@pytest.mark.parametrize("effects", ["0", "3"])
def test_a_class_that_fails_is_a_row_with_its_reason(tmp_path: Path, pairs: Path, effects: str) -> None:
    for name, (output, _) in FAULTS.items():
        (tmp_path / f"{name}.py").write_text(
            "from fusion import InputError\n"
            "def refuse():\n"
            "    raise InputError('not today')\n"
            "class Mine:\n"
            "    learned = True\n"
            "    colour = False\n"
            "    calls = 0\n"
            "    def fuse(self, infrared, visible):\n"
            "        self.calls += 1\n"
            f"        return {output} if self.calls == 2 else infrared\n"
        )
    options = [f"fuser_options.{name}.type={name}.py:Mine" for name in FAULTS]
    options += [f"fusers={','.join(FAULTS)}", "panels=0", f"effects.images={effects}", NAMES]
    result = run(tmp_path, "--data", str(pairs), *options)
    assert result.returncode == 1, result.stderr
    for name, (_, reason) in FAULTS.items():
        assert f"{name}: failed: image 1: {reason}" in result.stdout
    with (tmp_path / "work" / "fusion_quality" / "report" / "scores.csv").open(encoding="utf-8") as file:
        assert {row["method"] for row in csv.DictReader(file)} == {"infrared", "visible", "average"}


def test_broken_weights_fail_their_row_alone(tmp_path: Path, pairs: Path) -> None:
    (tmp_path / "mine.safetensors").write_bytes(b"no weights")
    options = ("fusers=isfuse", "fuser_options.isfuse.weights=mine.safetensors", "panels=0", NAMES)
    result = run(tmp_path, "--data", str(pairs), *options)
    assert result.returncode == 1, result.stderr
    assert "isfuse: failed: mine.safetensors: " in result.stdout
    assert "average" in result.stdout


def test_an_image_that_cannot_be_read_stops_all_rows(tmp_path: Path, pairs: Path) -> None:
    (pairs / "vi" / "1.png").write_bytes(b"no image")
    result = run(tmp_path, "--data", str(pairs), "fusers=maximum", "panels=0", NAMES)
    assert result.returncode == 2
    assert "vi/1.png: not an image" in result.stderr.splitlines()[-1]


def test_images_too_small_for_a_metric_are_named_and_no_failure(tmp_path: Path, pairs: Path) -> None:
    result = run(tmp_path, "--data", str(pairs), "fusers=average", "metrics.names=AG,MS_SSIM")
    assert result.returncode == 0, result.stderr
    note = "Left out of the means: MS_SSIM, 3 of 3 images (a side below 176 pixels)."
    report = tmp_path / "work" / "fusion_quality" / "report"
    assert note in result.stdout.splitlines()
    assert (report / "report.md").read_text(encoding="utf-8").count(note) == 1
    assert note in (report / "report.html").read_text(encoding="utf-8")


def test_a_network_that_nothing_can_train_is_one_line(tmp_path: Path, pairs: Path) -> None:
    result = run(tmp_path, "--data", str(pairs), "fuser_options.isfuse.weights=train")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert all(part in result.stderr for part in ("data.split='all'", "'isfuse'")), result.stderr


@pytest.mark.slow
def test_the_sample_trains_the_network_and_says_that_it_is_a_sample(tmp_path: Path) -> None:
    tiny = ("sample.train=8", "sample.test=2", "training.schedule.epochs=1", "fusers=isfuse", "metrics.names=AG")
    result = run(tmp_path, *tiny, "fuser_options.isfuse.weights=train", "effects.images=0", "panels=1")
    assert result.returncode == 0, result.stderr
    assert "SAMPLE RUN" in result.stdout
    page = (tmp_path / "work" / "fusion_quality-sample" / "report" / "report.md").read_text(encoding="utf-8")
    assert "built-in SAMPLE" in page
    assert "full objective, 1 epochs" in page
    assert "## SAMPLE: Fusion metrics, convention eif, mean over 2 images" in page


@pytest.mark.slow
def test_a_fuser_that_fails_is_a_line_with_the_reason(tmp_path: Path) -> None:
    diverging = ["learning_rate=1e30", "epochs=2", "crop=16", "batch_size=2", "precision=float32"]
    tiny = (
        "sample.train=8",
        "sample.test=2",
        "fusers=isfuse",
        "metrics.names=AG",
        "fuser_options.isfuse.weights=train",
    )
    trained = "fuser_options.isfuse.weights=train"
    result = run(tmp_path, *tiny, trained, *(f"training.schedule.{setting}" for setting in diverging))
    assert result.returncode == 1, result.stderr
    assert "isfuse: failed: " in result.stdout
    page = (tmp_path / "work" / "fusion_quality-sample" / "report" / "report.md").read_text(encoding="utf-8")
    assert page.count("| isfuse | failed: ") == 2  # of the metrics and of the effects
    assert "training diverged" in page


@pytest.mark.slow
def test_the_ablation_trains_every_row_alike_and_shows_what_was_published(tmp_path: Path) -> None:
    tiny = ("sample.train=6", "sample.test=2", "training.schedule.epochs=1", "training.schedule.crop=16")
    few = ("metrics.names=AG,Qabf", "effects.images=1", "panels=0")
    result = run(tmp_path, *tiny, *few, pipeline="ablation")
    assert result.returncode == 0, result.stderr
    work = tmp_path / "work" / "ablation-sample"
    page = (work / "report" / "report.md").read_text(encoding="utf-8")
    for row in ("no_integrator", "no_interventions", "full"):
        assert f"| {row} | trained on the training pairs" in page
        assert (work / "train_fusion" / row / "curves.png").exists()
    assert "| full | 6.136 | 0.467 |" in page
    weights = [(path / "best.safetensors").read_bytes() for path in sorted((work / "train_fusion").iterdir())]
    assert len(set(weights)) == 6


def test_fused_images_of_disturbed_pairs_are_measured_against_the_clean_ones(tmp_path: Path, pairs: Path) -> None:
    options = ("--data", str(pairs), "fusers=maximum", NAMES, "stress.conditions=infrared_shift@0,without_visible")
    result = run(tmp_path, *options)
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "work" / "fusion_quality"
    for row in ("infrared", "average", "maximum"):
        clean = (folder / "score_fusion" / row / "scores.json").read_bytes()
        assert (folder / "stress" / row / "infrared_shift@0" / "scores.json").read_bytes() == clean
        black = (folder / "stress" / row / "without_visible@1" / "scores.json").read_bytes()
        assert (black == clean) == (row == "infrared")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("infrared_shift@64", "ir/0.png: image is too narrow for a shift (found a width of 64, expected more than 64)"),
        ("own.py:own", "ir/0.png: condition own.py:own: returned visible of another size or type"),
        ("shift", "unknown condition 'shift'. Did you mean 'infrared_shift'?"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_before_anything_is_fused(
    tmp_path: Path, pairs: Path, condition: str, said: str
) -> None:
    (tmp_path / "own.py").write_text(
        "def own(infrared, visible, severity, generator):\n    return infrared, infrared\n"
    )
    result = run(tmp_path, "--data", str(pairs), NAMES, f"stress.conditions={condition}")
    assert result.returncode == 2
    assert said in result.stderr.splitlines()[-1]
    assert not (tmp_path / "work" / "fusion_quality" / "fuse").exists()
