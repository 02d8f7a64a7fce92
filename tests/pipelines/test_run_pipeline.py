"""The command line from another folder: exit codes, what is skipped, what goes on, and where it writes."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from fusion import list_fusers
from fusion.fusers import describe_fusers
from pipelines.config import list_pipelines
from pipelines.extras import TASKS
from pipelines.stages.lock import locked
from tests.pipelines.pipeline_command import (
    TINY_DETECTOR,
    CommandLine,
    assert_refused,
    kill,
    rows,
    stages,
    wait_for,
)
from tests.run_tool import Done

TINY = ["m3fd_detect", "sample.train=6", "sample.test=3", "fusers=average", "metrics.names=EN,AG", "panels=1"]
TINY += [f"detector.model={TINY_DETECTOR}", "detector.epochs=1", "detector.image_size=64", "detector.batch_size=3"]
WORK = Path("work", "m3fd_detect-sample")
BASELINES = ("infrared", "visible", "average")
Finished = tuple[CommandLine, Done]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The tiny pipeline, run once as a user runs it; the tests that use it must leave the work folder as it was."""
    tool = CommandLine(tmp_path_factory.mktemp("finished"))
    result = tool.run(*TINY)
    assert result.returncode == 0, result.stderr
    return tool, result


@pytest.fixture
def copy_of_finished(finished: Finished, tool: CommandLine) -> CommandLine:
    """The same finished work in another folder, to be changed at will."""
    shutil.copytree(finished[0].cwd / "work", tool.cwd / "work", symlinks=True)
    return tool


def test_the_list_names_pipelines_tasks_and_fusers_with_a_line_each(tool: CommandLine) -> None:
    result = tool.here("--list")
    assert result.returncode == 0
    assert {*list_pipelines(), *list_fusers(), *TASKS, "folder", "isfuse_task"} <= set(result.stdout.split())
    assert re.search(rf"^  average +{re.escape(describe_fusers()['average'])}$", result.stdout, re.MULTILINE)


def test_a_dry_run_says_what_would_run_and_makes_nothing(tool: CommandLine) -> None:
    result = tool.here(*TINY, "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "SAMPLE RUN" in result.stdout
    plans = [line.split() for line in result.stdout.splitlines() if line.startswith("run ")]
    assert plans[0] == ["run", "sample"]
    assert plans[-1] == ["run", "report"]
    assert not list(tool.cwd.iterdir())


def test_the_banner_names_the_folder_that_was_looked_for(tool: CommandLine) -> None:
    assert "data/Elsewhere does not exist" in tool.here(*TINY, "data.name=Elsewhere", "--dry-run").stdout


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["m3fd_detct"], ["unknown pipeline 'm3fd_detct'", "Did you mean 'm3fd_detect'"]),
        (["m3fd_detect", "fusers=averag"], ["unknown fuser 'averag'", "Did you mean 'average'"]),
        (["m3fd_detect", "detector.epoch=3"], ["unknown setting 'detector.epoch'", "Did you mean 'detector.epochs'"]),
        (["m3fd_detect", "detector.epochs=many"], ["detector.epochs='many'", "expected int"]),
        (["m3fd_detect", "--data", "nowhere"], ["nowhere: no such folder", "M3FD"]),
        (["m3fd_detect", "data.root=nowhere"], ["nowhere: no such folder", "M3FD"]),
        (["m3fd_detect", "detector.weights=none.pt"], ["none.pt: no such file", "detector.weights=FILE"]),
        (["m3fd_detect", "--force", "reprot"], ["unknown stage 'reprot'", "Did you mean 'report'"]),
    ],
)
def test_a_mistake_is_one_line_and_leaves_no_folder_of_stages(
    tool: CommandLine, arguments: Sequence[str], parts: Sequence[str]
) -> None:
    assert_refused(tool.here(*arguments), *parts)
    assert not list(tool.cwd.glob("work/*/*/"))


def test_a_work_folder_in_use_is_refused(tool: CommandLine) -> None:
    with locked(tool.cwd / WORK):
        assert_refused(tool.here(*TINY), "in use by process", str(os.getpid()), "--work-dir")


@pytest.mark.parametrize("value", ["fusers=1", "detector.epochs=None", "data.root=5"])
def test_a_value_of_the_wrong_kind_is_one_line(tool: CommandLine, value: str) -> None:
    assert_refused(tool.here(*TINY, value, "--dry-run"))


def test_an_argument_that_ultralytics_does_not_know_is_told_before_anything_is_fused(tool: CommandLine) -> None:
    assert_refused(tool.here(*TINY, "detector.extra.mosaik=0.0"), "detector.extra: 'mosaik'. Did you mean 'mosaic'?")
    assert not list(tool.cwd.rglob("fuse"))


@pytest.mark.slow
def test_images_without_partner_are_named(tool: CommandLine, finished: Finished) -> None:
    data = tool.cwd / "M3FD"
    shutil.copytree(finished[0].cwd / WORK / "sample" / "data", data)
    (data / "Ir" / "00003.png").rename(data / "Ir" / "lonely.png")
    assert_refused(tool.here(*TINY, "--data", "M3FD"), "lonely")


@pytest.mark.slow
def test_the_sample_is_marked_and_every_fuser_has_rows(finished: Finished) -> None:
    tool, result = finished
    assert re.search(r"SAMPLE RUN: .*data/M3FD does not exist", result.stdout)
    assert "report: work/m3fd_detect-sample/report/report.md" in result.stdout
    assert "SAMPLE" in (tool.cwd / WORK / "report" / "report.md").read_text(encoding="utf-8")
    found = rows(tool.cwd / WORK)
    assert {row["fuser"] for row in found} == set(BASELINES)
    assert {(row["dataset"], row["split"], row["seed"], row["status"]) for row in found} == {
        ("SAMPLE", "sample", "0", "ok")
    }


