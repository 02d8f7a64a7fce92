"""Tables with a row of every level from the command line: four channels, merged networks, external predictions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from downstream.datasets import DetectionData, load_detection_data
from downstream.detection import isolate_ultralytics, load_predictions, merge_boxes
from fusion import build_fuser, fuse_pair, read_visible
from fusion.images import to_bytes
from fusion.stress import Condition, disturb
from pipelines.config import load_settings
from pipelines.rows import load_pairs
from pipelines.tasks.intervening import intervention_on
from tests.pipelines.pipeline_command import TINY_DETECTOR, CommandLine, assert_refused, rows, stages
from tests.run_tool import Done

SMALL = ["sample.train=6", "sample.test=3", "metrics.names=EN", "panels=1"]
BOXES = ["m3fd_detect", *SMALL, f"detector.model={TINY_DETECTOR}", "detector.epochs=1", "detector.image_size=64"]
BOXES += ["detector.batch_size=3"]
DETECT = [*BOXES, "fusers=false_colour,slow,early,late,mixed,theirs", "fuser_options.late.rows=infrared,theirs"]
DETECT += [
    "fuser_options.mixed.type=late",
    "fuser_options.mixed.method=proben",
    "fuser_options.mixed.rows=false_colour,early",
]
DETECT += ["fuser_options.theirs.type=predictions", "fuser_options.theirs.path=theirs.json"]
SLOW = "fuser_options.slow.type=slow.py:Slow"
DETECT += [SLOW]
MASKS = ["msrs_segment", *SMALL, "segmenter.encoder=mobilenet_v2", "segmenter.epochs=1", "segmenter.batch_size=2"]
MASKS += ["segmenter.crop=64", "data.folds=2"]
SEGMENT = [*MASKS, "fusers=early,late,theirs", "fuser_options.late.rows=infrared,early"]
SEGMENT += ["fuser_options.theirs.type=predictions", "fuser_options.theirs.path=theirs"]
EAGER = "detector.weights=eager.safetensors"
STRESS = ["stress.conditions=infrared_shift@0,without_visible", "data.interventions=0.5"]
LEVELS = {
    **{"infrared": "source", "visible": "source", "average": "pixel", "false_colour": "pixel", "slow": "pixel"},
    **{"early": "input", "late": "decision", "mixed": "decision", "theirs": "external"},
}
Finished = tuple[CommandLine, Done]


def work(tool: CommandLine, pipeline: str = "m3fd_detect-sample") -> Path:
    return tool.cwd / "work" / pipeline


def cost_of(folder: Path, row: str) -> dict[str, float]:
    return dict(json.loads((folder / f"measure_cost/{row}/cost.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def detected(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A table of all levels in which `theirs` are the true boxes, with scores that fall from image to image."""
    tool = CommandLine(tmp_path_factory.mktemp("levels"))
    isolate_ultralytics(tool.cwd)
    save_file(eager_weights(), tool.cwd / EAGER.partition("=")[2])
    assert tool.here(*BOXES, EAGER, "fusers=average").returncode == 0
    data = load_detection_data(work(tool) / "prepare/data.json")
    (tool.cwd / "theirs.json").write_text(json.dumps(true_boxes(data)))
    (tool.cwd / "slow.py").write_text(
        "import time\nfrom pathlib import Path\n\n"
        "class Slow:\n    learned = colour = False\n\n    def fuse(self, infrared, visible):\n"
        "        time.sleep(0.05)\n        if Path('broken').exists():\n            raise ValueError('no more')\n"
        "        return infrared\n"
    )
    return tool, tool.here(*DETECT, EAGER, *STRESS)


def eager_weights() -> dict[str, torch.Tensor]:
    """Return random weights of a detector that is sure of objects everywhere, so that one epoch leaves it many."""
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(0)
    weights = DetectionModel(str(TINY_DETECTOR), verbose=False).state_dict()
    for name in weights:
        if name.endswith("cv3.0.2.bias") or name.endswith("cv3.1.2.bias"):
            weights[name] = torch.zeros_like(weights[name])
    return {name: weight.contiguous() for name, weight in weights.items()}


