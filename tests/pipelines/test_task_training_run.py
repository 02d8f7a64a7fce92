"""A fusion network trained for the task of its pipeline, as a row of the table and without a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from fusion.storage.tensor_files import load_tensors
from tests.pipelines.pipeline_command import TINY_DETECTOR, CommandLine, assert_refused, rows
from tests.run_tool import Done, as_process, in_process

SMALL = ["sample.train=6", "sample.test=3", "metrics.names=EN", "panels=1"]
SCHEDULE = ["schedule.epochs=1", "schedule.batch_size=3", "schedule.crop=32"]
TRAINING = [f"on_request.isfuse_task.{setting}" for setting in SCHEDULE]
BOXES = ["m3fd_detect", *SMALL, *TRAINING, f"detector.model={TINY_DETECTOR}", "detector.epochs=1"]
BOXES += ["detector.image_size=64", "detector.batch_size=3", "fusers=isfuse_task"]


@pytest.fixture(scope="module")
def detected(tmp_path_factory: pytest.TempPathFactory) -> tuple[CommandLine, Done]:
    tool = CommandLine(tmp_path_factory.mktemp("detected"))
    return tool, tool.run(*BOXES)


@pytest.mark.slow
def test_a_row_is_trained_for_detection(detected: tuple[CommandLine, Done]) -> None:
    tool, result = detected
    assert result.returncode == 0, result.stderr
    folder = tool.cwd / "work/m3fd_detect-sample"
    shown = {row["fuser"] for row in rows(folder) if row["status"] == "ok"}
    assert shown == {"infrared", "visible", "average", "isfuse_task"}
    facts = load_tensors(folder / "train_fusion/isfuse_task-seed0/best.safetensors")[1]
    assert facts["critic"]["task"] == "detection"
    assert 0 <= facts["values"]["validation_score"] <= 1
    assert (folder / "train_fusion/isfuse_task-seed0/curves.png").is_file()
    assert facts["network"]["planes"] == 3


@pytest.mark.slow
def test_train_fusion_trains_for_a_task_and_resumes(detected: tuple[CommandLine, Done], tmp_path: Path) -> None:
    data = detected[0].cwd / "work/m3fd_detect-sample/sample/data"
    settings = [*SCHEDULE, f"detector.model={TINY_DETECTOR}", "detector.image_size=64", "data.split=random"]
    arguments = ["--task", "detection", "--data", data, "--out", "trained", *settings]
    for _ in range(2):
        done = as_process("train_fusion.py", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    facts = load_tensors(tmp_path / "trained/best.safetensors")[1]
    assert facts["critic"]["image_size"] == 64
    assert (tmp_path / "trained/data/data.json").is_file()


@pytest.mark.slow
def test_crops_must_fit_into_the_images(detected: tuple[CommandLine, Done], tmp_path: Path) -> None:
    data = detected[0].cwd / "work/m3fd_detect-sample/sample/data"
    settings = ["schedule.crop=257", f"detector.model={TINY_DETECTOR}", "data.split=random"]
    done = as_process("train_fusion.py", "--task", "detection", "--data", data, "--out", "out", *settings, cwd=tmp_path)
    assert_refused(done, "training.schedule.crop=257: too large for ", "(found 320x256, expected sides of 257 pixels")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["m3fd_detect", "fusers=isfuse", "training.task=segmentation"], "the pipeline's task is detection"),
        (["fusion_quality", "fusers=isfuse", "training.task=detection"], "the pipeline's task is quality"),
        (["m3fd_detect", "fusers=isfuse", "training.task=boxes"], "unknown training.task 'boxes'"),
        (["m3fd_detect", "fusers=isfuse_task", "training.critic_rate=0"], "training.critic_rate=0.0: out of range"),
        (["m3fd_detect", "fusers=isfuse_task", "on_request.isfuse_task.loss.task=-1"], "loss.task=-1.0: out of range"),
        (
            ["m3fd_detect", "fusers=isfuse_task", "on_request.isfuse_task.network.planes=2"],
            "network.planes=2: unknown number of",
        ),
        (["m3fd_detect", "fusers=isfuse_taks"], "unknown fuser 'isfuse_taks'. Did you mean 'isfuse_task'?"),
    ],
)
def test_a_task_that_cannot_be_is_refused(tool: CommandLine, arguments: list[str], said: str) -> None:
    if "fusers=isfuse" in arguments:
        arguments = [*arguments, "fuser_options.isfuse.weights=train"]
    assert_refused(tool.here(*arguments), said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "."], "--data: a labelled data set needs a task"),
        (["--task", "detection", "task=segmentation"], "training.task=segmentation: given by --task detection"),
        (["--task", "detection", "--data", ".", "data.folds=2"], "data.folds=2: one network is trained"),
        (["--infrared", "ir", "--visible", "vi", "loss.task=1"], "loss.task=1: needs a task. Try: --task detection"),
        (["--task", "detection"], "no data (expected a folder as m3fd_detect reads it)"),
        (["--task", "detection", "--data", "nowhere"], "nowhere: no such folder"),
        (["--task", "detection", "--infrared", "ir", "--visible", "vi"], "not with --task, which needs labels"),
        (["--task", "detection", "--recipe", "msrs_segment", "--data", "."], "the task of pipeline msrs_segment is"),
        (["--infrared", "ir", "--visible", "vi", "task=detection"], "task=detection: needs labelled data"),
        ([], "--infrared, --visible: different numbers of folders (found 0 infrared and 0 visible"),
    ],
)
def test_train_fusion_refuses_what_it_cannot_train_on(tmp_path: Path, arguments: list[str], said: str) -> None:
    assert_refused(in_process("train_fusion.py", "--out", "out", *arguments, cwd=tmp_path), said)
