"""Pipelines on two cameras that see differently, from images of unequal sizes to a report."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from downstream.datasets import load_detection_data, load_segmentation_data, read_mask
from fusion.registration import Registration
from fusion.registration.geometry import scaling
from pipelines.config import load_settings
from pipelines.sample import write_sample
from tests.made_rigs import HOMOGRAPHY, frame_view, rig, write_pairs
from tests.pipelines.pipeline_command import TINY_DETECTOR, CommandLine, assert_refused, rows, stages

RIG = rig(HOMOGRAPHY, frame=(20, 10, 100, 90))
QUALITY = ["fusion_quality", "--data", "mine", "fusers=maximum", "metrics.names=CC", "effects.images=0"]
GIVEN = ["data.registration=rig.json"]
HALVED = rig(scaling(2, 2), (160, 128), visible_size=(320, 256), frame=(20, 16, 256, 224))
DETECT = ["m3fd_detect", "fusers=average", "metrics.names=EN", "panels=1", f"detector.model={TINY_DETECTOR}"]
DETECT += ["detector.epochs=1", "detector.image_size=64", "detector.batch_size=2", "--data", "M3FD"]
SEGMENT = ["msrs_segment", "fusers=average", "metrics.names=EN", "panels=1", "segmenter.encoder=mobilenet_v2"]
SEGMENT += ["segmenter.epochs=1", "segmenter.batch_size=3", "segmenter.crop=64", "--data", "MSRS"]


@pytest.fixture
def quality(tool: CommandLine) -> CommandLine:
    write_pairs(tool.cwd / "mine", RIG, ["a", "b", "c"])
    RIG.save(tool.cwd / "rig.json")
    return tool


def write_halved_sample(root: Path, layout: str, registration: Registration) -> None:
    """Write the sample with infrared images of half the size, which the registration doubles."""
    write_sample(root, 5, 2, size=registration.visible_size, layout=layout)
    for path in [*root.glob("Ir/*.png"), *root.glob("*/ir/*.png")]:
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert cv2.imwrite(str(path), cv2.resize(image, registration.infrared_size, interpolation=cv2.INTER_AREA))
    registration.save(root.parent / "rig.json")


def test_images_of_unequal_sizes_are_fused_scored_and_shown_in_one_frame(quality: CommandLine) -> None:
    done = quality.here(*QUALITY, *GIVEN)
    assert done.returncode == 0, done.stderr
    work = quality.cwd / "work" / "fusion_quality"
    for time, stem in enumerate("abc"):
        fused = cv2.imread(str(work / "fuse" / "average" / "images" / f"{stem}.png"))
        assert np.abs(fused[..., 1] / 255 - frame_view(RIG, time))[2:-2, 2:-2].max() < 0.02
    page = (work / "report" / "report.md").read_text(encoding="utf-8")
    assert (
        "| registration | homography; images show 100x90 pixels from 20, 10 of the 160x128 of visible images |" in page
    )


def test_finished_work_is_reused_until_the_content_of_the_registration_changes(quality: CommandLine) -> None:
    assert quality.here(*QUALITY, *GIVEN).returncode == 0
    (quality.cwd / "rig.json").rename(quality.cwd / "moved.json")
    moved = quality.here(*QUALITY, "data.registration=moved.json")
    assert moved.returncode == 0, moved.stderr
    assert stages(moved.stdout, "done in") == set()
    rig(HOMOGRAPHY, frame=(30, 20, 60, 50)).save(quality.cwd / "moved.json")
    changed = quality.here(*QUALITY, "data.registration=moved.json")
    assert {"prepare", "fuse/average", "score_fusion/average", "report"} <= stages(changed.stdout, "done in")


def test_a_plan_reads_the_registration_and_changes_nothing(quality: CommandLine) -> None:
    done = quality.here(*QUALITY, *GIVEN, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert not (quality.cwd / "work").exists()
    (quality.cwd / "rig.json").write_text("{}", encoding="utf-8")
    assert_refused(quality.here(*QUALITY, *GIVEN, "--dry-run"), "rig.json: not a registration (found one without model")


def test_the_sample_refuses_a_registration(quality: CommandLine) -> None:
    done = quality.here("fusion_quality", *GIVEN, "--dry-run")
    assert_refused(done, "data.registration=rig.json: not for the built-in sample", "Try: --data DIR")


def test_unequal_sizes_without_a_registration_and_other_sizes_with_one_are_refused(quality: CommandLine) -> None:
    done = quality.here(*QUALITY)
    assert "expected a registered pair of one size). Try: python tools/register_pairs.py" in done.stdout + done.stderr
    rig(visible_size=(161, 128), frame=RIG.frame).save(quality.cwd / "rig.json")
    done = quality.here(*QUALITY, *GIVEN)
    found = "vi/a.png: size differs from that of the registration (found 160x128, expected 161x128)"
    assert found in done.stdout + done.stderr


@pytest.mark.slow
def test_a_detector_is_trained_and_scored_on_registered_images(tool: CommandLine) -> None:
    write_halved_sample(tool.cwd / "M3FD", "m3fd", HALVED)
    done = tool.run(*DETECT, *GIVEN, "data.split=M3FD/splits")
    assert done.returncode == 0, done.stderr
    work = tool.cwd / "work" / "m3fd_detect"
    assert {row["status"] for row in rows(work)} == {"ok"}
    data = load_detection_data(work / "prepare" / "data.json")
    assert {(item.width, item.height) for item in data.items} == {(256, 224)}
    assert cv2.imread(str(next((work / "fuse" / "average" / "images").iterdir()))).shape == (224, 256, 3)
    page = (work / "report" / "report.md").read_text(encoding="utf-8")
    assert "labels were drawn on visible images" in page


@pytest.mark.slow
def test_a_segmenter_is_trained_and_scored_on_registered_masks(tool: CommandLine) -> None:
    write_halved_sample(tool.cwd / "MSRS", "msrs", HALVED)
    done = tool.run(*SEGMENT, *GIVEN, "data.folds=2")
    assert done.returncode == 0, done.stderr
    work = tool.cwd / "work" / "msrs_segment"
    assert {row["status"] for row in rows(work)} == {"ok"}
    shutil.rmtree(tool.cwd / "MSRS")  # the masks that count stand in the work folder
    classes = load_settings("msrs_segment")["data"]["classes"]
    for item in load_segmentation_data(work / "prepare" / "fold1" / "data.json").items:
        assert read_mask(item.mask, classes).shape == (224, 256)
