"""Run stages that do not need each other side by side, each in a process of its own with a log of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fusion.errors import InputError
from fusion.files import read_json, write_json
from pipelines.memory import MemoryPlan
from pipelines.stage import Outcome, Stage
from pipelines.stage_runner import StageRunner
from pipelines.stage_worker import STOPPED, result_of

_POLL_S = 0.05
_PATIENCE_S = 30.0  # for processes that were asked to stop


class _Job(NamedTuple):
    stage: Stage
    process: subprocess.Popen[bytes]
    order: Path
    log: Path
    start: float


def run_side_by_side(
    runner: StageRunner,
    stages: Sequence[Stage],
    work_dir: Path,
    jobs: int,
    task: dict[str, Any],
    announce: Callable[[str], None],
) -> dict[str, Outcome]:
    """Run what is not finished, up to `jobs` stages at a time and as many as memory holds, and give every outcome.

    Processor threads are divided among the jobs. What a stage prints stands in `work_dir`/logs/STAGE.log. Ctrl-C and
    mistakes stop all of them, and each goes on where it stood when the pipeline is started again.

    Args:
        runner: knows what is finished.
        stages: in an order in which none stands before what it needs.
        work_dir: of the pipeline.
        jobs: at least 1.
        task: the arguments of `build_task` as JSON: settings, root, work_dir, command.
        announce: takes one line.

    Raises:
        InputError: a mistake of the user's in any stage.
        RuntimeError: a stage that may not fail ended without a result.
    """
    waiting, running = list(stages), list[_Job]()
    memory = MemoryPlan()
    try:
        while waiting or running:
            for job in [job for job in running if job.process.poll() is not None]:
                running.remove(job)
                _take_over(runner, job, memory)
            for stage in [stage for stage in waiting if all(need in runner.outcomes for need in stage.needs)]:
                if runner.settle(stage):
                    waiting.remove(stage)
                elif len(running) < jobs and memory.holds(stage.name, [job.process.pid for job in running]):
                    waiting.remove(stage)
                    running.append(_start(runner, stage, work_dir, jobs, task))
                    memory.expect(running[-1].process.pid, stage.name)
                    announce(f"{stage.name}: log in {running[-1].log}")
            time.sleep(_POLL_S)
    finally:
        _stop([job.process for job in running])
        runner.remember()
    return runner.outcomes


def _start(runner: StageRunner, stage: Stage, work_dir: Path, jobs: int, task: dict[str, Any]) -> _Job:
    part, inputs = runner.prepare(stage), runner.inputs_of(stage)
    logs = work_dir / "logs"
    order, log = (logs / f"{stage.name.replace('/', '-')}.{suffix}" for suffix in ("json", "log"))
    result_of(order).unlink(missing_ok=True)
    content = {
        **task,
        "stage": stage.name,
        "part": str(part),
        "folders": {name: str(folder) for name, folder in inputs.folders.items()},
        "failures": inputs.failures,
        "parent": os.getpid(),
    }
    write_json(order, content)
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "pipelines.stage_worker", str(order)]
    with log.open("ab") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=environment)
    return _Job(stage, process, order, log, time.monotonic())


def _take_over(runner: StageRunner, job: _Job, memory: MemoryPlan) -> None:
    """Read how a stage went and note it."""
    code, result_path = job.process.returncode, result_of(job.order)
    if code == STOPPED:
        raise KeyboardInterrupt
    result: dict[str, Any] = (
        read_json(result_path) if result_path.exists() else {"reason": f"its process ended with code {code}"}
    )
    memory.learn(job.stage.name, result.get("peak_bytes"))
    if "mistake" in result:
        raise InputError(result["mistake"])
    if "summary" in result:
        runner.finish(job.stage, result["summary"], time.monotonic() - job.start)
    elif job.stage.may_fail:
        runner.fail(job.stage, result["reason"])
    else:
        raise RuntimeError(f"{job.stage.name}: {result['reason']}, see {job.log}")


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask processes to stop as Ctrl-C does, and end those that do not."""
    for process in processes:
        process.send_signal(signal.SIGINT)
    end = time.monotonic() + _PATIENCE_S
    while any(process.poll() is None for process in processes) and time.monotonic() < end:
        time.sleep(_POLL_S)
    for process in processes:
        process.kill()  # does nothing to one that has ended
        process.wait()