@pytest.mark.slow
def test_the_loss_of_every_training_is_drawn_and_charted(finished: Finished) -> None:
    folder = finished[0].cwd / WORK / "report"
    assert "](losses.png)" in (folder / "report.md").read_text(encoding="utf-8")
    assert (folder / "losses.png").is_file()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert all(f"<title>{fuser}, epoch 1: " in page for fuser in BASELINES)


@pytest.mark.slow
def test_fusion_metrics_stand_beside_map(finished: Finished) -> None:
    folder = finished[0].cwd / WORK / "report"
    page = (folder / "report.md").read_text(encoding="utf-8")
    assert "| fuser | mAP50 ↑ | EN ↑ |" in page
    assert "| *rank correlation* |" in page
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        scores = list(csv.DictReader(file))
    assert {row["method"] for row in scores} == set(BASELINES)
    assert len(scores) == 3 * len(BASELINES)  # three test images
    assert all(float(row["AG"]) > 0 for row in scores)


@pytest.mark.slow
def test_all_is_written_below_the_work_folder(finished: Finished) -> None:
    tool, _ = finished
    assert [path.name for path in tool.cwd.iterdir()] == ["work"]
    assert {path.name for path in tool.home.iterdir()} <= {".cache"}
    assert {path.name for path in tool.home.glob(".cache/*")} <= {"YAPF", "matplotlib"}  # mmengine imports yapf


@pytest.mark.slow
def test_a_second_run_skips_every_stage_and_leaves_the_report(copy_of_finished: CommandLine) -> None:
    tool = copy_of_finished
    report = tool.cwd / WORK / "report"
    before = {path: path.read_bytes() for path in report.rglob("*") if path.is_file()}
    result = tool.here(*TINY)
    assert result.returncode == 0, result.stderr
    assert stages(result.stdout, "done in") == set()
    assert len(stages(result.stdout, "finished, skipped")) == 2 + 6 * len(BASELINES) + 1
    assert {path: path.read_bytes() for path in report.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_more_epochs_train_and_score_again_but_fuse_nothing(copy_of_finished: CommandLine) -> None:
    result = copy_of_finished.here(*TINY, "detector.epochs=2")
    assert result.returncode == 0, result.stderr
    again = {f"{group}/{fuser}-seed0" for group in ("train_task", "score_task") for fuser in BASELINES}
    again |= {f"measure_cost/{fuser}" for fuser in BASELINES}
    assert stages(result.stdout, "done in") == {*again, "report"}
    kept = {f"{group}/{fuser}" for group in ("fuse", "score_fusion", "dataset") for fuser in BASELINES}
    assert stages(result.stdout, "finished, skipped") == {*kept, "sample", "prepare"}
    assert "2 epochs" in (copy_of_finished.cwd / WORK / "report" / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_run_killed_while_it_trains_goes_on(copy_of_finished: CommandLine) -> None:
    tool = copy_of_finished
    command = (*TINY, "detector.epochs=3")
    process = tool.start(*command)
    wait_for(tool.cwd / WORK / "train_task" / ".infrared-seed0.part" / "state.safetensors", process)
    kill(process)
    result = tool.here(*command)
    assert result.returncode == 0, result.stderr
    assert "train_task/infrared-seed0" in stages(result.stdout, "goes on")
    assert {row["status"] for row in rows(tool.cwd / WORK)} == {"ok"}
    assert not list((tool.cwd / WORK).rglob("*.part"))
    for fuser in BASELINES:
        run_dir = tool.cwd / WORK / "train_task" / f"{fuser}-seed0" / "run"
        with (run_dir / "results.csv").open(encoding="utf-8", newline="") as file:
            assert [int(row["epoch"]) for row in csv.DictReader(file, skipinitialspace=True)] == [1, 2, 3]
        assert f"dataset/{fuser}/data.yaml" in (run_dir / "args.yaml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_run_killed_between_training_and_the_record_goes_on(copy_of_finished: CommandLine) -> None:
    tool = copy_of_finished
    folder = tool.cwd / WORK / "train_task"
    (folder / "average-seed0").rename(folder / ".average-seed0.part")
    (folder / ".average-seed0.part" / "stage.json").unlink()
    result = tool.here(*TINY)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_a_fuser_that_fails_is_a_row_with_the_reason(copy_of_finished: CommandLine) -> None:
    diverging = ["learning_rate=1e30", "epochs=2", "crop=16", "batch_size=2", "precision=float32"]
    command = (
        *TINY,
        "fusers=isfuse",
        "fuser_options.isfuse.weights=train",
        *(f"training.schedule.{setting}" for setting in diverging),
    )
    result = copy_of_finished.here(*command)
    assert result.returncode == 1, result.stderr
    (failed,) = [row for row in rows(copy_of_finished.cwd / WORK) if row["status"] == "failed"]
    assert (failed["fuser"], failed["value"]) == ("isfuse", "")
    assert "training diverged" in failed["reason"]
    assert {row["fuser"] for row in rows(copy_of_finished.cwd / WORK) if row["status"] == "ok"} == set(BASELINES)
    again = copy_of_finished.here(*command)
    assert again.returncode == 1
    assert "train_fusion/isfuse-seed0" in stages(again.stdout, "FAILED")
    assert "report" in stages(again.stdout, "finished, skipped")
