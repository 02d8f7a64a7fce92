"""Run independent stages side by side, each in its own process with its own log."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fusion.errors import InputError
from fusion.storage import read_json, write_json
from pipelines.stages.launching import STOPPED, Launched, Launcher, result_of
from pipelines.stages.provenance import Provenance
from pipelines.stages.runner import StageRunner
from pipelines.stages.stage import Outcome, Stage

_POLL_S = 0.05


class _Job(NamedTuple):
    stage: Stage
    process: Launched
    order: Path
    log: Path


def run_side_by_side(
    runner: StageRunner,
    stages: Sequence[Stage],
    work_dir: Path,
    launcher: Launcher,
    task: dict[str, Any],
    announce: Callable[[str], None],
) -> dict[str, Outcome]:
    """Run the unfinished stages, as many at a time as the launcher holds, and return every outcome by name.

    A stage that has to be alone waits until no other runs. The output of a stage goes to `work_dir`/logs/STAGE.log.
    Ctrl-C or a mistake of the user's stops all stages; started again, the pipeline continues each where it was.

    Args:
        runner: knows which stages are finished.
        stages: ordered such that every stage comes after those it needs.
        work_dir: of the pipeline.
        launcher: starts the stages.
        task: the arguments of `build_task` as JSON values: settings, root, work_dir, command.
        announce: called with one line per event.

    Raises:
        InputError: a mistake of the user's in any stage.
        RuntimeError: a stage that may not fail ended without a result.
    """
    waiting, running = list(stages), list[_Job]()
    try:
        while waiting or running:
            for job in [job for job in running if job.process.code() is not None]:
                running.remove(job)
                _take_over(runner, job, launcher)
            for stage in [stage for stage in waiting if all(need in runner.outcomes for need in stage.needs)]:
                if runner.settle(stage):
                    waiting.remove(stage)
                elif _may_join(stage, running) and launcher.holds(stage.name, [job.process for job in running]):
                    waiting.remove(stage)
                    running.append(_start(runner, stage, work_dir, launcher, task))
                    announce(f"{stage.name}: log in {running[-1].log}")
            time.sleep(_POLL_S)
    finally:
        for job in running:
            job.process.ask_to_stop()
        for job in running:
            job.process.end()
        runner.remember()
    return runner.outcomes


def _may_join(stage: Stage, running: Sequence[_Job]) -> bool:
    """Tell whether a stage may run beside others: none of them has to be alone."""
    return not running or not (stage.alone or any(job.stage.alone for job in running))


def _start(runner: StageRunner, stage: Stage, work_dir: Path, launcher: Launcher, task: dict[str, Any]) -> _Job:
    part, inputs = runner.prepare(stage), runner.inputs_of(stage)
    order, log = (work_dir / "logs" / f"{stage.name.replace('/', '-')}.{suffix}" for suffix in ("json", "log"))
    result_of(order).unlink(missing_ok=True)
    content = {
        **task,
        "cwd": str(Path.cwd()),  # relative paths start here, on other machines too
        "stage": stage.name,
        "part": str(part),
        "folders": {name: str(folder) for name, folder in inputs.folders.items()},
        "failures": inputs.failures,
    }
    write_json(order, content)
    return _Job(stage, launcher.start(stage.name, order, log), order, log)


def _take_over(runner: StageRunner, job: _Job, launcher: Launcher) -> None:
    """Read the result of a stage and record it."""
    code, result_path = job.process.code(), result_of(job.order)
    if code == STOPPED:
        raise KeyboardInterrupt
    result: dict[str, Any] = (
        read_json(result_path) if result_path.exists() else {"reason": f"its process ended with code {code}"}
    )
    launcher.learn(job.stage.name, result.get("peak_bytes"))
    if "mistake" in result:
        raise InputError(result["mistake"])
    if "summary" in result:
        runner.finish(job.stage, result["summary"], Provenance(**result["made"]))
    elif job.stage.may_fail:
        runner.fail(job.stage, result["reason"])
    else:
        raise RuntimeError(f"{job.stage.name}: {result['reason']}, see {job.log}")
