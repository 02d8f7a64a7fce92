"""Several stages at a time: the same results, clean stops, and a broken row that does not break the others."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from pipelines.stages.memory import MemoryPlan, available_bytes
from tests.pipelines.pipeline_command import TINY_DETECTOR, CommandLine, assert_refused, stages, wait_for

TINY = ["m3fd_detect", "sample.train=6", "sample.test=3", "fusers=average", "metrics.names=AG", "--jobs", "2"]
TINY += [f"detector.model={TINY_DETECTOR}", "detector.epochs=2", "detector.image_size=64", "detector.batch_size=3"]
QUALITY = ["fusion_quality", "sample.train=4", "sample.test=3", "fusers=[]", "effects.images=0"]  # baselines alone
WORK = Path("work", "m3fd_detect-sample")
SCORES = Path("work", "fusion_quality-sample", "report", "scores.csv")


@pytest.fixture(scope="module")
def scores_of_one_process(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a run of QUALITY gives whose stages run one after the other."""
    tool = CommandLine(tmp_path_factory.mktemp("one"))
    result = tool.here(*QUALITY)
    assert result.returncode == 0, result.stderr
    return (tool.cwd / SCORES).read_bytes()


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_to_the_results_of_one_that_was_not(
    tool: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    command = [*QUALITY, "fusers=isfuse", "fuser_options.isfuse.weights=train"]
    schedule = ("epochs=8", "crop=16", "batch_size=2", "precision=float32")
    command += [f"training.schedule.{setting}" for setting in schedule]
    whole = CommandLine(tmp_path_factory.mktemp("whole"))
    assert whole.run(*command, "--jobs", "2").returncode == 0
    process, work = tool.start(*command, "--jobs", "2"), Path("work", "fusion_quality-sample")
    wait_for(tool.cwd / work / "train_fusion" / ".isfuse.part" / "last.safetensors", process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "run the same command to continue" in errors
    again = tool.run(*command, "--jobs", "2")
    assert again.returncode == 0, again.stderr
    assert "train_fusion/isfuse" in stages(again.stdout, "goes on")
    assert (tool.cwd / SCORES).read_bytes() == (whole.cwd / SCORES).read_bytes()
    assert "train isfuse" in (tool.cwd / work / "logs" / "train_fusion-isfuse.log").read_text(encoding="utf-8")
    skipped = tool.here(*command)
    assert stages(skipped.stdout, "done in") == set()


@pytest.mark.slow
def test_the_stages_end_with_a_pipeline_that_is_killed(tool: CommandLine) -> None:
    process = tool.start(*TINY)
    wait_for(tool.cwd / WORK / "logs" / "sample.json", process)
    process.kill()
    process.communicate()
    end = time.monotonic() + 20
    while _workers_of(tool.cwd) and time.monotonic() < end:
        time.sleep(0.2)
    assert _workers_of(tool.cwd) == []


@pytest.mark.slow
@pytest.mark.parametrize("workers", [("--jobs", "3"), ("--jobs", "2", "--ray", "local")], ids=["processes", "ray"])
def test_the_metrics_are_those_of_a_run_in_one_process(
    tool: CommandLine, scores_of_one_process: bytes, workers: tuple[str, ...]
) -> None:
    result = tool.run(*QUALITY, *workers)
    assert result.returncode == 0, result.stderr
    assert (tool.cwd / SCORES).read_bytes() == scores_of_one_process


def test_a_cluster_that_does_not_answer_is_a_mistake(tool: CommandLine) -> None:
    assert_refused(tool.run(*QUALITY, "--ray", "127.0.0.1:1"), "--ray 127.0.0.1:1: no cluster answers")


@pytest.mark.slow
def test_a_broken_row_does_not_stop_the_others_and_is_alone_in_running_again(tool: CommandLine) -> None:
    broken = [*QUALITY, "--jobs", "2", "fusers=isfuse", "fuser_options.isfuse.weights=train"]
    broken += [
        f"training.schedule.{setting}" for setting in ("epochs=2", "crop=16", "batch_size=2", "precision=float32")
    ]
    result = tool.run(*broken, "training.schedule.learning_rate=1e30")
    assert result.returncode == 1, result.stderr
    assert "isfuse: failed: FloatingPointError: training diverged" in result.stdout
    assert "score_fusion/average" in stages(result.stdout, "done in")
    fixed = tool.run(*broken, "training.schedule.learning_rate=1e-3")
    assert fixed.returncode == 0, fixed.stderr
    again = {"train_fusion/isfuse", "fuse/isfuse", "score_fusion/isfuse", "report"}
    assert stages(fixed.stdout, "done in") == again


@pytest.mark.slow
def test_a_mistake_is_one_line(tool: CommandLine) -> None:
    (tool.cwd / "M3FD" / "Ir").mkdir(parents=True)
    (tool.cwd / "M3FD" / "Vis").mkdir()
    assert_refused(tool.run(*TINY, "--data", "M3FD"), "no images found")
    assert_refused(tool.here(*TINY, "--jobs", "0"), "--jobs 0: out of range (expected 1 or more)")


def test_memory_that_is_not_there_lets_one_stage_wait_but_never_the_only_one() -> None:
    available = available_bytes()
    if available is None:
        pytest.skip("this system does not say how much memory is available")
    plan, this_process = MemoryPlan(), os.getpid()
    plan.learn("fuse/average", 1000)
    plan.learn("train_task/average-seed0", 2 * available)
    plan.expect(this_process, "fuse/maximum")
    assert plan.holds("fuse/laplacian", [this_process])
    assert not plan.holds("train_task/maximum-seed0", [this_process])
    assert plan.holds("train_task/maximum-seed0", [])


def test_what_a_running_stage_will_still_take_is_kept_for_it() -> None:
    available = available_bytes()
    if available is None:
        pytest.skip("this system does not say how much memory is available")
    plan, this_process = MemoryPlan(), os.getpid()
    plan.learn("train_task/a", 2 * available)
    plan.learn("fuse/a", 1000)
    plan.expect(this_process, "train_task/b")
    assert not plan.holds("fuse/b", [this_process])


def _workers_of(folder: Path) -> list[int]:
    """List the processes of stages that work below a folder."""
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _reads(entry / "cwd") == str(folder) and _is_worker(entry / "cmdline")
    ]


def _reads(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:  # it has just ended
        return ""


def _is_worker(command: Path) -> bool:
    try:
        return b"pipelines.stage_worker" in command.read_bytes().split(b"\0")
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere a process needs longer to notice")
def test_no_process_is_left_a_second_after_a_kill(tool):
    process = tool.start(*TINY)
    while not any(b"forkserver" in read(Path("/proc", str(pid), "cmdline")) for pid in processes_of(tool.home)):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.5)  # the server imports what its stages need, which takes seconds
    process.kill()
    time.sleep(1)
    left = processes_of(tool.home) - {process.pid}
    process.communicate()  # waits for all that hold its output
    assert not left


def processes_of(home):
    """Return the processes that were started with this home, by their environment."""
    given = f"HOME={home}\0".encode()
    return {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if given in read(folder / "environ")}


def read(path):
    try:
        return path.read_bytes()
    except OSError:  # the process has just ended
        return b""