def true_boxes(data: DetectionData) -> list[dict[str, object]]:
    """Return the ground truth of the test images as COCO results, each box twice, the second time with low scores."""
    return [
        {
            "image_id": item.pair.stem,
            "category_id": box.class_name,
            "bbox": [box.xyxy[0], box.xyxy[1], box.xyxy[2] - box.xyxy[0], box.xyxy[3] - box.xyxy[1]],
            "score": score / (1 + number),
        }
        for number, item in enumerate(data.of("test"))
        for box in item.boxes
        for score in (1, 0.1)
    ]


@pytest.mark.slow
def test_a_table_of_boxes_has_rows_of_every_level(detected: Finished) -> None:
    tool, result = detected
    assert result.returncode == 0, result.stderr
    found = rows(work(tool))
    assert {(row["fuser"], row["status"]) for row in found} == {(name, "ok") for name in LEVELS}
    report = (work(tool) / "report/report.md").read_text(encoding="utf-8")
    for name, level in LEVELS.items():
        networks = "2" if level == "decision" else "-" if name == "theirs" else "1"
        assert re.search(rf"^\| {name} \| {level} \| .* \| {networks} \| [\d.-]+ \| [\d.-]+ \|$", report, re.MULTILINE)
    assert "| early | - | " not in report.split("Fusion metrics and mAP50")[0]
    assert stages(tool.here(*DETECT, EAGER, *STRESS).stdout, "finished, skipped") >= {"report", "score_task/late-seed0"}


@pytest.mark.slow
def test_a_late_row_costs_as_much_as_its_members_and_merging(detected: Finished, segmented: Finished) -> None:
    for folder, row, members in (
        (work(detected[0]), "mixed", ("false_colour", "early")),
        (work(segmented[0], "msrs_segment-sample"), "late", ("infrared", "early")),
    ):
        merged, *parts = (cost_of(folder, name) for name in (row, *members))
        assert merged["network_ms"] == pytest.approx(sum(part["network_ms"] for part in parts))
        assert merged["fusing_ms"] > sum(part["fusing_ms"] for part in parts)
        assert cost_of(folder, "infrared")["fusing_ms"] == 0
        assert cost_of(folder, "early")["fusing_ms"] > 0
        assert all(part["network_ms"] > 0 for part in parts)


@pytest.mark.slow
def test_the_report_has_the_cost_of_every_row_and_says_why_it_lacks_some(
    detected: Finished, segmented: Finished
) -> None:
    for tool, pipeline in ((detected[0], "m3fd_detect-sample"), (segmented[0], "msrs_segment-sample")):
        folder = work(tool, pipeline) / "report"
        report = (folder / "report.md").read_text(encoding="utf-8")
        assert re.search(
            r"^\| fuser \| level \| m.* \| networks per frame \| fusing ms \| network ms \|$", report, re.MULTILINE
        )
        assert re.search(r"^\| infrared \| source \| .* \| 1 \| 0 \| [\d.]+ \|$", report, re.MULTILINE)
        assert re.search(r"^\| theirs \| external \| .* \| - \| - \| - \|$", report, re.MULTILINE)
        assert "theirs (predictions of other code)" in report
        assert "Milliseconds per frame: median over " in report
        for name in ("report.html", "results.tex"):
            assert "fusing ms" in (folder / name).read_text(encoding="utf-8")
    assert "late (merges the predictions of other code, theirs)" in (
        (work(detected[0]) / "report/report.md").read_text(encoding="utf-8")
    )


