"""A pipeline that is killed at random moments, whatever it is doing, ends as one that was left alone."""

from __future__ import annotations

import glob
import random
import time
from pathlib import Path

import pytest

from tests.pipelines.pipeline_command import TINY_DETECTOR, CommandLine, kill

TINY = ["m3fd_detect", "sample.train=6", "sample.test=3", "fusers=average,isfuse", "metrics.names=AG", "panels=1"]
TINY += ["fuser_options.isfuse.weights=train", "training.schedule.epochs=2", "training.schedule.crop=16"]
TINY += [f"detector.model={TINY_DETECTOR}", "detector.epochs=1", "detector.image_size=64", "detector.batch_size=3"]
WORK = Path("work", "m3fd_detect-sample")
KILLS = 3
LONGEST_S = 300


def _finished_stages(work: Path) -> int:
    """Count them but for hidden folders, which hold half a stage; glob bears it that those vanish meanwhile."""
    return len(glob.glob(f"{work}/**/stage.json", recursive=True))


def _run_and_kill(tool: CommandLine, stages: int, then_s: float, told: str) -> None:
    """Kill a run `then_s` seconds after it has finished so many stages, or did so before."""
    process, end = tool.start(*TINY), time.monotonic() + LONGEST_S
    while _finished_stages(tool.cwd / WORK) < stages:
        assert process.poll() is None, (told, process.communicate()[1])
        assert time.monotonic() < end, told
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
    seed = random.SystemRandom().randrange(2**32)  # other moments each time; a failure tells which
    choose = random.Random(seed)
    moments = sorted(choose.sample(range(_finished_stages(left.cwd / WORK) - 1), KILLS))
    kills = [(stages, choose.uniform(0, 0.5)) for stages in moments]
    told = f"seed {seed}, killed after (stages, seconds): {kills}"
    for stages, then_s in kills:
        _run_and_kill(killed, stages, then_s, told)
    result = killed.run(*TINY)
    assert result.returncode == 0, (told, result.stderr)
    assert not list((killed.cwd / WORK).rglob(".*.part*")), told
    names = [f"report/{name}.csv" for name in ("results", "scores", "differences")]
    names += ["score_task/isfuse-seed0/predictions.json", "train_fusion/isfuse-seed0/log.csv"]
    for name in names:
        expected, found = ((tool.cwd / WORK / name).read_bytes() for tool in (left, killed))
        assert found == expected, (name, told)
