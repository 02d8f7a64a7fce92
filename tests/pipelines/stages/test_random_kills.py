"""A pipeline that is killed at random moments, whatever it is doing, ends as one that was left alone."""

from __future__ import annotations

import glob
import random
import time
from pathlib import Path

import pytest

from tests.pipelines.pipeline_command import CommandLine, kill

TINY = ["m3fd_detect", "sample.train=6", "sample.test=3", "fusers=average,isfuse", "metrics.names=AG", "panels=1"]
TINY += ["fuser_options.isfuse.weights=train", "training.schedule.epochs=2", "training.schedule.crop=16"]
TINY += ["detector.epochs=1", "detector.image_size=64", "detector.batch_size=3"]
WORK = Path("work", "m3fd_detect-sample")
KILLS = 3
LONGEST_S = 300


def _finished_stages(work: Path) -> int:
    """Count them but for hidden folders, which hold half a stage; glob bears it that those vanish meanwhile."""
    return len(glob.glob(f"{work}/**/stage.json", recursive=True))


def _run_and_kill(tool: CommandLine, stages: int, then_s: float) -> None:
    """Kill a run `then_s` seconds after it has finished so many stages, or did so before."""
    process, end = tool.start(*TINY), time.monotonic() + LONGEST_S
    while _finished_stages(tool.cwd / WORK) < stages:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(then_s)
    kill(process)


@pytest.mark.slow
def test_killed_at_random_moments_a_pipeline_ends_with_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    (tmp_path / "killed").mkdir()
    left, killed = CommandLine(tmp_path / "left"), CommandLine(tmp_path / "killed")
    result = left.run(*TINY)
    assert result.returncode == 0, result.stderr
    choose = random.Random()
    moments = sorted(choose.sample(range(_finished_stages(left.cwd / WORK) - 1), KILLS))
    for stages in moments:
        _run_and_kill(killed, stages, choose.uniform(0, 0.5))
    result = killed.run(*TINY)
    assert result.returncode == 0, (moments, result.stderr)
    assert not list((killed.cwd / WORK).rglob(".*.part*"))
    names = [f"report/{name}.csv" for name in ("results", "scores", "differences")]
    names += ["score_task/isfuse-seed0/predictions.json", "train_fusion/isfuse/log.csv"]
    for name in names:
        expected, found = ((tool.cwd / WORK / name).read_bytes() for tool in (left, killed))
        assert found == expected, (name, moments)
