"""The segmentation pipeline from the command line, on a few images in the layout and size of MSRS."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from downstream.datasets.masks import read_mask
from pipelines.config import load_settings
from pipelines.sample import write_sample
from tests.pipelines.pipeline_command import CommandLine, assert_refused, kill, rows, stages, wait_for
from tests.run_tool import Done

CLASSES = load_settings("msrs_segment")["data"]["classes"]
TINY = ["msrs_segment", "fusers=average", "metrics.names=EN,AG", "panels=1", "segmenter.encoder=mobilenet_v2"]
TINY += ["segmenter.epochs=2", "segmenter.batch_size=3", "segmenter.crop=64"]
REAL = [*TINY, "--data", "MSRS"]
WORK = Path("work", "msrs_segment")
BASELINES = ("infrared", "visible", "average")
Finished = tuple[CommandLine, Done]


@pytest.fixture(scope="module")
def msrs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "MSRS"
    write_sample(root, 5, 2, size=(640, 480), layout="msrs")
    return root


@pytest.fixture(scope="module")
def finished(msrs: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The pipeline on MSRS's layout, run once as a user does; tests that use it must leave the folder as it is."""
    tool = CommandLine(tmp_path_factory.mktemp("finished"))
    shutil.copytree(msrs, tool.cwd / "MSRS")
    result = tool.run(*REAL)
    assert result.returncode == 0, result.stderr
    return tool, result


