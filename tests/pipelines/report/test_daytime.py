from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from downstream.datasets.boxes import Box
from downstream.datasets.detection_data import LabelledPair
from downstream.detection.outputs import Prediction, save_predictions
from downstream.scores import Score
from fusion.images.pairs import Pair
from pipelines.report.results import daytime_rows, daytime_table, daytimes
from pipelines.rows.results import ResultRow
from pipelines.rows.runs import RunId
from pipelines.rows.task_results import detection_scorer, load_confusions, segmentation_scorer
from pipelines.rows.task_scores import SEGMENTATION


def _rows(values: dict[RunId, dict[str, float]]) -> list[ResultRow]:
    """Score every run by the stems it is asked for."""

    def scorer(by_stem: dict[str, float]) -> object:
        def score(stems: Sequence[str]) -> list[Score]:
            return [Score("mIoU", "all", sum(by_stem[stem] for stem in stems) / len(stems), len(stems))]

        return score

    parts = daytimes(["1D", "2N", "3D"])
    return daytime_rows(parts, {run: scorer(of) for run, of in values.items()}, "MSRS", "folders")  # type: ignore[misc]


def test_the_names_of_msrs_tell_day_from_night() -> None:
    assert daytimes(["00001D", "00002N", "00003D"]) == {"day": ["00001D", "00003D"], "night": ["00002N"]}


@pytest.mark.parametrize("stems", [["1D", "2N", "3"], ["1D", "2D"], []])
def test_names_that_do_not_tell_or_know_one_of_them_only_are_not_divided(stems: list[str]) -> None:
    assert daytimes(stems) == {}


def test_the_table_has_columns_for_day_and_night() -> None:
    rows = _rows(
        {RunId("average", 0): {"1D": 0.2, "2N": 0.9, "3D": 0.4}, RunId("isfuse", 0): {"1D": 0.5, "2N": 0.1, "3D": 0.5}}
    )
    assert {row["split"] for row in rows} == {"folders, day", "folders, night"}
    table = daytime_table(rows, [], SEGMENTATION, ["average", "isfuse"])
    assert table.columns[0] == "day (2): mIoU"
    assert table.columns[2] == "night (1): mIoU"
    assert [[cell.bold for cell in line.cells][::2] for line in table.rows] == [
        [".300", "**.900**"],
        ["**.500**", ".100"],
    ]


def test_a_fuser_of_which_a_seed_failed_is_never_best() -> None:
    rows = _rows({RunId("average", 0): {"1D": 0.9, "2N": 0.9, "3D": 0.9}})
    failed: ResultRow = {
        **rows[0],
        "seed": 1,
        "value": None,
        "split": "folders",
        "status": "failed",
        "reason": "killed",
    }
    (line,) = daytime_table(rows, [failed], SEGMENTATION, ["average"]).rows
    assert line.name == "average (1 of 2 seeds)"
    assert [cell.bold for cell in line.cells] == [".900", "-", ".900", "-"]


def test_confusions_are_summed_over_the_named_images(tmp_path: Path) -> None:
    by_stem = {"1D": [[1, 0], [0, 2]], "2N": [[10, 0], [0, 0]], "3D": [[0, 5], [0, 0]]}
    (tmp_path / "confusions.json").write_text(json.dumps(by_stem))
    assert load_confusions(tmp_path, ["1D", "3D"]).sum(axis=0).tolist() == [[1, 5], [0, 2]]
    assert load_confusions(tmp_path).sum(axis=0).tolist() == [[11, 5], [0, 2]]


def test_masks_of_some_images_are_scored_by_their_confusions_alone(tmp_path: Path) -> None:
    (tmp_path / "confusions.json").write_text(json.dumps({"1D": [[3, 1], [0, 4]], "2N": [[0, 8], [0, 0]]}))
    scores = {(s.metric, s.class_name): s for s in segmentation_scorer(tmp_path, ["background", "car"])(["1D"])}
    assert scores["IoU", "car"].value == pytest.approx(4 / 5)
    assert scores["mIoU", "all"].n == 1


def test_boxes_of_some_images_are_scored_without_those_of_the_others(tmp_path: Path) -> None:
    pytest.importorskip("pycocotools")
    car = Box("car", (10, 10, 60, 60))
    pairs = [Pair(stem, Path("ir.png"), Path("vi.png")) for stem in ("1D", "2N", "3N")]
    test = [LabelledPair(pair, 100, 100, "test", (car,)) for pair in pairs]
    save_predictions(tmp_path / "predictions.json", [Prediction("1D", car, 0.9), Prediction("3N", car, 0.8)])
    score = detection_scorer(tmp_path, test, ["car", "person"])
    day, night = ({s.metric: s.value for s in score(stems)} for stems in (["1D"], ["2N", "3N"]))
    assert day["mAP50"] == pytest.approx(1)
    assert night["mAP50"] == pytest.approx(51 / 101)  # of two cars one is found: recall 0, .01, .. .5
