"""Folds and seeds: which stages there are, and whole runs on a few scenes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from fusion.storage.tensor_files import load_tensors
from pipelines.sample import write_sample
from tests.pipelines.pipeline_command import TINY_DETECTOR, CommandLine, assert_refused, rows, stages
from tests.run_tool import Done

DETECT = ["m3fd_detect", "sample.train=6", "sample.test=2", "fusers=average", "metrics.names=EN", "panels=1"]
DETECT += [f"detector.model={TINY_DETECTOR}", "detector.epochs=1", "detector.image_size=64", "detector.batch_size=3"]
SEGMENT = ["msrs_segment", "fusers=isfuse_task", "metrics.names=EN", "panels=1"]
SEGMENT += ["segmenter.encoder=mobilenet_v2", "segmenter.epochs=1", "segmenter.batch_size=2", "segmenter.crop=64"]
SEGMENT += [f"on_request.isfuse_task.schedule.{setting}" for setting in ("epochs=1", "crop=64", "batch_size=2")]


def planned(tool: CommandLine, *arguments: str) -> list[str]:
    result = tool.here(*arguments, "--dry-run")
    assert result.returncode == 0, result.stderr
    return [line.split()[1] for line in result.stdout.splitlines() if line.startswith(("run ", "skip ", "continue "))]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_network_is_trained_for_every_seed_and_given_weights_are_shared(tool: CommandLine) -> None:
    trained = planned(tool, "m3fd_detect", "seeds=0,2", "fuser_options.isfuse.weights=train")
    assert [name for name in trained if name.startswith("train_fusion/")] == [
        "train_fusion/isfuse-seed0",
        "train_fusion/isfuse-seed2",
    ]
    assert {"fuse/average", "fuse/isfuse-seed2", "dataset/isfuse-seed2", "train_task/isfuse-seed2"} <= set(trained)
    shipped = planned(tool, "m3fd_detect", "seeds=0,2")
    assert {"fuse/isfuse", "dataset/isfuse", "train_task/isfuse-seed2"} <= set(shipped)
    assert not any(name.startswith("train_fusion/") or name == "fuse/isfuse-seed0" for name in shipped)


def test_folds_share_the_images_of_fusers_that_are_not_trained(tool: CommandLine) -> None:
    found = planned(tool, "m3fd_detect", "data.folds=3", "fuser_options.isfuse.weights=train", "fusers=isfuse")
    assert [name for name in found if name.startswith("fuse/average")] == ["fuse/average"]
    assert [name for name in found if "average" in name and name.startswith("train_task/")] == [
        f"train_task/average-seed0-fold{fold}" for fold in (1, 2, 3)
    ]
    of_isfuse = [f"isfuse-seed0-fold{fold}" for fold in (1, 2, 3)]
    assert [name for name in found if name.startswith("train_fusion/")] == [
        f"train_fusion/{name}" for name in of_isfuse
    ]
    assert {f"fuse/{name}" for name in (*of_isfuse, "isfuse-seed0")} <= set(found)


@pytest.mark.slow
def test_every_pair_of_the_sample_is_tested_once_by_a_detector(tool: CommandLine) -> None:
    arguments = [*DETECT, "data.folds=2", "seeds=1"]
    result = tool.here(*arguments)
    assert result.returncode == 0, result.stderr
    work = tool.cwd / "work" / "m3fd_detect-sample"
    prepared = [json.loads((work / f"prepare/fold{fold}/pairs.json").read_text(encoding="utf-8")) for fold in (1, 2)]
    tested = [{stem for stem, *_ in fold["test"]} for fold in prepared]
    assert [len(stems) for stems in tested] == [4, 4]
    assert not tested[0] & tested[1]
    assert {(row["split"], row["n"]) for row in rows(work) if row["class"] == "all"} == {("2 folds", "8")}
    of_fold = table(work / "report/folds.csv")
    assert {(row["split"], row["n"]) for row in of_fold if row["class"] == "all"} == {("fold 1", "4"), ("fold 2", "4")}
    predicted = json.loads((work / "score_task/average-seed1/predictions.json").read_text(encoding="utf-8"))
    parts = [
        json.loads((work / f"score_task/average-seed1-fold{fold}/predictions.json").read_text(encoding="utf-8"))
        for fold in (1, 2)
    ]
    assert predicted == [*parts[0], *parts[1]]
    assert {one["image"] for one in parts[0]} <= tested[0]
    page = (work / "report/report.md").read_text(encoding="utf-8")
    assert "mAP50 by fold (number of test images)" in page
    assert "| fuser | fold 1 (4) | fold 2 (4) |" in page
    assert "8 test images in 8 runs of frames. 95 %" in page
    assert stages(tool.here(*arguments).stdout, "finished, skipped") >= {"report", "score_task/average-seed1-fold2"}


@pytest.fixture(scope="module")
def segmented(tmp_path_factory: pytest.TempPathFactory) -> tuple[CommandLine, Done]:
    """A run with folds that also trains a fusion network, with a segmenter as its critic."""
    tool = CommandLine(tmp_path_factory.mktemp("folds"))
    write_sample(tool.cwd / "MSRS", 6, 2, size=(160, 128), layout="msrs")
    return tool, tool.here(*SEGMENT, "--data", "MSRS", "data.folds=2", "--jobs", "2")


@pytest.mark.slow
def test_a_fusion_network_never_fuses_a_test_pair_that_it_has_seen(segmented: tuple[CommandLine, Done]) -> None:
    tool, result = segmented
    assert result.returncode == 0, result.stderr
    work = tool.cwd / "work" / "msrs_segment"
    for fold in (1, 2):
        pairs = json.loads((work / f"prepare/fold{fold}/pairs.json").read_text(encoding="utf-8"))
        assert not {stem for stem, *_ in pairs["test"]} & {stem for stem, *_ in [*pairs["train"], *pairs["val"]]}
        for stem, *_ in pairs["test"]:
            of_fold = work / f"fuse/isfuse_task-seed0-fold{fold}/images/{stem}.png"
            assert (work / f"fuse/isfuse_task-seed0/images/{stem}.png").samefile(of_fold)
            masks = [work / f"score_task/isfuse_task-seed0{part}/masks/{stem}.png" for part in ("", f"-fold{fold}")]
            assert masks[0].read_bytes() == masks[1].read_bytes()
        facts = load_tensors(work / f"train_fusion/isfuse_task-seed0-fold{fold}/best.safetensors")[1]
        assert facts["critic"]["task"] == "segmentation"
        assert 0 <= facts["values"]["validation_score"] <= 1
    assert len(list((work / "fuse/isfuse_task-seed0/images").glob("*.png"))) == 8


@pytest.mark.slow
def test_every_stage_tells_what_it_was_run_with(segmented: tuple[CommandLine, Done]) -> None:
    records = list((segmented[0].cwd / "work" / "msrs_segment").rglob("stage.json"))
    assert len(records) > 20
    for path in records:
        record = json.loads(path.read_text(encoding="utf-8"))
        assert record["made"].keys() == {"date", "commit", "machine", "versions"}
        assert record["seconds"] >= 0


@pytest.mark.slow
def test_folds_of_masks_are_pooled(segmented: tuple[CommandLine, Done]) -> None:
    work = segmented[0].cwd / "work" / "msrs_segment"
    names = ("isfuse_task-seed0", "isfuse_task-seed0-fold1", "isfuse_task-seed0-fold2")
    pooled, *of_folds = ({(s["metric"], s["class_name"]): s for s in _scores(work, name)} for name in names)
    assert pooled["IoU", "car"]["n"] == sum(scores["IoU", "car"]["n"] for scores in of_folds)
    assert {row["split"] for row in rows(work)} == {"2 folds"}
    assert {row["metric"] for row in table(work / "report/differences.csv")} == {"mIoU", "IoU"}


def _scores(work: Path, name: str) -> list[dict[str, object]]:
    return list(json.loads((work / f"score_task/{name}/scores.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("data.folds=9", ("data.folds=9: more folds than labelled pairs (found 8)", "Try: data.folds=8")),
        ("data.groups=drive", ("data.groups='drive': names no group in 8 of 8 images",)),
    ],
)
def test_folds_that_cannot_be_cut_are_one_line(tool: CommandLine, setting: str, parts: tuple[str, ...]) -> None:
    assert_refused(tool.here(*DETECT, "data.folds=2", setting), *parts)
