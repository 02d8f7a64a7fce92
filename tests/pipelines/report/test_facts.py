from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from downstream.datasets.boxes import LabelFaults
from downstream.datasets.detection_data import DetectionData
from pipelines.config import Chosen, load_settings
from pipelines.overrides import override
from pipelines.report.facts import detection_facts
from pipelines.rows.experiment import build_experiment
from pipelines.stages.provenance import current_provenance
from pipelines.stages.stage import Inputs
from tests.made_rigs import rig

DATA = DetectionData(("Car",), (), LabelFaults(2, 1), "random", 0.25)


def facts_with(*changes: tuple[str, object], data: DetectionData = DATA) -> dict[str, str]:
    settings = {**load_settings("m3fd_detect"), "name": "m3fd_detect"}
    for key, value in changes:
        override(settings, key, value)
    return dict(
        detection_facts(
            build_experiment(Chosen(settings, Path("data")), "python ..."),
            data,
            Inputs({}, {}),
            {"": [current_provenance()]},
        )
    )


def test_the_report_tells_how_a_learned_fuser_was_trained() -> None:
    text = facts_with(
        ("fuser_options.isfuse.weights", "train"),
        ("training.schedule.epochs", 7),
        ("training.ablation", "no_necessity"),
    )["isfuse"]
    assert "no_necessity objective, 7 epochs, crops of 128 px" in text
    assert text.endswith("seed 0")


def test_the_report_tells_the_seeds_and_folds_of_a_learned_fuser() -> None:
    text = facts_with(
        ("fuser_options.isfuse.weights", "train"),
        ("training.schedule.seed", 5),
        ("seeds", [0, 2]),
        ("data.folds", 3),
    )["isfuse"]
    assert text.endswith("seed 5, 7, for every fold anew, fusion metrics of the first")


def test_the_report_names_the_weights_that_a_fuser_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.safetensors").touch()
    monkeypatch.chdir(tmp_path)
    assert facts_with(("fuser_options.isfuse.weights", "mine.safetensors"))["isfuse"] == "weights mine.safetensors"


def test_the_report_tells_the_leakage_and_the_faulty_boxes() -> None:
    facts = facts_with()
    assert facts["leakage"] == "25.0% of test frames have a neighbour in training"
    assert facts["box faults"] == "2 clipped to the image, 1 without area dropped"


def test_the_report_tells_the_registration_and_what_was_lost_to_its_frame(tmp_path: Path) -> None:
    rig(frame=(20, 10, 100, 90), residual_median=0.314).save(tmp_path / "rig.json")
    with_registration = (("data.registration", str(tmp_path / "rig.json")), ("data.labels_from", "infrared"))
    facts = facts_with(*with_registration, data=replace(DATA, faults=LabelFaults(2, 1, outside=4)))
    assert facts["registration"] == (
        "affine; images show 100x90 pixels from 20, 10 of the 160x128 of visible images; median residual 0.31 pixels; "
        "labels were drawn on infrared images"
    )
    assert facts["box faults"].endswith("1 without area dropped, 4 with less than a pixel in the frame dropped")
    assert "registration" not in facts_with()


def test_further_detector_settings_are_told() -> None:
    assert "mosaic 0.0" in facts_with(("detector.extra.mosaic", 0.0))["detector"]