@pytest.mark.slow
def test_the_layout_of_msrs_gives_masks_scores_and_a_report(finished: Finished) -> None:
    tool, result = finished
    assert "the segmenter starts from random weights" in result.stdout
    found = rows(tool.cwd / WORK)
    assert {(row["fuser"], row["dataset"], row["split"], row["status"]) for row in found} == {
        (fuser, "MSRS", "folders", "ok") for fuser in BASELINES
    }
    assert {row["metric"] for row in found} == {"mIoU", "mIoU_foreground", "pixel_accuracy", "IoU"}
    assert [row["class"] for row in found if (row["fuser"], row["metric"]) == ("average", "IoU")] == CLASSES
    for fuser in BASELINES:
        masks = sorted((tool.cwd / WORK / "score_task" / f"{fuser}-seed0" / "masks").iterdir())
        assert [path.name for path in masks] == [path.name for path in sorted((tool.cwd / "MSRS/test/vi").iterdir())]
        assert read_mask(masks[0], CLASSES).shape == (480, 640)
    report = tool.cwd / WORK / "report"
    page = (report / "report.md").read_text(encoding="utf-8")
    assert "4 train, 1 val, 2 test" in page
    assert "| fuser | mIoU ↑ | EN ↑ | AG ↑ |" in page
    assert "SAMPLE" not in page
    pictures = {path.name for path in report.rglob("*.png")}
    assert pictures >= {"confusion.png", "validation.png", "metrics.png"}
    assert len(pictures) == 4  # and one scene
    assert "report.html" in result.stdout
    assert 'id="compare"' in (report / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_scores_are_those_of_the_masks(finished: Finished) -> None:
    tool, _ = finished
    truth, predicted = [], []
    for path in sorted((tool.cwd / "MSRS/test/Segmentation_labels").iterdir()):
        truth.append(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        mask = tool.cwd / WORK / "score_task/average-seed0/masks" / path.name
        predicted.append(cv2.imread(str(mask), cv2.IMREAD_UNCHANGED))
    right = np.stack(truth) == np.stack(predicted)
    (row,) = [r for r in rows(tool.cwd / WORK) if (r["fuser"], r["metric"]) == ("average", "pixel_accuracy")]
    assert float(row["value"]) == pytest.approx(right.mean(), abs=1e-12)
    assert row["n"] == "2"


@pytest.mark.slow
def test_a_second_run_skips_every_stage(finished: Finished) -> None:
    tool, _ = finished
    result = tool.here(*REAL)
    assert result.returncode == 0, result.stderr
    assert stages(result.stdout, "done in") == set()
    assert len(stages(result.stdout, "finished, skipped")) == 1 + 5 * len(BASELINES) + 1


@pytest.mark.slow
def test_a_run_killed_while_it_trains_ends_with_the_same_results(
    finished: Finished, tool: CommandLine, msrs: Path
) -> None:
    shutil.copytree(msrs, tool.cwd / "MSRS")
    process = tool.start(*REAL)
    wait_for(tool.cwd / WORK / "train_task" / ".visible-seed0.part" / "last.safetensors", process)
    kill(process)
    result = tool.here(*REAL)
    assert result.returncode == 0, result.stderr
    assert "train_task/visible-seed0" in stages(result.stdout, "goes on")
    assert rows(tool.cwd / WORK) == rows(finished[0].cwd / WORK)


@pytest.mark.slow
def test_without_data_the_sample_in_the_layout_of_msrs_is_used(tool: CommandLine) -> None:
    result = tool.here(*TINY, "sample.train=5", "sample.test=2", "segmenter.epochs=1")
    assert result.returncode == 0, result.stderr
    work = tool.cwd / "work" / "msrs_segment-sample"
    assert {row["dataset"] for row in rows(work)} == {"SAMPLE"}
    with (work / "train_task/average-seed0/log.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 1


@pytest.mark.slow
def test_start_weights_of_the_encoder_are_used_whole(tool: CommandLine, shared: Path) -> None:
    weights = f"segmenter.encoder_weights={shared / 'weights' / 'mobilenet_v2_imagenet_features.safetensors'}"
    sample = ("sample.train=5", "sample.test=2", "segmenter.epochs=1")
    result = tool.here(*TINY, *sample, weights)
    assert result.returncode == 0, result.stderr
    assert "312 of 312 tensors" in result.stdout


def _first(root: Path, name: str) -> Path:
    return min((root / name).iterdir())


FAULTS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "missing mask": (lambda root: _first(root, "train/Segmentation_labels").unlink(), ("stems of", "missing: ")),
    "coloured mask": (
        lambda root: cv2.imwrite(
            str(_first(root, "test/Segmentation_labels")), np.full((480, 640, 3), (9, 99, 200), np.uint8)
        ),
        ("a colour image", "0..8 (background, car, person"),
    ),
    "unknown number": (
        lambda root: cv2.imwrite(str(_first(root, "train/Segmentation_labels")), np.full((480, 640), 77, np.uint8)),
        ("77", "0..8"),
    ),
    "small mask": (
        lambda root: cv2.imwrite(str(_first(root, "train/Segmentation_labels")), np.zeros((240, 320), np.uint8)),
        ("320x240", "640x480"),
    ),
    "no test folder": (lambda root: shutil.rmtree(root / "test"), ("test folder for split=folders",)),
    "no images": (
        lambda root: [path.unlink() for path in (root / "test").rglob("*.png")],
        ("no images found",),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_data_set_is_one_line(tool: CommandLine, msrs: Path, fault: str) -> None:
    shutil.copytree(msrs, tool.cwd / "MSRS")
    spoil, parts = FAULTS[fault]
    spoil(tool.cwd / "MSRS")
    result = tool.here(*REAL)
    assert_refused_after_progress(result, *parts)


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("segmenter.model=DeepLabV4", ("unknown segmenter.model", "DeepLabV3")),
        ("segmenter.encoder_weights=none.safetensors", ("none.safetensors: no such file", "None for random weights")),
        ("segmenter.crop=100", ("crop=100", "a multiple of 32")),
    ],
)
def test_a_setting_that_cannot_work_is_one_line_before_anything_runs(
    tool: CommandLine, setting: str, parts: tuple[str, ...]
) -> None:
    assert_refused(tool.here(*TINY, setting, "--dry-run"), *parts)


def assert_refused_after_progress(result: Done, *parts: str) -> None:
    """Check for exit code 2 and one line of error, behind what a progress bar wrote."""
    assert result.returncode == 2, result.stderr
    last = result.stderr.splitlines()[-1]
    assert last.startswith("error: ")
    for part in parts:
        assert part in last