@pytest.mark.slow
def test_what_late_rows_show_are_the_merged_boxes_of_their_members(detected: Finished) -> None:
    folder = work(detected[0]) / "score_task"
    members = [load_predictions(folder / f"{name}-seed0/predictions.json") for name in ("infrared", "theirs")]
    merged = load_predictions(folder / "late-seed0/predictions.json")
    assert merged == merge_boxes(members, "nms")
    assert 0 < len(merged) <= len(members[0]) + len(members[1]) // 2
    calibrated = json.loads((folder.parent / "calibrate/early-seed0/stage.json").read_text(encoding="utf-8"))
    assert calibrated["summary"]["split"] == "train"  # the sample has no validation images


@pytest.mark.slow
def test_true_boxes_as_predictions_of_other_code_are_perfect(detected: Finished) -> None:
    scores = [row for row in rows(work(detected[0])) if (row["fuser"], row["class"]) == ("theirs", "all")]
    assert {row["value"] for row in scores if row["value"]} == {"1.0"}
    assert (
        (work(detected[0]) / "report/report.md").read_text(encoding="utf-8").splitlines()[2].startswith("Highest mAP50")
    )


@pytest.mark.slow
def test_a_wrong_prediction_stops_the_run_with_one_line_and_nothing_is_lost(detected: Finished) -> None:
    tool = detected[0]
    wrong = json.loads((tool.cwd / "theirs.json").read_text())
    wrong[4]["score"] = 2.5
    (tool.cwd / "wrong.json").write_text(json.dumps(wrong))
    arguments = [*DETECT, EAGER, *STRESS, "fuser_options.theirs.path=wrong.json"]
    assert_refused(tool.here(*arguments), "wrong.json: result 5: score out of range (found 2.5, expected 0..1)")
    assert (work(tool) / "score_task/late-seed0/scores.json").is_file()
    assert tool.here(*DETECT, EAGER, *STRESS).returncode == 0


@pytest.mark.slow
def test_a_slow_fuser_is_seen_to_be_and_one_that_cannot_be_measured_fails_nothing(detected: Finished) -> None:
    tool = detected[0]
    again = [*DETECT, EAGER, *STRESS, "--force", "measure_cost/slow"]
    assert 50 <= cost_of(work(tool), "slow")["fusing_ms"] < 500
    assert cost_of(work(tool), "average")["fusing_ms"] < 50
    (tool.cwd / "broken").touch()
    broken = tool.here(*again)
    report = (work(tool) / "report/report.md").read_text(encoding="utf-8")
    (tool.cwd / "broken").unlink()
    assert tool.here(*again).returncode == 0
    assert broken.returncode == 0, broken.stderr
    assert stages(broken.stdout, "done in") == {"report"}
    assert re.search(r"^\| slow \| pixel \| .* \| 1 \| - \| - \|$", report, re.MULTILINE)
    assert "Not measured: slow (" in report
    assert "no more" in report


