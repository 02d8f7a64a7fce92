"""Rows without fused images: what they are, which runs and stages they have, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from downstream.datasets.boxes import LabelFaults
from downstream.datasets.detection_data import DetectionData, LabelledPair
from fusion.command_line import parse_override
from fusion.errors import InputError
from fusion.images.pairs import Pair
from pipelines.config import Chosen, load_settings
from pipelines.overrides import override
from pipelines.report.facts import calibration_fact, fuser_facts
from pipelines.rows.experiment import Experiment, build_experiment
from pipelines.rows.runs import RunId
from pipelines.rows.unfused_rows import EarlyRow, LateRow, PredictionsRow
from pipelines.tasks.detection import detection_task
from pipelines.tasks.segmentation import segmentation_task


def experiment_with(*arguments: str, pipeline: str = "m3fd_detect") -> Experiment:
    settings = {**load_settings(pipeline), "name": pipeline}
    for argument in arguments:
        override(settings, *parse_override(argument))
    return build_experiment(Chosen(settings, None), "")


def late(experiment: Experiment, name: str = "late") -> LateRow:
    row = experiment.row(name)
    assert isinstance(row, LateRow)
    return row


def needs(experiment: Experiment, tmp_path: Path) -> dict[str, tuple[str, ...]]:
    return {stage.name: stage.needs for stage in detection_task(experiment, tmp_path).stages}


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    path = tmp_path / "boxes.json"
    path.write_text("[]")
    return path


def test_early_and_late_are_names_and_types(boxes: Path) -> None:
    experiment = experiment_with(
        "fusers=early,late,four,theirs",
        "fuser_options.four.type=early",
        "fuser_options.theirs.type=predictions",
        f"fuser_options.theirs.path={boxes}",
    )
    assert [type(row) for row in experiment.rows[3:]] == [EarlyRow, LateRow, EarlyRow, PredictionsRow]
    levels = ["source", "source", "pixel", "input", "decision", "input", "external"]
    assert [row.level for row in experiment.rows] == levels
    assert [row.networks for row in experiment.rows] == [1, 1, 1, 1, 2, 1, None]
    assert late(experiment).members == ("infrared", "visible")
    assert late(experiment).method == "nms"


def test_masks_are_merged_by_their_mean() -> None:
    assert late(experiment_with("fusers=late", pipeline="msrs_segment")).method == "mean"


def test_a_late_run_merges_the_runs_of_its_seed_and_fold(tmp_path: Path) -> None:
    experiment = experiment_with("fusers=late", "seeds=0,2", "data.folds=2")
    members = experiment.members(late(experiment), RunId("late", 2, 1))
    assert list(map(str, members)) == ["infrared-seed2-fold1", "visible-seed2-fold1"]
    found = needs(experiment, tmp_path)
    assert found["score_task/late-seed2-fold1"] == (
        *("prepare", "score_task/infrared-seed2-fold1", "score_task/visible-seed2-fold1"),
    )
    assert found["score_task/late-seed2"] == ("prepare", "score_task/late-seed2-fold1", "score_task/late-seed2-fold2")
    assert not any(name.split("/")[0] in ("train_task", "dataset", "fuse") for name in found if "late" in name)


def test_what_a_seed_cannot_change_runs_once(boxes: Path, tmp_path: Path) -> None:
    experiment = experiment_with(
        "fusers=theirs,both,late",
        "seeds=3,4",
        "fuser_options.theirs.type=predictions",
        f"fuser_options.theirs.path={boxes}",
        "fuser_options.both.type=late",
        "fuser_options.both.rows=theirs,infrared",
    )
    assert [str(run) for run in experiment.runs if run.fuser == "theirs"] == ["theirs-seed3"]
    members = experiment.members(late(experiment, "both"), RunId("both", 4))
    assert list(map(str, members)) == ["theirs-seed3", "infrared-seed4"]
    names = list(needs(experiment, tmp_path))
    assert names.index("predictions/theirs") < min(names.index(name) for name in names if name.startswith("fuse/"))


def test_stages_come_after_what_they_need(tmp_path: Path) -> None:
    found = needs(
        experiment_with("fusers=late,early,maximum", "fuser_options.late.rows=early,maximum,infrared", "seeds=0,1"),
        tmp_path,
    )
    done: set[str] = set()
    for name, needed in found.items():
        assert set(needed) <= done
        done.add(name)


def test_only_proben_calibrates_each_network_once(tmp_path: Path) -> None:
    rows = [f"fuser_options.{name}.type=late" for name in ("a", "b")]
    methods = [f"fuser_options.{name}.method=proben" for name in ("a", "b")]
    found = needs(experiment_with("fusers=late,a,b", *rows, *methods), tmp_path)
    assert [name for name in found if name.startswith("calibrate/")] == [
        "calibrate/infrared-seed0",
        "calibrate/visible-seed0",
    ]
    assert "calibrate/infrared-seed0" in found["score_task/b-seed0"]
    assert "calibrate/infrared-seed0" not in found["score_task/late-seed0"]


def test_the_method_decides_whether_a_stage_is_still_good(tmp_path: Path) -> None:
    def settings(method: str) -> object:
        stages = detection_task(experiment_with("fusers=late", f"fuser_options.late.method={method}"), tmp_path).stages
        return next(stage.settings for stage in stages if stage.name == "score_task/late-seed0")

    assert settings("nms") != settings("wbf")


def test_rows_without_fused_images_have_no_metrics_and_no_effects(tmp_path: Path) -> None:
    experiment = experiment_with("fusers=early,late")
    names = list(needs(experiment, tmp_path))
    assert {"fuse/early", "dataset/early", "train_task/early-seed0"} <= set(names)
    assert not {"score_fusion/early", "score_fusion/late"} & set(names)
    assert [row.name for row in experiment.fused_rows] == ["infrared", "visible", "average"]


def test_masks_are_merged_from_the_images_and_networks_of_the_members() -> None:
    experiment = experiment_with("fusers=early,late", "fuser_options.late.rows=visible,early", pipeline="msrs_segment")
    stages = {stage.name: stage for stage in segmentation_task(experiment).stages}
    assert stages["score_task/late-seed0"].needs == (
        *("prepare", "fuse/visible", "fuse/early", "train_task/visible-seed0", "train_task/early-seed0"),
    )


def test_the_report_says_what_the_rows_are() -> None:
    facts = dict(fuser_facts(experiment_with("fusers=early,late", "fuser_options.late.method=proben")))
    assert facts["late"].startswith("proben of infrared and visible: probabilistic ensembling")
    assert facts["early"].startswith("red, green, blue and infrared as four channels of one network")
    assert "albumentations" in facts["early"]
    assert "albumentations" not in dict(fuser_facts(experiment_with("fusers=early", pipeline="msrs_segment")))["early"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fuser_options.late.method=wfb"], r"unknown fuser_options\.late\.method 'wfb'\. Did you mean 'wbf'"),
        (["fuser_options.late.rows=infrared,avrage"], r"unknown row in fuser_options\.late\.rows 'avrage'\. Did you"),
        (["fuser_options.late.rows=infrared"], r"rows=infrared: expected two or more different rows"),
        (["fuser_options.late.rows=infrared,infrared"], r"expected two or more different rows"),
        (["fuser_options.late.rows=infrared,late"], r"expected two or more different rows, without 'late'"),
        (["fuser_options.late.row=infrared,visible"], r"unknown option of type 'late' 'row'\. Did you mean 'rows'"),
        (
            ["fusers=late,more", "fuser_options.more.type=late", "fuser_options.more.rows=late,visible"],
            r"rows=late,visible: late merges rows itself\. Try: its members infrared,visible",
        ),
        (["fusers=early", "fuser_options.early.channels=5"], r"unknown option of type 'early' 'channels'"),
        (
            ["fusers=mine", "fuser_options.mine.type=predictions"],
            r"fuser_options\.mine: type 'predictions' needs a file",
        ),
        (
            ["fusers=mine", "fuser_options.mine.type=predictions", "fuser_options.mine.path=none.json"],
            r"none\.json: no such file or folder \(named by fuser_options\.mine\)",
        ),
        (["fusers=mine", "fuser_options.mine.type=predictions", "fuser_options.mine.path="], r"needs a file or folder"),
        (["fusers=lat"], r"unknown fuser 'lat'\. Did you mean 'late'"),
        (["fusers=predictions"], r"unknown fuser 'predictions'"),
        (["fusers=mine", "fuser_options.mine.type=erly"], r"unknown fuser 'erly'\. Did you mean 'early'"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        experiment_with("fusers=late", *arguments)
    assert "\n" not in str(error.value)


def test_external_predictions_have_no_scores_to_calibrate_and_no_probabilities(boxes: Path, tmp_path: Path) -> None:
    theirs = ["fusers=theirs,late", "fuser_options.theirs.type=predictions", "fuser_options.late.rows=theirs,visible"]
    experiment_with(*theirs, f"fuser_options.theirs.path={boxes}", "fuser_options.late.method=wbf")
    with pytest.raises(InputError, match=r"proben needs calibrated scores, which the predictions of theirs lack"):
        experiment_with(*theirs, f"fuser_options.theirs.path={boxes}", "fuser_options.late.method=proben")
    with pytest.raises(InputError, match=r"mean needs class probabilities, which the predictions of theirs lack"):
        experiment_with(*theirs, f"fuser_options.theirs.path={tmp_path}", pipeline="msrs_segment")
    with pytest.raises(InputError, match=r"boxes\.json: not a folder of masks"):
        experiment_with(*theirs, f"fuser_options.theirs.path={boxes}", pipeline="msrs_segment")
    with pytest.raises(InputError, match=r"unknown fuser_options\.theirs\.missing 'emtpy'"):
        experiment_with(*theirs, f"fuser_options.theirs.path={boxes}", "fuser_options.theirs.missing=emtpy")
    folder = ["fusers=theirs", theirs[1], f"fuser_options.theirs.path={tmp_path}"]
    with pytest.raises(InputError, match=r"missing=empty: for boxes only"):
        experiment_with(*folder, "fuser_options.theirs.missing=empty", pipeline="msrs_segment")
    with pytest.raises(InputError, match=r"annotations: explains the ids of a results file \(found a folder"):
        experiment_with(*folder, f"fuser_options.theirs.annotations={boxes}")


@pytest.mark.parametrize(
    ("split", "folds", "images"), [("val", 0, "validation"), ("train", 0, "training"), ("val", 2, "training")]
)
def test_the_report_says_on_which_images_scores_were_calibrated(split: str, folds: int, images: str) -> None:
    items = tuple(LabelledPair(Pair(of, Path(of), Path(of)), 9, 9, of, ()) for of in ("test", split))
    data = DetectionData(("car",), items, LabelFaults(), "random", None)
    proben = experiment_with("fusers=late", "fuser_options.late.method=proben", f"data.folds={folds}")
    ((name, said),) = calibration_fact(proben, data)
    assert name == "calibration"
    assert f"on the {images}" in said
    assert calibration_fact(experiment_with("fusers=late"), data) == []


@pytest.mark.parametrize("name", ["early", "late"])
def test_a_table_without_networks_has_no_such_rows(name: str) -> None:
    with pytest.raises(InputError, match=rf"row '{name}': type '{name}' needs a network, which"):
        experiment_with(f"fusers={name}", pipeline="fusion_quality")
