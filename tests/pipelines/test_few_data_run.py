"""Runs on as little data as there may be: one test image, no object of a class, none at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.sample import write_sample
from tests.pipelines.pipeline_command import TINY_DETECTOR, CommandLine, rows

DETECT = ["m3fd_detect", "fusers=average", "metrics.names=EN", "panels=1", f"detector.model={TINY_DETECTOR}"]
DETECT += ["detector.epochs=1", "detector.image_size=64", "detector.batch_size=2"]


def without_objects(root: Path) -> Path:
    """Write the sample with one test image, and delete the objects of this image from its label."""
    write_sample(root, 4, 1, size=(160, 128))
    for stem in (root / "splits" / "test.txt").read_text(encoding="utf-8").split():
        label = root / "Annotation" / f"{stem}.xml"
        label.write_text(re.sub(r"<object>.*?</object>", "", label.read_text(encoding="utf-8"), flags=re.DOTALL))
    return root


@pytest.mark.slow
def test_without_any_true_box_there_is_a_report_with_a_reason(tool: CommandLine) -> None:
    without_objects(tool.cwd / "M3FD")
    result = tool.here(*DETECT, "--data", "M3FD", "data.split=M3FD/splits")
    assert result.returncode == 0, result.stderr
    work = tool.cwd / "work" / "m3fd_detect"
    page = (work / "report" / "report.md").read_text(encoding="utf-8")
    assert "| classes absent | People, Car, Bus, Motorcycle, Lamp, Truck: no box in the test images |" in page
    assert "| average | - | - | - | - | - |" in page
    assert "- (no ground truth)" in page
    assert "| nan" not in page
    assert {row["value"] for row in rows(work) if row["metric"] == "mAP50"} == {""}


@pytest.mark.slow
def test_one_test_image_gives_scores_without_verdicts(tool: CommandLine) -> None:
    result = tool.here(*DETECT, "sample.train=4", "sample.test=1")
    assert result.returncode == 0, result.stderr
    page = (tool.cwd / "work" / "m3fd_detect-sample" / "report" / "report.md").read_text(encoding="utf-8")
    assert "1 test image in 1 run of frames" in page
    assert "- (ground truth in 1 of at least 6 groups of images)" in page