@pytest.mark.slow
def test_a_member_that_failed_fails_its_late_row_with_the_reason(tmp_path: Path) -> None:
    tool = CommandLine(tmp_path)
    (tool.cwd / "breaks.py").write_text(
        "class Breaks:\n    learned = colour = False\n    fuse = staticmethod(lambda infrared, visible: infrared * 9)\n"
    )
    arguments = [one for one in DETECT if "theirs" not in one and "mixed" not in one and one != SLOW]
    arguments += [
        "fusers=mine,late",
        "fuser_options.mine.type=breaks.py:Breaks",
        "fuser_options.late.rows=mine,visible",
    ]
    result = tool.here(*arguments)
    assert result.returncode == 1
    failed = {row["fuser"]: row["reason"] for row in rows(work(tool)) if row["status"] == "failed"}
    assert failed.keys() == {"mine", "late"}
    assert failed["late"] == failed["mine"]
    assert "values out of range" in failed["late"]


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A table of masks of all levels in two folds, in which `theirs` is background everywhere."""
    tool = CommandLine(tmp_path_factory.mktemp("levels"))
    first = tool.here(*MASKS, "fusers=average")
    assert first.returncode == 0, first.stderr
    (tool.cwd / "theirs").mkdir()
    for path in (work(tool, "msrs_segment-sample") / "score_task/average-seed0/masks").iterdir():
        assert cv2.imwrite(str(tool.cwd / "theirs" / path.name), np.zeros_like(cv2.imread(str(path), 0)))
    return tool, tool.here(*SEGMENT, *STRESS)


@pytest.mark.slow
def test_a_table_of_masks_has_rows_of_every_level_in_folds(segmented: Finished) -> None:
    tool, result = segmented
    assert result.returncode == 0, result.stderr
    found = rows(work(tool, "msrs_segment-sample"))
    names = {"infrared", "visible", "average", "early", "late", "theirs"}
    assert {(row["fuser"], row["status"], row["split"]) for row in found} == {(name, "ok", "2 folds") for name in names}
    classes = load_settings("msrs_segment")["sample"]["settings"]["data.classes"]
    theirs = {row["class"]: row["value"] for row in found if (row["fuser"], row["metric"]) == ("theirs", "IoU")}
    assert float(theirs[classes[0]]) > 0.5
    assert {float(value) for name, value in theirs.items() if name != classes[0] and value} <= {0.0}
    folder = work(tool, "msrs_segment-sample") / "score_task"
    for fold in (1, 2):
        for mask in (folder / f"late-seed0-fold{fold}/masks").iterdir():
            assert mask.read_bytes() == (folder / "late-seed0/masks" / mask.name).read_bytes()


@pytest.mark.slow
def test_severity_0_gives_the_very_predictions_of_the_clean_images(detected: Finished, segmented: Finished) -> None:
    folder = work(detected[0])
    stressed = {path.name.removesuffix("-seed0") for path in (folder / "stress").iterdir()}
    assert stressed == LEVELS.keys() - {"theirs", "late"}  # late merges theirs, which cannot be made anew
    for row in stressed:
        for name in ("predictions.json", "scores.json"):
            clean = (folder / f"score_task/{row}-seed0" / name).read_bytes()
            assert len(clean) > 1000
            assert (folder / f"stress/{row}-seed0/infrared_shift@0" / name).read_bytes() == clean
    folder = work(segmented[0], "msrs_segment-sample")
    stressed = {path.name.removesuffix("-seed0") for path in (folder / "stress").iterdir()}
    assert stressed == {"infrared", "visible", "average", "early", "late"}
    for row in stressed:
        clean = {path.name: path.read_bytes() for path in (folder / f"score_task/{row}-seed0/masks").iterdir()}
        again = (folder / f"stress/{row}-seed0/infrared_shift@0/masks").iterdir()
        assert {path.name: path.read_bytes() for path in again} == clean


@pytest.mark.slow
def test_without_the_visible_camera_the_row_infrared_stays_as_it_was_and_others_do_not(detected: Finished) -> None:
    folder = work(detected[0])
    for row in ("infrared", "visible", "average", "early", "mixed"):
        clean = (folder / f"score_task/{row}-seed0/predictions.json").read_bytes()
        black = (folder / f"stress/{row}-seed0/without_visible@1/predictions.json").read_bytes()
        assert (black == clean) == (row == "infrared")
    shown = list((folder / "stress/visible-seed0/without_visible@1/images").iterdir())
    assert len(shown) == 1
    assert cv2.imread(str(shown[0])).max() == 0
    assert not list((folder / "stress").glob("*/*/fused-*"))


@pytest.mark.slow
def test_the_report_has_a_section_about_conditions(detected: Finished, segmented: Finished) -> None:
    for tool, pipeline, metric in (
        (detected[0], "m3fd_detect-sample", "mAP50"),
        (segmented[0], "msrs_segment-sample", "mIoU"),
    ):
        folder = work(tool, pipeline) / "report"
        report = (folder / "report.md").read_text(encoding="utf-8").partition("## SAMPLE: A bad day\n")[2]
        assert f"### SAMPLE: {metric} by condition\n\n| fuser | clean | infrared shift 0 | without visible |" in report
        assert f"More than chance? {metric} above average by condition" in report
        assert "Left out, since other code has made what they show: " in report
        assert "![without visible, scene " in report
        for name in ("stress.png", "stress/without_visible@1/panels", "stress_differences.csv"):
            assert (folder / name).exists()
        assert f"{metric} by condition" in (folder / "results.tex").read_text(encoding="utf-8")
        assert '<section id="a-bad-day">' in (folder / "report.html").read_text(encoding="utf-8")
        stressed = json.loads((folder / "stress.json").read_text(encoding="utf-8"))
        assert {row["split"].rpartition(", ")[2] for row in stressed} == {"infrared_shift@0", "without_visible@1"}
        clean = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        same = [row for row in stressed if row["split"].endswith("infrared_shift@0")]
        assert [(row["fuser"], row["metric"], row["class"], row["value"]) for row in same] == [
            (row["fuser"], row["metric"], row["class"], row["value"])
            for row in clean
            if row["fuser"] in {row["fuser"] for row in stressed}
        ]


@pytest.mark.slow
def test_some_training_images_of_every_row_are_made_of_the_same_intervened_pairs(
    detected: Finished, segmented: Finished
) -> None:
    folder = work(detected[0])
    pairs = {pair.stem: pair for pair in load_pairs(folder / "prepare", "train")}
    kinds = {stem: kind for stem in pairs if (kind := intervention_on(stem, 0.5, 0))}
    assert 0 < len(kinds) < len(pairs) == 6
    for row in ("infrared", "average", "false_colour", "early"):
        suffix = ".tiff" if row == "early" else ".png"
        data = folder / f"dataset/{row}/images"
        for split in ("train", "test"):
            for path in (data / split).iterdir():
                clean = (folder / f"fuse/{row}/images" / path.name).read_bytes() == path.read_bytes()
                touched = split == "train" and path.stem in kinds
                assert clean != (touched and (row != "infrared" or kinds[path.stem] != "without_visible"))
        assert {path.name for path in (folder / f"intervene/{row}/images").glob("*.*")} - {
            "fusion.json",
            "sources.json",
        } == {f"{stem}{suffix}" for stem in kinds}
    stem, kind = next(iter(kinds.items()))
    infrared, visible = disturb([pairs[stem]], Condition(kind, 1), 0)[0].read()
    expected = to_bytes(fuse_pair(build_fuser("average"), infrared, visible))
    assert np.array_equal(to_bytes(read_visible(folder / f"dataset/average/images/train/{stem}.png")), expected)
    report = (folder / "report/report.md").read_text(encoding="utf-8")
    assert (
        "| interventions | 50 % of the training images, the same in every row, with holes or a black camera |" in report
    )
    folder = work(segmented[0], "msrs_segment-sample")
    of_all = {path.stem for path in (folder / "intervene/average/images").glob("*.png")}
    tested = {pair.stem for pair in load_pairs(folder / "prepare/fold1", "test")}
    assert of_all & tested  # trained on in the other fold
    assert of_all - tested


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["m3fd_detect", "data.interventions=1.5"], "data.interventions=1.5: no share (expected 0 to 1)"),
        (["msrs_segment", "data.interventions=-0.1"], "data.interventions=-0.1: no share"),
        (["m3fd_detect", "data.interventions=some"], "data.interventions"),
        (
            [
                "m3fd_detect",
                "data.interventions=0.2",
                "fusers=a",
                "fuser_options.a.type=folder",
                "fuser_options.a.dir=.",
            ],
            "data.interventions=0.2: the images of row a come from other code, which cannot fuse intervened pairs.",
        ),
    ],
)
def test_a_share_of_interventions_that_cannot_be_is_refused(tool: CommandLine, arguments: list[str], said: str) -> None:
    assert_refused(tool.here(*arguments), said)
