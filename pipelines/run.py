"""Run a pipeline by name, from settings to results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fusion.errors import InputError
from fusion.storage import write_json
from pipelines.config import Chosen, choose_settings
from pipelines.extras import require_packages
from pipelines.results import Results
from pipelines.rows import build_experiment
from pipelines.stage_worker import PRELOAD, work
from pipelines.stages import Launcher, LocalProcesses, Outcome, Stage, StageRunner, locked, run_side_by_side
from pipelines.tasks import build_task, isolate_detector

BANNER = """\
==============================================================================
 SAMPLE RUN: no data was given and {looked} does not exist.
 This runs on generated scenes to show that everything works; its numbers say
 nothing about real data. For real data: --data DIR
=============================================================================="""


def run_pipeline(
    name: str | Path,
    overrides: Sequence[str] | Mapping[str, Any] = (),
    data: str | Path | None = None,
    work_dir: str | Path = "work",
    forced: Sequence[str] = (),
    jobs: int = 1,
    ray: str | None = None,
    command: str | None = None,
) -> Results:
    """Run the unfinished stages of a pipeline, and print what is done.

    With jobs or ray, call it under `if __name__ == "__main__":`.

    Args:
        name: of a config, or the path of a config of one's own.
        overrides: values by key, such as {"detector.epochs": 50}, or texts "detector.epochs=50".
        data: the data folder; None takes `data.root`, else data/NAME, else the built-in sample.
        work_dir: the pipeline works in `work_dir/name`, or `work_dir/name-sample`.
        forced: stages to run even if they are finished.
        jobs: number of stages that run side by side; 1 runs them in this process.
        ray: address of a Ray cluster to run them on instead, "local" for one of this machine.
        command: as it was typed, for the report.

    Raises:
        InputError: a mistake of the user's.
    """
    planned = _plan(name, overrides, data, work_dir, forced, command)
    if jobs < 1:
        raise InputError(f"--jobs {jobs}: out of range (expected 1 or more)")
    runner, stages, folder = planned.runner, planned.stages, planned.folder
    planned.announce_start()
    runner.plan(stages)  # raises before the folder is touched
    with locked(folder):
        write_json(folder / "settings.json", planned.chosen.settings)
        outcomes = _run(planned, jobs, ray)
    experiment = build_experiment(planned.chosen, planned.command)
    return Results(
        runner.folder("report"), tuple(outcomes["report"].summary["failed"]), experiment, runner.inputs_of(stages[-1])
    )


def plan_pipeline(
    name: str | Path,
    overrides: Sequence[str] | Mapping[str, Any] = (),
    data: str | Path | None = None,
    work_dir: str | Path = "work",
    forced: Sequence[str] = (),
) -> dict[str, str]:
    """Return what `run_pipeline` would do with each stage, "skip", "run" or "continue", and change nothing.

    Args:
        name: as for `run_pipeline`, like the others.
        overrides: likewise.
        data: likewise.
        work_dir: likewise.
        forced: likewise.

    Raises:
        InputError: a mistake of the user's.
    """
    planned = _plan(name, overrides, data, work_dir, forced, None)
    planned.announce_start()
    return planned.runner.plan(planned.stages)


class _Planned(NamedTuple):
    chosen: Chosen
    folder: Path
    command: str
    stages: list[Stage]
    notices: list[str]
    runner: StageRunner

    def announce(self, line: str) -> None:
        print(f"[{self.chosen.name}] {line}", flush=True)

    def announce_start(self) -> None:
        """Say what the user should know before anything runs."""
        if self.chosen.root is None:
            print(BANNER.format(looked=f"data/{self.chosen.data_name}"), flush=True)
        for notice in self.notices:
            self.announce(notice)


def _plan(
    name: str | Path,
    overrides: Sequence[str] | Mapping[str, Any],
    data: str | Path | None,
    work_dir: str | Path,
    forced: Sequence[str],
    command: str | None,
) -> _Planned:
    chosen = choose_settings(str(name), overrides, Path(data) if data is not None else None)
    folder = Path(work_dir) / (chosen.name if chosen.root else f"{chosen.name}-sample")
    if command is None:
        command = f"run_pipeline({str(name)!r}, {overrides!r})"
    stages, notices = build_task(chosen, folder, command)
    runner = StageRunner(folder, forced, lambda line: print(f"[{chosen.name}] {line}", flush=True))
    return _Planned(chosen, folder, command, stages, notices, runner)


def _run(planned: _Planned, jobs: int, ray: str | None) -> Mapping[str, Outcome]:
    folder = planned.folder
    launcher = _launcher(planned.chosen.task, folder, jobs, ray)
    if launcher is None:
        return planned.runner.run(planned.stages)
    task = {
        "settings": planned.chosen.settings,
        "root": planned.chosen.root and str(planned.chosen.root),
        "work_dir": str(folder.absolute()),
        "command": planned.command,
    }
    return run_side_by_side(planned.runner, planned.stages, folder.absolute(), launcher, task, planned.announce)


def _launcher(task: str, folder: Path, jobs: int, ray: str | None) -> Launcher | None:
    """Return what starts stages side by side; None where they run one after the other."""
    if ray is not None:
        require_packages("--ray", {"ray": ("ray",)})
        from pipelines.stages import RayTasks

        return RayTasks(ray, jobs, threads=1)
    if jobs == 1:
        return None
    if task == "detection":
        isolate_detector(folder)  # before the server of processes imports ultralytics
    return LocalProcesses(jobs, work, PRELOAD[task])
